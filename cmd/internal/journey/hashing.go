package journey

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"hashyard"
)

// hashing: the machine's session is at our pool as that unit; bad shares are
// refused with their codes, and what the wire counted is what is booked.
func (p *play) hashing(ctx context.Context) (string, error) {
	for _, m := range []*machine{p.good, p.weak} {
		if _, err := p.sessionOf(ctx, m); err != nil {
			return "", err
		}
	}
	if err := p.strangers(ctx); err != nil {
		return "", err
	}
	if err := p.oneAtATime(ctx, p.weak); err != nil {
		return "", err
	}
	name := "journey-" + hashyard.NewID().String()[9:18] + "x"
	var w workerView
	if err := p.as["buyer.operator"].post(ctx, "/api/v1/pool/workers", map[string]any{"name": name}, &w); err != nil {
		return "", err
	}
	p.worker, p.wire = w.ID, newMiner(p.w.Stratum, w.User, "x")
	if err := p.wire.ready(ctx); err != nil {
		return "", err
	}
	if err := p.badShares(ctx); err != nil {
		return "", err
	}
	booked, err := p.wireBooked(ctx)
	if err != nil {
		return "", err
	}
	if err := p.unitBooked(ctx, p.good); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s in session with its secret, one at a time · 23, 22, 21 and 24 refused · booked = wire: %d shares, work %s in %d rates", p.good.user, p.wire.shares, p.wire.total(), booked), nil
}

// sessionOf waits for a machine's session.
func (p *play) sessionOf(ctx context.Context, m *machine) (sessionView, error) {
	var s sessionView
	err := until(ctx, p.cfg.Wait, func() error {
		var page list[sessionView]
		if err := p.as["buyer.operator"].get(ctx, "/api/v1/pool/sessions?unit="+m.unit.String(), &page); err != nil {
			return err
		}
		if len(page.Items) == 0 {
			return notYet("no session of %s at the pool", m.Serial)
		}
		s = page.Items[0]
		if len(page.Items) > 1 || s.User != m.user || !s.Secret {
			return fmt.Errorf("%s has %d sessions, as %s, secret known: %v; it must be one, as %s", m.Serial, len(page.Items), s.User, s.Secret, m.user)
		}
		return nil
	})
	return s, err
}

// strangers must not get in: a name that nobody made, and the unit's own name
// without its secret.
func (p *play) strangers(ctx context.Context) error {
	for _, user := range []string{p.buyer.Slug + ".nobody-made-this", p.good.user} {
		m := newMiner(p.w.Stratum, user, "x")
		err := m.ready(ctx)
		m.close()
		var no *wireRefusal
		if !errors.As(err, &no) || no.code != 24 {
			return wanted(err, "%s with the password x was let in", user)
		}
	}
	return nil
}

// oneAtATime mines as a unit, with its own secret, beside the machine: the
// newer session ends the older, and when ours is gone the machine is back.
func (p *play) oneAtATime(ctx context.Context, m *machine) error {
	twin := newMiner(p.w.Stratum, m.user, m.secret)
	defer twin.close()
	if err := twin.ready(ctx); err != nil {
		return fmt.Errorf("a second session of %s: %w", m.Serial, err)
	}
	seen := false
	return until(ctx, p.cfg.Wait, func() error {
		s, err := p.sessionOf(ctx, m) // one, or it is an error
		switch {
		case err != nil:
			return err
		case s.Agent == agent:
			seen = true
			twin.close() // the machine takes over, now or before
			return notYet("our session as %s is still there", m.user)
		case !seen && twin.poll(ctx) == nil:
			return notYet("our session as %s is not shown", m.user)
		}
		return nil
	})
}

// badShares has the pool refuse one of each kind, a stale one after a new tip.
func (p *play) badShares(ctx context.Context) error {
	if _, err := p.wire.earn(ctx, 7); err != nil {
		return err
	}
	if err := p.refusedWith(ctx, 23, func() (share, error) { return p.wire.tooEasy(), nil }); err != nil {
		return err
	}
	// A good share, sent twice.
	if err := p.refusedWith(ctx, 22, func() (share, error) { return p.wire.earn(ctx, 1) }); err != nil {
		return err
	}
	old := p.wire.job
	if err := p.mineOn(ctx); err != nil {
		return err
	}
	return p.refusedWith(ctx, stale, func() (share, error) { return p.wire.solveFor(ctx, old) })
}

// refusedWith submits what make gives and wants it refused with a code. A tip
// that changes in between makes any share stale; then it is done anew.
func (p *play) refusedWith(ctx context.Context, code int, make func() (share, error)) error {
	for range 5 {
		s, err := make()
		if err != nil {
			return err
		}
		r, err := p.wire.submit(ctx, s)
		if err != nil {
			return err
		}
		switch {
		case r.ok:
			return fmt.Errorf("a share that must be refused with %d was accepted", code)
		case r.code == code:
			return nil
		case r.code != stale:
			return fmt.Errorf("a share was refused with %d %s, not with %d", r.code, r.text, code)
		}
	}
	return fmt.Errorf("no share was refused with %d: the tip changes all the time", code)
}

// wireBooked waits until the work booked for our worker is what the wire
// counted, in every rate; it must never be more.
func (p *play) wireBooked(ctx context.Context) (rates int, err error) {
	want := p.wire.byRate(p.params.period())
	err = until(ctx, p.cfg.Wait, func() error {
		booked, err := p.booked(ctx, "workers", p.worker)
		if err != nil {
			return err
		}
		var late []string
		for k, w := range booked {
			if w.Cmp(want[k]) > 0 {
				return fmt.Errorf("booked in rate %v is %s, the wire counted %s", k, w, want[k])
			}
		}
		for k, w := range want {
			if booked[k].Cmp(w) != 0 {
				late = append(late, fmt.Sprintf("booked in rate %v is %s, the wire counted %s", k, booked[k], w))
			}
		}
		if late != nil {
			return notYet("%s", strings.Join(late, "; "))
		}
		return nil
	})
	return len(want), err
}

// booked reads the work of a worker or unit by rate.
func (p *play) booked(ctx context.Context, what string, id hashyard.ID) (map[rate]hashyard.Work, error) {
	var page list[bookedView]
	if err := p.as["buyer.operator"].get(ctx, "/api/v1/pool/"+what+"/"+id.String()+"/work?limit=500", &page); err != nil {
		return nil, err
	}
	out := map[rate]hashyard.Work{}
	for _, b := range page.Items {
		out[b.rate()] = out[b.rate()].Add(b.Work)
	}
	return out, nil
}

func (p *play) bookedTotal(ctx context.Context, unit hashyard.ID) (hashyard.Work, error) {
	rates, err := p.booked(ctx, "units", unit)
	var sum hashyard.Work
	for _, w := range rates {
		sum = sum.Add(w)
	}
	return sum, err
}

// unitBooked waits until as much is booked for a machine as it says itself to
// have got accepted. It goes on mining, so this is exact only at rest; the
// step "proven" compares to the unit.
func (p *play) unitBooked(ctx context.Context, m *machine) error {
	var own hashyard.Work
	return until(ctx, p.cfg.Wait, func() error {
		if own.IsZero() {
			var err error
			if own, _, err = m.ownCount(ctx, m.user); err != nil {
				return err
			}
			if own.IsZero() {
				return notYet("%s has no share accepted", m.Serial)
			}
		}
		booked, err := p.bookedTotal(ctx, m.unit)
		if err != nil {
			return err
		}
		if booked.Cmp(own) < 0 {
			return notYet("booked for %s are %s, it counted %s before", m.Serial, booked, own)
		}
		return nil
	})
}
