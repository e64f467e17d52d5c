package pool

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hashyard"
	"hashyard/pool/fpps"
	"hashyard/pool/job"
)

// Epoch is a rate and where it holds: all jobs of one settlement period with
// the same bits, subsidy and fee index. The index is read anew at every
// Config.FeeEvery of the period, before the first job.
type Epoch struct {
	ID         hashyard.ID
	Start, End time.Time // settlement period
	FeeFrom    time.Time // within it, the beginning of its fee index
	FeeMethod  fpps.Method
	FeeWindow  int64
	FeeTip     [32]byte // the last block of the fee index
	Height     int64    // of the first job
	Created    time.Time
	fpps.Rate
}

// epochKey is what makes two jobs' work priced alike.
type epochKey struct {
	start, end, feeFrom time.Time
	nbits               uint32
	subsidy             hashyard.Sats
}

func (e Epoch) key() epochKey { return epochKey{e.Start, e.End, e.FeeFrom, e.NBits, e.Subsidy} }

// keyOf is the epoch that a job made now belongs to.
func (s *Service) keyOf(f job.EpochFacts, start, end time.Time) epochKey {
	k := epochKey{start: start, end: end, feeFrom: start, nbits: f.NBits, subsidy: f.Subsidy}
	if now := s.cfg.Now().UTC(); now.After(start) && now.Before(end) {
		k.feeFrom = now.Truncate(s.cfg.FeeEvery)
	}
	return k
}

// Chain is what the accounts ask a Bitcoin node. Unknown blocks are
// hashyard.NotFound; a block off the best chain has -1 confirmations, also one
// that the node has forgotten and whose height another block has.
type Chain interface {
	BlockFees(ctx context.Context, hash [32]byte) (fpps.Block, error)
	Confirmations(ctx context.Context, hash [32]byte, height int64) (int64, error)
}

// Period is the settlement period of a moment, and until when shares of its
// jobs may be accepted.
func (s *Service) Period(t time.Time) (start, end, refuseAfter time.Time) {
	start, end = fpps.Period(t, s.cfg.SettlementPeriod)
	return start, end, end.Add(s.cfg.Grace)
}

// EpochFor finds the rate epoch of a job, and makes it when the job is the
// first of its kind in its period. It must return before the job goes out.
func (s *Service) EpochFor(ctx context.Context, f job.EpochFacts) (Epoch, error) {
	start, end, _ := s.Period(f.Period)
	if !start.Equal(f.Period) {
		return Epoch{}, hashyard.Invalid.Errorf("epoch: %s is not the start of a period of %s", f.Period, s.cfg.SettlementPeriod)
	}
	s.mu.Lock()
	s.tip = f.Tip
	s.noteJob()
	k := s.keyOf(f, start, end)
	e, ok := s.epochs[k]
	s.mu.Unlock()
	if ok {
		return e, nil
	}
	e, err := s.store.Epoch(ctx, Epoch{Start: start, End: end, FeeFrom: k.feeFrom, Rate: fpps.Rate{NBits: f.NBits, Subsidy: f.Subsidy}})
	if errors.Is(err, hashyard.NotFound) {
		e, err = s.makeEpoch(ctx, f, k)
	}
	if err != nil {
		return Epoch{}, fmt.Errorf("epoch of %s, bits %08x: %w", start.Format(time.RFC3339), f.NBits, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for k := range s.epochs { // only what jobs of now can ask for
		if k.end.Before(start) {
			delete(s.epochs, k)
		}
	}
	s.epochs[e.key()] = e
	return e, nil
}

// jobGap is more than a healthy pool ever waits between two jobs.
const jobGap = 90 * time.Second

// noteJob notices that there was no work to offer for a while, e.g. because no
// node answered: that time says nothing about machines. The caller holds s.mu.
func (s *Service) noteJob() {
	now := s.cfg.Now()
	if !s.lastJob.IsZero() && now.Sub(s.lastJob) > jobGap {
		s.interrupted = "no work was offered"
	}
	s.lastJob = now
}

func (s *Service) makeEpoch(ctx context.Context, f job.EpochFacts, k epochKey) (Epoch, error) {
	m := s.cfg.FeeMethod
	if m.Daily() {
		m = fpps.SMA // what is shown until the day is over, and what accounts by a trailing index are paid by
	}
	taken, err := s.feeBlocks(ctx, m, fpps.Span{Window: s.cfg.FeeWindow, Start: k.start, End: k.end}, f.Tip)
	if err != nil {
		return Epoch{}, err
	}
	ix := m.Sum(taken)
	e := Epoch{
		ID: hashyard.NewID(), Start: k.start, End: k.end, FeeFrom: k.feeFrom, FeeMethod: m, FeeWindow: s.cfg.FeeWindow,
		FeeTip: f.Tip, Height: f.Height, Created: s.cfg.Now().UTC(),
		Rate: fpps.Rate{NBits: f.NBits, Subsidy: f.Subsidy, FeeSum: ix.FeeSum, FeeN: ix.FeeN, FeePPM: s.cfg.FeePPM},
	}
	if err := e.Check(); err != nil {
		return Epoch{}, err
	}
	got, err := s.store.PutEpoch(ctx, e)
	if err != nil {
		return Epoch{}, err
	}
	hashyard.Hit(hashyard.AtEpochCommitted)
	if got.ID == e.ID {
		s.log.InfoContext(ctx, "rate epoch opened", "epoch", e.ID, "period_start", e.Start, "height", f.Height,
			"subsidy_sats", e.Subsidy, "fee_sum_sats", e.FeeSum, "fee_blocks", e.FeeN)
	}
	return got, nil
}

// maxLookBack bounds how many blocks a daily index reads: a month's, for work
// that comes late.
const maxLookBack = 30 * 144

// feeBlocks are the blocks that a method takes, from a tip back, newest first.
func (s *Service) feeBlocks(ctx context.Context, m fpps.Method, span fpps.Span, tip [32]byte) ([]fpps.Block, error) {
	chain, err := s.feeChain(ctx, m, span, tip)
	if err != nil {
		return nil, err
	}
	taken, _ := m.Take(span, chain)
	return taken, nil
}

// feeChain is as much of the chain back from a tip as a method looks at. What
// the node said about a block is kept by its hash, so that a reorganised chain
// is read anew and nothing is read twice.
func (s *Service) feeChain(ctx context.Context, m fpps.Method, span fpps.Span, tip [32]byte) ([]fpps.Block, error) {
	most := int64(maxLookBack)
	if !m.Daily() {
		most = span.Window
	}
	var chain []fpps.Block
	for next := tip; ; {
		if _, done := m.Take(span, chain); done || next == [32]byte{} {
			return chain, nil
		}
		if int64(len(chain)) >= most {
			return nil, fmt.Errorf("fee index %s: not found within %d blocks before the tip", m, most)
		}
		blocks, err := s.store.BlockFees(ctx, next, min(most-int64(len(chain)), 144))
		if err != nil {
			return nil, err
		}
		if len(blocks) == 0 {
			b, err := s.readFees(ctx, next)
			if err != nil {
				return nil, fmt.Errorf("%d blocks before the tip: %w", len(chain), err)
			}
			blocks = append(blocks, b)
		}
		chain = append(chain, blocks...)
		next = chain[len(chain)-1].Prev
	}
}

func (s *Service) readFees(ctx context.Context, hash [32]byte) (fpps.Block, error) {
	b, err := s.chain.BlockFees(ctx, hash)
	if err != nil {
		return b, fmt.Errorf("fees of block %s: %w", ShowHash(hash), err)
	}
	return b, s.store.PutBlockFees(ctx, []fpps.Block{b})
}

// followFees reads the fees of new blocks as they come, so that a period's
// first job does not wait for a whole window of them.
func (s *Service) followFees(ctx context.Context) error {
	s.mu.Lock()
	tip, read := s.tip, s.tipRead
	s.mu.Unlock()
	if tip == read {
		return nil
	}
	if _, err := s.feeBlocks(ctx, fpps.SMA, fpps.Span{Window: s.cfg.FeeWindow}, tip); err != nil {
		return err
	}
	s.mu.Lock()
	s.tipRead = tip
	s.mu.Unlock()
	return nil
}
