// Package devchaintest runs a chain for a test and mines on it by hand. It is
// for tests only: outside them blocks come from miners.
//
// Nothing in it is safe for concurrent use.
package devchaintest

import (
	"bytes"
	"context"
	"encoding/binary"
	"net"
	"testing"
	"time"

	"github.com/btcsuite/btcd/address/v2"
	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"hashyard/pool/node"
	"hashyard/pool/node/devchain"
)

// InstantBits make a block in two hashes.
const InstantBits = 0x207fffff

// World is a chain that runs and a client to it.
type World struct {
	Chain          *devchain.Chain
	Client         *node.Client
	URL            string
	User, Password string

	stop func()
}

// Start opens a chain (in a folder of the test, with InstantBits, unless cfg
// says otherwise) and serves it on loopback until the test ends.
func Start(t testing.TB, cfg devchain.Config) *World {
	t.Helper()
	if cfg.Dir == "" {
		cfg.Dir = t.TempDir() + "/chain"
	}
	if cfg.Bits == 0 {
		cfg.Bits = InstantBits
	}
	chain, err := devchain.Open(cfg)
	if err != nil {
		t.Fatalf("open chain: %v", err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	w := &World{Chain: chain, URL: "http://" + ln.Addr().String(), User: "yard", Password: "secret"}
	if w.Client, err = node.New(node.Config{URL: w.URL, User: w.User, Password: w.Password}); err != nil {
		t.Fatalf("client: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- chain.Serve(ctx, ln, w.User, w.Password) }()
	stopped := false
	w.stop = func() {
		if stopped {
			return
		}
		stopped = true
		w.Client.Close()
		cancel()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
		if err := chain.Close(); err != nil {
			t.Errorf("close chain: %v", err)
		}
	}
	t.Cleanup(w.stop)
	return w
}

// Stop ends the world before the test does, as a clean shutdown would.
func (w *World) Stop() { w.stop() }

// Mine adds n blocks that pay script and returns their hashes.
func (w *World) Mine(t testing.TB, n int, script []byte) []node.Hash {
	t.Helper()
	var hashes []node.Hash
	for range n {
		block := w.Next(t, script)
		if verdict := w.Submit(t, block); verdict != node.Accepted {
			t.Fatalf("mine: block refused: %s", verdict)
		}
		hashes = append(hashes, block.BlockHash())
	}
	return hashes
}

// Next builds and solves the next block from the node's template.
func (w *World) Next(t testing.TB, script []byte) *wire.MsgBlock {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	tmpl, err := w.Client.Template(ctx, "")
	if err != nil {
		t.Fatalf("template: %v", err)
	}
	block := Build(t, tmpl, script)
	Solve(block)
	return block
}

// Submit hands a block in and returns the verdict.
func (w *World) Submit(t testing.TB, block *wire.MsgBlock) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	verdict, err := w.Client.SubmitBlock(ctx, Bytes(t, block))
	if err != nil {
		t.Fatalf("submit: %v", err)
	}
	return verdict
}

// Build makes the template's block, its coinbase paying everything to script.
func Build(t testing.TB, tmpl *node.Template, script []byte) *wire.MsgBlock {
	t.Helper()
	coinbase := wire.NewMsgTx(2)
	// The script differs in every block built, also for one template.
	extra := binary.LittleEndian.AppendUint64(nil, uint64(time.Now().UnixNano()))
	tag, err := txscript.NewScriptBuilder().AddInt64(tmpl.Height).AddData(extra).Script()
	if err != nil {
		t.Fatalf("coinbase script: %v", err)
	}
	coinbase.AddTxIn(&wire.TxIn{
		PreviousOutPoint: wire.OutPoint{Index: wire.MaxPrevOutIndex},
		SignatureScript:  tag,
		Sequence:         wire.MaxTxInSequenceNum,
	})
	coinbase.AddTxOut(wire.NewTxOut(int64(tmpl.CoinbaseValue), script))
	if tmpl.WitnessCommitment != nil {
		coinbase.AddTxOut(wire.NewTxOut(0, tmpl.WitnessCommitment))
		coinbase.TxIn[0].Witness = wire.TxWitness{make([]byte, 32)}
	}
	block := wire.NewMsgBlock(&wire.BlockHeader{
		Version: int32(tmpl.Version), PrevBlock: tmpl.PrevHash, Bits: tmpl.Bits,
		Timestamp: time.Unix(int64(max(tmpl.CurTime, tmpl.MinTime)), 0),
	})
	if err := block.AddTransaction(coinbase); err != nil {
		t.Fatalf("coinbase: %v", err)
	}
	for _, raw := range tmpl.Transactions {
		var tx wire.MsgTx
		if err := tx.Deserialize(bytes.NewReader(raw)); err != nil {
			t.Fatalf("template transaction: %v", err)
		}
		if err := block.AddTransaction(&tx); err != nil {
			t.Fatalf("template transaction: %v", err)
		}
	}
	Reroot(block)
	return block
}

// Reroot sets the merkle root to the block's transactions.
func Reroot(block *wire.MsgBlock) {
	block.Header.MerkleRoot = blockchain.CalcMerkleRoot(btcutil.NewBlock(block).Transactions(), false)
}

// Solve finds a nonce that meets the header's bits.
func Solve(block *wire.MsgBlock) {
	target := blockchain.CompactToBig(block.Header.Bits)
	for {
		hash := block.Header.BlockHash()
		if blockchain.HashToBig(&hash).Cmp(target) <= 0 {
			return
		}
		block.Header.Nonce++
	}
}

// Bytes serializes a block.
func Bytes(t testing.TB, block *wire.MsgBlock) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := block.Serialize(&b); err != nil {
		t.Fatalf("serialize: %v", err)
	}
	return b.Bytes()
}

// Key is a key whose P2WPKH coins a test spends.
type Key struct{ priv *btcec.PrivateKey }

// NewKey makes the same key for the same seed.
func NewKey(seed string) Key {
	secret := chainhash.HashB([]byte(seed))
	priv, _ := btcec.PrivKeyFromBytes(secret)
	return Key{priv}
}

// Script is the key's P2WPKH output script.
func (k Key) Script() []byte {
	return append([]byte{txscript.OP_0, txscript.OP_DATA_20}, address.Hash160(k.priv.PubKey().SerializeCompressed())...)
}

// Spend signs a transaction of one input, signalling replaceability.
func (k Key) Spend(t testing.TB, coin wire.OutPoint, value int64, outs ...*wire.TxOut) *wire.MsgTx {
	t.Helper()
	tx := wire.NewMsgTx(2)
	tx.AddTxIn(&wire.TxIn{PreviousOutPoint: coin, Sequence: 0xfffffffd})
	for _, out := range outs {
		tx.AddTxOut(out)
	}
	prev := txscript.NewCannedPrevOutputFetcher(k.Script(), value)
	sig, err := txscript.WitnessSignature(tx, txscript.NewTxSigHashes(tx, prev), 0, value, k.Script(), txscript.SigHashAll, k.priv, true)
	if err != nil {
		t.Fatalf("sign: %v", err)
	}
	tx.TxIn[0].Witness = sig
	return tx
}

// TxBytes serializes a transaction.
func TxBytes(t testing.TB, tx *wire.MsgTx) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := tx.Serialize(&b); err != nil {
		t.Fatalf("serialize: %v", err)
	}
	return b.Bytes()
}
