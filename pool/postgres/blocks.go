package postgres

import (
	"context"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/migrations/pg"
	"hashyard/pool"
	"hashyard/pool/job"
)

const blockColumns = `b.hash, b.prev, b.height, b.nbits, b.value_sats, b.epoch_id, b.session_id, b.account_id, b.worker_id,
	b.unit_id, b.found_at, b.updated_at, b.state, b.verdict, b.attempts, b.confirmations`

func scanBlock(row pgx.CollectableRow) (b pool.Block, err error) {
	var hash, prev []byte
	var nbits int64
	err = row.Scan(&hash, &prev, &b.Height, &nbits, &b.Value, &b.Epoch, &b.Session, &b.Account, &b.Worker,
		&b.Unit, &b.Found, &b.Updated, &b.State, &b.Verdict, &b.Attempts, &b.Confirmations)
	if err != nil {
		return b, err
	}
	b.NBits, b.Found, b.Updated = uint32(nbits), b.Found.UTC(), b.Updated.UTC()
	if b.Hash, err = hash32(hash); err != nil {
		return b, err
	}
	b.Prev, err = hash32(prev)
	return b, err
}

// SaveBlock keeps a candidate; one that is kept already stays as it is.
func (s *Store) SaveBlock(ctx context.Context, c job.Candidate) error {
	err := s.db.AsSystem(ctx, "pool.block", func(ctx context.Context, tx *pg.Tx) error {
		_, err := tx.Conn().Exec(ctx, `
			INSERT INTO pool_blocks (hash, prev, height, nbits, value_sats, raw, epoch_id, session_id, account_id, worker_id,
				unit_id, found_at, state, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'found', $12) ON CONFLICT (hash) DO NOTHING`,
			c.Hash[:], c.PrevHash[:], c.Height, int64(c.NBits), c.Value, c.Raw, c.Epoch, c.Session, c.Account, c.Worker, c.Unit, c.At)
		return err
	})
	return pg.Fail(err, "keep block %s", pool.ShowHash(c.Hash))
}

// ChangeBlock loads and locks a block and writes what rule makes of it.
func (s *Store) ChangeBlock(ctx context.Context, hash [32]byte, rule func(pool.Block) (pool.Block, error)) error {
	err := s.db.AsSystem(ctx, "pool.block", func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, "SELECT "+blockColumns+" FROM pool_blocks b WHERE hash = $1 FOR UPDATE", hash[:])
		if err != nil {
			return err
		}
		old, err := pgx.CollectExactlyOneRow(rows, scanBlock)
		if err != nil {
			return err
		}
		b, err := rule(old)
		if err != nil || b == old {
			return err
		}
		tag, err := tx.Conn().Exec(ctx, `
			UPDATE pool_blocks SET state = $2, verdict = $3, attempts = $4, confirmations = $5, updated_at = $6
			WHERE hash = $1 AND state = $7`, hash[:], b.State, b.Verdict, b.Attempts, b.Confirmations, b.Updated, old.State)
		if err == nil && tag.RowsAffected() == 0 {
			return hashyard.Conflict.Errorf("state is no longer %s", old.State)
		}
		return err
	})
	return pg.Fail(err, "block %s", pool.ShowHash(hash))
}

// OpenBlocks are those whose state may still change: all that are not final,
// and refused or orphaned ones as long as a chain may still take them.
func (s *Store) OpenBlocks(ctx context.Context, limit int) (out []pool.Block, err error) {
	err = s.db.AsSystem(ctx, "pool.block", func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, "SELECT "+blockColumns+` FROM pool_blocks b
			WHERE state IN ('found', 'accepted')
			   OR (state IN ('orphaned', 'rejected') AND height > (SELECT max(height) - 100 FROM pool_blocks))
			ORDER BY height DESC LIMIT $1`, limit)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, scanBlock)
		return err
	})
	return out, pg.Fail(err, "blocks to follow")
}

// Candidates are the blocks no node has judged, oldest first.
func (s *Store) Candidates(ctx context.Context, limit int) (out []job.Candidate, err error) {
	err = s.db.AsSystem(ctx, "pool.block", func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, "SELECT "+blockColumns+`, b.raw FROM pool_blocks b
			WHERE state = 'found' ORDER BY found_at LIMIT $1`, limit)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (job.Candidate, error) {
			var raw []byte
			b, err := scanBlock(withLast{row, &raw})
			return job.Candidate{
				Hash: b.Hash, PrevHash: b.Prev, Height: b.Height, NBits: b.NBits, Value: b.Value, Raw: raw, Epoch: b.Epoch,
				Session: b.Session, Account: b.Account, Worker: b.Worker, Unit: b.Unit, At: b.Found,
			}, err
		})
		return err
	})
	return out, pg.Fail(err, "blocks to hand in")
}

// withLast scans one more column than its user asks for.
type withLast struct {
	pgx.CollectableRow
	last any
}

func (w withLast) Scan(into ...any) error { return w.CollectableRow.Scan(append(into, w.last)...) }

// Blocks lists found blocks, newest first. The finder is shown to its own
// organisation and to the house.
func (s *Store) Blocks(ctx context.Context, actor hashyard.Actor, q pool.Page) (out []pool.Block, next string, err error) {
	height, hash, err := blockCursor(q.Cursor)
	if err != nil {
		return nil, "", err
	}
	limit := limitOf(q)
	var own hashyard.ID
	err = s.db.AsSystem(ctx, "pool.block", func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, "SELECT "+blockColumns+` FROM pool_blocks b
			WHERE $1::bigint < 0 OR (b.height, b.hash) < ($1, $2) ORDER BY b.height DESC, b.hash DESC LIMIT $3`, height, hash, limit+1)
		if err != nil {
			return err
		}
		if out, err = pgx.CollectRows(rows, scanBlock); err != nil || actor.House || actor.System != "" {
			return err
		}
		rows, err = tx.Conn().Query(ctx, "SELECT id FROM pool_accounts WHERE org_id = $1", actor.Org)
		if err != nil {
			return err
		}
		ids, err := pgx.CollectRows(rows, pgx.RowTo[hashyard.ID])
		if len(ids) == 1 {
			own = ids[0]
		}
		return err
	})
	if len(out) > limit {
		out = out[:limit]
		last := out[limit-1]
		next = strconv.FormatInt(last.Height, 10) + "-" + hex.EncodeToString(last.Hash[:])
	}
	for i := range out {
		if b := &out[i]; !actor.House && actor.System == "" && b.Account != own {
			b.Account, b.Worker, b.Unit, b.Session = hashyard.ID{}, hashyard.ID{}, hashyard.ID{}, hashyard.ID{}
		}
	}
	return out, next, pg.Fail(err, "list blocks")
}

func blockCursor(cursor string) (height int64, hash []byte, err error) {
	if cursor == "" {
		return -1, []byte{}, nil
	}
	h, rest, _ := strings.Cut(cursor, "-")
	height, err1 := strconv.ParseInt(h, 10, 64)
	hash, err2 := hex.DecodeString(rest)
	if err1 != nil || err2 != nil || height < 0 || len(hash) != 32 {
		return 0, nil, hashyard.Invalid.Errorf("cursor %.80q is not one of this list", cursor)
	}
	return height, hash, nil
}

func limitOf(q pool.Page) int {
	if q.Limit <= 0 || q.Limit > 500 {
		return 100
	}
	return q.Limit
}

func pageByID(q pool.Page) (after hashyard.ID, limit int, err error) {
	if q.Cursor != "" {
		if after, err = hashyard.ParseID(q.Cursor); err != nil {
			return after, 0, fmt.Errorf("cursor: %w", err)
		}
	}
	return after, limitOf(q), nil
}
