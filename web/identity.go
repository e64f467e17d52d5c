package web

import (
	"context"
	"encoding/json"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"

	"hashyard"
	"hashyard/web/audit"
)

// Org is an organisation: the tenant that owns machines, orders and money.
type Org struct {
	ID    hashyard.ID `json:"id"`
	Name  string      `json:"name"`
	Slug  string      `json:"slug" doc:"Short name, also the account name at the pool."`
	House bool        `json:"house" doc:"The organisation that runs hashyard."`
}

// User is a person, in one organisation.
type User struct {
	ID        hashyard.ID     `json:"id"`
	Org       hashyard.ID     `json:"org_id"`
	Email     string          `json:"email"`
	Name      string          `json:"name"`
	Roles     []hashyard.Role `json:"roles" nullable:"false"`
	Disabled  bool            `json:"disabled"`
	Version   int64           `json:"version" doc:"Send it back with a change; a newer one refuses it."`
	CreatedAt time.Time       `json:"created_at"`
}

// Key is an API key of an organisation. Its secret is not in it.
type Key struct {
	ID        hashyard.ID     `json:"id"`
	Org       hashyard.ID     `json:"org_id"`
	Name      string          `json:"name"`
	Roles     []hashyard.Role `json:"roles" nullable:"false"`
	CreatedBy hashyard.ID     `json:"created_by,omitzero" doc:"The person; of a key made with a key, the person who made that one."`
	CreatedAt time.Time       `json:"created_at"`
	ExpiresAt time.Time       `json:"expires_at,omitzero"`
	RevokedAt time.Time       `json:"revoked_at,omitzero"`
	UsedAt    time.Time       `json:"used_at,omitzero" doc:"Last use, to the minute."`
	Elevated  bool            `json:"elevated" doc:"It may do what asks a person for a factor: payouts, addresses, keys, people."`
}

// Live reports whether the key opens anything at the instant now.
func (k Key) Live(now time.Time) bool {
	return k.RevokedAt.IsZero() && (k.ExpiresAt.IsZero() || now.Before(k.ExpiresAt))
}

// Session is one signed-in browser.
type Session struct {
	ID        hashyard.ID `json:"id"`
	CreatedAt time.Time   `json:"created_at"`
	SeenAt    time.Time   `json:"seen_at" doc:"Last use, to the minute."`
	ExpiresAt time.Time   `json:"expires_at" doc:"It ends then, and twelve hours after its last use."`
	Remote    string      `json:"remote" doc:"The address it was opened from."`
	Agent     string      `json:"agent" doc:"What the browser says of itself."`
	Factor    FactorKind  `json:"factor,omitempty" doc:"What was shown last."`
	ShownAt   time.Time   `json:"shown_at,omitzero"`
	Current   bool        `json:"current" doc:"It is the one that asks."`

	Org  hashyard.ID `json:"-"`
	User hashyard.ID `json:"-"`
	// What its user has by now.
	Factors int  `json:"-"`
	Codes   bool `json:"-"` // unused recovery codes
}

// Sessions end after a working day without use, and after a week in any case.
const (
	SessionIdle = 12 * time.Hour
	SessionLife = 7 * 24 * time.Hour

	// seenEvery is how coarsely uses of sessions and keys are recorded.
	seenEvery = time.Minute
)

// Live reports whether the session may be used at the instant now.
func (s Session) Live(now time.Time) bool {
	return now.Before(s.ExpiresAt) && now.Before(s.SeenAt.Add(SessionIdle))
}

// AuditRow is one command that was done.
type AuditRow struct {
	ID      hashyard.ID     `json:"id"`
	At      time.Time       `json:"at"`
	Actor   json.RawMessage `json:"actor" doc:"Who: user or key, organisation and roles."`
	Command string          `json:"command"`
	Ref     hashyard.Ref    `json:"ref"`
	Before  json.RawMessage `json:"before,omitempty"`
	After   json.RawMessage `json:"after,omitempty"`
	Seq     int64           `json:"seq,omitempty" doc:"Its place in the organisation's hash chain."`
	Hash    audit.Hash      `json:"hash,omitzero" doc:"SHA-256 over this row and the hash before it, in hex."`
}

// AuditQuery selects audit rows, newest first.
type AuditQuery struct {
	Ref     hashyard.Ref // zero parts: any
	Command string       // how it begins; empty: any
	Before  hashyard.ID  // older than this row
	Limit   int
}

// NormalEmail is the address in the one form that is stored and compared.
func NormalEmail(s string) (string, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || len(s) > 254 {
		return "", hashyard.Invalid.Errorf("%.60q is not an e-mail address", s)
	}
	return s, nil
}

func checkName(s string) (string, error) {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > 120 || strings.ContainsFunc(s, unicode.IsControl) {
		return "", hashyard.Invalid.Errorf("a name has 1 to 120 printable characters")
	}
	return s, nil
}

// checkRoles accepts roles that the organisation may give: those of the house
// only in the house, and an agent's never together with others.
func checkRoles(roles []hashyard.Role, org Org, forKey bool) ([]hashyard.Role, error) {
	if len(roles) == 0 {
		return nil, hashyard.Invalid.Errorf("at least one role is needed")
	}
	out := slices.Clone(roles)
	slices.Sort(out)
	out = slices.Compact(out)
	for _, r := range out {
		switch {
		case !r.Valid():
			return nil, hashyard.Invalid.Errorf("there is no role %.20q", r)
		case (r == hashyard.Treasury || r == hashyard.Desk) && !org.House:
			return nil, hashyard.Invalid.Errorf("the role %s belongs to the house", r)
		case r == hashyard.Agent && (!forKey || len(out) > 1):
			return nil, hashyard.Invalid.Errorf("the role agent is for a key of its own")
		}
	}
	return out, nil
}

// checkSlug accepts what can also be an account name at the pool.
func checkSlug(s string) error {
	ok := len(s) >= 1 && len(s) <= 32 && s[0] >= 'a' && s[0] <= 'z'
	for _, c := range s {
		ok = ok && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-')
	}
	if !ok {
		return hashyard.Invalid.Errorf("slug %.40q: 1 to 32 of a-z, 0-9 and -, starting with a letter", s)
	}
	return nil
}

// Store is where identity lives. Each method is one transaction; those with
// an actor see the actor's organisation only and leave an audit row.
type Store interface {
	OrgStore
	UserStore
	SessionStore
	FactorStore
	TryStore
	KeyStore
	InvitationStore
	ResetStore
	// Audit selects rows. The house also sees the rows of no organisation.
	Audit(ctx context.Context, actor hashyard.Actor, q AuditQuery) ([]AuditRow, error)
}

// OrgStore keeps organisations.
type OrgStore interface {
	PutOrg(ctx context.Context, org Org) error
	Orgs(ctx context.Context) ([]Org, error)
}

// UserStore keeps users and their password hashes.
type UserStore interface {
	// AddUser makes a user; a known e-mail is a hashyard.Conflict.
	AddUser(ctx context.Context, actor hashyard.Actor, u User, hash string) error
	// UserByEmail finds a user of any organisation, for signing in.
	UserByEmail(ctx context.Context, email string) (u User, hash string, err error)
	User(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (User, error)
	Users(ctx context.Context, actor hashyard.Actor, after hashyard.ID, limit int) ([]User, error)
	// ChangeUser applies change to the user as stored; owners is how many
	// enabled owners the organisation has. A disabled user's sessions end, and
	// the keys and invitations they made are revoked; of an owner who becomes
	// less, the invitations, and the keys that may do what they may not.
	ChangeUser(ctx context.Context, actor hashyard.Actor, id hashyard.ID, change func(u User, owners int) (User, error)) (User, error)
	// SetPassword replaces the hash and ends the user's sessions but one.
	SetPassword(ctx context.Context, actor hashyard.Actor, user hashyard.ID, hash string, keep hashyard.ID) error
	// Rehash replaces a hash by one of the same password.
	Rehash(ctx context.Context, user hashyard.ID, was, hash string) error
}

// SessionStore keeps sessions by the SHA-256 of their token.
type SessionStore interface {
	// AddSession stores it; only a full one makes its network familiar.
	AddSession(ctx context.Context, actor hashyard.Actor, s Session, stage Stage, token [32]byte) error
	// FindSession returns the session with its user; gone or of a disabled
	// user is hashyard.NotFound.
	FindSession(ctx context.Context, token [32]byte) (Session, User, error)
	SessionSeen(ctx context.Context, id hashyard.ID, at time.Time) error
	// SignedInFrom are the addresses that somebody signed in from, in full, with this
	// e-mail since then, in any organisation, the latest ones.
	SignedInFrom(ctx context.Context, email string, since time.Time) ([]string, error)
	EndSession(ctx context.Context, actor hashyard.Actor, id hashyard.ID) error
	// Sessions are the actor's own, newest first.
	Sessions(ctx context.Context, actor hashyard.Actor, before hashyard.ID, limit int, now time.Time) ([]Session, error)
	// EndSessions ends those of a user of the organisation but one, and says how
	// many there were.
	EndSessions(ctx context.Context, actor hashyard.Actor, user, keep hashyard.ID) (int, error)
}

// KeyStore keeps API keys by id, with the SHA-256 of their secret.
type KeyStore interface {
	// AddKey makes a key. A key of this id is the work of an earlier attempt of
	// the same command, whose answer never left: it stays and takes the secret,
	// unless it was used or revoked, which is a hashyard.Conflict.
	AddKey(ctx context.Context, actor hashyard.Actor, k Key, secret [32]byte) (stored Key, err error)
	// FindKey finds a key; gone or made by a disabled user is hashyard.NotFound.
	FindKey(ctx context.Context, id hashyard.ID) (k Key, secret [32]byte, err error)
	Keys(ctx context.Context, actor hashyard.Actor, after hashyard.ID, limit int) ([]Key, error)
	KeySeen(ctx context.Context, id hashyard.ID, at time.Time) error
	// Elevate lets a key do what asks a person for a factor.
	Elevate(ctx context.Context, actor hashyard.Actor, id hashyard.ID) error
	// RevokeKey is idempotent.
	RevokeKey(ctx context.Context, actor hashyard.Actor, id hashyard.ID, at time.Time) (Key, error)
}
