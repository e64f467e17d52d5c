package stripe

import (
	"context"
	"time"

	sdk "github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/balance"
	"github.com/stripe/stripe-go/v76/balancetransaction"
	"github.com/stripe/stripe-go/v76/event"

	"hashyard"
	"hashyard/brokerage"
)

// Balance is the platform's money at Stripe.
type Balance struct {
	Available hashyard.Cents // may be transferred
	Pending   hashyard.Cents // has not settled yet
}

// Balance reads the platform's balance in dollars.
func (r *Rail) Balance(ctx context.Context) (Balance, error) { return r.balance(ctx, "") }

// SellerBalance reads what a connected account holds.
func (r *Rail) SellerBalance(ctx context.Context, accountID string) (Balance, error) {
	return r.balance(ctx, accountID)
}

func (r *Rail) balance(ctx context.Context, accountID string) (Balance, error) {
	params := &sdk.BalanceParams{}
	params.Context = ctx
	if accountID != "" {
		params.SetStripeAccount(accountID)
	}
	b, err := balance.Client{B: r.api, Key: r.key}.Get(params)
	if err != nil {
		return Balance{}, fault(err, "read balance")
	}
	return Balance{Available: dollars(b.Available), Pending: dollars(b.Pending)}, nil
}

func dollars(amounts []*sdk.Amount) hashyard.Cents {
	for _, a := range amounts {
		if a.Currency == sdk.CurrencyUSD {
			return hashyard.Cents(a.Amount)
		}
	}
	return 0
}

// Movement is one line of the platform's balance. Net lines sum to the
// balance; Fee is what Stripe kept.
type Movement struct {
	ID      string
	Kind    string // Stripe's type: payment, payment_refund, transfer, transfer_refund, stripe_fee …
	Source  string // the object that caused it
	Amount  hashyard.Cents
	Fee     hashyard.Cents
	Net     hashyard.Cents
	Created time.Time
}

// Movements lists the platform's balance lines made at or after since, newest
// first: what the ledger is compared with.
func (r *Rail) Movements(ctx context.Context, since time.Time) ([]Movement, error) {
	params := &sdk.BalanceTransactionListParams{CreatedRange: &sdk.RangeQueryParams{GreaterThanOrEqual: max(since.Unix(), 1)}}
	params.Context = ctx
	params.Limit = sdk.Int64(100)
	var out []Movement
	it := balancetransaction.Client{B: r.api, Key: r.key}.List(params)
	for it.Next() {
		b := it.BalanceTransaction()
		m := Movement{
			ID: b.ID, Kind: string(b.Type), Amount: hashyard.Cents(b.Amount), Fee: hashyard.Cents(b.Fee),
			Net: hashyard.Cents(b.Net), Created: time.Unix(b.Created, 0).UTC(),
		}
		if b.Source != nil {
			m.Source = b.Source.ID
		}
		out = append(out, m)
	}
	return out, fault(it.Err(), "list balance movements")
}

// Events lists what happened at or after since, newest first: a sweep over it
// finds what no webhook told. Stripe keeps events for 30 days.
func (r *Rail) Events(ctx context.Context, since time.Time) ([]brokerage.RailEvent, error) {
	params := &sdk.EventListParams{CreatedRange: &sdk.RangeQueryParams{GreaterThanOrEqual: max(since.Unix(), 1)}}
	params.Context = ctx
	params.Limit = sdk.Int64(100)
	var out []brokerage.RailEvent
	it := event.Client{B: r.api, Key: r.key}.List(params)
	for it.Next() {
		e := it.Event()
		if e.Data == nil {
			continue
		}
		out = append(out, brokerage.RailEvent{
			ID: e.ID, Type: string(e.Type), Payment: paymentOf(e.Data.Raw), Created: time.Unix(e.Created, 0).UTC(),
		})
	}
	return out, fault(it.Err(), "list events")
}
