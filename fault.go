package hashyard

import (
	"errors"
	"fmt"
)

// Kind is the kind of an error, the only thing about it that crosses layers.
// Kinds are errors themselves: errors.Is(err, hashyard.NotFound).
type Kind string

// The kinds. The web edge maps each to one HTTP status and nothing else does.
const (
	Invalid         Kind = "invalid"         // the input cannot be right
	Unauthenticated Kind = "unauthenticated" // nobody is signed in
	Denied          Kind = "denied"          // signed in, not allowed
	NotFound        Kind = "not found"       // absent, or hidden from this organisation
	Conflict        Kind = "conflict"        // the state does not allow it now
	Stale           Kind = "stale"           // the version precondition failed
	Exhausted       Kind = "exhausted"       // a limit was reached; retry later
	Unavailable     Kind = "unavailable"     // something needed is down; retry later
)

// Error makes a Kind usable with errors.Is.
func (k Kind) Error() string { return string(k) }

// Errorf makes an error of kind k. The text is for people and may be shown to
// the caller; %w wraps as in fmt.Errorf.
func (k Kind) Errorf(format string, args ...any) error {
	return &fault{kind: k, err: fmt.Errorf(format, args...)}
}

// KindOf finds the outermost kind in err; ok is false for an unknown error.
func KindOf(err error) (k Kind, ok bool) {
	var f *fault
	if errors.As(err, &f) {
		return f.kind, true
	}
	return k, errors.As(err, &k)
}

type fault struct {
	kind Kind
	err  error
}

func (f *fault) Error() string { return f.err.Error() }

func (f *fault) Unwrap() error { return f.err }

func (f *fault) Is(target error) bool {
	k, ok := target.(Kind)
	return ok && k == f.kind
}
