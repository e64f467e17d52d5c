package fleet

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"fmt"

	"hashyard"
	"hashyard/firmware"
)

// sealer keeps a machine's old pools with their passwords, so that the way
// back stays open and the database alone gives nothing away.
type sealer struct{ aead cipher.AEAD }

func newSealer(key [32]byte) (sealer, error) {
	if key == ([32]byte{}) {
		return sealer{}, hashyard.Invalid.Errorf("fleet needs a key to seal pool passwords with")
	}
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return sealer{}, fmt.Errorf("seal key: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return sealer{}, fmt.Errorf("seal key: %w", err)
	}
	return sealer{aead}, nil
}

// seal binds the slots to their redirect: a sealed text moved to another row
// does not open.
func (s sealer) seal(redirect hashyard.ID, slots []firmware.ConfiguredPool) ([]byte, error) {
	plain, err := json.Marshal(slots)
	if err != nil {
		return nil, fmt.Errorf("seal old pools of redirect %s: %w", redirect, err)
	}
	nonce := make([]byte, s.aead.NonceSize(), s.aead.NonceSize()+len(plain)+s.aead.Overhead())
	if _, err := rand.Read(nonce); err != nil {
		return nil, fmt.Errorf("seal old pools of redirect %s: %w", redirect, err)
	}
	return s.aead.Seal(nonce, nonce, plain, redirect[:]), nil
}

func (s sealer) open(redirect hashyard.ID, sealed []byte) ([]firmware.ConfiguredPool, error) {
	n := s.aead.NonceSize()
	if len(sealed) < n {
		return nil, hashyard.Invalid.Errorf("sealed pools of redirect %s are too short", redirect)
	}
	plain, err := s.aead.Open(nil, sealed[:n], sealed[n:], redirect[:])
	if err != nil {
		return nil, hashyard.Invalid.Errorf("sealed pools of redirect %s do not open: %w", redirect, err)
	}
	var slots []firmware.ConfiguredPool
	if err := json.Unmarshal(plain, &slots); err != nil {
		return nil, fmt.Errorf("sealed pools of redirect %s: %w", redirect, err)
	}
	return slots, nil
}
