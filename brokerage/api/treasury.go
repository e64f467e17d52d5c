package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hashyard"
	"hashyard/brokerage/treasury"
	"hashyard/web"
)

// treasuryEdge joins the treasury's handlers with its service.
type treasuryEdge struct{ svc *treasury.Service }

// RegisterTreasury adds the routes of payouts and of the treasury.
func RegisterTreasury(api *web.API, svc *treasury.Service) {
	e := treasuryEdge{svc}
	op := func(id, method, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, Tags: []string{"treasury"}}
	}
	web.Handle(api, op("get-payout-address", http.MethodGet, "/api/v1/payout-address", "Where your earnings are paid"), web.PayoutRead, e.address)
	web.Handle(api, op("set-payout-address", http.MethodPut, "/api/v1/payout-address", "Set where your earnings are paid; the signer is told too"), web.PayoutAddress, e.setAddress)
	web.Handle(api, op("list-payouts", http.MethodGet, "/api/v1/payouts", "Your payouts, newest first; all of them for the house"), web.PayoutRead, e.payouts)
	web.Handle(api, op("get-payout", http.MethodGet, "/api/v1/payouts/{id}", "One payout"), web.PayoutRead, e.payout)
	web.Handle(api, op("get-treasury", http.MethodGet, "/api/v1/treasury", "Coins, books and what is under way"), web.TreasuryRead, e.treasury)
	e.registerFreeze(api, op)
}

// PayoutAddress is where an organisation is paid.
type PayoutAddress struct {
	Address string    `json:"address"`
	SetAt   time.Time `json:"set_at"`
}

// Payout is one payment on the chain.
type Payout struct {
	ID            hashyard.ID   `json:"id"`
	Org           hashyard.ID   `json:"org"`
	OrgName       string        `json:"org_name,omitempty"`
	ListedAt      time.Time     `json:"listed_at,omitzero" doc:"Since when the address is the organisation's; absent when it has another one by now."`
	State         string        `json:"state" enum:"requested,reserved,awaiting_signature,signed,broadcast,confirmed,refused"`
	Address       string        `json:"address"`
	AmountSats    hashyard.Sats `json:"amount_sats"`
	FeeSats       hashyard.Sats `json:"fee_sats" doc:"Paid by the house."`
	TxID          string        `json:"txid,omitempty"`
	Confirmations int64         `json:"confirmations"`
	Needed        int64         `json:"confirmations_needed"`
	BlockHeight   int64         `json:"block_height,omitempty"`
	BlockHash     string        `json:"block_hash,omitempty"`
	Reason        string        `json:"reason,omitempty" doc:"Why it waits or was refused."`
	RequestedAt   time.Time     `json:"requested_at"`
	ReservedAt    time.Time     `json:"reserved_at,omitzero"`
	SignedAt      time.Time     `json:"signed_at,omitzero"`
	BroadcastAt   time.Time     `json:"broadcast_at,omitzero"`
	ConfirmedAt   time.Time     `json:"confirmed_at,omitzero"`
	RefusedAt     time.Time     `json:"refused_at,omitzero"`
}

func payoutOf(p treasury.Shown) Payout {
	out := Payout{
		ID: p.ID, Org: p.Org, OrgName: p.OrgName, ListedAt: p.Listed, State: string(p.State), Address: p.Address, AmountSats: p.Amount, FeeSats: p.Fee, TxID: p.TxID,
		Confirmations: p.Depth, Needed: p.Needed, Reason: p.Reason,
		RequestedAt: p.RequestedAt, ReservedAt: p.ReservedAt, SignedAt: p.SignedAt, BroadcastAt: p.BroadcastAt,
		ConfirmedAt: p.ConfirmedAt, RefusedAt: p.RefusedAt,
	}
	if p.Mined.Hash != (treasury.Hash{}) {
		out.BlockHeight, out.BlockHash = p.Mined.Height, p.Mined.Hash.String()
	}
	return out
}

// Treasury is the house's bitcoin beside its books.
type Treasury struct {
	Network        string        `json:"network"`
	Address        string        `json:"address"`
	Height         int64         `json:"height" doc:"Of the last scanned block."`
	Hash           string        `json:"hash"`
	SpendableSats  hashyard.Sats `json:"spendable_sats"`
	ImmatureSats   hashyard.Sats `json:"immature_sats" doc:"Block rewards that are not deep enough yet."`
	HeldSats       hashyard.Sats `json:"held_sats" doc:"Of the coins, held by payouts."`
	InFlightSats   hashyard.Sats `json:"in_flight_sats" doc:"Amounts and fees signed and in no block yet."`
	LedgerCoins    hashyard.Sats `json:"ledger_coins_sats"`
	LedgerInFlight hashyard.Sats `json:"ledger_in_flight_sats" doc:"As a debt: equal to in_flight_sats."`
	DifferenceSats hashyard.Sats `json:"difference_sats" doc:"Ledger less coins. Not zero: no payout is made."`
	OpenPayouts    int           `json:"open_payouts"`
	SignerError    string        `json:"signer_error,omitempty" doc:"Why the signer does not answer."`
	Limits         SignerLimits  `json:"signer_limits"`
	Coins          []Coin        `json:"coins" nullable:"false"`
	Freeze         PayoutFreeze  `json:"freeze"`
	SignerFrozen   bool          `json:"signer_frozen" doc:"The signer's own switch."`
	SignedToday    hashyard.Sats `json:"signed_today_sats" doc:"Of the day's limit, with fees, UTC."`
}

// SignerLimits are what the signer allows.
type SignerLimits struct {
	PerPayoutSats hashyard.Sats `json:"per_payout_sats"`
	PerDaySats    hashyard.Sats `json:"per_day_sats"`
	MaxFeeSats    hashyard.Sats `json:"max_fee_sats"`
}

// Coin is an unspent output of the treasury.
type Coin struct {
	TxID         string        `json:"txid"`
	Vout         uint32        `json:"vout"`
	Sats         hashyard.Sats `json:"sats"`
	Kind         string        `json:"kind" enum:"reward,deposit,change"`
	Height       int64         `json:"height"`
	MatureHeight int64         `json:"mature_height" doc:"Scanned height from which it may be spent."`
	Payout       hashyard.ID   `json:"payout,omitzero" doc:"That holds it."`
}

func (e treasuryEdge) address(ctx context.Context, actor hashyard.Actor, _ *struct{}) (*PayoutAddress, error) {
	a, err := e.svc.Address(ctx, actor)
	if err != nil {
		return nil, err
	}
	return &PayoutAddress{a.Address, a.SetAt}, nil
}

type setAddressInput struct {
	Body struct {
		Address string `json:"address" minLength:"1" maxLength:"100" doc:"A Bitcoin address of the yard's network."`
	}
}

func (e treasuryEdge) setAddress(ctx context.Context, actor hashyard.Actor, in *setAddressInput) (*PayoutAddress, error) {
	a, err := e.svc.SetAddress(ctx, actor, in.Body.Address)
	if err != nil {
		return nil, err
	}
	return &PayoutAddress{a.Address, a.SetAt}, nil
}

type payoutsInput struct {
	Cursor string `query:"cursor" doc:"Where the page before ended."`
	Limit  int    `query:"limit" minimum:"0" maximum:"500" doc:"Items a page; 0 means 100."`
	State  string `query:"state" enum:"requested,reserved,awaiting_signature,signed,broadcast,confirmed,refused"`
}

func (e treasuryEdge) payouts(ctx context.Context, actor hashyard.Actor, in *payoutsInput) (*web.Page[Payout], error) {
	ps, next, err := e.svc.Payouts(ctx, actor, treasury.Query{State: treasury.State(in.State), Cursor: in.Cursor, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	out := &web.Page[Payout]{Next: next}
	for _, p := range ps {
		out.Items = append(out.Items, payoutOf(p))
	}
	return out, nil
}

type payoutInput struct {
	ID hashyard.ID `path:"id"`
}

func (e treasuryEdge) payout(ctx context.Context, actor hashyard.Actor, in *payoutInput) (*Payout, error) {
	p, err := e.svc.Payout(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	out := payoutOf(p)
	return &out, nil
}

func (e treasuryEdge) treasury(ctx context.Context, actor hashyard.Actor, _ *struct{}) (*Treasury, error) {
	o, err := e.svc.Overview(ctx, actor)
	if err != nil {
		return nil, err
	}
	l, b := o.Head.Limits, o.Balances
	out := &Treasury{
		Network: o.Head.Network, Address: o.Head.Address, Height: b.Head.Height, Hash: b.Head.Hash.String(),
		SpendableSats: b.Spendable, ImmatureSats: b.Immature, HeldSats: b.Held, InFlightSats: b.InFlight,
		LedgerCoins: b.LedgerCoins, LedgerInFlight: -b.LedgerInFlight, DifferenceSats: b.Difference(),
		OpenPayouts: o.Open, SignerError: o.SignerError, Coins: []Coin{},
		Limits: SignerLimits{l.PerPayout, l.PerDay, l.MaxFee},
		Freeze: freezeOf(o.Freeze), SignerFrozen: o.SignerFrozen, SignedToday: o.SignedToday,
	}
	for _, c := range o.Coins {
		out.Coins = append(out.Coins, Coin{
			TxID: c.Point.Hash.String(), Vout: c.Point.Index, Sats: c.Value, Kind: string(c.Kind),
			Height: c.Height, MatureHeight: c.Mature, Payout: c.Holder,
		})
	}
	return out, nil
}
