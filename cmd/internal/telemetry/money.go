package telemetry

import (
	"context"
	"errors"

	"hashyard"
	"hashyard/brokerage/treasury"
	"hashyard/brokerage/treasury/signer"
)

// TradeSource is what the store tells of trades.
type TradeSource interface {
	TradeStates(ctx context.Context) (trades map[string]int64, held map[string]hashyard.Cents, err error)
}

// TreasurySource is what the store tells of the treasury.
type TreasurySource interface {
	PayoutStates(ctx context.Context) (map[treasury.State]int64, error)
	Balances(ctx context.Context) (treasury.Balances, error)
}

// Trades shows trades and held payouts.
func Trades(r *Registry, src TradeSource) {
	r.area("trades", []figure{
		{name: "hashyard_trades", help: "Trades, by state.", labels: []string{"state"}},
		{name: "hashyard_held_payout_dollars", help: "Dollars received from buyers and not yet paid on or back, by state of the trade.", labels: []string{"state"}},
	}, func(ctx context.Context, put put) error {
		trades, held, err := src.TradeStates(ctx)
		if err != nil {
			return err
		}
		for state, n := range trades {
			put("hashyard_trades", float64(n), state)
			put("hashyard_held_payout_dollars", float64(held[state])/100, state)
		}
		return nil
	})
}

// Treasury shows payouts and the hot wallet.
func Treasury(r *Registry, src TreasurySource) {
	r.area("treasury", []figure{
		{name: "hashyard_payouts", help: "Payouts on the chain, by state.", labels: []string{"state"}},
		{name: "hashyard_wallet_sats", help: "The hot wallet's coins: spendable, held by payouts (of the spendable), immature, under way.", labels: []string{"part"}},
		{name: "hashyard_wallet_height", help: "Block up to which the treasury has scanned."},
		{name: "hashyard_reconciliation_difference_sats", help: "Ledger less coins; anything but 0 stops all payouts."},
	}, func(ctx context.Context, put put) error {
		states, err := src.PayoutStates(ctx)
		if err != nil {
			return err
		}
		for _, s := range treasury.States() {
			put("hashyard_payouts", float64(states[s]), string(s))
		}
		b, err := src.Balances(ctx)
		if errors.Is(err, hashyard.NotFound) {
			return nil // it has not looked at the chain yet
		}
		if err != nil {
			return err
		}
		put("hashyard_wallet_sats", float64(b.Spendable), "spendable")
		put("hashyard_wallet_sats", float64(b.Held), "held")
		put("hashyard_wallet_sats", float64(b.Immature), "immature")
		put("hashyard_wallet_sats", float64(b.InFlight), "under_way")
		put("hashyard_wallet_height", float64(b.Head.Height))
		put("hashyard_reconciliation_difference_sats", float64(b.Difference()))
		return nil
	})
}

// askedSigner counts what the signer would not do.
type askedSigner struct {
	treasury.Signer
	refused func(err error)
}

// Signer counts the refusals of a signer. One that is not there refuses
// nothing: that is a peer without an answer.
func Signer(r *Registry, s treasury.Signer) treasury.Signer {
	refusals := r.counter("hashyard_signer_refusals_total", "Signatures and enrolments that the signer refused, by kind of error.", "reason")
	return askedSigner{s, func(err error) {
		if err != nil && !errors.Is(err, hashyard.Unavailable) && !errors.Is(err, context.Canceled) {
			refusals.WithLabelValues(reason(err)).Inc()
		}
	}}
}

func (a askedSigner) Enrol(ctx context.Context, e signer.Enrolment) error {
	err := a.Signer.Enrol(ctx, e)
	a.refused(err)
	return err
}

func (a askedSigner) Sign(ctx context.Context, r signer.Request) (signer.Signed, error) {
	out, err := a.Signer.Sign(ctx, r)
	a.refused(err)
	return out, err
}
