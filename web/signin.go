package web

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"hashyard"
)

// SignedIn is what a sign-in gives: the token for the cookie, once.
type SignedIn struct {
	Actor   hashyard.Actor
	Token   string
	MaxAge  time.Duration
	Session Session
	User    User
	Org     Org
	Stage   Stage
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
	limits, err := s.admit(ctx, "password", email, network(remote))
	if err != nil {
		return SignedIn{}, err
	}
	user, hash, err := s.store.UserByEmail(ctx, email)
	unknown := errors.Is(err, hashyard.NotFound)
	if err != nil && !unknown {
		s.giveBack(ctx, limits)
		return SignedIn{}, fmt.Errorf("sign in: %w", err)
	}
	if unknown {
		hash = s.passwords.dummy
	}
	ok, stale, err := s.passwords.verify(ctx, hash, password)
	if err != nil {
		s.giveBack(ctx, limits)
		return SignedIn{}, fmt.Errorf("sign in: %w", err)
	}
	if !ok || unknown || user.Disabled {
		s.log.InfoContext(ctx, "sign-in refused", "remote", remote, "known", !unknown, "disabled", user.Disabled)
		return SignedIn{}, errSignIn
	}
	s.giveBack(ctx, limits)
	if stale {
		s.rehash(ctx, user, hash, password)
	}
	s.endQuietly(ctx, replaces)
	return s.open(ctx, user, remote, agent, "")
}

// giveBack returns the tokens of a try that was no guess. That it failed costs
// the caller a later try, no more.
func (s *Service) giveBack(ctx context.Context, limits []limit) {
	if err := s.tries.give(ctx, limits...); err != nil {
		s.log.WarnContext(ctx, "tries not given back", "err", err)
	}
}

// admit takes what a try costs, or refuses it. The allowance of the e-mail
// bounds guessing from many networks; it does not count for a network its owner
// signed in from lately, or anyone could lock anyone out by guessing wrong. what
// is guessed has allowances of its own: a password is no factor.
func (s *Service) admit(ctx context.Context, what, email, from string) ([]limit, error) {
	// A code has six digits, of which three are right at any time: a try each
	// half minute finds one in a hundred days with an even chance.
	every := 10 * time.Second
	if what == "factor" {
		every = 30 * time.Second
	}
	own := []limit{
		{what + " from " + from, allowance{burst: 60, every: time.Second}},
		{what + " from " + from + " to " + email, allowance{burst: 8, every: every}},
	}
	if err := s.tries.take(ctx, own...); err != nil {
		return nil, err
	}
	all := limit{what + " to " + email, allowance{burst: 20, every: every / 2}}
	refused := s.tries.take(ctx, all)
	if refused == nil {
		return append(own, all), nil
	}
	if !errors.Is(refused, hashyard.Exhausted) {
		return nil, refused
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

// open makes a session; shown is what was shown for it besides a password.
func (s *Service) open(ctx context.Context, user User, remote, agent string, shown FactorKind) (SignedIn, error) {
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
		ExpiresAt: now.Add(SessionLife), Remote: remote, Agent: strings.ToValidUTF8(agent, ""), Factor: shown,
	}
	if shown != "" {
		session.ShownAt = now
	}
	factors, codes, err := s.store.Factors(ctx, user.ID)
	if err != nil {
		return SignedIn{}, fmt.Errorf("sign in: %w", err)
	}
	session.Factors, session.Codes = len(factors), codes > 0
	stage := session.stage(user.Roles)
	actor := actorOf(user, org)
	if err := s.store.AddSession(ctx, actor, session, stage, hash); err != nil {
		return SignedIn{}, fmt.Errorf("sign in: %w", err)
	}
	return SignedIn{Actor: actor, Token: token, MaxAge: SessionLife, Session: session, User: user, Org: org, Stage: stage}, nil
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
