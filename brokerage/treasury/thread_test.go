package treasury_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"hashyard"
	"hashyard/brokerage/ledger"
	"hashyard/brokerage/treasury"
)

func TestEarningsArriveOnTheChain(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.fund(30_000)
	a := y.tenant(1, 2_500)
	y.step()
	p := y.last(a, treasury.Broadcast)
	if p.Amount != 2_500 || p.Fee != 2*141 || p.Depth != 0 {
		t.Fatalf("payout of %d sat, fee %d, depth %d", p.Amount, p.Fee, p.Depth)
	}
	if e, f := y.balance(a.Org, ledger.Earnings), y.balance(y.house.Org, ledger.TreasuryInFlight); e != 0 || f != -p.Amount-p.Fee {
		t.Fatalf("earnings %d, in flight %d", e, f)
	}
	y.sound()
	y.blocks(1)
	y.step()
	if p = y.last(a, treasury.Broadcast); p.Depth != 1 || y.balance(y.house.Org, ledger.TreasuryInFlight) != 0 {
		t.Fatalf("depth %d, in flight %d", p.Depth, y.balance(y.house.Org, ledger.TreasuryInFlight))
	}
	y.sound()
	y.blocks(2)
	y.step()
	if p = y.last(a, treasury.Confirmed); p.Depth != 3 {
		t.Fatalf("depth %d", p.Depth)
	}
	if sum, n := y.chain.paid(other(1)); sum != 2_500 || n != 1 {
		t.Fatalf("%d sat in %d outputs", sum, n)
	}
	if s, c, r := y.events(hashyard.EvPayoutSent), y.events(hashyard.EvPayoutConfirmed), y.events(hashyard.EvPayoutRefused); s != 1 || c != 1 || r != 0 {
		t.Fatalf("events: sent %d, confirmed %d, refused %d", s, c, r)
	}
	y.step()
	if got := len(y.payouts(a)); got != 1 {
		t.Fatalf("%d payouts without new earnings", got)
	}
	y.sound()
}

func TestPaidFromTheThresholdInPartsWithinTheLimit(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.fund(90_000, 80_000)
	few := y.tenant(1, 999)
	y.tenant(2, 70_000)
	for range 3 {
		y.step()
		y.blocks(3)
	}
	y.step()
	if n := len(y.payouts(few)); n != 0 {
		t.Fatalf("%d payouts below the threshold", n)
	}
	if sum, n := y.chain.paid(other(2)); sum != 70_000 || n != 2 {
		t.Fatalf("%d sat in %d parts, the limit is 50,000", sum, n)
	}
	y.earn(few.Org, 1)
	y.step()
	if p := y.last(few, treasury.Broadcast); p.Amount != 1_000 {
		t.Fatalf("payout of %d", p.Amount)
	}
	y.sound()
}

func TestWithoutTheSignerItWaits(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.fund(30_000)
	y.step()
	a := y.tenant(1, 2_500)
	y.keeper.stop(true)
	for range 3 {
		if err := y.svc.Step(t.Context()); !errors.Is(err, hashyard.Unavailable) {
			t.Fatalf("without the signer: %v", err)
		}
		p := y.last(a, treasury.AwaitingSignature)
		if p.Reason != "waits for the signer" || y.balance(a.Org, ledger.Earnings) != -2_500 {
			t.Fatalf("reason %q, earnings %d", p.Reason, y.balance(a.Org, ledger.Earnings))
		}
		y.restart() // and a restart changes nothing
	}
	if _, err := y.svc.SetAddress(t.Context(), a, otherAddress(2)); !errors.Is(err, hashyard.Unavailable) {
		t.Fatalf("address without the signer: %v", err)
	}
	if got, err := y.svc.Address(t.Context(), a); err != nil || got.Address != otherAddress(1) {
		t.Fatalf("half stored: %+v, %v", got, err)
	}
	before := y.last(a, treasury.AwaitingSignature)
	y.keeper.stop(false)
	y.step()
	if p := y.last(a, treasury.Broadcast); p.ID != before.ID || p.PSBT != before.PSBT {
		t.Fatal("drafted anew")
	}
	y.sound()
}

func TestAFirstStartNeedsTheSignerOnce(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.keeper.stop(true)
	if err := y.svc.Step(t.Context()); !errors.Is(err, hashyard.Unavailable) {
		t.Fatalf("nothing is known yet: %v", err)
	}
	y.keeper.stop(false)
	y.step()
	y.keeper.stop(true)
	y.restart()
	y.fund(5_000)
	y.step()
	y.sound()
}

func TestADestinationAlteredInTheDatabaseIsRefused(t *testing.T) {
	t.Parallel()
	evil := otherAddress(66)
	for _, tt := range []struct {
		name  string
		alter func(y *yard, a hashyard.Actor)
	}{
		{"the organisation's address, before", func(y *yard, a hashyard.Actor) {
			y.exec("UPDATE payout_addresses SET address = $1 WHERE org_id = $2", evil, a.Org)
		}},
		{"the payout's address, while it waits", func(y *yard, a hashyard.Actor) {
			y.keeper.stop(true)
			_ = y.svc.Step(t.Context())
			y.last(a, treasury.AwaitingSignature)
			y.exec("UPDATE payouts SET address = $1 WHERE org_id = $2", evil, a.Org)
			y.keeper.stop(false)
		}},
		{"the draft itself, while it waits", func(y *yard, a hashyard.Actor) {
			y.keeper.stop(true)
			_ = y.svc.Step(t.Context())
			p := y.last(a, treasury.AwaitingSignature)
			d, err := treasury.Compose(y.script, []treasury.Coin{{Value: 30_000, Point: treasury.OutPoint{Index: 1}}}, other(66), p.Amount, 2)
			if err != nil {
				t.Fatal(err)
			}
			y.exec("UPDATE payouts SET psbt = $1 WHERE org_id = $2", d.PSBT, a.Org)
			y.keeper.stop(false)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			y := newYard(t)
			y.fund(30_000)
			y.step()
			a := y.tenant(1, 2_500)
			tt.alter(y, a)
			y.step()
			p := y.last(a, treasury.Refused)
			if p.Reason == "" || y.events(hashyard.EvPayoutRefused) != 1 {
				t.Fatalf("reason %q, %d events", p.Reason, y.events(hashyard.EvPayoutRefused))
			}
			if y.balance(a.Org, ledger.Earnings) != -2_500 || y.balance(y.house.Org, ledger.NetworkFees) != 0 {
				t.Fatal("the ledger moved")
			}
			b, err := y.store.Treasury().Balances(t.Context())
			if err != nil || b.Held != 0 {
				t.Fatalf("coins still held: %+v, %v", b, err)
			}
			if _, n := y.chain.paid(other(66)); n != 0 || len(y.chain.sent) != 0 {
				t.Fatal("something was sent")
			}
			// Set again through the live path, it is paid where it belongs.
			y.pass(time.Second)
			if _, err := y.svc.SetAddress(t.Context(), a, otherAddress(1)); err != nil {
				t.Fatal(err)
			}
			y.step()
			if p := y.last(a, treasury.Broadcast); p.Address != otherAddress(1) {
				t.Fatalf("paid to %s", p.Address)
			}
			y.sound()
		})
	}
}

func TestARefusedAddressIsLeftAlone(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.fund(30_000)
	a := y.tenant(1, 2_500)
	y.exec("UPDATE payout_addresses SET address = $1 WHERE org_id = $2", otherAddress(66), a.Org)
	for range 3 {
		y.step()
	}
	if n := len(y.payouts(a)); n != 1 {
		t.Fatalf("%d payouts to an address that was refused", n)
	}
	y.pass(25 * time.Hour)
	y.step()
	if n := len(y.payouts(a)); n != 2 {
		t.Fatalf("%d payouts after the hold", n)
	}
}

func TestAnEmptyTreasuryQueues(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.fund(1_000)
	a := y.tenant(1, 2_500)
	if err := y.svc.Step(t.Context()); !errors.Is(err, hashyard.Conflict) {
		t.Fatalf("without coins: %v", err)
	}
	y.last(a, treasury.Requested)
	y.fund(2_000)
	y.step()
	y.last(a, treasury.Broadcast)
	y.sound()
}

func TestHighFeesWait(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.fund(30_000)
	a := y.tenant(1, 2_500)
	y.chain.rate = 21
	if err := y.svc.Step(t.Context()); !errors.Is(err, hashyard.Exhausted) {
		t.Fatalf("above the ceiling: %v", err)
	}
	if p := y.last(a, treasury.Requested); p.Reason != "waits for coins of the treasury or for lower fees" {
		t.Fatalf("reason %q", p.Reason)
	}
	y.chain.rate = 20
	y.step()
	y.last(a, treasury.Broadcast)
}

func TestAReorganisationSendsTheSameBytesAgain(t *testing.T) {
	t.Parallel()
	for _, depth := range []int{1, 3, 10} {
		y := newYard(t)
		y.fund(30_000, 40_000)
		y.blocks(10)
		a := y.tenant(1, 2_500)
		y.step()
		y.blocks(depth)
		y.step()
		raw := y.payouts(a)[0].Tx
		y.earn(a.Org, 3_000)
		y.step() // a confirmed payout is followed by the next one
		// The payments are forgotten with their blocks; the chain comes back longer.
		y.chain.reorg(depth, true)
		for range depth + 1 {
			y.chain.mine("", 50, other(0), true)
		}
		y.pass(2 * time.Minute)
		y.step()
		y.sound()
		for _, p := range y.payouts(a) {
			if p.State != treasury.Broadcast || p.Depth != 0 {
				t.Fatalf("depth %d: payout is %s with %d confirmations", depth, p.State, p.Depth)
			}
		}
		if first := y.payouts(a); !bytes.Equal(first[len(first)-1].Tx, raw) {
			t.Fatal("other bytes")
		}
		for range 3 {
			y.blocks(3)
			y.step()
		}
		if sum, n := y.chain.paid(other(1)); sum != 5_500 || n != 2 {
			t.Fatalf("depth %d: %d sat in %d outputs", depth, sum, n)
		}
		y.sound()
	}
}

func TestDifferingBooksStopPayouts(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.fund(30_000)
	y.step()
	a := y.tenant(1, 2_500)
	y.exec("UPDATE treasury_coins SET sats = sats + 1")
	if err := y.svc.Step(t.Context()); !errors.Is(err, hashyard.Conflict) || !strings.Contains(err.Error(), "differ by -1 sat") {
		t.Fatalf("step: %v", err)
	}
	if n := len(y.payouts(a)); n != 0 {
		t.Fatalf("%d payouts", n)
	}
}

func TestASignedPayoutCannotBeAltered(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.fund(30_000)
	a := y.tenant(1, 2_500)
	y.step()
	p := y.last(a, treasury.Broadcast)
	for _, set := range []string{"tx = '\\x00'", "txid = 'x'", "address = 'x'", "amount_sats = 1", "org_id = gen_random_uuid()"} {
		if _, err := y.owner.Exec(t.Context(), "UPDATE payouts SET "+set+" WHERE id = $1", p.ID); err == nil {
			t.Errorf("even the owner of the table must not: %s", set)
		}
	}
}

func TestTenantsSeeTheirOwn(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.fund(30_000, 30_000)
	a, b := y.tenant(1, 2_500), y.tenant(2, 2_600)
	y.step()
	pa, pb := y.payouts(a), y.payouts(b)
	if len(pa) != 1 || len(pb) != 1 || pa[0].Org != a.Org || pb[0].Org != b.Org {
		t.Fatalf("a sees %d, b sees %d", len(pa), len(pb))
	}
	if _, err := y.svc.Payout(t.Context(), a, pb[0].ID); !errors.Is(err, hashyard.NotFound) {
		t.Fatalf("a reads b's payout: %v", err)
	}
	if all := y.payouts(y.house); len(all) != 2 {
		t.Fatalf("the house sees %d", len(all))
	}
	if _, err := y.svc.Overview(t.Context(), a); !errors.Is(err, hashyard.Denied) {
		t.Fatalf("a sees the treasury: %v", err)
	}
	o, err := y.svc.Overview(t.Context(), y.house)
	if err != nil || o.Open != 2 || len(o.Coins) != 2 || o.Balances.Difference() != 0 {
		t.Fatalf("overview %+v, %v", o, err)
	}
	if _, err := y.svc.Address(t.Context(), hashyard.Actor{Org: hashyard.NewID()}); !errors.Is(err, hashyard.NotFound) {
		t.Fatalf("no address yet: %v", err)
	}
	var n int
	if err := y.owner.QueryRow(t.Context(), "SELECT count(*) FROM audit WHERE command = 'payout_address.set' AND org_id = $1", a.Org).Scan(&n); err != nil || n != 1 {
		t.Fatalf("%d audit rows, %v", n, err)
	}
}

func TestAddressesOfOthersAreInvalid(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.step()
	a := hashyard.Actor{User: hashyard.NewID(), Org: hashyard.NewID()}
	for _, text := range []string{
		"", "x", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", y.keeper.Signer.Info().Address, strings.ToUpper(otherAddress(1))[:20], strings.Repeat("q", 101),
	} {
		if _, err := y.svc.SetAddress(t.Context(), a, text); !errors.Is(err, hashyard.Invalid) {
			t.Errorf("%.20q: %v", text, err)
		}
	}
	got, err := y.svc.SetAddress(t.Context(), a, strings.ToUpper(otherAddress(1)))
	if err != nil || got.Address != otherAddress(1) {
		t.Errorf("upper case is the same address: %+v, %v", got, err)
	}
}

// TestTwoProcessesDoNoHarm runs the loop twice at once, against all advice.
func TestTwoProcessesDoNoHarm(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.fund(9_000, 9_000, 9_000, 9_000, 9_000, 9_000)
	y.step()
	var tenants []hashyard.Actor
	for n := range 5 {
		tenants = append(tenants, y.tenant(n+1, 2_000))
	}
	second, err := treasury.New(y.cfg)
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		var wg sync.WaitGroup
		for _, s := range []*treasury.Service{y.svc, second} {
			// A lost race is an error of the loser, and all of its harm.
			wg.Go(func() { _ = s.Step(context.WithoutCancel(t.Context())) })
		}
		wg.Wait()
		y.blocks(1)
	}
	y.step()
	for n, a := range tenants {
		y.last(a, treasury.Confirmed)
		if sum, outs := y.chain.paid(other(n + 1)); sum != 2_000 || outs != 1 {
			t.Errorf("tenant %d got %d sat in %d outputs", n, sum, outs)
		}
	}
	y.sound()
}
