package node

import (
	"math/big"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/chaincfg/v2"
)

// localEasyAfter is well below the rest after which devchain's blocks get easy
// (30 days): nobody needs a quick job after a day without blocks.
const localEasyAfter = 24 * time.Hour

// BitsRule is how a network sets the target of its next block, as far as it
// follows from a few headers.
type BitsRule struct {
	Limit uint32 // compact form of the easiest target
	Fixed bool   // always Limit (regtest)
	// Every Window blocks (0 is never) the target follows the time that the
	// last Window-1 of them took, against Span.
	Window                 int64
	Span, MinSpan, MaxSpan time.Duration
	// EasyAfter, if not 0, is testnet's exception: a block that comes so long
	// after its parent may have Limit as target, and its children remember the
	// target before.
	EasyAfter time.Duration
	// FromFirst is BIP94 (testnet4): a retarget starts from the window's first
	// block, and its block's time may be at most ten minutes before its parent's.
	FromFirst bool
}

func bitsRule(p *chaincfg.Params) BitsRule {
	r := BitsRule{
		Limit: p.PowLimitBits, Fixed: p.PoWNoRetargeting, FromFirst: p.EnforceBIP94,
		Window: int64(p.TargetTimespan / p.TargetTimePerBlock), Span: p.TargetTimespan,
		MinSpan: p.TargetTimespan / time.Duration(p.RetargetAdjustmentFactor),
		MaxSpan: p.TargetTimespan * time.Duration(p.RetargetAdjustmentFactor),
	}
	if p.ReduceMinDifficulty {
		r.EasyAfter = p.MinDiffReductionTime
	}
	return r
}

// Retargets reports whether the block at a height begins a window.
func (r BitsRule) Retargets(height int64) bool {
	return !r.Fixed && r.Window > 0 && height%r.Window == 0
}

// Next is the compact target of the block after tip, whose time is at. first
// is the header at Height+1-Window where the next block retargets, and not
// looked at elsewhere. ok is false when more than these headers decide:
// someone has to ask the node for a template.
func (r BitsRule) Next(tip, first Header, at time.Time) (bits uint32, ok bool) {
	height := tip.Height + 1
	switch {
	case r.Fixed:
		return r.Limit, true
	case r.Retargets(height):
		if first.Height != height-r.Window {
			return 0, false
		}
		return r.retarget(tip, first), true
	case r.EasyAfter == 0:
		return tip.Bits, true
	case at.Sub(tip.Time) > r.EasyAfter:
		return 0, false // Limit now, and another target for who keeps the clock back
	case tip.Bits == r.Limit && (r.Window == 0 || tip.Height%r.Window != 0):
		return 0, false // an easy block: the target is further back
	}
	return tip.Bits, true
}

// retarget is consensus' arithmetic: integers, rounded down, capped fourfold.
func (r BitsRule) retarget(tip, first Header) uint32 {
	took := max(r.MinSpan, min(r.MaxSpan, tip.Time.Sub(first.Time)))
	from := tip.Bits
	if r.FromFirst {
		from = first.Bits
	}
	target := blockchain.CompactToBig(from)
	target.Mul(target, big.NewInt(int64(took/time.Second)))
	target.Div(target, big.NewInt(int64(r.Span/time.Second)))
	if limit := blockchain.CompactToBig(r.Limit); target.Cmp(limit) > 0 {
		target = limit
	}
	return blockchain.BigToCompact(target)
}
