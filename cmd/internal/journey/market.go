package journey

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"hashyard"
)

// found: the seller's agent finds the machines and reads who they are.
func (p *play) found(ctx context.Context) (string, error) {
	began := time.Now()
	var said string
	for _, m := range []*machine{p.good, p.weak} {
		var mv minerView
		var own float64
		err := until(ctx, p.cfg.Wait, func() error {
			var err error
			if mv, err = p.seen(ctx, "seller.operator", m); err != nil {
				return err
			}
			if mv.Reading == nil || mv.Reading.ReportedTHs == nil {
				return notYet("no reading of serial %s", m.Serial)
			}
			if own, err = readSummary(ctx, m); err != nil {
				return err
			}
			// The last reading may be of the machine's first seconds.
			if got := *mv.Reading.ReportedTHs; own == 0 || got < 0.9*own || got > 1.1*own {
				return notYet("%s: hashyard shows %.1f TH/s, the machine's own API %.1f", m.Serial, got, own)
			}
			return nil
		})
		if err != nil {
			return "", err
		}
		if !strings.EqualFold(mv.MAC, m.MAC) || mv.Address != m.Address || !slices.Equal(mv.boardSerials(), m.Boards) {
			return "", fmt.Errorf("read MAC %s, address %s, boards %v; the machine has %s, %s, %v", mv.MAC, mv.Address, mv.boardSerials(), m.MAC, m.Address, m.Boards)
		}
		m.unit = mv.UnitID
		if m == p.good {
			said = fmt.Sprintf("%s · %s · boards %s · %.1f TH/s reported (own API %.1f)", m.Serial, m.MAC, strings.Join(m.Boards, ", "), *mv.Reading.ReportedTHs, own)
		}
	}
	var u unitView
	if err := p.as["seller.trader"].get(ctx, "/api/v1/units/"+p.good.unit.String(), &u); err != nil {
		return "", err
	}
	if u.Serial != p.good.Serial || u.Owner.ID != p.seller.ID {
		return "", fmt.Errorf("unit %s is %s of %s", p.good.unit, u.Serial, u.Owner.Name)
	}
	return fmt.Sprintf("%s · seen and read after %.1f s", said, time.Since(began).Seconds()), nil
}

// seen is a look at a machine as an agent sees it.
func (p *play) seen(ctx context.Context, role string, m *machine) (minerView, error) {
	var page list[minerView]
	if err := p.as[role].get(ctx, "/api/v1/miners?q="+m.Serial, &page); err != nil {
		return minerView{}, err
	}
	i := slices.IndexFunc(page.Items, func(v minerView) bool { return v.Serial == m.Serial && !v.UnitID.IsZero() })
	if i < 0 {
		return minerView{}, notYet("the agent has not found serial %s", m.Serial)
	}
	return page.Items[i], nil
}

// tick is the step of prices, and over how much more the buyer bids than the
// sellers ask.
const (
	tick       = hashyard.MilliCentsPerTH(1_000)
	over       = 8 * tick
	firstPrice = hashyard.MilliCentsPerTH(1_142_000)
)

// choosePrice finds a price at which our asks rest and are the best: $11.42 a
// TH in an empty book.
func (p *play) choosePrice(ctx context.Context) error {
	b, err := p.book(ctx)
	if err != nil {
		return err
	}
	p.price = firstPrice
	if len(b.Bids) > 0 && b.Bids[0].Price >= p.price {
		p.price = b.Bids[0].Price + tick
	}
	if len(b.Asks) > 0 && b.Asks[0].Price <= p.price {
		p.price = b.Asks[0].Price - tick
	}
	if p.price <= 0 || len(b.Bids) > 0 && b.Bids[0].Price >= p.price {
		return hashyard.Conflict.Errorf("the book leaves no price between its bid %v and its ask %v", b.Bids[0].Price, b.Asks[0].Price)
	}
	return nil
}

func (p *play) book(ctx context.Context) (bookView, error) {
	var b bookView
	err := p.as["buyer.trader"].get(ctx, "/api/v1/instruments/"+p.instrument.String()+"/book", &b)
	return b, err
}

// listed: both machines rest as asks backed by their serials.
func (p *play) listed(ctx context.Context) (string, error) {
	if err := p.findInstrument(ctx); err != nil {
		return "", err
	}
	if err := p.choosePrice(ctx); err != nil {
		return "", err
	}
	trader := p.as["seller.trader"]
	for _, m := range []*machine{p.good, p.weak} {
		var o orderView
		in := map[string]any{"instrument": p.instrument, "side": "ask", "price_mc": p.price, "unit_ids": []hashyard.ID{m.unit}, "tif": "gtc"}
		if err := trader.post(ctx, "/api/v1/orders", in, &o); err != nil {
			return "", err
		}
		if o.State != openOrder {
			return "", fmt.Errorf("ask of %s is %s, not resting: %s", m.Serial, o.State, o.Reason)
		}
		m.order = o.ID
		if err := trader.post(ctx, "/api/v1/orders", in, nil); !refused(err, 409) {
			return "", wanted(err, "serial %s could be listed twice", m.Serial)
		}
	}
	b, err := p.book(ctx)
	if err != nil {
		return "", err
	}
	if len(b.Asks) == 0 || b.Asks[0].Price != p.price || b.Asks[0].Units != 2 {
		return "", fmt.Errorf("the book's best ask is not our two units at %v: %+v", p.price, b.Asks)
	}
	var u unitView
	if err := trader.get(ctx, "/api/v1/units/"+p.good.unit.String(), &u); err != nil {
		return "", err
	}
	if u.State != "listed" {
		return "", fmt.Errorf("serial %s is %s, not listed", u.Serial, u.State)
	}
	ths, err := p.condition(ctx)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("two asks rest at $%s /TH · condition of %s: %.1f TH/s, %d boards · a second listing refused", p.price, u.Serial, ths, len(p.good.Boards)), nil
}

func (p *play) findInstrument(ctx context.Context) error {
	var page list[instrumentView]
	if err := p.as["seller.trader"].get(ctx, "/api/v1/instruments", &page); err != nil {
		return err
	}
	for _, i := range page.Items {
		if i.Model == p.good.Model {
			p.instrument = i.ID
			return nil
		}
	}
	return hashyard.NotFound.Errorf("no instrument for %q among %d", p.good.Model, len(page.Items))
}

// condition reads the snapshot that the listing of the good machine carries,
// from its life line.
func (p *play) condition(ctx context.Context) (float64, error) {
	var ths float64
	err := until(ctx, p.cfg.Wait, func() error {
		ev, err := p.event(ctx, "seller.trader", p.good.unit, hashyard.EvOrderPlaced)
		if err != nil {
			return err
		}
		var placed hashyard.OrderPlaced
		if err := json.Unmarshal(ev.Payload, &placed); err != nil {
			return err
		}
		var byUnit map[hashyard.ID]struct {
			Serial      string  `json:"serial"`
			ReportedTHs float64 `json:"reported_ths"`
		}
		if err := json.Unmarshal(placed.Condition, &byUnit); err != nil {
			return fmt.Errorf("condition snapshot %.200q: %w", placed.Condition, err)
		}
		c := byUnit[p.good.unit]
		for _, b := range p.good.Boards {
			if c.Serial != p.good.Serial || !strings.Contains(string(placed.Condition), b) {
				return fmt.Errorf("the condition snapshot does not name %s with board %s: %.300s", p.good.Serial, b, placed.Condition)
			}
		}
		if c.ReportedTHs <= 0 {
			return fmt.Errorf("the condition snapshot has no hashrate: %.300s", placed.Condition)
		}
		ths = c.ReportedTHs
		return nil
	})
	return ths, err
}

// event finds the newest event of a kind on a machine's life line.
func (p *play) event(ctx context.Context, role string, unit hashyard.ID, kind hashyard.EventKind) (eventView, error) {
	var page list[eventView]
	if err := p.as[role].get(ctx, "/api/v1/units/"+unit.String()+"/events?limit=500", &page); err != nil {
		return eventView{}, err
	}
	for _, e := range slices.Backward(page.Items) {
		if e.Kind == kind {
			return e, nil
		}
	}
	return eventView{}, notYet("no %s on the life line", kind)
}

// matched: the bid crosses both asks, first come first served, at their price.
func (p *play) matched(ctx context.Context) (string, error) {
	var bid orderView
	in := map[string]any{"instrument": p.instrument, "side": "bid", "price_mc": p.price + over, "units": 2, "tif": "gtc"}
	if err := p.as["buyer.trader"].post(ctx, "/api/v1/orders", in, &bid); err != nil {
		return "", err
	}
	var trades []tradeView
	for _, m := range []*machine{p.good, p.weak} {
		t, err := p.tradeOf(ctx, bid.ID, m)
		if err != nil {
			return "", err
		}
		if t.Price != p.price {
			return "", fmt.Errorf("%s was sold at $%s /TH; the maker asked $%s", m.Serial, t.Price, p.price)
		}
		if t.AskOrder != m.order {
			return "", fmt.Errorf("trade %s of %s names another ask", t.Number, m.Serial)
		}
		want, err := p.price.Invoice(t.soldGHs())
		if err != nil {
			return "", err
		}
		if t.Amount != want {
			return "", fmt.Errorf("%v at $%s /TH come to $%s, not $%s", t.soldGHs(), p.price, want, t.Amount)
		}
		m.trade, m.held = t.ID, t.Amount
		trades = append(trades, t)
	}
	if trades[0].number() >= trades[1].number() {
		return "", fmt.Errorf("the ask that came first was filled second: trades %s and %s", trades[0].Number, trades[1].Number)
	}
	return fmt.Sprintf("2 units bid at $%s, bought at the makers' $%s /TH · %s of %v, $%s", p.price+over, p.price, trades[0].Number, trades[0].soldGHs(), p.good.held), nil
}

// tradeOf finds the trade that the bid made on a machine.
func (p *play) tradeOf(ctx context.Context, bid hashyard.ID, m *machine) (tradeView, error) {
	var found tradeView
	err := until(ctx, p.cfg.Wait, func() error {
		var page list[tradeView]
		if err := p.as["buyer.trader"].get(ctx, "/api/v1/trades?limit=500", &page); err != nil {
			return err
		}
		for _, t := range page.Items {
			if t.BidOrder == bid && slices.Contains(t.Units, m.unit) {
				found = t
				return nil
			}
		}
		return notYet("no trade of %s", m.Serial)
	})
	return found, err
}

func (p *play) trade(ctx context.Context, role string, id hashyard.ID) (tradeView, error) {
	var t tradeView
	err := p.as[role].get(ctx, "/api/v1/trades/"+id.String(), &t)
	return t, err
}
