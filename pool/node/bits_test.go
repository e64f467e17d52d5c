package node

import (
	"testing"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"pgregory.net/rapid"
)

// headers are a chain that btcd's own header check walks: height, time and
// bits are all it asks for.
type headers struct {
	params *chaincfg.Params
	all    []Header // by height
}

func (c *headers) ChainParams() *chaincfg.Params { return c.params }

func (c *headers) BlocksPerRetarget() int32 {
	return int32(c.params.TargetTimespan / c.params.TargetTimePerBlock)
}

func (c *headers) MinRetargetTimespan() int64 {
	return int64(c.params.TargetTimespan/time.Second) / c.params.RetargetAdjustmentFactor
}

func (c *headers) MaxRetargetTimespan() int64 {
	return int64(c.params.TargetTimespan/time.Second) * c.params.RetargetAdjustmentFactor
}
func (c *headers) VerifyCheckpoint(int32, *chainhash.Hash) bool { return true }
func (c *headers) FindPreviousCheckpoint() (blockchain.HeaderCtx, error) {
	return nil, nil
}

type header struct {
	chain  *headers
	height int32
}

func (h header) Height() int32    { return h.height }
func (h header) Bits() uint32     { return h.chain.all[h.height].Bits }
func (h header) Timestamp() int64 { return h.chain.all[h.height].Time.Unix() }
func (h header) Parent() blockchain.HeaderCtx {
	return h.RelativeAncestorCtx(1)
}

func (h header) RelativeAncestorCtx(distance int32) blockchain.HeaderCtx {
	if distance > h.height {
		return nil
	}
	return header{h.chain, h.height - distance}
}

// takes asks btcd whether the block after the last one may have these bits.
func (c *headers) takes(bits uint32, at time.Time) error {
	tip := header{c, int32(len(c.all) - 1)}
	next := &wire.BlockHeader{Version: 0x20000000, Bits: bits, Timestamp: at, PrevBlock: chainhash.Hash(c.all[tip.height].Hash)}
	return blockchain.CheckBlockHeaderContext(next, tip, blockchain.BFNone, c, true)
}

// grow adds blocks of the given bits, spaced alike, up to a height.
func grow(p *chaincfg.Params, height int64, bits uint32, spacing time.Duration) *headers {
	c := &headers{params: p}
	at := time.Unix(1_700_000_000, 0)
	for h := int64(0); h <= height; h++ {
		c.all = append(c.all, Header{Hash: Hash{byte(h), byte(h >> 8), 1}, Height: h, Bits: bits, Time: at})
		at = at.Add(spacing)
	}
	return c
}

func (c *headers) tip() Header { return c.all[len(c.all)-1] }

func (c *headers) first(r BitsRule) (h Header) {
	if at := c.tip().Height + 1 - r.Window; r.Retargets(c.tip().Height+1) && at >= 0 {
		h = c.all[at]
	}
	return h
}

// TestNextBitsAreBtcds: on every network, around the window's boundary and in
// its middle, whatever the blocks took.
func TestNextBitsAreBtcds(t *testing.T) {
	const usual = 0x1b0404cb
	bits := map[string]uint32{"main": usual, "test": usual, "testnet4": usual, "signet": 0x1e0377ae, "regtest": 0x207fffff, "simnet": 0x1f07fffc}
	for name, old := range bits {
		_, p := realParams(name)
		rule := bitsRule(p)
		for _, height := range []int64{2013, 2014, 2015, 2016, 4031} {
			for _, spacing := range []time.Duration{time.Second, 2 * time.Minute, 9 * time.Minute, 10 * time.Minute, 11 * time.Minute, time.Hour} {
				c := grow(p, height, old, spacing)
				at := c.tip().Time.Add(time.Minute)
				got, ok := rule.Next(c.tip(), c.first(rule), at)
				if !ok {
					t.Fatalf("%s at height %d: not known", name, height)
				}
				if err := c.takes(got, at); err != nil {
					t.Errorf("%s, block %d after %s each: %08x: %v", name, height+1, spacing, got, err)
				}
				if err := c.takes(got+1, at); err == nil {
					t.Fatalf("%s, block %d: btcd takes anything", name, height+1)
				}
			}
		}
	}
}

// TestTestnetsExceptions: what a few headers cannot tell is not guessed.
func TestTestnetsExceptions(t *testing.T) {
	for _, name := range []string{"test", "testnet4", "simnet"} {
		_, p := realParams(name)
		rule := bitsRule(p)
		c := grow(p, 100, 0x1b0404cb, time.Minute)
		if _, ok := rule.Next(c.tip(), Header{}, c.tip().Time.Add(21*time.Minute)); ok {
			t.Errorf("%s: a late block's bits depend on its time", name)
		}
		c.all[100].Bits = p.PowLimitBits // an easy block came
		if _, ok := rule.Next(c.tip(), Header{}, c.tip().Time.Add(time.Minute)); ok {
			t.Errorf("%s: after an easy block the bits are further back", name)
		}
		// At the boundary the easy block counts on the old testnet and does not
		// under BIP94.
		c = grow(p, 2015, 0x1b0404cb, 10*time.Minute)
		c.all[2015].Bits = p.PowLimitBits
		at := c.tip().Time.Add(time.Minute)
		got, ok := rule.Next(c.tip(), c.first(rule), at)
		if err := c.takes(got, at); !ok || err != nil {
			t.Errorf("%s at the boundary after an easy block: %08x, %v: %v", name, got, ok, err)
		}
	}
	main := bitsRule(&chaincfg.MainNetParams)
	c := grow(&chaincfg.MainNetParams, 2015, 0x1b0404cb, time.Minute)
	if _, ok := main.Next(c.tip(), c.all[1], c.tip().Time); ok {
		t.Error("a wrong first block is taken")
	}
}

// The worked example: difficulty 67,305,906,902,031.39 to 72,006,146,478,567.1,
// a change by 1.069834, which is a window of 1,130,642 seconds.
func TestARetargetBySixPoint98Percent(t *testing.T) {
	rule := bitsRule(&chaincfg.MainNetParams)
	old := blockchain.BigToCompact(blockchain.CompactToBig(0x1704296e))
	tip := Header{Height: 2015, Bits: old, Time: time.Unix(1_700_000_000+1_130_656, 0)} // 1,209,600 s ÷ 1.069834
	first := Header{Height: 0, Bits: old, Time: time.Unix(1_700_000_000, 0)}
	got, ok := rule.Next(tip, first, tip.Time)
	a, b := blockchain.CompactToBig(old), blockchain.CompactToBig(got)
	x, _ := a.Float64()
	y, _ := b.Float64()
	if ratio := x / y; !ok || ratio < 1.06982 || ratio > 1.06985 {
		t.Fatalf("%08x to %08x is ×%v", old, got, ratio)
	}
}

func TestWorkAfterATip(t *testing.T) {
	main := Network{Name: "main", Subsidy: SubsidyRule{Initial: 5_000_000_000, Halving: 210_000}, Bits: bitsRule(&chaincfg.MainNetParams)}
	at := time.Unix(1_800_000_000, 0)
	tip := Header{Hash: Hash{7}, Height: 839_999, Bits: 0x17034219, Time: at.Add(-time.Second), MedianTime: at.Add(-time.Hour)}
	got, ok := main.After(tip, Header{}, 0x20000000, at)
	if !ok || got.Height != 840_000 || got.Subsidy != 312_500_000 || got.CoinbaseValue != got.Subsidy || got.Bits != tip.Bits ||
		got.PrevHash != [32]byte(tip.Hash) || int64(got.MinTime) != at.Unix()-3599 || int64(got.MTP) != at.Unix()-3600 || !got.HeaderOnly ||
		got.WitnessCommitment != nil || len(got.Transactions) != 0 {
		t.Errorf("after the last block before a halving: %+v, %v", got, ok)
	}
	tip.MedianTime = time.Time{}
	if _, ok := main.After(tip, Header{}, 0, at); ok {
		t.Error("a block whose least time is not known")
	}
	local := Network{Name: LocalChain, Subsidy: SubsidyRule{Initial: 2500, Bootstrap: 16}, Bits: BitsRule{Limit: 0x207fffff, EasyAfter: localEasyAfter}}
	for name, tt := range map[string]struct {
		height int64
		bits   uint32
		rested time.Duration
		want   bool
	}{
		"ordinary":            {40, 0x1d3ba6fe, time.Minute, true},
		"the first mined":     {16, 0x207fffff, time.Minute, false},
		"a given one":         {15, 0x1d3ba6fe, time.Minute, false},
		"after a wake-up":     {40, 0x207fffff, time.Minute, false},
		"after a rest":        {40, 0x1d3ba6fe, 25 * time.Hour, false},
		"the next after that": {41, 0x1d3ba6fe, time.Minute, true},
	} {
		tip := Header{Height: tt.height, Bits: tt.bits, Time: at.Add(-tt.rested), MedianTime: at.Add(-tt.rested)}
		got, ok := local.After(tip, Header{}, 0x20000000, at)
		if ok != tt.want || (ok && (got.Bits != tt.bits || got.Subsidy != 2500)) {
			t.Errorf("%s: %+v, %v", name, got, ok)
		}
	}
	// BIP94: a window's first block may not go back before its parent.
	four := Network{Name: "testnet4", Bits: bitsRule(&chaincfg.TestNet4Params)}
	c := grow(&chaincfg.TestNet4Params, 2015, 0x1b0404cb, 10*time.Minute)
	tip = c.tip()
	tip.MedianTime = tip.Time.Add(-time.Hour)
	next, ok := four.After(tip, c.all[0], 0x20000000, tip.Time)
	if !ok || int64(next.MinTime) != tip.Time.Unix()-600 {
		t.Fatalf("least time %+v, %v", next, ok)
	}
	if err := c.takes(next.Bits, time.Unix(int64(next.MinTime), 0)); err != nil {
		t.Errorf("the least time: %v", err)
	}
}

func TestRetargetKeepsToItsBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		_, p := realParams(rapid.SampledFrom([]string{"main", "test", "testnet4", "simnet"}).Draw(t, "network"))
		rule := bitsRule(p)
		old := rapid.SampledFrom([]uint32{0x1702355e, 0x1b0404cb, 0x1c7fd9a6, p.PowLimitBits}).Draw(t, "bits")
		took := time.Duration(rapid.Int64Range(-1_000_000, 20_000_000).Draw(t, "seconds")) * time.Second
		first := Header{Height: 0, Bits: old, Time: time.Unix(1_700_000_000, 0)}
		tip := Header{Height: rule.Window - 1, Bits: old, Time: first.Time.Add(took)}
		got, ok := rule.Next(tip, first, tip.Time)
		before, after := blockchain.CompactToBig(old), blockchain.CompactToBig(got)
		limit := blockchain.CompactToBig(rule.Limit)
		x, _ := before.Float64()
		y, _ := after.Float64()
		if !ok || after.Cmp(limit) > 0 || y > 4.0001*x || y < x/4.0001 {
			t.Fatalf("%08x after %s is %08x", old, took, got)
		}
	})
}
