package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/migrations/pg"
	"hashyard/pool"
)

const edgeQuery = `SELECT e.id, e.number, e.name, e.key, e.enrolled_at, e.revoked_at, e.seen_at, e.awake,
		coalesce(c.stream, ''), coalesce(c.seq, 0), coalesce(c.missing, 0)
	FROM pool_edges e LEFT JOIN pool_checkpoints c ON c.name = 'edge/' || e.number `

func scanEdge(row pgx.CollectableRow) (e pool.EdgeMachine, err error) {
	var revoked, seen *time.Time
	var number int
	var seq int64
	err = row.Scan(&e.ID, &number, &e.Name, &e.Key, &e.Since, &revoked, &seen, &e.Awake, &e.Stream, &seq, &e.Missing)
	e.Number, e.Seq, e.Since, e.Revoked, e.Seen = byte(number), uint64(seq), e.Since.UTC(), orZero(revoked), orZero(seen)
	return e, err
}

func edgesWhere(ctx context.Context, tx *pg.Tx, where string, args ...any) ([]pool.EdgeMachine, error) {
	rows, err := tx.Conn().Query(ctx, edgeQuery+where, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanEdge)
}

// AddEdge lets a machine come; see pool.EdgeStore. The same key and name again
// give what is there.
func (s *Store) AddEdge(ctx context.Context, e pool.EdgeMachine) (out pool.EdgeMachine, err error) {
	err = s.db.AsSystem(ctx, "pool.edge", func(ctx context.Context, tx *pg.Tx) error {
		// One at a time: numbers are chosen by looking.
		if _, err := tx.Conn().Exec(ctx, "SELECT pg_advisory_xact_lock(hashtext('pool_edges'))"); err != nil {
			return err
		}
		old, err := edgesWhere(ctx, tx, "WHERE e.key = $1 OR (e.name = $2 AND e.revoked_at IS NULL)", e.Key, e.Name)
		if err != nil {
			return err
		}
		if len(old) == 1 && old[0].Key == e.Key && old[0].Name == e.Name && old[0].Revoked.IsZero() {
			out = old[0]
			return nil
		}
		if len(old) > 0 {
			return hashyard.Conflict.Errorf("an edge has the name %s or this key already, or had the key: make a new one", e.Name)
		}
		var number int
		err = tx.Conn().QueryRow(ctx, `
			SELECT n FROM generate_series(1, 255) n LEFT JOIN pool_edges e ON e.number = n
			GROUP BY n HAVING bool_and(e.id IS NULL OR e.revoked_at IS NOT NULL)
			ORDER BY max(e.revoked_at) NULLS FIRST, n LIMIT 1`).Scan(&number)
		if errors.Is(err, pgx.ErrNoRows) {
			return hashyard.Exhausted.Errorf("there are 255 edges: revoke one that is not needed any more")
		}
		if err != nil {
			return err
		}
		_, err = tx.Conn().Exec(ctx, "INSERT INTO pool_edges (id, number, name, key, enrolled_at) VALUES ($1, $2, $3, $4, $5)",
			e.ID, number, e.Name, e.Key, e.Since)
		if err != nil {
			return err
		}
		out = e
		out.Number = byte(number)
		return tx.Audit(ctx, "pool.edge.add", hashyard.Ref{Kind: "edge", ID: e.ID}, nil, out)
	})
	return out, pg.Fail(err, "add edge %s", e.Name)
}

// RevokeEdge keeps a machine out; see pool.EdgeStore.
func (s *Store) RevokeEdge(ctx context.Context, name string, lost bool, at time.Time) (out pool.EdgeMachine, err error) {
	err = s.db.AsSystem(ctx, "pool.edge", func(ctx context.Context, tx *pg.Tx) error {
		found, err := edgesWhere(ctx, tx, "WHERE e.name = $1 AND e.revoked_at IS NULL FOR UPDATE OF e", name)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return hashyard.NotFound.Errorf("no edge is called %s", name)
		}
		out = found[0]
		if out.Awake && !lost {
			return hashyard.Conflict.Errorf("edge %s has not said goodbye: it may hold shares that nobody else has; stop it first, or say that it is lost for ever", name)
		}
		before := out
		out.Revoked, out.Awake = at, false
		if _, err := tx.Conn().Exec(ctx, "UPDATE pool_edges SET revoked_at = $2, awake = false WHERE id = $1", out.ID, at); err != nil {
			return err
		}
		return tx.Audit(ctx, "pool.edge.revoke", hashyard.Ref{Kind: "edge", ID: out.ID}, before, out)
	})
	return out, pg.Fail(err, "revoke edge %s", name)
}

// Edges are all that may come, by number.
func (s *Store) Edges(ctx context.Context) (out []pool.EdgeMachine, err error) {
	err = s.db.AsSystem(ctx, "pool.edge", func(ctx context.Context, tx *pg.Tx) error {
		out, err = edgesWhere(ctx, tx, "WHERE e.revoked_at IS NULL ORDER BY e.number")
		return err
	})
	return out, pg.Fail(err, "edges")
}

// EdgeByKey is the one that may come with this key.
func (s *Store) EdgeByKey(ctx context.Context, key string) (out pool.EdgeMachine, err error) {
	err = s.db.AsSystem(ctx, "pool.edge", func(ctx context.Context, tx *pg.Tx) error {
		found, err := edgesWhere(ctx, tx, "WHERE e.key = $1 AND e.revoked_at IS NULL", key)
		if err == nil && len(found) == 0 {
			err = hashyard.NotFound.Errorf("no edge has the key %s", key)
		}
		if err == nil {
			out = found[0]
		}
		return err
	})
	return out, pg.Fail(err, "edge")
}

// SeeEdge notes that a machine was heard, and whether it stays.
func (s *Store) SeeEdge(ctx context.Context, id hashyard.ID, awake bool, at time.Time) error {
	err := s.db.AsSystem(ctx, "pool.edge", func(ctx context.Context, tx *pg.Tx) error {
		_, err := tx.Conn().Exec(ctx, "UPDATE pool_edges SET seen_at = $2, awake = $3 WHERE id = $1 AND revoked_at IS NULL", id, at, awake)
		return err
	})
	return pg.Fail(err, "edge %s", id)
}
