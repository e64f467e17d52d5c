package app

import (
	"context"
	"time"

	"hashyard"
	"hashyard/web"
	"hashyard/web/verify"
)

// Turns is how much waits for the caller's organisation, by job of the rail.
// A job that the caller's roles do not have is zero.
type Turns struct {
	Market    int `json:"market" doc:"Trades to pay."`
	Fleet     int `json:"fleet" doc:"Machines whose redirect failed or that are quarantined."`
	Logistics int `json:"logistics" doc:"Shipments to pack, dispatch, take in or take back."`
	Money     int `json:"money" doc:"Payments and payouts to you that do not go on."`
	Desk      int `json:"desk" doc:"Decisions, late trades, verifications and payouts that wait for the house."`
}

func (j joined) turns(ctx context.Context, actor hashyard.Actor, _ *struct{}) (*Turns, error) {
	var out Turns
	if as, may := web.As(actor, web.FleetRead); may {
		n, err := j.h.fleet.Turns(ctx, as)
		if err != nil {
			return nil, err
		}
		out.Fleet = n
	}
	if as, may := web.As(actor, web.ShipmentsScan); may {
		n, err := j.h.inventory.ShipmentTurns(ctx, as)
		if err != nil {
			return nil, err
		}
		out.Logistics = n
	}
	if err := j.moneyTurns(ctx, actor, &out); err != nil {
		return nil, err
	}
	if as, may := web.As(actor, web.HouseRead); may {
		d, err := j.desk(ctx, as, nil)
		if err != nil {
			return nil, err
		}
		out.Desk = len(d.Trades) + len(d.Verifications) + len(d.Payouts)
	}
	return &out, nil
}

func (j joined) moneyTurns(ctx context.Context, actor hashyard.Actor, out *Turns) error {
	if as, may := web.As(actor, web.TradesRead); may {
		t, err := j.h.brokerage.Turns(ctx, as)
		if err != nil {
			return err
		}
		if web.Can(actor, web.TradesFund) {
			out.Market = t.Pay
		}
		if web.Can(actor, web.LedgerRead) {
			out.Money = t.Trouble
		}
	}
	if as, may := web.As(actor, web.PayoutRead); may {
		n, err := j.h.treasury.StuckOwn(ctx, as)
		if err != nil {
			return err
		}
		out.Money += n
	}
	return nil
}

// Desk is what waits for the house. What the caller's role may not decide
// about is empty.
type Desk struct {
	Trades        []DeskTrade   `json:"trades" nullable:"false"`
	Verifications []DeskSubject `json:"verifications" nullable:"false"`
	Payouts       []DeskPayout  `json:"payouts" nullable:"false"`
}

// DeskTrade is a trade that waits for the house.
type DeskTrade struct {
	ID        hashyard.ID    `json:"id"`
	Number    string         `json:"number"`
	Kind      string         `json:"kind" enum:"decision,late,payout" doc:"A decision is due, a clock ran out, or money does not leave."`
	State     string         `json:"state"`
	Why       string         `json:"why"`
	Parties   string         `json:"parties"`
	HeldCents hashyard.Cents `json:"held_cents"`
	Since     time.Time      `json:"since"`
}

// DeskSubject is an organisation that waits to be verified.
type DeskSubject struct {
	Org   hashyard.ID `json:"org"`
	Name  string      `json:"name"`
	State string      `json:"state"`
	Hits  int         `json:"open_hits" doc:"Listed names that nobody has cleared."`
	Since time.Time   `json:"since"`
}

// DeskPayout is a payout that waits for a person.
type DeskPayout struct {
	ID         hashyard.ID   `json:"id"`
	Org        string        `json:"org"`
	State      string        `json:"state"`
	Why        string        `json:"why"`
	AmountSats hashyard.Sats `json:"amount_sats"`
	Since      time.Time     `json:"since"`
}

// deskPage is how much of each kind the desk is shown at once.
const deskPage = 50

func (j joined) desk(ctx context.Context, actor hashyard.Actor, _ *struct{}) (*Desk, error) {
	out := &Desk{Trades: []DeskTrade{}, Verifications: []DeskSubject{}, Payouts: []DeskPayout{}}
	if as, may := web.As(actor, web.TradesRead); may {
		ts, err := j.h.brokerage.Attention(ctx, as, deskPage)
		if err != nil {
			return nil, err
		}
		for _, a := range ts {
			out.Trades = append(out.Trades, DeskTrade{
				ID: a.Trade.ID, Number: a.Trade.Name(), Kind: string(a.Kind), State: string(a.Trade.State), Why: a.Why,
				Parties: j.parties(ctx, a.Trade), HeldCents: a.Trade.Held(), Since: a.Since,
			})
		}
	}
	if web.Can(actor, web.VerifyDecide) {
		var err error
		if out.Verifications, err = j.subjects(ctx); err != nil {
			return nil, err
		}
	}
	stuck, err := j.h.treasury.Stuck(ctx, actor, deskPage)
	if err != nil {
		return nil, err
	}
	for _, p := range stuck {
		out.Payouts = append(out.Payouts, DeskPayout{
			ID: p.ID, Org: j.h.web.OrgName(ctx, p.Org), State: string(p.State), Why: p.Reason, AmountSats: p.Amount, Since: p.RequestedAt,
		})
	}
	return out, nil
}

// subjects are the organisations to be decided about: submitted ones, and those
// that a listed name suspended.
func (j joined) subjects(ctx context.Context) ([]DeskSubject, error) {
	out := []DeskSubject{}
	for _, state := range []verify.State{verify.Submitted, verify.Suspended} {
		subjects, err := j.h.verify.Subjects(ctx, state, hashyard.ID{}, deskPage)
		if err != nil {
			return nil, err
		}
		for _, s := range subjects {
			if state == verify.Suspended && s.Open == 0 {
				continue
			}
			out = append(out, DeskSubject{
				Org: s.Record.Org, Name: s.Name, State: string(s.Record.State), Hits: s.Open, Since: s.Record.ChangedAt,
			})
		}
	}
	return out, nil
}
