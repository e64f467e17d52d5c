package api

import (
	"context"
	"strings"
	"time"

	"hashyard"
	"hashyard/brokerage"
	"hashyard/brokerage/book"
	"hashyard/web"
)

// NewOrder is what a trader asks for.
type NewOrder struct {
	Instrument hashyard.ID   `json:"instrument"`
	Side       string        `json:"side" enum:"bid,ask"`
	PriceMC    int64         `json:"price_mc,omitempty" minimum:"0" doc:"Limit in milli-cents per TH/s; $11.42 is 1142000. Of a market order the worst price; absent it is 10 % from the best one."`
	Units      int64         `json:"units,omitempty" minimum:"0" doc:"Of a bid: how many machines."`
	UnitIDs    []hashyard.ID `json:"unit_ids,omitempty" maxItems:"10000" doc:"Of an ask: which machines, in the order they are sold."`
	TIF        string        `json:"tif,omitempty" enum:"gtc,ioc,gtd,fok,GTC,IOC,GTD,FOK" default:"gtc" doc:"gtc rests until cancelled, gtd until expires_at; ioc trades what it can at once; fok all at once or nothing."`
	Type       string        `json:"type,omitempty" enum:"limit,market" default:"limit" doc:"A market order takes what is there at once, inside its worst price."`
	ExpiresAt  time.Time     `json:"expires_at,omitzero" doc:"With gtd: when the order ends by itself."`
	PostOnly   bool          `json:"post_only,omitempty" doc:"Refuse the order if its price crosses a resting one."`
	AON        bool          `json:"aon,omitempty" doc:"All or none: trade whole in one go, or wait."`
	MinUnits   int64         `json:"min_units,omitempty" minimum:"0" doc:"Least machines a trade."`
	Lot        int64         `json:"lot,omitempty" minimum:"0" doc:"Every trade is a multiple of so many machines."`
	STP        string        `json:"stp,omitempty" enum:"cancel-newest,cancel-oldest,cancel-both" default:"cancel-newest" doc:"What happens when the order would trade with one of your own."`
}

type placeInput struct{ Body NewOrder }

func (e edge) place(ctx context.Context, actor hashyard.Actor, in *placeInput) (*Order, error) {
	n := brokerage.NewOrder{
		Instrument: in.Body.Instrument, Price: hashyard.MilliCentsPerTH(in.Body.PriceMC),
		Units: in.Body.Units, UnitIDs: in.Body.UnitIDs,
	}
	n.Command, _ = web.CommandID(ctx)
	if err := n.Side.UnmarshalText([]byte(in.Body.Side)); err != nil {
		return nil, err
	}
	a := &n.Attributes
	a.PostOnly, a.AON, a.Min, a.Lot, a.Expires = in.Body.PostOnly, in.Body.AON, in.Body.MinUnits, in.Body.Lot, in.Body.ExpiresAt.UTC()
	for _, w := range []struct {
		word string
		into interface{ UnmarshalText(text []byte) error }
	}{{strings.ToLower(in.Body.TIF), &a.TIF}, {in.Body.Type, &a.Type}, {in.Body.STP, &a.STP}} {
		if w.word == "" {
			continue
		}
		if err := w.into.UnmarshalText([]byte(w.word)); err != nil {
			return nil, err
		}
	}
	if a.Type == book.Market && a.TIF == book.GTC {
		a.TIF = book.IOC
	}
	return answered(e.svc.Place(ctx, actor, n))
}

// Amendment is what an open order shall be from now on.
type Amendment struct {
	PriceMC int64 `json:"price_mc,omitempty" minimum:"0" doc:"Absent: the price stays. A new price loses the order's time."`
	Units   int64 `json:"units,omitempty" minimum:"0" doc:"Of a bid: machines wanted from now on, beside those bought. Fewer keep the order's time, more lose it. Absent: they stay."`
}

type amendInput struct {
	IDInput
	Body Amendment
}

func (e edge) amend(ctx context.Context, actor hashyard.Actor, in *amendInput) (*Order, error) {
	command, _ := web.CommandID(ctx)
	return answered(e.svc.Amend(ctx, actor, in.ID, command, hashyard.MilliCentsPerTH(in.Body.PriceMC), in.Body.Units))
}

type cancelAllInput struct {
	Body struct {
		Instrument hashyard.ID `json:"instrument,omitzero" doc:"Absent: of every instrument."`
	}
}

// CancelledOrders are the orders that were taken out.
type CancelledOrders struct {
	Orders []Order `json:"orders" nullable:"false"`
}

func (e edge) cancelAll(ctx context.Context, actor hashyard.Actor, in *cancelAllInput) (*CancelledOrders, error) {
	os, err := e.svc.CancelAll(ctx, actor, in.Body.Instrument)
	if err != nil {
		return nil, err
	}
	out := &CancelledOrders{Orders: make([]Order, len(os))}
	for i, o := range os {
		out.Orders[i] = orderOf(o)
	}
	return out, nil
}

// Turn is the desk's reason for a halt or its end.
type Turn struct {
	Reason string `json:"reason" minLength:"1" maxLength:"1000"`
}

type turnInput struct {
	IDInput
	Body Turn
}

func (e edge) halt(ctx context.Context, actor hashyard.Actor, in *turnInput) (*Book, error) {
	return e.turned(ctx, actor, in, e.svc.Halt)
}

func (e edge) resume(ctx context.Context, actor hashyard.Actor, in *turnInput) (*Book, error) {
	return e.turned(ctx, actor, in, e.svc.Resume)
}

func (e edge) turned(ctx context.Context, actor hashyard.Actor, in *turnInput, turn func(context.Context, hashyard.Actor, hashyard.ID, hashyard.ID, string) error) (*Book, error) {
	command, ok := web.CommandID(ctx)
	if !ok {
		command = hashyard.NewID()
	}
	if err := turn(ctx, actor, in.ID, command, in.Body.Reason); err != nil {
		return nil, err
	}
	d, err := e.svc.Book(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	out := bookOf(d)
	return &out, nil
}

type ordersInput struct {
	PageInput
	Instrument hashyard.ID `query:"instrument" doc:"Only of this instrument."`
	State      string      `query:"state" enum:"placing,open,filled,cancelled,rejected" doc:"Only in this state."`
}

func (e edge) orders(ctx context.Context, actor hashyard.Actor, in *ordersInput) (*web.Page[Order], error) {
	os, next, err := e.svc.Orders(ctx, actor, brokerage.OrderQuery{
		Instrument: in.Instrument, State: brokerage.OrderState(in.State), Cursor: in.Cursor, Limit: in.Limit,
	})
	if err != nil {
		return nil, err
	}
	return pageOf(os, next, orderOf), nil
}

func (e edge) order(ctx context.Context, actor hashyard.Actor, in *IDInput) (*Order, error) {
	return answered(e.svc.Order(ctx, actor, in.ID))
}

func (e edge) cancel(ctx context.Context, actor hashyard.Actor, in *IDInput) (*Order, error) {
	return answered(e.svc.Cancel(ctx, actor, in.ID))
}

func answered(o brokerage.Order, err error) (*Order, error) {
	if err != nil {
		return nil, err
	}
	out := orderOf(o)
	return &out, nil
}
