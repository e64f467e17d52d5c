package web

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hashyard"
)

func reader(org hashyard.ID) hashyard.Actor {
	return hashyard.Actor{Org: org, Roles: []hashyard.Role{hashyard.Viewer}}
}

func publish(t *testing.T, b *Broker, event string, orgs ...hashyard.ID) {
	t.Helper()
	if err := b.Publish(orgs, event, map[string]int{"n": 1}); err != nil {
		t.Fatal(err)
	}
}

// names drains what is ready now.
func names(s *Subscription) (out []string) {
	for {
		select {
		case m, open := <-s.C:
			if !open {
				return append(out, "closed")
			}
			out = append(out, m.Event)
		default:
			return out
		}
	}
}

func TestBrokerTenancy(t *testing.T) {
	t.Parallel()
	b := NewBroker(0)
	seller, buyer, stranger, house := hashyard.NewID(), hashyard.NewID(), hashyard.NewID(), hashyard.NewID()
	subs := map[string]*Subscription{}
	subscribe := func(name string, a hashyard.Actor) {
		s, _, _ := b.Subscribe(a, "")
		t.Cleanup(s.Close)
		subs[name] = s
	}
	subscribe("seller", reader(seller))
	subscribe("buyer", reader(buyer))
	subscribe("stranger", reader(stranger))
	subscribe("desk", hashyard.Actor{Org: house, House: true, Roles: []hashyard.Role{hashyard.Desk}})
	subscribe("house logistics", hashyard.Actor{Org: house, House: true, Roles: []hashyard.Role{hashyard.Logistics}})
	subscribe("false desk", hashyard.Actor{Org: stranger, Roles: []hashyard.Role{hashyard.Desk}})
	publish(t, b, "trade.matched", seller, buyer)
	publish(t, b, "order.placed", seller)
	publish(t, b, "nobody's")
	got := map[string][]string{}
	for name, s := range subs {
		got[name] = names(s)
	}
	want := map[string][]string{
		"seller": {"trade.matched", "order.placed"}, "buyer": {"trade.matched"}, "stranger": nil,
		"desk": {"trade.matched", "order.placed", "nobody's"}, "house logistics": nil, "false desk": nil,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("who sees what (-want +got):\n%s", diff)
	}
}

func TestBrokerResume(t *testing.T) {
	t.Parallel()
	b := NewBroker(3)
	org, other := hashyard.NewID(), hashyard.NewID()
	start := b.Seq()
	ids := []string{start}
	kind := []string{"order.placed", "trade.matched", "trade.funded", "units.packed", "units.delivered"}
	for i := range 5 {
		publish(t, b, kind[i], org)
		ids = append(ids, b.Seq())
	}
	publish(t, b, "order.closed", other)
	for _, tt := range []struct {
		name, last string
		missed     []string
		resumed    bool
	}{
		{"fresh", "", nil, false},
		{"up to date", b.Seq(), nil, true},
		{"a little behind", ids[4], kind[4:], true},
		{"exactly as far as it reaches", ids[3], kind[3:], true},
		{"too far behind", ids[2], kind[3:], false},
		{"from the start", start, kind[3:], false},
		{"another process", strings.Repeat("0", len(b.stream)) + "-5", nil, false},
		{"from the future", b.stream + "-99", nil, false},
		{"garbage", "💥", nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, missed, resumed := b.Subscribe(reader(org), tt.last)
			defer s.Close()
			var got []string
			for _, m := range missed {
				got = append(got, m.Event)
			}
			if diff := cmp.Diff(tt.missed, got); diff != "" || resumed != tt.resumed {
				t.Errorf("resumed %v, missed (-want +got):\n%s", resumed, diff)
			}
		})
	}
}

func TestBrokerDropsSlowReaders(t *testing.T) {
	t.Parallel()
	b := NewBroker(10)
	org := hashyard.NewID()
	slow, _, _ := b.Subscribe(reader(org), "")
	for range cap(slow.c) + 1 {
		publish(t, b, "work.measured", org)
	}
	got := names(slow)
	if len(got) != cap(slow.c)+1 || got[len(got)-1] != "closed" {
		t.Errorf("a slow reader got %d messages, last %q", len(got), got[len(got)-1])
	}
	slow.Close()
	slow.Close() // twice is fine
	open, _, _ := b.Subscribe(reader(org), "")
	b.Close()
	if got := names(open); len(got) != 1 || got[0] != "closed" {
		t.Errorf("after Close: %q", got)
	}
	late, _, _ := b.Subscribe(reader(org), "")
	if got := names(late); len(got) != 1 {
		t.Errorf("a late reader: %q", got)
	}
	late.Close()
	publish(t, b, "nobody hears", org)
}

// TestBrokerLosesNothing: a reader that resumes after each loss sees every
// message once and in order, while others publish.
func TestBrokerLosesNothing(t *testing.T) {
	t.Parallel()
	const n = 2000
	b := NewBroker(n)
	org := hashyard.NewID()
	last := b.Seq()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range n / 4 {
				publish(t, b, "miner.seen", org)
			}
		})
	}
	seen := 0
	deadline := time.After(30 * time.Second)
	for seen < n {
		s, missed, resumed := b.Subscribe(reader(org), last)
		if !resumed {
			t.Fatal("the ring was too short")
		}
		seen += len(missed)
		if len(missed) > 0 {
			last = missed[len(missed)-1].ID
		}
		for open := true; open && seen < n; {
			var m Message
			select {
			case m, open = <-s.C:
				if open {
					seen, last = seen+1, m.ID
				}
			case <-deadline:
				t.Fatalf("%d of %d messages", seen, n)
			}
		}
		s.Close()
	}
	wg.Wait()
	if last != b.Seq() || seen != n {
		t.Errorf("saw %d up to %s, published %d up to %s", seen, last, n, b.Seq())
	}
}

func TestPublishEvent(t *testing.T) {
	t.Parallel()
	b := NewBroker(0)
	org, unit := hashyard.NewID(), hashyard.NewID()
	ev, err := hashyard.NewEvent(hashyard.EvTradeFunded, hashyard.Ref{Kind: "trade", ID: hashyard.NewID()}, time.Unix(1, 0), hashyard.TradeFunded{Amount: 5})
	if err != nil {
		t.Fatal(err)
	}
	ev.Orgs, ev.Units = []hashyard.ID{org}, []hashyard.ID{unit}
	s, _, _ := b.Subscribe(reader(org), "")
	defer s.Close()
	if err := b.PublishEvent(t.Context(), ev); err != nil {
		t.Fatal(err)
	}
	m := <-s.C
	var got struct {
		ID      hashyard.ID
		Kind    string
		Units   []hashyard.ID
		Payload hashyard.TradeFunded
	}
	if err := json.Unmarshal(m.Data, &got); err != nil {
		t.Fatal(err)
	}
	if m.Event != "trade.funded" || got.ID != ev.ID || got.Payload.Amount != 5 || got.Units[0] != unit {
		t.Errorf("got %s %s", m.Event, m.Data)
	}
}

// FuzzLastEventID: the browser's resume point is foreign.
func FuzzLastEventID(f *testing.F) {
	b := NewBroker(4)
	org := hashyard.NewID()
	for range 6 {
		if err := b.Publish([]hashyard.ID{org}, "miner.seen", 1); err != nil {
			f.Fatal(err)
		}
	}
	f.Add("")
	f.Add(b.Seq())
	f.Add(b.stream + "-")
	f.Add(b.stream + "-18446744073709551615")
	f.Fuzz(func(t *testing.T, id string) {
		s, missed, resumed := b.Subscribe(reader(org), id)
		defer s.Close()
		if len(missed) > 4 || (resumed && !strings.HasPrefix(id, b.stream)) {
			t.Fatalf("%q resumed %v with %d", id, resumed, len(missed))
		}
	})
}

// TestEventsAreSentOnce: the dispatcher hands an event over again while
// another handler of it fails; the browser gets it once.
func TestEventsAreSentOnce(t *testing.T) {
	t.Parallel()
	b := NewBroker(0)
	org := hashyard.NewID()
	s, _, _ := b.Subscribe(reader(org), "")
	defer s.Close()
	ev := hashyard.Event{ID: hashyard.NewID(), Kind: hashyard.EvTradeFunded, Orgs: []hashyard.ID{org}, Payload: json.RawMessage("{}")}
	for range 5 {
		if err := b.PublishEvent(t.Context(), ev); err != nil {
			t.Fatal(err)
		}
	}
	if got := names(s); len(got) != 1 {
		t.Errorf("five tries sent %v", got)
	}
	// What is remembered is bounded, the oldest is forgotten first.
	other := ev
	for range sentEvents {
		other.ID, other.Orgs = hashyard.NewID(), nil
		if err := b.PublishEvent(t.Context(), other); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.PublishEvent(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	if len(b.sent) != sentEvents || len(b.order) != sentEvents || b.last != sentEvents+1 {
		t.Errorf("%d remembered, %d in order, last %d", len(b.sent), len(b.order), b.last)
	}
	// A payload that cannot be sent is not remembered as sent.
	bad := ev
	bad.ID, bad.Payload = hashyard.NewID(), json.RawMessage("{")
	for range 2 {
		if b.PublishEvent(t.Context(), bad) == nil {
			t.Error("a broken payload was taken for sent")
		}
	}
}
