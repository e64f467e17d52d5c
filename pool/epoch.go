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
// the same bits and subsidy. Its fee index is fixed before its first job.
type Epoch struct {
	ID         hashyard.ID
	Start, End time.Time // settlement period
	FeeMethod  string
	FeeWindow  int64
	FeeTip     [32]byte // the last block of the fee index
	Height     int64    // of the first job
	Created    time.Time
	fpps.Rate
}

// epochKey is what makes two jobs' work priced alike.
type epochKey struct {
	start, end time.Time
	nbits      uint32
	subsidy    hashyard.Sats
}

func (e Epoch) key() epochKey { return epochKey{e.Start, e.End, e.NBits, e.Subsidy} }

// BlockFees is what a block's transactions paid.
type BlockFees struct {
	Hash, Prev [32]byte
	Height     int64
	Fees       hashyard.Sats
}

// Chain is what the accounts ask a Bitcoin node. Unknown blocks are
// hashyard.NotFound; a block off the best chain has -1 confirmations, also one
// that the node has forgotten and whose height another block has.
type Chain interface {
	BlockFees(ctx context.Context, hash [32]byte) (prev [32]byte, height int64, fees hashyard.Sats, err error)
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
	e, ok := s.epochs[epochKey{start, end, f.NBits, f.Subsidy}]
	s.mu.Unlock()
	if ok {
		return e, nil
	}
	e, err := s.store.Epoch(ctx, start, end, f.NBits, f.Subsidy)
	if errors.Is(err, hashyard.NotFound) {
		e, err = s.makeEpoch(ctx, f, start, end)
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

func (s *Service) makeEpoch(ctx context.Context, f job.EpochFacts, start, end time.Time) (Epoch, error) {
	sum, n, err := s.feeIndex(ctx, f.Tip)
	if err != nil {
		return Epoch{}, err
	}
	e := Epoch{
		ID: hashyard.NewID(), Start: start, End: end, FeeMethod: fpps.SMA, FeeWindow: s.cfg.FeeWindow,
		FeeTip: f.Tip, Height: f.Height, Created: s.cfg.Now().UTC(),
		Rate: fpps.Rate{NBits: f.NBits, Subsidy: f.Subsidy, FeeSum: sum, FeeN: n, FeePPM: s.cfg.FeePPM},
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
		s.log.InfoContext(ctx, "rate epoch opened", "epoch", e.ID, "period_start", start, "height", f.Height,
			"subsidy_sats", e.Subsidy, "fee_sum_sats", sum, "fee_blocks", n)
	}
	return got, nil
}

// feeIndex sums the fees of the last FeeWindow blocks that end at tip. What
// the node said about a block is kept by its hash, so that a reorganised chain
// is read anew and nothing is read twice.
func (s *Service) feeIndex(ctx context.Context, tip [32]byte) (sum hashyard.Sats, n int64, err error) {
	next := tip
	for n < s.cfg.FeeWindow && next != [32]byte{} {
		blocks, err := s.store.BlockFees(ctx, next, s.cfg.FeeWindow-n)
		if err != nil {
			return 0, 0, err
		}
		if len(blocks) == 0 {
			b, err := s.readFees(ctx, next)
			if err != nil {
				return 0, 0, fmt.Errorf("%d blocks before the tip: %w", n, err)
			}
			blocks = append(blocks, b)
		}
		for _, b := range blocks {
			if b.Height == 0 {
				return sum, n, nil // the genesis block is in no index
			}
			sum, n, next = sum+b.Fees, n+1, b.Prev
		}
	}
	return sum, n, nil
}

func (s *Service) readFees(ctx context.Context, hash [32]byte) (BlockFees, error) {
	b := BlockFees{Hash: hash}
	var err error
	if b.Prev, b.Height, b.Fees, err = s.chain.BlockFees(ctx, hash); err != nil {
		return b, fmt.Errorf("fees of block %s: %w", ShowHash(hash), err)
	}
	return b, s.store.PutBlockFees(ctx, []BlockFees{b})
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
	if _, _, err := s.feeIndex(ctx, tip); err != nil {
		return err
	}
	s.mu.Lock()
	s.tipRead = tip
	s.mu.Unlock()
	return nil
}
