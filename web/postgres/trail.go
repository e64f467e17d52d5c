package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/migrations/pg"
	"hashyard/web/audit"
)

var (
	_ audit.Store     = (*Store)(nil)
	_ audit.HeadStore = (*Store)(nil)
)

// trail runs fn where the actor may read: a tenant in its own organisation,
// the house and the system everywhere.
func (s *Store) trail(ctx context.Context, actor hashyard.Actor, fn func(ctx context.Context, tx *pg.Tx) error) error {
	if actor.House || actor.System != "" {
		return s.db.AsSystem(ctx, "web.audit", fn)
	}
	return s.db.InOrg(ctx, actor, actor.Org, fn)
}

// Chains are the organisations that have a chain.
func (s *Store) Chains(ctx context.Context, actor hashyard.Actor) (chains []hashyard.ID, err error) {
	err = s.trail(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		// Also one whose every link was taken out.
		rows, err := tx.Conn().Query(ctx, `
			SELECT chain FROM audit_chain WHERE seq = 1 UNION
			SELECT DISTINCT coalesce(org_id, '00000000-0000-0000-0000-000000000000') FROM audit ORDER BY 1`)
		if err != nil {
			return pg.Fail(err, "audit chains")
		}
		chains, err = pgx.CollectRows(rows, pgx.RowTo[hashyard.ID])
		return pg.Fail(err, "audit chains")
	})
	return chains, err
}

// Links are links of a chain in order, each with its row.
func (s *Store) Links(ctx context.Context, actor hashyard.Actor, chain hashyard.ID, seq int64, n int) (links []audit.Link, err error) {
	err = s.trail(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, `
			SELECT c.seq, c.audit_id, c.hash, a.id, a.org_id, coalesce(a.at, 'epoch'), coalesce(a.actor::text, ''), coalesce(a.command, ''),
			       coalesce(a.ref_kind, ''), a.ref_id, a.before::text, a.after::text
			FROM audit_chain c LEFT JOIN audit a ON a.id = c.audit_id
			WHERE c.chain = $1 AND c.seq > $2 ORDER BY c.seq LIMIT $3`, [16]byte(chain), seq, n)
		if err != nil {
			return pg.Fail(err, "audit chain %s", chain)
		}
		links, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (l audit.Link, err error) {
			var r audit.Row
			var hash []byte
			err = row.Scan(&l.Seq, &l.ID, &hash, &r.ID, &r.Org, &r.At, &r.Actor, &r.Command, &r.RefKind, &r.RefID, &r.Before, &r.After)
			copy(l.Hash[:], hash)
			if !r.ID.IsZero() {
				l.Row = &r
			}
			return l, err
		})
		return pg.Fail(err, "audit chain %s", chain)
	})
	return links, err
}

// Loose is the first row that is in no chain.
func (s *Store) Loose(ctx context.Context, actor hashyard.Actor, chain hashyard.ID) (id hashyard.ID, err error) {
	err = s.trail(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, `
			SELECT a.id FROM audit a
			WHERE a.org_id IS NOT DISTINCT FROM $1 AND NOT EXISTS (SELECT FROM audit_chain c WHERE c.audit_id = a.id)
			ORDER BY a.id LIMIT 1`, chain)
		if err != nil {
			return pg.Fail(err, "audit chain %s", chain)
		}
		ids, err := pgx.CollectRows(rows, pgx.RowTo[hashyard.ID])
		if len(ids) > 0 {
			id = ids[0]
		}
		return pg.Fail(err, "audit chain %s", chain)
	})
	return id, err
}

// Heads are the last links of all chains.
func (s *Store) Heads(ctx context.Context) (heads []audit.Head, err error) {
	err = s.db.AsSystem(ctx, "web.audit", func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, `
			SELECT f.chain, l.seq, l.hash FROM audit_chain f,
			LATERAL (SELECT seq, hash FROM audit_chain c WHERE c.chain = f.chain ORDER BY seq DESC LIMIT 1) l
			WHERE f.seq = 1 ORDER BY f.chain`)
		if err != nil {
			return pg.Fail(err, "audit heads")
		}
		heads, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (h audit.Head, err error) {
			var hash []byte
			err = row.Scan(&h.Chain, &h.Seq, &hash)
			copy(h.Hash[:], hash)
			return h, err
		})
		return pg.Fail(err, "audit heads")
	})
	return heads, err
}
