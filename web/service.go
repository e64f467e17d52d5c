package web

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"

	"hashyard"
)

// ServiceConfig is what identity needs.
type ServiceConfig struct {
	Store Store
	Log   *slog.Logger
	Now   func() time.Time
	// Cost of new password hashes; zero means DefaultCost.
	Cost Cost
	// Post writes mails; without it nobody is invited and no password is reset.
	Post *Post
	// SealKey seals the secrets of authenticator apps, 32 bytes, the same for
	// ever. Without it nobody can enrol or use one.
	SealKey []byte
	// Origin is where people reach the app, https://name. Passkeys belong to it;
	// without it there are none.
	Origin string
}

// Service is identity: organisations, users, sessions and keys.
type Service struct {
	store     Store
	log       *slog.Logger
	now       func() time.Time
	passwords *passwords
	post      *Post
	tries     throttle
	sealer    *sealer
	passkeys  *webauthn.WebAuthn // nil without an origin
	origin    string

	mu   sync.RWMutex // guards orgs
	orgs map[hashyard.ID]Org
}

// NewService makes the service.
func NewService(cfg ServiceConfig) (*Service, error) {
	s := &Service{store: cfg.Store, log: cfg.Log, now: cfg.Now, post: cfg.Post, origin: cfg.Origin, orgs: map[hashyard.ID]Org{}}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	if cfg.Cost == (Cost{}) {
		cfg.Cost = DefaultCost()
	}
	s.passwords, s.tries = newPasswords(cfg.Cost), throttle{store: cfg.Store, now: s.now}
	var err error
	if s.sealer, err = newSealer(cfg.SealKey); err != nil {
		return nil, err
	}
	if s.passkeys, err = relyingParty(cfg.Origin); err != nil {
		return nil, err
	}
	return s, nil
}

// PasskeyOrigin is where passkeys work, or empty.
func (s *Service) PasskeyOrigin() string { return s.origin }

// Org finds an organisation. Names and slugs are read often and change
// hardly ever, so they are remembered; an unknown id asks the store again.
func (s *Service) Org(ctx context.Context, id hashyard.ID) (Org, error) {
	return s.findOrg(ctx, func(o Org) bool { return o.ID == id }, "organisation "+id.String())
}

// OrgBySlug finds an organisation by its short name.
func (s *Service) OrgBySlug(ctx context.Context, slug string) (Org, error) {
	return s.findOrg(ctx, func(o Org) bool { return o.Slug == slug }, fmt.Sprintf("organisation %.40q", slug))
}

// House is the organisation that runs hashyard.
func (s *Service) House(ctx context.Context) (Org, error) {
	return s.findOrg(ctx, func(o Org) bool { return o.House }, "the house")
}

// OrgName is the organisation's name, or empty when there is none.
func (s *Service) OrgName(ctx context.Context, id hashyard.ID) string {
	o, err := s.Org(ctx, id)
	if err != nil {
		return ""
	}
	return o.Name
}

func (s *Service) findOrg(ctx context.Context, is func(Org) bool, what string) (Org, error) {
	s.mu.RLock()
	for _, o := range s.orgs {
		if is(o) {
			s.mu.RUnlock()
			return o, nil
		}
	}
	s.mu.RUnlock()
	all, err := s.store.Orgs(ctx)
	if err != nil {
		return Org{}, fmt.Errorf("find %s: %w", what, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.orgs)
	var found *Org
	for _, o := range all {
		s.orgs[o.ID] = o
		if is(o) {
			found = &o
		}
	}
	if found == nil {
		return Org{}, hashyard.NotFound.Errorf("%s does not exist", what)
	}
	return *found, nil
}

func actorOf(u User, o Org) hashyard.Actor {
	return hashyard.Actor{User: u.ID, Org: o.ID, House: actsForHouse(o, u.Roles), Roles: u.Roles}
}

// BySession makes Service an Authenticator for session tokens.
func (s *Service) BySession(ctx context.Context, token string) (Caller, error) {
	gone := hashyard.Unauthenticated.Errorf("the session has ended; sign in again")
	hash, ok := hashSecret(token)
	if !ok {
		return Caller{}, gone
	}
	session, user, err := s.store.FindSession(ctx, hash)
	if errors.Is(err, hashyard.NotFound) {
		return Caller{}, gone
	}
	if err != nil {
		return Caller{}, fmt.Errorf("session: %w", err)
	}
	now := s.now()
	stage := session.stage(user.Roles)
	if !session.Live(now) || user.Disabled || stage != Full && now.Sub(session.CreatedAt) > unfinished {
		return Caller{}, gone
	}
	org, err := s.Org(ctx, session.Org)
	if err != nil {
		return Caller{}, fmt.Errorf("session %s: %w", session.ID, err)
	}
	if now.Sub(session.SeenAt) >= seenEvery {
		if err := s.store.SessionSeen(ctx, session.ID, now); err != nil {
			return Caller{}, fmt.Errorf("session %s: %w", session.ID, err)
		}
	}
	return Caller{
		Actor: actorOf(user, org), Session: session.ID, Stage: stage, ShownAt: session.ShownAt, Began: session.CreatedAt,
	}, nil
}

// ByKey makes Service an Authenticator for API keys.
func (s *Service) ByKey(ctx context.Context, text string) (Caller, error) {
	wrong := hashyard.Unauthenticated.Errorf("the API key is unknown, expired or revoked")
	id, hash, ok := parseKey(text)
	if !ok {
		return Caller{}, wrong
	}
	key, secret, err := s.store.FindKey(ctx, id)
	if errors.Is(err, hashyard.NotFound) {
		return Caller{}, wrong
	}
	if err != nil {
		return Caller{}, fmt.Errorf("key %s: %w", id, err)
	}
	now := s.now()
	if subtle.ConstantTimeCompare(hash[:], secret[:]) != 1 || !key.Live(now) {
		return Caller{}, wrong
	}
	org, err := s.Org(ctx, key.Org)
	if err != nil {
		return Caller{}, fmt.Errorf("key %s: %w", id, err)
	}
	if now.Sub(key.UsedAt) >= seenEvery {
		if err := s.store.KeySeen(ctx, id, now); err != nil {
			return Caller{}, fmt.Errorf("key %s: %w", id, err)
		}
	}
	actor := hashyard.Actor{Key: id, Org: org.ID, House: actsForHouse(org, key.Roles), Roles: key.Roles}
	return Caller{Actor: actor, Elevated: key.Elevated}, nil
}
