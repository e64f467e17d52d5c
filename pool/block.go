package pool

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"hashyard"
	"hashyard/pool/job"
)

// BlockState is where a found block stands.
type BlockState string

// The states. A block that left the chain may come back, and one that a node
// refused may still be taken by another.
const (
	BlockFound     BlockState = "found"     // no node has judged it yet
	BlockRejected  BlockState = "rejected"  // a node refused it
	BlockAccepted  BlockState = "accepted"  // on the best chain
	BlockOrphaned  BlockState = "orphaned"  // off it
	BlockConfirmed BlockState = "confirmed" // deep enough to be final
)

// BlockEvent is what happens to a block.
type BlockEvent string

// The events.
const (
	BlockTaken   BlockEvent = "taken"   // seen on the best chain
	BlockRefused BlockEvent = "refused" // a node's verdict
	BlockLeft    BlockEvent = "left"    // known, and not on the best chain
	BlockDeep    BlockEvent = "deep"    // with enough confirmations
)

// nextBlock is the state machine; pairs that are not here change nothing.
func nextBlock(from BlockState, ev BlockEvent) (BlockState, bool) {
	next := map[BlockState]map[BlockEvent]BlockState{
		BlockFound:    {BlockTaken: BlockAccepted, BlockRefused: BlockRejected, BlockLeft: BlockOrphaned, BlockDeep: BlockConfirmed},
		BlockRejected: {BlockTaken: BlockAccepted, BlockDeep: BlockConfirmed},
		BlockAccepted: {BlockLeft: BlockOrphaned, BlockDeep: BlockConfirmed},
		BlockOrphaned: {BlockTaken: BlockAccepted, BlockDeep: BlockConfirmed},
	}
	to, ok := next[from][ev]
	return to, ok
}

// Block is a block that one of our miners found.
type Block struct {
	Hash, Prev                   [32]byte
	Height                       int64
	NBits                        uint32
	Value                        hashyard.Sats
	Epoch, Account, Worker, Unit hashyard.ID
	Session                      hashyard.ID
	Found, Updated               time.Time
	State                        BlockState
	Verdict                      string // a node's own word
	Attempts                     int    // to hand it in
	Confirmations                int64
}

// On is the block after an event; changed is false when nothing happens.
func (b Block) On(ev BlockEvent, at time.Time) (_ Block, changed bool) {
	to, ok := nextBlock(b.State, ev)
	if ok {
		b.State, b.Updated = to, at.UTC()
	}
	return b, ok
}

// SaveCandidate keeps a found block before anything else is done with it.
// Saving it again changes nothing.
func (s *Service) SaveCandidate(ctx context.Context, c job.Candidate) error {
	if err := s.store.SaveBlock(ctx, c); err != nil {
		return fmt.Errorf("save block %s: %w", ShowHash(c.Hash), err)
	}
	hashyard.Hit(hashyard.AtBlockSaved)
	s.log.InfoContext(ctx, "block found", "block", ShowHash(c.Hash), "height", c.Height, "reward_sats", c.Value, "worker", c.Worker)
	return nil
}

// SaveVerdict records what became of a block that was handed in, with a node's
// own word: taken, left or refused. A refusal is final for the block only until
// a node shows it on its chain.
func (s *Service) SaveVerdict(ctx context.Context, hash [32]byte, became BlockEvent, reason string) error {
	err := s.store.ChangeBlock(ctx, hash, func(b Block) (Block, error) {
		b.Attempts++
		b.Verdict = reason
		b, _ = b.On(became, s.cfg.Now())
		return b, nil
	})
	if err != nil {
		return fmt.Errorf("verdict of block %s: %w", ShowHash(hash), err)
	}
	return nil
}

// PendingCandidates are blocks that no node has judged: a crash came between.
func (s *Service) PendingCandidates(ctx context.Context) ([]job.Candidate, error) {
	return s.store.Candidates(ctx, 100)
}

// followBlocks asks the node about every block that is not final.
func (s *Service) followBlocks(ctx context.Context) error {
	open, err := s.store.OpenBlocks(ctx, 200)
	if err != nil {
		return err
	}
	for _, b := range open {
		n, err := s.chain.Confirmations(ctx, b.Hash, b.Height)
		if errors.Is(err, hashyard.NotFound) || (n < 0 && b.State == BlockFound) {
			continue // not handed in yet, or to a node we do not ask: the dispatcher is at it
		}
		if err != nil {
			return fmt.Errorf("block %s: %w", ShowHash(b.Hash), err)
		}
		ev := BlockTaken
		switch {
		case n < 0:
			ev = BlockLeft
		case n >= s.cfg.Confirmations:
			ev = BlockDeep
		}
		err = s.store.ChangeBlock(ctx, b.Hash, func(b Block) (Block, error) {
			b, _ = b.On(ev, s.cfg.Now())
			b.Confirmations = max(n, 0)
			return b, nil
		})
		if err != nil {
			return fmt.Errorf("block %s: %w", ShowHash(b.Hash), err)
		}
	}
	return nil
}

// ShowHash writes a hash as explorers do, last byte first.
func ShowHash(hash [32]byte) string {
	slices.Reverse(hash[:])
	return hex.EncodeToString(hash[:])
}
