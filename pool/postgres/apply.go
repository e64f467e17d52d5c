package postgres

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/migrations/pg"
	"hashyard/pool"
	"hashyard/pool/share"
)

// checkpoint reads how far the share log is applied; lock keeps it there for
// the rest of the transaction.
func checkpoint(ctx context.Context, tx *pg.Tx, lock bool) (stream string, seq uint64, err error) {
	q := "SELECT stream, seq FROM pool_checkpoints WHERE name = 'shares'"
	if lock {
		q += " FOR UPDATE"
	}
	var n int64
	err = tx.Conn().QueryRow(ctx, q).Scan(&stream, &n)
	return stream, uint64(n), err
}

// Checkpoint is how far the share log is applied.
func (s *Store) Checkpoint(ctx context.Context) (stream string, seq uint64, err error) {
	err = s.db.AsSystem(ctx, "pool.apply", func(ctx context.Context, tx *pg.Tx) error {
		stream, seq, err = checkpoint(ctx, tx, false)
		return err
	})
	return stream, seq, pg.Fail(err, "share checkpoint")
}

// Apply books a batch, with the checkpoint, once.
func (s *Store) Apply(ctx context.Context, b share.Batch, sum func([]share.Record) pool.Books) error {
	err := s.db.AsSystem(ctx, "pool.apply", func(ctx context.Context, tx *pg.Tx) error {
		stream, seq, err := checkpoint(ctx, tx, true)
		if err != nil {
			return err
		}
		if stream != b.Stream {
			seq = 0 // another log: it begins anew
		}
		if stream == b.Stream && b.Seq <= seq {
			return nil
		}
		if b.After != seq {
			return hashyard.Conflict.Errorf("batch follows message %d, applied is %d", b.After, seq)
		}
		records, err := firstTime(ctx, tx, b)
		if err != nil {
			return err
		}
		books := sum(records)
		if err := book(ctx, tx, b, books.Work); err != nil {
			return err
		}
		if err := putRejects(ctx, tx, books.Rejects); err != nil {
			return err
		}
		if err := countProofs(ctx, tx, records); err != nil {
			return err
		}
		_, err = tx.Conn().Exec(ctx, "UPDATE pool_checkpoints SET stream = $1, seq = $2 WHERE name = 'shares'", b.Stream, int64(b.Seq))
		hashyard.Hit(hashyard.AtShareApply)
		return err
	})
	return pg.Fail(err, "apply shares up to %d", b.Seq)
}

// book adds the rows whose account and epoch are known, and sets the others
// aside.
func book(ctx context.Context, tx *pg.Tx, b share.Batch, rows []pool.Booking) error {
	if len(rows) == 0 {
		return nil
	}
	orgs, err := orgsOf(ctx, tx, rows)
	if err != nil {
		return err
	}
	epochs, err := knownEpochs(ctx, tx, rows)
	if err != nil {
		return err
	}
	var known []pool.Booking
	var batch pgx.Batch
	for _, r := range rows {
		if _, ok := orgs[r.Account]; ok && slices.Contains(epochs, r.Epoch) && !r.Worker.IsZero() {
			known = append(known, r)
			continue
		}
		batch.Queue(`INSERT INTO pool_unbooked (account_id, worker_id, epoch_id, stream, seq, work, shares)
			VALUES ($1, $2, $3, $4, $5, $6, $7)`, r.Account, r.Worker, r.Epoch, b.Stream, int64(b.Seq), r.Work, r.Shares)
	}
	if batch.Len() > 0 {
		if err := tx.Conn().SendBatch(ctx, &batch).Close(); err != nil {
			return fmt.Errorf("set aside %d bookings: %w", batch.Len(), err)
		}
	}
	if err := upsert(ctx, tx, known, orgs); err != nil {
		return err
	}
	_, err = tx.Conn().Exec(ctx, `
		INSERT INTO pool_late_epochs (epoch_id)
		SELECT e.id FROM pool_epochs e JOIN pool_periods p USING (period_start, period_end)
		WHERE e.id = ANY ($1::uuid[]) ON CONFLICT DO NOTHING`, pg.UUIDs(epochs))
	return err
}

func orgsOf(ctx context.Context, tx *pg.Tx, rows []pool.Booking) (map[hashyard.ID]hashyard.ID, error) {
	ids := make([]hashyard.ID, 0, len(rows))
	for _, r := range rows {
		ids = append(ids, r.Account)
	}
	return accountOrgs(ctx, tx, ids)
}

func accountOrgs(ctx context.Context, tx *pg.Tx, ids []hashyard.ID) (map[hashyard.ID]hashyard.ID, error) {
	rows, err := tx.Conn().Query(ctx, "SELECT id, org_id FROM pool_accounts WHERE id = ANY ($1::uuid[])", pg.UUIDs(ids))
	if err != nil {
		return nil, err
	}
	out := map[hashyard.ID]hashyard.ID{}
	var id, org hashyard.ID
	_, err = pgx.ForEachRow(rows, []any{&id, &org}, func() error {
		out[id] = org
		return nil
	})
	return out, err
}

func knownEpochs(ctx context.Context, tx *pg.Tx, rows []pool.Booking) ([]hashyard.ID, error) {
	ids := make([]hashyard.ID, 0, len(rows))
	for _, r := range rows {
		if !slices.Contains(ids, r.Epoch) {
			ids = append(ids, r.Epoch)
		}
	}
	found, err := tx.Conn().Query(ctx, "SELECT id FROM pool_epochs WHERE id = ANY ($1::uuid[])", pg.UUIDs(ids))
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, pgx.RowTo[hashyard.ID])
}

// columns are the rows turned sideways: one array a column, one statement for
// all. Ids and numerics go as text, which needs no codec of arrays.
type columns struct {
	org, account, worker, unit, epoch []string
	minute                            []time.Time
	work, squares                     []string
	shares                            []int64
	rejects                           [6][]int64
	last                              []*time.Time
}

func sideways(rows []pool.Booking, orgs map[hashyard.ID]hashyard.ID) columns {
	var c columns
	for _, r := range rows {
		unit := ""
		if !r.Unit.IsZero() {
			unit = r.Unit.String()
		}
		squares := "0"
		if r.Squares != nil {
			squares = r.Squares.String()
		}
		c.org = append(c.org, orgs[r.Account].String())
		c.account = append(c.account, r.Account.String())
		c.worker = append(c.worker, r.Worker.String())
		c.unit = append(c.unit, unit)
		c.epoch = append(c.epoch, r.Epoch.String())
		c.minute = append(c.minute, r.Minute)
		c.work = append(c.work, r.Work.String())
		c.squares = append(c.squares, squares)
		c.shares = append(c.shares, r.Shares)
		for i, n := range r.Rejects {
			c.rejects[i] = append(c.rejects[i], n)
		}
		c.last = append(c.last, orNull(r.Last))
	}
	return c
}

func upsert(ctx context.Context, tx *pg.Tx, rows []pool.Booking, orgs map[hashyard.ID]hashyard.ID) error {
	if len(rows) == 0 {
		return nil
	}
	c := sideways(rows, orgs)
	args := []any{
		c.org, c.account, c.worker, c.unit, c.epoch, c.minute, c.work, c.squares, c.shares,
		c.rejects[0], c.rejects[1], c.rejects[2], c.rejects[3], c.rejects[4], c.rejects[5], c.last,
	}
	tag, err := tx.Conn().Exec(ctx, `
		INSERT INTO pool_work AS w (org_id, account_id, worker_id, unit_id, epoch_id, minute, work, sum_squares, shares,
			r20, r21, r22, r23, r24, r25, last_at)
		SELECT org::uuid, account::uuid, worker::uuid, nullif(unit, '')::uuid, epoch::uuid, minute, work::numeric, squares::numeric, shares,
			r20, r21, r22, r23, r24, r25, last_at
		FROM `+booked+` ON CONFLICT (worker_id, epoch_id, minute)`+adding, args...)
	if err != nil {
		return fmt.Errorf("book work: %w", err)
	}
	if tag.RowsAffected() != int64(len(rows)) {
		return fmt.Errorf("book work: %d of %d rows", tag.RowsAffected(), len(rows))
	}
	if err := lateWork(ctx, tx, args); err != nil {
		return err
	}
	return total(ctx, tx, args)
}

// booked are the rows of one batch.
const booked = `unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::text[], $8::text[], $9::bigint[],
		$10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::timestamptz[])
		AS t (org, account, worker, unit, epoch, minute, work, squares, shares, r20, r21, r22, r23, r24, r25, last_at)`

// adding puts a row on top of what is there.
const adding = ` DO UPDATE SET
		work = w.work + EXCLUDED.work, sum_squares = w.sum_squares + EXCLUDED.sum_squares, shares = w.shares + EXCLUDED.shares,
		r20 = w.r20 + EXCLUDED.r20, r21 = w.r21 + EXCLUDED.r21, r22 = w.r22 + EXCLUDED.r22,
		r23 = w.r23 + EXCLUDED.r23, r24 = w.r24 + EXCLUDED.r24, r25 = w.r25 + EXCLUDED.r25,
		last_at = greatest(w.last_at, EXCLUDED.last_at)`

const summed = `sum(work::numeric), sum(squares::numeric), sum(shares), sum(r20), sum(r21), sum(r22), sum(r23), sum(r24), sum(r25), max(last_at)`

// total keeps the sums that screens read. Batches are applied one at a time, so
// their rows are never waited for crosswise.
func total(ctx context.Context, tx *pg.Tx, args []any) error {
	for _, insert := range []string{
		`pool_totals AS w SELECT org::uuid, s.step, date_bin(make_interval(secs => s.step), minute, '2000-01-01Z'), epoch::uuid, ` + summed +
			` FROM ` + booked + ` CROSS JOIN (VALUES (60), (3600)) s (step) GROUP BY 1, 2, 3, 4 ON CONFLICT (org_id, step, at, epoch_id)`,
		`pool_worker_hours AS w SELECT org::uuid, worker::uuid, date_bin('1 hour', minute, '2000-01-01Z'), ` + summed +
			` FROM ` + booked + ` GROUP BY 1, 2, 3 ON CONFLICT (worker_id, at)`,
	} {
		if _, err := tx.Conn().Exec(ctx, "INSERT INTO "+insert+adding, args...); err != nil {
			return fmt.Errorf("sum work: %w", err)
		}
	}
	return nil
}
