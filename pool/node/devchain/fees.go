package devchain

import (
	"bytes"
	"fmt"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/database"
	"github.com/btcsuite/btcd/wire/v2"
)

// fees sums what a block's transactions pay, on whatever branch it stands: an
// input's value is found in the block itself, in the branch beside the best
// chain, or through the transaction index.
func (c *Chain) fees(block *btcutil.Block) (int64, error) {
	txs := block.MsgBlock().Transactions
	if len(txs) == 1 {
		return 0, nil
	}
	near, err := c.branchOutputs(block)
	if err != nil {
		return 0, err
	}
	var total int64
	for _, tx := range txs[1:] {
		var fee int64
		for _, in := range tx.TxIn {
			value, err := c.outputValue(in.PreviousOutPoint, near)
			if err != nil {
				return 0, err
			}
			fee += value
		}
		for _, out := range tx.TxOut {
			fee -= out.Value
		}
		if fee < 0 {
			return 0, blockchain.RuleError{ErrorCode: blockchain.ErrSpendTooHigh, Description: "outputs exceed inputs"}
		}
		total += fee
	}
	return total, nil
}

// branchOutputs holds the outputs of the block and of its ancestors that are
// not on the best chain.
func (c *Chain) branchOutputs(block *btcutil.Block) (map[wire.OutPoint]int64, error) {
	near := map[wire.OutPoint]int64{}
	add := func(b *btcutil.Block) {
		for _, tx := range b.Transactions() {
			for i, out := range tx.MsgTx().TxOut {
				near[wire.OutPoint{Hash: *tx.Hash(), Index: uint32(i)}] = out.Value
			}
		}
	}
	add(block)
	at := block.MsgBlock().Header.PrevBlock
	for !c.chain.MainChainHasBlock(&at) {
		b, err := c.block(&at)
		if err != nil {
			return nil, err
		}
		add(b)
		at = b.MsgBlock().Header.PrevBlock
	}
	return near, nil
}

func (c *Chain) outputValue(op wire.OutPoint, near map[wire.OutPoint]int64) (int64, error) {
	if v, ok := near[op]; ok {
		return v, nil
	}
	tx, _, err := c.indexedTx(&op.Hash)
	if err != nil {
		return 0, err
	}
	if tx == nil || int(op.Index) >= len(tx.TxOut) {
		return 0, blockchain.RuleError{ErrorCode: blockchain.ErrMissingTxOut, Description: fmt.Sprintf("output %s does not exist", op)}
	}
	return tx.TxOut[op.Index].Value, nil
}

// indexedTx finds a transaction of the best chain and its block; nil if absent.
func (c *Chain) indexedTx(txid *chainhash.Hash) (*wire.MsgTx, *chainhash.Hash, error) {
	region, err := c.txs.TxBlockRegion(txid)
	if err != nil || region == nil {
		return nil, nil, err
	}
	var tx wire.MsgTx
	err = c.db.View(func(dbTx database.Tx) error {
		raw, err := dbTx.FetchBlockRegion(region)
		if err != nil {
			return err
		}
		return tx.Deserialize(bytes.NewReader(raw))
	})
	if err != nil {
		return nil, nil, fmt.Errorf("read transaction %s: %w", txid, err)
	}
	return &tx, region.Hash, nil
}

// block reads a block of any branch, with its height set.
func (c *Chain) block(hash *chainhash.Hash) (*btcutil.Block, error) {
	var block *btcutil.Block
	err := c.db.View(func(dbTx database.Tx) error {
		raw, err := dbTx.FetchBlock(hash)
		if err != nil {
			return err
		}
		block, err = btcutil.NewBlockFromBytes(bytes.Clone(raw)) // raw is valid in the View only
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read block %s: %w", hash, err)
	}
	height, ok := c.heightOf(hash)
	if !ok {
		return nil, fmt.Errorf("block %s has no height", hash)
	}
	block.SetHeight(height)
	return block, nil
}

// txFees tells each transaction's fee in a block of the best chain, nil for the
// coinbase; nil as a whole for other blocks, whose spent outputs are not kept.
func (c *Chain) txFees(block *btcutil.Block) ([]int64, error) {
	if !c.chain.MainChainHasBlock(block.Hash()) {
		return nil, nil
	}
	fees := make([]int64, len(block.Transactions()))
	if block.Height() == 0 || len(fees) == 1 {
		return fees, nil
	}
	spent, err := c.chain.FetchSpendJournal(block)
	if err != nil {
		return nil, fmt.Errorf("spent outputs of %s: %w", block.Hash(), err)
	}
	for i, tx := range block.MsgBlock().Transactions {
		if i == 0 {
			continue
		}
		if len(spent) < len(tx.TxIn) {
			return nil, fmt.Errorf("block %s: spent outputs are incomplete", block.Hash())
		}
		for range tx.TxIn {
			fees[i] += spent[0].Amount
			spent = spent[1:]
		}
		for _, out := range tx.TxOut {
			fees[i] -= out.Value
		}
	}
	return fees, nil
}
