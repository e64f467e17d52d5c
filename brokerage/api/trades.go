package api

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"hashyard"
	"hashyard/brokerage"
	"hashyard/web"
)

// Trade is one trade as a party sees it.
type Trade struct {
	ID              hashyard.ID         `json:"id"`
	Number          string              `json:"number" doc:"As people say it: T-1."`
	State           string              `json:"state" enum:"matched,funded,shipped,delivered,proving,proven,released,refuted,disputed,cancelled"`
	States          []brokerage.StateAt `json:"states" nullable:"false" doc:"The states it was in, with the time it came into each."`
	Reason          string              `json:"reason,omitempty" doc:"Why it was cancelled, refuted or disputed."`
	Role            string              `json:"role,omitempty" enum:"buyer,seller" doc:"What you are in it."`
	Buyer           Party               `json:"buyer"`
	Seller          Party               `json:"seller"`
	Next            Next                `json:"next"`
	Clocks          []Clock             `json:"clocks" nullable:"false"`
	Instrument      hashyard.ID         `json:"instrument"`
	BidOrder        hashyard.ID         `json:"bid_order"`
	AskOrder        hashyard.ID         `json:"ask_order"`
	Maker           string              `json:"maker" enum:"bid,ask"`
	Units           []hashyard.ID       `json:"units" nullable:"false"`
	PriceMC         int64               `json:"price_mc"`
	SoldTHs         float64             `json:"sold_ths" doc:"Of all machines together."`
	AmountCents     int64               `json:"amount_cents"`
	CommissionCents int64               `json:"commission_cents" doc:"The house's part, from the seller."`
	HeldCents       int64               `json:"held_cents" doc:"Of the buyer's money, what nobody was given yet."`
	PaidCents       int64               `json:"paid_cents" doc:"To the seller."`
	RefundedCents   int64               `json:"refunded_cents"`
	Payment         *Payment            `json:"payment,omitempty" doc:"For the buyer, after the first fund."`
	Settlement      *Settlement         `json:"settlement,omitempty" doc:"How the held money leaves, once that is decided."`
	Proof           *Proof              `json:"proof,omitempty" doc:"Of the machine that is furthest from passing."`
	Proofs          []Proof             `json:"proofs" nullable:"false" doc:"Of every machine."`
	MatchedAt       time.Time           `json:"matched_at"`
	PaymentDue      time.Time           `json:"payment_due"`
	ProofDue        time.Time           `json:"proof_due,omitzero"`
	Version         int64               `json:"version"`
}

// Next says what each side does next; a title is empty when there is nothing.
type Next struct {
	Buyer  NextStep `json:"buyer"`
	Seller NextStep `json:"seller"`
	Desk   NextStep `json:"desk"`
}

// NextStep is one side's.
type NextStep struct {
	Act    string    `json:"act,omitempty" enum:"fund,pack,receive,connect,account,decide" doc:"What that side can do now; absent when it waits."`
	Title  string    `json:"title"`
	Detail string    `json:"detail"`
	Due    time.Time `json:"due,omitzero"`
}

// Clock is one stored deadline; both sides see the same.
type Clock struct {
	Name  string    `json:"name"`
	Rule  string    `json:"rule"`
	State string    `json:"state" enum:"waiting,running,met,missed,off"`
	From  time.Time `json:"from,omitzero"`
	Due   time.Time `json:"due,omitzero"`
	Ended time.Time `json:"ended,omitzero"`
}

// Payment is the buyer's bank transfer.
type Payment struct {
	ID            string                 `json:"id,omitempty" doc:"On the payment rail."`
	Status        string                 `json:"status" enum:"open,succeeded,canceled"`
	AmountCents   int64                  `json:"amount_cents"`
	ReceivedCents int64                  `json:"received_cents"`
	Instructions  brokerage.Instructions `json:"instructions"`
	OpenedAt      time.Time              `json:"opened_at"`
	SucceededAt   time.Time              `json:"succeeded_at,omitzero"`
}

// Settlement is the one time that held money leaves a trade.
type Settlement struct {
	Kind            string    `json:"kind" enum:"release,refund"`
	AmountCents     int64     `json:"amount_cents"`
	CommissionCents int64     `json:"commission_cents"`
	Rail            string    `json:"rail_id,omitempty" doc:"The transfer or refund, once it is made."`
	Trouble         string    `json:"trouble,omitempty" doc:"Why it waits: the seller cannot be paid yet."`
	MadeAt          time.Time `json:"made_at"`
	DoneAt          time.Time `json:"done_at,omitzero"`
}

// Proof is how the proof of one machine stands.
type Proof struct {
	Unit        hashyard.ID `json:"unit"`
	State       string      `json:"state" enum:"waiting,running,passed,failed"`
	SoldTHs     float64     `json:"sold_ths"`
	EstimateTHs float64     `json:"estimate_ths"`
	LowerTHs    float64     `json:"lower_ths" doc:"One-sided 95 % bound."`
	UpperTHs    float64     `json:"upper_ths" doc:"One-sided 95 % bound."`
	FloorTHs    float64     `json:"floor_ths" doc:"What the lower bound must reach."`
	Shares      int64       `json:"shares"`
	Work        string      `json:"work"`
	StartedAt   time.Time   `json:"started_at,omitzero"`
	From        time.Time   `json:"from,omitzero"`
	To          time.Time   `json:"to,omitzero"`
	DecidedAt   time.Time   `json:"decided_at,omitzero"`
	// Condition is told of one trade, not in lists.
	Condition json.RawMessage `json:"condition,omitempty" doc:"Telemetry of the machine as it was listed. In lists and answers of commands absent."`
}

func tradeOf(d brokerage.Dossier, actor hashyard.Actor, names map[hashyard.ID]string, terms brokerage.Terms, now time.Time) Trade {
	t := d.Trade
	out := Trade{
		ID: t.ID, Number: t.Name(), State: string(t.State), States: t.History, Reason: t.Reason,
		Buyer: Party{t.Buyer, names[t.Buyer]}, Seller: Party{t.Seller, names[t.Seller]}, Next: nextOf(d),
		Clocks:     clocksOf(d, terms, now),
		Instrument: t.Instrument, BidOrder: t.BidOrder, AskOrder: t.AskOrder, Maker: t.Maker.String(),
		Units: d.UnitIDs(), PriceMC: int64(t.Price), SoldTHs: ths(t.SoldGHs.Hashrate()),
		AmountCents: int64(t.Amount), CommissionCents: int64(t.Commission), HeldCents: int64(t.Held()),
		PaidCents: int64(t.Paid), RefundedCents: int64(t.Refunded),
		MatchedAt: t.MatchedAt, PaymentDue: t.PaymentDue, ProofDue: t.ProofDue, Version: t.Version,
	}
	switch actor.Org {
	case t.Buyer:
		out.Role = "buyer"
	case t.Seller:
		out.Role = "seller"
	}
	if p := d.Payment; p != nil {
		out.Payment = &Payment{
			ID: p.RailID, Status: string(p.Status), AmountCents: int64(p.Amount), ReceivedCents: int64(p.Received),
			Instructions: p.Instructions, OpenedAt: p.OpenedAt, SucceededAt: p.SucceededAt,
		}
	}
	if s := d.Settlement; s != nil {
		out.Settlement = &Settlement{
			Kind: string(s.Kind), AmountCents: int64(s.Amount), CommissionCents: int64(s.Commission),
			Rail: s.RailID, Trouble: s.Trouble, MadeAt: s.MadeAt, DoneAt: s.DoneAt,
		}
	}
	addProofs(&out, d, terms)
	return out
}

// worse orders proofs by how far they are from passing.
func worse(s brokerage.ProofState) int {
	switch s {
	case brokerage.ProofFailed:
		return 3
	case brokerage.ProofRunning:
		return 2
	case brokerage.ProofWaiting:
		return 1
	}
	return 0
}

func addProofs(out *Trade, d brokerage.Dossier, terms brokerage.Terms) {
	out.Proofs = make([]Proof, len(d.Units))
	worst := -1
	for i, u := range d.Units {
		p, dec := u.Proof, u.Proof.Decision
		out.Proofs[i] = Proof{
			Unit: u.Unit, State: string(p.State), SoldTHs: ths(u.Sold.Hashrate()),
			EstimateTHs: ths(dec.Estimate), LowerTHs: ths(dec.Lower), UpperTHs: ths(dec.Upper), FloorTHs: ths(terms.Floor(u.Sold)),
			Shares: p.Shares, Work: p.Work.String(), StartedAt: p.StartedAt, From: p.From, To: p.To, DecidedAt: p.DecidedAt,
		}
		if started := p.State != brokerage.ProofWaiting; started && worse(p.State) > worst {
			worst, out.Proof = worse(p.State), &out.Proofs[i]
		}
	}
}

func nextOf(d brokerage.Dossier) Next {
	buyer, seller, desk := d.NextSteps()
	step := func(n brokerage.NextStep) NextStep { return NextStep{string(n.Act), n.Title, n.Detail, n.Due} }
	return Next{step(buyer), step(seller), step(desk)}
}

func clocksOf(d brokerage.Dossier, terms brokerage.Terms, now time.Time) []Clock {
	var out []Clock
	for _, c := range d.Clocks(terms, now) {
		out = append(out, Clock{c.Name, c.Rule, string(c.State), c.From, c.Due, c.Ended})
	}
	return out
}

func (e edge) tradesOf(ctx context.Context, actor hashyard.Actor, ds ...brokerage.Dossier) []Trade {
	var orgs []hashyard.ID
	for _, d := range ds {
		orgs = append(orgs, d.Trade.Buyer, d.Trade.Seller)
	}
	names := e.svc.OrgNames(ctx, orgs...)
	out := make([]Trade, len(ds))
	for i, d := range ds {
		out[i] = tradeOf(d, actor, names, e.svc.Terms(), time.Now())
	}
	return out
}

func (e edge) one(ctx context.Context, actor hashyard.Actor, d brokerage.Dossier, err error) (*Trade, error) {
	if err != nil {
		return nil, err
	}
	return &e.tradesOf(ctx, actor, d)[0], nil
}

type tradesInput struct {
	PageInput
	State string `query:"state" enum:"matched,funded,shipped,delivered,proving,proven,released,refuted,disputed,cancelled" doc:"Only in this state."`
}

func (e edge) trades(ctx context.Context, actor hashyard.Actor, in *tradesInput) (*web.Page[Trade], error) {
	ds, next, err := e.svc.Trades(ctx, actor, brokerage.TradeQuery{State: brokerage.TradeState(in.State), Cursor: in.Cursor, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	return &web.Page[Trade]{Items: e.tradesOf(ctx, actor, ds...), Next: next}, nil
}

func (e edge) trade(ctx context.Context, actor hashyard.Actor, in *IDInput) (*Trade, error) {
	d, err := e.svc.Trade(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	seen, err := e.svc.ConditionsSold(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	t := &e.tradesOf(ctx, actor, d)[0]
	for i := range t.Proofs {
		t.Proofs[i].Condition = seen[t.Proofs[i].Unit]
	}
	return t, nil
}

func (e edge) manifest(ctx context.Context, actor hashyard.Actor, in *IDInput) (*web.File, error) {
	d, serials, err := e.svc.Manifest(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	c := web.NewCSV("trade", "serial", "unit", "sold_ths", "floor_ths", "proof", "estimate_ths", "lower_ths", "upper_ths", "shares", "work", "from", "to", "decided_at")
	for _, p := range tradeOf(d, actor, nil, e.svc.Terms(), time.Now()).Proofs {
		c.Row(d.Trade.Name(), serials[p.Unit], p.Unit, number(p.SoldTHs), number(p.FloorTHs), p.State,
			number(p.EstimateTHs), number(p.LowerTHs), number(p.UpperTHs), p.Shares, p.Work, p.From, p.To, p.DecidedAt)
	}
	return web.CSVFile("manifest-"+d.Trade.Name(), c), nil
}

// number is a measured TH/s of a file: three decimals, no grouping.
func number(ths float64) string { return strconv.FormatFloat(ths, 'f', 3, 64) }

func (e edge) fund(ctx context.Context, actor hashyard.Actor, in *IDInput) (*Trade, error) {
	d, err := e.svc.Fund(ctx, actor, in.ID)
	return e.one(ctx, actor, d, err)
}

// Dispute says what is wrong.
type Dispute struct {
	Reason string `json:"reason" minLength:"1" maxLength:"1000"`
}

type disputeInput struct {
	IDInput
	Body Dispute
}

func (e edge) dispute(ctx context.Context, actor hashyard.Actor, in *disputeInput) (*Trade, error) {
	d, err := e.svc.Dispute(ctx, actor, in.ID, in.Body.Reason)
	return e.one(ctx, actor, d, err)
}

// Decision is the desk's.
type Decision struct {
	Outcome string `json:"outcome" enum:"release,refund" doc:"Pay the seller, or send the money back to the buyer."`
	Reason  string `json:"reason" minLength:"1" maxLength:"1000"`
}

type decideInput struct {
	IDInput
	Body Decision
}

func (e edge) decide(ctx context.Context, actor hashyard.Actor, in *decideInput) (*Trade, error) {
	d, err := e.svc.Decide(ctx, actor, in.ID, brokerage.SettlementKind(in.Body.Outcome), in.Body.Reason)
	return e.one(ctx, actor, d, err)
}
