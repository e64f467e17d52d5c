package postgres_test

import (
	"errors"
	"strings"
	"testing"

	"hashyard"
	"hashyard/brokerage"
	"hashyard/brokerage/book"
	"hashyard/brokerage/market"
)

// TestOrdersStayWithinOnePayment: at the rail's limit an order is taken, one
// unit more is refused with what to do about it.
func TestOrdersStayWithinOnePayment(t *testing.T) {
	t.Parallel()
	b := prepare(t)
	b.rail.most = 10 * 114_200
	b.svc = b.service(b.market)
	b.run(t)
	if got := b.svc.Terms().MaxNotional; got != b.rail.most {
		t.Errorf("limit $%s, want the rail's $%s", got, b.rail.most)
	}
	for side, n := range map[book.Side]brokerage.NewOrder{
		book.Ask: {UnitIDs: units(11)},
		book.Bid: {Units: 11},
	} {
		n.Instrument, n.Side, n.Price = b.s19.ID, side, 1_142_000
		_, err := b.svc.Place(t.Context(), b.seller, n)
		if !errors.Is(err, hashyard.Invalid) || !strings.Contains(err.Error(), "split the order") {
			t.Errorf("%s of 11 units: %v", side, err)
		}
	}
	d := b.matched(t, 10)
	if d, err := b.svc.Fund(t.Context(), b.buyer, d.Trade.ID); err != nil || d.Payment.RailID == "" {
		t.Errorf("a trade at the limit: %+v %v", d.Payment, err)
	}
}

// TestUnpayableTradeLapses: a trade from before the limit, which the rail
// refuses to carry, ends with its window and frees its machines.
func TestUnpayableTradeLapses(t *testing.T) {
	t.Parallel()
	b := prepare(t)
	b.rail.most = 1 << 50
	cfg := b.marketConfig(b.store)
	cfg.Terms.MaxNotional = 1 << 50
	b.market = market.New(cfg)
	b.svc = b.service(b.market)
	b.run(t)
	d := b.matched(t, 900)
	b.rail.most = 99_999_999
	for range 2 {
		if _, err := b.svc.Fund(t.Context(), b.buyer, d.Trade.ID); !errors.Is(err, hashyard.Invalid) {
			t.Fatalf("fund: %v", err)
		}
	}
	b.twice(t, b.svc.OnPaymentDue, b.onlyEvent(t, brokerage.EvPaymentDue))
	if d = b.trade(t, d.Trade.ID); d.Trade.State != brokerage.Cancelled || d.Payment == nil || d.Payment.RailID != "" {
		t.Fatalf("lapsed: %+v %+v", d.Trade, d.Payment)
	}
	b.twice(t, b.svc.OnTradeCancelled, b.onlyEvent(t, brokerage.EvTradeCancelled))
	if b.inventory.held() != 0 {
		t.Errorf("%d units still held", b.inventory.held())
	}
	b.sound(t)
}

// TestTermsAreTheMarkets: the service has no terms of its own that could
// differ from those its trades are made under.
func TestTermsAreTheMarkets(t *testing.T) {
	t.Parallel()
	b := prepare(t)
	cfg := b.marketConfig(b.store)
	cfg.Terms.CommissionPPM = 20_000
	b.market = market.New(cfg)
	b.svc = b.service(b.market)
	b.run(t)
	d := b.matched(t, 1)
	if got := b.svc.Terms().CommissionPPM; got != 20_000 || d.Trade.Commission != 2_284 {
		t.Errorf("commission %d ppm, trade's $%s", got, d.Trade.Commission)
	}
}
