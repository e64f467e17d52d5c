package web

import (
	"context"
	"fmt"
	"time"

	"hashyard"
)

// Me is who the actor is: a user, or a key by its name.
func (s *Service) Me(ctx context.Context, actor hashyard.Actor) (User, Org, error) {
	org, err := s.Org(ctx, actor.Org)
	if err != nil {
		return User{}, Org{}, fmt.Errorf("me: %w", err)
	}
	if actor.User.IsZero() {
		key, _, err := s.store.FindKey(ctx, actor.Key)
		if err != nil {
			return User{}, Org{}, fmt.Errorf("me: %w", err)
		}
		return User{ID: key.ID, Org: key.Org, Name: key.Name, Roles: key.Roles, CreatedAt: key.CreatedAt}, org, nil
	}
	user, err := s.store.User(ctx, actor, actor.User)
	if err != nil {
		return User{}, Org{}, fmt.Errorf("me: %w", err)
	}
	return user, org, nil
}

// Users lists the people of the actor's organisation.
func (s *Service) Users(ctx context.Context, actor hashyard.Actor, after hashyard.ID, limit int) ([]User, error) {
	return s.store.Users(ctx, actor, after, limit)
}

// made is the id of what a command makes: the command's own, so that it is
// made once, however many attempts the command takes.
func made(ctx context.Context) hashyard.ID {
	if id, ok := CommandID(ctx); ok {
		return id
	}
	return hashyard.NewID()
}

func newUser(org Org, email, name string, roles []hashyard.Role, now time.Time) (User, error) {
	email, err := NormalEmail(email)
	if err != nil {
		return User{}, err
	}
	if name, err = checkName(name); err != nil {
		return User{}, err
	}
	if roles, err = checkRoles(roles, org, false); err != nil {
		return User{}, err
	}
	return User{ID: hashyard.NewID(), Org: org.ID, Email: email, Name: name, Roles: roles, Version: 1, CreatedAt: now}, nil
}

// CheckRoles accepts roles that the organisation may give to a person.
func (s *Service) CheckRoles(ctx context.Context, org hashyard.ID, roles []hashyard.Role) ([]hashyard.Role, error) {
	o, err := s.Org(ctx, org)
	if err != nil {
		return nil, fmt.Errorf("roles: %w", err)
	}
	return checkRoles(roles, o, false)
}

// UserChange is the state a user is to have; Version is the one it was made
// from.
type UserChange struct {
	Name     string
	Roles    []hashyard.Role
	Disabled bool
	Version  int64
}

// ChangeUser changes a user of the actor's organisation. The last enabled
// owner stays one, or nobody could ever undo it.
func (s *Service) ChangeUser(ctx context.Context, actor hashyard.Actor, id hashyard.ID, c UserChange) (User, error) {
	org, err := s.Org(ctx, actor.Org)
	if err != nil {
		return User{}, fmt.Errorf("change user %s: %w", id, err)
	}
	name, err := checkName(c.Name)
	if err != nil {
		return User{}, err
	}
	roles, err := checkRoles(c.Roles, org, false)
	if err != nil {
		return User{}, err
	}
	return s.store.ChangeUser(ctx, actor, id, func(u User, owners int) (User, error) {
		if u.Version != c.Version {
			return u, hashyard.Stale.Errorf("user %s was changed meanwhile: version %d, not %d", u.Email, u.Version, c.Version)
		}
		was := isOwner(u)
		u.Name, u.Roles, u.Disabled, u.Version = name, roles, c.Disabled, u.Version+1
		if was && !isOwner(u) && owners <= 1 {
			return u, hashyard.Conflict.Errorf("%s is the last owner of %s", u.Email, org.Name)
		}
		return u, nil
	})
}

func isOwner(u User) bool {
	return !u.Disabled && hashyard.Actor{Roles: u.Roles}.Has(hashyard.Owner)
}

// ChangePassword changes the actor's own password and ends their other
// sessions.
func (s *Service) ChangePassword(ctx context.Context, actor hashyard.Actor, session hashyard.ID, current, next, remote string) error {
	if actor.User.IsZero() {
		return hashyard.Denied.Errorf("a key has no password")
	}
	if err := checkPassword(next); err != nil {
		return err
	}
	user, err := s.store.User(ctx, actor, actor.User)
	if err != nil {
		return fmt.Errorf("change password: %w", err)
	}
	if err := s.checkOwn(ctx, user, current, remote); err != nil {
		return err
	}
	hash, err := s.passwords.hash(ctx, next)
	if err != nil {
		return fmt.Errorf("change password: %w", err)
	}
	return s.store.SetPassword(ctx, actor, user.ID, hash, session)
}

// checkOwn checks a password that a signed-in user gives again.
func (s *Service) checkOwn(ctx context.Context, user User, password, remote string) error {
	limits, err := s.admit(ctx, "password", user.Email, network(remote))
	if err != nil {
		return err
	}
	_, hash, err := s.store.UserByEmail(ctx, user.Email)
	if err != nil {
		return fmt.Errorf("password: %w", err)
	}
	ok, _, err := s.passwords.verify(ctx, hash, password)
	if err != nil {
		return fmt.Errorf("password: %w", err)
	}
	if !ok {
		return hashyard.Denied.Errorf("the current password is wrong")
	}
	s.giveBack(ctx, limits)
	return nil
}

// Keys lists the keys of the actor's organisation.
func (s *Service) Keys(ctx context.Context, actor hashyard.Actor, after hashyard.ID, limit int) ([]Key, error) {
	return s.store.Keys(ctx, actor, after, limit)
}

// AddKey makes a key; its text is told once. An elevated one may do what asks a
// person for a factor. Every attempt of one command
// makes the same key, with a secret of its own.
func (s *Service) AddKey(ctx context.Context, actor hashyard.Actor, name string, roles []hashyard.Role, life time.Duration, elevated bool) (Key, string, error) {
	org, err := s.Org(ctx, actor.Org)
	if err != nil {
		return Key{}, "", fmt.Errorf("add key: %w", err)
	}
	if name, err = checkName(name); err != nil {
		return Key{}, "", err
	}
	if roles, err = checkRoles(roles, org, true); err != nil {
		return Key{}, "", err
	}
	maker := actor.User
	if maker.IsZero() { // a key makes a key: the same person answers for it
		by, _, err := s.store.FindKey(ctx, actor.Key)
		if err != nil {
			return Key{}, "", fmt.Errorf("add key: %w", err)
		}
		maker = by.CreatedBy
	}
	now := s.now()
	text, id, secret := newKey(made(ctx))
	key := Key{ID: id, Org: org.ID, Name: name, Roles: roles, CreatedBy: maker, CreatedAt: now, ExpiresAt: now.Add(life), Elevated: elevated}
	if key, err = s.store.AddKey(ctx, actor, key, secret); err != nil {
		return Key{}, "", err
	}
	return key, text, nil
}

// RevokeKey ends a key at once.
func (s *Service) RevokeKey(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (Key, error) {
	return s.store.RevokeKey(ctx, actor, id, s.now())
}

// Audit lists what was done in the actor's organisation, newest first; for the
// house also what the house did by itself and for nobody in particular.
func (s *Service) Audit(ctx context.Context, actor hashyard.Actor, q AuditQuery) ([]AuditRow, error) {
	return s.store.Audit(ctx, actor, q)
}

// Sessions lists the caller's sessions, newest first.
func (s *Service) Sessions(ctx context.Context, c Caller, before hashyard.ID, limit int) ([]Session, error) {
	if c.Actor.User.IsZero() {
		return nil, hashyard.Denied.Errorf("a key has no sessions")
	}
	list, err := s.store.Sessions(ctx, c.Actor, before, limit, s.now())
	for i := range list {
		list[i].Current = list[i].ID == c.Session
	}
	return list, err
}

// EndSession ends one of the caller's sessions. It is idempotent.
func (s *Service) EndSession(ctx context.Context, actor hashyard.Actor, id hashyard.ID) error {
	if actor.User.IsZero() {
		return hashyard.Denied.Errorf("a key has no sessions")
	}
	return s.store.EndSession(ctx, actor, id)
}

// EndSessions ends those of a user of the actor's organisation but keep, and
// says how many there were.
func (s *Service) EndSessions(ctx context.Context, actor hashyard.Actor, user, keep hashyard.ID) (int, error) {
	if user.IsZero() {
		return 0, hashyard.Denied.Errorf("a key has no sessions")
	}
	return s.store.EndSessions(ctx, actor, user, keep)
}
