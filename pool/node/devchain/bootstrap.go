package devchain

import (
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// maxTimeAhead is how far a header's time may be ahead of the clock.
const maxTimeAhead = blockchain.MaxTimeOffsetSeconds * time.Second

// mineBootstrap gives the world its first coins. The blocks stand 30 days and a
// minute apart, so each may have the minimum difficulty, and the last is
// stamped now.
func (c *Chain) mineBootstrap() error {
	for i, g := range c.world.Bootstrap {
		script, err := hex.DecodeString(g.Script)
		if err != nil {
			return err
		}
		at := time.Unix(c.world.Genesis, 0).Add(time.Duration(i+1) * bootstrapStep)
		block, err := c.easyBlock(at, wire.NewTxOut(int64(g.Value), script))
		if err != nil {
			return fmt.Errorf("bootstrap block %d: %w", i+1, err)
		}
		if _, _, err := c.chain.ProcessBlock(block, blockchain.BFNone); err != nil {
			return fmt.Errorf("bootstrap block %d: %w", i+1, err)
		}
	}
	return nil
}

// wakeIfIdle adds one empty block after a rest of 30 days. Consensus would let
// the next block be trivially easy, and a job with such bits would price every
// share wrongly; with this block behind it the next has the world's bits again.
func (c *Chain) wakeIfIdle() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := chainClock{c.now}.AdjustedTime()
	// Miners may roll the time up to two hours ahead; none of it may be easy.
	bits, err := c.chain.CalcNextRequiredDifficulty(at.Add(maxTimeAhead))
	if err != nil || bits == c.world.Bits {
		return err
	}
	tip, err := c.chain.HeaderByHash(&c.chain.BestSnapshot().Hash)
	if err != nil {
		return err
	}
	if easyAt := tip.Timestamp.Add(easyGap + time.Second); at.Before(easyAt) {
		at = easyAt
	}
	block, err := c.easyBlock(at, wire.NewTxOut(0, burnScript()))
	if err != nil {
		return err
	}
	reason, err := c.accept(block)
	if err == nil && reason != "" {
		err = errors.New(reason)
	}
	if err != nil {
		return fmt.Errorf("wake-up block: %w", err)
	}
	c.log.Info("chain had rested for 30 days: added one easy block", "height", block.Height())
	return nil
}

// easyBlock solves an empty block at minimum difficulty on the tip.
func (c *Chain) easyBlock(at time.Time, out *wire.TxOut) (*btcutil.Block, error) {
	msg, err := c.emptyBlock(at, easyBits, out)
	if err != nil {
		return nil, err
	}
	target := blockchain.CompactToBig(easyBits)
	for {
		hash := msg.Header.BlockHash()
		if blockchain.HashToBig(&hash).Cmp(target) <= 0 {
			return btcutil.NewBlock(msg), nil
		}
		msg.Header.Nonce++
	}
}

// emptyBlock is the next block with nothing but a coinbase, not worked for.
func (c *Chain) emptyBlock(at time.Time, bits uint32, out *wire.TxOut) (*wire.MsgBlock, error) {
	best := c.chain.BestSnapshot()
	script, err := txscript.NewScriptBuilder().AddInt64(int64(best.Height) + 1).AddInt64(0).Script()
	if err != nil {
		return nil, err
	}
	coinbase := wire.NewMsgTx(2)
	coinbase.AddTxIn(&wire.TxIn{
		PreviousOutPoint: wire.OutPoint{Index: wire.MaxPrevOutIndex},
		SignatureScript:  script,
		Sequence:         wire.MaxTxInSequenceNum,
	})
	coinbase.AddTxOut(out)
	msg := wire.NewMsgBlock(&wire.BlockHeader{
		Version:    blockVersion,
		PrevBlock:  best.Hash,
		MerkleRoot: coinbase.TxHash(),
		Timestamp:  at,
		Bits:       bits,
	})
	return msg, msg.AddTransaction(coinbase)
}
