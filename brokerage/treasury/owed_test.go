package treasury_test

import (
	"errors"
	"strings"
	"testing"

	"hashyard"
	"hashyard/brokerage/ledger"
	"hashyard/brokerage/treasury"
)

// TestEarningsWithoutAReasonAreNotPaid lets somebody who has the database
// credit an organisation whose address was enrolled honestly.
func TestEarningsWithoutAReasonAreNotPaid(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, want string
		credit     func(y *yard, a hashyard.Actor)
	}{
		{"the balance raised", "its entries sum to", func(y *yard, a hashyard.Actor) {
			y.exec("UPDATE ledger_accounts SET balance = balance - 9000 WHERE org_id = $1", a.Org)
			y.exec("UPDATE ledger_accounts SET balance = balance + 9000 WHERE purpose = 'fpps_expense'")
		}},
		{"an entry of no statement", "neither of a statement", func(y *yard, a hashyard.Actor) {
			err := y.store.Post(y.t.Context(), "test", hashyard.ID{}, ledger.Entry{
				Key: "gift", At: y.now(), Memo: "gift", Ref: hashyard.Ref{Kind: "statement", ID: hashyard.NewID()},
				Postings: []ledger.Posting{
					{Org: y.house.Org, Currency: hashyard.BTC, Purpose: ledger.Capital, Amount: 9_000},
					{Org: a.Org, Currency: hashyard.BTC, Purpose: ledger.Earnings, Amount: -9_000},
				},
			})
			if err != nil {
				y.t.Fatal(err)
			}
		}},
		{"a statement's entry altered", "is not what was posted", func(y *yard, a hashyard.Actor) {
			y.exec("UPDATE ledger_postings SET amount = amount * 10 WHERE entry_id IN (SELECT entry_id FROM ledger_postings WHERE org_id = $1)", a.Org)
			y.exec("UPDATE ledger_accounts SET balance = balance * 10 WHERE org_id = $1", a.Org)
		}},
		{"a payout's entry taken out", "signed and not in the ledger", func(y *yard, a hashyard.Actor) {
			y.step()
			y.last(a, treasury.Broadcast)
			y.blocks(3)
			y.step()
			y.last(a, treasury.Confirmed)
			y.exec("SET session_replication_role = replica")
			y.exec("DELETE FROM ledger_postings WHERE entry_id IN (SELECT id FROM ledger_entries WHERE ref_kind = 'payout' AND org_id = $1)", a.Org)
			y.exec("SET session_replication_role = origin")
			y.exec("UPDATE ledger_accounts SET balance = balance - 2000 WHERE org_id = $1", a.Org)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			y := newYard(t)
			y.fund(30_000, 30_000)
			y.step()
			a, honest := y.tenant(1, 2_000), y.tenant(2, 0)
			tt.credit(y, a)
			before, asked := len(y.payouts(a)), len(y.keeper.asked)
			y.earn(honest.Org, 3_000)
			for range 2 {
				if err := y.svc.Step(t.Context()); !errors.Is(err, hashyard.Conflict) || !strings.Contains(err.Error(), tt.want) {
					t.Fatalf("step: %v", err)
				}
			}
			if n := len(y.payouts(a)); n != before {
				t.Fatalf("%d payouts, %d before", n, before)
			}
			y.last(honest, treasury.Broadcast)
			if n := len(y.keeper.asked) - asked; n != 1 {
				t.Fatalf("the signer was asked %d times, once is honest", n)
			}
		})
	}
}

// TestAPayoutWrittenIntoTheDatabaseIsNotSigned: the row itself asks for more
// than is owed, or the books stop to fit while it waits.
func TestAPayoutWrittenIntoTheDatabaseIsNotSigned(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, sql, want string }{
		{"more than is owed", "UPDATE payouts SET amount_sats = 9000, psbt = '', state = 'requested' WHERE org_id = $1", "are owed, not 9000"},
		{"books that do not fit", "UPDATE ledger_accounts SET balance = balance - 1 WHERE org_id = $1", "its entries sum to"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			y := newYard(t)
			a := y.tenant(1, 2_000)
			if err := y.svc.Step(t.Context()); !errors.Is(err, hashyard.Conflict) {
				t.Fatalf("without coins: %v", err)
			}
			y.last(a, treasury.Requested)
			y.exec(tt.sql, a.Org)
			y.fund(30_000)
			if err := y.svc.Step(t.Context()); !errors.Is(err, hashyard.Conflict) || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("step: %v", err)
			}
			p := y.payouts(y.house)[0]
			if p.State != treasury.Reserved || !strings.Contains(p.Reason, tt.want) || len(y.keeper.asked) != 0 {
				t.Fatalf("payout is %s (%s), signer asked %d times", p.State, p.Reason, len(y.keeper.asked))
			}
		})
	}
}
