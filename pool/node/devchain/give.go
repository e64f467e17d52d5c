package devchain

import (
	"bytes"
	"fmt"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// Give puts an empty block on the tip that nobody worked for, so that a
// measurement of what a new tip costs gets one when it wants one, at any
// network difficulty. No request can reach it.
func (c *Chain) Give() error {
	c.mu.Lock()
	err := c.give()
	c.mu.Unlock()
	c.wake.all()
	if err != nil {
		return fmt.Errorf("give a block: %w", err)
	}
	return nil
}

// give needs c.mu.
func (c *Chain) give() error {
	best := c.chain.BestSnapshot()
	at := chainClock{c.now}.AdjustedTime()
	if !at.After(best.MedianTime) {
		at = best.MedianTime.Add(time.Second)
	}
	bits, err := c.chain.CalcNextRequiredDifficulty(at)
	if err != nil {
		return err
	}
	msg, err := c.emptyBlock(at, bits, wire.NewTxOut(0, burnScript()))
	if err != nil {
		return err
	}
	var raw bytes.Buffer
	if err := msg.Serialize(&raw); err != nil {
		return err
	}
	return c.change(record{kindGiven, raw.Bytes()}, func() error {
		_, _, err := c.chain.ProcessBlock(btcutil.NewBlock(msg), blockchain.BFNoPoWCheck)
		return err
	})
}
