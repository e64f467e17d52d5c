package devchain

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/mempool"
	"github.com/btcsuite/btcd/wire/v2"
)

// rejection is a transaction's refusal in Core's words.
type rejection string

func (r rejection) Error() string { return string(r) }

const (
	rejectMissing = rejection("bad-txns-inputs-missingorspent")
	rejectMaxFee  = rejection("max-fee-exceeded")
	rejectFull    = rejection("mempool full")
)

// defaultMaxFeeRate is Core's guard against a forgotten change output: 0.10
// BTC/kvB, in sat/kvB.
const defaultMaxFeeRate = 10_000_000

// acceptable judges a transaction without taking it. c.mu must be held for
// writing: btcd's check keeps a counter that its own lock does not guard.
func (c *Chain) acceptable(tx *btcutil.Tx, maxFeeRate int64) (*mempool.MempoolAcceptResult, error) {
	if c.closed {
		return nil, fail(-9, "The chain is closed")
	}
	if c.pool.Count() >= maxPool {
		return nil, rejectFull
	}
	r, err := c.pool.CheckMempoolAcceptance(tx)
	if err != nil {
		return nil, rejection(mempoolReason(err))
	}
	if len(r.MissingParents) > 0 {
		return nil, rejectMissing
	}
	if maxFeeRate > 0 && int64(r.TxFee)*1000 > maxFeeRate*r.TxSize {
		return nil, rejectMaxFee
	}
	return r, nil
}

func maxFeeRate(a args, i int) (int64, error) {
	if a.absent(i) {
		return defaultMaxFeeRate, nil
	}
	var n json.Number // Core takes a number or a string of one
	if err := a.into(i, &n); err != nil {
		return 0, err
	}
	f, err := n.Float64()
	if err != nil || f < 0 || f > 1 {
		return 0, fail(codeParameter, "maxfeerate must be 0 to 1 BTC/kvB")
	}
	return int64(math.Round(f * 1e8)), nil
}

func (c *Chain) sendRawTransaction(_ context.Context, a args) (any, error) {
	tx, err := decodeTx(a, 0)
	if err != nil {
		return nil, err
	}
	limit, err := maxFeeRate(a, 1)
	if err != nil {
		return nil, err
	}
	if err := c.take(tx, limit); err != nil {
		return nil, err
	}
	return tx.Hash().String(), nil
}

// take accepts a transaction into the mempool. One that is there already is
// fine: whoever broadcasts again wants exactly that.
func (c *Chain) take(tx *btcutil.Tx, maxFeeRate int64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pool.IsTransactionInPool(tx.Hash()) {
		return nil
	}
	if mined, err := c.hasOutputs(tx); err != nil || mined {
		return errors.Join(err, fail(codeInChain, "Transaction outputs already in utxo set"))
	}
	_, err := c.acceptable(tx, maxFeeRate)
	var no rejection
	switch {
	case errors.Is(err, rejectMissing):
		return fail(codeVerify, "%s", rejectMissing)
	case errors.Is(err, rejectMaxFee):
		return fail(codeVerify, "Fee exceeds maximum configured by user (e.g. -maxtxfee, maxfeerate)")
	case errors.As(err, &no):
		return fail(codeRejected, "%s", no)
	case err != nil:
		return err
	}
	if _, err := c.pool.ProcessTransaction(tx, false, false, 0); err != nil {
		return fmt.Errorf("take transaction %s: %w", tx.Hash(), err)
	}
	c.poolSeq++
	c.wake.all()
	return nil
}

// hasOutputs reports whether a transaction is in the chain with something left
// to spend.
func (c *Chain) hasOutputs(tx *btcutil.Tx) (bool, error) {
	for i := range tx.MsgTx().TxOut {
		entry, err := c.chain.FetchUtxoEntry(wire.OutPoint{Hash: *tx.Hash(), Index: uint32(i)})
		if err != nil {
			return false, err
		}
		if entry != nil && !entry.IsSpent() {
			return true, nil
		}
	}
	return false, nil
}

// testMempoolAccept judges each transaction by itself, not as a package.
func (c *Chain) testMempoolAccept(_ context.Context, a args) (any, error) {
	var raws []json.RawMessage
	if err := a.into(0, &raws); err != nil {
		return nil, err
	}
	if len(raws) < 1 || len(raws) > 25 {
		return nil, fail(codeParameter, "Array must contain between 1 and 25 transactions.")
	}
	limit, err := maxFeeRate(a, 1)
	if err != nil {
		return nil, err
	}
	var replies []map[string]any
	for i := range raws {
		tx, err := decodeTx(raws, i)
		if err != nil {
			return nil, err
		}
		reply, err := c.try(tx, limit)
		if err != nil {
			return nil, err
		}
		replies = append(replies, reply)
	}
	return replies, nil
}

func (c *Chain) try(tx *btcutil.Tx, maxFeeRate int64) (map[string]any, error) {
	reply := map[string]any{"txid": tx.Hash().String(), "wtxid": tx.WitnessHash().String(), "allowed": false}
	c.mu.Lock()
	defer c.mu.Unlock()
	r, err := c.acceptable(tx, maxFeeRate)
	var no rejection
	switch {
	case errors.As(err, &no):
		reply["reject-reason"] = string(no)
	case err != nil:
		return nil, err
	default:
		reply["allowed"], reply["vsize"] = true, r.TxSize
		reply["fees"] = map[string]any{"base": btc(r.TxFee)}
	}
	return reply, nil
}
