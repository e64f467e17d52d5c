package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hashyard"
	"hashyard/pool"
	"hashyard/pool/fpps"
	"hashyard/pool/risk"
	"hashyard/web"
)

// registerTerms adds accounts, their terms, prices and what the house risks.
func (e edge) registerTerms(api *web.API, get func(id, path, summary string) huma.Operation) {
	set := get("set-pool-terms", "/api/v1/pool/accounts/{id}/terms", "Set an account's fee and fee index from a moment on")
	set.Method, set.DefaultStatus = http.MethodPost, http.StatusCreated
	price := get("set-bitcoin-price", "/api/v1/pool/prices", "State what a bitcoin costs")
	price.Method, price.DefaultStatus = http.MethodPost, http.StatusCreated

	web.Handle(api, get("list-pool-accounts", "/api/v1/pool/accounts", "Accounts with their terms"), web.PoolRead, e.accounts)
	web.Handle(api, get("get-pool-account", "/api/v1/pool/accounts/{id}", "An account with all its terms"), web.PoolRead, e.account)
	web.Handle(api, set, web.PoolTerms, e.setTerms)
	web.Handle(api, get("list-bitcoin-prices", "/api/v1/pool/prices", "Stated prices of the last year, oldest first"), web.PoolRead, e.prices)
	web.Handle(api, price, web.PoolTerms, e.setPrice)
	web.Handle(api, get("get-pool-hashprice", "/api/v1/pool/hashprice", "The hashprice over time"), web.PoolRead, e.hashprice)
	web.Handle(api, get("list-pool-rounds", "/api/v1/pool/rounds", "Work from block to block, newest first; the one that runs comes first"), web.PoolRead, e.rounds)
	web.Handle(api, get("get-pool-reserve", "/api/v1/pool/reserve", "What the house needs to pay per share whatever its luck"), web.TreasuryRead, e.reserve)
}

// Account is what an organisation mines into.
type Account struct {
	ID        hashyard.ID `json:"id"`
	OrgID     hashyard.ID `json:"org_id"`
	Name      string      `json:"name" doc:"It leads every username."`
	CreatedAt time.Time   `json:"created_at"`
	FeePPM    int64       `json:"fee_ppm" doc:"That holds now."`
	FeeMethod string      `json:"fee_method" doc:"That holds now."`
	Terms     []Terms     `json:"terms" nullable:"false" doc:"All terms ever set, oldest first; before the first the pool's own hold."`
}

// Terms are a fee and a fee index from a moment on.
type Terms struct {
	ID        hashyard.ID `json:"id"`
	From      time.Time   `json:"from" doc:"They hold for settlement periods that begin then or later."`
	FeePPM    int64       `json:"fee_ppm"`
	FeeMethod string      `json:"fee_method"`
	Note      string      `json:"note,omitempty"`
	SetBy     hashyard.ID `json:"set_by,omitzero"`
	SetAt     time.Time   `json:"set_at"`
}

func termsOf(t pool.Terms) Terms {
	return Terms{ID: t.ID, From: t.From, FeePPM: t.FeePPM, FeeMethod: string(t.Method), Note: t.Note, SetBy: t.SetBy, SetAt: t.Created}
}

func accountOf(v pool.AccountView) Account {
	out := Account{
		ID: v.ID, OrgID: v.Org, Name: v.Name, CreatedAt: v.Created,
		FeePPM: v.Now.FeePPM, FeeMethod: string(v.Now.Method), Terms: []Terms{},
	}
	for _, t := range v.History {
		out.Terms = append(out.Terms, termsOf(t))
	}
	return out
}

func (e edge) accounts(ctx context.Context, actor hashyard.Actor, in *PageInput) (*web.Page[Account], error) {
	as, next, err := e.svc.Accounts(ctx, actor, in.page())
	if err != nil {
		return nil, err
	}
	return pageOf(as, next, accountOf), nil
}

func (e edge) account(ctx context.Context, actor hashyard.Actor, in *idInput) (*Account, error) {
	a, err := e.svc.AccountOf(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	out := accountOf(a)
	return &out, nil
}

type termsInput struct {
	ID   hashyard.ID `path:"id"`
	Body NewTerms
}

// NewTerms are terms to set.
type NewTerms struct {
	From      *time.Time `json:"from,omitempty" doc:"Now when absent; it must not have passed."`
	FeePPM    int64      `json:"fee_ppm" minimum:"0" maximum:"1000000"`
	FeeMethod string     `json:"fee_method" enum:"sma/1,sma-trim3/1,day/1,day-trim3/1"`
	Note      string     `json:"note,omitempty" maxLength:"500" doc:"Why, for the trail."`
}

func (e edge) setTerms(ctx context.Context, actor hashyard.Actor, in *termsInput) (*Terms, error) {
	t := pool.Terms{ID: commandID(ctx), Account: in.ID, FeePPM: in.Body.FeePPM, Method: fpps.Method(in.Body.FeeMethod), Note: in.Body.Note}
	if in.Body.From != nil {
		t.From = *in.Body.From
	}
	t, err := e.svc.SetTerms(ctx, actor, t)
	if err != nil {
		return nil, err
	}
	out := termsOf(t)
	return &out, nil
}

// commandID is the same at every attempt of one request.
func commandID(ctx context.Context) hashyard.ID {
	if id, ok := web.CommandID(ctx); ok {
		return id
	}
	return hashyard.NewID()
}

// BitcoinPrice is a price that somebody of the house stated.
type BitcoinPrice struct {
	ID          hashyard.ID    `json:"id"`
	At          time.Time      `json:"at"`
	CentsPerBTC hashyard.Cents `json:"cents_per_btc"`
	Source      string         `json:"source"`
	SetAt       time.Time      `json:"set_at"`
}

func priceOf(d pool.Dollar) BitcoinPrice {
	return BitcoinPrice{ID: d.ID, At: d.At, CentsPerBTC: d.CentsPerBTC, Source: d.Source, SetAt: d.Created}
}

// NewBitcoinPrice is a price to state.
type NewBitcoinPrice struct {
	At          *time.Time     `json:"at,omitempty" doc:"Now when absent."`
	CentsPerBTC hashyard.Cents `json:"cents_per_btc" minimum:"1"`
	Source      string         `json:"source" minLength:"1" maxLength:"200" doc:"Where it is from; it is shown beside every dollar."`
}

func (e edge) prices(ctx context.Context, _ hashyard.Actor, _ *struct{}) (*web.Page[BitcoinPrice], error) {
	ds, err := e.svc.Dollars(ctx, time.Now().AddDate(-1, 0, 0))
	if err != nil {
		return nil, err
	}
	return pageOf(ds, "", priceOf), nil
}

func (e edge) setPrice(ctx context.Context, actor hashyard.Actor, in *NewBitcoinPrice) (*BitcoinPrice, error) {
	d := pool.Dollar{ID: commandID(ctx), CentsPerBTC: in.CentsPerBTC, Source: in.Source}
	if in.At != nil {
		d.At = *in.At
	}
	d, err := e.svc.SetDollar(ctx, actor, d)
	if err != nil {
		return nil, err
	}
	out := priceOf(d)
	return &out, nil
}

// Hashprice is what hashing earns from a moment on, before the pool's fee.
type Hashprice struct {
	At           time.Time     `json:"at"`
	SatsPerTHDay float64       `json:"sats_per_th_day" doc:"A displayed TH/s for a day."`
	SatsPerPHDay float64       `json:"sats_per_ph_day"`
	USDPerTHDay  *float64      `json:"usd_per_th_day,omitempty" doc:"Absent before a price of bitcoin was stated."`
	USDPerPHDay  *float64      `json:"usd_per_ph_day,omitempty"`
	BitcoinPrice *BitcoinPrice `json:"bitcoin_price,omitempty" doc:"The price that the dollars are from, with its date and source."`
	Difficulty   float64       `json:"difficulty" doc:"Of the network."`
	Retarget     float64       `json:"retarget,omitempty" doc:"Change of the difficulty, 0.01 is one percent up."`
}

func hashpriceOf(sats float64, d *pool.Dollar) Hashprice {
	out := Hashprice{SatsPerTHDay: sats, SatsPerPHDay: sats * 1000}
	if d != nil {
		th, ph, p := d.USD(sats), d.USD(sats*1000), priceOf(*d)
		out.USDPerTHDay, out.USDPerPHDay, out.BitcoinPrice = &th, &ph, &p
	}
	return out
}

func (e edge) hashprice(ctx context.Context, _ hashyard.Actor, in *ChartInput) (*web.Page[Hashprice], error) {
	ps, err := e.svc.Hashprices(ctx, pool.Span(in.Window))
	if err != nil {
		return nil, err
	}
	return pageOf(ps, "", func(p pool.PriceOver) Hashprice {
		h := hashpriceOf(p.Hashprice, p.Dollar)
		h.At, h.Difficulty, h.Retarget = p.From, p.Difficulty(), p.Retarget
		return h
	}), nil
}

// Round is the work from one block to the next.
type Round struct {
	Block   *Block    `json:"block,omitempty" doc:"That ended it; absent in the one that runs."`
	From    time.Time `json:"from"`
	Effort  float64   `json:"effort" doc:"In expected blocks: 1 is as much work as a block takes."`
	Unlucky float64   `json:"unlucky" doc:"How likely a round needs at most this effort."`
}

type roundsInput struct {
	Limit int `query:"limit" minimum:"0" maximum:"50" doc:"Ended rounds; 0 means 20."`
}

func (e edge) rounds(ctx context.Context, _ hashyard.Actor, in *roundsInput) (*web.Page[Round], error) {
	if in.Limit == 0 {
		in.Limit = 20
	}
	rs, err := e.svc.Rounds(ctx, in.Limit)
	if err != nil {
		return nil, err
	}
	return pageOf(rs, "", func(r pool.Round) Round {
		out := Round{From: r.From, Effort: r.Effort, Unlucky: r.Unlucky}
		if !r.Block.Found.IsZero() {
			b := blockOf(r.Block)
			out.Block = &b
		}
		return out
	}), nil
}

type reserveInput struct {
	ReserveSats int64   `query:"reserve_sats" minimum:"0" doc:"What is set aside; the chances of ruin are for it."`
	Delta       float64 `query:"delta" minimum:"0.000001" maximum:"0.5" default:"0.01" doc:"The chance of ruin that is allowed."`
	CV          float64 `query:"reward_cv" minimum:"0" maximum:"5" doc:"Coefficient of variation of a block's reward, for fees that spike."`
}

// Reserve is what paying per share risks.
type Reserve struct {
	FeePPM         int64         `json:"fee_ppm" doc:"The pool's own fee."`
	RewardSats     hashyard.Sats `json:"reward_sats" doc:"What a block is expected to bring, B."`
	BlocksPerDay   float64       `json:"blocks_per_day" doc:"By the pool's last hour."`
	Delta          float64       `json:"delta"`
	Exponent       float64       `json:"exponent" doc:"x with 1 - e^-x = (1-f)x."`
	NeededSats     hashyard.Sats `json:"needed_sats" doc:"B·ln(1/δ)/x: keeps the chance of ruin at delta for ever, whatever the pool's size."`
	RosenfeldSats  hashyard.Sats `json:"rosenfeld_sats" doc:"B·ln(1/δ)/2f, the published limit for small fees."`
	Month          *Horizon      `json:"month,omitempty" doc:"Absent while the pool does not hash."`
	Year           *Horizon      `json:"year,omitempty"`
	ReserveSats    hashyard.Sats `json:"reserve_sats"`
	RuinEver       float64       `json:"ruin_ever" doc:"Chance that this reserve is ever used up."`
	EffectiveNotes []string      `json:"notes" nullable:"false"`
}

// Horizon is the same within a time.
type Horizon struct {
	Days       int           `json:"days"`
	NeededSats hashyard.Sats `json:"needed_sats"`
	Ruin       float64       `json:"ruin" doc:"Chance that the reserve is used up within it."`
	LossChance float64       `json:"loss_chance" doc:"That it brings less than it pays."`
}

func (e edge) reserve(ctx context.Context, actor hashyard.Actor, in *reserveInput) (*Reserve, error) {
	p, err := e.svc.Params(ctx)
	if err != nil {
		return nil, err
	}
	o, err := e.svc.Overview(ctx, actor)
	if err != nil {
		return nil, err
	}
	fee := float64(p.FeePPM) / fpps.MaxPPM
	if err := risk.Check(fee); err != nil {
		return nil, err
	}
	reward, _ := p.Epoch.Reward().Float64()
	sats := func(blocks float64) hashyard.Sats { return hashyard.Sats(blocks * reward) }
	out := &Reserve{
		FeePPM: p.FeePPM, RewardSats: hashyard.Sats(reward), Delta: in.Delta, Exponent: risk.Exponent(fee),
		NeededSats: sats(risk.Reserve(fee, in.Delta, in.CV)), RosenfeldSats: sats(risk.Rosenfeld(fee, in.Delta)),
		ReserveSats: hashyard.Sats(in.ReserveSats), RuinEver: 1,
		EffectiveNotes: []string{"Stale blocks, withheld blocks and rounding make the fee that is left smaller than the one that is charged."},
	}
	if reward <= 0 {
		return out, nil
	}
	have := float64(in.ReserveSats) / reward
	out.RuinEver = risk.Ruin(have, fee, in.CV)
	if o.NextBlock > 0 {
		out.BlocksPerDay = (24 * time.Hour).Seconds() / o.NextBlock.Seconds()
		horizon := func(days int) *Horizon {
			n := out.BlocksPerDay * float64(days)
			return &Horizon{days, sats(risk.ReserveWithin(fee, n, in.Delta)), risk.RuinWithin(have, fee, n), risk.LossChance(fee, n)}
		}
		out.Month, out.Year = horizon(30), horizon(365)
	}
	return out, nil
}
