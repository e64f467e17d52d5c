package pool

import (
	"context"
	"fmt"
	"strings"
	"time"

	"hashyard"
	"hashyard/pool/fpps"
)

// Terms are what an account is priced by from a moment on. A settlement period
// has the terms that hold at its beginning; what is on a statement stays.
type Terms struct {
	ID, Account, Org hashyard.ID
	From             time.Time
	FeePPM           int64
	Method           fpps.Method
	Note             string
	SetBy            hashyard.ID // zero for the pool's own
	Created          time.Time
}

// termsAt is what holds at t, of an account's terms oldest first; the pool's
// own where there are none yet. Of two from the same moment the later made wins.
func termsAt(all []Terms, own Terms, t time.Time) Terms {
	out := own
	for _, x := range all {
		if !x.From.After(t) && !x.From.Before(out.From) {
			out = x
		}
	}
	return out
}

// ownTerms are the pool's own, for accounts that have none.
func (s *Service) ownTerms() Terms { return Terms{FeePPM: s.cfg.FeePPM, Method: s.cfg.FeeMethod} }

// SetTerms sets an account's terms from a moment on, which must not have
// passed. Setting the same under the same id again changes nothing.
func (s *Service) SetTerms(ctx context.Context, actor hashyard.Actor, t Terms) (Terms, error) {
	now := s.cfg.Now().UTC()
	if t.From.IsZero() {
		t.From = now
	}
	if t.From.Before(now.Add(-time.Minute)) {
		return Terms{}, hashyard.Invalid.Errorf("terms from %s: that has passed, and statements stay as they are", t.From.UTC().Format(time.RFC3339))
	}
	if t.FeePPM < 0 || t.FeePPM > fpps.MaxPPM {
		return Terms{}, hashyard.Invalid.Errorf("terms: a fee of %d ppm is outside 0 … %d", t.FeePPM, fpps.MaxPPM)
	}
	if err := t.Method.Check(); err != nil {
		return Terms{}, fmt.Errorf("terms: %w", err)
	}
	a, err := s.store.AccountByID(ctx, actor, t.Account)
	if err != nil {
		return Terms{}, fmt.Errorf("terms of account %s: %w", t.Account, err)
	}
	t.Org, t.From, t.SetBy, t.Created, t.Note = a.Org, t.From.UTC(), actor.User, now, strings.TrimSpace(t.Note)
	out, err := s.store.PutTerms(ctx, actor, t)
	if err != nil {
		return Terms{}, fmt.Errorf("terms of account %s: %w", t.Account, err)
	}
	return out, nil
}

// AccountView is an account with the terms that hold now and all it ever had.
type AccountView struct {
	Account
	Now     Terms
	History []Terms // oldest first
}

// Accounts are those the actor may see, in the order they were made.
func (s *Service) Accounts(ctx context.Context, actor hashyard.Actor, q Page) ([]AccountView, string, error) {
	as, next, err := s.store.Accounts(ctx, actor, q)
	if err != nil {
		return nil, "", err
	}
	out := make([]AccountView, 0, len(as))
	for _, a := range as {
		v, err := s.accountView(ctx, a)
		if err != nil {
			return nil, "", err
		}
		out = append(out, v)
	}
	return out, next, nil
}

// AccountOf is one account with its terms.
func (s *Service) AccountOf(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (AccountView, error) {
	a, err := s.store.AccountByID(ctx, actor, id)
	if err != nil {
		return AccountView{}, fmt.Errorf("account %s: %w", id, err)
	}
	return s.accountView(ctx, a)
}

func (s *Service) accountView(ctx context.Context, a Account) (AccountView, error) {
	all, err := s.store.Terms(ctx, a.ID)
	if err != nil {
		return AccountView{}, fmt.Errorf("terms of account %s: %w", a.ID, err)
	}
	return AccountView{Account: a, Now: termsAt(all, s.ownTerms(), s.cfg.Now().UTC()), History: all}, nil
}

// Dollar is what a bitcoin costs as the house stated it. There is no source of
// prices inside: who shows one shows its date and where it is from.
type Dollar struct {
	ID          hashyard.ID
	At          time.Time
	CentsPerBTC hashyard.Cents
	Source      string
	SetBy       hashyard.ID
	Created     time.Time
}

// USD is what satoshis are worth, in dollars.
func (d Dollar) USD(sats float64) float64 { return sats / 1e8 * float64(d.CentsPerBTC) / 100 }

// SetDollar states a price. Its moment must not be in the future.
func (s *Service) SetDollar(ctx context.Context, actor hashyard.Actor, d Dollar) (Dollar, error) {
	now := s.cfg.Now().UTC()
	if d.At.IsZero() {
		d.At = now
	}
	d.Source = strings.TrimSpace(d.Source)
	switch {
	case d.At.After(now.Add(time.Minute)):
		return Dollar{}, hashyard.Invalid.Errorf("price: %s is in the future", d.At.UTC().Format(time.RFC3339))
	case d.CentsPerBTC <= 0:
		return Dollar{}, hashyard.Invalid.Errorf("price: %d cents a bitcoin is not above zero", d.CentsPerBTC)
	case d.Source == "":
		return Dollar{}, hashyard.Invalid.Errorf("price: say where it is from")
	}
	d.At, d.SetBy, d.Created = d.At.UTC(), actor.User, now
	out, err := s.store.PutDollar(ctx, actor, d)
	if err != nil {
		return Dollar{}, fmt.Errorf("price of %s: %w", d.At.Format(time.RFC3339), err)
	}
	return out, nil
}

// Dollars are the stated prices since, after the one before it, oldest first.
func (s *Service) Dollars(ctx context.Context, since time.Time) ([]Dollar, error) {
	return s.store.Dollars(ctx, since)
}

// dollarAt is the price that was the newest at t; nil before the first.
func dollarAt(ds []Dollar, t time.Time) *Dollar {
	var out *Dollar
	for i := range ds {
		if !ds[i].At.After(t) {
			out = &ds[i]
		}
	}
	return out
}
