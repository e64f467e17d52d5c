package web

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"hashyard"
)

// secretLen is the length of 256 bits in unpadded base64url.
const secretLen = 43

// newSecret is 256 random bits, as text and as the hash that is stored. A
// plain SHA-256 is enough: there is nothing to guess.
func newSecret() (text string, hash [32]byte) {
	var b [32]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic(err) // crypto/rand never fails on supported systems
	}
	return base64.RawURLEncoding.EncodeToString(b[:]), sha256.Sum256(b[:])
}

// hashSecret reads the text form, exactly as newSecret writes it.
func hashSecret(text string) (hash [32]byte, ok bool) {
	if len(text) != secretLen {
		return hash, false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) != 32 {
		return hash, false
	}
	return sha256.Sum256(b), true
}

// NewKey makes the text of an API key, hy_<id>.<secret>.
func NewKey() (text string, id hashyard.ID) {
	text, id, _ = newKey(hashyard.NewID())
	return text, id
}

func newKey(id hashyard.ID) (text string, _ hashyard.ID, hash [32]byte) {
	secret, hash := newSecret()
	return "hy_" + id.String() + "." + secret, id, hash
}

// parseKey reads the text of an API key.
func parseKey(text string) (id hashyard.ID, hash [32]byte, ok bool) {
	rest, ok := strings.CutPrefix(text, "hy_")
	if !ok {
		return id, hash, false
	}
	name, secret, ok := strings.Cut(rest, ".")
	if !ok {
		return id, hash, false
	}
	id, err := hashyard.ParseID(name)
	if err != nil || id.IsZero() || id.String() != name {
		return hashyard.ID{}, hash, false
	}
	hash, ok = hashSecret(secret)
	if !ok {
		return hashyard.ID{}, hash, false
	}
	return id, hash, true
}
