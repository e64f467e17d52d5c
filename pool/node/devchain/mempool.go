package devchain

import (
	"slices"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/mempool"
	"github.com/btcsuite/btcd/txscript/v2"

	"hashyard"
)

const (
	// minRelayFee is 1 sat/vB, in sat/kvB. btcd derives dust from it: 294 sat
	// for P2WPKH, as Core's. Lower and dust payouts would pass here and fail on a
	// real network.
	minRelayFee = 1000
	// maxPool bounds the memory of unconfirmed transactions.
	maxPool = 50_000
)

func (c *Chain) newPool(sigs *txscript.SigCache, hashes *txscript.HashCache) *mempool.TxPool {
	return mempool.New(&mempool.Config{
		Policy: mempool.Policy{
			MaxTxVersion:         2,
			DisableRelayPriority: true,
			MaxOrphanTxs:         0,
			MaxOrphanTxSize:      100_000,
			MaxSigOpCostPerTx:    blockchain.MaxBlockSigOpsCost / 4,
			MinRelayTxFee:        minRelayFee,
		},
		ChainParams:    c.params,
		FetchUtxoView:  c.chain.FetchUtxoView,
		BestHeight:     func() int32 { return c.chain.BestSnapshot().Height },
		MedianTimePast: func() time.Time { return c.chain.BestSnapshot().MedianTime },
		CalcSequenceLock: func(tx *btcutil.Tx, view *blockchain.UtxoViewpoint) (*blockchain.SequenceLock, error) {
			return c.chain.CalcSequenceLock(tx, view, true)
		},
		IsDeploymentActive: c.chain.IsDeploymentActive,
		SigCache:           sigs,
		HashCache:          hashes,
	})
}

// notified keeps the mempool in step with the chain. btcd calls it in the
// middle of a change, with c.mu held by the one who makes the change.
func (c *Chain) notified(n *blockchain.Notification) {
	block, ok := n.Data.(*btcutil.Block)
	if !ok {
		return
	}
	switch n.Type {
	case blockchain.NTBlockConnected:
		for _, tx := range block.Transactions()[1:] {
			c.pool.RemoveTransaction(tx, false)
			c.pool.RemoveDoubleSpends(tx)
		}
	case blockchain.NTBlockDisconnected:
		// The newest block comes first; its transactions go behind its parent's.
		c.undone = append(slices.Clone(block.Transactions()[1:]), c.undone...)
	}
}

// refill gives the transactions of disconnected blocks back to the mempool once
// the chain stands still, and judges the old ones again: what they spend may
// have become immature or vanished.
func (c *Chain) refill() {
	if len(c.undone) == 0 {
		return
	}
	waiting := c.undone
	c.undone = nil
	old := c.pool.TxDescs()
	slices.SortFunc(old, func(a, b *mempool.TxDesc) int { return a.Added.Compare(b.Added) })
	for _, d := range old {
		c.pool.RemoveTransaction(d.Tx, false)
		waiting = append(waiting, d.Tx)
	}
	// Parents may stand behind children: go round while it helps.
	for progress := true; progress; {
		progress = false
		var left []*btcutil.Tx
		for _, tx := range waiting {
			missing, _, err := c.pool.MaybeAcceptTransaction(tx, false, false)
			switch {
			case err == nil && len(missing) == 0:
				progress = true
			case err == nil:
				left = append(left, tx)
			default:
				c.log.Info("transaction left the mempool in a reorganisation", "txid", tx.Hash().String(), "err", err)
			}
		}
		waiting = left
	}
}

// change runs one change of the chain: op, then the mempool, then the journal.
// c.mu must be held. Long polls are woken by the caller after releasing it.
func (c *Chain) change(rec record, op func() error) error {
	if c.closed {
		return hashyard.Unavailable.Errorf("chain is closed")
	}
	if c.journal.broken != nil {
		return c.journal.broken
	}
	c.undone = nil
	err := op()
	c.refill()
	c.poolSeq++
	if err != nil {
		return err
	}
	if err := c.journal.append(rec); err != nil {
		return err
	}
	return c.chain.FlushUtxoCache(blockchain.FlushPeriodic)
}
