package fleet

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"hashyard"
)

// OnUnitsDelivered expects the units at the buyer's sites, and redirects those
// that its agents have already seen.
func (s *Service) OnUnitsDelivered(ctx context.Context, ev hashyard.Event) error {
	var p hashyard.UnitsMoved
	if err := ev.Read(&p); err != nil {
		return err
	}
	var exp []Expected
	for i, unit := range p.Units {
		e := Expected{Unit: unit, Org: p.Buyer, Trade: p.Trade, DeliveredAt: ev.At}
		if i < len(p.Serials) {
			e.Serial = p.Serials[i]
		}
		exp = append(exp, e)
	}
	now := s.now().UTC()
	err := s.store.Expect(ctx, ev.ID, exp, func(r Redirect) (Redirect, []hashyard.Event, error) { return r.Close(now, custodyMoved, false) })
	if err != nil {
		return fmt.Errorf("fleet on %s %s: %w", ev.Kind, ev.ID, err)
	}
	// Also when the event comes again: the first time may have ended here.
	actor := hashyard.Actor{Org: p.Buyer, System: "fleet.delivered"}
	for _, e := range exp {
		ms, err := s.arrived(ctx, actor, e)
		if err == nil {
			err = s.settle(ctx, actor, ms)
		}
		if err != nil {
			return fmt.Errorf("fleet on %s %s: %w", ev.Kind, ev.ID, err)
		}
	}
	return nil
}

// arrived finds the delivered unit among the machines that the buyer's agents
// have seen: by its unit, or by its serial where it was plugged in before it
// was received and so was nobody's to know.
func (s *Service) arrived(ctx context.Context, actor hashyard.Actor, e Expected) ([]Miner, error) {
	ms, _, err := s.store.Miners(ctx, actor, MinerQuery{Unit: e.Unit, Limit: 10})
	if err != nil || len(ms) > 0 || e.Serial == "" {
		return ms, err
	}
	known, err := s.store.KnownMiners(ctx, actor, []string{NormalSerial(e.Serial)})
	for _, m := range known {
		m.Unit = e.Unit // as inventory confirms before anything is done
		ms = append(ms, m)
	}
	return ms, err
}

// custodyMoved is why a redirect ends whose organisation no longer has the
// unit. It does not say who has it.
const custodyMoved = "custody moved: the unit is no longer in your organisation's hands; nothing more is written"

// EvRedirectDue is fleet's clock: an event to itself, not before the time by
// which a redirect must be answered.
const EvRedirectDue hashyard.EventKind = "fleet.redirect.due"

// redirectDue is the payload of EvRedirectDue.
type redirectDue struct{ Redirect, Org hashyard.ID }

// due wakes fleet when the redirect's time is over. It is nobody's to see.
func (r Redirect) due() (hashyard.Event, error) {
	ev, err := hashyard.NewEvent(EvRedirectDue, hashyard.Ref{Kind: "redirect", ID: r.ID}, r.CreatedAt, redirectDue{r.ID, r.Org})
	ev.NotBefore = r.AnswerBy
	return ev, err
}

// OnRedirectDue ends a redirect that no agent has answered in time. An answer
// that comes later still leaves its snapshot.
func (s *Service) OnRedirectDue(ctx context.Context, ev hashyard.Event) error {
	var p redirectDue
	if err := ev.Read(&p); err != nil {
		return err
	}
	actor, now := hashyard.Actor{Org: p.Org, System: "fleet.due"}, s.now().UTC()
	r, err := s.store.Redirect(ctx, actor, p.Redirect)
	if err == nil && r.State.Open() {
		_, err = s.store.ChangeRedirect(ctx, actor, p.Redirect, true, func(r Redirect) (Redirect, []hashyard.Event, error) {
			return r.Close(now, fmt.Sprintf("no answer from the agent within %s", r.AnswerBy.Sub(r.CreatedAt)), true)
		})
	}
	if err != nil {
		return fmt.Errorf("fleet on %s %s: %w", ev.Kind, ev.ID, err)
	}
	return nil
}

// settle makes the redirects that are due: of delivered units that one of the
// organisation's agents sees now.
func (s *Service) settle(ctx context.Context, actor hashyard.Actor, miners []Miner) error {
	byUnit := map[hashyard.ID]Miner{}
	var units []hashyard.ID
	for _, m := range miners {
		if !m.Unit.IsZero() {
			byUnit[m.Unit] = m
			units = append(units, m.Unit)
		}
	}
	if len(units) == 0 {
		return nil
	}
	due, err := s.store.ExpectedOf(ctx, actor, units)
	if err != nil {
		return err
	}
	var failed []error
	for _, e := range due {
		if err := s.redirectExpected(ctx, actor, byUnit[e.Unit]); err != nil {
			failed = append(failed, fmt.Errorf("redirect expected unit %s: %w", e.Unit, err))
		}
	}
	return errors.Join(failed...)
}

func (s *Service) redirectExpected(ctx context.Context, actor hashyard.Actor, m Miner) error {
	site, err := s.store.Site(ctx, actor, m.Site.String())
	if err != nil {
		return err
	}
	if _, online := m.Offline(s.now(), site.OfflineAfter()); !online {
		return nil // its next sighting comes here again
	}
	// Asked again, because custody has moved since the last sighting: now the
	// unit's site is this one, and what arrived is compared with what was sold.
	c, err := s.claim(ctx, m.Site, &m)
	if err != nil {
		return err
	}
	if c.Foreign {
		return nil
	}
	_, err = s.redirect(ctx, actor, m, asked{wrong: strings.Join(c.Mismatches, "; "), auto: true})
	return err
}

// OnSessionOpened notes that our pool saw the unit's worker.
func (s *Service) OnSessionOpened(ctx context.Context, ev hashyard.Event) error {
	var p hashyard.SessionOpened
	if err := ev.Read(&p); err != nil {
		return err
	}
	if p.Unit.IsZero() {
		return nil
	}
	err := s.store.SawSession(ctx, ev.ID, p.Unit, p.Org, func(r Redirect) (Redirect, error) { return r.Session(ev.At) })
	if err != nil {
		return fmt.Errorf("fleet on %s %s: %w", ev.Kind, ev.ID, err)
	}
	return nil
}
