package web

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"hashyard"
)

// FactorKind is how somebody shows that it is them, besides the password.
type FactorKind string

// The kinds. Recovery codes are no factor of their own: they stand in for one
// that was lost.
const (
	TOTP     FactorKind = "totp"
	Passkey  FactorKind = "passkey"
	Recovery FactorKind = "recovery"
)

// Factor is an enrolled second factor. What proves it is not shown.
type Factor struct {
	ID        hashyard.ID `json:"id"`
	Kind      FactorKind  `json:"kind" enum:"totp,passkey"`
	Name      string      `json:"name"`
	CreatedAt time.Time   `json:"created_at"`
	UsedAt    time.Time   `json:"used_at,omitzero"`

	Org      hashyard.ID `json:"-"`
	User     hashyard.ID `json:"-"`
	Sealed   []byte      `json:"-"` // the TOTP secret
	LastStep int64       `json:"-"` // the step of the last code that was taken
	// Credential is the library's record of a passkey, CredentialID its key.
	Credential   json.RawMessage `json:"-"`
	CredentialID []byte          `json:"-"`
}

// Stage is how far a session has come.
type Stage string

// A session that is not Full may show or enrol a factor, say who it is, and
// end; nothing else.
const (
	Full   Stage = ""
	Verify Stage = "verify" // right password, and a factor is to be shown
	Enrol  Stage = "enrol"  // right password, and a factor is needed and missing
)

const (
	// StepUpFor is how long a factor counts as shown for what asks for it anew.
	StepUpFor = 10 * time.Minute
	// unfinished is how long a session has for becoming full.
	unfinished = 30 * time.Minute
	// ceremonyLife is how long a challenge waits for its answer.
	ceremonyLife = 5 * time.Minute
	// maxFactors bounds the factors of one person.
	maxFactors = 20
)

// NeedsFactor reports whether one of the roles may not work on a password
// alone: who decides over members, keys, addresses or the house's money.
func NeedsFactor(roles []hashyard.Role) bool {
	return slices.ContainsFunc(roles, func(r hashyard.Role) bool {
		return r == hashyard.Owner || r == hashyard.Treasury || r == hashyard.Desk
	})
}

// stage follows from what was shown in the session and what its user has and
// needs now: a new role or a factor enrolled elsewhere counts at once. Recovery
// codes without a factor are what a founder was given: they are asked for
// before anything is enrolled.
func (s Session) stage(roles []hashyard.Role) Stage {
	needs, shown := NeedsFactor(roles), !s.ShownAt.IsZero()
	switch {
	case s.Factors == 0 && !needs, s.Factors > 0 && shown:
		return Full
	case s.Factors > 0, s.Codes && !shown:
		return Verify
	}
	return Enrol
}

// Renewal is the new token of a session in which a factor was shown: what knew
// the old one is signed out by it.
type Renewal struct {
	Session hashyard.ID
	Token   [32]byte
	Kind    FactorKind
	At      time.Time
	First   bool // the session becomes full by it: that is the sign-in
}

// FactorStore keeps factors, recovery codes and ceremonies.
type FactorStore interface {
	// Factors are those of one user of any organisation, oldest first, and how
	// many unused recovery codes there are.
	Factors(ctx context.Context, user hashyard.ID) (factors []Factor, codes int, err error)
	// AddFactor ends the ceremony, stores the factor and, unless empty, the
	// codes in place of all earlier ones, and renews the session. A ceremony
	// that has ended is a hashyard.Conflict.
	AddFactor(ctx context.Context, actor hashyard.Actor, ceremony [32]byte, f Factor, codes [][32]byte, r Renewal) error
	// SeedFactor stores a factor of a user who has none.
	SeedFactor(ctx context.Context, actor hashyard.Actor, f Factor) error
	// UseTOTP takes a code's step, which must be later than the last one taken,
	// and renews the session; else it is a hashyard.Conflict.
	UseTOTP(ctx context.Context, actor hashyard.Actor, factor hashyard.ID, step int64, r Renewal) error
	// UseCode takes a recovery code and renews the session; an unknown or used
	// one is hashyard.NotFound.
	UseCode(ctx context.Context, actor hashyard.Actor, code [32]byte, r Renewal) error
	// UsePasskey stores the passkey's new record and renews the session, if the
	// renewal names one.
	UsePasskey(ctx context.Context, actor hashyard.Actor, f Factor, r Renewal) error
	// RemoveFactor removes one of the actor's factors if may allows it, which is
	// told how many there are. With the last one the recovery codes go.
	RemoveFactor(ctx context.Context, actor hashyard.Actor, id hashyard.ID, may func(have int) error) error
	// ResetFactors removes all factors and codes of a user of the organisation
	// and ends their sessions.
	ResetFactors(ctx context.Context, actor hashyard.Actor, user hashyard.ID) error
	// PutCodes replaces the user's recovery codes.
	PutCodes(ctx context.Context, actor hashyard.Actor, user hashyard.ID, codes [][32]byte, at time.Time) error
	// PasskeyUser finds the passkey of any organisation with its user.
	PasskeyUser(ctx context.Context, credential []byte) (Factor, User, error)

	// PutCeremony begins a ceremony in place of an earlier one of this key.
	PutCeremony(ctx context.Context, key [32]byte, data []byte, expires time.Time) error
	// Ceremony reads one that has not expired at the instant now.
	Ceremony(ctx context.Context, key [32]byte, now time.Time) (data []byte, err error)
	// TakeCeremony reads and ends it.
	TakeCeremony(ctx context.Context, key [32]byte, now time.Time) (data []byte, err error)
}

// stepUpNeeded is what a browser answers by asking for a factor, and by sending
// the same request again.
func stepUpNeeded() error {
	return coded(hashyard.Denied.Errorf("show a passkey or a code first: this was asked for more than %d minutes after the last one", int(StepUpFor.Minutes())), "step_up_required")
}
