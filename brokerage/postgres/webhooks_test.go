package postgres_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/brokerage"
	"hashyard/migrations/testdb"
	"hashyard/migrations/testdb/soak"
)

// lifecycle is what a rail tells of one payment, in the order in which it
// happens, and what the buyer's bank sends before it.
var lifecycle = []struct {
	kind string
	part hashyard.Cents // of ten that the bank has sent by then
}{
	{"payment_intent.created", 0},
	{"payment_intent.requires_action", 0},
	{"payment_intent.partially_funded", 3},
	{"payment_intent.partially_funded", 7},
	{"charge.succeeded", 10},
	{"payment_intent.succeeded", 10},
	{"charge.updated", 10},
}

// TestWebhooksInAnyOrder delivers the seven events of a payment's life in
// every order, each three times, any of them never, then sweeps: the trade is
// funded once, always. Under HASHYARD_SOAK all 5,040 orders, else some.
func TestWebhooksInAnyOrder(t *testing.T) {
	t.Parallel()
	b := setup(t)
	owner := testdb.Owner(t, b.db)
	step := 5040 / 24
	if soak.Times() > 0 {
		step = 1
	}
	orders := 0
	all := permutations(len(lifecycle))
	for n := 0; n < len(all); n += step {
		b.deliverOrder(t, owner, all[n], uint64(n))
		orders++
		if t.Failed() {
			t.Fatalf("order %d", n)
		}
	}
	b.sound(t)
	soak.Reached(t, "webhooks: orders of seven events, each ×3, any dropped", orders, 5040)
}

// deliverOrder plays the life of one payment in an order.
func (b *bundle) deliverOrder(t *testing.T, owner *pgx.Conn, order []int, seed uint64) {
	t.Helper()
	rnd := rand.New(rand.NewPCG(seed, 9))
	d, err := b.svc.Fund(t.Context(), b.buyer, b.matched(t, 1).Trade.ID)
	if err != nil {
		t.Fatal(err)
	}
	payment, amount := d.Payment.RailID, d.Payment.Amount
	var sent hashyard.Cents
	send := func(part hashyard.Cents) {
		if want := amount * part / 10; want > sent {
			b.rail.bankSends(payment, want-sent)
			sent = want
		}
	}
	// One body an event: its copies are the same event.
	bodies := make([][]byte, len(lifecycle))
	for i, l := range lifecycle {
		bodies[i] = b.rail.webhook(l.kind, payment)
	}
	dropped := rnd.IntN(1 << len(lifecycle))
	for _, i := range thrice(order, rnd) {
		send(lifecycle[i].part) // what an event tells of has happened
		if dropped>>i&1 == 1 {
			continue
		}
		if err := b.svc.Webhook(t.Context(), bodies[i], "signed"); err != nil {
			t.Errorf("%s: %v", lifecycle[i].kind, err)
		}
	}
	send(10)
	b.clock.pass(2 * time.Minute)
	if err := b.svc.SweepPayments(t.Context()); err != nil {
		t.Errorf("sweep: %v", err)
	}
	b.fundedOnce(t, owner, d.Trade.ID)
}

// fundedOnce is the one final state.
func (b *bundle) fundedOnce(t *testing.T, owner *pgx.Conn, id hashyard.ID) {
	t.Helper()
	d := b.trade(t, id)
	if d.Trade.State != brokerage.Funded || d.Trade.Received != d.Trade.Amount || d.Payment.Status != brokerage.PaymentSucceeded || d.Payment.Received != d.Payment.Amount {
		t.Errorf("trade %s is %s with %d of %d, payment %s", id, d.Trade.State, d.Trade.Received, d.Trade.Amount, d.Payment.Status)
	}
	var entries, told int
	err := owner.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM ledger_entries WHERE ref_id = $1),
		(SELECT count(*) FROM outbox WHERE kind = 'trade.funded' AND ref_id = $1)`, id).Scan(&entries, &told)
	if err != nil || entries != 1 || told != 1 {
		t.Errorf("trade %s: %d ledger entries, told %d times, %v", id, entries, told, err)
	}
}

// orders of n things, all of them.
func permutations(n int) [][]int {
	if n == 0 {
		return [][]int{{}}
	}
	var out [][]int
	for _, p := range permutations(n - 1) {
		for i := range n {
			q := append(append(append([]int{}, p[:i]...), n-1), p[i:]...)
			out = append(out, q)
		}
	}
	return out
}

// thrice keeps the order of first deliveries and strews two copies of each
// after its first.
func thrice(order []int, rnd *rand.Rand) []int {
	out := slices.Clone(order)
	for _, i := range order {
		for range 2 {
			first := slices.Index(out, i)
			out = slices.Insert(out, first+1+rnd.IntN(len(out)-first), i)
		}
	}
	return out
}
