package pool

import (
	"context"
	"regexp"
	"time"

	"hashyard"
	"hashyard/pool/share"
)

// EdgeMachine is a machine elsewhere that takes shares for this yard.
type EdgeMachine struct {
	ID      hashyard.ID
	Number  byte   // leads its extranonces; 1 … 255, of no other that may come
	Name    string // for people
	Key     string // the public half of its nkey
	Since   time.Time
	Revoked time.Time // zero while it may come
	Seen    time.Time // when it last said something; zero before
	// Awake says that it may hold shares that the yard has not: it has come
	// and has not said goodbye.
	Awake bool
	// Stream and Seq are how far its own log is in the books, Missing how many
	// of its messages never came although later ones did.
	Stream  string
	Seq     uint64
	Missing int64
}

// EdgeStore keeps the machines elsewhere.
type EdgeStore interface {
	// AddEdge gives it the least number that none has had, or that of the
	// machine revoked longest ago.
	AddEdge(ctx context.Context, e EdgeMachine) (EdgeMachine, error)
	// RevokeEdge keeps it out. One that is awake is hashyard.Conflict unless
	// lost says that it never comes back.
	RevokeEdge(ctx context.Context, name string, lost bool, at time.Time) (EdgeMachine, error)
	// Edges are all that may come, by number.
	Edges(ctx context.Context) ([]EdgeMachine, error)
	EdgeByKey(ctx context.Context, key string) (EdgeMachine, error)
	SeeEdge(ctx context.Context, id hashyard.ID, awake bool, at time.Time) error
}

// edgePattern is what one may be called.
var edgePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)

// CheckEdgeName says what is wrong with a name.
func CheckEdgeName(name string) error {
	if !edgePattern.MatchString(name) {
		return hashyard.Invalid.Errorf("edge name %q is not 1 to 32 letters, digits and -", name)
	}
	return nil
}

// Standing is Authorize for somebody who was let in elsewhere: same asks
// whether the secret is the one that was known then.
func (s *Service) Standing(ctx context.Context, user string, same func(secret string) bool) (share.Grant, error) {
	return s.admit(ctx, user, func(w Worker) bool { return same(s.secret(w.ID, w.Generation)) })
}
