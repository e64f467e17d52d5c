package web

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"strings"
)

// recoveryCodes is how many somebody is given.
const recoveryCodes = 10

// newRecoveryCode is 128 random bits, in groups to write down, and the hash
// that is stored. A plain SHA-256 is enough: there is nothing to guess.
func newRecoveryCode() (text string, hash [32]byte) {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic(err) // crypto/rand never fails on supported systems
	}
	plain := strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:]))
	var groups []string
	for ; len(plain) > 5; plain = plain[5:] {
		groups = append(groups, plain[:5])
	}
	return strings.Join(append(groups, plain), "-"), sha256.Sum256(b[:])
}

func newRecoveryCodes() (texts []string, hashes [][32]byte) {
	for range recoveryCodes {
		text, hash := newRecoveryCode()
		texts, hashes = append(texts, text), append(hashes, hash)
	}
	return texts, hashes
}

// parseRecoveryCode reads a code as people write it: any case, with or without
// the hyphens, with 0, 1 and 8 for the letters they look like.
func parseRecoveryCode(text string) (hash [32]byte, ok bool) {
	plain := strings.NewReplacer("-", "", " ", "", "0", "O", "1", "I", "8", "B").Replace(strings.ToUpper(strings.TrimSpace(text)))
	b, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(plain)
	if err != nil || len(b) != 16 || len(plain) != 26 {
		return hash, false
	}
	return sha256.Sum256(b), true
}
