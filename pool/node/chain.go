package node

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"hashyard"
)

// Header is a block's header and where it stands in the node's chain.
type Header struct {
	Hash       Hash
	PrevHash   Hash
	MerkleRoot Hash
	Height     int64
	Version    uint32
	Bits       uint32
	Nonce      uint32
	Time       time.Time
	// MedianTime is the median time past of the next block; zero where the node
	// does not tell it (btcd).
	MedianTime time.Time
	// Confirmations counts the block itself; -1 is a block off the best chain.
	Confirmations int64
}

// Block is a header with all transactions, the coinbase first.
type Block struct {
	Header
	Transactions []Tx
}

// Tx is one transaction as far as the node tells.
type Tx struct {
	ID      Hash
	Raw     []byte // serialized with witness; nil when the node left it out
	Inputs  []Input
	Outputs []Output
	// Fee is known where HasFee: Core and devchain tell it, btcd does not.
	Fee    hashyard.Sats
	HasFee bool
	// BlockHash and Confirmations are zero in the mempool; inside a Block they
	// are the block's.
	BlockHash     Hash
	Confirmations int64
}

// Input spends an output, or is the coinbase's.
type Input struct {
	Coinbase []byte // the coinbase script; nil otherwise
	TxID     Hash
	Vout     uint32
	Sequence uint32
}

// Output is an amount and the script that may spend it.
type Output struct {
	Value  hashyard.Sats
	Script []byte
}

// BestBlockHash is the tip of the best chain.
func (c *Client) BestBlockHash(ctx context.Context) (Hash, error) {
	return c.hash(ctx, "getbestblockhash")
}

// BlockCount is the height of the tip.
func (c *Client) BlockCount(ctx context.Context) (int64, error) {
	var n int64
	return n, c.call(ctx, &n, "getblockcount")
}

// BlockHash is the best chain's block at a height; hashyard.NotFound above the
// tip.
func (c *Client) BlockHash(ctx context.Context, height int64) (Hash, error) {
	h, err := c.hash(ctx, "getblockhash", height)
	if isCode(err, codeOutOfRange, -1) { // Core -8, btcd -1
		return Hash{}, hashyard.NotFound.Errorf("block at height %d: %w", height, err)
	}
	return h, err
}

func (c *Client) hash(ctx context.Context, method string, params ...any) (Hash, error) {
	var s string
	if err := c.call(ctx, &s, method, params...); err != nil {
		return Hash{}, err
	}
	return parseHash(s)
}

type wireHeader struct {
	Hash          string `json:"hash"`
	PrevHash      string `json:"previousblockhash"`
	MerkleRoot    string `json:"merkleroot"`
	Height        int64  `json:"height"`
	Version       int64  `json:"version"`
	Bits          string `json:"bits"`
	Nonce         uint32 `json:"nonce"`
	Time          int64  `json:"time"`
	MedianTime    int64  `json:"mediantime"`
	Confirmations int64  `json:"confirmations"`
}

// BlockHeader is the header of any block the node knows; btcd knows only those
// of its best chain.
func (c *Client) BlockHeader(ctx context.Context, hash Hash) (Header, error) {
	var w wireHeader
	if err := c.call(ctx, &w, "getblockheader", hash.String(), true); err != nil {
		return Header{}, err
	}
	return w.header(hash)
}

// header converts and proves: the fields must hash to the block asked for.
func (w *wireHeader) header(asked Hash) (Header, error) {
	h := Header{
		Hash: asked, Height: w.Height, Version: uint32(w.Version), Nonce: w.Nonce,
		Time: time.Unix(w.Time, 0).UTC(), Confirmations: w.Confirmations,
	}
	if w.MedianTime > 0 {
		h.MedianTime = time.Unix(w.MedianTime, 0).UTC()
	}
	var err error
	if h.MerkleRoot, err = parseHash(w.MerkleRoot); err != nil {
		return Header{}, err
	}
	if w.PrevHash != "" { // the genesis block has none
		if h.PrevHash, err = parseHash(w.PrevHash); err != nil {
			return Header{}, err
		}
	}
	if h.Bits, err = parseBits(w.Bits); err != nil {
		return Header{}, err
	}
	raw := wire.BlockHeader{
		Version: int32(h.Version), PrevBlock: h.PrevHash, MerkleRoot: h.MerkleRoot,
		Timestamp: h.Time, Bits: h.Bits, Nonce: h.Nonce,
	}
	if got := raw.BlockHash(); got != asked {
		return Header{}, hashyard.Invalid.Errorf("node: header of %s hashes to %s", asked, got)
	}
	return h, nil
}

// Confirmations of a block that was at a height: -1 off the best chain, and
// hashyard.NotFound for one the node does not know. btcd forgets blocks that
// leave its chain, or says so in prose: there another block at the height tells.
func (c *Client) Confirmations(ctx context.Context, hash Hash, height int64) (int64, error) {
	h, err := c.BlockHeader(ctx, hash)
	if isCode(err, codeInternal) && strings.Contains(err.Error(), "is not in the main chain") {
		return -1, nil
	}
	if !errors.Is(err, hashyard.NotFound) {
		return h.Confirmations, err
	}
	at, herr := c.BlockHash(ctx, height)
	switch {
	case errors.Is(herr, hashyard.NotFound), herr == nil && at == hash: // it came just now
		return 0, err
	case herr != nil:
		return 0, herr
	}
	return -1, nil
}

// Block is a whole block with its transactions decoded.
func (c *Client) Block(ctx context.Context, hash Hash) (*Block, error) {
	var w struct {
		wireHeader
		Tx    []wireTransaction `json:"tx"`
		RawTx []wireTransaction `json:"rawtx"` // btcd's older spelling
	}
	if err := c.call(ctx, &w, "getblock", hash.String(), 2); err != nil {
		return nil, err
	}
	h, err := w.header(hash)
	if err != nil {
		return nil, err
	}
	if len(w.Tx) == 0 {
		w.Tx = w.RawTx
	}
	b := &Block{Header: h, Transactions: make([]Tx, 0, len(w.Tx))}
	for i := range w.Tx {
		tx, err := w.Tx[i].tx()
		if err != nil {
			return nil, hashyard.Invalid.Errorf("block %s, transaction %d: %w", hash, i, err)
		}
		tx.BlockHash, tx.Confirmations = h.Hash, h.Confirmations
		b.Transactions = append(b.Transactions, tx)
	}
	if len(b.Transactions) == 0 {
		return nil, hashyard.Invalid.Errorf("block %s has no transactions", hash)
	}
	return b, nil
}

type wireTransaction struct {
	TxID string `json:"txid"`
	Hex  string `json:"hex"`
	Vin  []struct {
		Coinbase string `json:"coinbase"`
		TxID     string `json:"txid"`
		Vout     uint32 `json:"vout"`
		Sequence uint32 `json:"sequence"`
	} `json:"vin"`
	Vout []struct {
		Value  json.Number `json:"value"`
		Script struct {
			Hex string `json:"hex"`
		} `json:"scriptPubKey"`
	} `json:"vout"`
	Fee           json.Number `json:"fee"`
	BlockHash     string      `json:"blockhash"`
	Confirmations int64       `json:"confirmations"`
}

func (w *wireTransaction) tx() (Tx, error) {
	id, err := parseHash(w.TxID)
	if err != nil {
		return Tx{}, err
	}
	tx := Tx{ID: id, Confirmations: w.Confirmations}
	if w.BlockHash != "" {
		if tx.BlockHash, err = parseHash(w.BlockHash); err != nil {
			return Tx{}, err
		}
	}
	if w.Fee != "" {
		if tx.Fee, err = parseBTC(w.Fee); err != nil {
			return Tx{}, err
		}
		tx.HasFee = true
	}
	if w.Hex != "" {
		return tx, tx.fromHex(w.Hex)
	}
	return tx, tx.fromFields(w)
}

// fromHex prefers the bytes: they prove the id and hold exact integers.
func (tx *Tx) fromHex(s string) error {
	raw, err := hex.DecodeString(s)
	if err != nil {
		return hashyard.Invalid.Errorf("transaction %s is not hex: %w", tx.ID, err)
	}
	var m wire.MsgTx
	if err := m.Deserialize(bytes.NewReader(raw)); err != nil || m.TxHash() != tx.ID {
		return hashyard.Invalid.Errorf("transaction %s: bytes are of another transaction", tx.ID)
	}
	tx.Raw = raw
	for _, in := range m.TxIn {
		i := Input{TxID: in.PreviousOutPoint.Hash, Vout: in.PreviousOutPoint.Index, Sequence: in.Sequence}
		if i.TxID == (chainhash.Hash{}) && i.Vout == wire.MaxPrevOutIndex {
			i.Coinbase = in.SignatureScript
		}
		tx.Inputs = append(tx.Inputs, i)
	}
	for _, out := range m.TxOut {
		tx.Outputs = append(tx.Outputs, Output{Value: hashyard.Sats(out.Value), Script: out.PkScript})
	}
	return nil
}

func (tx *Tx) fromFields(w *wireTransaction) error {
	for _, in := range w.Vin {
		i := Input{Vout: in.Vout, Sequence: in.Sequence}
		var err error
		if in.Coinbase != "" {
			i.Vout = wire.MaxPrevOutIndex
			i.Coinbase, err = parseHex("coinbase", in.Coinbase)
		} else {
			i.TxID, err = parseHash(in.TxID)
		}
		if err != nil {
			return err
		}
		tx.Inputs = append(tx.Inputs, i)
	}
	for _, out := range w.Vout {
		value, err := parseBTC(out.Value)
		if err != nil {
			return err
		}
		script, err := parseHex("script", out.Script.Hex)
		if err != nil {
			return err
		}
		tx.Outputs = append(tx.Outputs, Output{Value: value, Script: script})
	}
	return nil
}

// BlockStats is what a block earned: the inputs of a fee window.
type BlockStats struct {
	Hash     Hash
	Height   int64
	Subsidy  hashyard.Sats
	TotalFee hashyard.Sats
	Txs      int64
}

// BlockStats tells subsidy and fees of the best chain's block at a height.
func (c *Client) BlockStats(ctx context.Context, height int64) (BlockStats, error) {
	var w struct {
		Hash     string        `json:"blockhash"`
		Height   int64         `json:"height"`
		Subsidy  hashyard.Sats `json:"subsidy"`
		TotalFee hashyard.Sats `json:"totalfee"`
		Txs      int64         `json:"txs"`
	}
	err := c.call(ctx, &w, "getblockstats", height, []string{"blockhash", "height", "subsidy", "totalfee", "txs"})
	if isCode(err, codeOutOfRange) {
		return BlockStats{}, hashyard.NotFound.Errorf("block at height %d: %w", height, err)
	}
	if err != nil {
		return BlockStats{}, err
	}
	hash, err := parseHash(w.Hash)
	if err != nil {
		return BlockStats{}, err
	}
	return BlockStats{Hash: hash, Height: w.Height, Subsidy: w.Subsidy, TotalFee: w.TotalFee, Txs: w.Txs}, nil
}
