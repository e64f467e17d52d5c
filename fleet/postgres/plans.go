package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/fleet"
	"hashyard/migrations/pg"
)

const planColumns = `id, org_id, kind, state, halt_ppm, accept, wave, excused, tick, reason, created_at, created_by, halted_at, halted_by, ended_at, rolls_back`

// plans reads the selected plans with their machines and redirects.
func plans(ctx context.Context, tx *pg.Tx, tail string, args ...any) ([]fleet.Plan, error) {
	rows, err := tx.Conn().Query(ctx, "SELECT "+planColumns+" FROM redirect_plans "+tail, args...)
	if err != nil {
		return nil, err
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p fleet.Plan, err error) {
		var halted, ended *time.Time
		err = row.Scan(&p.ID, &p.Org, &p.Kind, &p.State, &p.HaltPPM, &p.Accept, &p.Wave, &p.Excused, &p.Tick, &p.Reason, &p.CreatedAt, &p.CreatedBy, &halted, &p.HaltedBy, &ended, &p.RollsBack)
		p.CreatedAt, p.HaltedAt, p.EndedAt = p.CreatedAt.UTC(), pg.When(halted), pg.When(ended)
		return p, err
	})
	if err != nil {
		return nil, err
	}
	for i := range out {
		if err := planUnits(ctx, tx, &out[i]); err != nil {
			return nil, fmt.Errorf("machines of plan %s: %w", out[i].ID, err)
		}
	}
	return out, nil
}

func planUnits(ctx context.Context, tx *pg.Tx, p *fleet.Plan) error {
	rows, err := tx.Conn().Query(ctx, `
		SELECT miner_id, unit_id, serial, wave, restores, redirect_id, problem FROM redirect_plan_units WHERE plan_id = $1 ORDER BY seq`, p.ID)
	if err != nil {
		return err
	}
	p.Units, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (u fleet.PlanUnit, err error) {
		err = row.Scan(&u.Miner, &u.Unit, &u.Serial, &u.Wave, &u.Restores, &u.RedirectID, &u.Problem)
		return u, err
	})
	if err != nil {
		return err
	}
	rs, err := redirects(ctx, tx, "WHERE r.id IN (SELECT redirect_id FROM redirect_plan_units WHERE plan_id = $1)", p.ID)
	if err != nil {
		return err
	}
	byID := map[hashyard.ID]*fleet.Redirect{}
	for i := range rs {
		byID[rs[i].ID] = &rs[i]
	}
	for i := range p.Units {
		p.Units[i].Redirect = byID[p.Units[i].RedirectID]
	}
	return nil
}

func onePlan(ctx context.Context, tx *pg.Tx, tail string, args ...any) (fleet.Plan, error) {
	ps, err := plans(ctx, tx, tail, args...)
	if err != nil {
		return fleet.Plan{}, err
	}
	if len(ps) == 0 {
		return fleet.Plan{}, pgx.ErrNoRows
	}
	return ps[0], nil
}

// CreatePlan implements fleet.Store. A plan that rolls another back is made
// once: asked again, that one is returned.
func (s *Store) CreatePlan(ctx context.Context, actor hashyard.Actor, p fleet.Plan, events []hashyard.Event) (out fleet.Plan, err error) {
	err = s.in(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		tag, err := tx.Conn().Exec(ctx, `
			INSERT INTO redirect_plans (id, org_id, kind, state, halt_ppm, accept, created_at, created_by, rolls_back)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (rolls_back) DO NOTHING`,
			p.ID, p.Org, p.Kind, p.State, p.HaltPPM, p.Accept, p.CreatedAt, p.CreatedBy, p.RollsBack)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			out, err = onePlan(ctx, tx, "WHERE rolls_back = $1", p.RollsBack)
			return err
		}
		for i, u := range p.Units {
			_, err := tx.Conn().Exec(ctx, `
				INSERT INTO redirect_plan_units (plan_id, miner_id, org_id, seq, wave, unit_id, serial, restores, redirect_id)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, p.ID, u.Miner, p.Org, i, u.Wave, u.Unit, u.Serial, u.Restores, u.RedirectID)
			if err != nil {
				return fmt.Errorf("machine %s: %w", u.Miner, err)
			}
		}
		if err := tx.Emit(ctx, events...); err != nil {
			return err
		}
		out = p
		return tx.Audit(ctx, "plan.start", hashyard.Ref{Kind: "plan", ID: p.ID}, nil, told(p))
	})
	return out, pg.Fail(err, "plan %s", p.ID)
}

// told is what the audit trail keeps of a plan.
func told(p fleet.Plan) map[string]any {
	return map[string]any{"kind": p.Kind, "state": p.State, "wave": p.Wave, "halt_ppm": p.HaltPPM, "reason": p.Reason, "machines": len(p.Units)}
}

// Plan implements fleet.Store.
func (s *Store) Plan(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (p fleet.Plan, err error) {
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		p, err = onePlan(ctx, tx, "WHERE id = $1", id)
		return err
	})
	return p, pg.Fail(err, "plan %s", id)
}

// Plans implements fleet.Store.
func (s *Store) Plans(ctx context.Context, actor hashyard.Actor, q fleet.PlanQuery) (out []fleet.Plan, next string, err error) {
	before, err := pg.CursorID(q.Cursor)
	if err != nil {
		return nil, "", err
	}
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		out, err = plans(ctx, tx, "WHERE $1::uuid IS NULL OR id < $1 ORDER BY id DESC LIMIT $2", before, q.Limit+1)
		return err
	})
	if err != nil {
		return nil, "", pg.Fail(err, "list plans")
	}
	if len(out) > q.Limit {
		out = out[:q.Limit]
		next = out[q.Limit-1].ID.String()
	}
	return out, next, nil
}

// ChangePlan implements fleet.Store.
func (s *Store) ChangePlan(ctx context.Context, actor hashyard.Actor, id hashyard.ID, command string,
	rule func(fleet.Plan) (fleet.Plan, []hashyard.Event, error),
) (out fleet.Plan, err error) {
	err = s.in(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		was, err := onePlan(ctx, tx, "WHERE id = $1 FOR UPDATE", id)
		if err != nil {
			return err
		}
		var events []hashyard.Event
		if out, events, err = rule(was); err != nil {
			return err
		}
		_, err = tx.Conn().Exec(ctx, `
			UPDATE redirect_plans SET (state, halt_ppm, wave, excused, tick, reason, halted_at, halted_by, ended_at) = ($2, $3, $4, $5, $6, $7, $8, $9, $10)
			WHERE id = $1`, id, out.State, out.HaltPPM, out.Wave, out.Excused, out.Tick, out.Reason, pg.At(out.HaltedAt), out.HaltedBy, pg.At(out.EndedAt))
		if err != nil {
			return err
		}
		if err := tx.Emit(ctx, events...); err != nil {
			return err
		}
		if command == "" && was.State == out.State {
			return nil
		}
		if command == "" {
			command = "plan." + string(out.State)
		}
		return tx.Audit(ctx, command, hashyard.Ref{Kind: "plan", ID: id}, told(was), told(out))
	})
	return out, pg.Fail(err, "plan %s", id)
}

// SetProblem implements fleet.Store.
func (s *Store) SetProblem(ctx context.Context, actor hashyard.Actor, plan, miner hashyard.ID, problem string) error {
	err := s.in(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		_, err := tx.Conn().Exec(ctx, "UPDATE redirect_plan_units SET problem = $3 WHERE plan_id = $1 AND miner_id = $2", plan, miner, problem)
		return err
	})
	return pg.Fail(err, "miner %s of plan %s", miner, plan)
}

// PointTo implements fleet.Store.
func (s *Store) PointTo(ctx context.Context, actor hashyard.Actor, plan, miner, redirect hashyard.ID) error {
	err := s.in(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		return pointTo(ctx, tx, plan, miner, redirect)
	})
	return pg.Fail(err, "miner %s of plan %s", miner, plan)
}

func pointTo(ctx context.Context, tx *pg.Tx, plan, miner, redirect hashyard.ID) error {
	_, err := tx.Conn().Exec(ctx, "UPDATE redirect_plan_units SET redirect_id = $3 WHERE plan_id = $1 AND miner_id = $2", plan, miner, redirect)
	return err
}

// Withdraw implements fleet.Store.
func (s *Store) Withdraw(ctx context.Context, actor hashyard.Actor, plan, miner, redirect, next hashyard.ID,
	rule func(fleet.Redirect) (fleet.Redirect, []hashyard.Event, error),
) error {
	err := s.in(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		was, err := oneRedirect(ctx, tx, "WHERE r.id = $1 FOR UPDATE", redirect)
		if err != nil {
			return err
		}
		out, events, err := rule(was)
		if err != nil || out.State == was.State {
			return err
		}
		if err := updateRedirect(ctx, tx, was, out); err != nil {
			return err
		}
		if err := commandDone(ctx, tx, redirect); err != nil {
			return err
		}
		if err := tx.Emit(ctx, events...); err != nil {
			return err
		}
		return pointTo(ctx, tx, plan, miner, next)
	})
	return pg.Fail(err, "withdraw redirect %s", redirect)
}
