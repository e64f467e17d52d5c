package dispatch

import (
	"context"
	"encoding/hex"
	"slices"
	"sync"
	"time"

	"hashyard"
	"hashyard/pool"
	"hashyard/pool/job"
	"hashyard/pool/node"
)

// Found takes a block candidate. It returns at once.
func (d *Dispatcher) Found(c job.Candidate) {
	hashyard.Hit(hashyard.AtBlockFound)
	d.mu.Lock()
	d.found = append(d.found, c)
	d.mu.Unlock()
	signal(d.wake)
}

const (
	// farewell is how long a found block still has after the end.
	farewell = 5 * time.Second

	firstRetry = 200 * time.Millisecond
	lastRetry  = 10 * time.Second
)

// handIn hands in what is found, and what has no verdict yet: at the start the
// blocks that an earlier process left, and again and again those that no node
// judged in time.
func (d *Dispatcher) handIn(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	busy := map[[32]byte]bool{} // of this goroutine: blocks being handed in
	done := make(chan [32]byte)
	begin := func(c job.Candidate, saved bool) {
		if busy[c.Hash] {
			return
		}
		busy[c.Hash] = true
		wg.Go(func() {
			d.settle(ctx, c, saved)
			select {
			case done <- c.Hash:
			case <-ctx.Done():
			}
		})
	}
	left := make(chan []job.Candidate, 1)
	looking := false // one at a time, for which left has room
	look := func() {
		if !looking {
			looking = true
			wg.Go(func() { left <- d.leftovers(ctx) })
		}
	}
	look()
	again := time.NewTicker(d.cfg.Again)
	defer again.Stop()
	for {
		d.mu.Lock()
		batch := d.found
		d.found = nil
		d.mu.Unlock()
		for _, c := range batch {
			begin(c, false)
		}
		select {
		case <-d.wake:
		case hash := <-done:
			delete(busy, hash)
		case <-again.C:
			look()
		case old := <-left:
			looking = false
			for _, c := range old {
				begin(c, true)
			}
		case <-ctx.Done():
			d.mu.Lock()
			batch, d.found = d.found, nil
			d.mu.Unlock()
			for _, c := range batch {
				begin(c, false)
			}
			return
		}
	}
}

func (d *Dispatcher) leftovers(ctx context.Context) []job.Candidate {
	var old []job.Candidate
	d.insist(ctx, "read blocks without a verdict", func(ctx context.Context) (err error) {
		old, err = d.cfg.Blocks.PendingCandidates(ctx)
		return err
	})
	return old
}

// settle keeps a block and hands it in, both at once: neither the database
// nor the nodes may cost the pool a block when the others work.
func (d *Dispatcher) settle(ctx context.Context, c job.Candidate, saved bool) {
	// The end of the process may not cut this short at its first moment.
	ctx, cancel := lingering(ctx, farewell)
	defer cancel()
	var wg sync.WaitGroup
	if !saved {
		wg.Go(func() {
			saved = d.insist(ctx, "keep a found block", func(ctx context.Context) error { return d.cfg.Blocks.SaveCandidate(ctx, c) })
		})
	}
	record := func(o node.Outcome) {
		wg.Wait()
		hashyard.Hit(hashyard.AtBlockJudged)
		if saved {
			d.record(ctx, c, o)
		}
	}
	block := node.FoundBlock{Hash: c.Hash, Height: c.Height, Raw: c.Raw}
	o := d.cfg.Nodes.HandIn(ctx, block, record)
	switch o.Fate {
	case node.OnChain: // recorded when it happened
	case node.Unjudged:
		// The next start finds it among the pending ones, if it was saved.
		wg.Wait()
		d.cfg.Logger.ErrorContext(ctx, "no node has judged a block", "block", shown(c.Hash), "height", c.Height)
	default:
		record(o)
	}
}

// record writes down what became of a block.
func (d *Dispatcher) record(ctx context.Context, c job.Candidate, o node.Outcome) {
	became := pool.BlockTaken
	switch o.Fate {
	case node.Refused:
		became = pool.BlockRefused
	case node.Beside:
		became = pool.BlockLeft
	}
	log := d.cfg.Logger.With("block", shown(c.Hash), "height", c.Height, "node", o.Node, "verdict", o.Verdict)
	if became == pool.BlockTaken {
		log.InfoContext(ctx, "block accepted by a node", "reward_sats", c.Value)
	} else {
		log.WarnContext(ctx, "block not accepted by any node", "became", became)
	}
	d.insist(ctx, "record a block's verdict", func(ctx context.Context) error {
		return d.cfg.Blocks.SaveVerdict(ctx, c.Hash, became, o.Verdict)
	})
	hashyard.Hit(hashyard.AtBlockVerdict)
}

// insist repeats until it works or ctx ends.
func (d *Dispatcher) insist(ctx context.Context, what string, try func(ctx context.Context) error) bool {
	for pause := firstRetry; ; pause = min(2*pause, lastRetry) {
		err := try(ctx)
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			d.cfg.Logger.ErrorContext(ctx, "given up at the end", "what", what, "err", err)
			return false
		}
		d.cfg.Logger.WarnContext(ctx, "will be tried again", "what", what, "err", err, "retry_ms", pause.Milliseconds())
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// lingering is a context that ends some time after its parent.
func lingering(parent context.Context, extra time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(parent))
	stop := context.AfterFunc(parent, func() {
		select {
		case <-ctx.Done():
		case <-time.After(extra):
			cancel()
		}
	})
	return ctx, func() {
		stop()
		cancel()
	}
}

// shown writes a hash as explorers do.
func shown(hash [32]byte) string {
	slices.Reverse(hash[:])
	return hex.EncodeToString(hash[:])
}
