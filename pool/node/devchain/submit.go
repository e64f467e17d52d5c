package devchain

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// submitBlock judges a block as Core's submitblock does: "" when it is the new
// tip, else a BIP22 reason. An error means no verdict.
func (c *Chain) submitBlock(block *btcutil.Block) (string, error) {
	block = withWitnessNonce(block)
	c.mu.Lock()
	reason, err := c.accept(block)
	c.mu.Unlock()
	if reason == "" || reason == reasonInconclusive {
		c.wake.all()
	}
	header := block.MsgBlock().Header
	switch {
	case err != nil:
		c.log.Error("block got no verdict", "block", block.Hash().String(), "err", err)
	case reason == "":
		c.log.Info("block accepted", "height", block.Height(), "block", block.Hash().String(), "txs", len(block.MsgBlock().Transactions))
	default:
		c.log.Info("block refused", "block", block.Hash().String(), "prev", header.PrevBlock.String(), "reason", reason)
	}
	return reason, err
}

// accept needs c.mu.
func (c *Chain) accept(block *btcutil.Block) (string, error) {
	if reason, err := c.precheck(block); reason != "" || err != nil {
		return reason, err
	}
	var raw bytes.Buffer
	if err := block.MsgBlock().Serialize(&raw); err != nil {
		return "", fmt.Errorf("serialize block: %w", err)
	}
	mainChain := false
	err := c.change(record{kindBlock, raw.Bytes()}, func() (err error) {
		mainChain, _, err = c.chain.ProcessBlock(block, blockchain.BFNone)
		return err
	})
	var rule blockchain.RuleError
	switch {
	case errors.As(err, &rule):
		return blockReason(rule), nil
	case err != nil:
		return "", err
	case !mainChain:
		return reasonInconclusive, nil
	}
	return "", nil
}

// precheck is what ProcessBlock does not check or would answer differently:
// known blocks, unknown parents (btcd would keep an orphan), blocks beside the
// ones given at birth, and the subsidy.
func (c *Chain) precheck(block *btcutil.Block) (string, error) {
	hash, header := block.Hash(), block.MsgBlock().Header
	known, err := c.chain.HaveBlock(hash)
	if err != nil {
		return "", err
	}
	if known {
		return c.knownReason(hash), nil
	}
	if len(block.MsgBlock().Transactions) == 0 {
		return "bad-blk-length", nil
	}
	if err := blockchain.CheckBlockSanity(block, c.params.PowLimit, chainClock{c.now}); err != nil {
		return ruleReason(err)
	}
	parent, ok := c.heightOf(&header.PrevBlock)
	if !ok {
		return "prev-blk-not-found", nil
	}
	if parent < c.bootstrapHeight() {
		return "bad-fork-prior-to-checkpoint", nil
	}
	return c.checkSubsidy(block)
}

// knownReason tells a block that is invalid (or was declared so) from a plain
// duplicate, where btcd lets us see it.
func (c *Chain) knownReason(hash *chainhash.Hash) string {
	for _, tip := range c.chain.ChainTips() {
		if tip.BlockHash == *hash && tip.Status == blockchain.StatusInvalid {
			return "duplicate-invalid"
		}
	}
	return "duplicate"
}

// heightOf finds the height of any known block by walking back to the best
// chain.
func (c *Chain) heightOf(hash *chainhash.Hash) (int32, bool) {
	at := *hash
	for steps := int32(0); ; steps++ {
		if c.chain.MainChainHasBlock(&at) {
			h, err := c.chain.BlockHeightByHash(&at)
			return h + steps, err == nil
		}
		header, err := c.chain.HeaderByHash(&at)
		if err != nil {
			return 0, false
		}
		at = header.PrevBlock
	}
}

// checkSubsidy holds the world's own rule, on the best chain and beside it: the
// coinbase pays at most the small subsidy and the fees.
func (c *Chain) checkSubsidy(block *btcutil.Block) (string, error) {
	fees, err := c.fees(block)
	var rule blockchain.RuleError
	if errors.As(err, &rule) {
		return blockReason(rule), nil
	}
	if err != nil {
		return "", err
	}
	var paid int64
	for _, out := range block.MsgBlock().Transactions[0].TxOut {
		paid += out.Value // CheckBlockSanity bounded the sum
	}
	if paid > int64(c.world.Subsidy)+fees {
		return "bad-cb-amount", nil
	}
	return "", nil
}

// withWitnessNonce completes a block whose coinbase has a commitment but no
// witness, as Core does for miners that hand in the stripped coinbase.
func withWitnessNonce(block *btcutil.Block) *btcutil.Block {
	msg := block.MsgBlock()
	if len(msg.Transactions) == 0 || len(msg.Transactions[0].TxIn) != 1 {
		return block
	}
	coinbase := msg.Transactions[0]
	_, has := blockchain.ExtractWitnessCommitment(btcutil.NewTx(coinbase))
	if !has || len(coinbase.TxIn[0].Witness) > 0 {
		return block
	}
	coinbase.TxIn[0].Witness = wire.TxWitness{make([]byte, blockchain.CoinbaseWitnessDataLen)}
	return btcutil.NewBlock(msg)
}
