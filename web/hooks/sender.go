package hooks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"hashyard/web/outbound"
)

// SenderConfig is what a Sender needs.
type SenderConfig struct {
	Store Store
	Guard outbound.Guard
	Key   [32]byte
	Now   func() time.Time
	Log   *slog.Logger
	Every time.Duration // pace of looking; default 1 s
}

// Sender brings deliveries to their webhooks.
type Sender struct {
	cfg    SenderConfig
	client *http.Client
}

// NewSender makes a sender; Run starts it.
func NewSender(cfg SenderConfig) *Sender {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Every == 0 {
		cfg.Every = time.Second
	}
	return &Sender{cfg: cfg, client: cfg.Guard.Client()}
}

// At once: so many webhooks, and so many deliveries of each before the next
// ones get their turn. A try takes 5 s at most, so a lease covers them.
const (
	atOnce  = 8
	inOneGo = 10
	lease   = 2 * time.Minute
)

// Run sends until ctx ends.
func (s *Sender) Run(ctx context.Context) error {
	tick := time.NewTicker(s.cfg.Every)
	defer tick.Stop()
	for {
		n, err := s.Round(ctx)
		if err != nil && ctx.Err() == nil {
			s.cfg.Log.WarnContext(ctx, "webhooks not served", "error", err)
		}
		if n == atOnce && err == nil && ctx.Err() == nil {
			continue // more may wait
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Round serves the webhooks that have something due and says how many.
func (s *Sender) Round(ctx context.Context) (int, error) {
	hooks, err := s.cfg.Store.TakeHooks(ctx, s.now(), lease, atOnce)
	if err != nil {
		return 0, fmt.Errorf("take webhooks: %w", err)
	}
	failed := make([]error, len(hooks))
	var wg sync.WaitGroup
	for i, h := range hooks {
		wg.Go(func() { failed[i] = s.serve(ctx, h) })
	}
	wg.Wait()
	return len(hooks), errors.Join(failed...)
}

func (s *Sender) now() time.Time { return s.cfg.Now().UTC().Truncate(time.Microsecond) }

// serve sends a webhook's next deliveries in order, until one fails: its
// receiver is not well, and the others wait their turn.
func (s *Sender) serve(ctx context.Context, h Hook) error {
	ds, err := s.cfg.Store.Due(ctx, h.ID, s.now(), inOneGo)
	for _, d := range ds {
		if err != nil || ctx.Err() != nil {
			break
		}
		d = s.try(ctx, h, d)
		if ctx.Err() != nil {
			break // it was us who broke it off
		}
		err = s.settle(ctx, func(ctx context.Context) error { return s.cfg.Store.Tried(ctx, d) })
		if d.State != Delivered {
			break
		}
	}
	return errors.Join(err, s.settle(ctx, func(ctx context.Context) error { return s.cfg.Store.FreeHook(ctx, h.ID) }))
}

// settle writes what happened also when the process is being ended.
func (s *Sender) settle(ctx context.Context, fn func(context.Context) error) error {
	c, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return fn(c)
}

// try sends a delivery once and says how it stands then.
func (s *Sender) try(ctx context.Context, h Hook, d Delivery) Delivery {
	start := s.now()
	status, err := s.post(ctx, h, d, start)
	now := s.now()
	d.Attempts, d.TriedAt, d.TookMS, d.Status, d.Error = d.Attempts+1, start, int(now.Sub(start).Milliseconds()), status, ""
	switch {
	case err != nil:
		d.Error = reason(err)
	case status < 200 || status > 299:
		d.Error = fmt.Sprintf("answered %d, wanted 2xx", status)
		if status >= 300 && status < 400 {
			d.Error = fmt.Sprintf("answered %d; redirects are not followed", status)
		}
	default:
		d.State, d.EndedAt = Delivered, now
		return d
	}
	if d.DueAt = now.Add(Pause(d.Attempts)); d.DueAt.Sub(d.Since) > Life {
		d.State, d.EndedAt = Dead, now
	}
	return d
}

// reason is the error in few words: what a receiver's network looks like from
// here is told to nobody.
func reason(err error) string {
	switch {
	case errors.Is(err, outbound.ErrForbidden):
		return "its address is not a public one"
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	}
	return "could not be reached by https"
}

func (s *Sender) post(ctx context.Context, h Hook, d Delivery, at time.Time) (status int, err error) {
	// The rules may have become stricter since it was made.
	u, err := s.cfg.Guard.CheckURL(h.URL)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", outbound.ErrForbidden, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(d.Body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "hashyard-webhook/1")
	req.Header.Set("Hashyard-Event", string(d.Kind))
	req.Header.Set("Hashyard-Delivery", d.ID.String())
	req.Header.Set("Hashyard-Signature", Sign(secret(s.cfg.Key, h), at, d.Body))
	res, err := s.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	// Read a little, so that an honest server sees its answer taken.
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, outbound.MaxAnswer))
	return res.StatusCode, nil
}
