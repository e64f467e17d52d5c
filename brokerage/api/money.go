package api

import (
	"context"
	"strings"
	"time"

	"hashyard"
	"hashyard/brokerage"
	"hashyard/brokerage/ledger"
	"hashyard/web"
)

// UnitMoney is what was paid for one machine. Its postings sum to what is
// still held: funded less to_seller, commission, refunded and held is 0.
type UnitMoney struct {
	Unit            hashyard.ID `json:"unit"`
	Trade           hashyard.ID `json:"trade,omitzero" doc:"Absent if the machine was never sold."`
	Number          string      `json:"number,omitempty"`
	State           string      `json:"state,omitempty"`
	FundedCents     int64       `json:"funded_cents"`
	ToSellerCents   int64       `json:"to_seller_cents"`
	CommissionCents int64       `json:"commission_cents"`
	RefundedCents   int64       `json:"refunded_cents"`
	HeldCents       int64       `json:"held_cents"`
	Postings        []UnitMove  `json:"postings" nullable:"false"`
}

// UnitMove is one movement; in is positive.
type UnitMove struct {
	Kind        string    `json:"kind" enum:"funded,to_seller,commission,refunded"`
	At          time.Time `json:"at"`
	Memo        string    `json:"memo"`
	AmountCents int64     `json:"amount_cents"`
}

func (e edge) unitMoney(ctx context.Context, actor hashyard.Actor, in *IDInput) (*UnitMoney, error) {
	m, err := e.svc.UnitMoney(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	out := &UnitMoney{Unit: m.Unit, HeldCents: int64(m.Held), Postings: []UnitMove{}}
	if m.Trade.ID.IsZero() {
		return out, nil
	}
	out.Trade, out.Number, out.State = m.Trade.ID, m.Trade.Name(), string(m.Trade.State)
	names := e.svc.OrgNames(ctx, m.Trade.Buyer, m.Trade.Seller)
	for _, v := range m.Moves {
		memo := ""
		switch v.Kind {
		case brokerage.MoveFunded:
			out.FundedCents, memo = int64(v.Amount), strings.TrimSpace(names[v.Org]+" funded")
		case brokerage.MoveToSeller:
			out.ToSellerCents, memo = -int64(v.Amount), "To "+or(names[v.Org], "the seller")
		case brokerage.MoveCommission:
			out.CommissionCents, memo = -int64(v.Amount), "Commission"
		case brokerage.MoveRefunded:
			out.RefundedCents, memo = -int64(v.Amount), "Back to "+or(names[v.Org], "the buyer")
		}
		out.Postings = append(out.Postings, UnitMove{Kind: string(v.Kind), At: v.At, Memo: memo, AmountCents: int64(v.Amount)})
	}
	return out, nil
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// Account is a ledger account with its balance.
type Account struct {
	Org      Party  `json:"org"`
	Currency string `json:"currency" enum:"USD,BTC"`
	Purpose  string `json:"purpose"`
	Balance  int64  `json:"balance" doc:"Cents or sats; debit positive, so what the house owes is negative."`
}

func (e edge) accountsOf(ctx context.Context, bs []brokerage.Balance) []Account {
	var orgs []hashyard.ID
	for _, b := range bs {
		orgs = append(orgs, b.Org)
	}
	names := e.svc.OrgNames(ctx, orgs...)
	out := make([]Account, len(bs))
	for i, b := range bs {
		out[i] = Account{Org: Party{b.Org, names[b.Org]}, Currency: string(b.Currency), Purpose: string(b.Purpose), Balance: b.Balance}
	}
	return out
}

func (e edge) accounts(ctx context.Context, actor hashyard.Actor, _ *struct{}) (*web.Page[Account], error) {
	bs, err := e.svc.Accounts(ctx, actor)
	if err != nil {
		return nil, err
	}
	return &web.Page[Account]{Items: e.accountsOf(ctx, bs)}, nil
}

// TrialBalance is every account and whether the books are sound.
type TrialBalance struct {
	Sound    bool             `json:"sound" doc:"Every currency sums to zero and every balance is the sum of its postings."`
	Totals   map[string]int64 `json:"totals" doc:"Sum of all balances by currency; 0 when sound."`
	Entries  int64            `json:"entries"`
	Accounts []Account        `json:"accounts" nullable:"false"`
	Drift    []Account        `json:"drift" nullable:"false" doc:"Accounts whose balance is not the sum of their postings, with the difference."`
}

func (e edge) trialBalance(ctx context.Context, actor hashyard.Actor, _ *struct{}) (*TrialBalance, error) {
	t, err := e.svc.TrialBalance(ctx, actor)
	if err != nil {
		return nil, err
	}
	out := &TrialBalance{
		Sound: t.Sound(), Totals: map[string]int64{}, Entries: t.Entries,
		Accounts: e.accountsOf(ctx, t.Accounts), Drift: e.accountsOf(ctx, t.Drift),
	}
	for c, v := range t.Totals {
		out.Totals[string(c)] = v
	}
	return out, nil
}

// Entry is one event in money, with the postings you may see.
type Entry struct {
	Key      string           `json:"key"`
	At       time.Time        `json:"at"`
	Memo     string           `json:"memo"`
	Ref      hashyard.Ref     `json:"ref"`
	Postings []ledger.Posting `json:"postings" nullable:"false" doc:"Debit positive. All of them for the house, your own for you."`
}

type entriesInput struct {
	PageInput
	Ref string `query:"ref" doc:"Only about one thing: trade:<id>, statement:<id>, payout:<id>."`
}

func (e edge) entries(ctx context.Context, actor hashyard.Actor, in *entriesInput) (*web.Page[Entry], error) {
	q := brokerage.EntryQuery{Cursor: in.Cursor, Limit: in.Limit}
	if in.Ref != "" {
		kind, id, ok := strings.Cut(in.Ref, ":")
		if !ok || kind == "" {
			return nil, hashyard.Invalid.Errorf("ref %.60q is not <kind>:<id>, like trade:<id>", in.Ref)
		}
		parsed, err := hashyard.ParseID(id)
		if err != nil {
			return nil, err
		}
		q.Ref = hashyard.Ref{Kind: kind, ID: parsed}
	}
	es, next, err := e.svc.Entries(ctx, actor, q)
	if err != nil {
		return nil, err
	}
	return pageOf(es, next, func(v ledger.Entry) Entry {
		ps := v.Postings
		if ps == nil {
			ps = []ledger.Posting{}
		}
		return Entry{Key: v.Key, At: v.At, Memo: v.Memo, Ref: v.Ref, Postings: ps}
	}), nil
}

// maxExport bounds a file of entries.
const maxExport = 50_000

func (e edge) ledgerCSV(ctx context.Context, actor hashyard.Actor, _ *struct{}) (*web.File, error) {
	c := web.NewCSV("entry", "at", "memo", "ref", "ref_id", "org_id", "currency", "purpose", "amount_minor_units")
	q := brokerage.EntryQuery{Limit: 500}
	for n := 0; n < maxExport; {
		es, next, err := e.svc.Entries(ctx, actor, q)
		if err != nil {
			return nil, err
		}
		for _, v := range es {
			for _, p := range v.Postings {
				c.Row(v.Key, v.At, v.Memo, v.Ref.Kind, v.Ref.ID, p.Org, string(p.Currency), string(p.Purpose), p.Amount)
			}
		}
		n += len(es)
		if q.Cursor = next; next == "" {
			return web.CSVFile("ledger", c), nil
		}
	}
	return nil, hashyard.Invalid.Errorf("more than %d entries do not fit one file; use the list with its cursor", maxExport)
}

type webhookInput struct {
	Signature string `header:"Stripe-Signature" required:"true"`
	RawBody   []byte
}

// Received tells the rail that an event needs no more deliveries.
type Received struct {
	Received bool `json:"received"`
}

func (e edge) webhook(ctx context.Context, in *webhookInput) (*Received, error) {
	if err := e.svc.Webhook(ctx, in.RawBody, in.Signature); err != nil {
		return nil, err
	}
	return &Received{Received: true}, nil
}
