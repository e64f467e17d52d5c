// Package postgres keeps identity in the database: organisations, users,
// sessions, API keys, idempotency keys. It is the only reader and writer of
// its tables.
//
// Sign-in happens before anyone knows the tenant, so finding a user, session
// or key runs as the system; everything else runs in the actor's
// organisation. A Store is safe for concurrent use.
package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/migrations/pg"
	"hashyard/web"
)

// Store implements web.Store and web.Keeper.
type Store struct{ db *pg.DB }

var (
	_ web.Store  = (*Store)(nil)
	_ web.Keeper = (*Store)(nil)
)

// New makes the store.
func New(db *pg.DB) *Store { return &Store{db: db} }

// The reasons of the system transactions here.
const (
	signIn    = "web.sign-in"
	directory = "web.directory"
)

// PutOrg makes the organisation or changes its name, slug and house mark.
func (s *Store) PutOrg(ctx context.Context, org web.Org) error {
	actor := hashyard.SystemActor("seed")
	actor.Org = org.ID
	return s.db.InOrg(ctx, actor, org.ID, func(ctx context.Context, tx *pg.Tx) error {
		var before *web.Org
		was, err := scanOrg(tx.Conn().QueryRow(ctx, "SELECT id, name, slug, house FROM orgs WHERE id = $1 FOR UPDATE", org.ID))
		switch {
		case err == nil && was == org:
			return nil
		case err == nil:
			before = &was
		case err != pgx.ErrNoRows: //nolint:errorlint // pgx returns the value itself from Scan
			return pg.Fail(err, "organisation %s", org.Slug)
		}
		_, err = tx.Conn().Exec(ctx, `
			INSERT INTO orgs (id, name, slug, house) VALUES ($1, $2, $3, $4)
			ON CONFLICT (id) DO UPDATE SET name = $2, slug = $3, house = $4`, org.ID, org.Name, org.Slug, org.House)
		if err != nil {
			return pg.Fail(err, "organisation %s", org.Slug)
		}
		return tx.Audit(ctx, "org.put", hashyard.Ref{Kind: "org", ID: org.ID}, before, org)
	})
}

// Orgs are all organisations.
func (s *Store) Orgs(ctx context.Context) (orgs []web.Org, err error) {
	err = s.db.AsSystem(ctx, directory, func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, "SELECT id, name, slug, house FROM orgs ORDER BY id")
		if err != nil {
			return pg.Fail(err, "organisations")
		}
		orgs, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (web.Org, error) { return scanOrg(row) })
		return pg.Fail(err, "organisations")
	})
	return orgs, err
}

func scanOrg(row pgx.Row) (o web.Org, err error) {
	err = row.Scan(&o.ID, &o.Name, &o.Slug, &o.House)
	return o, err
}

// Audit is the newest first, at most limit rows older than before. Rows of no
// organisation, of system transactions, are the house's to see.
func (s *Store) Audit(ctx context.Context, actor hashyard.Actor, ref hashyard.Ref, before hashyard.ID, limit int) (out []web.AuditRow, err error) {
	read := func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, `
			SELECT id, at, actor, command, ref_kind, ref_id, before, after FROM audit
			WHERE (org_id = $1 OR ($6 AND org_id IS NULL)) AND ($2::uuid IS NULL OR id < $2) AND ($3 = '' OR ref_kind = $3) AND ($4::uuid IS NULL OR ref_id = $4)
			ORDER BY id DESC LIMIT $5`, actor.Org, before, ref.Kind, ref.ID, limit, actor.House)
		if err != nil {
			return pg.Fail(err, "audit")
		}
		out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (r web.AuditRow, err error) {
			err = row.Scan(&r.ID, &r.At, &r.Actor, &r.Command, &r.Ref.Kind, &r.Ref.ID, &r.Before, &r.After)
			r.At = r.At.UTC()
			return r, err
		})
		return pg.Fail(err, "audit")
	}
	if actor.House {
		err = s.db.AsSystem(ctx, "web.audit", read)
	} else {
		err = s.db.InOrg(ctx, actor, actor.Org, read)
	}
	return out, err
}

// instant is a time for the database: none is NULL.
func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func utc(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}
