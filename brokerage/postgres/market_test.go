package postgres_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/brokerage"
	"hashyard/brokerage/book"
	"hashyard/brokerage/market"
	"hashyard/migrations/testdb"
)

// books checks what must hold of the books at any time: the resting orders,
// the journal's replay and the stored hash are one book, and every unit of an
// ask is sold in at most one trade, in the listed order.
func (b *bundle) books(t *testing.T) {
	t.Helper()
	b.booksBy(t, testdb.Owner(t, b.db))
}

// booksAt does the same for a database made by name.
func (b *bundle) booksAt(t *testing.T, database string) {
	t.Helper()
	owner, err := pgx.Connect(t.Context(), testdb.OwnerURL(database))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { owner.Close(context.Background()) })
	b.booksBy(t, owner)
}

func (b *bundle) booksBy(t *testing.T, owner *pgx.Conn) {
	t.Helper()
	loaded, err := b.store.Load(t.Context(), hashyard.ID{})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range loaded {
		state := book.State{Halted: l.Halted, Now: l.Clock}
		for _, o := range l.Resting {
			state.Orders = append(state.Orders, market.Resting(o))
		}
		live, err := book.Restore(state)
		if err != nil {
			t.Fatal(err)
		}
		if l.Seq > 0 && live.Hash() != l.Hash {
			t.Errorf("book %s: resting orders differ from the stored hash", l.Instrument.Name)
		}
		if replayed := replay(t, owner, l.Instrument.ID); replayed.Hash() != live.Hash() {
			t.Errorf("book %s: replay of the journal differs from the resting orders", l.Instrument.Name)
		}
	}
	unitsSoldOnce(t, owner)
}

func replay(t *testing.T, owner *pgx.Conn, instrument hashyard.ID) *book.Book {
	t.Helper()
	rows, err := owner.Query(t.Context(), "SELECT seq, kind, command, events FROM market_journal WHERE instrument_id = $1 ORDER BY seq", instrument)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	bk, want := book.New(), int64(0)
	for rows.Next() {
		var r market.Row
		var cmd, evs []byte
		if err := rows.Scan(&r.Seq, &r.Kind, &cmd, &evs); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(json.Unmarshal(cmd, &r.Order), json.Unmarshal(evs, &r.Events)); err != nil {
			t.Fatal(err)
		}
		if want++; r.Seq != want {
			t.Fatalf("journal has %d after %d", r.Seq, want-1)
		}
		if d := cmp.Diff(r.Events, r.Replay(bk)); d != "" {
			t.Fatalf("journal %d: replay differs (-journal +replay):\n%s", r.Seq, d)
		}
	}
	return bk
}

func unitsSoldOnce(t *testing.T, owner *pgx.Conn) {
	t.Helper()
	var wrong int
	err := owner.QueryRow(t.Context(), `
		SELECT (SELECT count(*) FROM (SELECT unit_id FROM trade_units u JOIN trades t ON t.id = u.trade_id
		            WHERE t.state <> 'cancelled' GROUP BY unit_id HAVING count(*) > 1) twice)
		     + (SELECT count(*) FROM orders o WHERE o.side = 'ask' AND o.unit_ids[1:o.filled] IS DISTINCT FROM
		            (SELECT coalesce(array_agg(u.unit_id ORDER BY t.number, u.position), '{}') FROM trades t
		             JOIN trade_units u ON u.trade_id = t.id WHERE t.ask_order_id = o.id))
		     + (SELECT count(*) FROM orders o WHERE o.filled <>
		            (SELECT count(*) FROM trades t JOIN trade_units u ON u.trade_id = t.id
		             WHERE o.id IN (t.bid_order_id, t.ask_order_id)))
		     + (SELECT count(*) FROM trades t LEFT JOIN market_fills f ON f.trade_id = t.id WHERE f.trade_id IS NULL)`).Scan(&wrong)
	if err != nil || wrong != 0 {
		t.Errorf("%d orders, units or fills do not agree with the trades: %v", wrong, err)
	}
}

// TestManyTraders places and cancels from many goroutines.
func TestManyTraders(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var wg sync.WaitGroup
	for g := range 32 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(3, uint64(g)))
			who := person(hashyard.NewID(), false, hashyard.Trader)
			for range 6 {
				n := brokerage.NewOrder{
					Instrument: b.s19.ID, Side: book.Side(r.IntN(2)), Attributes: brokerage.Attributes{TIF: book.TIF(r.IntN(4) / 3)},
					Price: hashyard.MilliCentsPerTH(1_000_000 + 1000*r.IntN(6)), Units: int64(1 + r.IntN(4)),
				}
				if n.Side == book.Ask {
					n.UnitIDs, n.Units = units(int(n.Units)), 0
				}
				o, err := b.svc.Place(context.Background(), who, n)
				if err != nil {
					t.Errorf("place: %v", err)
					return
				}
				if o.State == brokerage.OrderOpen && r.IntN(3) == 0 {
					if _, err := b.svc.Cancel(context.Background(), who, o.ID); err != nil && !errors.Is(err, hashyard.Conflict) {
						t.Errorf("cancel: %v", err)
					}
				}
			}
		})
	}
	wg.Wait()
	b.books(t)
}

func TestUnitsGoInListedOrder(t *testing.T) {
	t.Parallel()
	b := setup(t)
	us := units(4)
	b.ask(t, 1_000_000, us...)
	for _, n := range []int64{1, 2} {
		b.bid(t, 1_000_000, n)
	}
	ds, _, err := b.svc.Trades(t.Context(), b.seller, brokerage.TradeQuery{})
	if err != nil || len(ds) != 2 {
		t.Fatal(len(ds), err)
	}
	if d := cmp.Diff([][]hashyard.ID{us[1:3], us[:1]}, [][]hashyard.ID{ds[0].UnitIDs(), ds[1].UnitIDs()}); d != "" {
		t.Error(d)
	}
	os, _, err := b.svc.Orders(t.Context(), b.seller, brokerage.OrderQuery{State: brokerage.OrderOpen})
	if err != nil || len(os) != 1 || os[0].Filled != 3 {
		t.Fatal(os, err)
	}
	o, err := b.svc.Cancel(t.Context(), b.seller, os[0].ID)
	if err != nil || o.State != brokerage.OrderCancelled || o.Reason != "cancelled" {
		t.Fatalf("%+v %v", o, err)
	}
	var closed hashyard.OrderClosed
	if err := b.onlyEvent(t, hashyard.EvOrderClosed).Read(&closed); err != nil || !slices.Equal(closed.Units, us[3:]) {
		t.Errorf("freed %v, want the one unsold", closed.Units)
	}
	if _, err := b.svc.Cancel(t.Context(), b.seller, o.ID); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("cancelled twice: %v", err)
	}
	b.books(t)
}

func TestOwnOrdersDoNotTrade(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.ask(t, 1_000_000, units(1)...)
	o, err := b.svc.Place(t.Context(), b.seller, brokerage.NewOrder{Instrument: b.s19.ID, Side: book.Bid, Price: 1_100_000, Units: 1})
	if err != nil || o.State != brokerage.OrderCancelled || o.Reason != "self-trade" {
		t.Errorf("%+v %v", o, err)
	}
	b.books(t)
}

func TestTheSameCommandAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	n := brokerage.NewOrder{Command: hashyard.NewID(), Instrument: b.s19.ID, Side: book.Bid, Price: 1_000_000, Units: 2}
	var all []brokerage.Order
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			o, err := b.svc.Place(context.Background(), b.buyer, n)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, o)
		})
	}
	wg.Wait()
	for _, o := range all {
		if o.ID != all[0].ID || o.State != brokerage.OrderOpen {
			t.Errorf("%+v", o)
		}
	}
	if bk, err := b.svc.Book(t.Context(), b.buyer, b.s19.ID); err != nil || bk.Seq != 1 || bk.Bids[0].Units != 2 {
		t.Errorf("%+v %v", bk, err)
	}
	stolen := n
	if _, err := b.svc.Place(t.Context(), b.seller, stolen); err == nil {
		t.Error("another organisation uses the command")
	}
}

// flaky is a journal whose commits fail, before or after they took effect.
type flaky struct {
	market.Journal
	mu    sync.Mutex // guards plan
	plan  []string   // per commit: "before", "after" or ""
	fails int
}

var errCut = errors.New("connection cut")

func (f *flaky) Commit(ctx context.Context, b market.Batch) error {
	f.mu.Lock()
	what := ""
	if len(f.plan) > 0 {
		what, f.plan = f.plan[0], f.plan[1:]
	}
	f.mu.Unlock()
	if what == "before" {
		f.fails++
		return errCut
	}
	if err := f.Journal.Commit(ctx, b); err != nil {
		return err
	}
	if what == "after" {
		f.fails++
		return errCut
	}
	return nil
}

// TestLostCommits: whatever the fate of a commit, each command takes effect
// once and is answered with what it did.
func TestLostCommits(t *testing.T) {
	t.Parallel()
	b := prepare(t)
	f := &flaky{Journal: b.store, plan: []string{"", "before", "after", "", "after", "before", "after", "", "before", "before", "before", ""}}
	m := market.New(b.marketConfig(f))
	b.svc = b.service(m)
	start(t, m)
	b.ask(t, 1_000_000, units(3)...)
	var answered, unavailable int64
	for range 8 {
		o, err := b.svc.Place(t.Context(), b.buyer, brokerage.NewOrder{Instrument: b.s19.ID, Side: book.Bid, Price: 900_000, Units: 1})
		switch {
		case errors.Is(err, hashyard.Unavailable):
			unavailable++
		case err != nil || o.State != brokerage.OrderOpen:
			t.Fatalf("%+v %v", o, err)
		default:
			answered++
		}
	}
	if unavailable != 1 || f.fails != 8 {
		t.Errorf("%d unavailable after %d failures", unavailable, f.fails)
	}
	bk, err := b.svc.Book(t.Context(), b.buyer, b.s19.ID)
	if err != nil || bk.Bids[0].Units != answered || bk.Seq != answered+1 {
		t.Errorf("book %+v, answered %d: %v", bk, answered, err)
	}
	b.books(t)
}

// TestOldWriterCommitsNothing: a writer that was replaced is fenced.
func TestOldWriterCommitsNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.bid(t, 1_000_000, 1)
	if _, err := b.store.TakeOver(t.Context()); err != nil {
		t.Fatal(err)
	}
	// The market notices at its next commit, leads again and carries it out.
	_, err := b.svc.Place(t.Context(), b.buyer, brokerage.NewOrder{Command: hashyard.MustParseID("01890000-0000-7000-8000-000000000009"), Instrument: b.s19.ID, Side: book.Bid, Price: 1_000_000, Units: 1})
	if !errors.Is(err, hashyard.Unavailable) {
		t.Fatalf("fenced writer answered: %v", err)
	}
	o, err := b.svc.Place(t.Context(), b.buyer, brokerage.NewOrder{Command: hashyard.MustParseID("01890000-0000-7000-8000-000000000009"), Instrument: b.s19.ID, Side: book.Bid, Price: 1_000_000, Units: 1})
	if err != nil || o.State != brokerage.OrderOpen {
		t.Fatalf("after leading again: %+v %v", o, err)
	}
	b.books(t)
}

// TestTamperedBookStaysClosed: a book whose orders are not the ones that were
// left is not traded on.
func TestTamperedBookStaysClosed(t *testing.T) {
	t.Parallel()
	b := prepare(t)
	stop := b.run(t)
	o := b.bid(t, 1_000_000, 2)
	stop()
	if _, err := testdb.Owner(t, b.db).Exec(t.Context(), "UPDATE orders SET price_mc = 5000000 WHERE id = $1", o.ID); err != nil {
		t.Fatal(err)
	}
	cfg := b.marketConfig(b.store)
	cfg.Wait = 300 * time.Millisecond
	m := market.New(cfg)
	b.svc = b.service(m)
	start(t, m)
	_, err := b.svc.Place(t.Context(), b.seller, brokerage.NewOrder{Instrument: b.s19.ID, Side: book.Ask, Price: 5_000_000, UnitIDs: units(1)})
	if !errors.Is(err, hashyard.Unavailable) || m.Ready(t.Context()) == nil {
		t.Errorf("traded on a tampered book: %v", err)
	}
}

// TestAbandonedOrdersAreSwept: the process died between reserving and
// entering; the units come free and the order can not enter any more.
func TestAbandonedOrdersAreSwept(t *testing.T) {
	t.Parallel()
	b := prepare(t)
	us := units(2)
	cfg := b.marketConfig(b.store)
	cfg.Wait = 50 * time.Millisecond // nobody leads: the order is stuck
	b.svc = b.service(market.New(cfg))
	n := brokerage.NewOrder{Command: hashyard.NewID(), Instrument: b.s19.ID, Side: book.Ask, Price: 1_000_000, UnitIDs: us}
	if _, err := b.svc.Place(t.Context(), b.seller, n); !errors.Is(err, hashyard.Unavailable) {
		t.Fatalf("placed without a writer: %v", err)
	}
	if err := b.svc.SweepOrders(t.Context()); err != nil || b.inventory.held() != 2 {
		t.Fatalf("swept at once: %d held, %v", b.inventory.held(), err)
	}
	b.clock.pass(2 * time.Minute)
	for range 2 {
		if err := b.svc.SweepOrders(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if b.inventory.held() != 0 || len(b.events(t, hashyard.EvOrderClosed)) != 1 {
		t.Errorf("%d units held, %d closing events", b.inventory.held(), len(b.events(t, hashyard.EvOrderClosed)))
	}
	b.svc = b.service(b.market)
	b.run(t)
	if _, err := b.svc.Place(t.Context(), b.seller, n); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("the swept request came back: %v", err)
	}
	os, _, err := b.svc.Orders(t.Context(), b.seller, brokerage.OrderQuery{})
	if err != nil || len(os) != 1 {
		t.Fatal(os, err)
	}
	// The market refuses it as well, should the request have been on its way.
	if o, err := b.market.Place(t.Context(), brokerage.Order{ID: os[0].ID, Command: n.Command, Org: b.seller.Org, Instrument: b.s19.ID, Side: book.Ask, Price: 1_000_000, Units: 2, UnitIDs: us, State: brokerage.OrderPlacing}); err != nil || o.State != brokerage.OrderRejected {
		t.Errorf("%+v %v", o, err)
	}
	b.ask(t, 1_000_000, us...)
	b.books(t)
}

func TestFailedReservationsLeaveNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	us := units(1)
	ask := brokerage.NewOrder{Instrument: b.s19.ID, Side: book.Ask, Price: 1_000_000, UnitIDs: us}
	b.inventory.model = "Avalon A1366 100T"
	if _, err := b.svc.Place(t.Context(), b.seller, ask); !errors.Is(err, hashyard.Invalid) {
		t.Errorf("another model: %v", err)
	}
	closed := b.onlyEvent(t, hashyard.EvOrderClosed)
	var p hashyard.OrderClosed
	if err := closed.Read(&p); err != nil || !slices.Equal(p.Units, us) {
		t.Errorf("%+v %v", p, err)
	}
	b.inventory.fail = fmt.Errorf("inventory is down")
	if _, err := b.svc.Place(t.Context(), b.seller, ask); err == nil {
		t.Error("placed without a reservation")
	}
	if bk, err := b.svc.Book(t.Context(), b.seller, b.s19.ID); err != nil || bk.Seq != 0 {
		t.Errorf("%+v %v", bk, err)
	}
}
