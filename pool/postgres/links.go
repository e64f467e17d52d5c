package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/migrations/pg"
	"hashyard/pool"
)

const linkColumns = "l.id, l.org_id, l.account_id, l.name, l.workers, l.earnings, l.created_by, l.created_at, l.expires_at, l.revoked_at, l.last_used_at"

func linkInto(l *pool.WatchLink, revoked, used **time.Time) []any {
	return []any{&l.ID, &l.Org, &l.Account, &l.Name, &l.Workers, &l.Earnings, &l.CreatedBy, &l.Created, &l.Expires, revoked, used}
}

func scanLink(row pgx.CollectableRow) (l pool.WatchLink, err error) {
	var revoked, used *time.Time
	err = row.Scan(linkInto(&l, &revoked, &used)...)
	return linkDone(l, revoked, used), err
}

func linkDone(l pool.WatchLink, revoked, used *time.Time) pool.WatchLink {
	l.Created, l.Expires, l.Revoked, l.Used = l.Created.UTC(), l.Expires.UTC(), orZero(revoked), orZero(used)
	return l
}

func linkByID(ctx context.Context, tx *pg.Tx, id hashyard.ID) (pool.WatchLink, error) {
	rows, err := tx.Conn().Query(ctx, "SELECT "+linkColumns+" FROM pool_watch_links l WHERE l.id = $1 FOR UPDATE", id)
	if err != nil {
		return pool.WatchLink{}, err
	}
	return pgx.CollectExactlyOneRow(rows, scanLink)
}

// AddWatchLink makes a link; see pool.Store.
func (s *Store) AddWatchLink(ctx context.Context, actor hashyard.Actor, l pool.WatchLink, hash [32]byte, most int) (out pool.WatchLink, made bool, err error) {
	err = s.db.InOrg(ctx, actor, actor.Org, func(ctx context.Context, tx *pg.Tx) error {
		made = false
		// The account's row is the lock under which its links are counted.
		if _, err := tx.Conn().Exec(ctx, "SELECT FROM pool_accounts WHERE id = $1 FOR UPDATE", l.Account); err != nil {
			return err
		}
		old, err := linkByID(ctx, tx, l.ID)
		if kind, ok := hashyard.KindOf(pg.Fail(err, "link")); err == nil || !ok || kind != hashyard.NotFound {
			out = old
			return err
		}
		var living int
		err = tx.Conn().QueryRow(ctx, "SELECT count(*) FROM pool_watch_links WHERE revoked_at IS NULL AND expires_at > $1", l.Created).Scan(&living)
		if err != nil {
			return err
		}
		if living >= most {
			return hashyard.Conflict.Errorf("there are %d living links already: revoke one first", living)
		}
		_, err = tx.Conn().Exec(ctx, `
			INSERT INTO pool_watch_links (id, org_id, account_id, name, token_hash, workers, earnings, created_by, created_at, expires_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			l.ID, l.Org, l.Account, l.Name, hash[:], l.Workers, l.Earnings, l.CreatedBy, l.Created, l.Expires)
		if err != nil {
			return err
		}
		made = true
		if out, err = linkByID(ctx, tx, l.ID); err != nil {
			return err
		}
		return tx.Audit(ctx, "pool.watch-link.add", hashyard.Ref{Kind: "watch_link", ID: l.ID}, nil, out)
	})
	return out, made && err == nil, pg.Fail(err, "add watch link %s", l.Name)
}

// WatchLinks lists them, newest first.
func (s *Store) WatchLinks(ctx context.Context, actor hashyard.Actor, q pool.Page) (out []pool.WatchLink, next string, err error) {
	after, limit, err := pageByID(q)
	if err != nil {
		return nil, "", err
	}
	err = s.db.InOrg(ctx, actor, actor.Org, func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, "SELECT "+linkColumns+" FROM pool_watch_links l WHERE $1::uuid IS NULL OR l.id < $1 ORDER BY l.id DESC LIMIT $2", after, limit+1)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, scanLink)
		return err
	})
	if len(out) > limit {
		out = out[:limit]
		next = out[limit-1].ID.String()
	}
	return out, next, pg.Fail(err, "list watch links")
}

// RevokeWatchLink ends a link.
func (s *Store) RevokeWatchLink(ctx context.Context, actor hashyard.Actor, id hashyard.ID, at time.Time) (l pool.WatchLink, err error) {
	err = s.db.InOrg(ctx, actor, actor.Org, func(ctx context.Context, tx *pg.Tx) error {
		if l, err = linkByID(ctx, tx, id); err != nil || !l.Revoked.IsZero() {
			return err
		}
		if _, err := tx.Conn().Exec(ctx, "UPDATE pool_watch_links SET revoked_at = $2 WHERE id = $1", id, at); err != nil {
			return err
		}
		l.Revoked = at.UTC()
		return tx.Audit(ctx, "pool.watch-link.revoke", hashyard.Ref{Kind: "watch_link", ID: id}, nil, l)
	})
	return l, pg.Fail(err, "revoke watch link %s", id)
}

// OpenWatchLink finds a link by its token's hash and notes that it is used, by
// the minute.
func (s *Store) OpenWatchLink(ctx context.Context, hash [32]byte, now time.Time) (l pool.WatchLink, a pool.Account, err error) {
	err = s.db.AsSystem(ctx, "pool.watch-link", func(ctx context.Context, tx *pg.Tx) error {
		var revoked, used *time.Time
		err := tx.Conn().QueryRow(ctx, "SELECT "+linkColumns+", "+accountColumns+`
			FROM pool_watch_links l JOIN pool_accounts a ON a.id = l.account_id WHERE l.token_hash = $1`, hash[:]).
			Scan(append(linkInto(&l, &revoked, &used), accountInto(&a)...)...)
		if err != nil {
			return err
		}
		l = linkDone(l, revoked, used)
		if !l.Revoked.IsZero() || !l.Expires.After(now) || now.Sub(l.Used) < time.Minute {
			return nil
		}
		_, err = tx.Conn().Exec(ctx, "UPDATE pool_watch_links SET last_used_at = $2 WHERE id = $1", l.ID, now)
		return err
	})
	return l, a, pg.Fail(err, "watch link")
}
