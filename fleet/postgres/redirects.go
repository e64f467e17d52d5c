package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/fleet"
	"hashyard/migrations/pg"
)

const redirectColumns = `r.id, r.org_id, r.site_id, r.miner_id, r.unit_id, r.serial, r.mac, r.boards, r.address, r.family,
	r.url, r.worker, r.state, r.reason, r.transient, r.auto, r.by_user, r.old_slots, r.old_sealed, r.read_back, r.differences,
	r.slots, r.session_at, r.created_at, r.answer_by, r.version, r.restores`

func scanRedirect(row pgx.CollectableRow) (r fleet.Redirect, err error) {
	var boards, old, back, diffs []byte
	var session *time.Time
	err = row.Scan(&r.ID, &r.Org, &r.Site, &r.Miner, &r.Unit, &r.Serial, &r.MAC, &boards, &r.Address, &r.Family,
		&r.URL, &r.Worker, &r.State, &r.Reason, &r.Transient, &r.Auto, &r.By, &old, &r.OldSealed, &back, &diffs,
		&r.Slots, &session, &r.CreatedAt, &r.AnswerBy, &r.Version, &r.Restores)
	if err != nil {
		return r, err
	}
	r.CreatedAt, r.AnswerBy, r.SessionAt = r.CreatedAt.UTC(), r.AnswerBy.UTC(), pg.When(session)
	err = errors.Join(undoc(boards, &r.Boards), undoc(old, &r.OldSlots), undoc(back, &r.ReadBack), undoc(diffs, &r.Differences))
	if err != nil {
		return r, fmt.Errorf("redirect %s: %w", r.ID, err)
	}
	return r, nil
}

// redirects reads the selected redirects with their steps.
func redirects(ctx context.Context, tx *pg.Tx, tail string, args ...any) ([]fleet.Redirect, error) {
	rows, err := tx.Conn().Query(ctx, "SELECT "+redirectColumns+" FROM redirects r "+tail, args...)
	if err != nil {
		return nil, err
	}
	out, err := pgx.CollectRows(rows, scanRedirect)
	if err != nil || len(out) == 0 {
		return out, err
	}
	at, ids := map[hashyard.ID]int{}, make([]hashyard.ID, len(out))
	for i, r := range out {
		at[r.ID], ids[i] = i, r.ID
	}
	rows, err = tx.Conn().Query(ctx, "SELECT redirect_id, state, at, detail FROM redirect_steps WHERE redirect_id = ANY ($1) ORDER BY redirect_id, seq", pg.KnownUUIDs(ids))
	if err != nil {
		return nil, err
	}
	var id hashyard.ID
	var st fleet.Step
	_, err = pgx.ForEachRow(rows, []any{&id, &st.State, &st.At, &st.Detail}, func() error {
		st.At = st.At.UTC()
		r := &out[at[id]]
		r.Steps = append(r.Steps, st)
		return nil
	})
	return out, err
}

func oneRedirect(ctx context.Context, tx *pg.Tx, tail string, args ...any) (fleet.Redirect, error) {
	rs, err := redirects(ctx, tx, tail, args...)
	if err != nil {
		return fleet.Redirect{}, err
	}
	if len(rs) == 0 {
		return fleet.Redirect{}, pgx.ErrNoRows
	}
	return rs[0], nil
}

// Redirect implements fleet.Store.
func (s *Store) Redirect(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (r fleet.Redirect, err error) {
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		r, err = oneRedirect(ctx, tx, "WHERE r.id = $1", id)
		return err
	})
	return r, pg.Fail(err, "redirect %s", id)
}

// Redirects implements fleet.Store, newest first.
func (s *Store) Redirects(ctx context.Context, actor hashyard.Actor, q fleet.RedirectQuery) (out []fleet.Redirect, next string, err error) {
	before, err := pg.CursorID(q.Cursor)
	if err != nil {
		return nil, "", err
	}
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		out, err = redirects(ctx, tx, `
			WHERE ($1::uuid IS NULL OR r.id < $1) AND ($2::uuid IS NULL OR r.unit_id = $2)
			ORDER BY r.id DESC LIMIT $3`, before, q.Unit, q.Limit+1)
		return err
	})
	if err != nil {
		return nil, "", pg.Fail(err, "list redirects")
	}
	if len(out) > q.Limit {
		out = out[:q.Limit]
		next = out[q.Limit-1].ID.String()
	}
	return out, next, nil
}

// openStates are those in which a unit takes no second redirect of one
// organisation; the partial
// unique index says the same.
const openStates = "r.state NOT IN ('read_back_equal', 'hashing', 'failed')"

// CreateRedirect implements fleet.Store.
func (s *Store) CreateRedirect(ctx context.Context, actor hashyard.Actor, r fleet.Redirect, events []hashyard.Event) (out fleet.Redirect, made bool, err error) {
	err = s.in(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		// Two requests for one unit wait for each other here.
		if _, err := tx.Conn().Exec(ctx, "SELECT pg_advisory_xact_lock(hashtextextended('redirect ' || $1, 0))", r.Unit.String()); err != nil {
			return err
		}
		out, err = oneRedirect(ctx, tx, "WHERE r.unit_id = $1 AND r.org_id = $2 AND "+openStates, r.Unit, r.Org)
		made = isNoRows(err)
		if err != nil && !made {
			return err
		}
		if made {
			out = r
			if err := insertRedirect(ctx, tx, r); err != nil {
				return err
			}
			if err := tx.Emit(ctx, events...); err != nil {
				return err
			}
			if err := tx.Audit(ctx, "redirect.request", hashyard.Ref{Kind: "redirect", ID: r.ID}, nil, r.Public()); err != nil {
				return err
			}
		}
		if !r.Restores.IsZero() {
			return nil
		}
		// An automatic request is answered by whatever redirect there is now.
		_, err := tx.Conn().Exec(ctx, `
			UPDATE expected_units SET redirect_id = $3, attempts = attempts + 1
			WHERE unit_id = $1 AND org_id = $2 AND redirect_id IS NULL`, r.Unit, r.Org, out.ID)
		return err
	})
	hashyard.Hit(hashyard.AtRedirectMade)
	return out, made, pg.Fail(err, "redirect unit %s", r.Unit)
}

func insertRedirect(ctx context.Context, tx *pg.Tx, r fleet.Redirect) error {
	boards, err := json.Marshal(append([]string{}, r.Boards...))
	if err != nil {
		return err
	}
	_, err = tx.Conn().Exec(ctx, `
		INSERT INTO redirects (id, org_id, site_id, miner_id, unit_id, serial, mac, boards, address, family, url, worker, state,
			reason, transient, auto, by_user, created_at, answer_by, restores)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)`,
		r.ID, r.Org, r.Site, r.Miner, r.Unit, r.Serial, r.MAC, boards, r.Address, r.Family, r.URL, r.Worker, r.State,
		r.Reason, r.Transient, r.Auto, r.By, r.CreatedAt, r.AnswerBy, r.Restores)
	if err != nil {
		return pg.Fail(err, "redirect of unit %s", r.Unit)
	}
	if err := addSteps(ctx, tx, r, 0); err != nil {
		return err
	}
	if !r.State.Open() {
		return nil
	}
	_, err = tx.Conn().Exec(ctx, `
		INSERT INTO agent_commands (id, org_id, site_id, kind, redirect_id, created_at) VALUES ($1, $2, $3, 'redirect', $4, $5)`,
		hashyard.NewID(), r.Org, r.Site, r.ID, r.CreatedAt)
	return pg.Fail(err, "command of redirect %s", r.ID)
}

// addSteps appends the steps from number from on.
func addSteps(ctx context.Context, tx *pg.Tx, r fleet.Redirect, from int) error {
	for i := from; i < len(r.Steps); i++ {
		st := r.Steps[i]
		_, err := tx.Conn().Exec(ctx, `
			INSERT INTO redirect_steps (redirect_id, seq, org_id, state, at, detail) VALUES ($1, $2, $3, $4, $5, $6)`,
			r.ID, i+1, r.Org, st.State, st.At, st.Detail)
		if err != nil {
			return pg.Fail(err, "step %d of redirect %s", i+1, r.ID)
		}
	}
	return nil
}

// ChangeRedirect implements fleet.Store.
func (s *Store) ChangeRedirect(ctx context.Context, actor hashyard.Actor, id hashyard.ID, done bool,
	rule func(fleet.Redirect) (fleet.Redirect, []hashyard.Event, error),
) (out fleet.Redirect, err error) {
	err = s.in(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		was, err := oneRedirect(ctx, tx, "WHERE r.id = $1 FOR UPDATE", id)
		if err != nil {
			return err
		}
		var events []hashyard.Event
		if out, events, err = rule(was); err != nil {
			return err
		}
		if err := updateRedirect(ctx, tx, was, out); err != nil {
			return err
		}
		if err := tx.Emit(ctx, events...); err != nil {
			return err
		}
		if !done {
			return nil
		}
		if err := commandDone(ctx, tx, id); err != nil {
			return err
		}
		return tx.Audit(ctx, "redirect.result", hashyard.Ref{Kind: "redirect", ID: id}, was.Public(), out.Public())
	})
	if done {
		hashyard.Hit(hashyard.AtRedirectResult)
	}
	return out, pg.Fail(err, "redirect %s", id)
}

// closeOthers ends the unit's open redirects of organisations other than org.
func closeOthers(ctx context.Context, tx *pg.Tx, unit, org hashyard.ID, rule func(fleet.Redirect) (fleet.Redirect, []hashyard.Event, error)) error {
	open, err := redirects(ctx, tx, "WHERE r.unit_id = $1 AND r.org_id <> $2 AND "+openStates+" ORDER BY r.id FOR UPDATE", unit, org)
	if err != nil {
		return err
	}
	for _, was := range open {
		r, events, err := rule(was)
		if err != nil {
			return err
		}
		if err := updateRedirect(ctx, tx, was, r); err != nil {
			return err
		}
		if err := commandDone(ctx, tx, r.ID); err != nil {
			return err
		}
		if err := tx.Emit(ctx, events...); err != nil {
			return err
		}
	}
	return nil
}

// commandDone ends the redirect's command: no agent gets it any more.
func commandDone(ctx context.Context, tx *pg.Tx, redirect hashyard.ID) error {
	_, err := tx.Conn().Exec(ctx, "UPDATE agent_commands SET state = 'done', done_at = now() WHERE redirect_id = $1 AND state <> 'done'", redirect)
	return pg.Fail(err, "command of redirect %s", redirect)
}

func updateRedirect(ctx context.Context, tx *pg.Tx, was, r fleet.Redirect) error {
	old, err1 := doc(r.OldSlots, r.OldSlots == nil)
	back, err2 := doc(r.ReadBack, r.ReadBack == nil)
	diffs, err3 := doc(r.Differences, r.Differences == nil)
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	if diffs == nil {
		diffs = []byte("[]")
	}
	tag, err := tx.Conn().Exec(ctx, `
		UPDATE redirects SET state = $4, reason = $5, transient = $6, old_slots = $7, old_sealed = $8, read_back = $9,
			differences = $10, slots = $11, session_at = $12, address = $13, version = version + 1
		WHERE id = $1 AND version = $2 AND state = $3`,
		r.ID, was.Version, was.State, r.State, r.Reason, r.Transient, old, r.OldSealed, back, diffs, r.Slots, pg.At(r.SessionAt), r.Address)
	if err != nil {
		return pg.Fail(err, "redirect %s", r.ID)
	}
	if tag.RowsAffected() != 1 {
		return hashyard.Conflict.Errorf("redirect %s was changed meanwhile", r.ID)
	}
	if err := addSteps(ctx, tx, r, len(was.Steps)); err != nil {
		return err
	}
	if r.State == fleet.RedirectFailed && r.Transient && r.Auto {
		// The failure may pass: the next sighting tries again, a few times.
		_, err = tx.Conn().Exec(ctx, "UPDATE expected_units SET redirect_id = NULL WHERE redirect_id = $1 AND attempts < $2", r.ID, fleet.MaxAttempts)
	}
	return pg.Fail(err, "expectation of redirect %s", r.ID)
}

// SawSession implements fleet.Store.
func (s *Store) SawSession(ctx context.Context, event, unit, org hashyard.ID, rule func(fleet.Redirect) (fleet.Redirect, error)) error {
	err := s.db.AsSystem(ctx, "fleet.session", func(ctx context.Context, tx *pg.Tx) error {
		first, err := tx.Once(ctx, event, "fleet.session")
		if err != nil || !first {
			return err
		}
		was, err := oneRedirect(ctx, tx, `
			WHERE r.unit_id = $1 AND r.org_id = $2 AND r.state NOT IN ('hashing', 'failed') AND r.restores IS NULL
			ORDER BY r.id DESC LIMIT 1 FOR UPDATE`, unit, org)
		if isNoRows(err) {
			return nil // a worker that was set by hand
		}
		if err != nil {
			return err
		}
		r, err := rule(was)
		if err != nil {
			return err
		}
		return updateRedirect(ctx, tx, was, r)
	})
	return pg.Fail(err, "session of unit %s", unit)
}
