package postgres_test

import (
	"context"
	"sync/atomic"
	"testing"

	"hashyard"
	"hashyard/migrations/pg"
	"hashyard/migrations/testdb"
)

// BenchmarkAudited is a command that writes one audit row and commits it to
// disk, eight at a time: in one organisation, whose chain they share, in one
// each, and with the chain switched off.
func BenchmarkAudited(b *testing.B) {
	for _, bb := range []struct {
		name    string
		orgs    int
		chained bool
	}{{"one organisation", 1, true}, {"eight organisations", 8, true}, {"no chain", 1, false}} {
		b.Run(bb.name, func(b *testing.B) {
			db := testdb.New(b)
			owner := testdb.Owner(b, db)
			for _, sql := range []string{"ALTER SYSTEM SET fsync = on", "ALTER SYSTEM SET synchronous_commit = on", "SELECT pg_reload_conf()"} {
				if _, err := owner.Exec(b.Context(), sql); err != nil {
					b.Fatal(err)
				}
			}
			if !bb.chained {
				if _, err := owner.Exec(b.Context(), "ALTER TABLE audit DISABLE TRIGGER USER"); err != nil {
					b.Fatal(err)
				}
			}
			orgs := make([]hashyard.ID, bb.orgs)
			for i := range orgs {
				orgs[i] = hashyard.NewID()
			}
			var n atomic.Int64
			b.SetParallelism(4)
			b.RunParallel(func(p *testing.PB) {
				org := orgs[int(n.Add(1))%len(orgs)]
				actor := hashyard.Actor{Org: org, User: hashyard.NewID()}
				for p.Next() {
					err := db.InOrg(b.Context(), actor, org, func(ctx context.Context, tx *pg.Tx) error {
						return tx.Audit(ctx, "test.done", hashyard.Ref{Kind: "test", ID: org}, nil, map[string]int{"n": 1})
					})
					if err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}
