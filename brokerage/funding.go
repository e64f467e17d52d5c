package brokerage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hashyard"
)

// group joins everything that the rail does for one trade.
func group(trade hashyard.ID) string { return "trade-" + trade.String() }

// Fund asks the rail for a bank transfer of the buyer's and says where to send
// it. It may be asked again at any time.
func (s *Service) Fund(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (Dossier, error) {
	d, err := s.cfg.Trades.Trade(ctx, actor, id)
	if err != nil {
		return Dossier{}, err
	}
	if d.Trade.Buyer != actor.Org {
		return Dossier{}, hashyard.Denied.Errorf("only the buyer funds trade %s", d.Trade.Name())
	}
	if d.Trade.State == Cancelled {
		return Dossier{}, hashyard.Conflict.Errorf("trade %s is cancelled (%s)", d.Trade.Name(), d.Trade.Reason)
	}
	if err := s.mayTrade(ctx, actor.Org); err != nil {
		return Dossier{}, err
	}
	if d.Payment == nil {
		by := By{Actor: actor, Command: "trade.fund"}
		d, err = s.cfg.Trades.ChangeTrade(ctx, by, id, func(d Dossier) (*Change, error) { return d.Open(s.now()) })
		if err != nil {
			return Dossier{}, err
		}
	}
	if d.Payment.RailID != "" {
		return d, nil
	}
	hashyard.Hit(hashyard.AtFundOpened)
	customer, err := s.party(ctx, actor.Org, RailCustomer)
	if err != nil {
		return Dossier{}, err
	}
	p, err := s.cfg.Rail.OpenTransfer(ctx, PaymentRequest{
		Trade: id, Customer: customer, Amount: d.Payment.Amount, Group: group(id), Key: d.Payment.Key,
	})
	if err != nil {
		return Dossier{}, fmt.Errorf("ask for the bank transfer of trade %s: %w", id, err)
	}
	hashyard.Hit(hashyard.AtFundCalled)
	return s.pay(ctx, By{Reason: "brokerage.payment"}, p)
}

// pay takes over what the rail says of a payment.
func (s *Service) pay(ctx context.Context, by By, p RailPayment) (Dossier, error) {
	return s.cfg.Trades.ChangeTrade(ctx, by, p.Trade, func(d Dossier) (*Change, error) {
		return d.Pay(p, s.cfg.House, s.now())
	})
}

// party finds or makes an organisation on the rail.
func (s *Service) party(ctx context.Context, org hashyard.ID, role RailRole) (string, error) {
	id, err := s.cfg.Trades.RailParty(ctx, org, role)
	if err != nil || id != "" {
		return id, err
	}
	name := s.orgName(ctx, org)
	if role == RailCustomer {
		id, err = s.cfg.Rail.EnsureCustomer(ctx, org, name)
	} else {
		id, err = s.cfg.Rail.EnsureSellerAccount(ctx, org, name)
	}
	if err != nil {
		return "", fmt.Errorf("make %s of %s on the rail: %w", role, org, err)
	}
	hashyard.Hit(hashyard.AtPartyMade)
	return id, s.cfg.Trades.PutRailParty(ctx, org, role, id)
}

// Webhook takes a webhook of the rail: its signature over the raw body is
// verified, the payment it is about is read afresh, and the event takes effect
// once, in the transaction that records it. Any order and any number of
// deliveries end in the same state.
func (s *Service) Webhook(ctx context.Context, body []byte, signature string) error {
	ev, err := s.cfg.Rail.ParseWebhook(body, signature, s.now())
	if err != nil {
		return err
	}
	hashyard.Hit(hashyard.AtWebhookVerified)
	if ev.Payment == "" {
		return nil // about something we keep no state of
	}
	p, err := s.cfg.Rail.Payment(ctx, ev.Payment)
	if errors.Is(err, hashyard.NotFound) {
		s.log.WarnContext(ctx, "webhook about an unknown payment", "event", ev.ID, "payment", ev.Payment)
		return nil
	}
	if err != nil {
		return fmt.Errorf("read payment %s: %w", ev.Payment, err)
	}
	if p.Trade.IsZero() {
		return nil // not a payment of a trade
	}
	hashyard.Hit(hashyard.AtWebhookRead)
	_, err = s.pay(ctx, By{Reason: "brokerage.webhook", Webhook: &ev}, p)
	hashyard.Hit(hashyard.AtWebhookDone)
	if errors.Is(err, hashyard.NotFound) {
		return nil // of a trade of another world that shares the rail
	}
	return err
}

// SweepPayments reads open payments afresh: a webhook may never come.
func (s *Service) SweepPayments(ctx context.Context) error {
	return s.sweep(ctx, s.cfg.Trades.UnpaidSince, func(ctx context.Context, id hashyard.ID) error {
		if err := s.checkPayment(ctx, id); err != nil {
			return fmt.Errorf("sweep payment of trade %s: %w", id, err)
		}
		return nil
	})
}

// sweep looks after everything that find has left lying since SweepAfter, page
// by page. One failure does not keep the others waiting.
func (s *Service) sweep(ctx context.Context,
	find func(ctx context.Context, before time.Time, after hashyard.ID) ([]hashyard.ID, error),
	each func(ctx context.Context, id hashyard.ID) error,
) error {
	var failed []error
	before, after := s.now().Add(-s.cfg.SweepAfter), hashyard.ID{}
	for {
		ids, err := find(ctx, before, after)
		if err != nil {
			return errors.Join(append(failed, err)...)
		}
		if len(ids) == 0 {
			return errors.Join(failed...)
		}
		for _, id := range ids {
			if ctx.Err() != nil {
				return errors.Join(append(failed, ctx.Err())...)
			}
			if err := each(ctx, id); err != nil {
				failed = append(failed, err)
			}
		}
		after = ids[len(ids)-1]
	}
}

func (s *Service) checkPayment(ctx context.Context, id hashyard.ID) error {
	d, err := s.cfg.Trades.Trade(ctx, hashyard.SystemActor("brokerage.payment"), id)
	if err != nil || d.Payment == nil || d.Payment.RailID == "" {
		return err
	}
	p, err := s.cfg.Rail.Payment(ctx, d.Payment.RailID)
	if err != nil {
		return err
	}
	if p.Status == d.Payment.Status && p.Received == d.Payment.Received {
		return nil
	}
	_, err = s.pay(ctx, By{Reason: "brokerage.payment"}, p)
	return err
}
