package node

import "time"

// timeWarp is how much before its parent's time BIP94 lets a window's first
// block be.
const timeWarp = 10 * time.Minute

// After is work on the block that follows tip, without any transaction: what
// can be known from headers before the node has made a template. first is for
// BitsRule.Next. ok is false when these headers do not tell all.
//
// Such a block needs no witness commitment (BIP141 asks for one only where
// there are witnesses) and earns the subsidy alone.
func (n Network) After(tip, first Header, version uint32, at time.Time) (t *Template, ok bool) {
	height := tip.Height + 1
	if tip.MedianTime.IsZero() || height <= n.Subsidy.Bootstrap {
		return nil, false
	}
	bits, ok := n.Bits.Next(tip, first, at)
	if !ok {
		return nil, false
	}
	least := tip.MedianTime.Add(time.Second)
	if warp := tip.Time.Add(-timeWarp); n.Bits.FromFirst && n.Bits.Retargets(height) && warp.After(least) {
		least = warp
	}
	subsidy := n.Subsidy.At(height)
	return &Template{
		Version: version, PrevHash: tip.Hash, Height: height, Bits: bits, HeaderOnly: true,
		CurTime: uint32(max(at.Unix(), least.Unix())), MinTime: uint32(least.Unix()), MTP: uint32(tip.MedianTime.Unix()),
		CoinbaseValue: subsidy, Subsidy: subsidy,
	}, true
}
