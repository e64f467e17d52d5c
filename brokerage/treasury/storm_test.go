package treasury_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"hashyard"
	"hashyard/brokerage/ledger"
	"hashyard/brokerage/treasury"
	"hashyard/brokerage/treasury/signer"
	"hashyard/migrations/testdb/soak"
)

// faults breaks calls: before they have an effect, or after, so that only the
// answer is lost. Either is what a process that was killed there leaves behind.
type faults struct {
	rnd  *rand.Rand
	rate float64
	hits map[string]int
}

var errKilled = errors.New("killed")

// call runs do between two points where it may break.
func (f *faults) call(name string, do func() error) error {
	if f.strikes("before " + name) {
		return fmt.Errorf("before %s: %w", name, errKilled)
	}
	err := do()
	if err == nil && f.strikes("after "+name) {
		return fmt.Errorf("after %s: %w", name, errKilled)
	}
	return err
}

func (f *faults) strikes(point string) bool {
	if f.rnd.Float64() >= f.rate {
		return false
	}
	f.hits[point]++
	return true
}

type brokenStore struct {
	treasury.Store
	f *faults
}

func (s brokenStore) Connect(ctx context.Context, b treasury.Block, rule func(treasury.Known) (treasury.Connected, error)) (h treasury.Head, err error) {
	err = s.f.call("connect", func() error { h, err = s.Store.Connect(ctx, b, rule); return err })
	return h, err
}

func (s brokenStore) Disconnect(ctx context.Context, at treasury.Place, rule func([]treasury.Payout, []ledger.Entry) ([]treasury.Payout, []ledger.Entry, error)) (h treasury.Head, err error) {
	err = s.f.call("disconnect", func() error { h, err = s.Store.Disconnect(ctx, at, rule); return err })
	return h, err
}

func (s brokenStore) AddPayout(ctx context.Context, p treasury.Payout) (ok bool, err error) {
	err = s.f.call("request", func() error { ok, err = s.Store.AddPayout(ctx, p); return err })
	return ok, err
}

func (s brokenStore) ReservePayout(ctx context.Context, id hashyard.ID, n int64, rule func(treasury.Payout, []treasury.Coin) (treasury.Move, error)) (p treasury.Payout, err error) {
	err = s.f.call("reserve", func() error { p, err = s.Store.ReservePayout(ctx, id, n, rule); return err })
	return p, err
}

// MovePayout breaks at the step it is used for.
func (s brokenStore) MovePayout(ctx context.Context, id hashyard.ID, rule func(treasury.Payout) (treasury.Move, error)) (p treasury.Payout, err error) {
	before, err := s.Store.Payout(ctx, hashyard.SystemActor("test"), id)
	if err != nil {
		return p, err
	}
	err = s.f.call("leaving "+string(before.State), func() error { p, err = s.Store.MovePayout(ctx, id, rule); return err })
	return p, err
}

type brokenSigner struct {
	treasury.Signer
	f *faults
}

func (s brokenSigner) Sign(ctx context.Context, r signer.Request) (out signer.Signed, err error) {
	err = s.f.call("sign", func() error { out, err = s.Signer.Sign(ctx, r); return err })
	return out, err
}

type brokenChain struct {
	*chain
	f *faults
}

func (c brokenChain) Broadcast(ctx context.Context, raw []byte) error {
	return c.f.call("broadcast", func() error { return c.chain.Broadcast(ctx, raw) })
}

// storm is a yard whose every part may break at every step.
type storm struct {
	*yard
	f       *faults
	calm    treasury.Config
	tenants []hashyard.Actor
	earned  []hashyard.Sats
}

func newStorm(t *testing.T, seed uint64, rate float64, tenants int) *storm {
	t.Helper()
	s := &storm{yard: newYard(t), f: &faults{rnd: rand.New(rand.NewPCG(seed, 1)), hits: map[string]int{}}}
	for range 2 * tenants {
		s.chain.give(60_000, s.script)
	}
	s.blocks(3)
	s.step()
	for n := range tenants {
		s.tenants = append(s.tenants, s.tenant(n+1, 0))
		s.earned = append(s.earned, 0)
	}
	s.calm = s.cfg
	s.cfg.Store, s.cfg.Signer, s.cfg.Chain = brokenStore{s.cfg.Store, s.f}, brokenSigner{s.keeper, s.f}, brokenChain{s.chain, s.f}
	s.f.rate = rate
	s.restart()
	return s
}

// round lets everybody earn and the yard work through crashes, while blocks
// come and go.
func (s *storm) round() {
	for n, a := range s.tenants {
		sats := 1_000 + hashyard.Sats(s.f.rnd.IntN(2_000))
		s.earn(a.Org, sats)
		s.earned[n] += sats
	}
	s.chain.mine(tag, 60_000, s.script, false) // what they earned and more
	for range 3 {
		if err := s.svc.Step(s.t.Context()); err != nil {
			s.restart()
		}
		s.pass(2 * time.Minute) // send again what no block has
		if s.f.rnd.IntN(8) == 0 {
			s.chain.reorg(1+s.f.rnd.IntN(4), s.f.rnd.IntN(2) == 0)
			s.blocks(5)
			continue
		}
		s.blocks(1)
	}
}

// settle repairs everything and waits until every payout is at its end.
func (s *storm) settle() {
	s.t.Helper()
	s.cfg = s.calm
	s.restart()
	for range 30 {
		s.step()
		s.pass(2 * time.Minute)
		s.blocks(3)
	}
	s.step()
}

// TestNoPayoutLeavesTwice is a thousand payouts whose processes die at any
// step, on a chain that is reorganised under them.
func TestNoPayoutLeavesTwice(t *testing.T) {
	t.Parallel()
	payouts := 1_000
	if testing.Short() || slow {
		payouts = 150
	}
	if n := soak.Times(); n > 0 {
		payouts = 1_000 * n
	}
	const tenants = 20
	s := newStorm(t, 1, 0.06, tenants)
	count := func() (n int) {
		if err := s.owner.QueryRow(t.Context(), "SELECT count(*) FROM payouts").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for rounds := 0; count() < payouts; rounds++ {
		if rounds > payouts/4 {
			t.Fatalf("%d payouts after %d rounds", count(), rounds)
		}
		s.round()
	}
	s.settle()
	s.sound()
	for n, a := range s.tenants {
		var want hashyard.Sats
		var times int
		for _, p := range s.all(a) {
			if p.State != treasury.Confirmed || s.chain.where(p.TxID) != 1 {
				t.Fatalf("payout %s is %s and in %d blocks", p.ID, p.State, s.chain.where(p.TxID))
			}
			want, times = want+p.Amount, times+1
		}
		sum, outs := s.chain.paid(other(n + 1))
		if hashyard.Sats(sum) != want || outs != times {
			t.Errorf("tenant %d: the chain paid %d sat in %d outputs, the books %d in %d", n, sum, outs, want, times)
		}
		if left := -s.balance(a.Org, ledger.Earnings); want+left != s.earned[n] {
			t.Errorf("tenant %d earned %d, was paid %d, is owed %d", n, s.earned[n], want, left)
		}
	}
	if f, o := s.balance(s.house.Org, ledger.TreasuryInFlight), len(s.chain.pool); f != 0 || o != 0 {
		t.Errorf("in flight %d, unconfirmed %d", f, o)
	}
	for _, step := range []string{"connect", "disconnect", "request", "reserve", "sign", "leaving reserved", "leaving awaiting_signature", "broadcast", "leaving signed", "leaving broadcast"} {
		for _, side := range []string{"before ", "after "} {
			if s.f.hits[side+step] == 0 && payouts == 1_000 {
				t.Errorf("never broken %s%s", side, step)
			}
		}
	}
	t.Logf("%d payouts, broken %v", count(), s.f.hits)
	soak.Reached(t, "payouts: died at any step on a reorganised chain, 0 ×2, 0 lost", count(), 10_000)
}

// all are a tenant's payouts, page by page.
func (s *storm) all(a hashyard.Actor) (out []treasury.Shown) {
	s.t.Helper()
	for cursor := ""; ; {
		ps, next, err := s.svc.Payouts(s.t.Context(), a, treasury.Query{Cursor: cursor, Limit: 7})
		if err != nil {
			s.t.Fatal(err)
		}
		if out = append(out, ps...); next == "" {
			return out
		}
		cursor = next
	}
}

// TestLedgerFollowsTheCoins lets everything happen to a treasury that can, and
// counts after each step on the chain itself.
func TestLedgerFollowsTheCoins(t *testing.T) {
	t.Parallel()
	seeds := 8
	if testing.Short() || slow {
		seeds = 3
	}
	for seed := range seeds {
		y := newYard(t)
		rnd := rand.New(rand.NewPCG(uint64(seed), 2))
		y.fund(20_000, 20_000)
		y.step()
		a := y.tenant(1, 0)
		var did []string
		for range 40 {
			did = append(did, y.something(rnd, a))
			if err := y.svc.Step(t.Context()); err != nil && !errors.Is(err, hashyard.Conflict) && !errors.Is(err, errMissing) {
				t.Fatalf("seed %d, %v: %v", seed, did, err)
			}
			y.sound()
		}
	}
}

// something happens to the chain or to the treasury.
func (y *yard) something(rnd *rand.Rand, a hashyard.Actor) string {
	value := int64(300 + rnd.IntN(5_000))
	switch n := rnd.IntN(10); n {
	case 0:
		y.chain.give(value, y.script)
		return "deposit"
	case 1, 2:
		y.chain.mine(tag, value, y.script, rnd.IntN(2) == 0)
		return "our block"
	case 3:
		y.chain.mine("stranger", value, y.script, false)
		return "a stranger's block pays us"
	case 4:
		y.earn(a.Org, hashyard.Sats(value))
		return "earnings"
	case 5:
		depth, forget := 1+rnd.IntN(10), rnd.IntN(2) == 0
		y.chain.reorg(depth, forget)
		y.blocks(rnd.IntN(depth + 2))
		return fmt.Sprintf("reorganisation of %d, forgotten %t", depth, forget)
	case 6:
		y.pass(2 * time.Minute)
		return "time"
	case 7:
		return y.steal(rnd)
	default:
		y.blocks(1)
		return "block"
	}
}

// steal spends a coin of the treasury around it, as the key's holder could.
func (y *yard) steal(rnd *rand.Rand) string {
	if rnd.IntN(4) > 0 {
		return "nothing"
	}
	coins, err := y.store.Treasury().Coins(y.t.Context())
	if err != nil {
		y.t.Fatal(err)
	}
	head, err := y.store.Treasury().Head(y.t.Context())
	if err != nil {
		y.t.Fatal(err)
	}
	for _, c := range coins {
		if c.Mature > head.Height || !c.Holder.IsZero() || c.Value < 2_000 {
			continue
		}
		org := hashyard.NewID()
		if err := y.keeper.Signer.Enrol(signer.Enrolment{Org: org, Address: otherAddress(99)}); err != nil {
			y.t.Fatal(err)
		}
		d, err := treasury.Compose(y.script, []treasury.Coin{c}, other(99), 1_000, 2)
		if err != nil {
			y.t.Fatal(err)
		}
		out, err := y.keeper.Signer.Sign(signer.Request{Payout: hashyard.NewID(), Org: org, Address: otherAddress(99), Amount: 1_000, Fee: d.Fee, PSBT: d.PSBT})
		if err != nil {
			y.t.Fatal(err)
		}
		// The coin may be gone in a reorganisation that was not scanned yet.
		_ = y.chain.Broadcast(y.t.Context(), unhex(y.t, out.Tx))
		y.blocks(1)
		return "a coin is spent around the treasury"
	}
	return "nothing"
}
