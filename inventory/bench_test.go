package inventory

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hashyard"
)

func TestSSCC(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		prefix string
		number int64
		pallet int
		want   string
	}{
		{"7613245", 9, 31, "376132450000009317"},
		{"0400000", 931, 1, "304000000000931017"},
		{"0400000", 1, 99, "304000000000001994"},
		{"040000000000", 99, 99, "304000000000099994"},
	} {
		got, err := SSCC(c.prefix, c.number, c.pallet)
		if err != nil {
			t.Errorf("%+v: %v", c, err)
			continue
		}
		if len(got) != 18 || got[:17] != c.want[:17] || sum(got)%10 != 0 {
			t.Errorf("%+v: %s, weighted sum %d", c, got, sum(got))
		}
	}
	// The example of the GS1 General Specifications, section 7.9.
	if got := gs1Check("37610425002123456"); got != '9' {
		t.Errorf("check digit of 37610425002123456 is %c, want 9", got)
	}
	for _, c := range []struct {
		prefix string
		number int64
		pallet int
	}{{"12", 1, 1}, {"12a4567", 1, 1}, {"0400000", 0, 1}, {"0400000", 1, 0}, {"0400000", 1, 100}, {"040000000000", 100, 1}, {"", 1, 1}} {
		if got, err := SSCC(c.prefix, c.number, c.pallet); err == nil {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

// sum weighs a whole code with its check digit: a sound one is a multiple of ten.
func sum(code string) (n int) {
	for i, c := range code {
		n += int(c-'0') * (1 + 2*((len(code)-i)%2^1))
	}
	return n
}

func TestLookAlikesAreNamed(t *testing.T) {
	t.Parallel()
	for in, says := range map[string]string{
		"SМTT0001":    "looks like M", // Cyrillic
		"SMTΤ0001":    "looks like T", // Greek
		"SMTT–001":    "looks like -", // en dash
		"SMTT٠001":    "looks like 0",
		"SMTT\u200b1": "only A-Z",
	} {
		if _, err := NormalSerial(in); !errors.Is(err, hashyard.Invalid) || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q", in, err, says)
		}
	}
	if got, err := NormalSerial("ｓｍｔｔ０００１ "); err != nil || got != "SMTT0001" {
		t.Errorf("full-width letters: %q %v", got, err)
	}
}

// benchWorld is one shipment whose serials are scanned in any order, right and
// wrong, twice and back; the machines follow it by the same rules as the store's.
type benchWorld struct {
	ship    Shipment
	units   map[hashyard.ID]Unit
	custody map[hashyard.ID][]Custody
	serials []string
	moved   []hashyard.EventKind
	now     time.Time
}

// TestCustodyIsConservedUnderAnyScanOrder also holds that no order of scans
// delivers a shipment with a machine missing, which is what keeps the held
// payout from being released.
func TestCustodyIsConservedUnderAnyScanOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newBenchWorld(rapid.IntRange(1, 9).Draw(t, "units"), rapid.IntRange(1, 4).Draw(t, "box"))
		t.Repeat(map[string]func(*rapid.T){
			"scan":     w.scan,
			"undo":     w.undo,
			"dispatch": w.dispatch,
			"arrive":   w.arrive,
			"except":   func(*rapid.T) { w.step(w.ship.except("short")) },
			"":         w.check,
		})
	})
}

func newBenchWorld(n, box int) *benchWorld {
	w := &benchWorld{units: map[hashyard.ID]Unit{}, custody: map[hashyard.ID][]Custody{}, now: time.Unix(1_800_000_000, 0)}
	seller, buyer, trade := hashyard.NewID(), hashyard.NewID(), hashyard.NewID()
	var units []Unit
	for i := range n {
		u, c := register(seller, hashyard.ID{}, Identity{Serial: fmt.Sprintf("SMTT%04d", i)}, nil, w.now)
		u.State, u.Order, u.Trade, u.Destined = UnitSold, hashyard.NewID(), trade, buyer
		w.units[u.ID], w.custody[u.ID] = u, []Custody{c}
		w.serials, units = append(w.serials, u.Serial), append(units, u)
	}
	w.serials = append(w.serials, "STRAY-1", "STRAY-2")
	w.ship = NewShipment(trade, seller, buyer, units, w.now)
	w.ship.BoxSize, w.ship.Number = box, 1
	return w
}

func (w *benchWorld) step(s Shipment, err error) {
	if err == nil {
		w.ship = s
	}
}

func (w *benchWorld) scan(t *rapid.T) {
	kind := rapid.SampledFrom([]ScanKind{ScanPack, ScanReceive, ScanReturn}).Draw(t, "kind")
	serial := rapid.SampledFrom(w.serials).Draw(t, "serial")
	w.now = w.now.Add(time.Second)
	was := w.ship
	out, rec, err := was.scan(kind, serial, hashyard.ID{}, w.now)
	if err != nil {
		return
	}
	if strings.HasPrefix(serial, "STRAY") != (rec.Outcome == ScanWrong) {
		t.Fatalf("%s is %s", serial, rec.Outcome)
	}
	if rec.Outcome != ScanCounted {
		if out.Progress(kind) != was.Progress(kind) || out.State != was.State {
			t.Fatalf("a %s scan counted", rec.Outcome)
		}
		return
	}
	wr, err := out.scanned(Write{}, was, rec, w.units[rec.Unit])
	if err != nil {
		t.Fatalf("the shipment took %s, the unit did not: %v", serial, err)
	}
	w.ship = out
	w.apply(wr)
	// Doing it again changes nothing.
	if again, twice, err := out.scan(kind, serial, hashyard.ID{}, w.now); err != nil || twice.Outcome != ScanRepeated || again.Progress(kind) != out.Progress(kind) {
		t.Fatalf("the same scan again: %s %v", twice.Outcome, err)
	}
}

func (w *benchWorld) apply(wr Write) {
	for _, u := range wr.Units {
		w.units[u.ID] = u
	}
	for _, c := range wr.Custody {
		w.custody[c.Unit] = append(w.custody[c.Unit], c)
	}
	for _, e := range wr.Events {
		w.moved = append(w.moved, e.Kind)
	}
}

func (w *benchWorld) undo(t *rapid.T) {
	serial := rapid.SampledFrom(w.serials).Draw(t, "serial")
	out, rec, err := w.ship.undo(serial, hashyard.ID{}, w.now)
	if err != nil || rec.Outcome != ScanUndone {
		return
	}
	u, err := w.units[rec.Unit].apply(unitUnpack)
	if err != nil {
		t.Fatalf("the shipment let go of %s, the unit did not: %v", serial, err)
	}
	w.ship, w.units[rec.Unit] = out, u
}

func (w *benchWorld) dispatch(t *rapid.T) {
	out, err := w.ship.dispatch("carrier", "1Z", w.now)
	if err != nil {
		return
	}
	if out.Progress(ScanPack).Remaining() != 0 {
		t.Fatalf("left with %d machines missing", out.Progress(ScanPack).Remaining())
	}
	w.ship = out
	for id, u := range w.units {
		u, err := u.apply(unitDispatch)
		if err != nil {
			t.Fatal(err)
		}
		u, c := u.hand(Holder{Carrier: "carrier"}, w.now, "handed over", out.ID, hashyard.ID{})
		w.units[id], w.custody[id] = u, append(w.custody[id], c)
	}
}

func (w *benchWorld) arrive(t *rapid.T) {
	out, err := w.ship.arrive(w.now)
	if err != nil {
		return
	}
	w.ship = out
	for id, u := range w.units {
		if u.State != UnitInTransit {
			continue
		}
		if w.units[id], err = u.apply(unitArrive); err != nil {
			t.Fatal(err)
		}
	}
}

func (w *benchWorld) check(t *rapid.T) {
	inBoxes := 0
	for _, l := range w.ship.Lines {
		u := w.units[l.Unit]
		if err := CheckChain(u, w.custody[u.ID]); err != nil {
			t.Fatal(err)
		}
		if (l.Box > 0) != !l.PackedAt.IsZero() {
			t.Fatalf("%s is in box %d, packed %s", l.Serial, l.Box, l.PackedAt)
		}
		if l.Box > 0 {
			inBoxes++
			if n := w.ship.InBox(l.Box); n > w.ship.BoxSize {
				t.Fatalf("box %d holds %d of %d", l.Box, n, w.ship.BoxSize)
			}
		}
		if !l.ReceivedAt.IsZero() != (u.Custodian == w.ship.Buyer) {
			t.Fatalf("%s: received %s, with %v", l.Serial, l.ReceivedAt, u.Holder())
		}
	}
	if inBoxes != w.ship.Progress(ScanPack).Scanned {
		t.Fatalf("%d in boxes, %d packed", inBoxes, w.ship.Progress(ScanPack).Scanned)
	}
	delivered := 0
	for _, k := range w.moved {
		if k == hashyard.EvUnitsDelivered {
			delivered++
		}
	}
	whole := w.ship.Progress(ScanReceive).Remaining() == 0
	if delivered > 1 || (delivered == 1) != whole {
		t.Fatalf("told delivered %d times with %d missing", delivered, w.ship.Progress(ScanReceive).Remaining())
	}
}
