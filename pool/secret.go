package pool

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"fmt"
	"strconv"
	"strings"
	"time"

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

// knows reports whether the password is the worker's secret, or the one before
// it while that is still good.
func (s *Service) knows(w Worker, password string) bool {
	match := func(generation int) bool {
		return subtle.ConstantTimeCompare([]byte(s.secret(w.ID, generation)), []byte(password)) == 1
	}
	return match(w.Generation) || w.Generation > 1 && s.cfg.Now().Before(w.OldUntil) && match(w.Generation-1)
}

// MaxOldSecret is how long a rotated secret may still be good.
const MaxOldSecret = 7 * 24 * time.Hour

// RotateSecret gives a machine's worker a new secret. The old one is good for
// keep, so that the machine goes on until its settings are written; with none,
// its sessions end at once. from is the generation that is replaced: doing the
// same again gives the same answer.
func (s *Service) RotateSecret(ctx context.Context, actor hashyard.Actor, worker hashyard.ID, from int, keep time.Duration) (Worker, Target, error) {
	if keep < 0 || keep > MaxOldSecret {
		return Worker{}, Target{}, hashyard.Invalid.Errorf("rotate: the old secret can be good for up to %s, not %s", MaxOldSecret, keep)
	}
	w, err := s.store.RotateSecret(ctx, actor, worker, from, s.cfg.Now().UTC().Add(keep))
	if err != nil {
		return Worker{}, Target{}, fmt.Errorf("rotate the secret of worker %s: %w", worker, err)
	}
	if edge := s.edge(); edge != nil && keep == 0 {
		edge.CloseWorker(w.ID, "the secret was changed")
	}
	return w, Target{URL: s.cfg.URL, User: w.User(), Password: s.secret(w.ID, w.Generation)}, nil
}

// unitWorkerName names a unit's worker after the unit: the random half of its
// id, which no other unit of the account shares.
func unitWorkerName(unit hashyard.ID) string {
	return "u" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(unit[6:]))
}
