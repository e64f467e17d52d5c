package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"hashyard"
	"hashyard/pool/node/devchain"
	"hashyard/pool/sharelog"
)

// seen reads what the folders must be able to go on from.
func (s *snapshot) seen(ctx context.Context) (*Seen, error) {
	out := new(Seen)
	var seq int64
	err := s.conn.QueryRow(ctx, `SELECT c.stream, c.seq, coalesce((SELECT height FROM public.treasury_head), -1)
		FROM public.pool_checkpoints c WHERE name = 'shares'`).Scan(&out.Stream, &seq, &out.Height)
	if err != nil {
		return nil, fmt.Errorf("what the database knew: %w", err)
	}
	out.Shares = uint64(seq)
	return out, nil
}

// errRead ends the reading of a share log when all of it was read.
var errRead = errors.New("read")

// Shares opens the share log in a copied folder of `serve` and reads it on from
// where the database stands: not one message may be missing.
func Shares(ctx context.Context, dir string, seen *Seen) error {
	_, err := shareLog(ctx, dir, seen)
	return err
}

func shareLog(ctx context.Context, dir string, seen *Seen) (last uint64, err error) {
	log, err := sharelog.Open(ctx, sharelog.Config{Dir: filepath.Join(dir, "shares"), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	var stream string
	stream, last = log.Position()
	if stream != seen.Stream && seen.Stream != "" {
		return last, hashyard.Conflict.Errorf("the share log in the folder is not the one that the database counts from")
	}
	if last < seen.Shares {
		return last, hashyard.Conflict.Errorf("the share log ends at %d, the database has counted up to %d", last, seen.Shares)
	}
	if last == seen.Shares {
		return last, nil
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	at := seen.Shares
	ctx, done := context.WithCancelCause(ctx)
	defer done(nil)
	err = sharelog.NewConsumer(sharelog.ConsumerConfig{
		Log:        log,
		Checkpoint: func(context.Context) (string, uint64, error) { return stream, at, nil },
	}).Run(ctx, func(_ context.Context, b sharelog.Batch) error {
		if at = b.Seq; at >= last {
			done(errRead)
		}
		return nil
	})
	if errors.Is(context.Cause(ctx), errRead) {
		return last, nil
	}
	return last, fmt.Errorf("share log read up to %d of %d: %w", at, last, err)
}

// LocalChain opens a copied chain of the local world: it must have the blocks
// that the treasury has looked at.
func LocalChain(_ context.Context, dir string, seen *Seen) error {
	c, err := devchain.Open(devchain.Config{Dir: dir})
	if err != nil {
		return err
	}
	height, _ := c.Tip()
	if err := c.Close(); err != nil {
		return err
	}
	if height < seen.Height {
		return hashyard.Conflict.Errorf("the chain's copy ends at block %d, the treasury has seen %d", height, seen.Height)
	}
	return nil
}

// ErrLarge is a folder that is not copied only for a look.
var ErrLarge = errors.New("too large to be copied for a look")

// ShareLog reads a copy of the share log in a folder of `serve` that may be in
// use, as Shares does, and says where it ends.
func ShareLog(ctx context.Context, serveDir, temp string, most int64, seen *Seen) (last uint64, bytes int64, err error) {
	skip := func(rel string) bool { return rel != "shares" && !strings.HasPrefix(rel, "shares/") }
	if err := walk(ctx, serveDir, skip, func(root *os.Root, rel string, _ fs.FileMode) error {
		st, err := root.Stat(rel)
		if err == nil {
			bytes += st.Size()
		}
		return err
	}); err != nil {
		return 0, 0, err
	}
	if bytes > most {
		return 0, bytes, ErrLarge
	}
	for range copies {
		if last, err = readCopy(ctx, serveDir, temp, skip, seen); err == nil || ctx.Err() != nil {
			break
		}
	}
	return last, bytes, err
}

func readCopy(ctx context.Context, serveDir, temp string, skip func(string) bool, seen *Seen) (last uint64, err error) {
	dir, err := os.MkdirTemp(temp, "hashyard-look-")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := copyTree(ctx, dir, serveDir, skip); err != nil {
		return 0, err
	}
	return shareLog(ctx, dir, seen)
}
