package treasury

import (
	"context"
	"strings"
	"time"

	"hashyard"
)

// Freeze is the switch that stops payouts: nothing is requested, signed, sent
// for the first time or transferred on the rail while it is on. What a block
// may have already is still followed.
type Freeze struct {
	Frozen bool
	Reason string
	By     hashyard.ID // user; none when the house froze by itself
	ByName string
	At     time.Time
}

// refuses is why nothing is paid; nil when payouts are open.
func (f Freeze) refuses() error {
	if !f.Frozen {
		return nil
	}
	return hashyard.Conflict.Errorf("payouts are frozen since %s: %s", f.At.UTC().Format("02 Jan 15:04:05"), f.Reason)
}

// SetFreeze turns the switch, for a reason. The database holds it from then on;
// the signer is told at once, or as soon as it answers. told is why it was not.
func (s *Service) SetFreeze(ctx context.Context, actor hashyard.Actor, frozen bool, reason string) (f Freeze, told error, err error) {
	if !actor.House && actor.System == "" {
		return f, nil, hashyard.Denied.Errorf("the treasury is the house's")
	}
	if reason = strings.TrimSpace(reason); reason == "" || len(reason) > 200 {
		return f, nil, hashyard.Invalid.Errorf("a reason of 1 to 200 characters is needed, not %d", len(reason))
	}
	was, err := s.cfg.Store.Freeze(ctx)
	if err != nil {
		return f, nil, err
	}
	if was.Frozen == frozen && (was.Reason == reason || !frozen) {
		return was, s.tellSigner(ctx, was), nil // asked for again
	}
	f = Freeze{Frozen: frozen, Reason: reason, By: actor.User, ByName: actor.System, At: s.now()}
	if err := s.cfg.Store.PutFreeze(ctx, actor, was, f); err != nil {
		return f, nil, err
	}
	s.cfg.Log.WarnContext(ctx, "payout switch turned", "frozen", frozen, "reason", reason, "user", actor.User)
	s.Wake()
	return f, s.tellSigner(ctx, f), nil
}

// PayoutFreeze reads the switch.
func (s *Service) PayoutFreeze(ctx context.Context) (Freeze, error) { return s.cfg.Store.Freeze(ctx) }

// MayPay is nil while payouts are open; else why money stays.
func (s *Service) MayPay(ctx context.Context) error {
	f, err := s.cfg.Store.Freeze(ctx)
	if err != nil {
		return err
	}
	return f.refuses()
}

// tellSigner makes the signer hold the same switch.
func (s *Service) tellSigner(ctx context.Context, f Freeze) error {
	return s.cfg.Signer.Freeze(ctx, f.Frozen, f.Reason)
}

// switched is the freeze at the beginning of a step, with the signer made to
// agree: it may have been away when the switch was turned.
func (s *Service) switched(ctx context.Context) (Freeze, error) {
	f, err := s.cfg.Store.Freeze(ctx)
	if err != nil {
		return f, err
	}
	if s.signerFrozen == nil || *s.signerFrozen != f.Frozen {
		if err := s.tellSigner(ctx, f); err == nil {
			s.signerFrozen = &f.Frozen
		} else if !f.Frozen {
			s.cfg.Log.WarnContext(ctx, "signer not told that payouts are open", "error", err)
		}
	}
	return f, nil
}
