package devchain_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/btcsuite/btcd/wire/v2"
	"pgregory.net/rapid"

	"hashyard"
	"hashyard/pool/node"
	"hashyard/pool/node/devchain"
	"hashyard/pool/node/devchain/devchaintest"
)

func TestBrokenBlocksAreRefused(t *testing.T) {
	t.Parallel()
	w := devchaintest.Start(t, devchain.Config{Bits: 0x1f7fffff})
	// A few thousand hashes each; only "high-hash" must not be solved.
	for _, tc := range []struct {
		reason string
		spoil  func(b *wire.MsgBlock)
	}{
		{"bad-txnmrklroot", func(b *wire.MsgBlock) { b.Header.MerkleRoot[0] ^= 1 }},
		{"bad-cb-amount", func(b *wire.MsgBlock) { b.Transactions[0].TxOut[0].Value++; devchaintest.Reroot(b) }},
		{"bad-witness-merkle-match", func(b *wire.MsgBlock) { b.Transactions[0].TxOut[1].PkScript[37] ^= 1; devchaintest.Reroot(b) }},
		{"bad-witness-nonce-size", func(b *wire.MsgBlock) {
			b.Transactions[0].TxIn[0].Witness = wire.TxWitness{make([]byte, 31)}
		}},
		{"unexpected-witness", func(b *wire.MsgBlock) {
			b.Transactions[0].TxOut = b.Transactions[0].TxOut[:1]
			devchaintest.Reroot(b)
		}},
		{"time-too-old", func(b *wire.MsgBlock) { b.Header.Timestamp = time.Unix(1_000_000_000, 0) }},
		{"time-too-new", func(b *wire.MsgBlock) { b.Header.Timestamp = b.Header.Timestamp.Add(3 * time.Hour) }},
		{"bad-diffbits", func(b *wire.MsgBlock) { b.Header.Bits = 0x207fffff }},
		{"bad-version", func(b *wire.MsgBlock) { b.Header.Version = 3 }},
		{"prev-blk-not-found", func(b *wire.MsgBlock) { b.Header.PrevBlock[5] ^= 1 }},
		{"bad-cb-height", func(b *wire.MsgBlock) {
			b.Transactions[0].TxIn[0].SignatureScript[1]++
			devchaintest.Reroot(b)
		}},
		{"bad-cb-missing", func(b *wire.MsgBlock) {
			b.Transactions[0].TxIn[0].PreviousOutPoint.Index = 0
			devchaintest.Reroot(b)
		}},
		{"bad-cb-multiple", func(b *wire.MsgBlock) {
			b.Transactions = append(b.Transactions, b.Transactions[0])
			devchaintest.Reroot(b)
		}},
	} {
		block := w.Next(t, alice)
		tc.spoil(block)
		devchaintest.Solve(block)
		if got := w.Submit(t, block); got != tc.reason {
			t.Errorf("got %q, want %q", got, tc.reason)
		}
	}
	high := w.Next(t, alice)
	for {
		high.Header.Nonce++
		if hash := high.BlockHash(); hash[31] != 0 {
			break
		}
	}
	if got := w.Submit(t, high); got != "high-hash" {
		t.Errorf("got %q, want high-hash", got)
	}
	good := w.Next(t, alice)
	if got := w.Submit(t, good); got != node.Accepted {
		t.Fatalf("an honest block after all that: %q", got)
	}
	if got := w.Submit(t, good); got != node.Duplicate {
		t.Errorf("the same again: %q", got)
	}
}

func TestVersionRolledBlockIsAccepted(t *testing.T) {
	t.Parallel()
	w := devchaintest.Start(t, devchain.Config{})
	block := w.Next(t, alice)
	block.Header.Version |= 0x1fffe000 // BIP320: bits 13-28 are free
	devchaintest.Solve(block)
	if got := w.Submit(t, block); got != node.Accepted {
		t.Errorf("got %q", got)
	}
}

func TestBlocksBesideTheBirthAreRefused(t *testing.T) {
	t.Parallel()
	ctx := deadline(t)
	w := devchaintest.Start(t, devchain.Config{})
	block := w.Next(t, alice)
	block.Header.PrevBlock = must(t)(w.Client.BlockHash(ctx, 3))
	devchaintest.Solve(block)
	if got := w.Submit(t, block); got != "bad-fork-prior-to-checkpoint" {
		t.Errorf("got %q", got)
	}
}

func TestSiblingsAndReorganisation(t *testing.T) {
	t.Parallel()
	ctx := deadline(t)
	w := devchaintest.Start(t, devchain.Config{Bootstrap: []devchain.Output{{Script: alice, Value: btc}}})
	forkTmpl, err := w.Client.Template(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	op, value := coin(t, w, 1)
	payment := devchaintest.NewKey("alice").Spend(t, op, value, wire.NewTxOut(value-900, bob))
	id := must(t)(w.Client.SendRawTransaction(ctx, devchaintest.TxBytes(t, payment)))
	w.Mine(t, 2, alice) // the payment is in the first, 2 deep
	if tx, err := w.Client.RawTransaction(ctx, id); err != nil || tx.Confirmations != 2 {
		t.Fatalf("payment: %+v, %v", tx, err)
	}

	// Three blocks beside those two, without the payment.
	side := []*wire.MsgBlock{devchaintest.Build(t, forkTmpl, bob)}
	devchaintest.Solve(side[0])
	for i := 1; i < 3; i++ {
		tmpl := *forkTmpl
		tmpl.PrevHash, tmpl.Height = side[i-1].BlockHash(), forkTmpl.Height+int64(i)
		tmpl.CurTime += uint32(i)
		block := devchaintest.Build(t, &tmpl, bob)
		devchaintest.Solve(block)
		side = append(side, block)
	}
	overpaid := devchaintest.Build(t, forkTmpl, bob)
	overpaid.Transactions[0].TxOut[0].Value++
	devchaintest.Reroot(overpaid)
	devchaintest.Solve(overpaid)
	if got := w.Submit(t, overpaid); got != "bad-cb-amount" {
		t.Errorf("over-subsidy beside the best chain: %q", got)
	}
	for i, want := range []string{node.Inconclusive, node.Inconclusive, node.Accepted} {
		if got := w.Submit(t, side[i]); got != want {
			t.Fatalf("side block %d: %q, want %q", i, got, want)
		}
	}
	if got := must(t)(w.Client.BestBlockHash(ctx)); got != side[2].BlockHash() {
		t.Fatal("the longer branch did not win")
	}
	entry, err := w.Client.MempoolEntry(ctx, id)
	if err != nil || entry.Fee != 900 {
		t.Fatalf("payment is not back in the mempool: %+v %v", entry, err)
	}
	var tips []struct{ Status string }
	call(t, w, &tips, "getchaintips")
	if len(tips) != 2 {
		t.Errorf("chain tips: %+v", tips)
	}
	w.Mine(t, 1, bob)
	if tx, err := w.Client.RawTransaction(ctx, id); err != nil || tx.Confirmations != 1 {
		t.Fatalf("payment after the reorganisation: %+v, %v", tx, err)
	}
}

func TestInvalidateAndReconsider(t *testing.T) {
	t.Parallel()
	ctx := deadline(t)
	w := devchaintest.Start(t, devchain.Config{Bootstrap: []devchain.Output{{Script: alice, Value: btc}}})
	op, value := coin(t, w, 1)
	payment := devchaintest.NewKey("alice").Spend(t, op, value, wire.NewTxOut(value-500, bob))
	id := must(t)(w.Client.SendRawTransaction(ctx, devchaintest.TxBytes(t, payment)))
	hashes := w.Mine(t, 2, alice)
	call(t, w, nil, "invalidateblock", hashes[0].String())
	if n, err := w.Client.BlockCount(ctx); err != nil || n != 16 {
		t.Fatalf("height %d %v", n, err)
	}
	if _, err := w.Client.MempoolEntry(ctx, id); err != nil {
		t.Errorf("payment is not back: %v", err)
	}
	if h, err := w.Client.BlockHeader(ctx, hashes[1]); err != nil || h.Confirmations != -1 {
		t.Errorf("header of a detached block: %+v %v", h, err)
	}
	call(t, w, nil, "reconsiderblock", hashes[0].String())
	if got := must(t)(w.Client.BestBlockHash(ctx)); got != hashes[1] {
		t.Errorf("reconsidered tip is %s", got)
	}
	if list, err := w.Client.Mempool(ctx); err != nil || len(list) != 0 {
		t.Errorf("mempool holds a mined transaction: %v %v", list, err)
	}
}

// Money out of nothing is refused however it is asked for: whatever a block
// pays beyond the subsidy and its fees, on the tip or beside it.
func TestNoBlockPaysMoreThanSubsidyAndFees(t *testing.T) {
	w := devchaintest.Start(t, devchain.Config{Bootstrap: []devchain.Output{{Script: alice, Value: btc}}})
	ctx := deadline(t)
	op, value := coin(t, w, 1)
	rapid.Check(t, func(r *rapid.T) {
		fee := rapid.Int64Range(200, 5_000).Draw(r, "fee")
		pays := rapid.Int64Range(0, 10_000).Draw(r, "pays")
		tmpl, err := w.Client.Template(ctx, "")
		if err != nil {
			r.Fatal(err)
		}
		tx := devchaintest.NewKey("alice").Spend(t, op, value, wire.NewTxOut(value-fee, bob))
		tmpl.Transactions = [][]byte{devchaintest.TxBytes(t, tx)}
		tmpl.WitnessCommitment = nil
		tmpl.CoinbaseValue = hashyard.Sats(pays)
		block := devchaintest.Build(t, tmpl, bob)
		commit(t, block)
		var raw bytes.Buffer
		if err := block.Serialize(&raw); err != nil {
			r.Fatal(err)
		}
		got := propose(t, w, raw.Bytes())
		if want := map[bool]string{true: "bad-cb-amount", false: ""}[pays > 2_500+fee]; got != want {
			r.Fatalf("fee %d, pays %d: %q, want %q", fee, pays, got, want)
		}
	})
}
