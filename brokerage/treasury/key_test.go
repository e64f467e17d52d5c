package treasury_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"hashyard"
	"hashyard/brokerage/ledger"
	"hashyard/brokerage/treasury"
	"hashyard/brokerage/treasury/signer"
)

// anotherKey is a signer of a folder of its own.
func anotherKey(t *testing.T, y *yard, l signer.Limits) *signer.Signer {
	t.Helper()
	sg, err := signer.New(signer.Config{Dir: t.TempDir(), Network: regtest, Now: y.now, Limits: l})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sg.Close() })
	return sg
}

func TestAnotherSignersKeyIsRefused(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	ours, limits := y.keeper.Signer.Info(), y.keeper.Signer.Info().Limits
	y.keeper.stop(true)
	if err := y.svc.CheckKey(t.Context(), ours); !errors.Is(err, hashyard.Unavailable) {
		t.Fatalf("a remembered key is no reason to begin: %v", err)
	}
	y.keeper.stop(false)
	for range 2 { // adopted, then known
		if err := y.svc.CheckKey(t.Context(), ours); err != nil {
			t.Fatal(err)
		}
		y.restart()
		y.keeper.stop(true) // from now on the signer is not needed
	}
	y.keeper.stop(false)
	own := y.keeper.Signer
	y.keeper.Signer = anotherKey(t, y, limits)
	theirs := y.keeper.Signer.Info()
	err := y.svc.CheckKey(t.Context(), theirs)
	if !errors.Is(err, hashyard.Conflict) || !strings.Contains(err.Error(), ours.Address) || !strings.Contains(err.Error(), theirs.Address) || !strings.Contains(err.Error(), "start the signer with the folder") {
		t.Fatalf("another key: %v", err)
	}
	if err := y.svc.Step(t.Context()); !errors.Is(err, hashyard.Conflict) {
		t.Fatalf("and at run time: %v", err)
	}
	y.keeper.Signer = own
	if err := y.svc.CheckKey(t.Context(), ours); err != nil {
		t.Fatalf("the right one again: %v", err)
	}
	y.exec("UPDATE treasury_head SET script = '\\x0014'")
	if err := y.svc.CheckKey(t.Context(), ours); !errors.Is(err, hashyard.Conflict) {
		t.Fatalf("a script that is not the key's: %v", err)
	}
}

func TestANewTreasuryBeginsAtTheTip(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.cfg.Birth = treasury.FromTip
	y.restart()
	y.fund(7_000) // before it was born
	y.chain.give(20_000, y.script)
	y.chain.down = true
	if err := y.svc.CheckKey(t.Context(), y.keeper.Signer.Info()); !errors.Is(err, hashyard.Unavailable) {
		t.Fatalf("without the node: %v", err)
	}
	y.chain.down = false
	if err := y.svc.CheckKey(t.Context(), y.keeper.Signer.Info()); err != nil {
		t.Fatal(err)
	}
	y.fund(5_000) // and after; a restart does not begin again
	y.restart()
	y.step()
	b, err := y.store.Treasury().Balances(t.Context())
	if err != nil || b.Spendable != 25_000 || b.Difference() != 0 {
		t.Fatalf("balances %+v, %v; want the tip's coin and later ones", b, err)
	}
	// A reorganisation through the birth is followed from there.
	y.chain.reorg(6, true)
	y.blocks(8)
	y.step()
	if b, err = y.store.Treasury().Balances(t.Context()); err != nil || b.Spendable != 0 || b.Difference() != 0 {
		t.Fatalf("balances %+v, %v; the coins are gone with their blocks", b, err)
	}
	y.cfg.Birth = -2
	if _, err := treasury.New(y.cfg); !errors.Is(err, hashyard.Invalid) {
		t.Fatalf("birth -2: %v", err)
	}
}

// TestTheDaysLimitWaits at the treasury's own count, and at the signer's when
// that knows of more.
func TestTheDaysLimitWaits(t *testing.T) {
	t.Parallel()
	for _, known := range []bool{true, false} {
		y := newYard(t)
		y.keeper.Signer = anotherKey(t, y, signer.Limits{PerPayout: 5_000, PerDay: 6_000, MaxFee: 1_000})
		y.script = unhex(t, y.keeper.Signer.Info().Script)
		y.fund(30_000, 30_000)
		y.step()
		a := y.tenant(1, 3_000)
		y.step()
		y.last(a, treasury.Broadcast)
		b := y.tenant(2, 2_500) // with their fees the two are more than the day has
		if !known {
			// The database's count is not the signer's.
			y.exec("UPDATE payouts SET signed_at = signed_at - interval '2 days' WHERE org_id = $1", a.Org)
		}
		for range 2 {
			if err := y.svc.Step(t.Context()); !errors.Is(err, hashyard.Exhausted) {
				t.Fatalf("above the day's limit: %v", err)
			}
			p := y.payouts(y.house)[0]
			want := treasury.Reserved // not asked
			if !known {
				want = treasury.AwaitingSignature
			}
			if p.Org != b.Org || p.State != want || !strings.Contains(p.Reason, "waits for tomorrow") {
				t.Fatalf("payout is %s: %s", p.State, p.Reason)
			}
		}
		before := y.payouts(b)[0]
		y.pass(24 * time.Hour)
		y.step()
		if p := y.last(b, treasury.Broadcast); p.ID != before.ID || p.PSBT != before.PSBT || y.events(hashyard.EvPayoutRefused) != 0 {
			t.Fatal("it did not just go on")
		}
		y.sound()
	}
}

// TestANewAddressReplacesTheOld also for what was drafted to the old one.
func TestANewAddressReplacesTheOld(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.fund(30_000)
	y.step()
	a := y.tenant(1, 2_500)
	y.keeper.stop(true)
	if err := y.svc.Step(t.Context()); !errors.Is(err, hashyard.Unavailable) {
		t.Fatal(err)
	}
	drafted := y.last(a, treasury.AwaitingSignature)
	y.keeper.stop(false)
	y.pass(time.Second)
	if _, err := y.svc.SetAddress(t.Context(), a, otherAddress(2)); err != nil {
		t.Fatal(err)
	}
	y.step() // refused
	y.step() // and requested anew
	ps := y.payouts(a)
	if len(ps) != 2 || ps[1].ID != drafted.ID || ps[1].State != treasury.Refused || ps[0].State != treasury.Broadcast || ps[0].Address != otherAddress(2) || ps[0].Amount != 2_500 {
		t.Fatalf("payouts %+v", ps)
	}
	// The old address, written into the database, is not paid any more.
	y.earn(a.Org, 1_500)
	y.blocks(3)
	y.exec("UPDATE payout_addresses SET address = $1 WHERE org_id = $2", otherAddress(1), a.Org)
	y.step()
	y.step()
	if n := len(y.payouts(a)); n != 2 {
		t.Fatalf("%d payouts: the old address was refused a moment ago", n)
	}
	y.pass(25 * time.Hour)
	y.step()
	y.last(a, treasury.Refused)
	if _, n := y.chain.paid(other(1)); n != 0 || y.balance(a.Org, ledger.Earnings) != -1_500 {
		t.Fatal("the old address was paid")
	}
	// Set back to it by its owner, it is.
	y.pass(time.Second)
	if _, err := y.svc.SetAddress(t.Context(), a, otherAddress(1)); err != nil {
		t.Fatal(err)
	}
	y.step()
	if p := y.last(a, treasury.Broadcast); p.Address != otherAddress(1) {
		t.Fatalf("paid to %s", p.Address)
	}
	y.sound()
}

// TestALostAnswerIsAskedForAgain: what was signed before the address changed
// is the same payment still.
func TestALostAnswerIsAskedForAgain(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.fund(30_000)
	y.step()
	a := y.tenant(1, 2_500)
	y.keeper.stop(true)
	if err := y.svc.Step(t.Context()); !errors.Is(err, hashyard.Unavailable) {
		t.Fatal(err)
	}
	p := y.last(a, treasury.AwaitingSignature)
	y.keeper.stop(false)
	out, err := y.keeper.Signer.Sign(signer.Request{Payout: p.ID, Org: p.Org, Address: p.Address, Amount: p.Amount, Fee: p.Fee, PSBT: p.PSBT})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := y.svc.SetAddress(t.Context(), a, otherAddress(2)); err != nil {
		t.Fatal(err)
	}
	y.step()
	if p = y.last(a, treasury.Broadcast); p.TxID != out.TxID || p.Address != otherAddress(1) {
		t.Fatalf("%s to %s", p.TxID, p.Address)
	}
	y.sound()
}
