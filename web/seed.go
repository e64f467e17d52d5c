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
	if err := s.store.AddUser(ctx, seeder(o), u, hash); err != nil {
		return fmt.Errorf("seed user %s: %w", u.Email, err)
	}
	return nil
}

// SeedKey makes the key of this text, see NewKey, unless it is known. It does
// not expire.
func (s *Service) SeedKey(ctx context.Context, org hashyard.ID, text, name string, roles []hashyard.Role, elevated bool) error {
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
		if known.Elevated || !elevated {
			return nil
		}
		return s.store.Elevate(ctx, seeder(o), id)
	case err == nil:
		return hashyard.Conflict.Errorf("seed key %s: key %s exists with another secret or organisation", name, id)
	case !errors.Is(err, hashyard.NotFound):
		return fmt.Errorf("seed key %s: %w", name, err)
	}
	k := Key{ID: id, Org: org, Name: name, Roles: roles, CreatedAt: s.now(), Elevated: elevated}
	if _, err := s.store.AddKey(ctx, seeder(o), k, secret); err != nil {
		return fmt.Errorf("seed key %s: %w", name, err)
	}
	return nil
}

// SeedTOTP gives the user an authenticator app's secret, unless they have a
// factor already.
func (s *Service) SeedTOTP(ctx context.Context, email, secret string) error {
	user, factors, org, err := s.seeded(ctx, email)
	if err != nil || len(factors) > 0 {
		return err
	}
	if _, _, err := totpStep(secret, "", s.now()); err != nil {
		return hashyard.Invalid.Errorf("seed factor of %s: %w", email, err)
	}
	sealed, err := s.sealer.seal(user.ID, secret)
	if err != nil {
		return fmt.Errorf("seed factor of %s: %w", email, err)
	}
	f := Factor{ID: hashyard.NewID(), Kind: TOTP, Name: "local world", CreatedAt: s.now(), Org: user.Org, User: user.ID, Sealed: sealed}
	return s.store.SeedFactor(ctx, seeder(org), f)
}

// SeedEnrolmentCode makes the one code that a user who has nothing yet shows
// with the first password, before enrolling a factor: the password alone, which
// may lie in a mailbox, opens nothing. It is empty for who has something.
func (s *Service) SeedEnrolmentCode(ctx context.Context, email string) (string, error) {
	user, factors, org, err := s.seeded(ctx, email)
	if err != nil || len(factors) > 0 {
		return "", err
	}
	code, hash := newRecoveryCode()
	return code, s.store.PutCodes(ctx, seeder(org), user.ID, [][32]byte{hash}, s.now())
}

func (s *Service) seeded(ctx context.Context, email string) (User, []Factor, Org, error) {
	user, _, err := s.store.UserByEmail(ctx, email)
	if err != nil {
		return User{}, nil, Org{}, fmt.Errorf("seed factor of %s: %w", email, err)
	}
	org, err := s.Org(ctx, user.Org)
	if err != nil {
		return User{}, nil, Org{}, fmt.Errorf("seed factor of %s: %w", email, err)
	}
	factors, _, err := s.store.Factors(ctx, user.ID)
	return user, factors, org, err
}
