package invariants

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"hashyard/migrations/testdb"
)

func TestMain(m *testing.M) { testdb.Main(m) }

// TestEveryInvariantIsNamedOnce and says what it holds.
func TestEveryInvariantIsNamedOnce(t *testing.T) {
	t.Parallel()
	var names []string
	for _, i := range List() {
		if i.Name == "" || i.Says == "" || (i.SQL == "") == (i.check == nil) {
			t.Errorf("%q says %q by SQL %t and code %t", i.Name, i.Says, i.SQL != "", i.check != nil)
		}
		names = append(names, i.Name)
	}
	slices.Sort(names)
	if got := len(slices.Compact(slices.Clone(names))); got != len(names) {
		t.Errorf("%d names for %d invariants", got, len(names))
	}
}

// TestCheckFindsWhatIsPlanted: an empty yard is sound, and each kind of break,
// written past all rules by the owner of the database, is found by its own
// invariant.
func TestCheckFindsWhatIsPlanted(t *testing.T) {
	t.Parallel()
	for _, plant := range []struct{ invariant, sql string }{
		{"", "SELECT 1"},
		{"money.entry-sums-to-zero", `WITH e AS (INSERT INTO ledger_entries (id, key, hash, at, memo, ref_kind, ref_id, orgs, postings)
			VALUES (gen_random_uuid(), 'k', decode(repeat('00', 32), 'hex'), now(), '', 't', gen_random_uuid(), ARRAY[gen_random_uuid()], 2) RETURNING id)
			INSERT INTO ledger_postings SELECT id, n, gen_random_uuid(), 'USD', 'capital', 5 FROM e, generate_series(0, 1) n`},
		{"money.accounts-are-postings", "INSERT INTO ledger_accounts VALUES (gen_random_uuid(), 'USD', 'capital', 7)"},
		{"money.currency-sums-to-zero", "INSERT INTO ledger_accounts VALUES (gen_random_uuid(), 'USD', 'capital', 7)"},
		{"money.no-forbidden-balance", "INSERT INTO ledger_accounts VALUES (gen_random_uuid(), 'BTC', 'treasury_coins', -1)"},
		{"payout.coin-has-one-holder", `ALTER TABLE payouts DISABLE TRIGGER ALL; INSERT INTO payouts (id, org_id, address, amount_sats, state, txid, tx, requested_at, signed_at)
			VALUES (gen_random_uuid(), gen_random_uuid(), 'a', 5, 'signed', 't', 'x', now(), now())`},
		{"payout.mined-in-a-best-block", `INSERT INTO payouts (id, org_id, address, amount_sats, state, txid, tx, requested_at, signed_at, mined_height, mined_hash)
			VALUES (gen_random_uuid(), gen_random_uuid(), 'a', 5, 'broadcast', 't', 'x', now(), now(), 5, 'h')`},
		{"unit.custodian-is-the-last-hand-over", `INSERT INTO units (id, owner_org, custodian_org, serial, state, custody_seq, readers, registered_at, seen_at)
			SELECT gen_random_uuid(), o, o, 'SERIAL1', 'available', 1, ARRAY[o], now(), now() FROM gen_random_uuid() o`},
		{"unit.custody-is-a-chain", `INSERT INTO custody (unit_id, seq, from_org, to_org, at, reason, orgs)
			VALUES (gen_random_uuid(), 2, gen_random_uuid(), gen_random_uuid(), now(), 'r', '{}')`},
		{"order.filled-is-bought-is-sold", `INSERT INTO instruments VALUES ('01890000-0000-7000-8000-000000000001', 'i', 'm', 'EU', 'FCA', 'USD', 1000);
			INSERT INTO orders (id, org_id, instrument_id, command_id, side, tif, price_mc, units, filled, state, created_at, changed_at)
			VALUES (gen_random_uuid(), gen_random_uuid(), '01890000-0000-7000-8000-000000000001', gen_random_uuid(), 'bid', 'ioc', 5, 2, 1, 'cancelled', now(), now())`},
		{"book.replay-is-open-orders", `INSERT INTO instruments VALUES ('01890000-0000-7000-8000-000000000001', 'i', 'm', 'EU', 'FCA', 'USD', 1000);
			INSERT INTO orders (id, org_id, instrument_id, command_id, side, tif, price_mc, units, state, seq, created_at, changed_at)
			VALUES (gen_random_uuid(), gen_random_uuid(), '01890000-0000-7000-8000-000000000001', gen_random_uuid(), 'bid', 'gtc', 5, 2, 'open', 1, now(), now())`},
		{"work.nothing-is-missing", "INSERT INTO pool_checkpoints (name, stream, seq, missing) VALUES ('edge/1', 's', 9, 2)"},
		{"work.all-is-booked", "INSERT INTO pool_unbooked (stream, seq, work, shares) VALUES ('s', 1, 5, 1)"},
		{"event.nothing-is-stuck", "INSERT INTO outbox (id, kind, ref_kind, at, payload) VALUES (gen_random_uuid(), 'miner.seen', 't', now() - interval '1 hour', '{}')"},
		{"event.handled-is-an-event", "INSERT INTO handled (event_id, handler) VALUES (gen_random_uuid(), 'h')"},
		{"audit.append-only", "GRANT DELETE ON audit TO hashyard_system"},
		{"tenant.rows-are-guarded", "CREATE TABLE open_to_all (n int)"},
	} {
		t.Run(plant.invariant, func(t *testing.T) {
			t.Parallel()
			conn, err := pgx.Connect(t.Context(), testdb.OwnerURL(testdb.Database(t)))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close(t.Context())
			// Foreign keys and triggers are what is got past here.
			if _, err := conn.Exec(t.Context(), "SET session_replication_role = replica; "+plant.sql); err != nil {
				t.Fatal(err)
			}
			found, err := Check(t.Context(), Sources{DB: conn})
			if err != nil {
				t.Fatal(err)
			}
			if plant.invariant == "" {
				for _, f := range found {
					t.Errorf("in an empty yard: %s", f)
				}
				return
			}
			if !slices.ContainsFunc(found, func(f Finding) bool { return f.Invariant == plant.invariant }) {
				t.Errorf("not found; found %v", found)
			}
		})
	}
}
