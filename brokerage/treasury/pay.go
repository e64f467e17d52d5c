package treasury

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hashyard"
	"hashyard/brokerage/ledger"
	"hashyard/brokerage/treasury/signer"
)

// request makes a payout for everybody who is due, within the signer's limits.
func (s *Service) request(ctx context.Context, head Head) error {
	now := s.now()
	due, err := s.cfg.Store.Due(ctx, s.cfg.Threshold, now.Add(-s.cfg.RefusedHold))
	if err != nil {
		return err
	}
	var failed []error
	for _, d := range due {
		p := Payout{ID: hashyard.NewID(), Org: d.Org, Address: d.Address, Amount: min(d.Earnings, head.Limits.PerPayout), State: Requested, RequestedAt: now}
		dest, err := ParseAddress(d.Address, s.cfg.Network)
		if err == nil && p.Amount < Dust(dest.Script) {
			continue // too little to be relayed; it waits for more earnings
		}
		// A broken address is for the signer to refuse, where it is seen.
		_, err = s.cfg.Store.AddPayout(ctx, p)
		hashyard.Hit(hashyard.AtPayoutRequested)
		if err != nil {
			// One whose books do not fit does not hold up the others.
			if failed = append(failed, err); ctx.Err() != nil {
				break
			}
		}
	}
	return errors.Join(failed...)
}

// advance moves every open payout as far as it goes. One that cannot go on
// does not hold up the others.
func (s *Service) advance(ctx context.Context, head Head, freeze Freeze) error {
	open, err := s.cfg.Store.OpenPayouts(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for _, p := range open {
		if err := s.push(ctx, head, freeze, p); err != nil {
			if ctx.Err() != nil {
				return errors.Join(append(failed, err)...)
			}
			failed = append(failed, fmt.Errorf("payout %s: %w", p.ID, err))
			if err := s.note(ctx, p, err); err != nil {
				failed = append(failed, err)
			}
		}
	}
	return errors.Join(failed...)
}

// note shows why a payout waits.
func (s *Service) note(ctx context.Context, p Payout, why error) error {
	if p.Reason == why.Error() {
		return nil
	}
	return s.cfg.Store.NotePayout(ctx, p.ID, why.Error())
}

// push takes a payout through its states until it has to wait.
func (s *Service) push(ctx context.Context, head Head, freeze Freeze, p Payout) (err error) {
	if freeze.Frozen {
		if p.State == Broadcast && p.Confirmations(head.Height) >= s.cfg.Confirmations {
			return s.bury(ctx, head, p)
		}
		return s.note(ctx, p, freeze.refuses()) // told on the payout, no fault of the loop
	}
	if p.State == Requested {
		if p, err = s.reserve(ctx, head, p); err != nil {
			return err
		}
	}
	if p.State == Reserved || p.State == AwaitingSignature {
		hashyard.Hit(hashyard.AtPayoutReserved)
		if p, err = s.sign(ctx, head, p); err != nil {
			return err
		}
	}
	switch {
	case p.State == Signed, p.State == Broadcast && p.Mined.Hash == (Hash{}):
		return s.send(ctx, p)
	case p.State == Broadcast && p.Confirmations(head.Height) >= s.cfg.Confirmations:
		return s.bury(ctx, head, p)
	}
	return nil
}

// reserve holds coins for a payout and drafts its transaction.
func (s *Service) reserve(ctx context.Context, head Head, p Payout) (Payout, error) {
	dest, err := ParseAddress(p.Address, s.cfg.Network)
	if err != nil {
		return s.refuse(ctx, p, err.Error())
	}
	rate, err := s.feeRate(ctx)
	if err != nil {
		return p, err
	}
	now := s.now()
	return s.cfg.Store.ReservePayout(ctx, p.ID, s.cfg.Confirmations, func(p Payout, free []Coin) (Move, error) {
		d, err := Compose(head.Script, free, dest.Script, p.Amount, rate)
		if err != nil {
			return Move{}, err
		}
		if d.Fee > head.Limits.MaxFee {
			return Move{}, hashyard.Exhausted.Errorf("the fee of %d sat exceeds the signer's ceiling of %d; it waits for lower fees", d.Fee, head.Limits.MaxFee)
		}
		if p.Address != dest.Address {
			return Move{}, hashyard.Conflict.Errorf("the address of payout %s was altered", p.ID)
		}
		p, err = p.After(StepReserve, now)
		p.Fee, p.PSBT = d.Fee, d.PSBT
		return Move{Payout: p, Hold: d.Coins}, err
	})
}

func (s *Service) feeRate(ctx context.Context) (hashyard.Sats, error) {
	rate, err := s.cfg.Chain.FeeRate(ctx, s.cfg.FeeBlocks)
	if err != nil {
		return 0, fmt.Errorf("fee rate: %w", err)
	}
	if rate = max(rate, s.cfg.FeeFloor); rate > s.cfg.FeeCeiling {
		return 0, hashyard.Exhausted.Errorf("fees are at %d sat/vB, the ceiling is %d; it waits for lower fees", rate, s.cfg.FeeCeiling)
	}
	return rate, nil
}

// sign asks the signer and stores what it signed with the ledger entry, in one
// transaction, before anything is sent.
func (s *Service) sign(ctx context.Context, head Head, p Payout) (Payout, error) {
	if err := s.withinDay(ctx, head, p); err != nil {
		return p, err
	}
	// The signer knows addresses and limits; who is owed what is ours to know.
	if err := s.cfg.Store.Owed(ctx, p.Org, p.Amount); err != nil {
		return p, err
	}
	hashyard.Hit(hashyard.AtPayoutAsk)
	out, err := s.cfg.Signer.Sign(ctx, signer.Request{Payout: p.ID, Org: p.Org, Address: p.Address, Amount: p.Amount, Fee: p.Fee, PSBT: p.PSBT})
	switch {
	case errors.Is(err, hashyard.Denied), errors.Is(err, hashyard.Invalid):
		s.cfg.Log.ErrorContext(ctx, "signer refused a payout", "payout", p.ID, "org", p.Org, "amount_sats", p.Amount, "error", err)
		return s.refuse(ctx, p, err.Error())
	case err != nil:
		if p.State == Reserved {
			if p, merr := s.silence(ctx, p, err); merr != nil {
				return p, errors.Join(err, merr)
			}
		}
		return p, err
	}
	hashyard.Hit(hashyard.AtPayoutSignature)
	raw, txid, err := signedFor(p.PSBT, out.Tx)
	if err != nil {
		return p, err
	}
	now := s.now()
	asked := p
	return s.cfg.Store.MovePayout(ctx, p.ID, func(p Payout) (Move, error) {
		if p.PSBT != asked.PSBT || p.Address != asked.Address || p.Amount != asked.Amount || p.Fee != asked.Fee || p.Org != asked.Org {
			return Move{}, hashyard.Conflict.Errorf("payout %s was altered while it was signed", p.ID)
		}
		p, err := p.After(StepSign, now)
		p.Tx, p.TxID = raw, txid
		return Move{Payout: p, Entries: []ledger.Entry{s.cfg.Rules.posted(p, now)}}, err
	})
}

// withinDay waits for tomorrow without asking; the signer, whose own count is
// the one that binds, would answer the same.
func (s *Service) withinDay(ctx context.Context, head Head, p Payout) error {
	now := s.now()
	day := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC)
	done, err := s.cfg.Store.SignedSince(ctx, day)
	if err != nil {
		return err
	}
	if done+p.Amount+p.Fee > head.Limits.PerDay {
		return hashyard.Exhausted.Errorf("%d of the day's limit of %d sat are signed; it waits for tomorrow (UTC)", done, head.Limits.PerDay)
	}
	return nil
}

// silence records that the signer is not there, or that its day is full.
func (s *Service) silence(ctx context.Context, p Payout, why error) (Payout, error) {
	now := s.now()
	return s.cfg.Store.MovePayout(ctx, p.ID, func(p Payout) (Move, error) {
		p, err := p.After(StepSilence, now)
		p.Reason = why.Error()
		return Move{Payout: p}, err
	})
}

// refuse ends an unsigned payout; its coins are free and its earnings were
// never touched. A signature whose answer was lost is known to the signer
// alone, which sends nothing.
func (s *Service) refuse(ctx context.Context, p Payout, reason string) (Payout, error) {
	now := s.now()
	return s.cfg.Store.MovePayout(ctx, p.ID, func(p Payout) (Move, error) {
		p, err := p.After(StepRefuse, now)
		if err != nil {
			return Move{}, err
		}
		p.Reason = reason
		ev, err := p.event(hashyard.EvPayoutRefused, now)
		return Move{Payout: p, Release: true, Events: []hashyard.Event{ev}}, err
	})
}

// send gives the stored bytes to the node, the same every time.
func (s *Service) send(ctx context.Context, p Payout) error {
	hashyard.Hit(hashyard.AtPayoutSigned)
	now := s.now()
	if last, ok := s.sent[p.ID]; ok && p.State == Broadcast && now.Sub(last) < s.cfg.Rebroadcast {
		return nil
	}
	if err := s.cfg.Chain.Broadcast(ctx, p.Tx); err != nil {
		return fmt.Errorf("broadcast: %w", err)
	}
	hashyard.Hit(hashyard.AtPayoutBroadcast)
	s.sent[p.ID] = now
	if p.State == Broadcast && p.Reason == "" {
		return nil
	}
	_, err := s.cfg.Store.MovePayout(ctx, p.ID, func(p Payout) (Move, error) {
		first := p.BroadcastAt.IsZero()
		p, err := p.After(StepSend, now)
		if err != nil || !first {
			return Move{Payout: p}, err
		}
		ev, err := p.event(hashyard.EvPayoutSent, now)
		return Move{Payout: p, Events: []hashyard.Event{ev}}, err
	})
	hashyard.Hit(hashyard.AtPayoutSent)
	return err
}

// bury ends a payout that is deep enough.
func (s *Service) bury(ctx context.Context, head Head, p Payout) error {
	now := s.now()
	_, err := s.cfg.Store.MovePayout(ctx, p.ID, func(p Payout) (Move, error) {
		if p.Confirmations(head.Height) < s.cfg.Confirmations {
			return Move{}, hashyard.Conflict.Errorf("the block of payout %s left the chain", p.ID)
		}
		p, err := p.After(StepBury, now)
		if err != nil {
			return Move{}, err
		}
		// Its coins stay held: a reorganisation may bring them back.
		ev, err := p.event(hashyard.EvPayoutConfirmed, now)
		return Move{Payout: p, Events: []hashyard.Event{ev}}, err
	})
	hashyard.Hit(hashyard.AtPayoutConfirmed)
	delete(s.sent, p.ID)
	return err
}
