package api_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"hashyard"
	"hashyard/migrations/pg"
	"hashyard/web"
	"hashyard/web/audit"
)

func (y *yard) verifyAll(known []audit.Head) map[hashyard.ID]audit.Report {
	y.t.Helper()
	reports, err := audit.VerifyAll(y.t.Context(), y.store(), hashyard.SystemActor("web.audit"), known, time.Now().UTC())
	y.must(err)
	out := map[hashyard.ID]audit.Report{}
	for _, r := range reports {
		out[r.Chain] = r
	}
	return out
}

// busy leaves n more rows in an organisation's trail.
func (y *yard) busy(org hashyard.ID, n int) {
	y.t.Helper()
	for i := range n {
		actor := hashyard.Actor{Org: org, User: hashyard.NewID(), Roles: []hashyard.Role{hashyard.Owner}}
		y.must(y.db.InOrg(y.t.Context(), actor, org, func(ctx context.Context, tx *pg.Tx) error {
			return tx.Audit(ctx, "test.done", hashyard.Ref{Kind: "test", ID: hashyard.NewID()}, map[string]any{"n": i, "text": "Grüße \"quoted\"\n\t"}, nil)
		}))
	}
}

func TestAuditChain(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.busy(y.seller.ID, 5)
	y.must(y.db.AsSystem(t.Context(), "test", func(ctx context.Context, tx *pg.Tx) error {
		if err := tx.Audit(ctx, "test.house", hashyard.Ref{Kind: "test"}, nil, []int{1}); err != nil {
			return err
		}
		return tx.AuditOf(ctx, []hashyard.ID{y.buyer.ID, y.seller.ID, y.buyer.ID}, "test.both", hashyard.Ref{Kind: "test"}, nil, nil)
	}))
	all := y.verifyAll(nil)
	if len(all) != 4 {
		t.Errorf("%d chains, want three organisations' and the house's own", len(all))
	}
	var rows int64
	for chain, r := range all {
		if r.Bad != nil || r.Rows == 0 || r.Head.Seq != r.Rows {
			t.Errorf("chain %s: %+v %+v", chain, r, r.Bad)
		}
		rows += r.Rows
	}
	var stored int64
	y.must(y.owner.QueryRow(t.Context(), "SELECT count(*) FROM audit").Scan(&stored))
	if rows != stored {
		t.Errorf("%d rows are chained, %d are stored", rows, stored)
	}
	// A command that was rolled back leaves no link.
	fail := errors.New("rolled back")
	err := y.db.InOrg(t.Context(), hashyard.Actor{Org: y.seller.ID}, y.seller.ID, func(ctx context.Context, tx *pg.Tx) error {
		return errors.Join(tx.Audit(ctx, "test.never", hashyard.Ref{Kind: "test"}, nil, nil), fail)
	})
	if !errors.Is(err, fail) || y.verifyAll(nil)[y.seller.ID].Rows != all[y.seller.ID].Rows {
		t.Error("a command that never was is in the chain")
	}
	// By HTTP: an owner checks their own, the desk the house's two.
	owner, desk := y.signIn("owner@north.example"), y.signIn("desk@house.example")
	p := decode[web.Page[audit.Report]](t, owner.do("GET", "/audit/chain", nil))
	if len(p.Items) != 1 || p.Items[0].Chain != y.seller.ID || p.Items[0].Bad != nil {
		t.Errorf("owner: %+v", p)
	}
	if p = decode[web.Page[audit.Report]](t, desk.do("GET", "/audit/chain", nil)); len(p.Items) != 2 {
		t.Errorf("desk: %+v", p)
	}
	y.want(y.signIn("view@north.example").do("GET", "/audit/chain", nil), 403, "audit.read")
	y.want(owner.do("GET", "/audit?command=session.open&limit=1", nil), 200, `"seq":`)
	y.want(owner.do("GET", "/audit?command=nothing", nil), 200, `"items":[]`)
}

// TestTamperingIsFound: whoever owns the database may change it, and the check
// names the first row that is not what was written.
func TestTamperingIsFound(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.busy(y.seller.ID, 12)
	ids := make([]hashyard.ID, 0, 20)
	rows, err := y.owner.Query(t.Context(), "SELECT audit_id FROM audit_chain WHERE chain = $1 ORDER BY seq", y.seller.ID)
	y.must(err)
	for rows.Next() {
		var id hashyard.ID
		y.must(rows.Scan(&id))
		ids = append(ids, id)
	}
	y.must(rows.Err())
	_, err = y.owner.Exec(t.Context(), `
		CREATE TEMP TABLE kept AS TABLE audit; CREATE TEMP TABLE kept_chain AS TABLE audit_chain;
		ALTER TABLE audit_chain DROP CONSTRAINT audit_chain_seq_check`)
	y.must(err)
	for _, tt := range []struct {
		name string
		sql  string
		seq  int64
		row  hashyard.ID
		what string
	}{
		{"changed", fmt.Sprintf("UPDATE audit SET after = '{}' WHERE id = '%s'", ids[4]), 5, ids[4], "is not what was written"},
		{"changed actor", fmt.Sprintf("UPDATE audit SET actor = jsonb_set(actor, '{user}', '\"x\"') WHERE id = '%s'", ids[6]), 7, ids[6], "is not what was written"},
		{"dated back", fmt.Sprintf("UPDATE audit SET at = at - interval '1 microsecond' WHERE id = '%s'", ids[2]), 3, ids[2], "is not what was written"},
		{"given to another", fmt.Sprintf("UPDATE audit SET org_id = '%s' WHERE id = '%s'", y.buyer.ID, ids[5]), 6, ids[5], "is not what was written"},
		{"deleted", fmt.Sprintf("DELETE FROM audit WHERE id = '%s'", ids[3]), 4, ids[3], "was deleted"},
		{"deleted with its link", fmt.Sprintf("DELETE FROM audit WHERE id = '%[1]s'; DELETE FROM audit_chain WHERE audit_id = '%[1]s'", ids[3]), 4, hashyard.ID{}, "link is missing"},
		{"deleted and closed up", fmt.Sprintf("DELETE FROM audit WHERE id = '%[1]s'; DELETE FROM audit_chain WHERE audit_id = '%[1]s'; UPDATE audit_chain SET seq = -seq WHERE chain = '%[2]s' AND seq > 4; UPDATE audit_chain SET seq = -seq - 1 WHERE seq < 0", ids[3], y.seller.ID), 4, ids[4], "is not what was written"},
		{"put in", fmt.Sprintf("SET session_replication_role = replica; INSERT INTO audit SELECT gen_random_uuid(), org_id, at, actor, command, ref_kind, ref_id, before, after FROM audit WHERE id = '%s'; RESET session_replication_role", ids[4]), 0, hashyard.ID{}, "is in no chain"},
		{"swapped", fmt.Sprintf("UPDATE audit_chain SET audit_id = '%[3]s' WHERE audit_id = '%[1]s'; UPDATE audit_chain SET audit_id = '%[1]s' WHERE audit_id = '%[2]s'; UPDATE audit_chain SET audit_id = '%[2]s' WHERE audit_id = '%[3]s'", ids[4], ids[8], hashyard.NewID()), 5, ids[8], "is not what was written"},
		{"hash changed", "UPDATE audit_chain SET hash = sha256('x') WHERE audit_id = '" + ids[1].String() + "'", 2, ids[1], "is not what was written"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := y.owner.Exec(t.Context(), tt.sql)
			y.must(err)
			r := y.verifyAll(nil)[y.seller.ID]
			_, err = y.owner.Exec(t.Context(), `
				SET session_replication_role = replica;
				DELETE FROM audit; INSERT INTO audit TABLE kept; DELETE FROM audit_chain; INSERT INTO audit_chain TABLE kept_chain;
				RESET session_replication_role`)
			y.must(err)
			if r.Bad == nil || r.Bad.Seq != tt.seq || (r.Bad.Row != tt.row && tt.seq != 0) || !strings.Contains(r.Bad.What, tt.what) {
				t.Errorf("found %+v, want %d %s %q", r.Bad, tt.seq, tt.row, tt.what)
			}
		})
	}
	if r := y.verifyAll(nil)[y.seller.ID]; r.Bad != nil {
		t.Errorf("the tests left it bad: %+v", r.Bad)
	}
}

// TestCutOffIsFound: an end that was cut off, or a chain made anew, shows
// against what was exported.
func TestCutOffIsFound(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.busy(y.seller.ID, 4)
	file := filepath.Join(t.TempDir(), "heads.jsonl")
	export := func() {
		e, err := audit.NewExporter(audit.ExporterConfig{Store: y.store(), File: file})
		y.must(err)
		y.must(e.Export(t.Context()))
		y.must(e.Export(t.Context()))
	}
	export()
	known, err := audit.ReadHeads(file)
	y.must(err)
	if len(known) != 3 { // nothing twice
		t.Errorf("%d heads", len(known))
	}
	y.busy(y.seller.ID, 2)
	export()
	known, err = audit.ReadHeads(file)
	y.must(err)
	if len(known) != 4 || y.verifyAll(known)[y.seller.ID].Bad != nil {
		t.Fatalf("%d heads; %+v", len(known), y.verifyAll(known)[y.seller.ID].Bad)
	}
	good := y.verifyAll(known)[y.seller.ID].Rows
	_, err = y.owner.Exec(t.Context(), `
		DELETE FROM audit WHERE id IN (SELECT audit_id FROM audit_chain WHERE chain = $1 AND seq = $2)`, y.seller.ID, good)
	y.must(err)
	_, err = y.owner.Exec(t.Context(), "DELETE FROM audit_chain WHERE chain = $1 AND seq = $2", y.seller.ID, good)
	y.must(err)
	if r := y.verifyAll(nil)[y.seller.ID]; r.Bad != nil {
		t.Errorf("without heads nothing shows: %+v", r.Bad)
	}
	if r := y.verifyAll(known)[y.seller.ID]; r.Bad == nil || r.Bad.Seq != good || !strings.Contains(r.Bad.What, "cut off") {
		t.Errorf("cut off: %+v", r.Bad)
	}
	// Other rows in its place are not what was exported.
	y.busy(y.seller.ID, 2)
	if r := y.verifyAll(known)[y.seller.ID]; r.Bad == nil || r.Bad.Seq != good || !strings.Contains(r.Bad.What, "made anew") {
		t.Errorf("made anew: %+v", r.Bad)
	}
	// A whole chain that is gone is missed, too.
	_, err = y.owner.Exec(t.Context(), "DELETE FROM audit_chain WHERE chain = $1", y.buyer.ID)
	y.must(err)
	_, err = y.owner.Exec(t.Context(), "DELETE FROM audit WHERE org_id = $1", y.buyer.ID)
	y.must(err)
	if r := y.verifyAll(known)[y.buyer.ID]; r.Bad == nil || !strings.Contains(r.Bad.What, "cut off") {
		t.Errorf("gone: %+v", r.Bad)
	}
	// A line that a crash cut off is skipped, and the next one begins anew.
	raw, err := os.ReadFile(file)
	y.must(err)
	y.must(os.WriteFile(file, append(raw, `{"at":"2026-11-25T0`...), 0o600))
	y.busy(y.house.ID, 1)
	export()
	if known, err = audit.ReadHeads(file); err != nil || len(known) < 5 {
		t.Errorf("%d heads, %v", len(known), err)
	}
}

// TestChainsDoNotDeadlock: transactions that write rows of the same
// organisations in opposite order all get through, and every chain is whole.
func TestChainsDoNotDeadlock(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	orgs := []hashyard.ID{y.seller.ID, y.buyer.ID, y.house.ID, {}}
	var wg sync.WaitGroup
	start := time.Now()
	const workers, each = 8, 25
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				err := y.db.AsSystem(t.Context(), "test", func(ctx context.Context, tx *pg.Tx) error {
					for k := range orgs {
						org := orgs[(w+k*(1+2*(w%2)))%len(orgs)]
						if err := tx.AuditFor(ctx, org, "test.many", hashyard.Ref{Kind: "test"}, nil, map[string]int{"w": w, "i": i}); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	t.Logf("%d transactions of %d rows in %s", workers*each, len(orgs), time.Since(start))
	var deadlocks int
	y.must(y.owner.QueryRow(t.Context(), "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").Scan(&deadlocks))
	if deadlocks != 0 {
		t.Errorf("%d deadlocks", deadlocks)
	}
	for chain, r := range y.verifyAll(nil) {
		if r.Bad != nil || r.Rows < workers*each {
			t.Errorf("chain %s: %d rows, %+v", chain, r.Rows, r.Bad)
		}
	}
}
