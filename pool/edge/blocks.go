package edge

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"hashyard"
	"hashyard/pool/job"
)

// blockBox keeps found blocks in files until the yard has them. They have
// files of their own because a share log that is full must not cost a block.
type blockBox struct {
	dir  string
	wake chan struct{} // has room for one

	mu    sync.Mutex // guards open
	open  []job.Candidate
	saved map[[32]byte]bool
}

func openBlockBox(dir string) (*blockBox, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("found blocks: %w", err)
	}
	b := &blockBox{dir: dir, wake: make(chan struct{}, 1), saved: map[[32]byte]bool{}}
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, fmt.Errorf("found blocks: %w", err)
	}
	for _, path := range files {
		raw, err := os.ReadFile(path)
		var c job.Candidate
		if err == nil {
			err = json.Unmarshal(raw, &c)
		}
		if err != nil {
			return nil, fmt.Errorf("found block %s: %w", path, err)
		}
		b.open, b.saved[c.Hash] = append(b.open, c), true
	}
	b.rouse()
	return b, nil
}

func (b *blockBox) rouse() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

func (b *blockBox) found(c job.Candidate) {
	b.mu.Lock()
	b.open = append(b.open, c)
	b.mu.Unlock()
	b.rouse()
}

func (b *blockBox) size() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.open)
}

func (b *blockBox) empty() error {
	if n := b.size(); n > 0 {
		return hashyard.Unavailable.Errorf("%d blocks are not at the yard", n)
	}
	return nil
}

func (b *blockBox) path(hash [32]byte) string {
	return filepath.Join(b.dir, hex.EncodeToString(hash[:])+".json")
}

// keep writes a block durably, once.
func (b *blockBox) keep(c job.Candidate) error {
	b.mu.Lock()
	saved := b.saved[c.Hash]
	b.mu.Unlock()
	if saved {
		return nil
	}
	raw, err := json.Marshal(c)
	if err != nil {
		return err
	}
	path := b.path(c.Hash)
	f, err := os.OpenFile(strings.TrimSuffix(path, ".json")+".new", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(raw)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(b.dir)
	if err != nil {
		return err
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.saved[c.Hash] = true
	return nil
}

// done forgets a block that the yard has.
func (b *blockBox) done(hash [32]byte) error {
	err := os.Remove(b.path(hash))
	if os.IsNotExist(err) {
		err = nil // it could not be kept
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.saved, hash)
	for i, c := range b.open {
		if c.Hash == hash {
			b.open = append(b.open[:i:i], b.open[i+1:]...)
			break
		}
	}
	return err
}

func (b *blockBox) waiting() []job.Candidate {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]job.Candidate(nil), b.open...)
}

// sendBlocks keeps found blocks, hands them to the edge's own node, and to the
// yard until that has them. Neither waits for the other.
func (e *Edge) sendBlocks(ctx context.Context) error {
	var nodes sync.WaitGroup
	defer nodes.Wait()
	handed := map[[32]byte]bool{}
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
			return nil
		case <-e.blocks.wake:
		case <-time.After(blockRetry):
		}
		for _, c := range e.blocks.waiting() {
			if e.cfg.Submit != nil && !handed[c.Hash] {
				handed[c.Hash] = true
				nodes.Go(func() { e.submit(ctx, c) })
			}
			e.handIn(ctx, c)
		}
		if e.blocks.size() == 0 {
			clear(handed)
		}
	}
	return nil
}

const blockRetry = 500 * time.Millisecond

// handIn keeps a block and sends it, once; failures are tried again.
func (e *Edge) handIn(ctx context.Context, c job.Candidate) {
	log := e.cfg.Logger.With("height", c.Height)
	if err := e.blocks.keep(c); err != nil {
		log.ErrorContext(ctx, "a found block is not kept here", "err", err)
	} else {
		hashyard.Hit(hashyard.AtEdgeFound)
	}
	once, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	if err := e.ask(once, verbFound, c, nil); err != nil {
		log.WarnContext(ctx, "a found block is not at the yard yet", "err", err)
		return
	}
	hashyard.Hit(hashyard.AtEdgeHanded)
	if err := e.blocks.done(c.Hash); err != nil {
		log.WarnContext(ctx, "a found block's file stays", "err", err)
	}
	log.InfoContext(ctx, "a found block is at the yard")
}

func (e *Edge) submit(ctx context.Context, c job.Candidate) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	verdict, err := e.cfg.Submit(ctx, c.Raw)
	e.cfg.Logger.InfoContext(ctx, "own node judged a block", "height", c.Height, "verdict", verdict, "err", err)
}
