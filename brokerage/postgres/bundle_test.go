package postgres_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"hashyard"
	"hashyard/brokerage"
	"hashyard/brokerage/book"
	"hashyard/brokerage/market"
	"hashyard/brokerage/postgres"
	"hashyard/migrations/pg"
	"hashyard/migrations/testdb"
)

func TestMain(m *testing.M) { testdb.Main(m) }

// bundle is a yard's brokerage on a database of its own, with the other
// parts played by fakes.
type bundle struct {
	frozen    error // why no money leaves
	db        *pg.DB
	store     *postgres.Store
	market    *market.Market
	svc       *brokerage.Service
	rail      *rail
	inventory *inventory
	house     hashyard.ID
	seller    hashyard.Actor
	buyer     hashyard.Actor
	desk      hashyard.Actor
	s19       brokerage.Instrument
	clock     *clock
	changes   chan int64
}

// clock is the service's time, which tests move.
type clock struct {
	mu sync.Mutex // guards by
	by time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.by)
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.by += d
}

func person(org hashyard.ID, house bool, roles ...hashyard.Role) hashyard.Actor {
	return hashyard.Actor{User: hashyard.NewID(), Org: org, House: house, Roles: roles}
}

// setup makes a bundle whose market runs until the test ends.
func setup(t *testing.T) *bundle {
	t.Helper()
	b := prepare(t)
	b.run(t)
	return b
}

// prepare makes a bundle whose market does not run yet.
func prepare(t testing.TB) *bundle {
	t.Helper()
	b := &bundle{
		db: testdb.New(t), rail: newRail(), inventory: &inventory{holder: map[hashyard.ID]hashyard.Ref{}},
		house: hashyard.NewID(), clock: &clock{}, changes: make(chan int64, 100_000),
	}
	b.store = postgres.New(b.db)
	b.seller = person(hashyard.NewID(), false, hashyard.Trader)
	b.buyer = person(hashyard.NewID(), false, hashyard.Trader)
	b.desk = person(b.house, true, hashyard.Desk)
	b.market = market.New(b.marketConfig(b.store))
	b.svc = b.service(b.market)
	b.s19 = brokerage.Instrument{
		ID: hashyard.NewID(), Name: "S19 100T EU", Model: "Antminer S19 100T", Region: "EU", Incoterm: "FCA",
		Currency: hashyard.USD, NominalGHs: 100_000,
	}
	if err := b.svc.SeedInstrument(t.Context(), b.s19); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bundle) marketConfig(j market.Journal) market.Config {
	return market.Config{
		Journal: j, Lead: b.db.Lead, Now: b.clock.now, Wait: 20 * time.Second,
		OnChange: func(_ hashyard.ID, seq int64) { b.changes <- seq },
	}
}

func (b *bundle) service(m brokerage.Market) *brokerage.Service {
	return brokerage.New(brokerage.Config{
		House: b.house, Orders: b.store, Trades: b.store, Ledger: b.store, Market: m,
		Rail: b.rail, Reserver: b.inventory, Conditions: conditions{}, Now: b.clock.now,
		MayPay: func(context.Context) error { return b.frozen },
	})
}

// run starts a market and ends it with the test, or by the returned func.
func (b *bundle) run(t *testing.T) (stop func()) {
	t.Helper()
	return start(t, b.market)
}

func start(t testing.TB, m *market.Market) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("market: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// units are fresh machines of the seller's.
func units(n int) []hashyard.ID {
	out := make([]hashyard.ID, n)
	for i := range out {
		out[i] = hashyard.NewID()
	}
	return out
}

func (b *bundle) ask(t *testing.T, price hashyard.MilliCentsPerTH, us ...hashyard.ID) brokerage.Order {
	t.Helper()
	o, err := b.svc.Place(t.Context(), b.seller, brokerage.NewOrder{Instrument: b.s19.ID, Side: book.Ask, Price: price, UnitIDs: us})
	if err != nil {
		t.Fatalf("ask: %v", err)
	}
	return o
}

func (b *bundle) bid(t *testing.T, price hashyard.MilliCentsPerTH, n int64) brokerage.Order {
	t.Helper()
	o, err := b.svc.Place(t.Context(), b.buyer, brokerage.NewOrder{Instrument: b.s19.ID, Side: book.Bid, Price: price, Units: n})
	if err != nil {
		t.Fatalf("bid: %v", err)
	}
	return o
}

// matched makes a trade of n units at $11.42.
func (b *bundle) matched(t *testing.T, n int) brokerage.Dossier {
	t.Helper()
	b.ask(t, 1_142_000, units(n)...)
	b.bid(t, 1_142_000, int64(n))
	ds, _, err := b.svc.Trades(t.Context(), b.buyer, brokerage.TradeQuery{})
	if err != nil || len(ds) == 0 {
		t.Fatalf("no trade: %v", err)
	}
	return ds[0]
}

func (b *bundle) trade(t *testing.T, id hashyard.ID) brokerage.Dossier {
	t.Helper()
	d, err := b.svc.Trade(t.Context(), b.buyer, id)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// events reads the outbox, oldest first.
func (b *bundle) events(t *testing.T, kind hashyard.EventKind) []hashyard.Event {
	t.Helper()
	rows, err := testdb.Owner(t, b.db).Query(t.Context(), "SELECT id, kind, ref_kind, ref_id, at, payload FROM outbox WHERE kind = $1 ORDER BY id", kind)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out []hashyard.Event
	for rows.Next() {
		var e hashyard.Event
		if err := rows.Scan(&e.ID, &e.Kind, &e.Ref.Kind, &e.Ref.ID, &e.At, &e.Payload); err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
	return out
}

func (b *bundle) onlyEvent(t *testing.T, kind hashyard.EventKind) hashyard.Event {
	t.Helper()
	evs := b.events(t, kind)
	if len(evs) != 1 {
		t.Fatalf("%d events %s, want 1", len(evs), kind)
	}
	return evs[0]
}

// balance sums an account.
func (b *bundle) balance(t *testing.T, org hashyard.ID, purpose string) int64 {
	t.Helper()
	var v int64
	err := testdb.Owner(t, b.db).QueryRow(t.Context(),
		"SELECT coalesce(sum(amount), 0) FROM ledger_postings WHERE org_id = $1 AND purpose = $2", org, purpose).Scan(&v)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// sound fails unless the trial balance is.
func (b *bundle) sound(t *testing.T) brokerage.TrialBalance {
	t.Helper()
	tb, err := b.svc.TrialBalance(t.Context(), b.desk)
	if err != nil || !tb.Sound() {
		t.Fatalf("trial balance: %+v %v", tb, err)
	}
	return tb
}

func event(t *testing.T, kind hashyard.EventKind, payload any) hashyard.Event {
	t.Helper()
	ev, err := hashyard.NewEvent(kind, hashyard.Ref{Kind: "test", ID: hashyard.NewID()}, time.Now(), payload)
	if err != nil {
		t.Fatal(err)
	}
	return ev
}

func states(d brokerage.Dossier) []brokerage.TradeState {
	var out []brokerage.TradeState
	for _, h := range d.Trade.History {
		out = append(out, h.State)
	}
	return slices.Clip(out)
}
