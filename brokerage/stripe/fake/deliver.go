package fake

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

// sends bounds how many webhooks are on their way at once.
const sends = 4

// post is a delivery taken out to be sent.
type post struct {
	n    int64
	kind string
	body []byte
}

// Run delivers webhooks and settles refunds until ctx ends. It returns when
// the last send has ended.
func (d *Double) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	slots := make(chan struct{}, sends)
	for {
		due, wait, err := d.due()
		if err != nil {
			d.log.ErrorContext(ctx, "stripe double cannot save", "error", err)
		}
		for _, p := range due {
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				return nil
			}
			wg.Go(func() {
				defer func() { <-slots }()
				status, err := d.send(ctx, p)
				d.finish(ctx, p, status, err)
			})
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-d.wake:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// idle is how long Run sleeps when nothing is due; every change wakes it.
const idle = 30 * time.Second

// due takes out the deliveries that may go now, oldest due first, and says
// when to look again.
func (d *Double) due() ([]post, time.Duration, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.begin()
	wait := idle
	soon := func(at time.Time) { wait = min(wait, max(at.Sub(t.now), time.Millisecond)) }
	var err error
	changed, next := t.settleRefunds()
	if changed {
		err = d.save()
		t = d.begin() // a failed save put back the state of before
	}
	if next > 0 {
		soon(time.UnixMilli(next))
	}
	if t.Held || d.cfg.WebhookURL == "" {
		return nil, wait, err
	}
	blocked := d.overtaken()
	var ready []*delivery
	for _, v := range t.Deliveries {
		switch {
		case v.DeliveredAt != nil || d.inFlight[v.N]:
		case v.NotBefore.After(t.now):
			soon(v.NotBefore)
		case blocked[v.Event]: // the newer event's attempt wakes Run
		default:
			ready = append(ready, v)
		}
	}
	slices.SortStableFunc(ready, func(a, b *delivery) int {
		return cmp.Or(a.NotBefore.Compare(b.NotBefore), cmp.Compare(b.N, a.N))
	})
	out := make([]post, 0, len(ready))
	for _, v := range ready {
		ev, ok := t.Events.get(v.Event)
		if !ok {
			continue // pruned, so delivered
		}
		d.inFlight[v.N] = true
		out = append(out, post{n: v.N, kind: ev.Type, body: ev.Raw})
	}
	return out, wait, err
}

// overtaken finds the events that wait for a newer event of the same object:
// they go once the newer one has been tried. Callers hold mu.
func (d *Double) overtaken() map[string]bool {
	out := map[string]bool{}
	if d.cfg.Delivery.InOrder {
		return out
	}
	untried := map[string]int64{} // subject → newest event without an attempt
	for _, v := range d.st.Deliveries {
		if ev, ok := d.st.Events.get(v.Event); ok && v.Copy == 0 && v.Attempts == 0 && v.DeliveredAt == nil {
			untried[ev.Subject] = max(untried[ev.Subject], ev.Seq)
		}
	}
	for _, v := range d.st.Deliveries {
		if ev, ok := d.st.Events.get(v.Event); ok && ev.Seq < untried[ev.Subject] {
			out[ev.ID] = true
		}
	}
	return out
}

// send posts one signed event; anything but 2xx is an error.
func (d *Double) send(ctx context.Context, p post) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.cfg.WebhookURL, bytes.NewReader(p.body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("User-Agent", "Stripe/1.0 (+https://stripe.com/docs/webhooks)")
	req.Header.Set("Stripe-Signature", Sign(p.body, d.cfg.WebhookSecret, d.cfg.Now()))
	resp, err := d.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // lets the connection be used again
	if resp.StatusCode/100 != 2 {
		return resp.StatusCode, fmt.Errorf("receiver answered %d", resp.StatusCode)
	}
	return resp.StatusCode, nil
}

// Sign is the Stripe-Signature header of a body at an instant.
func Sign(body []byte, secret string, at time.Time) string {
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%d.", at.Unix())
	mac.Write(body)
	return fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(mac.Sum(nil)))
}

// finish books the outcome of a send. Only success is saved at once: after a
// crash an attempt more is what receivers must bear anyway.
func (d *Double) finish(ctx context.Context, p post, status int, sendErr error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	defer d.nudge()
	delete(d.inFlight, p.n)
	i := slices.IndexFunc(d.st.Deliveries, func(v *delivery) bool { return v.N == p.n })
	if i < 0 {
		return
	}
	v, now := d.st.Deliveries[i], d.cfg.Now()
	if sendErr != nil && ctx.Err() != nil {
		return // we are stopping; the next start sends it
	}
	v.Attempts++
	v.LastStatus, v.LastError = status, ""
	if sendErr != nil {
		v.LastError = sendErr.Error()
		v.NotBefore = now.Add(d.backoff(v.Attempts))
		d.log.DebugContext(ctx, "webhook not delivered", "event", v.Event, "type", p.kind, "attempts", v.Attempts, "error", sendErr)
		return
	}
	v.DeliveredAt = &now
	if err := d.save(); err != nil {
		d.log.ErrorContext(ctx, "stripe double cannot save", "error", err)
	}
}

// backoff doubles from the first failure up to its bound.
func (d *Double) backoff(attempts int) time.Duration {
	v := d.cfg.Delivery
	return min(v.Backoff<<min(attempts-1, 16), v.MaxBackoff)
}
