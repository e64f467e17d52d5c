package api

import (
	"encoding/json"
	"time"

	"hashyard"
	"hashyard/brokerage"
	"hashyard/brokerage/book"
)

// Party is an organisation, named as far as known.
type Party struct {
	ID   hashyard.ID `json:"id"`
	Name string      `json:"name"`
}

// Instrument is what is traded: machines of one model, delivered one way.
type Instrument struct {
	ID         hashyard.ID `json:"id"`
	Name       string      `json:"name"`
	Model      string      `json:"model"`
	Region     string      `json:"region"`
	Incoterm   string      `json:"incoterm"`
	Currency   string      `json:"currency"`
	NominalGHs int64       `json:"nominal_ghs" doc:"What one machine is sold as."`
	// The terms of new trades, so that a ticket shows them before it is sent.
	TickMC        int64 `json:"tick_mc" doc:"Prices are its multiples."`
	CommissionPPM int64 `json:"commission_ppm" doc:"Parts per million of the amount, from the seller."`
	FloorPPM      int64 `json:"floor_ppm" doc:"Share of the sold hashrate that must be proven."`
}

func instrumentOf(i brokerage.Instrument, t brokerage.Terms) Instrument {
	return Instrument{
		ID: i.ID, Name: i.Name, Model: i.Model, Region: i.Region, Incoterm: i.Incoterm,
		Currency: string(i.Currency), NominalGHs: int64(i.NominalGHs),
		TickMC: int64(t.Tick), CommissionPPM: t.CommissionPPM, FloorPPM: t.FloorPPM,
	}
}

// Level is one price of a book.
type Level struct {
	PriceMC int64 `json:"price_mc"`
	Units   int64 `json:"units"`
	Orders  int   `json:"orders"`
}

// Book is a book at one sequence number.
type Book struct {
	Instrument hashyard.ID `json:"instrument"`
	Seq        int64       `json:"seq"`
	Bids       []Level     `json:"bids" nullable:"false" doc:"Best first."`
	Asks       []Level     `json:"asks" nullable:"false" doc:"Best first."`
	LastMC     int64       `json:"last_mc,omitempty" doc:"Price of the last trade; absent before the first."`
	Halted     bool        `json:"halted,omitempty" doc:"Orders rest as they come; the desk opens the book again with an auction."`
	At         time.Time   `json:"at,omitzero"`
}

func bookOf(d brokerage.Depth) Book {
	return Book{
		Instrument: d.Instrument, Seq: d.Seq, Bids: levelsOf(d.Bids), Asks: levelsOf(d.Asks),
		LastMC: int64(d.Last), Halted: d.Halted, At: d.At,
	}
}

func levelsOf(in []book.Level) []Level {
	out := make([]Level, len(in))
	for i, l := range in {
		out[i] = Level{PriceMC: int64(l.Price), Units: l.Units, Orders: l.Orders}
	}
	return out
}

// Fill is a trade without its parties.
type Fill struct {
	Trade   hashyard.ID `json:"trade"`
	At      time.Time   `json:"at"`
	PriceMC int64       `json:"price_mc"`
	Units   int64       `json:"units"`
	Taker   string      `json:"taker" enum:"bid,ask"`
}

func fillOf(l brokerage.TapeLine) Fill {
	return Fill{Trade: l.Trade, At: l.At, PriceMC: int64(l.Price), Units: l.Units, Taker: l.Taker.String()}
}

// Candle is the trades of one step of time.
type Candle struct {
	At      time.Time `json:"at" doc:"Start of the step."`
	OpenMC  int64     `json:"open_mc"`
	HighMC  int64     `json:"high_mc"`
	LowMC   int64     `json:"low_mc"`
	CloseMC int64     `json:"close_mc"`
	Units   int64     `json:"units"`
}

func candleOf(c brokerage.Candle) Candle {
	return Candle{At: c.At, OpenMC: int64(c.Open), HighMC: int64(c.High), LowMC: int64(c.Low), CloseMC: int64(c.Close), Units: c.Units}
}

// Order is one of your orders.
type Order struct {
	ID         hashyard.ID     `json:"id"`
	Instrument hashyard.ID     `json:"instrument"`
	Side       string          `json:"side" enum:"bid,ask"`
	PriceMC    int64           `json:"price_mc"`
	Units      int64           `json:"units"`
	Filled     int64           `json:"filled"`
	UnitIDs    []hashyard.ID   `json:"unit_ids" nullable:"false" doc:"Of an ask, in the order they are sold."`
	Condition  json.RawMessage `json:"condition,omitempty" doc:"Of an ask: the telemetry of each machine when it was listed, by unit id."`
	TIF        string          `json:"tif" enum:"gtc,ioc,gtd,fok"`
	Type       string          `json:"type" enum:"limit,market"`
	ExpiresAt  time.Time       `json:"expires_at,omitzero"`
	PostOnly   bool            `json:"post_only,omitempty"`
	AON        bool            `json:"aon,omitempty"`
	MinUnits   int64           `json:"min_units,omitempty"`
	Lot        int64           `json:"lot,omitempty"`
	STP        string          `json:"stp" enum:"cancel-newest,cancel-oldest,cancel-both"`
	State      string          `json:"state" enum:"placing,open,filled,cancelled,rejected"`
	Reason     string          `json:"reason,omitempty"`
	Seq        int64           `json:"seq,omitempty" doc:"Of the book when the order came to rest."`
	At         time.Time       `json:"at"`
	ChangedAt  time.Time       `json:"changed_at"`
}

func orderOf(o brokerage.Order) Order {
	us := o.UnitIDs
	if us == nil {
		us = []hashyard.ID{}
	}
	return Order{
		ID: o.ID, Instrument: o.Instrument, Side: o.Side.String(), PriceMC: int64(o.Price), Units: o.Units, Filled: o.Filled,
		UnitIDs: us, Condition: o.Condition, TIF: o.TIF.String(), Type: o.Type.String(), STP: o.STP.String(),
		ExpiresAt: o.Expires, PostOnly: o.PostOnly, AON: o.AON, MinUnits: o.Min, Lot: o.Lot, State: string(o.State), Reason: o.Reason, Seq: o.Seq,
		At: o.CreatedAt, ChangedAt: o.ChangedAt,
	}
}

// ths is a hashrate in TH/s.
func ths(h hashyard.Hashrate) float64 { return float64(h / hashyard.TH) }
