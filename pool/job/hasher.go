package job

import (
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"hash"
)

// hasher computes SHA256d of short messages without what crypto/sha256 does
// around the hashing: it pads in place and reads the digest out of the running
// state, which saves the copies and checks of a Sum. Where a build shows its
// state in another form than the usual one, it falls back to Sum256.
//
// One is for one goroutine.
type hasher struct {
	h     hash.Hash
	state encoding.BinaryAppender // h's; nil when it is of no use

	buf [hashRoom + sha256.BlockSize + padding]byte // the message, padded in place
	out [stateRoom]byte
}

const (
	// hashRoom is the longest message: MaxCoinbase, and room for a test's.
	hashRoom = 512
	// padding is the least that SHA-256 adds: a bit and the length.
	padding   = 9
	stateRoom = 128
	// stateAt is where the chaining value stands in the marshalled state.
	stateAt = 4
)

func newHasher() *hasher {
	k := &hasher{h: sha256.New()}
	k.state, _ = k.h.(encoding.BinaryAppender)
	// The form of the state is no promise: look whether it is as expected.
	const probe = 80
	for i := range probe {
		k.buf[i] = byte(i)
	}
	want := sha256.Sum256(k.buf[:probe])
	want = sha256.Sum256(want[:])
	if k.state != nil && k.double(probe) != want {
		k.state = nil
	}
	return k
}

// double is SHA256d of the first n bytes of buf, whose other bytes it spoils.
func (k *hasher) double(n int) (sum [32]byte) {
	if k.state == nil {
		sum = sha256.Sum256(k.buf[:n])
		return sha256.Sum256(sum[:])
	}
	once := k.raw(k.pad(n))
	if len(once) < stateAt+len(sum) {
		return sum // of no known form: newHasher sees that it is wrong
	}
	copy(k.buf[:], once[stateAt:stateAt+len(sum)])
	copy(sum[:], k.raw(k.pad(len(sum)))[stateAt:])
	return sum
}

// raw is the marshalled state after whole blocks.
func (k *hasher) raw(blocks []byte) []byte {
	k.h.Reset()
	_, _ = k.h.Write(blocks) // never fails
	state, err := k.state.AppendBinary(k.out[:0])
	if err != nil {
		return nil
	}
	return state
}

// pad completes a message of n bytes to whole blocks.
func (k *hasher) pad(n int) []byte {
	end := (n + padding + sha256.BlockSize - 1) &^ (sha256.BlockSize - 1)
	k.buf[n] = 0x80
	clear(k.buf[n+1 : end-8])
	binary.BigEndian.PutUint64(k.buf[end-8:], uint64(n)*8)
	return k.buf[:end]
}
