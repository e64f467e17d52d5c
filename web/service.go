package web

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

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
}

// Service is identity: organisations, users, sessions and keys.
type Service struct {
	store     Store
	log       *slog.Logger
	now       func() time.Time
	passwords *passwords
	tries     *throttle
	post      *Post

	mu   sync.RWMutex // guards orgs
	orgs map[hashyard.ID]Org
}

// NewService makes the service.
func NewService(cfg ServiceConfig) *Service {
	s := &Service{store: cfg.Store, log: cfg.Log, now: cfg.Now, post: cfg.Post, orgs: map[hashyard.ID]Org{}}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	if cfg.Cost == (Cost{}) {
		cfg.Cost = DefaultCost()
	}
	s.passwords, s.tries = newPasswords(cfg.Cost), newThrottle(s.now)
	return s
}

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

// SignedIn is what a sign-in gives: the token for the cookie, once.
type SignedIn struct {
	Actor   hashyard.Actor
	Token   string
	MaxAge  time.Duration
	Session Session
	User    User
	Org     Org
}

var errSignIn = hashyard.Unauthenticated.Errorf("e-mail or password is wrong")

// SignIn checks a password and opens a session. Unknown e-mails and wrong
// passwords are told apart neither by the answer nor by the time it takes.
// replaces is the token the browser had before; that session ends.
func (s *Service) SignIn(ctx context.Context, email, password, remote, agent, replaces string) (SignedIn, error) {
	email = strings.ToLower(strings.TrimSpace(email))
	if len(email) > 254 || len(password) > 512 {
		return SignedIn{}, errSignIn
	}
	limits, err := s.admit(ctx, email, network(remote))
	if err != nil {
		return SignedIn{}, err
	}
	user, hash, err := s.store.UserByEmail(ctx, email)
	unknown := errors.Is(err, hashyard.NotFound)
	if err != nil && !unknown {
		s.tries.give(limits...)
		return SignedIn{}, fmt.Errorf("sign in: %w", err)
	}
	if unknown {
		hash = s.passwords.dummy
	}
	ok, stale, err := s.passwords.verify(ctx, hash, password)
	if err != nil {
		s.tries.give(limits...)
		return SignedIn{}, fmt.Errorf("sign in: %w", err)
	}
	if !ok || unknown || user.Disabled {
		s.log.InfoContext(ctx, "sign-in refused", "remote", remote, "known", !unknown, "disabled", user.Disabled)
		return SignedIn{}, errSignIn
	}
	s.tries.give(limits...)
	if stale {
		s.rehash(ctx, user, hash, password)
	}
	s.endQuietly(ctx, replaces)
	return s.open(ctx, user, remote, agent)
}

// admit takes what a try costs, or refuses it. The allowance of the e-mail
// bounds guessing from many networks; it does not count for a network its owner
// signed in from lately, or anyone could lock anyone out by guessing wrong.
func (s *Service) admit(ctx context.Context, email, from string) ([]limit, error) {
	own := []limit{
		{"from " + from, allowance{burst: 60, every: time.Second}},
		{"from " + from + " to " + email, allowance{burst: 8, every: 10 * time.Second}},
	}
	if err := s.tries.take(own...); err != nil {
		return nil, err
	}
	all := limit{"to " + email, allowance{burst: 20, every: 5 * time.Second}}
	refused := s.tries.take(all)
	if refused == nil {
		return append(own, all), nil
	}
	// The own allowance stays taken: it bounds the questions to the store.
	remotes, err := s.store.SignedInFrom(ctx, email, s.now().Add(-familiar))
	if err != nil {
		return nil, fmt.Errorf("sign in: %w", err)
	}
	if slices.ContainsFunc(remotes, func(r string) bool { return network(r) == from }) {
		return own, nil
	}
	return nil, refused
}

// familiar is how long a network is remembered after signing in from it.
const familiar = 30 * 24 * time.Hour

// network is what one caller cannot change at will: an IPv4 address, or the
// first 64 bits of an IPv6 one.
func network(remote string) string {
	a, err := netip.ParseAddr(remote)
	if err != nil {
		return remote
	}
	if a = a.Unmap().WithZone(""); a.Is4() {
		return a.String()
	}
	return netip.PrefixFrom(a, 64).Masked().String()
}

func (s *Service) open(ctx context.Context, user User, remote, agent string) (SignedIn, error) {
	org, err := s.Org(ctx, user.Org)
	if err != nil {
		return SignedIn{}, fmt.Errorf("sign in: %w", err)
	}
	now := s.now()
	token, hash := newSecret()
	if len(agent) > 200 {
		agent = strings.ToValidUTF8(agent[:200], "")
	}
	session := Session{
		ID: hashyard.NewID(), Org: org.ID, User: user.ID, CreatedAt: now, SeenAt: now,
		ExpiresAt: now.Add(SessionLife), Remote: remote, Agent: strings.ToValidUTF8(agent, ""),
	}
	actor := actorOf(user, org)
	if err := s.store.AddSession(ctx, actor, session, hash); err != nil {
		return SignedIn{}, fmt.Errorf("sign in: %w", err)
	}
	return SignedIn{Actor: actor, Token: token, MaxAge: SessionLife, Session: session, User: user, Org: org}, nil
}

// rehash lifts a password to today's cost. The sign-in does not depend on it.
func (s *Service) rehash(ctx context.Context, user User, was, password string) {
	hash, err := s.passwords.hash(ctx, password)
	if err == nil {
		err = s.store.Rehash(ctx, user.ID, was, hash)
	}
	if err != nil {
		s.log.WarnContext(ctx, "password not rehashed", "user_id", user.ID, "err", err)
	}
}

func (s *Service) endQuietly(ctx context.Context, token string) {
	caller, err := s.BySession(ctx, token)
	if err == nil {
		err = s.store.EndSession(ctx, caller.Actor, caller.Session)
	}
	if _, known := hashyard.KindOf(err); err != nil && !known {
		s.log.WarnContext(ctx, "earlier session not ended", "err", err)
	}
}

// SignOut ends a session.
func (s *Service) SignOut(ctx context.Context, actor hashyard.Actor, session hashyard.ID) error {
	if session.IsZero() {
		return nil // a key has no session
	}
	if err := s.store.EndSession(ctx, actor, session); err != nil {
		return fmt.Errorf("sign out: %w", err)
	}
	return nil
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
	if !session.Live(now) || user.Disabled {
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
	return Caller{Actor: actorOf(user, org), Session: session.ID}, nil
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
	return Caller{Actor: hashyard.Actor{Key: id, Org: org.ID, House: actsForHouse(org, key.Roles), Roles: key.Roles}}, nil
}
