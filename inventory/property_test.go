package inventory

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"hashyard"
)

// world is a yard of a few units that random commands act on; the rules alone
// must keep custody and reservations whole.
type world struct {
	units   []Unit
	custody [][]Custody
	orgs    []hashyard.ID
	holders map[int]hashyard.Ref // what the test believes holds unit i
	now     time.Time
}

func TestCustodyAndReservationsStayWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := &world{holders: map[int]hashyard.Ref{}, now: time.Unix(1_800_000_000, 0)}
		for range 3 {
			w.orgs = append(w.orgs, hashyard.NewID())
		}
		for i := range 4 {
			u, c := register(w.orgs[i%len(w.orgs)], hashyard.ID{}, Identity{Serial: "SERIAL" + string(rune('A'+i))}, nil, w.now)
			w.units, w.custody = append(w.units, u), append(w.custody, []Custody{c})
		}
		t.Repeat(map[string]func(*rapid.T){
			"reserve": w.reserve,
			"release": w.release,
			"match":   w.match,
			"ship":    w.ship,
			"pass":    w.pass,
			"refund":  w.refund,
			"takeIn":  w.takeIn,
			"":        w.check,
		})
	})
}

func (w *world) pick(t *rapid.T) int { return rapid.IntRange(0, len(w.units)-1).Draw(t, "unit") }

func (w *world) reserve(t *rapid.T) {
	i, org := w.pick(t), rapid.SampledFrom(w.orgs).Draw(t, "org")
	order := hashyard.Ref{Kind: "order", ID: hashyard.NewID()}
	u, err := w.units[i].Reserve(org, order)
	if err != nil {
		return
	}
	if _, held := w.holders[i]; held {
		t.Fatalf("unit %d got a second holder", i)
	}
	if w.units[i].Owner != org || w.units[i].Custodian != org {
		t.Fatalf("unit %d was reserved by an organisation that does not own and have it", i)
	}
	w.units[i], w.holders[i] = u, order
}

func (w *world) release(t *rapid.T) {
	i := w.pick(t)
	holder := w.holders[i]
	if rapid.Bool().Draw(t, "stranger") {
		holder = hashyard.Ref{Kind: "order", ID: hashyard.NewID()}
	}
	u, changed, err := w.units[i].Release(holder)
	if err != nil {
		return
	}
	if changed {
		if holder != w.holders[i] {
			t.Fatalf("unit %d was released by a stranger", i)
		}
		delete(w.holders, i)
	}
	w.units[i] = u
}

func (w *world) match(t *rapid.T) {
	i, buyer := w.pick(t), rapid.SampledFrom(w.orgs).Draw(t, "buyer")
	order := w.holders[i].ID
	if u, err := w.units[i].Match(order, hashyard.NewID(), buyer); err == nil {
		w.units[i] = u
	}
}

// ship takes a unit through as many steps of its shipment as the rules allow.
func (w *world) ship(t *rapid.T) {
	i := w.pick(t)
	u := w.units[i]
	s := NewShipment(u.Trade, u.Owner, u.Destined, []Unit{u}, w.now)
	steps := rapid.IntRange(1, 4).Draw(t, "steps")
	for step, ev := range []UnitEvent{unitPack, unitDispatch, unitArrive, unitReceive} {
		next, err := u.apply(ev)
		if err != nil || step >= steps && u.State == UnitSold {
			break
		}
		var c Custody
		switch u = next; ev {
		case unitDispatch:
			u, c = u.hand(Holder{Carrier: "carrier"}, w.now, "handed over", s.ID, hashyard.ID{})
			w.custody[i] = append(w.custody[i], c)
		case unitReceive:
			u, c = u.hand(Holder{Org: u.Destined}, w.now, "received", s.ID, hashyard.ID{})
			w.custody[i] = append(w.custody[i], c)
		}
	}
	w.units[i] = u
}

func (w *world) pass(t *rapid.T) {
	i := w.pick(t)
	u, err := w.units[i].Pass(w.units[i].Trade, w.units[i].Destined)
	if err != nil {
		return
	}
	delete(w.holders, i)
	w.units[i] = u
}

// refund cancels the sale of a unit wherever it is.
func (w *world) refund(t *rapid.T) {
	i := w.pick(t)
	u, err := w.units[i].Cancel()
	if err != nil {
		return
	}
	if u.State == UnitAvailable {
		delete(w.holders, i)
	}
	w.units[i] = u
}

// takeIn brings a returning unit back into its owner's hands.
func (w *world) takeIn(t *rapid.T) {
	i := w.pick(t)
	u, err := w.units[i].apply(unitReturn)
	if err != nil {
		return
	}
	u, c := u.free().hand(Holder{Org: u.Owner}, w.now, "returned", hashyard.ID{}, hashyard.ID{})
	w.units[i], w.custody[i] = u, append(w.custody[i], c)
	delete(w.holders, i)
}

func (w *world) check(t *rapid.T) {
	for i, u := range w.units {
		if err := CheckChain(u, w.custody[i]); err != nil {
			t.Fatal(err)
		}
		_, held := w.holders[i]
		if held != (u.State != UnitAvailable) || held != !u.Order.IsZero() {
			t.Fatalf("unit %d: held %v, but state %s, order %s", i, held, u.State, u.Order)
		}
		if !u.Visible(u.Owner) || (!u.Custodian.IsZero() && !u.Visible(u.Custodian)) {
			t.Fatalf("unit %d is hidden from its owner or custodian", i)
		}
	}
}
