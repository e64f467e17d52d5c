package market

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hashyard"
	"hashyard/brokerage"
	"hashyard/brokerage/book"
)

// memory is a journal in memory, for one instrument. The real one, with lost
// commits, fencing and killed processes, is tested in brokerage/postgres.
type memory struct {
	mu      sync.Mutex // guards all
	s19     brokerage.Instrument
	seq     int64
	hash    [32]byte
	orders  map[hashyard.ID]brokerage.Order // by id
	command map[hashyard.ID]hashyard.ID     // → order
	commits []Batch
	hold    chan struct{} // a commit waits for it, if set
}

func newMemory() *memory {
	return &memory{
		s19:    brokerage.Instrument{ID: hashyard.NewID(), Name: "S19", Model: "S19", Currency: hashyard.USD, NominalGHs: 100_000},
		orders: map[hashyard.ID]brokerage.Order{}, command: map[hashyard.ID]hashyard.ID{},
	}
}

func (m *memory) TakeOver(context.Context) (int64, error) { return 1, nil }

func (m *memory) Load(_ context.Context, only hashyard.ID) ([]Book, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !only.IsZero() && only != m.s19.ID {
		return nil, nil
	}
	b := Book{Instrument: m.s19, Seq: m.seq, Hash: m.hash}
	for _, o := range m.orders {
		if o.State == brokerage.OrderOpen {
			b.Resting = append(b.Resting, o)
		}
	}
	slices.SortFunc(b.Resting, func(x, y brokerage.Order) int { return int(x.Seq - y.Seq) })
	return []Book{b}, nil
}

func (m *memory) Prior(_ context.Context, commands []hashyard.ID) (map[hashyard.ID]brokerage.Order, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := map[hashyard.ID]brokerage.Order{}
	for _, c := range commands {
		if id, ok := m.command[c]; ok {
			out[c] = m.orders[id]
		}
	}
	return out, nil
}

func (m *memory) Commit(_ context.Context, b Batch) error {
	if m.hold != nil {
		<-m.hold
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.commits = append(m.commits, b)
	for _, r := range b.Rows {
		m.command[r.Command] = r.Order.ID
	}
	for _, o := range b.Orders {
		m.orders[o.After.ID] = o.After
	}
	m.seq, m.hash = b.Books[0].To, b.Books[0].Hash
	return nil
}

func lead(ctx context.Context, _ string, fn func(context.Context) error) error { return fn(ctx) }

func bid(m *memory, org hashyard.ID, price hashyard.MilliCentsPerTH) brokerage.Order {
	return brokerage.Order{
		ID: hashyard.NewID(), Command: hashyard.NewID(), Org: org, Instrument: m.s19.ID, Side: book.Bid,
		Price: price, Units: 1, State: brokerage.OrderPlacing,
	}
}

// TestWaitingCommandsShareACommit: what arrives while a commit is under way
// goes into the next one together, the same command twice included.
func TestWaitingCommandsShareACommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newMemory()
		j.hold = make(chan struct{})
		told := map[int64]int{}
		m := New(Config{Journal: j, Lead: lead, OnChange: func(_ hashyard.ID, seq int64) { told[seq]++ }})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- m.Run(ctx) }()
		place := func(o brokerage.Order, out chan<- brokerage.Order) {
			got, err := m.Place(ctx, o)
			if err != nil {
				t.Error(err)
			}
			out <- got
		}
		answers := make(chan brokerage.Order, 32)
		go place(bid(j, hashyard.NewID(), 1000), answers)
		synctest.Wait() // the first commit is under way
		twice := bid(j, hashyard.NewID(), 2000)
		for range 2 {
			go place(twice, answers)
		}
		for range 9 {
			go place(bid(j, hashyard.NewID(), 3000), answers)
		}
		synctest.Wait()
		close(j.hold)
		same := map[hashyard.ID]int{}
		for range 12 {
			o := <-answers
			if o.State != brokerage.OrderOpen || o.Seq == 0 {
				t.Errorf("%+v", o)
			}
			same[o.ID]++
		}
		if len(j.commits) != 2 || len(j.commits[1].Rows) != 10 || same[twice.ID] != 2 {
			t.Errorf("%d commits, %d commands in the last, %v", len(j.commits), len(j.commits[len(j.commits)-1].Rows), same)
		}
		if !maps.Equal(told, map[int64]int{1: 1, 11: 1}) {
			t.Errorf("told %v", told)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestNoWriterNoAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New(Config{Journal: newMemory(), Lead: lead})
		begin := time.Now()
		_, err := m.Place(t.Context(), bid(newMemory(), hashyard.NewID(), 1000))
		if !errors.Is(err, hashyard.Unavailable) || time.Since(begin) != 5*time.Second || m.Ready(t.Context()) == nil {
			t.Errorf("after %s: %v", time.Since(begin), err)
		}
		if _, err := m.Place(t.Context(), brokerage.Order{}); !errors.Is(err, hashyard.Invalid) {
			t.Errorf("no command id: %v", err)
		}
	})
}

func TestRefusedCommandsAreNotJournalled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newMemory()
		m := New(Config{Journal: j, Lead: lead})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- m.Run(ctx) }()
		elsewhere := bid(j, hashyard.NewID(), 1000)
		elsewhere.Instrument = hashyard.NewID()
		if _, err := m.Place(ctx, elsewhere); !errors.Is(err, hashyard.NotFound) {
			t.Errorf("unknown instrument: %v", err)
		}
		open := bid(j, hashyard.NewID(), 1000)
		open.State = brokerage.OrderOpen
		if _, err := m.Place(ctx, open); !errors.Is(err, hashyard.Conflict) {
			t.Errorf("an order that is open already: %v", err)
		}
		if _, err := m.Cancel(ctx, bid(j, hashyard.NewID(), 1000), hashyard.NewID()); !errors.Is(err, hashyard.Conflict) {
			t.Errorf("cancel of an order that does not rest: %v", err)
		}
		mine, err := m.Place(ctx, bid(j, hashyard.NewID(), 1000))
		if err != nil {
			t.Fatal(err)
		}
		theirs := mine
		theirs.Org = hashyard.NewID()
		if _, err := m.Cancel(ctx, theirs, hashyard.NewID()); !errors.Is(err, hashyard.Conflict) {
			t.Errorf("cancel of another's order: %v", err)
		}
		if len(j.commits) != 1 {
			t.Errorf("%d commits", len(j.commits))
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
