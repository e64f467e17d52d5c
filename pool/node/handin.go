package node

import (
	"context"
	"errors"
	"time"

	"hashyard"
)

// FoundBlock is a solved block to hand in.
type FoundBlock struct {
	Hash   Hash
	Height int64
	Raw    []byte
}

// Fate is what became of a block that was handed in.
type Fate uint8

// The fates, from the worst known to the best.
const (
	Unjudged Fate = iota // no node gave a verdict in time
	Refused              // against the rules
	Beside               // valid, and not on the best chain
	OnChain              // on a node's best chain
)

// Outcome is a block's fate with the verdict of the node that decided it.
type Outcome struct {
	Fate    Fate
	Verdict string // the node's own word; empty is its yes
	Node    string
}

const (
	// handInFor is how long a node that does not answer is waited for. After
	// that a block is worth nothing.
	handInFor = 10 * time.Minute
	// handInAfter is how long the others are still tried once one node has the
	// block on its chain.
	handInAfter = 30 * time.Second
)

// HandIn gives a block to all nodes at once, each again and again until it has
// a verdict. onChain is called once, when the first node has the block on its
// best chain; the others are still tried for a moment, so that the block does
// not depend on one node's peers. The outcome is the best of all verdicts.
func (n *Nodes) HandIn(ctx context.Context, b FoundBlock, onChain func(Outcome)) Outcome {
	ctx, cancel := context.WithTimeout(ctx, handInFor)
	defer cancel()
	answers := make(chan Outcome, len(n.members))
	for _, m := range n.members {
		go func() { answers <- m.handIn(ctx, b) }()
	}
	var best Outcome
	for range n.members {
		o := <-answers
		if o.Fate == OnChain && best.Fate != OnChain {
			defer time.AfterFunc(handInAfter, cancel).Stop()
			onChain(o)
		}
		if o.Fate > best.Fate {
			best = o
		}
	}
	return best
}

// handIn insists on one node's verdict until ctx ends.
func (m *member) handIn(ctx context.Context, b FoundBlock) Outcome {
	for pause := firstRetry; ; pause = min(2*pause, lastRetry) {
		o, err := m.tryHandIn(ctx, b)
		if err == nil && o.Fate != Unjudged {
			return o
		}
		if ctx.Err() != nil {
			return o
		}
		if err != nil {
			m.cfg.Logger.WarnContext(ctx, "a block will be handed in again", "node", m.node.Name(), "block", b.Hash, "err", err, "retry_ms", pause.Milliseconds())
			m.tell(func(s *State) { s.Errors++ })
		}
		if !sleep(ctx, pause) {
			return o
		}
	}
}

// tryHandIn submits once and finds out what the answer means.
func (m *member) tryHandIn(ctx context.Context, b FoundBlock) (Outcome, error) {
	m.room <- struct{}{}
	defer func() { <-m.room }()
	o := Outcome{Node: m.node.Name()}
	verdict, err := m.node.SubmitBlock(ctx, b.Raw)
	if err != nil {
		return o, err
	}
	o.Verdict = verdict
	switch verdict {
	case Accepted:
		// btcd takes a sibling of its tip in the same silence.
	case Duplicate, Inconclusive, "inconclusive-not-best-prevblk":
		// It has the block beside an equal one: ours is to be preferred.
		if err := m.node.PreciousBlock(ctx, b.Hash); err != nil && !errors.Is(err, hashyard.NotFound) {
			return o, err
		}
	case "duplicate-inconclusive", "prev-blk-not-found":
		return o, nil // it does not know enough yet
	default:
		o.Fate = Refused
		return o, nil
	}
	o.Fate, err = m.whereIs(ctx, b)
	if o.Fate == Beside && verdict == Accepted {
		o.Verdict = Inconclusive
	}
	return o, err
}

// whereIs looks whether a block that the node has is on its best chain.
func (m *member) whereIs(ctx context.Context, b FoundBlock) (Fate, error) {
	at, err := m.node.BlockHash(ctx, b.Height)
	switch {
	case errors.Is(err, hashyard.NotFound):
		return Beside, nil
	case err != nil:
		return Unjudged, err
	case at != b.Hash:
		return Beside, nil
	}
	return OnChain, nil
}
