package postgres_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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

// inventory plays the reservations.
type inventory struct {
	mu     sync.Mutex // guards all
	holder map[hashyard.ID]hashyard.Ref
	model  string
	fail   error
}

func (i *inventory) Reserve(_ context.Context, _ hashyard.Actor, holder hashyard.Ref, us []hashyard.ID) ([]brokerage.ReservedUnit, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.fail != nil {
		return nil, i.fail
	}
	model := i.model
	if model == "" {
		model = "Antminer S19 100T"
	}
	var out []brokerage.ReservedUnit
	for _, u := range us {
		if h, ok := i.holder[u]; ok && h != holder {
			return nil, hashyard.Conflict.Errorf("unit %s is already listed (order %s)", u, h.ID)
		}
		out = append(out, brokerage.ReservedUnit{ID: u, Serial: "SN" + u.String()[:8], Model: model, NominalGHs: 100_000})
	}
	for _, u := range us {
		i.holder[u] = holder
	}
	return out, nil
}

func (i *inventory) Release(_ context.Context, holder hashyard.Ref, us []hashyard.ID) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, u := range us {
		if i.holder[u] == holder {
			delete(i.holder, u)
		}
	}
	return nil
}

func (i *inventory) held() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return len(i.holder)
}

type conditions struct{}

func (conditions) Condition(_ context.Context, _, unit hashyard.ID) (json.RawMessage, error) {
	return json.RawMessage(`{"reported_ths":100.2,"unit":"` + unit.String() + `"}`), nil
}

// rail is a payment rail that keeps its promises, and forgets to answer when
// told so.
type rail struct {
	mu        sync.Mutex // guards all
	payments  map[string]*brokerage.RailPayment
	byKey     map[string]string
	transfers map[string]brokerage.TransferRequest // by transfer id
	refunds   map[string]brokerage.RefundRequest
	dropReply int // so many answers get lost after the effect
	events    int
}

func newRail() *rail {
	return &rail{
		payments: map[string]*brokerage.RailPayment{}, byKey: map[string]string{},
		transfers: map[string]brokerage.TransferRequest{}, refunds: map[string]brokerage.RefundRequest{},
	}
}

var errDropped = errors.New("connection reset")

func (r *rail) drop() error {
	if r.dropReply > 0 {
		r.dropReply--
		return errDropped
	}
	return nil
}

func (r *rail) TestMode() bool { return true }

func (r *rail) EnsureCustomer(_ context.Context, org hashyard.ID, _ string) (string, error) {
	return "cus_" + org.String(), nil
}

func (r *rail) EnsureSellerAccount(_ context.Context, org hashyard.ID, _ string) (string, error) {
	return "acct_" + org.String(), nil
}

func (r *rail) OpenTransfer(_ context.Context, q brokerage.PaymentRequest) (brokerage.RailPayment, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	id, ok := r.byKey[q.Key]
	if !ok {
		id = fmt.Sprintf("pi_%d", len(r.payments)+1)
		r.byKey[q.Key] = id
		r.payments[id] = &brokerage.RailPayment{
			ID: id, Trade: q.Trade, Status: brokerage.PaymentOpen, Amount: q.Amount,
			Instructions: brokerage.Instructions{BankName: "TEST BANK", Reference: "REF" + id},
		}
	}
	return *r.payments[id], r.drop()
}

func (r *rail) Payment(_ context.Context, id string) (brokerage.RailPayment, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p, ok := r.payments[id]
	if !ok {
		return brokerage.RailPayment{}, hashyard.NotFound.Errorf("payment %s", id)
	}
	return *p, nil
}

func (r *rail) CancelPayment(_ context.Context, id, _ string) (brokerage.RailPayment, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.payments[id].Status == brokerage.PaymentOpen {
		r.payments[id].Status = brokerage.PaymentCanceled
	}
	return *r.payments[id], nil
}

func (r *rail) Transfer(_ context.Context, q brokerage.TransferRequest) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	id := "tr_" + q.Key
	if old, ok := r.transfers[id]; ok && old != q {
		return "", hashyard.Conflict.Errorf("key %s was used for another transfer", q.Key)
	}
	r.transfers[id] = q
	return id, r.drop()
}

func (r *rail) Refund(_ context.Context, q brokerage.RefundRequest) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refunds["re_"+q.Key] = q
	return "re_" + q.Key, r.drop()
}

func (r *rail) ParseWebhook(body []byte, signature string, now time.Time) (brokerage.RailEvent, error) {
	if signature != "signed" {
		return brokerage.RailEvent{}, hashyard.Unauthenticated.Errorf("webhook signature")
	}
	var e brokerage.RailEvent
	if err := json.Unmarshal(body, &e); err != nil {
		return e, hashyard.Invalid.Errorf("webhook: %w", err)
	}
	e.Created = now
	return e, nil
}

// bankSends pays into a payment, as the buyer's bank does.
func (r *rail) bankSends(id string, amount hashyard.Cents) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.payments[id]
	if p.Status != brokerage.PaymentOpen {
		return
	}
	p.Received = min(p.Received+amount, p.Amount)
	if p.Received == p.Amount {
		p.Status = brokerage.PaymentSucceeded
	}
}

// webhook makes the body of a new event about a payment.
func (r *rail) webhook(typ, payment string) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events++
	b, _ := json.Marshal(brokerage.RailEvent{ID: fmt.Sprintf("evt_%d", r.events), Type: typ, Payment: payment})
	return b
}

func states(d brokerage.Dossier) []brokerage.TradeState {
	var out []brokerage.TradeState
	for _, h := range d.Trade.History {
		out = append(out, h.State)
	}
	return slices.Clip(out)
}
