package api

import (
	"context"

	"hashyard"
	"hashyard/brokerage"
	"hashyard/brokerage/book"
	"hashyard/web"
)

// NewOrder is what a trader asks for.
type NewOrder struct {
	Instrument hashyard.ID   `json:"instrument"`
	Side       string        `json:"side" enum:"bid,ask"`
	PriceMC    int64         `json:"price_mc" minimum:"1" doc:"Limit in milli-cents per TH/s; $11.42 is 1142000."`
	Units      int64         `json:"units,omitempty" minimum:"0" doc:"Of a bid: how many machines."`
	UnitIDs    []hashyard.ID `json:"unit_ids,omitempty" maxItems:"10000" doc:"Of an ask: which machines, in the order they are sold."`
	TIF        string        `json:"tif,omitempty" enum:"gtc,ioc,GTC,IOC" default:"gtc" doc:"gtc rests until cancelled; ioc trades at once or not."`
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
	switch in.Body.TIF {
	case "ioc", "IOC":
		n.TIF = book.IOC
	}
	return answered(e.svc.Place(ctx, actor, n))
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
