package devchain

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

func (c *Chain) getBlockCount(_ context.Context, _ args) (any, error) {
	return c.chain.BestSnapshot().Height, nil
}

func (c *Chain) getBestBlockHash(_ context.Context, _ args) (any, error) {
	return c.chain.BestSnapshot().Hash.String(), nil
}

// waitForNewBlock answers as soon as the tip is another one than at the call,
// or than the caller names; a caller that hears of a tip this way knows it
// before there is a template. timeout is in milliseconds, 0 is none.
func (c *Chain) waitForNewBlock(ctx context.Context, a args) (any, error) {
	timeout, err := a.number(0, 0)
	if err != nil {
		return nil, err
	}
	if timeout < 0 {
		return nil, fail(codeMisc, "Negative timeout")
	}
	limit := longPollMax
	if timeout > 0 && timeout < limit.Milliseconds() {
		limit = time.Duration(timeout) * time.Millisecond
	}
	best, _ := c.state()
	from := best.Hash
	if !a.absent(1) {
		named, err := a.hash(1)
		if err != nil {
			return nil, err
		}
		from = *named
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		changed := c.wake.next() // before looking, so that no event falls between
		if best, _ = c.state(); best.Hash != from || ctx.Err() != nil {
			return map[string]any{"hash": best.Hash.String(), "height": best.Height}, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

func (c *Chain) getBlockHash(_ context.Context, a args) (any, error) {
	height, err := a.number(0, -1)
	if err != nil {
		return nil, err
	}
	hash, err := c.hashAt(height)
	if err != nil {
		return nil, err
	}
	return hash.String(), nil
}

func (c *Chain) hashAt(height int64) (*chainhash.Hash, error) {
	if height < 0 || height > int64(c.chain.BestSnapshot().Height) {
		return nil, fail(codeParameter, "Block height out of range")
	}
	return c.chain.BlockHashByHeight(int32(height))
}

func (c *Chain) headerAt(height int32) (wire.BlockHeader, error) {
	hash, err := c.hashAt(int64(height))
	if err != nil {
		return wire.BlockHeader{}, err
	}
	return c.chain.HeaderByHash(hash)
}

type headerReply struct {
	Hash          string  `json:"hash"`
	Confirmations int64   `json:"confirmations"`
	Height        int32   `json:"height"`
	Version       int32   `json:"version"`
	VersionHex    string  `json:"versionHex"`
	MerkleRoot    string  `json:"merkleroot"`
	Time          int64   `json:"time"`
	MedianTime    int64   `json:"mediantime"`
	Nonce         uint32  `json:"nonce"`
	Bits          string  `json:"bits"`
	Difficulty    float64 `json:"difficulty"`
	PrevHash      string  `json:"previousblockhash,omitempty"`
	NextHash      string  `json:"nextblockhash,omitempty"`
	NTx           int     `json:"nTx"`
}

func (c *Chain) headerReply(b *btcutil.Block) (headerReply, error) {
	h := b.MsgBlock().Header
	mtp, err := c.medianTime(h)
	if err != nil {
		return headerReply{}, err
	}
	r := headerReply{
		Hash: b.Hash().String(), Confirmations: c.confirmations(b.Hash(), b.Height()), Height: b.Height(),
		Version: h.Version, VersionHex: fmt.Sprintf("%08x", uint32(h.Version)), MerkleRoot: h.MerkleRoot.String(),
		Time: h.Timestamp.Unix(), MedianTime: mtp, Nonce: h.Nonce, Bits: fmt.Sprintf("%08x", h.Bits),
		Difficulty: difficulty(h.Bits), NTx: len(b.MsgBlock().Transactions),
	}
	if b.Height() > 0 {
		r.PrevHash = h.PrevBlock.String()
	}
	if r.Confirmations > 1 {
		next, err := c.hashAt(int64(b.Height()) + 1)
		if err != nil {
			return headerReply{}, err
		}
		r.NextHash = next.String()
	}
	return r, nil
}

// medianTime is the median of the block's time and its ten ancestors', as Core
// shows it.
func (c *Chain) medianTime(h wire.BlockHeader) (int64, error) {
	times := []int64{h.Timestamp.Unix()}
	for at := h.PrevBlock; len(times) < 11 && at != (chainhash.Hash{}); {
		parent, err := c.chain.HeaderByHash(&at)
		if err != nil {
			return 0, err
		}
		times = append(times, parent.Timestamp.Unix())
		at = parent.PrevBlock
	}
	slices.Sort(times)
	return times[len(times)/2], nil
}

// confirmations is -1 off the best chain.
func (c *Chain) confirmations(hash *chainhash.Hash, height int32) int64 {
	if !c.chain.MainChainHasBlock(hash) {
		return -1
	}
	return int64(c.chain.BestSnapshot().Height-height) + 1
}

// known reads the block a caller asks for.
func (c *Chain) known(a args) (*btcutil.Block, error) {
	hash, err := a.hash(0)
	if err != nil {
		return nil, err
	}
	if _, ok := c.heightOf(hash); !ok {
		return nil, fail(codeNotFound, "Block not found")
	}
	return c.block(hash)
}

func (c *Chain) getBlockHeader(_ context.Context, a args) (any, error) {
	verbose := true
	if err := a.into(1, &verbose); err != nil {
		return nil, err
	}
	b, err := c.known(a)
	if err != nil {
		return nil, err
	}
	if verbose {
		return c.headerReply(b)
	}
	var raw bytes.Buffer
	if err := b.MsgBlock().Header.Serialize(&raw); err != nil {
		return nil, err
	}
	return hex.EncodeToString(raw.Bytes()), nil
}

type blockReply struct {
	headerReply
	StrippedSize int   `json:"strippedsize"`
	Size         int   `json:"size"`
	Weight       int64 `json:"weight"`
	Tx           []any `json:"tx"`
}

func (c *Chain) getBlock(_ context.Context, a args) (any, error) {
	verbosity, err := a.verbosity(1, 1)
	if err != nil {
		return nil, err
	}
	b, err := c.known(a)
	if err != nil {
		return nil, err
	}
	if verbosity <= 0 {
		raw, err := b.Bytes()
		return hex.EncodeToString(raw), err
	}
	h, err := c.headerReply(b)
	if err != nil {
		return nil, err
	}
	r := blockReply{
		headerReply: h, StrippedSize: b.MsgBlock().SerializeSizeStripped(),
		Size: b.MsgBlock().SerializeSize(), Weight: blockchain.GetBlockWeight(b),
	}
	fees, err := c.txFees(b)
	if err != nil {
		return nil, err
	}
	for i, tx := range b.Transactions() {
		if verbosity == 1 {
			r.Tx = append(r.Tx, tx.Hash().String())
			continue
		}
		t, err := c.txReply(tx.MsgTx())
		if err != nil {
			return nil, err
		}
		if i > 0 && fees != nil {
			fee := btc(fees[i])
			t.Fee = &fee
		}
		r.Tx = append(r.Tx, t)
	}
	return r, nil
}

// getBlockStats answers what a block earned. Only these statistics are kept;
// asking for others is an error, as for unknown ones in Core.
func (c *Chain) getBlockStats(_ context.Context, a args) (any, error) {
	b, err := c.statsBlock(a)
	if err != nil {
		return nil, err
	}
	fees, err := c.txFees(b)
	if err != nil {
		return nil, err
	}
	if fees == nil {
		return nil, fail(codeParameter, "Block is not in chain %s", Name)
	}
	mtp, err := c.medianTime(b.MsgBlock().Header)
	if err != nil {
		return nil, err
	}
	var total, out int64
	for i, tx := range b.MsgBlock().Transactions {
		total += fees[i]
		if i > 0 {
			for _, o := range tx.TxOut {
				out += o.Value
			}
		}
	}
	all := map[string]any{
		"blockhash": b.Hash().String(), "height": b.Height(), "time": b.MsgBlock().Header.Timestamp.Unix(), "mediantime": mtp,
		"subsidy": c.subsidyOf(b), "totalfee": total, "txs": len(fees), "total_out": out,
		"total_size": b.MsgBlock().SerializeSize(), "total_weight": blockchain.GetBlockWeight(b),
	}
	var wanted []string
	if err := a.into(1, &wanted); err != nil || len(wanted) == 0 {
		return all, err
	}
	some := map[string]any{}
	for _, name := range wanted {
		v, ok := all[name]
		if !ok {
			return nil, fail(codeParameter, "Invalid selected statistic '%.40s'", name)
		}
		some[name] = v
	}
	return some, nil
}

func (c *Chain) statsBlock(a args) (*btcutil.Block, error) {
	var height int64
	if !a.absent(0) && json.Unmarshal(a[0], &height) == nil {
		hash, err := c.hashAt(height)
		if err != nil {
			return nil, err
		}
		return c.block(hash)
	}
	return c.known(a)
}

// subsidyOf is the rule's amount; for the blocks of the world's birth, what
// they were given.
func (c *Chain) subsidyOf(b *btcutil.Block) int64 {
	switch h := b.Height(); {
	case h == 0:
		return 0
	case h <= c.bootstrapHeight():
		return int64(c.world.Bootstrap[h-1].Value)
	}
	return int64(c.world.Subsidy)
}

func (c *Chain) getBlockchainInfo(_ context.Context, _ args) (any, error) {
	best := c.chain.BestSnapshot()
	info := c.parameters()
	tip, err := c.chain.HeaderByHash(&best.Hash)
	if err != nil {
		return nil, err
	}
	for name, value := range map[string]any{
		"chain": Name, "blocks": best.Height, "headers": best.Height, "bestblockhash": best.Hash.String(),
		// The tip may be an easy block of the birth: what the next must meet is told.
		"difficulty": difficulty(c.world.Bits), "time": tip.Timestamp.Unix(), "mediantime": best.MedianTime.Unix(),
		"verificationprogress": 1, "initialblockdownload": false, "pruned": false, "warnings": "",
	} {
		info[name] = value
	}
	return info, nil
}

// parameters is what a pool cannot know of this chain and must read.
func (c *Chain) parameters() map[string]any {
	return map[string]any{
		"coinbase_maturity": Maturity,
		"work_scale":        c.world.WorkScale,
		"subsidy":           c.world.Subsidy,
		"target_spacing":    int(Spacing.Seconds()),
		"bootstrap_height":  c.bootstrapHeight(),
		"bits":              fmt.Sprintf("%08x", c.world.Bits),
	}
}

func (c *Chain) getHashyardInfo(_ context.Context, _ args) (any, error) {
	info := c.parameters()
	info["chain"] = Name
	info["genesis"] = c.params.GenesisHash.String()
	return info, nil
}

func (c *Chain) getChainTips(_ context.Context, _ args) (any, error) {
	type tip struct {
		Height    int32  `json:"height"`
		Hash      string `json:"hash"`
		BranchLen int32  `json:"branchlen"`
		Status    string `json:"status"`
	}
	tips := []tip{}
	for _, t := range c.chain.ChainTips() {
		tips = append(tips, tip{t.Height, t.BlockHash.String(), t.BranchLen, t.Status.String()})
	}
	return tips, nil
}
