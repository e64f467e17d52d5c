package treasury

import (
	"context"
	"slices"
	"strings"
	"time"

	"hashyard"
	"hashyard/brokerage/treasury/signer"
)

// SetAddress makes an address the organisation's, in place of the one before.
// The signer is told through this path alone, before it is stored: what is
// only in the database is refused there. Payouts that were drafted to the
// address before are refused by the signer and requested anew. If storing
// fails after the signer was told, payouts are refused until the address is
// set again, which its organisation was told to do by the error.
func (s *Service) SetAddress(ctx context.Context, actor hashyard.Actor, text string) (Address, error) {
	dest, err := ParseAddress(text, s.cfg.Network)
	if err != nil {
		return Address{}, err
	}
	head, err := s.cfg.Store.Head(ctx)
	if err == nil && sameScript(dest.Script, head.Script) {
		return Address{}, hashyard.Invalid.Errorf("payout address %s is the treasury's own", dest.Address)
	}
	// One at a time: the signer and the database must end with the same one.
	select {
	case s.enrol <- struct{}{}:
		defer func() { <-s.enrol }()
	case <-ctx.Done():
		return Address{}, hashyard.Unavailable.Errorf("payout address: %w", ctx.Err())
	}
	if err := s.cfg.Signer.Enrol(ctx, signer.Enrolment{Org: actor.Org, Address: dest.Address}); err != nil {
		return Address{}, err
	}
	a := Address{Org: actor.Org, Address: dest.Address, SetAt: s.now()}
	if err := s.cfg.Store.PutAddress(ctx, actor, a); err != nil {
		return Address{}, err
	}
	s.Wake()
	return a, nil
}

// Address is where the actor's organisation is paid.
func (s *Service) Address(ctx context.Context, actor hashyard.Actor) (Address, error) {
	return s.cfg.Store.Address(ctx, actor)
}

// Shown is a payout with the depth of its block.
type Shown struct {
	Payout
	Depth, Needed int64
	OrgName       string
	// Listed is since when the address is the organisation's; zero when it has
	// another one by now.
	Listed time.Time
}

// Payout is one payout of the actor's organisation, or any for the house.
func (s *Service) Payout(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (Shown, error) {
	p, err := s.cfg.Store.Payout(ctx, actor, id)
	if err != nil {
		return Shown{}, err
	}
	shown, err := s.shown(ctx, actor, p)
	if err != nil {
		return Shown{}, err
	}
	return shown[0], nil
}

// Payouts are those of the actor's organisation, or all for the house.
func (s *Service) Payouts(ctx context.Context, actor hashyard.Actor, q Query) ([]Shown, string, error) {
	ps, next, err := s.cfg.Store.Payouts(ctx, actor, q)
	if err != nil {
		return nil, "", err
	}
	shown, err := s.shown(ctx, actor, ps...)
	return shown, next, err
}

// shown adds the depth. Only the house sees why a payout waits in full: coins
// and processes are its own affair.
func (s *Service) shown(ctx context.Context, actor hashyard.Actor, ps ...Payout) ([]Shown, error) {
	if len(ps) == 0 {
		return nil, nil
	}
	head, err := s.cfg.Store.Head(ctx)
	if err != nil {
		return nil, err
	}
	names, listed, err := s.whose(ctx, ps)
	if err != nil {
		return nil, err
	}
	out := make([]Shown, len(ps))
	for i, p := range ps {
		if !actor.House && actor.System == "" && p.Reason != "" {
			p.Reason = p.State.waits(p.Reason)
		}
		out[i] = Shown{Payout: p, Depth: p.Confirmations(head.Height), Needed: s.cfg.Confirmations, OrgName: names[p.Org]}
		if a := listed[p.Org]; a.Address == p.Address {
			out[i].Listed = a.SetAt
		}
	}
	return out, nil
}

// Overview is the treasury as the house sees it.
type Overview struct {
	Head     Head
	Balances Balances
	Coins    []Coin
	Open     int
	// SignerError is why the signer does not answer; empty if it does.
	SignerError  string
	SignerFrozen bool
	Freeze       Freeze
	SignedToday  hashyard.Sats // with fees, UTC
}

// Overview is for the house alone; the edge allows it.
func (s *Service) Overview(ctx context.Context, actor hashyard.Actor) (o Overview, err error) {
	if !actor.House && actor.System == "" {
		return o, hashyard.Denied.Errorf("the treasury is the house's")
	}
	if o.Head, err = s.cfg.Store.Head(ctx); err != nil {
		return o, err
	}
	if o.Balances, err = s.cfg.Store.Balances(ctx); err != nil {
		return o, err
	}
	if o.Coins, err = s.cfg.Store.Coins(ctx); err != nil {
		return o, err
	}
	open, err := s.cfg.Store.OpenPayouts(ctx)
	if err != nil {
		return o, err
	}
	o.Open = len(open)
	info, err := s.cfg.Signer.Info(ctx)
	if err != nil {
		o.SignerError = err.Error()
	}
	o.SignerFrozen = info.Frozen
	if o.Freeze, err = s.cfg.Store.Freeze(ctx); err != nil {
		return o, err
	}
	now := s.now()
	o.SignedToday, err = s.cfg.Store.SignedSince(ctx, time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC))
	return o, err
}

// whose tells names, and since when addresses are listed.
func (s *Service) whose(ctx context.Context, ps []Payout) (map[hashyard.ID]string, map[hashyard.ID]Address, error) {
	var orgs []hashyard.ID
	for _, p := range ps {
		if !slices.Contains(orgs, p.Org) {
			orgs = append(orgs, p.Org)
		}
	}
	var names map[hashyard.ID]string
	if s.cfg.Orgs != nil {
		var err error
		if names, err = s.cfg.Orgs.OrgNames(ctx, orgs); err != nil {
			return nil, nil, err
		}
	}
	listed, err := s.cfg.Store.Addresses(ctx, orgs)
	return names, listed, err
}

// waits is why a payout of this state waits, as its organisation may know.
func (s State) waits(reason string) string {
	switch s {
	case Requested:
		return "waits for coins of the treasury or for lower fees"
	case Reserved, AwaitingSignature:
		return "waits for the signer"
	case Signed, Broadcast:
		return "waits for the network"
	case Confirmed, Refused:
	}
	return reason
}

// FindPayouts finds the actor's payouts whose transaction's id begins with text,
// six characters or more.
func (s *Service) FindPayouts(ctx context.Context, actor hashyard.Actor, text string, limit int) ([]Payout, error) {
	text = strings.ToLower(strings.TrimSpace(text))
	if len(text) < 6 || len(text) > 64 || strings.Trim(text, "0123456789abcdef") != "" {
		return nil, nil
	}
	return s.cfg.Store.FindPayouts(ctx, actor, text, limit)
}

// Stuck are the payouts of all organisations that wait for a person.
func (s *Service) Stuck(ctx context.Context, actor hashyard.Actor, limit int) ([]Payout, error) {
	if !actor.House {
		return nil, hashyard.Denied.Errorf("the payouts of all organisations are the house's to see")
	}
	return s.cfg.Store.Stuck(ctx, hashyard.ID{}, limit)
}

// StuckOwn counts those of the actor's organisation.
func (s *Service) StuckOwn(ctx context.Context, actor hashyard.Actor) (int, error) {
	ps, err := s.cfg.Store.Stuck(ctx, actor.Org, 100)
	return len(ps), err
}
