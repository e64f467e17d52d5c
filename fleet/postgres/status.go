package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard/migrations/pg"
)

// Status is the fleet of all organisations in numbers.
type Status struct {
	Polls     []time.Duration // since each agent's last word, shortest first
	Silent    int             // agents that have been away too long
	Miners    map[string]int64
	Redirects map[string]int64
}

// Status counts them. A site without an agent so far is not counted.
func (s *Store) Status(ctx context.Context) (st Status, err error) {
	st = Status{Miners: map[string]int64{}, Redirects: map[string]int64{}}
	err = s.db.AsSystem(ctx, "fleet.status", func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, "SELECT "+siteColumns+" FROM sites WHERE agent_seen_at IS NOT NULL ORDER BY agent_seen_at DESC")
		if err != nil {
			return err
		}
		sites, err := pgx.CollectRows(rows, scanSite)
		if err != nil {
			return err
		}
		now := time.Now()
		for _, site := range sites {
			age := max(now.Sub(site.AgentSeen), 0)
			if st.Polls = append(st.Polls, age); age > site.OfflineAfter() {
				st.Silent++
			}
		}
		if err := count(ctx, tx, st.Miners, `
			SELECT CASE WHEN gone_at IS NOT NULL THEN 'gone' WHEN quarantine <> '' THEN 'quarantined' ELSE 'present' END, count(*)
			FROM miners GROUP BY 1`); err != nil {
			return err
		}
		return count(ctx, tx, st.Redirects, "SELECT state, count(*) FROM redirects GROUP BY 1")
	})
	return st, pg.Fail(err, "fleet status")
}

func count(ctx context.Context, tx *pg.Tx, into map[string]int64, sql string) error {
	rows, err := tx.Conn().Query(ctx, sql)
	if err != nil {
		return err
	}
	var state string
	var n int64
	_, err = pgx.ForEachRow(rows, []any{&state, &n}, func() error { into[state] = n; return nil })
	return err
}
