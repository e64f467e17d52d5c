package app

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"hashyard"
	"hashyard/brokerage"
	"hashyard/pool"
	"hashyard/web"
)

// joined are the routes that read from several domains.
type joined struct{ h *house }

func (h *house) registerJoined(api *web.API) {
	j := joined{h}
	op := func(id, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: http.MethodGet, Path: "/api/v1" + path, Summary: summary, Tags: []string{"overview"}}
	}
	web.Handle(api, op("search", "/search", "Find a machine, trade, order, shipment, payout or block by what people call it"), web.SessionRead, j.search)
	web.Handle(api, op("get-turns", "/turns", "How much waits for you, by job"), web.SessionRead, j.turns)
	web.Handle(api, op("get-desk", "/desk", "What waits for the desk, oldest first"), web.HouseRead, j.desk)
}

// SearchResult is the answer to a search: at most 20 hits in groups, best kind first.
type SearchResult struct {
	Groups []SearchGroup `json:"groups" nullable:"false"`
}

// SearchGroup are the hits of one kind.
type SearchGroup struct {
	Kind string      `json:"kind" enum:"machine,trade,order,shipment,payout,block"`
	Hits []SearchHit `json:"hits" nullable:"false"`
	More bool        `json:"more" doc:"There are more of this kind."`
}

// SearchHit is one thing that was found.
type SearchHit struct {
	ID    string `json:"id" doc:"Of the thing; of a block its hash."`
	Label string `json:"label" doc:"What people call it."`
	About string `json:"about"`
	State string `json:"state"`
	Of    string `json:"of,omitempty" doc:"Of an order its instrument."`
}

type searchInput struct {
	Q string `query:"q" required:"true" minLength:"1" maxLength:"100" doc:"A serial or MAC, T-2187, an order's last six characters, S-0931 or a tracking number, a transaction's or payment's id, a block's height or hash."`
}

// lookup finds the hits of one kind for those who may do act.
type lookup struct {
	kind  string
	act   web.Action
	limit int // all of them together make at most 20
	find  func(ctx context.Context, actor hashyard.Actor, q string, limit int) ([]SearchHit, error)
}

func (j joined) lookups() []lookup {
	return []lookup{
		{"machine", web.UnitsRead, 8, j.machines},
		{"trade", web.TradesRead, 4, j.trades},
		{"order", web.MarketRead, 3, j.orders},
		{"shipment", web.ShipmentsRead, 3, j.shipments},
		{"payout", web.PayoutRead, 1, j.payouts},
		{"block", web.PoolRead, 1, j.blocks},
	}
}

func (j joined) search(ctx context.Context, actor hashyard.Actor, in *searchInput) (*SearchResult, error) {
	out := &SearchResult{Groups: []SearchGroup{}}
	for _, l := range j.lookups() {
		as, may := web.As(actor, l.act)
		if !may {
			continue
		}
		hits, err := l.find(ctx, as, in.Q, l.limit+1)
		if err != nil {
			return nil, fmt.Errorf("search for a %s: %w", l.kind, err)
		}
		if len(hits) > 0 {
			out.Groups = append(out.Groups, SearchGroup{Kind: l.kind, Hits: hits[:min(len(hits), l.limit)], More: len(hits) > l.limit})
		}
	}
	return out, nil
}

func (j joined) machines(ctx context.Context, actor hashyard.Actor, q string, limit int) ([]SearchHit, error) {
	us, _, err := j.h.inventory.FindUnits(ctx, actor, q, limit)
	out := make([]SearchHit, len(us))
	for i, u := range us {
		out[i] = SearchHit{ID: u.ID.String(), Label: u.Serial, About: strings.Join(nonempty(u.Model, u.Shelf, u.MAC), " · "), State: string(u.State)}
	}
	return out, err
}

func (j joined) trades(ctx context.Context, actor hashyard.Actor, q string, limit int) ([]SearchHit, error) {
	ts, err := j.h.brokerage.FindTrades(ctx, actor, q, limit)
	out := make([]SearchHit, len(ts))
	for i, t := range ts {
		out[i] = SearchHit{ID: t.ID.String(), Label: t.Name(), About: j.parties(ctx, t) + " · $" + t.Amount.String(), State: string(t.State)}
	}
	return out, err
}

func (j joined) parties(ctx context.Context, t brokerage.Trade) string {
	names := j.h.brokerage.OrgNames(ctx, t.Seller, t.Buyer)
	return names[t.Seller] + " → " + names[t.Buyer]
}

func (j joined) orders(ctx context.Context, actor hashyard.Actor, q string, limit int) ([]SearchHit, error) {
	orders, err := j.h.brokerage.FindOrders(ctx, actor, q, limit)
	if err != nil || len(orders) == 0 {
		return nil, err
	}
	instruments, err := j.h.brokerage.Instruments(ctx)
	names := map[hashyard.ID]string{}
	for _, i := range instruments {
		names[i.ID] = i.Name
	}
	out := make([]SearchHit, len(orders))
	for i, o := range orders {
		id := o.ID.String()
		out[i] = SearchHit{
			ID: id, Label: id[len(id)-brokerage.ShownTail:], Of: o.Instrument.String(), State: string(o.State),
			About: fmt.Sprintf("%s %d of %d %s", o.Side, o.Filled, o.Units, names[o.Instrument]),
		}
	}
	return out, err
}

func (j joined) shipments(ctx context.Context, actor hashyard.Actor, q string, limit int) ([]SearchHit, error) {
	ss, err := j.h.inventory.FindShipments(ctx, actor, q, limit)
	out := make([]SearchHit, len(ss))
	for i, s := range ss {
		out[i] = SearchHit{
			ID: s.ID.String(), Label: s.ShownNumber(), State: string(s.State),
			About: strings.Join(nonempty(fmt.Sprintf("%d units", len(s.Lines)), s.Carrier, s.Tracking), " · "),
		}
	}
	return out, err
}

func (j joined) payouts(ctx context.Context, actor hashyard.Actor, q string, limit int) ([]SearchHit, error) {
	ps, err := j.h.treasury.FindPayouts(ctx, actor, q, limit)
	out := make([]SearchHit, len(ps))
	for i, p := range ps {
		out[i] = SearchHit{ID: p.ID.String(), Label: p.TxID, About: fmt.Sprintf("%d sat", p.Amount), State: string(p.State)}
	}
	return out, err
}

func (j joined) blocks(ctx context.Context, _ hashyard.Actor, q string, limit int) ([]SearchHit, error) {
	bs, err := j.h.pool.FindBlocks(ctx, q, limit)
	out := make([]SearchHit, len(bs))
	for i, b := range bs {
		out[i] = SearchHit{
			ID: pool.ShowHash(b.Hash), Label: fmt.Sprintf("%d", b.Height), State: string(b.State),
			About: "found " + b.Found.UTC().Format("2 Jan 15:04:05"),
		}
	}
	return out, err
}

func nonempty(words ...string) []string {
	out := words[:0]
	for _, w := range words {
		if w != "" {
			out = append(out, w)
		}
	}
	return out
}
