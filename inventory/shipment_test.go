package inventory

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hashyard"
)

// TestScansInAnyOrder scans random serials, right, wrong and repeated: each
// expected unit counts once, and the shipment closes exactly with the last.
func TestScansInAnyOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 6).Draw(t, "units")
		var units []Unit
		for i := range n {
			units = append(units, Unit{ID: hashyard.NewID(), Serial: "SERIAL" + string(rune('A'+i))})
		}
		now := time.Unix(1_800_000_000, 0)
		s := NewShipment(hashyard.NewID(), hashyard.NewID(), hashyard.NewID(), units, now)
		counted := map[string]bool{}
		for _, serial := range rapid.SliceOfN(rapid.SampledFrom([]string{
			"SERIALA", "SERIALB", "SERIALC", "SERIALD", "SERIALE", "SERIALF", "STRANGER",
		}), 0, 40).Draw(t, "scans") {
			was := s
			var rec Scan
			var err error
			s, rec, err = s.scan(ScanPack, serial, hashyard.ID{}, now)
			if err != nil {
				t.Fatalf("scan %s in %s: %v", serial, was.State, err)
			}
			expected := serial != "STRANGER" && int(serial[6]-'A') < n
			switch {
			case !expected && rec.Outcome != ScanWrong,
				expected && counted[serial] && rec.Outcome != ScanRepeated,
				expected && !counted[serial] && rec.Outcome != ScanCounted:
				t.Fatalf("scan %s: outcome %s", serial, rec.Outcome)
			}
			if rec.Outcome != ScanCounted && s.Version == was.Version && s.State != was.State {
				t.Fatalf("scan %s changed the state from %s to %s", serial, was.State, s.State)
			}
			if expected {
				counted[serial] = true
			}
			if p := s.Progress(ScanPack); p.Scanned != len(counted) || (p.Remaining() == 0) != (s.State == ShipmentPacked) {
				t.Fatalf("%d of %d scanned in state %s, want %d", p.Scanned, p.Expected, s.State, len(counted))
			}
		}
	})
}

func TestReceivingNeedsArrival(t *testing.T) {
	t.Parallel()
	u := Unit{ID: hashyard.NewID(), Serial: "SERIALA"}
	s := NewShipment(hashyard.NewID(), hashyard.NewID(), hashyard.NewID(), []Unit{u}, time.Now())
	s, _, err := s.scan(ScanPack, u.Serial, hashyard.ID{}, time.Now())
	if err != nil || s.State != ShipmentPacked {
		t.Fatalf("packed: %s, %v", s.State, err)
	}
	if _, _, err := s.scan(ScanReceive, u.Serial, hashyard.ID{}, time.Now()); !errors.Is(err, hashyard.Conflict) {
		t.Fatalf("received before it was sent: %v", err)
	}
	for _, bad := range [][2]string{{"", "1"}, {"  ", "1"}, {"DHL", ""}} {
		if _, err := s.dispatch(bad[0], bad[1], time.Now()); !errors.Is(err, hashyard.Invalid) {
			t.Errorf("dispatch %q: %v", bad, err)
		}
	}
	if err := s.mayMove(hashyard.NewID(), s.Seller, "pack"); !errors.Is(err, hashyard.NotFound) {
		t.Errorf("a stranger: %v", err)
	}
	if err := s.mayMove(s.Buyer, s.Seller, "pack"); !errors.Is(err, hashyard.Denied) {
		t.Errorf("the buyer packs: %v", err)
	}
}

// TestHeldOnTheWay: what customs hold has not arrived, so nobody receives it
// before the arrival is recorded.
func TestHeldOnTheWay(t *testing.T) {
	t.Parallel()
	w := newBenchWorld(1, 1)
	u := w.serials[0]
	s, _, err := w.ship.scan(ScanPack, u, hashyard.ID{}, w.now)
	if err == nil {
		s, err = s.dispatch("UPS", "1Z", w.now)
	}
	if err == nil {
		s, err = s.except("customs")
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.scan(ScanReceive, u, hashyard.ID{}, w.now); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("received before it arrived: %v", err)
	}
	if s, err = s.arrive(w.now); err == nil {
		s, err = s.except("a torn box")
	}
	if err != nil {
		t.Fatal(err)
	}
	if s, _, err = s.scan(ScanReceive, u, hashyard.ID{}, w.now); err != nil || s.State != ShipmentReceived {
		t.Errorf("%s: %v", s.State, err)
	}
}
