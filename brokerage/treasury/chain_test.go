package treasury_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"hashyard"
	"hashyard/brokerage/treasury"
)

const (
	maturity = 5
	tag      = "/hashyard/"
)

// chain is a scripted node: it checks what it is sent like one (coins exist,
// are unspent and mature, signatures verify) and is mined by hand.
type chain struct {
	mu     sync.Mutex // guards all
	blocks []block
	pool   []*wire.MsgTx
	made   uint64
	rate   hashyard.Sats
	down   bool
	// sent is every transaction that was ever handed in, by id.
	sent map[chainhash.Hash][]byte
}

type block struct {
	hash chainhash.Hash
	txs  []*wire.MsgTx
}

// coin is an output in the chain's own view.
type coin struct {
	out      *wire.TxOut
	height   int64
	coinbase bool
}

func newChain() *chain { return &chain{rate: 2, sent: map[chainhash.Hash][]byte{}} }

// mine adds a block whose coinbase pays script, with the mempool in it unless
// it is told to leave it.
func (c *chain) mine(note string, value int64, script []byte, empty bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.made++
	cb := wire.NewMsgTx(2)
	cb.AddTxIn(&wire.TxIn{
		PreviousOutPoint: wire.OutPoint{Index: wire.MaxPrevOutIndex},
		SignatureScript:  append(binary.LittleEndian.AppendUint64(nil, c.made), note...),
	})
	cb.AddTxOut(wire.NewTxOut(value, script))
	b := block{txs: []*wire.MsgTx{cb}}
	if !empty {
		b.txs, c.pool = append(b.txs, c.pool...), nil
	}
	var prev chainhash.Hash
	if len(c.blocks) > 0 {
		prev = c.blocks[len(c.blocks)-1].hash
	}
	id := cb.TxHash()
	b.hash = chainhash.DoubleHashH(append(prev[:], id[:]...))
	c.blocks = append(c.blocks, b)
}

// give mines a block with a payment from nowhere, as a deposit.
func (c *chain) give(value int64, script []byte) {
	c.mu.Lock()
	c.made++
	tx := wire.NewMsgTx(2)
	tx.AddTxIn(&wire.TxIn{PreviousOutPoint: wire.OutPoint{Hash: chainhash.DoubleHashH(binary.LittleEndian.AppendUint64(nil, c.made))}})
	tx.AddTxOut(wire.NewTxOut(value, script))
	c.pool = append(c.pool, tx)
	c.mu.Unlock()
	c.mine("", 50, other(0), false)
}

// reorg drops blocks; their transactions are unconfirmed again, or forgotten.
func (c *chain) reorg(depth int, forget bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	depth = min(depth, len(c.blocks))
	var back []*wire.MsgTx
	for _, b := range c.blocks[len(c.blocks)-depth:] {
		back = append(back, b.txs[1:]...)
	}
	c.blocks = c.blocks[:len(c.blocks)-depth]
	c.pool = append(back, c.pool...)
	if forget {
		c.pool = nil
	}
	c.prune()
}

// prune drops unconfirmed transactions whose coins are gone.
func (c *chain) prune() {
	utxo := c.utxo()
	c.pool = slices.DeleteFunc(c.pool, func(tx *wire.MsgTx) bool {
		if c.check(tx, utxo) != nil {
			return true
		}
		apply(utxo, tx, c.height()+1)
		return false
	})
}

func (c *chain) height() int64 { return int64(len(c.blocks)) - 1 }

// utxo is what is unspent on the best chain.
func (c *chain) utxo() map[wire.OutPoint]coin {
	u := map[wire.OutPoint]coin{}
	for h, b := range c.blocks {
		for _, tx := range b.txs {
			apply(u, tx, int64(h))
		}
	}
	return u
}

func apply(u map[wire.OutPoint]coin, tx *wire.MsgTx, height int64) {
	coinbase := tx.TxIn[0].PreviousOutPoint.Index == wire.MaxPrevOutIndex
	for _, in := range tx.TxIn {
		delete(u, in.PreviousOutPoint)
	}
	for i, o := range tx.TxOut {
		u[wire.OutPoint{Hash: tx.TxHash(), Index: uint32(i)}] = coin{o, height, coinbase}
	}
}

var errMissing = errors.New("bad-txns-inputs-missingorspent")

// check holds a transaction against consensus as far as it matters here.
func (c *chain) check(tx *wire.MsgTx, utxo map[wire.OutPoint]coin) error {
	if len(tx.TxIn[0].Witness) == 0 {
		return nil // a deposit from nowhere
	}
	prev := txscript.NewMultiPrevOutFetcher(nil)
	var in, out int64
	for _, i := range tx.TxIn {
		o, ok := utxo[i.PreviousOutPoint]
		if !ok {
			return errMissing
		}
		if o.coinbase && c.height()+1-o.height < maturity {
			return errors.New("bad-txns-premature-spend-of-coinbase")
		}
		prev.AddPrevOut(i.PreviousOutPoint, o.out)
		in += o.out.Value
	}
	for _, o := range tx.TxOut {
		out += o.Value
		if o.Value < int64(treasury.Dust(o.PkScript)) {
			return errors.New("dust")
		}
	}
	if fee := in - out; fee < weight(tx) {
		return fmt.Errorf("min relay fee not met: %d for %d vB", fee, weight(tx))
	}
	for n, i := range tx.TxIn {
		o := utxo[i.PreviousOutPoint].out
		vm, err := txscript.NewEngine(o.PkScript, tx, n, txscript.StandardVerifyFlags, nil, txscript.NewTxSigHashes(tx, prev), o.Value, prev)
		if err == nil {
			err = vm.Execute()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// weight is the virtual size in bytes.
func weight(tx *wire.MsgTx) int64 {
	return int64((3*tx.SerializeSizeStripped() + tx.SerializeSize() + 3) / 4)
}

func (c *chain) up() error {
	if c.down {
		return hashyard.Unavailable.Errorf("node is not reachable")
	}
	return nil
}

func (c *chain) Tip(context.Context) (treasury.Place, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.blocks) == 0 {
		return treasury.Place{Height: -1}, c.up()
	}
	return treasury.Place{Height: c.height(), Hash: c.blocks[c.height()].hash}, c.up()
}

func (c *chain) HashAt(_ context.Context, height int64) (treasury.Hash, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.up(); err != nil {
		return treasury.Hash{}, err
	}
	if height > c.height() {
		return treasury.Hash{}, hashyard.NotFound.Errorf("block at %d", height)
	}
	return c.blocks[height].hash, nil
}

func (c *chain) Block(_ context.Context, hash treasury.Hash) (treasury.Block, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for h, b := range c.blocks {
		if b.hash != hash {
			continue
		}
		out := treasury.Block{Place: treasury.Place{Height: int64(h), Hash: hash}}
		if h > 0 {
			out.Prev = c.blocks[h-1].hash
		}
		for _, tx := range b.txs {
			t := treasury.Tx{ID: tx.TxHash()}
			for _, in := range tx.TxIn {
				if in.PreviousOutPoint.Index == wire.MaxPrevOutIndex {
					t.Coinbase = in.SignatureScript
					continue
				}
				t.Spends = append(t.Spends, in.PreviousOutPoint)
			}
			for _, o := range tx.TxOut {
				t.Outputs = append(t.Outputs, treasury.Output{Value: hashyard.Sats(o.Value), Script: o.PkScript})
			}
			out.Txs = append(out.Txs, t)
		}
		return out, nil
	}
	return treasury.Block{}, hashyard.NotFound.Errorf("block %s", hash)
}

func (c *chain) FeeRate(context.Context, int) (hashyard.Sats, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rate, c.up()
}

func (c *chain) Broadcast(_ context.Context, raw []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.up(); err != nil {
		return err
	}
	var tx wire.MsgTx
	if err := tx.Deserialize(bytes.NewReader(raw)); err != nil {
		return err
	}
	id := tx.TxHash()
	if old, ok := c.sent[id]; ok && !bytes.Equal(old, raw) {
		return fmt.Errorf("transaction %s was sent before as other bytes", id)
	}
	c.sent[id] = slices.Clone(raw)
	known := func(t *wire.MsgTx) bool { return t.TxHash() == id }
	if slices.ContainsFunc(c.pool, known) || slices.ContainsFunc(c.blocks, func(b block) bool { return slices.ContainsFunc(b.txs, known) }) {
		return nil
	}
	utxo := c.utxo()
	for _, t := range c.pool {
		apply(utxo, t, c.height()+1)
	}
	if err := c.check(&tx, utxo); err != nil {
		return err
	}
	c.pool = append(c.pool, &tx)
	return nil
}

// paid sums what the best chain pays to a script, and counts the outputs.
func (c *chain) paid(script []byte) (sum int64, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, b := range c.blocks {
		for _, tx := range b.txs {
			for _, o := range tx.TxOut {
				if bytes.Equal(o.PkScript, script) {
					sum, n = sum+o.Value, n+1
				}
			}
		}
	}
	return sum, n
}

// spendable sums the coins of a script that the next block may spend.
func (c *chain) spendable(script []byte) (sum hashyard.Sats) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, o := range c.utxo() {
		if bytes.Equal(o.out.PkScript, script) && (!o.coinbase || c.height()+1-o.height >= maturity) {
			sum += hashyard.Sats(o.out.Value)
		}
	}
	return sum
}

// where counts the blocks of the best chain that hold a transaction.
func (c *chain) where(txid string) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, b := range c.blocks {
		for _, tx := range b.txs {
			if tx.TxHash().String() == txid {
				n++
			}
		}
	}
	return n
}
