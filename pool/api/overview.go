package api

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hashyard"
	"hashyard/pool"
	"hashyard/web"
)

// registerOverview adds the reads of the pool's pages.
func (e edge) registerOverview(api *web.API, get func(id, path, summary string) huma.Operation) {
	web.Handle(api, get("get-pool-overview", "/api/v1/pool/overview", "Your part of the pool now; for the house the whole"), web.PoolRead, e.overview)
	web.Handle(api, get("get-pool-chart", "/api/v1/pool/chart", "Hashrate, hashprice and blocks on one time axis"), web.PoolRead, e.chart)
	web.Handle(api, get("get-pool-luck", "/api/v1/pool/luck", "Blocks found against expected, by window"), web.PoolRead, e.luck)
	web.Handle(api, get("get-pool-refusals", "/api/v1/pool/refusals", "Refused submits of the last day by reason"), web.PoolRead, e.refusals)
	web.Handle(api, get("get-pool-worker-series", "/api/v1/pool/workers/{id}/series", "Measured hashrate of a worker over time"), web.PoolRead, e.workerSeries)
	web.Handle(api, get("get-pool-epoch-fees", "/api/v1/pool/epochs/{id}/fees", "The blocks of a rate's fee index"), web.PoolRead, e.fees)
	web.Handle(api, web.Answers(get("pool-statement-csv", "/api/v1/pool/statements/{id}/statement.csv", "A statement as CSV"), "text/csv"), web.PoolRead, e.statementCSV)
	web.Handle(api, web.Answers(get("export-pool-workers", "/api/v1/exports/pool-workers.csv", "Your workers as CSV"), "text/csv"), web.PoolRead, e.workersCSV)
}

// WindowRates is what was done in a window that ends now.
type WindowRates struct {
	Since time.Time `json:"since,omitzero" doc:"Its first minute with work; absent when there is none."`
	Rates
	Counts
}

func windowOf(w pool.Window) WindowRates {
	return WindowRates{Since: w.First, Rates: ratesOf(w.Rate), Counts: countsOf(w.Tally)}
}

// PoolOverview are the figures of the pool's page.
type PoolOverview struct {
	At           time.Time   `json:"at"`
	Hour         WindowRates `json:"hour"`
	Day          WindowRates `json:"day"`
	Workers      int64       `json:"workers"`
	Working      int64       `json:"working" doc:"Of them with a share in the last five minutes."`
	PoolHour     Rates       `json:"pool_hour" doc:"Of the whole pool."`
	NextBlockS   float64     `json:"next_block_seconds,omitempty" doc:"Expected wait of the whole pool at its last hour's rate."`
	NetworkShare float64     `json:"network_share,omitempty" doc:"Of the whole pool, 0 to 1; absent where the chain keeps no ten-minute pace."`
	LastBlock    *Block      `json:"last_block,omitempty"`
	Difficulty   float64     `json:"difficulty" doc:"Of the network."`
	Work         *Work       `json:"work,omitempty" doc:"Absent where this process does not make the jobs."`
}

func (e edge) overview(ctx context.Context, actor hashyard.Actor, _ *struct{}) (*PoolOverview, error) {
	o, err := e.svc.Overview(ctx, actor)
	if err != nil {
		return nil, err
	}
	out := &PoolOverview{
		At: o.At, Hour: windowOf(o.Hour), Day: windowOf(o.Day), Workers: o.Workers, Working: o.Working, PoolHour: ratesOf(o.PoolHour),
		NextBlockS: o.NextBlock.Seconds(), NetworkShare: o.NetworkShare, Difficulty: o.NetworkDifficulty,
	}
	if o.WorkKnown {
		out.Work = workOf(o.Work)
	}
	if !o.LastBlock.Found.IsZero() {
		b := blockOf(o.LastBlock)
		out.LastBlock = &b
	}
	return out, nil
}

// ChartInput is how far back a chart looks.
type ChartInput struct {
	Window string `query:"window" enum:"1h,24h,7d,30d,1y" default:"24h"`
}

// PoolChart is hashrate, hashprice and blocks on one time axis.
type PoolChart struct {
	From   time.Time     `json:"from"`
	To     time.Time     `json:"to"`
	Points []SeriesPoint `json:"points" nullable:"false"`
	Prices []PricePoint  `json:"prices" nullable:"false" doc:"The hashprice from each moment on; the first may be before the window."`
	Blocks []BlockMark   `json:"blocks" nullable:"false" doc:"Everybody's, oldest first."`
}

// PricePoint is where the hashprice changed.
type PricePoint struct {
	At        time.Time `json:"at"`
	Hashprice float64   `json:"hashprice" doc:"Satoshis per displayed TH/s and day, before the pool's fee."`
	Retarget  float64   `json:"retarget,omitempty" doc:"Change of the network's difficulty, 0.01 is one percent up."`
}

// BlockMark is a block on the axis.
type BlockMark struct {
	At     time.Time `json:"at"`
	Height int64     `json:"height"`
	State  string    `json:"state" enum:"found,accepted,orphaned,confirmed"`
}

func (e edge) chart(ctx context.Context, actor hashyard.Actor, in *ChartInput) (*PoolChart, error) {
	c, err := e.svc.Chart(ctx, actor, pool.Span(in.Window))
	if err != nil {
		return nil, err
	}
	out := &PoolChart{From: c.From, To: c.To, Points: []SeriesPoint{}, Prices: []PricePoint{}, Blocks: []BlockMark{}}
	for _, p := range c.Points {
		out.Points = append(out.Points, pointOf(p))
	}
	for _, p := range c.Prices {
		out.Prices = append(out.Prices, PricePoint{p.From, p.Hashprice, p.Retarget})
	}
	for _, b := range c.Blocks {
		out.Blocks = append(out.Blocks, BlockMark{b.Found, b.Height, string(b.State)})
	}
	return out, nil
}

// Luck is a window's blocks against what its work was worth.
type Luck struct {
	Seconds    int64     `json:"seconds" doc:"Length of the window."`
	Since      time.Time `json:"since" doc:"The whole hour at which counting began."`
	Found      int64     `json:"found"`
	Expected   float64   `json:"expected"`
	Low        int64     `json:"low" doc:"95 % of all worlds find low to high."`
	High       int64     `json:"high"`
	Percentile float64   `json:"percentile" doc:"How likely so few blocks, or fewer, are."`
	Ratio      float64   `json:"ratio" doc:"Found ÷ expected: 0.8 is 80 % luck."`
	Erlang     float64   `json:"erlang" doc:"How likely the found blocks are to take at most the work they took: near 1 is bad luck."`
}

func (e edge) luck(ctx context.Context, _ hashyard.Actor, _ *struct{}) (*web.Page[Luck], error) {
	ls, err := e.svc.Luck(ctx)
	if err != nil {
		return nil, err
	}
	return pageOf(ls, "", func(l pool.Luck) Luck {
		return Luck{int64(l.Window.Seconds()), l.Since, l.Found, l.Expected, l.Low, l.High, l.Percentile, l.Ratio(), l.Erlang}
	}), nil
}

// Refusals are a day's refused submits.
type Refusals struct {
	Accepted int64     `json:"accepted"`
	Rejected int64     `json:"rejected"`
	Items    []Refusal `json:"items" nullable:"false" doc:"The most frequent first."`
}

// Refusal is one reason.
type Refusal struct {
	Code    int         `json:"code" doc:"Of Stratum: 20 other, 21 stale, 22 duplicate, 23 low difficulty, 24 unauthorised, 25 not subscribed."`
	Count   int64       `json:"count"`
	Workers int64       `json:"workers" doc:"That it happened to."`
	Worst   string      `json:"worst,omitempty" doc:"The worker it happened to most."`
	WorstID hashyard.ID `json:"worst_id,omitzero"`
	Most    int64       `json:"most" doc:"How often, to that worker."`
}

func (e edge) refusals(ctx context.Context, actor hashyard.Actor, _ *struct{}) (*Refusals, error) {
	rs, all, err := e.svc.Refusals(ctx, actor)
	if err != nil {
		return nil, err
	}
	out := &Refusals{Accepted: all.Shares, Rejected: all.Rejected(), Items: []Refusal{}}
	for _, r := range rs {
		it := Refusal{Code: r.Code, Count: r.Count, Workers: r.Workers, Most: r.Most, WorstID: r.Worst.ID}
		if !r.Worst.ID.IsZero() {
			it.Worst = r.Worst.User()
		}
		out.Items = append(out.Items, it)
	}
	return out, nil
}

func (e edge) workerSeries(ctx context.Context, actor hashyard.Actor, in *seriesInput) (*web.Page[SeriesPoint], error) {
	since, step, err := in.bounds()
	if err != nil {
		return nil, err
	}
	ps, err := e.svc.WorkerSeries(ctx, actor, in.ID, since, step)
	if err != nil {
		return nil, err
	}
	return pageOf(ps, "", pointOf), nil
}

// EpochFees is a rate with the blocks of its fee index.
type EpochFees struct {
	Epoch
	Blocks []FeeBlock `json:"blocks" nullable:"false" doc:"The newest first; their fees sum to fee_sum_sats."`
}

// FeeBlock is one block of a fee index.
type FeeBlock struct {
	Height   int64         `json:"height"`
	Hash     string        `json:"hash"`
	FeesSats hashyard.Sats `json:"fees_sats"`
}

func (e edge) fees(ctx context.Context, _ hashyard.Actor, in *idInput) (*EpochFees, error) {
	ep, bs, err := e.svc.FeeBlocks(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := &EpochFees{Epoch: epochOf(ep), Blocks: []FeeBlock{}}
	for _, b := range bs {
		out.Blocks = append(out.Blocks, FeeBlock{b.Height, pool.ShowHash(b.Hash), b.Fees})
	}
	return out, nil
}

func (e edge) statementCSV(ctx context.Context, actor hashyard.Actor, in *idInput) (*web.File, error) {
	st, lines, err := e.svc.Statement(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	c := web.NewCSV("statement", "period_start", "period_end", "worker", "epoch", "nbits", "subsidy_sats", "fee_sum_sats", "fee_count", "fee_ppm",
		"work", "shares", "gross_exact", "net_exact")
	for _, l := range lines {
		ep := epochOf(l.Epoch)
		c.Row(st.ID, st.Start, st.End, l.User, ep.ID, ep.NBits, ep.SubsidySats, ep.FeeSumSats, ep.FeeCount, ep.FeePPM,
			l.Work.String(), l.Shares, l.Epoch.Gross(l.Work).String(), l.Epoch.Net(l.Work).String())
	}
	c.Row(st.ID, st.Start, st.End, "all workers", "", "", "", "", "", "", st.Work.String(), st.Shares, st.GrossExact, st.NetExact)
	c.Row(st.ID, st.Start, st.End, "credited, whole satoshis", "", "", "", "", "", "", "", "", st.Gross, st.Net)
	return web.CSVFile("statement-"+st.Start.UTC().Format("20060102-1504"), c), nil
}

// maxExport bounds a file of workers.
const maxExport = 50_000

func (e edge) workersCSV(ctx context.Context, actor hashyard.Actor, _ *struct{}) (*web.File, error) {
	c := web.NewCSV("user", "unit_id", "state", "state_since", "ths_5min", "ths_1h", "ths_24h", "shares_24h", "rejected_24h", "last_share_at", "retired_at")
	q := pool.WorkerQuery{Page: pool.Page{Limit: 500}}
	for n := 0; n < maxExport; {
		ws, next, err := e.svc.Workers(ctx, actor, q)
		if err != nil {
			return nil, err
		}
		for _, v := range ws {
			w := workerOf(v)
			c.Row(w.User, w.UnitID, w.State, w.StateSince, w.THs, w.Hour.THs, w.Day.THs, w.Day.Shares, w.Day.Rejected, w.LastShare, w.RetiredAt)
		}
		n += len(ws)
		if q.Cursor = next; next == "" {
			return web.CSVFile("workers", c), nil
		}
	}
	return nil, hashyard.Invalid.Errorf("more than %d workers do not fit one file; use the list with its cursor", maxExport)
}
