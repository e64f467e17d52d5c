package treasury_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"hashyard"
	"hashyard/brokerage/treasury"
	"hashyard/brokerage/treasury/signer"
)

// rail is the dollars the test says there are.
type rail struct {
	available, pending hashyard.Cents
	err                error
}

func (r *rail) Balance(context.Context) (available, pending hashyard.Cents, err error) {
	return r.available, r.pending, r.err
}

// comparing gives the yard a rail and a node that knows its coins.
func (y *yard) comparing(r *rail, unspent treasury.Unspent) {
	y.t.Helper()
	cfg := y.cfg
	cfg.Dollars, cfg.Unspent, cfg.Second = r, unspent, time.Millisecond
	svc, err := treasury.New(cfg)
	if err != nil {
		y.t.Fatal(err)
	}
	y.svc = svc
}

func line(t *testing.T, r treasury.Reconciliation, account string) treasury.Line {
	t.Helper()
	for _, l := range r.Lines {
		if l.Account == account {
			return l
		}
	}
	t.Fatalf("no line %q in %+v", account, r.Lines)
	return treasury.Line{}
}

// TestFreezeStopsEverySide: the loop, the database and the signer each hold the
// switch; opening it again pays what waited, once.
func TestFreezeStopsEverySide(t *testing.T) {
	t.Parallel()
	ctx, y := t.Context(), newYard(t)
	y.fund(30_000)
	a := y.tenant(1, 2_500)
	for _, why := range []string{"", "  ", strings.Repeat("x", 201)} {
		if _, _, err := y.svc.SetFreeze(ctx, y.house, true, why); !errors.Is(err, hashyard.Invalid) {
			t.Errorf("reason of %d characters: %v", len(why), err)
		}
	}
	if _, _, err := y.svc.SetFreeze(ctx, a, true, "mine"); !errors.Is(err, hashyard.Denied) {
		t.Errorf("a tenant froze: %v", err)
	}
	// The signer is away: the database holds it all the same.
	y.keeper.stop(true)
	f, told, err := y.svc.SetFreeze(ctx, y.house, true, "drill")
	if err != nil || !errors.Is(told, hashyard.Unavailable) || !f.Frozen || f.By != y.house.User {
		t.Fatalf("froze %+v, told %v, %v", f, told, err)
	}
	y.keeper.stop(false)
	y.step()
	if !y.keeper.Signer.Info().Frozen {
		t.Error("the signer does not know of the freeze")
	}
	if n := len(y.payouts(a)); n != 0 {
		t.Fatalf("%d payouts were requested", n)
	}
	if err := y.svc.MayPay(ctx); !errors.Is(err, hashyard.Conflict) || !strings.Contains(err.Error(), "drill") {
		t.Errorf("may pay: %v", err)
	}
	y.restart() // a new process finds it
	y.step()
	if n := len(y.keeper.asked); n != 0 {
		t.Fatalf("the signer was asked for %d payouts", n)
	}
	for range 2 {
		if f, told, err = y.svc.SetFreeze(ctx, y.house, false, "drill over"); err != nil || told != nil || f.Frozen {
			t.Fatalf("opened %+v, told %v, %v", f, told, err)
		}
	}
	y.step()
	p := y.last(a, treasury.Broadcast)
	// What may be in a block already is followed, and no more than that.
	if _, _, err := y.svc.SetFreeze(ctx, y.house, true, "again"); err != nil {
		t.Fatal(err)
	}
	b := y.tenant(2, 3_000)
	y.blocks(3)
	y.step()
	if got := y.last(a, treasury.Confirmed); got.ID != p.ID || len(y.payouts(b)) != 0 {
		t.Errorf("payout %s, %d new ones", got.ID, len(y.payouts(b)))
	}
	var turns int
	if err := y.owner.QueryRow(ctx, "SELECT count(*) FROM audit WHERE command IN ('payouts.freeze', 'payouts.unfreeze')").Scan(&turns); err != nil || turns != 3 {
		t.Errorf("%d turns in the audit trail, %v", turns, err)
	}
	y.sound()
}

// TestFreezeBetweenSignatureAndBooks: signed bytes that the database does not
// take are not sent, and come again when payouts are open.
func TestFreezeBetweenSignatureAndBooks(t *testing.T) {
	t.Parallel()
	ctx, y := t.Context(), newYard(t)
	y.fund(30_000)
	a := y.tenant(1, 2_500)
	y.cfg.Signer = &late{keeper: y.keeper, after: func() {
		y.exec("INSERT INTO payout_freezes (id, frozen, reason, by_name, at) VALUES ($1, true, 'raced', 'test', now())", hashyard.NewID())
	}}
	y.restart()
	if err := y.svc.Step(ctx); err == nil || !strings.Contains(err.Error(), "payouts are frozen") {
		t.Fatalf("step: %v", err)
	}
	y.last(a, treasury.Reserved)
	if sum, n := y.chain.paid(other(1)); n != 0 {
		t.Fatalf("%d sat were sent in %d outputs", sum, n)
	}
	y.cfg.Signer = y.keeper
	y.restart()
	if _, _, err := y.svc.SetFreeze(ctx, y.house, false, "raced is over"); err != nil {
		t.Fatal(err)
	}
	y.step()
	y.last(a, treasury.Broadcast)
	y.blocks(1)
	if sum, n := y.chain.paid(other(1)); sum != 2_500 || n != 1 {
		t.Fatalf("%d sat in %d outputs", sum, n)
	}
	y.step()
	y.sound()
}

// late is a signer after whose signature something happens, once.
type late struct {
	*keeper
	after func()
}

func (l *late) Sign(ctx context.Context, r signer.Request) (signer.Signed, error) {
	out, err := l.keeper.Sign(ctx, r)
	if l.after != nil {
		l.after()
		l.after = nil
	}
	return out, err
}

// coins answers as the chain does.
func (y *yard) coins(lost hashyard.Sats) treasury.Unspent {
	return func(ctx context.Context, p treasury.OutPoint) (hashyard.Sats, bool, error) {
		cs, err := y.store.Treasury().Coins(ctx)
		for _, c := range cs {
			if c.Point == p && c.Value != lost {
				return c.Value, true, nil
			}
		}
		return 0, false, err
	}
}

// TestReconciliationFreezesByItself: equal books leave payouts open; a falsified
// paying account stops them, unnamed money in does not.
func TestReconciliationFreezesByItself(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		rail    rail
		lost    hashyard.Sats
		falsify string
		account string
		want    treasury.LineState
		frozen  bool
	}{
		"equal":                       {account: "Treasury coins", want: treasury.LineEqual},
		"a coin the node has no more": {lost: 20_000, account: "Treasury coins", want: treasury.LineDiffers, frozen: true},
		"a falsified ledger":          {falsify: "UPDATE ledger_accounts SET balance = balance + 1 WHERE purpose = 'treasury_coins'", account: "Treasury coins", want: treasury.LineDiffers, frozen: true},
		"money that nobody named":     {rail: rail{available: 2_500_000}, account: "Payment rail balance", want: treasury.LineExplain},
		"money that is gone":          {rail: rail{available: -1}, account: "Payment rail balance", want: treasury.LineDiffers, frozen: true},
		"a silent rail":               {rail: rail{err: errors.New("down")}, account: "Payment rail balance", want: treasury.LineUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, y := t.Context(), newYard(t)
			y.fund(30_000, 20_000)
			y.step()
			if tt.falsify != "" {
				y.exec(tt.falsify)
			}
			y.comparing(&tt.rail, y.coins(tt.lost))
			if err := y.svc.ArmReconcile(ctx); err != nil {
				t.Fatal(err)
			}
			if err := y.svc.ArmReconcile(ctx); err != nil { // a second start
				t.Fatal(err)
			}
			if n := y.events(treasury.EvReconcileDue); n != 1 {
				t.Fatalf("%d clocks run", n)
			}
			ev, err := hashyard.NewEvent(treasury.EvReconcileDue, hashyard.Ref{Kind: "treasury", ID: hashyard.NewID()}, y.now(), struct{}{})
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // the dispatcher may deliver twice
				if err := y.svc.OnReconcileDue(ctx, ev); err != nil {
					t.Fatal(err)
				}
			}
			rs, err := y.svc.Reconciliations(ctx, y.house, 10)
			if err != nil || len(rs) != 1 || y.events(treasury.EvReconcileDue) != 2 {
				t.Fatalf("%d stored, %d events, %v", len(rs), y.events(treasury.EvReconcileDue), err)
			}
			if l := line(t, rs[0], tt.account); l.State != tt.want {
				t.Errorf("%s is %s: %+v", tt.account, l.State, l)
			}
			f, err := y.svc.PayoutFreeze(ctx)
			if err != nil || f.Frozen != tt.frozen || rs[0].Froze != tt.frozen || y.keeper.Signer.Info().Frozen != tt.frozen {
				t.Errorf("frozen %v by %q (%s), told %v, signer %v", f.Frozen, f.ByName, f.Reason, rs[0].Froze, y.keeper.Signer.Info().Frozen)
			}
			if _, err := y.svc.Reconciliations(ctx, hashyard.Actor{Org: hashyard.NewID()}, 1); !errors.Is(err, hashyard.Denied) {
				t.Errorf("a tenant reads it: %v", err)
			}
		})
	}
}
