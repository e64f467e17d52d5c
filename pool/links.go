package pool

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"hashyard"
)

// WatchLink lets whoever has its token watch an account without one here. Only
// the token's hash is kept: 256 random bits need no slow hash.
type WatchLink struct {
	ID, Org, Account hashyard.ID
	Name             string
	Workers          bool // shows workers one by one
	Earnings         bool // shows statements
	CreatedBy        hashyard.ID
	Created, Expires time.Time
	Revoked          time.Time // zero while it lives
	Used             time.Time // last, by about a minute
}

// maxLinks bounds the living links of one organisation; maxLinkLife a link's life.
const (
	maxLinks    = 50
	maxLinkLife = 366 * 24 * time.Hour
)

// tokenSize is the length of a token's text.
var tokenSize = base64.RawURLEncoding.EncodedLen(32)

// hashToken reads a token's text, in the one form it is written in.
func hashToken(text string) (hash [32]byte, ok bool) {
	if len(text) != tokenSize {
		return hash, false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return hash, false
	}
	return sha256.Sum256(b), true
}

// AddWatchLink makes a link and tells its token, once. The same id again gives
// the link that is there, without its token.
func (s *Service) AddWatchLink(ctx context.Context, actor hashyard.Actor, l WatchLink) (WatchLink, string, error) {
	now := s.cfg.Now().UTC()
	l.Name = strings.TrimSpace(l.Name)
	switch {
	case l.Name == "":
		return WatchLink{}, "", hashyard.Invalid.Errorf("watch link: it needs a name")
	case !l.Expires.After(now) || l.Expires.Sub(now) > maxLinkLife:
		return WatchLink{}, "", hashyard.Invalid.Errorf("watch link: it must end within a year, not at %s", l.Expires.UTC().Format(time.RFC3339))
	}
	a, err := s.store.Account(ctx, actor.Org)
	if err != nil {
		return WatchLink{}, "", fmt.Errorf("watch link: %w", err)
	}
	var raw [32]byte
	if _, err := rand.Read(raw[:]); err != nil {
		return WatchLink{}, "", fmt.Errorf("watch link: %w", err)
	}
	l.Org, l.Account, l.CreatedBy, l.Created, l.Expires = a.Org, a.ID, actor.User, now, l.Expires.UTC()
	out, made, err := s.store.AddWatchLink(ctx, actor, l, sha256.Sum256(raw[:]), maxLinks)
	if err != nil || !made {
		return out, "", err
	}
	return out, base64.RawURLEncoding.EncodeToString(raw[:]), nil
}

// WatchLinks are the organisation's, newest first.
func (s *Service) WatchLinks(ctx context.Context, actor hashyard.Actor, q Page) ([]WatchLink, string, error) {
	return s.store.WatchLinks(ctx, actor, q)
}

// RevokeWatchLink ends a link at once; again it is the same.
func (s *Service) RevokeWatchLink(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (WatchLink, error) {
	return s.store.RevokeWatchLink(ctx, actor, id, s.cfg.Now().UTC())
}

// Watching is what a link shows.
type Watching struct {
	Link    WatchLink
	Account Account
	Actor   hashyard.Actor // reads what the link's organisation may, nothing else
}

// errNoLink is the one answer to a token that is unknown, over or revoked.
func errNoLink() error {
	return hashyard.NotFound.Errorf("this link does not exist, has ended or was revoked")
}

// OpenWatchLink finds what a token opens.
func (s *Service) OpenWatchLink(ctx context.Context, token string) (Watching, error) {
	hash, ok := hashToken(token)
	if !ok {
		return Watching{}, errNoLink()
	}
	now := s.cfg.Now().UTC()
	l, a, err := s.store.OpenWatchLink(ctx, hash, now)
	if kind, is := hashyard.KindOf(err); is && kind == hashyard.NotFound {
		return Watching{}, errNoLink()
	}
	if err != nil {
		return Watching{}, fmt.Errorf("watch link: %w", err)
	}
	if !l.Revoked.IsZero() || !l.Expires.After(now) {
		return Watching{}, errNoLink()
	}
	return Watching{Link: l, Account: a, Actor: hashyard.Actor{Org: l.Org}}, nil
}
