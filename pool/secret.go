package pool

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"strconv"
	"strings"

	"hashyard"
)

// minServerKey is the shortest key that secrets may derive from, in bytes.
const minServerKey = 32

// secretSize is the length of a secret in characters, 100 bits: more than can
// be guessed, less than any firmware's password field.
const secretSize = 20

// secret is a worker's password. It is derived and never stored: a stolen
// database mines as nobody, and a new generation makes the old one void.
func (s *Service) secret(worker hashyard.ID, generation int) string {
	mac := hmac.New(sha256.New, s.cfg.ServerKey)
	// hash.Hash never fails to write.
	mac.Write([]byte("hashyard pool worker secret 1|" + worker.String() + "|" + strconv.Itoa(generation)))
	return base32.StdEncoding.EncodeToString(mac.Sum(nil))[:secretSize]
}

func (s *Service) knows(w Worker, password string) bool {
	want := s.secret(w.ID, w.Generation)
	return subtle.ConstantTimeCompare([]byte(want), []byte(password)) == 1
}

// unitWorkerName names a unit's worker after the unit: the random half of its
// id, which no other unit of the account shares.
func unitWorkerName(unit hashyard.ID) string {
	return "u" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(unit[6:]))
}
