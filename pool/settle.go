package pool

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"hashyard"
	"hashyard/pool/fpps"
)

// PeriodKey names a settlement period.
type PeriodKey struct{ Start, End time.Time }

// Line is work of one worker in one epoch that is on no statement yet.
type Line struct {
	Account, Org, Worker, Unit hashyard.ID
	Epoch                      Epoch
	Work                       hashyard.Work
	Shares                     int64
}

// Statement is what an account's work of a period earned. The exact amounts
// are fractions of satoshis; the whole ones are rounded down once.
type Statement struct {
	ID, Account, Org     hashyard.ID
	Start, End           time.Time
	Work                 hashyard.Work
	Shares               int64
	Gross, Fee, Net      hashyard.Sats
	Residue              hashyard.Sats // of the whole period, on one statement of it
	GrossExact, NetExact string        // numerator/denominator
	Created              time.Time
	Lines                []Line
}

// Settlement is a settled period.
type Settlement struct {
	Total, Residue hashyard.Sats
	Statements     []Statement
	Events         []hashyard.Event
}

// SettlePeriod prices a period's lines: one statement an account, in the order
// of account ids. The first carries the residue.
func SettlePeriod(p PeriodKey, at time.Time, lines []Line) (Settlement, error) {
	lines = slices.Clone(lines)
	slices.SortFunc(lines, func(a, b Line) int {
		return cmp.Or(bytes.Compare(a.Account[:], b.Account[:]), bytes.Compare(a.Worker[:], b.Worker[:]), bytes.Compare(a.Epoch.ID[:], b.Epoch.ID[:]))
	})
	var out Settlement
	var earned []fpps.Earned
	for len(lines) > 0 {
		n := 1
		for n < len(lines) && lines[n].Account == lines[0].Account {
			n++
		}
		st, e, err := stateLines(p, at, lines[:n:n])
		if err != nil {
			return Settlement{}, err
		}
		out.Statements, earned = append(out.Statements, st), append(earned, e)
		lines = lines[n:]
	}
	var err error
	if out.Total, out.Residue, err = fpps.Total(earned); err != nil {
		return Settlement{}, err
	}
	if len(out.Statements) > 0 {
		out.Statements[0].Residue = out.Residue
	}
	for _, st := range out.Statements {
		ev, err := st.event(at)
		if err != nil {
			return Settlement{}, err
		}
		out.Events = append(out.Events, ev)
	}
	return out, nil
}

func stateLines(p PeriodKey, at time.Time, lines []Line) (Statement, fpps.Earned, error) {
	st := Statement{
		ID: hashyard.NewID(), Account: lines[0].Account, Org: lines[0].Org,
		Start: p.Start, End: p.End, Created: at.UTC(), Lines: lines,
	}
	priced := make([]fpps.Priced, 0, len(lines))
	for _, l := range lines {
		st.Work, st.Shares = st.Work.Add(l.Work), st.Shares+l.Shares
		priced = append(priced, fpps.Priced{Rate: l.Epoch.Rate, Work: l.Work})
	}
	e, err := fpps.Account(priced)
	if err != nil {
		return Statement{}, fpps.Earned{}, fmt.Errorf("account %s: %w", st.Account, err)
	}
	st.Gross, st.Fee, st.Net = e.Gross, e.Fee, e.Net
	st.GrossExact, st.NetExact = e.ExactGross.String(), e.ExactNet.String()
	return st, e, nil
}

func (st Statement) event(at time.Time) (hashyard.Event, error) {
	units := st.Units()
	ev, err := hashyard.NewEvent(hashyard.EvEarningsSettled, hashyard.Ref{Kind: "statement", ID: st.ID}, at, hashyard.EarningsSettled{
		Statement: st.ID, Account: st.Account, Org: st.Org, From: st.Start, To: st.End, Work: st.Work,
		Gross: st.Gross, Fee: st.Fee, Net: st.Net, Residue: st.Residue, Units: units,
	})
	ev.Orgs, ev.Units = []hashyard.ID{st.Org}, units
	return ev, err
}

// Epochs are the rates of the statement, each once.
func (st Statement) Epochs() []Epoch {
	var out []Epoch
	seen := map[hashyard.ID]bool{}
	for _, l := range st.Lines {
		if !seen[l.Epoch.ID] {
			seen[l.Epoch.ID] = true
			out = append(out, l.Epoch)
		}
	}
	return out
}

// Units are the machines that earned in the statement, each once.
func (st Statement) Units() []hashyard.ID {
	var out []hashyard.ID
	for _, l := range st.Lines {
		if !l.Unit.IsZero() && !slices.Contains(out, l.Unit) {
			out = append(out, l.Unit)
		}
	}
	return out
}

// settle closes every period that is over: no more of its shares are taken,
// and those that were are applied. Shares that reach the log later all the
// same are settled with the next period, at the rate of their own epoch.
func (s *Service) settle(ctx context.Context) error {
	now := s.cfg.Now().UTC()
	cutoff := now.Add(-s.cfg.Grace - s.cfg.SettleAfter)
	reached, _ := fpps.Period(cutoff, s.cfg.SettlementPeriod)
	s.mu.Lock()
	done := s.settled.Equal(reached)
	s.mu.Unlock()
	if done {
		return nil // no period has ended since all were settled
	}
	periods, err := s.store.Unsettled(ctx, cutoff)
	if err != nil {
		return err
	}
	if len(periods) == 0 {
		s.mu.Lock()
		s.settled = reached
		s.mu.Unlock()
		return nil
	}
	var failed []error
	waiting := false
	for _, p := range periods {
		h := s.settling[p]
		if h == nil {
			// Read after the grace: every share accepted in time is at or before it.
			if h, err = s.hold(ctx); err != nil {
				return errors.Join(append(failed, err)...)
			}
			s.settling[p] = h
		}
		done, err := s.settleOne(ctx, p, h, now)
		switch {
		case s.waits(ctx, h, err, "settlement"):
			waiting = true
			continue
		case err != nil: // the others are settled all the same
			failed = append(failed, fmt.Errorf("settle period %s: %w", p.Start.Format(time.RFC3339), err))
			continue
		case done:
			hashyard.Hit(hashyard.AtPeriodSettled)
			s.unsigned = true
			s.log.InfoContext(ctx, "period settled", "period_start", p.Start, "period_end", p.End)
		}
		delete(s.settling, p)
	}
	if waiting && len(failed) == 0 {
		return errNotYet
	}
	return errors.Join(failed...)
}

// settleOne settles a period whose work is applied up to a place in the log.
func (s *Service) settleOne(ctx context.Context, p PeriodKey, h *held, now time.Time) (bool, error) {
	prices, err := s.newPricer(ctx, p)
	if err != nil {
		return false, err
	}
	return s.store.Settle(ctx, p, h.Barrier, now, func(lines []Line) (Settlement, error) { return prices.settle(p, now, lines) })
}
