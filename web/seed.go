package web

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"

	"hashyard"
)

// seeder is who made what the wiring seeds.
func seeder(org Org) hashyard.Actor {
	a := hashyard.SystemActor("seed")
	a.Org = org.ID
	return a
}

// SeedOrg makes the organisation, or gives it this name, slug and house mark.
func (s *Service) SeedOrg(ctx context.Context, org Org) error {
	name, err := checkName(org.Name)
	if err != nil {
		return fmt.Errorf("seed organisation %s: %w", org.ID, err)
	}
	if err := checkSlug(org.Slug); err != nil {
		return fmt.Errorf("seed organisation %s: %w", org.ID, err)
	}
	if org.ID.IsZero() {
		return hashyard.Invalid.Errorf("seed organisation %s: no id", org.Slug)
	}
	org.Name = name
	if err := s.store.PutOrg(ctx, org); err != nil {
		return fmt.Errorf("seed organisation %s: %w", org.Slug, err)
	}
	s.mu.Lock()
	s.orgs[org.ID] = org
	s.mu.Unlock()
	return nil
}

// SeedUser makes the user unless the e-mail is known: then what the user made
// of the account since, such as another password, stays.
func (s *Service) SeedUser(ctx context.Context, org hashyard.ID, email, name, password string, roles []hashyard.Role) error {
	o, err := s.Org(ctx, org)
	if err != nil {
		return fmt.Errorf("seed user %s: %w", email, err)
	}
	u, err := newUser(o, email, name, roles, s.now())
	if err != nil {
		return fmt.Errorf("seed user %s: %w", email, err)
	}
	known, _, err := s.store.UserByEmail(ctx, u.Email)
	switch {
	case err == nil && known.Org == org:
		return nil
	case err == nil:
		return hashyard.Conflict.Errorf("seed user %s: the e-mail belongs to another organisation", u.Email)
	case !errors.Is(err, hashyard.NotFound):
		return fmt.Errorf("seed user %s: %w", u.Email, err)
	}
	hash, err := s.passwords.hash(ctx, password)
	if err != nil {
		return fmt.Errorf("seed user %s: %w", u.Email, err)
	}
	if _, _, err := s.store.AddUser(ctx, seeder(o), u, hash); err != nil {
		return fmt.Errorf("seed user %s: %w", u.Email, err)
	}
	return nil
}

// SeedKey makes the key of this text, see NewKey, unless it is known. It does
// not expire.
func (s *Service) SeedKey(ctx context.Context, org hashyard.ID, text, name string, roles []hashyard.Role) error {
	id, secret, ok := parseKey(text)
	if !ok {
		return hashyard.Invalid.Errorf("seed key %s: not of the form hy_<id>.<secret>", name)
	}
	o, err := s.Org(ctx, org)
	if err != nil {
		return fmt.Errorf("seed key %s: %w", name, err)
	}
	if roles, err = checkRoles(roles, o, true); err != nil {
		return fmt.Errorf("seed key %s: %w", name, err)
	}
	known, stored, err := s.store.FindKey(ctx, id)
	switch {
	case err == nil && known.Org == org && subtle.ConstantTimeCompare(stored[:], secret[:]) == 1:
		return nil
	case err == nil:
		return hashyard.Conflict.Errorf("seed key %s: key %s exists with another secret or organisation", name, id)
	case !errors.Is(err, hashyard.NotFound):
		return fmt.Errorf("seed key %s: %w", name, err)
	}
	k := Key{ID: id, Org: org, Name: name, Roles: roles, CreatedAt: s.now()}
	if _, err := s.store.AddKey(ctx, seeder(o), k, secret); err != nil {
		return fmt.Errorf("seed key %s: %w", name, err)
	}
	return nil
}
