package postgres

import (
	"bytes"
	"context"
	"time"

	"hashyard"
	"hashyard/migrations/pg"
	"hashyard/web"
)

// principal is whose key it is: two people may choose the same one.
func principal(a hashyard.Actor) hashyard.ID {
	if !a.User.IsZero() {
		return a.User
	}
	return a.Key
}

// Claim takes an idempotency key, or returns the answer kept under it.
func (s *Store) Claim(ctx context.Context, c web.Claim) (a web.Attempt, kept *web.Answer, err error) {
	err = s.db.InOrg(ctx, c.Actor, c.Actor.Org, func(ctx context.Context, tx *pg.Tx) error {
		a, kept = web.Attempt{ID: hashyard.NewID(), Number: 1}, nil
		tag, err := tx.Conn().Exec(ctx, `
			INSERT INTO idempotency_keys (org_id, principal, key, id, operation, input_hash, leased_to)
			VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp() + $7) ON CONFLICT DO NOTHING`,
			c.Actor.Org, principal(c.Actor), c.Key, a.ID, c.Operation, c.Hash[:], web.ClaimLease)
		if err != nil || tag.RowsAffected() == 1 {
			return pg.Fail(err, "idempotency key")
		}
		a, kept, err = again(ctx, tx, c)
		return err
	})
	return a, kept, err
}

// again is the claim of a key that is known.
func again(ctx context.Context, tx *pg.Tx, c web.Claim) (a web.Attempt, kept *web.Answer, err error) {
	var answer web.Answer
	var operation string
	var hash []byte
	var status *int
	var free bool
	err = tx.Conn().QueryRow(ctx, `
		SELECT id, attempt, operation, input_hash, leased_to <= clock_timestamp(), status, header, body
		FROM idempotency_keys WHERE org_id = $1 AND principal = $2 AND key = $3 FOR UPDATE`,
		c.Actor.Org, principal(c.Actor), c.Key).
		Scan(&a.ID, &a.Number, &operation, &hash, &free, &status, &answer.Header, &answer.Body)
	if err != nil {
		return a, nil, pg.Fail(err, "idempotency key")
	}
	switch {
	case operation != c.Operation || !bytes.Equal(hash, c.Hash[:]):
		return a, nil, hashyard.Conflict.Errorf("this Idempotency-Key was used for another request; choose a new one")
	case status != nil:
		answer.Status = *status
		return a, &answer, nil
	case !free:
		return a, nil, hashyard.Conflict.Errorf("the request with this Idempotency-Key is still under way; try again in a moment")
	}
	a.Number++
	_, err = tx.Conn().Exec(ctx, `
		UPDATE idempotency_keys SET attempt = $4, leased_to = clock_timestamp() + $5
		WHERE org_id = $1 AND principal = $2 AND key = $3`,
		c.Actor.Org, principal(c.Actor), c.Key, a.Number, web.ClaimLease)
	return a, nil, pg.Fail(err, "idempotency key")
}

// Renew holds the claim for another lease.
func (s *Store) Renew(ctx context.Context, c web.Claim, a web.Attempt) error {
	return s.lease(ctx, c, a, web.ClaimLease)
}

// Release lets the next attempt begin at once.
func (s *Store) Release(ctx context.Context, c web.Claim, a web.Attempt) error {
	return s.lease(ctx, c, a, 0)
}

func (s *Store) lease(ctx context.Context, c web.Claim, a web.Attempt, d time.Duration) error {
	return s.mine(ctx, c, a, "UPDATE idempotency_keys SET leased_to = clock_timestamp() + $5", d)
}

// Keep ends the claim with its answer.
func (s *Store) Keep(ctx context.Context, c web.Claim, a web.Attempt, answer web.Answer) error {
	if answer.Header == nil {
		answer.Header = map[string]string{}
	}
	return s.mine(ctx, c, a,
		"UPDATE idempotency_keys SET answered_at = clock_timestamp(), status = $5, header = $6, body = $7",
		answer.Status, answer.Header, answer.Body)
}

// Forget frees the key for another request.
func (s *Store) Forget(ctx context.Context, c web.Claim, a web.Attempt) error {
	return s.mine(ctx, c, a, "DELETE FROM idempotency_keys")
}

// mine runs a statement on the row while this attempt holds it. A later
// attempt that took over is left alone.
func (s *Store) mine(ctx context.Context, c web.Claim, a web.Attempt, sql string, args ...any) error {
	return s.db.InOrg(ctx, c.Actor, c.Actor.Org, func(ctx context.Context, tx *pg.Tx) error {
		all := append([]any{c.Actor.Org, principal(c.Actor), c.Key, a.Number}, args...)
		tag, err := tx.Conn().Exec(ctx, sql+" WHERE org_id = $1 AND principal = $2 AND key = $3 AND attempt = $4 AND answered_at IS NULL", all...)
		if err != nil {
			return pg.Fail(err, "idempotency key")
		}
		if tag.RowsAffected() == 0 {
			return hashyard.Conflict.Errorf("idempotency key: attempt %d is no longer the holder", a.Number)
		}
		return nil
	})
}
