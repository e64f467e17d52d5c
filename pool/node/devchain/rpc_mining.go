package devchain

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"

	"hashyard"
)

type templateRequest struct {
	Mode       string   `json:"mode"`
	Rules      []string `json:"rules"`
	LongPollID string   `json:"longpollid"`
	Data       string   `json:"data"`
}

func (c *Chain) getBlockTemplate(ctx context.Context, a args) (any, error) {
	var req templateRequest
	if err := a.into(0, &req); err != nil {
		return nil, err
	}
	switch req.Mode {
	case "", "template":
	case "proposal":
		return c.propose(req.Data)
	default:
		return nil, fail(codeParameter, "Invalid mode")
	}
	if !slices.Contains(req.Rules, "segwit") {
		return nil, fail(codeParameter, `getblocktemplate must be called with the segwit rule set (call with {"rules": ["segwit"]})`)
	}
	var w *workTemplate
	var err error
	if req.LongPollID == "" {
		w, err = c.currentTemplate()
	} else {
		w, err = c.waitTemplate(ctx, req.LongPollID)
	}
	if err != nil {
		return nil, err
	}
	return c.reply(w), nil
}

// propose judges a block without its proof of work (BIP23).
func (c *Chain) propose(data string) (any, error) {
	block, err := decodeBlock(data)
	if err != nil {
		return nil, err
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	if known, err := c.chain.HaveBlock(block.Hash()); err != nil || known {
		return c.knownReason(block.Hash()), err
	}
	if block.MsgBlock().Header.PrevBlock != c.chain.BestSnapshot().Hash {
		return "inconclusive-not-best-prevblk", nil
	}
	if len(block.MsgBlock().Transactions) == 0 {
		return "bad-blk-length", nil
	}
	if err := c.chain.CheckConnectBlockTemplate(block); err != nil {
		return verdict(ruleReason(err))
	}
	return verdict(c.checkSubsidy(block))
}

// verdict is a BIP22 answer: null for yes.
func verdict(reason string, err error) (any, error) {
	if err != nil || reason == "" {
		return nil, err
	}
	return reason, nil
}

func (c *Chain) submitBlockRPC(_ context.Context, a args) (any, error) {
	data, err := a.text(0)
	if err != nil {
		return nil, err
	}
	block, err := decodeBlock(data)
	if err != nil {
		return nil, err
	}
	return verdict(c.submitBlock(block))
}

func decodeBlock(data string) (*btcutil.Block, error) {
	raw, err := hex.DecodeString(data)
	if err != nil {
		return nil, fail(codeDeserialize, "Block decode failed")
	}
	block, err := btcutil.NewBlockFromBytes(raw)
	if err != nil {
		return nil, fail(codeDeserialize, "Block decode failed")
	}
	return block, nil
}

// preciousBlock breaks ties between equal branches in Core; here the first seen
// stays. Pools call it for their own blocks and want to hear null.
func (c *Chain) preciousBlock(_ context.Context, a args) (any, error) {
	hash, err := a.hash(0)
	if err != nil {
		return nil, err
	}
	if _, ok := c.heightOf(hash); !ok {
		return nil, fail(codeNotFound, "Block not found")
	}
	return nil, nil
}

func (c *Chain) invalidateBlock(_ context.Context, a args) (any, error) {
	return c.redeclare(a, kindInvalidate, c.chain.InvalidateBlock)
}

func (c *Chain) reconsiderBlock(_ context.Context, a args) (any, error) {
	return c.redeclare(a, kindReconsider, c.chain.ReconsiderBlock)
}

func (c *Chain) redeclare(a args, k kind, op func(*chainhash.Hash) error) (any, error) {
	hash, err := a.hash(0)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	height, ok := c.heightOf(hash)
	if !ok {
		return nil, fail(codeNotFound, "Block not found")
	}
	if height <= c.bootstrapHeight() {
		return nil, fail(codeParameter, "The first %d blocks are the world's birth and stay", c.bootstrapHeight())
	}
	err = c.change(record{k, hash[:]}, func() error { return op(hash) })
	c.wake.all()
	var rule blockchain.RuleError
	if errors.As(err, &rule) {
		return nil, fail(codeVerify, "%s", blockReason(rule))
	}
	return nil, err
}

func (c *Chain) getMiningInfo(_ context.Context, _ args) (any, error) {
	best := c.chain.BestSnapshot()
	return map[string]any{
		"blocks":        best.Height,
		"difficulty":    difficulty(c.world.Bits),
		"networkhashps": c.networkRate(),
		"pooledtx":      c.pool.Count(),
		"chain":         Name,
		"warnings":      "",
	}, nil
}

// networkRate estimates hashes per second from the last 120 mined blocks, as
// Core does: work over time.
func (c *Chain) networkRate() float64 {
	best := c.chain.BestSnapshot()
	from := max(best.Height-120, c.bootstrapHeight())
	blocks := best.Height - from
	if blocks <= 0 {
		return 0
	}
	first, err1 := c.headerAt(from)
	last, err2 := c.headerAt(best.Height)
	if err1 != nil || err2 != nil {
		return 0
	}
	seconds := last.Timestamp.Sub(first.Timestamp).Seconds()
	if seconds <= 0 {
		return 0
	}
	return difficulty(c.world.Bits) * (1 << 32) * float64(blocks) / seconds
}

func (c *Chain) getNetworkInfo(_ context.Context, _ args) (any, error) {
	return map[string]any{
		"version":         270000, // the Core release whose answers these are modelled on
		"subversion":      "/hashyard-devchain:1/",
		"protocolversion": 70016,
		"localservices":   "0000000000000409",
		"timeoffset":      0,
		"networkactive":   false,
		"connections":     0,
		"networks":        []any{},
		"relayfee":        btc(minRelayFee),
		"incrementalfee":  btc(minRelayFee),
		"localaddresses":  []any{},
		"warnings":        "",
	}, nil
}

func (c *Chain) getDifficulty(_ context.Context, _ args) (any, error) {
	return difficulty(c.world.Bits), nil
}

// btc writes satoshis as a JSON number of bitcoin with eight decimals.
type btc hashyard.Sats

// MarshalJSON writes the exact decimal, never a float.
func (b btc) MarshalJSON() ([]byte, error) { return []byte(hashyard.Sats(b).String()), nil }
