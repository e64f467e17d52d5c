// Package dispatch turns what nodes say into what miners work on, and hands
// what miners find back to the nodes. It owns the order of things: a rate epoch
// is durable before the first job that carries it goes out, a new tip reaches
// miners at once, a settlement period's end brings new jobs, and a found block
// is kept and handed in until somebody has judged it.
//
// One goroutine, Run's, makes jobs; found blocks have one each. Found and
// Status may be called from anywhere.
package dispatch

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"hashyard"
	"hashyard/pool"
	"hashyard/pool/job"
	"hashyard/pool/node"
)

// Edge serves the jobs; *stratum.Server is one.
type Edge interface {
	SetJob(j *job.Job)
	Suspend(reason string)
}

// Epochs prices jobs; *pool.Service does.
type Epochs interface {
	// Period is the settlement period of a moment and until when shares of its
	// jobs are taken.
	Period(t time.Time) (start, end, refuseAfter time.Time)
	// EpochFor makes the job's rate epoch durable, or finds it.
	EpochFor(ctx context.Context, f job.EpochFacts) (pool.Epoch, error)
}

// Blocks keeps found blocks; *pool.Service does. Saving twice changes nothing.
type Blocks interface {
	SaveCandidate(ctx context.Context, c job.Candidate) error
	// SaveVerdict records what became of a block, with a node's own word.
	SaveVerdict(ctx context.Context, hash [32]byte, became pool.BlockEvent, reason string) error
	PendingCandidates(ctx context.Context) ([]job.Candidate, error)
}

// Config wires a dispatcher. Nodes, Edge, Epochs, Blocks and Script are required.
type Config struct {
	Nodes  *node.Nodes
	Edge   Edge
	Epochs Epochs
	Blocks Blocks
	Script []byte // the treasury's, paid by every block
	Tag    string // in the coinbase; "" is "/hashyard/"

	Refresh  time.Duration // longest life of a job; 0 is 30 s
	Calm     time.Duration // least time between jobs on one tip; 0 is 5 s
	Again    time.Duration // between looks for found blocks without a verdict; 0 is 1 min
	Patience time.Duration // without work to offer before miners are sent away; 0 is 60 s

	Logger *slog.Logger
	Now    func() time.Time
}

// Dispatcher is one pool's.
type Dispatcher struct {
	cfg Config

	mu     sync.Mutex // guards status and found
	status Status
	found  []job.Candidate // handed over, not yet begun

	wake chan struct{} // has room for one: found has something

	// Of Run's goroutine alone.
	last      *job.Job
	lastBare  bool // it was made from a header alone
	lastMade  time.Time
	lastEnd   time.Time // of its period
	suspended bool
	idleSince time.Time // since when there is nothing new to offer; zero while there is
}

// Status is what the dispatcher does now.
type Status struct {
	Height    int64 // of the block being worked on
	PrevHash  [32]byte
	Job       uint64 // number of the newest job
	Epoch     hashyard.ID
	JobAt     time.Time
	TipSince  time.Time // when this tip was first worked on
	Suspended string    // why no work is offered; empty when it is
	Problem   string    // what goes wrong now, also when work is still offered
}

// New checks the wiring. Nothing happens before Run.
func New(cfg Config) (*Dispatcher, error) {
	if cfg.Nodes == nil || cfg.Edge == nil || cfg.Epochs == nil || cfg.Blocks == nil {
		return nil, hashyard.Invalid.Errorf("dispatch: nodes, edge, epochs and blocks are required")
	}
	if len(cfg.Script) == 0 {
		return nil, hashyard.Invalid.Errorf("dispatch: no treasury script: blocks would pay nobody")
	}
	if cfg.Tag == "" {
		cfg.Tag = "/hashyard/"
	}
	defaultTo(&cfg.Refresh, 30*time.Second)
	defaultTo(&cfg.Calm, 5*time.Second)
	defaultTo(&cfg.Again, time.Minute)
	defaultTo(&cfg.Patience, time.Minute)
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Dispatcher{cfg: cfg, wake: make(chan struct{}, 1)}, nil
}

func defaultTo(v *time.Duration, def time.Duration) {
	if *v == 0 {
		*v = def
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Status is a copy of the present state.
func (d *Dispatcher) Status() Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.status
}

// Run works until ctx ends, which is its only error. Blocks that were found
// are still handed in for a moment after that.
func (d *Dispatcher) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	wg.Go(func() { _ = d.cfg.Nodes.Run(ctx) })
	wg.Go(func() { d.handIn(ctx) })
	d.makeJobs(ctx)
	wg.Wait()
	return ctx.Err()
}

// The pace of the loop when nothing happens.
const (
	heartbeat = time.Second
	// boundarySlack keeps a timer that fires early from making a job of the
	// period that ends.
	boundarySlack = 2 * time.Millisecond
)

func (d *Dispatcher) makeJobs(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	d.idleSince = d.cfg.Now()
	for {
		timer.Reset(d.untilNext())
		select {
		case <-ctx.Done():
			return
		case <-d.cfg.Nodes.Fresh():
		case <-timer.C:
		}
		d.step(ctx)
	}
}

// untilNext is how long nothing but a template can be due.
func (d *Dispatcher) untilNext() time.Duration {
	wait := heartbeat
	if !d.lastEnd.IsZero() {
		if left := d.lastEnd.Sub(d.cfg.Now()) + boundarySlack; left > 0 {
			wait = min(wait, left)
		}
	}
	return wait
}

// step makes a job if one is due, and sees to it that no dead work is offered.
func (d *Dispatcher) step(ctx context.Context) {
	now := d.cfg.Now()
	t, problem := d.cfg.Nodes.Work()
	// A period's end does not wait for a node that is away for a moment: the
	// tip is as good as it was, but shares of the old job stop counting.
	ended := d.last != nil && !d.suspended && !now.Before(d.lastEnd)
	if t != nil && (problem == "" || ended) && d.due(t, now) {
		if err := d.offer(ctx, t, now); err != nil {
			problem = err.Error()
		}
	}
	if ctx.Err() == nil {
		d.note(ctx, problem, now)
	}
}

// due decides whether the template needs a job now.
func (d *Dispatcher) due(t *node.Template, now time.Time) bool {
	switch {
	case d.last == nil || d.suspended:
		return true
	case t.PrevHash != d.last.PrevHash: // a new tip waits for nothing
		return true
	case d.lastBare && !t.HeaderOnly: // now there are fees to earn
		return true
	case t.HeaderOnly && !d.lastBare && now.Before(d.lastEnd):
		return false // of a node we came to; ours has transactions
	case !now.Before(d.lastEnd): // shares of the old job stop counting soon
		return true
	case now.Sub(d.lastMade) >= d.cfg.Refresh:
		return true
	}
	// New transactions, in moderation.
	return now.Sub(d.lastMade) >= d.cfg.Calm && (int64(t.CoinbaseValue) != int64(d.last.Value) || len(t.Transactions) != d.last.Transactions())
}

// offer makes the job and gives it to the edge.
func (d *Dispatcher) offer(ctx context.Context, t *node.Template, now time.Time) error {
	facts := job.Template{
		Version: t.Version, PrevHash: t.PrevHash, Height: t.Height, NBits: t.Bits,
		MinTime: int64(t.MinTime), Value: t.CoinbaseValue,
		Txs: t.Transactions, TxIDs: t.TxIDs, WitnessCommitment: t.WitnessCommitment,
	}
	ntime := max(now.Unix(), facts.MinTime)
	start, end, refuseAfter := d.cfg.Epochs.Period(time.Unix(ntime, 0).UTC())
	// The epoch is durable before any share can name it.
	wait, cancel := context.WithTimeout(ctx, epochTimeout)
	defer cancel()
	epoch, err := d.cfg.Epochs.EpochFor(wait, job.EpochFacts{
		Period: start, NBits: t.Bits, Subsidy: t.Subsidy, Tip: t.PrevHash, Height: t.Height,
	})
	if err != nil {
		return fmt.Errorf("no rate for block %d: %w", t.Height, err)
	}
	clean := d.last == nil || d.last.PrevHash != t.PrevHash
	j, err := job.New(facts, job.Params{
		Seq: d.nextSeq(now), Epoch: epoch.ID, Script: d.cfg.Script, Tag: d.cfg.Tag,
		Clean: clean, NTime: ntime, RefuseAfter: refuseAfter,
	})
	if err != nil {
		return fmt.Errorf("no job for block %d: %w", t.Height, err)
	}
	d.cfg.Edge.SetJob(j)
	if clean {
		d.cfg.Logger.InfoContext(ctx, "new tip", "height", t.Height, "header_only", t.HeaderOnly, "transactions", len(t.Transactions), "reward_sats", t.CoinbaseValue, "epoch", epoch.ID)
	}
	d.last, d.lastBare, d.lastMade, d.lastEnd = j, t.HeaderOnly, now, end
	d.mu.Lock()
	defer d.mu.Unlock()
	d.status.Height, d.status.PrevHash = t.Height, t.PrevHash
	d.status.Job, d.status.Epoch, d.status.JobAt = j.Seq, epoch.ID, now
	if clean {
		d.status.TipSince = now
	}
	return nil
}

// epochTimeout bounds how long a job waits for its rate.
const epochTimeout = 10 * time.Second

// nextSeq numbers jobs by the clock, so that numbers rise over restarts too.
func (d *Dispatcher) nextSeq(now time.Time) uint64 {
	seq := uint64(max(now.UnixMicro(), 1))
	if d.last != nil && seq <= d.last.Seq {
		seq = d.last.Seq + 1
	}
	return seq
}

// note records how things are, and sends miners to their next pool when there
// has been no new work for too long: work on an old tip earns nobody a block.
func (d *Dispatcher) note(ctx context.Context, problem string, now time.Time) {
	if problem == "" {
		d.idleSince = time.Time{}
		if d.suspended {
			d.suspended = false
			d.cfg.Logger.InfoContext(ctx, "work is offered again")
		}
	} else if d.idleSince.IsZero() {
		d.idleSince = now
	}
	if problem != "" && !d.suspended && now.Sub(d.idleSince) >= d.cfg.Patience {
		d.suspended = true
		d.cfg.Edge.Suspend(problem)
		d.cfg.Logger.ErrorContext(ctx, "no work is offered", "problem", problem)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.status.Problem = problem; !d.suspended {
		d.status.Suspended = ""
	} else if d.status.Suspended == "" {
		d.status.Suspended = problem
	}
}
