package brokerage

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hashyard"
	"hashyard/brokerage/book"
)

// matrix is every state × every step: where it leads, "-" where it is
// refused. Columns are in the order of Steps.
const matrix = `
           fund       lapse      ship       deliver    start      prove      refute     release    refund     dispute
matched    funded     cancelled  -          -          -          -          -          -          -          -
funded     funded     funded     shipped    delivered  -          -          -          -          -          disputed
shipped    shipped    shipped    shipped    delivered  -          -          -          -          -          disputed
delivered  delivered  delivered  delivered  delivered  proving    -          -          -          -          disputed
proving    proving    proving    proving    proving    proving    proven     refuted    -          -          disputed
proven     proven     proven     proven     proven     proven     proven     -          released   -          -
released   released   released   released   released   released   released   -          released   -          -
refuted    refuted    refuted    refuted    refuted    refuted    -          refuted    released   cancelled  disputed
disputed   disputed   disputed   disputed   disputed   -          -          -          released   cancelled  disputed
cancelled  -          cancelled  -          -          -          -          -          -          cancelled  -
`

func TestTradeStatesAllPairs(t *testing.T) {
	t.Parallel()
	lines := strings.Split(strings.TrimSpace(matrix), "\n")[1:]
	if len(lines) != len(TradeStates()) {
		t.Fatalf("%d rows for %d states", len(lines), len(TradeStates()))
	}
	for i, line := range lines {
		cells := strings.Fields(line)
		from := TradeState(cells[0])
		if from != TradeStates()[i] || len(cells) != len(Steps())+1 {
			t.Fatalf("row %q", line)
		}
		for j, step := range Steps() {
			got, err := from.After(step)
			want := cells[j+1]
			if want == "-" {
				if !errors.Is(err, hashyard.Conflict) || got != from {
					t.Errorf("%s × %s: got %s, %v; want refused", from, step, got, err)
				}
				continue
			}
			if err != nil || string(got) != want {
				t.Errorf("%s × %s: got %s, %v; want %s", from, step, got, err, want)
			}
		}
	}
}

var house = hashyard.ID{15: 1}

func testInstrument() Instrument {
	return Instrument{
		ID: hashyard.ID{15: 2}, Name: "S19 100T EU", Model: "Antminer S19 100T", Region: "EU", Incoterm: "FCA",
		Currency: hashyard.USD, NominalGHs: 100_000,
	}
}

func testDossier(t interface{ Fatal(...any) }, units int) Dossier {
	var ids []hashyard.ID
	for range units {
		ids = append(ids, hashyard.NewID())
	}
	bid := Order{ID: hashyard.NewID(), Org: hashyard.ID{15: 3}}
	ask := Order{ID: hashyard.NewID(), Org: hashyard.ID{15: 4}}
	d, err := NewTrade(testInstrument(), bid, ask, book.Ask, 1_142_000, ids, DefaultTerms(), time.Date(2026, 11, 25, 1, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	d.Trade.Number = 1
	return d
}

func TestNewTradeAmounts(t *testing.T) {
	t.Parallel()
	d := testDossier(t, 1)
	// $11.42 per TH × 100 TH = $1,142.00; 1.5 % of it is $17.13.
	if d.Trade.Amount != 114_200 || d.Trade.Commission != 1_713 {
		t.Errorf("amount %s, commission %s", d.Trade.Amount, d.Trade.Commission)
	}
	evs, err := d.MatchedEvents()
	if err != nil || len(evs) != 2 || evs[0].Kind != hashyard.EvTradeMatched || evs[1].Kind != EvPaymentDue {
		t.Fatalf("%+v %v", evs, err)
	}
	if !evs[1].NotBefore.Equal(d.Trade.MatchedAt.Add(48 * time.Hour)) {
		t.Errorf("payment due %s", evs[1].NotBefore)
	}
}

// TestMoneyOfEveryPath walks random steps, events late, early and repeated,
// and holds after each: entries are sound, what is held is received less
// what left, and money leaves at most once.
func TestMoneyOfEveryPath(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := testDossier(t, rapid.IntRange(1, 3).Draw(t, "units"))
		now, left := d.Trade.MatchedAt, 0
		balance := map[string]int64{}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(24*time.Hour)).Draw(t, "pass")))
			c, err := drawStep(t, d, now)
			if err != nil {
				if _, known := hashyard.KindOf(err); !known {
					t.Fatalf("error without a kind: %v", err)
				}
				continue
			}
			if c == nil {
				continue
			}
			for _, e := range c.Entries {
				if err := e.Check(); err != nil {
					t.Fatal(err)
				}
				for _, p := range e.Postings {
					balance[string(p.Purpose)] += p.Amount
				}
			}
			if c.Dossier.Settlement != nil && c.Dossier.Settlement.Done() && (d.Settlement == nil || !d.Settlement.Done()) {
				left++
			}
			d = c.Dossier
			holdMoney(t, d, balance, left)
		}
	})
}

func holdMoney(t *rapid.T, d Dossier, balance map[string]int64, left int) {
	tr := d.Trade
	switch {
	case tr.Held() < 0 || left > 1:
		t.Fatalf("held %d, settled %d times", tr.Held(), left)
	case balance["held"] != -int64(tr.Held()):
		t.Fatalf("ledger holds %d, trade %d", -balance["held"], tr.Held())
	case balance["commission"] != -int64(tr.Kept):
		t.Fatalf("ledger commission %d, trade %d", -balance["commission"], tr.Kept)
	case balance["stripe_balance"] != int64(tr.Received-tr.Paid-tr.Refunded):
		t.Fatalf("ledger has %d at the rail, trade %d", balance["stripe_balance"], tr.Received-tr.Paid-tr.Refunded)
	case tr.State == Released && (tr.Held() != 0 || tr.Paid+tr.Kept != tr.Amount):
		t.Fatalf("released with %d held", tr.Held())
	case tr.State == Released && tr.Received == 0:
		t.Fatal("released without money")
	}
}

func drawStep(t *rapid.T, d Dossier, now time.Time) (*Change, error) {
	unit := rapid.IntRange(0, len(d.Units)-1).Draw(t, "unit")
	switch rapid.IntRange(0, 11).Draw(t, "step") {
	case 0:
		return d.Open(now)
	case 1:
		status := rapid.SampledFrom([]PaymentStatus{PaymentOpen, PaymentSucceeded, PaymentCanceled}).Draw(t, "status")
		p := RailPayment{ID: "pi_1", Trade: d.Trade.ID, Status: status, Amount: d.Trade.Amount, Received: d.Trade.Amount / 2}
		return d.Pay(p, house, now)
	case 2:
		return d.Lapse(now)
	case 3:
		return d.Move(StepShip, DefaultTerms(), now)
	case 4:
		return d.Move(StepDeliver, DefaultTerms(), now)
	case 5:
		return d.StartProof(d.Units[unit].Unit, now)
	case 6, 7:
		rate := rapid.SampledFrom([]float64{0.7, 1, 1.1}).Draw(t, "rate")
		start := d.Units[unit].Proof.StartedAt
		return d.Measure(measureOf(d, unit, 3000, 3000/rate, start), DefaultTerms(), now)
	case 8:
		return d.Settled("tr_1", house, now)
	case 9:
		return d.Dispute("label torn", now)
	case 10:
		return d.Expire(now)
	default:
		return d.Resolve(rapid.SampledFrom([]SettlementKind{PaySeller, RefundBuyer, "keep"}).Draw(t, "outcome"), "seen", now)
	}
}

func TestLateMoneyGoesBack(t *testing.T) {
	t.Parallel()
	d := testDossier(t, 1)
	c, err := d.Open(d.Trade.MatchedAt)
	if err != nil {
		t.Fatal(err)
	}
	if c2, err := c.Dossier.Lapse(d.Trade.PaymentDue.Add(-time.Second)); c2 != nil || err != nil {
		t.Fatalf("lapsed early: %+v %v", c2, err)
	}
	c, err = c.Dossier.Lapse(d.Trade.PaymentDue)
	if err != nil || c.Dossier.Trade.State != Cancelled || c.Events[0].Kind != EvTradeCancelled {
		t.Fatalf("lapse: %+v %v", c, err)
	}
	now := d.Trade.PaymentDue.Add(time.Hour)
	c, err = c.Dossier.Pay(RailPayment{ID: "pi_1", Trade: d.Trade.ID, Status: PaymentSucceeded, Amount: d.Trade.Amount, Received: d.Trade.Amount}, house, now)
	if err != nil || c.Dossier.Settlement == nil || c.Dossier.Settlement.Kind != RefundBuyer || c.Dossier.Trade.Held() != d.Trade.Amount {
		t.Fatalf("late money: %+v %v", c, err)
	}
	c, err = c.Dossier.Settled("re_1", house, now)
	if err != nil || c.Dossier.Trade.Held() != 0 || c.Dossier.Trade.State != Cancelled || len(c.Entries) != 1 {
		t.Fatalf("refund: %+v %v", c, err)
	}
}

func TestPaymentReportsInAnyOrder(t *testing.T) {
	t.Parallel()
	d := testDossier(t, 1)
	c, err := d.Open(d.Trade.MatchedAt)
	if err != nil {
		t.Fatal(err)
	}
	report := func(s PaymentStatus, got hashyard.Cents) RailPayment {
		return RailPayment{ID: "pi_1", Trade: d.Trade.ID, Status: s, Amount: d.Trade.Amount, Received: got}
	}
	c, err = c.Dossier.Pay(report(PaymentOpen, 500), house, d.Trade.MatchedAt)
	if err != nil || c.Dossier.Payment.Received != 500 || c.Dossier.Trade.State != Matched || len(c.Entries) != 0 {
		t.Fatalf("part of the money: %+v %v", c, err)
	}
	c, err = c.Dossier.Pay(report(PaymentOpen, 0), house, d.Trade.MatchedAt)
	if err != nil || c.Dossier.Payment.Received != 500 {
		t.Fatalf("an older report shrinks it: %+v %v", c, err)
	}
	c, err = c.Dossier.Pay(report(PaymentSucceeded, d.Trade.Amount), house, d.Trade.MatchedAt)
	if err != nil || c.Dossier.Trade.State != Funded || len(c.Entries) != 1 {
		t.Fatalf("all the money: %+v %v", c, err)
	}
	if again, err := c.Dossier.Pay(report(PaymentSucceeded, d.Trade.Amount), house, d.Trade.MatchedAt); again != nil || err != nil {
		t.Fatalf("twice: %+v %v", again, err)
	}
	other := report(PaymentSucceeded, d.Trade.Amount)
	other.ID = "pi_2"
	if _, err := c.Dossier.Pay(other, house, d.Trade.MatchedAt); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("another payment: %v", err)
	}
	other.Trade = hashyard.NewID()
	if c2, err := c.Dossier.Pay(other, house, d.Trade.MatchedAt); c2 != nil || err != nil {
		t.Errorf("a stranger's payment: %+v %v", c2, err)
	}
}

func TestOrderCheck(t *testing.T) {
	t.Parallel()
	unit := hashyard.NewID()
	ask := Order{Side: book.Ask, Price: 1_142_000, Units: 1, UnitIDs: []hashyard.ID{unit}}
	bid := Order{Side: book.Bid, Price: 1_142_000, Units: 3}
	tests := []struct {
		name string
		from Order
		edit func(*Order)
		want error
	}{
		{"an ask", ask, func(*Order) {}, nil},
		{"a bid", bid, func(*Order) {}, nil},
		{"no price", bid, func(o *Order) { o.Price = 0 }, hashyard.Invalid},
		{"negative price", bid, func(o *Order) { o.Price = -1000 }, hashyard.Invalid},
		{"off the tick", bid, func(o *Order) { o.Price++ }, hashyard.Invalid},
		{"no units", bid, func(o *Order) { o.Units = 0 }, hashyard.Invalid},
		{"too many units", bid, func(o *Order) { o.Units = 10_001 }, hashyard.Invalid},
		{"too much money", bid, func(o *Order) { o.Price, o.Units = 1_000_000_000, 10_000 }, hashyard.Invalid},
		{"price beyond 64 bits", bid, func(o *Order) { o.Price, o.Units = 9_223_372_036_854_775_000, 10_000 }, hashyard.Invalid},
		{"bid with unit ids", bid, func(o *Order) { o.UnitIDs = []hashyard.ID{unit} }, hashyard.Invalid},
		{"ask without unit ids", ask, func(o *Order) { o.UnitIDs = nil }, hashyard.Invalid},
		{"ask with another count", ask, func(o *Order) { o.Units = 2 }, hashyard.Invalid},
		{"the same unit twice", ask, func(o *Order) { o.Units, o.UnitIDs = 2, []hashyard.ID{unit, unit} }, hashyard.Invalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := tt.from
			tt.edit(&o)
			if err := o.Check(testInstrument(), DefaultTerms()); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestOrderStatesAllPairs(t *testing.T) {
	t.Parallel()
	all := []OrderState{OrderPlacing, OrderOpen, OrderFilled, OrderCancelled, OrderRejected}
	allowed := map[string]bool{
		"placing open": true, "placing filled": true, "placing cancelled": true, "placing rejected": true,
		"open open": true, "open filled": true, "open cancelled": true,
	}
	for _, from := range all {
		for _, to := range all {
			want := allowed[fmt.Sprintf("%s %s", from, to)]
			if _, err := (Order{State: from}).To(to, "", time.Time{}); (err == nil) != want {
				t.Errorf("%s → %s: %v, want allowed %v", from, to, err, want)
			}
		}
	}
}

func TestCheckUnits(t *testing.T) {
	t.Parallel()
	i := testInstrument()
	if err := i.CheckUnits([]ReservedUnit{{Model: i.Model, NominalGHs: 100_000}}); err != nil {
		t.Error(err)
	}
	if err := i.CheckUnits([]ReservedUnit{{Model: "Avalon A1366 100T"}}); !errors.Is(err, hashyard.Invalid) {
		t.Errorf("another model: %v", err)
	}
	if err := i.CheckUnits([]ReservedUnit{{Model: i.Model, NominalGHs: 90_000}}); !errors.Is(err, hashyard.Invalid) {
		t.Errorf("weaker: %v", err)
	}
}

// TestUnitMoney: the parts of a trade's units sum to the trade, for any
// amounts, and nothing is held of any unit once the trade is settled.
func TestUnitMoney(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := testDossier(t, rapid.IntRange(1, 7).Draw(t, "units"))
		tr := &d.Trade
		tr.Amount = hashyard.Cents(rapid.Int64Range(1, 1_000_000).Draw(t, "amount"))
		tr.Received = tr.Amount
		switch rapid.IntRange(0, 2).Draw(t, "end") {
		case 1:
			tr.Kept = hashyard.Cents(rapid.Int64Range(0, int64(tr.Amount)-1).Draw(t, "kept"))
			tr.Paid = tr.Amount - tr.Kept
		case 2:
			tr.Refunded = tr.Amount
		}
		var funded, held, paid hashyard.Cents
		for _, u := range d.Units {
			m, err := d.Money(u.Unit)
			if err != nil {
				t.Fatal(err)
			}
			var sum hashyard.Cents
			for _, v := range m.Moves {
				sum += v.Amount
				switch v.Kind {
				case MoveFunded:
					funded += v.Amount
				case MoveToSeller:
					paid -= v.Amount
				}
			}
			if sum != m.Held || m.Held < 0 || (tr.Held() == 0 && m.Held != 0) {
				t.Fatalf("moves %+v leave %d", m.Moves, m.Held)
			}
			held += m.Held
		}
		if funded != tr.Received || held != tr.Held() || paid != tr.Paid {
			t.Fatalf("parts: funded %d of %d, held %d of %d, paid %d of %d", funded, tr.Received, held, tr.Held(), paid, tr.Paid)
		}
	})
}
