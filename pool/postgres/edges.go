package postgres

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"hashyard/migrations/pg"
	"hashyard/pool/share"
)

// edgeCheckpoint names the row that says how far an edge's log is applied.
func edgeCheckpoint(number byte) string { return fmt.Sprintf("edge/%d", number) }

// place is where an edge's own log is applied to.
type place struct {
	stream  string
	seq     uint64
	missing int64
}

// firstTime is a batch's records less those that an edge had forwarded before.
// An edge forwards a message again when it did not hear that it had arrived;
// message ids keep most of the repetitions out of the log, this all others.
func firstTime(ctx context.Context, tx *pg.Tx, b share.Batch) ([]share.Record, error) {
	places := map[byte]*place{}
	records, fresh := b.Records, make([]share.Record, 0, len(b.Records))
	for _, run := range b.Runs {
		if run.N < 0 || run.N > len(records) {
			return nil, fmt.Errorf("a message of %d records, of %d that are left", run.N, len(records))
		}
		if run.Edge == 0 {
			fresh = append(fresh, records[:run.N]...)
			records = records[run.N:]
			continue
		}
		at, ok := places[run.Edge]
		if !ok {
			var err error
			if at, err = lockPlace(ctx, tx, run.Edge); err != nil {
				return nil, err
			}
			places[run.Edge] = at
		}
		if at.pass(run) {
			fresh = append(fresh, records[:run.N]...)
		}
		records = records[run.N:]
	}
	if len(b.Runs) == 0 {
		return b.Records, nil
	}
	if len(records) > 0 {
		return nil, fmt.Errorf("%d records belong to no message", len(records))
	}
	for _, number := range slices.Sorted(maps.Keys(places)) {
		at := places[number]
		_, err := tx.Conn().Exec(ctx, "UPDATE pool_checkpoints SET stream = $2, seq = $3, missing = $4 WHERE name = $1",
			edgeCheckpoint(number), at.stream, int64(at.seq), at.missing)
		if err != nil {
			return nil, err
		}
	}
	return fresh, nil
}

// pass moves to a message's place and reports whether it was not applied yet.
// Messages come in order, so one that is not the next says that some are lost;
// it counts all the same.
func (p *place) pass(run share.Run) bool {
	if p.stream != run.Stream {
		p.stream, p.seq = run.Stream, 0 // the edge has a new log
	}
	if run.Seq <= p.seq {
		return false
	}
	p.missing += int64(run.Seq - p.seq - 1)
	p.seq = run.Seq
	return true
}

func lockPlace(ctx context.Context, tx *pg.Tx, number byte) (*place, error) {
	name := edgeCheckpoint(number)
	if _, err := tx.Conn().Exec(ctx, "INSERT INTO pool_checkpoints (name, stream, seq) VALUES ($1, '', 0) ON CONFLICT DO NOTHING", name); err != nil {
		return nil, err
	}
	var at place
	var seq int64
	err := tx.Conn().QueryRow(ctx, "SELECT stream, seq, missing FROM pool_checkpoints WHERE name = $1 FOR UPDATE", name).Scan(&at.stream, &seq, &at.missing)
	at.seq = uint64(seq)
	return &at, err
}
