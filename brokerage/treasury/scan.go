package treasury

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hashyard"
	"hashyard/brokerage/ledger"
)

// scanBatch bounds the blocks of one step, so that its end is not far.
const scanBatch = 500

// scan follows the best chain: back while the head is off it, then forward. It
// reports whether the tip was reached.
func (s *Service) scan(ctx context.Context, head Head) (Head, bool, error) {
	for range scanBatch {
		on, err := s.onChain(ctx, head.Place)
		if err != nil {
			return head, false, err
		}
		if !on {
			if head, err = s.disconnect(ctx, head); err != nil {
				return head, false, err
			}
			continue
		}
		hash, err := s.cfg.Chain.HashAt(ctx, head.Height+1)
		if errors.Is(err, hashyard.NotFound) {
			return head, true, nil
		}
		if err != nil {
			return head, false, fmt.Errorf("treasury: block at %d: %w", head.Height+1, err)
		}
		b, err := s.cfg.Chain.Block(ctx, hash)
		if err != nil {
			return head, false, fmt.Errorf("treasury: block %s: %w", hash, err)
		}
		if b.Height != head.Height+1 || (head.Hash != (Hash{}) && b.Prev != head.Hash) {
			continue // the chain was reorganised between the calls
		}
		if head, err = s.connect(ctx, head, b); err != nil {
			return head, false, err
		}
	}
	return head, false, nil
}

// onChain reports whether the head is on the node's best chain.
func (s *Service) onChain(ctx context.Context, head Place) (bool, error) {
	if head.Hash == (Hash{}) {
		return true, nil // before the first scanned block
	}
	hash, err := s.cfg.Chain.HashAt(ctx, head.Height)
	switch {
	case errors.Is(err, hashyard.NotFound):
		return false, s.plausible(ctx, head)
	case err != nil:
		return false, fmt.Errorf("treasury: block at %d: %w", head.Height, err)
	}
	return hash == head.Hash, nil
}

// deepest is the deepest reorganisation that is followed by itself. A node
// that has so much less than was scanned is resyncing, or another one.
const deepest = 100

func (s *Service) plausible(ctx context.Context, head Place) error {
	tip, err := s.cfg.Chain.Tip(ctx)
	if err != nil {
		return fmt.Errorf("treasury: tip: %w", err)
	}
	if tip.Height < head.Height-deepest {
		return hashyard.Unavailable.Errorf("treasury: the node is at height %d, %d was scanned: wait until it has caught up", tip.Height, head.Height)
	}
	return nil
}

func (s *Service) connect(ctx context.Context, head Head, b Block) (Head, error) {
	now := s.now()
	var done Connected
	to, err := s.cfg.Store.Connect(ctx, b, func(k Known) (c Connected, err error) {
		c, err = s.cfg.Rules.Connect(b, k, now)
		done = c
		return c, err
	})
	if err != nil {
		return head, fmt.Errorf("treasury: connect block %d %s: %w", b.Height, b.Hash, err)
	}
	hashyard.Hit(hashyard.AtScanConnected)
	for _, o := range done.Foreign {
		// Only the signer has the key, and it signs payouts alone.
		s.cfg.Log.ErrorContext(ctx, "coin spent by a transaction that is no payout", "coin", o.String(), "height", b.Height)
	}
	return to, nil
}

func (s *Service) disconnect(ctx context.Context, head Head) (Head, error) {
	now := s.now()
	to, err := s.cfg.Store.Disconnect(ctx, head.Place, func(ps []Payout, entries []ledger.Entry) ([]Payout, []ledger.Entry, error) {
		return unmine(ps, entries, now)
	})
	if err != nil {
		return head, fmt.Errorf("treasury: disconnect block %d %s: %w", head.Height, head.Hash, err)
	}
	hashyard.Hit(hashyard.AtScanUndone)
	s.cfg.Log.WarnContext(ctx, "block left the best chain", "height", head.Height, "hash", head.Hash.String())
	return to, nil
}

// unmine takes back what a block did. Its payouts are on their way again.
func unmine(ps []Payout, entries []ledger.Entry, now time.Time) ([]Payout, []ledger.Entry, error) {
	out := make([]Payout, len(ps))
	for i, p := range ps {
		var err error
		if out[i], err = p.After(StepUnmine, now); err != nil {
			return nil, nil, err
		}
	}
	return out, undone(entries, now), nil
}
