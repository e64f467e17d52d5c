//go:build linux

package bench

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"hashyard"
	"hashyard/pool/node"
)

// Coins of a run, in satoshis.
const (
	fund     = hashyard.Sats(100_000_000)
	fanFee   = 100_000 // of the transaction that splits it
	spendFee = 300     // of each that spends a part
	maxTxs   = 2000    // more parts would not be relayed as one transaction
)

// anyone is a program that anybody may spend: SHA-256 of OP_TRUE under version
// 0 (BIP141). No key has to sign a thousand times.
func anyone() []byte {
	program := sha256.Sum256([]byte{txscript.OP_TRUE})
	return append([]byte{txscript.OP_0, txscript.OP_DATA_32}, program[:]...)
}

// fillMempool sends n transactions to the node, so that its template has as
// many and a share as many branches to hash as on a real network. Given blocks
// are empty: the transactions stay for the whole run.
func fillMempool(ctx context.Context, n *node.Client, count int) error {
	if count == 0 {
		return nil
	}
	first, err := n.BlockHash(ctx, 1)
	if err != nil {
		return fmt.Errorf("first block: %w", err)
	}
	block, err := n.Block(ctx, first)
	if err != nil {
		return fmt.Errorf("first block: %w", err)
	}
	part := (int64(fund) - fanFee) / int64(count)
	fan := spend(wire.OutPoint{Hash: block.Transactions[0].ID}, part, count-1)
	if err := send(ctx, n, fan); err != nil {
		return err
	}
	at := fan.TxHash()
	for i := range count - 1 {
		if err := send(ctx, n, spend(wire.OutPoint{Hash: at, Index: uint32(i)}, part-spendFee, 1)); err != nil {
			return err
		}
	}
	return nil
}

// spend pays a part's value as often as said.
func spend(from wire.OutPoint, value int64, outputs int) *wire.MsgTx {
	tx := wire.NewMsgTx(2)
	tx.AddTxIn(&wire.TxIn{PreviousOutPoint: from, Sequence: wire.MaxTxInSequenceNum, Witness: wire.TxWitness{{txscript.OP_TRUE}}})
	for range max(outputs, 1) {
		tx.AddTxOut(wire.NewTxOut(value, anyone()))
	}
	return tx
}

func send(ctx context.Context, n *node.Client, tx *wire.MsgTx) error {
	var raw bytes.Buffer
	if err := tx.Serialize(&raw); err != nil {
		return err
	}
	if _, err := n.SendRawTransaction(ctx, raw.Bytes()); err != nil {
		return fmt.Errorf("transaction for the mempool: %w", err)
	}
	return nil
}
