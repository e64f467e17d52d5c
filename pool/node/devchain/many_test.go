package devchain_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/btcsuite/btcd/wire/v2"

	"hashyard/pool/node"
	"hashyard/pool/node/devchain"
	"hashyard/pool/node/devchain/devchaintest"
)

// Miners that race for every block, a payer, and readers, all at once: every
// block answered as accepted is on the chain or beside it, none is lost, and
// every reader sees whole states only.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	w := devchaintest.Start(t, devchain.Config{Bootstrap: []devchain.Output{{Script: alice, Value: btc}}})
	op, value := coin(t, w, 1)
	ctx, cancel := context.WithTimeout(context.Background(), 1500*time.Millisecond)
	defer cancel()
	var (
		all      sync.WaitGroup
		mu       sync.Mutex // guards verdicts
		verdicts = map[string]int{}
	)
	for range 3 {
		all.Go(func() {
			for ctx.Err() == nil {
				tmpl, err := w.Client.Template(context.WithoutCancel(ctx), "")
				if err != nil {
					t.Errorf("template: %v", err)
					return
				}
				block := devchaintest.Build(t, tmpl, bob)
				devchaintest.Solve(block)
				verdict := w.Submit(t, block)
				mu.Lock()
				verdicts[verdict]++
				mu.Unlock()
			}
		})
	}
	all.Go(func() { // a chain of payments, each spending the last
		key := devchaintest.NewKey("alice")
		for ctx.Err() == nil {
			tx := key.Spend(t, op, value, wire.NewTxOut(value-300, alice))
			if _, err := w.Client.SendRawTransaction(context.WithoutCancel(ctx), devchaintest.TxBytes(t, tx)); err != nil {
				t.Errorf("send: %v", err)
				return
			}
			op, value = wire.OutPoint{Hash: tx.TxHash()}, value-300
		}
	})
	all.Go(func() {
		for ctx.Err() == nil {
			tip, err := w.Client.BestBlockHash(context.WithoutCancel(ctx))
			if err != nil {
				t.Errorf("tip: %v", err)
				return
			}
			if _, err := w.Client.Block(context.WithoutCancel(ctx), tip); err != nil {
				t.Errorf("block of the tip: %v", err)
				return
			}
		}
	})
	all.Wait()
	height, err := w.Client.BlockCount(deadline(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("height %d, verdicts %v", height, verdicts)
	for verdict := range verdicts {
		if verdict != node.Accepted && verdict != node.Inconclusive {
			t.Errorf("verdict %q for an honest block", verdict)
		}
	}
	// Each tip was accepted; a reorganisation may leave accepted ones beside it.
	if int(height-16) > verdicts[node.Accepted]+verdicts[node.Inconclusive] || height == 16 {
		t.Errorf("height %d with verdicts %v", height, verdicts)
	}
	w.Mine(t, 1, bob)
	if out, err := w.Client.TxOut(deadline(t), op.Hash, 0, true); err != nil || out == nil || int64(out.Value) != value || out.Confirmations < 1 {
		t.Errorf("last payment: %+v, %v", out, err)
	}
}
