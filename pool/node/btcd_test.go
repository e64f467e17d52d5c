package node_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/btcsuite/btcd/wire/v2"

	"hashyard"
	"hashyard/migrations/testdb/need"
	"hashyard/pool/node"
	"hashyard/pool/node/devchain/devchaintest"
)

func TestAgainstBtcd(t *testing.T) {
	t.Parallel()
	w := devchaintest.StartBtcd(t, func(how string) { need.Missing(t, need.Btcd, how) })
	c := w.Client
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	n, err := c.Network(ctx)
	if err != nil || n.Name != "simnet" || n.WorkScale != 1 || n.Maturity != 100 {
		t.Fatalf("network %+v, %v", n, err)
	}
	key := devchaintest.NewKey("btcd")
	first := w.Mine(t, 1, key.Script())[0]
	w.Mine(t, 309, key.Script()) // maturity 100; segwit is active from 300 on
	block, err := c.Block(ctx, first)
	if err != nil || block.Confirmations != 310 || len(block.Transactions) != 1 || block.Transactions[0].HasFee {
		t.Fatalf("block %+v, %v", block, err)
	}
	reward := block.Transactions[0]
	tx := key.Spend(t, wire.OutPoint{Hash: reward.ID}, int64(reward.Outputs[0].Value), wire.NewTxOut(int64(reward.Outputs[0].Value)-1500, key.Script()))
	before, err := c.Template(ctx, "")
	if err != nil || before.WitnessCommitment != nil {
		t.Fatalf("template without witnesses: %+v, %v", before, err)
	}
	woken := make(chan error, 1)
	go func() {
		_, err := c.Template(ctx, before.LongPollID)
		woken <- err
	}()
	id, err := c.SendRawTransaction(ctx, devchaintest.TxBytes(t, tx))
	if err != nil {
		t.Fatal(err)
	}
	w.Mine(t, 1, key.Script()) // btcd makes a template anew for a new tip, or once a minute
	after, err := c.Template(ctx, "")
	if err != nil || after.Fees != 1500 || after.WitnessCommitment == nil || after.Subsidy != before.Subsidy {
		t.Fatalf("template with the transaction: %+v, %v", after, err)
	}
	stale := w.Next(t, key.Script())
	w.Mine(t, 1, key.Script()) // with the transaction and btcd's bare commitment
	if err := <-woken; err != nil {
		t.Errorf("long poll: %v", err)
	}
	got, err := c.RawTransaction(ctx, id)
	if err != nil || got.Confirmations != 1 {
		t.Errorf("transaction %+v, %v", got, err)
	}
	out, err := c.TxOut(ctx, id, 0, true)
	if err != nil || out == nil || int64(out.Value) != int64(reward.Outputs[0].Value)-1500 {
		t.Errorf("output %+v, %v", out, err)
	}
	bad := w.Next(t, key.Script())
	bad.Header.MerkleRoot[3] ^= 1
	devchaintest.Solve(bad)
	if v := w.Submit(t, bad); v != "bad-txnmrklroot" {
		t.Errorf("bad merkle root: %q", v)
	}
	over := w.Next(t, key.Script())
	over.Transactions[0].TxOut[0].Value++
	devchaintest.Reroot(over)
	devchaintest.Solve(over)
	if v := w.Submit(t, over); v != "bad-cb-amount" {
		t.Errorf("over-subsidy: %q", v)
	}
	// btcd takes a sibling in silence, and knows nothing of it afterwards.
	if v := w.Submit(t, stale); v != node.Accepted {
		t.Errorf("sibling: %q", v)
	}
	if h, err := c.BlockHeader(ctx, stale.BlockHash()); err == nil {
		t.Errorf("header of a sibling: %+v", h)
	}
	if n, err := c.Confirmations(ctx, stale.BlockHash(), after.Height); err != nil || n != -1 {
		t.Errorf("a sibling that is forgotten has %d confirmations, %v", n, err)
	}
	if _, err := c.Confirmations(ctx, node.Hash{1}, 9999); !errors.Is(err, hashyard.NotFound) {
		t.Errorf("confirmations above the tip: %v", err)
	}
	if err := c.Tips(ctx, func(node.Hash) {}); !errors.Is(err, hashyard.NotFound) {
		t.Errorf("tips ahead of a template: %v", err)
	}
	if err := c.PreciousBlock(ctx, stale.BlockHash()); !errors.Is(err, hashyard.NotFound) {
		t.Errorf("precious block: %v", err)
	}
	if peers, err := c.Peers(ctx); err != nil || peers != 0 {
		t.Errorf("%d peers, %v", peers, err)
	}
	if _, err := c.BlockHash(ctx, 9999); !errors.Is(err, hashyard.NotFound) {
		t.Errorf("height above the tip: %v", err)
	}
}
