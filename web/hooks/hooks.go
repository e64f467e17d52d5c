// Package hooks sends an organisation's events to addresses of its own, signed.
//
// An event goes to every webhook of the organisations it concerns whose roles
// may read it (web.SeesEvent), as a row that is written once. Sender takes the
// rows there, one process a webhook at a time, in order, at least once: a
// receiver tells repetitions by the delivery's id. What is not taken with a
// 2xx answer is tried again for three days. Of an answer only its status is
// kept: what it says would be a way to look into other networks.
package hooks

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"hashyard"
	"hashyard/web"
	"hashyard/web/outbound"
)

// Hook is one address.
type Hook struct {
	ID         hashyard.ID     `json:"id"`
	Org        hashyard.ID     `json:"org_id"`
	URL        string          `json:"url"`
	Roles      []hashyard.Role `json:"roles" nullable:"false" doc:"It is told what these roles may read."`
	Generation int             `json:"generation" doc:"Of its secret."`
	CreatedBy  hashyard.ID     `json:"created_by,omitzero"`
	CreatedAt  time.Time       `json:"created_at"`
	RemovedAt  time.Time       `json:"removed_at,omitzero"`
}

// Delivery is one event on its way to one webhook.
type Delivery struct {
	ID        hashyard.ID        `json:"id"`
	Hook      hashyard.ID        `json:"hook_id"`
	Event     hashyard.ID        `json:"event_id"`
	Kind      hashyard.EventKind `json:"kind"`
	Body      []byte             `json:"-"`
	State     State              `json:"state" enum:"queued,delivered,dead"`
	Attempts  int                `json:"attempts"`
	CreatedAt time.Time          `json:"created_at"`
	Since     time.Time          `json:"-"`
	DueAt     time.Time          `json:"due_at" doc:"Of the next try, while it is queued."`
	TriedAt   time.Time          `json:"tried_at,omitzero"`
	TookMS    int                `json:"took_ms,omitempty"`
	Status    int                `json:"status,omitempty" doc:"HTTP status of the last answer."`
	Error     string             `json:"error,omitempty" doc:"Why the last try failed."`
	EndedAt   time.Time          `json:"ended_at,omitzero"`
}

// State is how a delivery stands.
type State string

// The states.
const (
	Queued    State = "queued"
	Delivered State = "delivered"
	Dead      State = "dead"
)

// Life is how long a delivery is tried.
const Life = 72 * time.Hour

// maxHooks bounds what one organisation makes of every event.
const maxHooks = 10

// Pause is how long to wait after the given number of tries: 10 s, doubling to
// six hours.
func Pause(attempts int) time.Duration {
	return min(10*time.Second<<min(max(attempts-1, 0), 12), 6*time.Hour)
}

// Store keeps webhooks. Methods with an actor see its organisation alone.
type Store interface {
	// AddHook makes a webhook, unless there are most already; one of this id
	// is an earlier attempt's and is returned.
	AddHook(ctx context.Context, actor hashyard.Actor, h Hook, most int) (Hook, error)
	Hooks(ctx context.Context, actor hashyard.Actor, after hashyard.ID, limit int) ([]Hook, error)
	// RemoveHook ends a webhook and what is queued for it; again, it is the same.
	RemoveHook(ctx context.Context, actor hashyard.Actor, id hashyard.ID, at time.Time) (Hook, error)
	// Enqueue writes a delivery for every live webhook of the organisations for
	// which body makes one, once an event.
	Enqueue(ctx context.Context, event hashyard.ID, orgs []hashyard.ID, body func(Hook) (*Delivery, error)) error
	Deliveries(ctx context.Context, actor hashyard.Actor, hook, before hashyard.ID, limit int) ([]Delivery, error)
	// Redeliver queues an ended delivery again, from the instant now on.
	Redeliver(ctx context.Context, actor hashyard.Actor, hook, id hashyard.ID, now time.Time) (Delivery, error)
	// TakeHooks leases up to n webhooks that have something due at now.
	TakeHooks(ctx context.Context, now time.Time, lease time.Duration, n int) ([]Hook, error)
	// Due are the next deliveries of a webhook.
	Due(ctx context.Context, hook hashyard.ID, now time.Time, n int) ([]Delivery, error)
	// Tried records a try; the delivery is as it is from then on.
	Tried(ctx context.Context, d Delivery) error
	// FreeHook gives a webhook back.
	FreeHook(ctx context.Context, hook hashyard.ID) error
}

// Config is what a Service needs.
type Config struct {
	Store Store
	Orgs  Orgs
	Guard outbound.Guard
	Key   [32]byte // the secrets of all webhooks derive from it
	Now   func() time.Time
}

// Orgs tells which roles an organisation may give.
type Orgs interface {
	CheckRoles(ctx context.Context, org hashyard.ID, roles []hashyard.Role) ([]hashyard.Role, error)
}

// Service is webhooks as their owners see them.
type Service struct{ cfg Config }

// New makes the service.
func New(cfg Config) *Service {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Service{cfg}
}

func (s *Service) now() time.Time { return s.cfg.Now().UTC().Truncate(time.Microsecond) }

// Add makes a webhook. Its secret can be told again at any time.
func (s *Service) Add(ctx context.Context, actor hashyard.Actor, id hashyard.ID, url string, roles []hashyard.Role) (Hook, string, error) {
	if _, err := s.cfg.Guard.CheckURL(url); err != nil {
		return Hook{}, "", err
	}
	roles, err := s.cfg.Orgs.CheckRoles(ctx, actor.Org, roles)
	if err != nil {
		return Hook{}, "", err
	}
	h, err := s.cfg.Store.AddHook(ctx, actor, Hook{
		ID: id, Org: actor.Org, URL: url, Roles: roles, Generation: 1, CreatedBy: actor.User, CreatedAt: s.now(),
	}, maxHooks)
	if err != nil {
		return Hook{}, "", err
	}
	return h, s.secret(h), nil
}

// secret signs what goes to the webhook.
func (s *Service) secret(h Hook) string { return secret(s.cfg.Key, h) }

func secret(key [32]byte, h Hook) string {
	m := hmac.New(sha256.New, key[:])
	m.Write([]byte("webhook " + h.ID.String() + " " + strconv.Itoa(h.Generation)))
	return "whsec_" + base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// Sign is the signature of a body sent at the instant at: HMAC-SHA256 over
// "<unix seconds>.<body>" with the secret as it is told, in hex. A receiver
// refuses one that is older than some minutes.
func Sign(secret string, at time.Time, body []byte) string {
	t := strconv.FormatInt(at.Unix(), 10)
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(t + "."))
	m.Write(body)
	return "t=" + t + ",v1=" + hex.EncodeToString(m.Sum(nil))
}

// Hooks lists the organisation's webhooks.
func (s *Service) Hooks(ctx context.Context, actor hashyard.Actor, after hashyard.ID, limit int) ([]Hook, error) {
	return s.cfg.Store.Hooks(ctx, actor, after, limit)
}

// Remove ends a webhook.
func (s *Service) Remove(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (Hook, error) {
	return s.cfg.Store.RemoveHook(ctx, actor, id, s.now())
}

// Deliveries lists what went to a webhook, newest first.
func (s *Service) Deliveries(ctx context.Context, actor hashyard.Actor, hook, before hashyard.ID, limit int) ([]Delivery, error) {
	return s.cfg.Store.Deliveries(ctx, actor, hook, before, limit)
}

// Redeliver sends an ended delivery again.
func (s *Service) Redeliver(ctx context.Context, actor hashyard.Actor, hook, id hashyard.ID) (Delivery, error) {
	return s.cfg.Store.Redeliver(ctx, actor, hook, id, s.now())
}

// OnEvent queues an event for the webhooks of those it concerns.
func (s *Service) OnEvent(ctx context.Context, ev hashyard.Event) error {
	if len(ev.Orgs) == 0 {
		return nil
	}
	now := s.now()
	return s.cfg.Store.Enqueue(ctx, ev.ID, ev.Orgs, func(h Hook) (*Delivery, error) {
		// House is never set: a webhook reads with its organisation's own eyes.
		if !web.SeesEvent(hashyard.Actor{Org: h.Org, Roles: h.Roles}, ev.Kind) {
			return nil, nil
		}
		id := hashyard.NewID()
		body, err := json.Marshal(struct {
			Delivery hashyard.ID `json:"delivery"`
			web.EventMessage
		}{id, web.EventMessage{ID: ev.ID, Kind: ev.Kind, At: ev.At, Ref: ev.Ref, Units: ev.Units, Payload: ev.Payload}})
		if err != nil {
			return nil, fmt.Errorf("webhook %s: %w", h.ID, err)
		}
		return &Delivery{ID: id, Hook: h.ID, Event: ev.ID, Kind: ev.Kind, Body: body, State: Queued, CreatedAt: now, Since: now, DueAt: now}, nil
	})
}
