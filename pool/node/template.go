package node

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"hashyard"
)

// commitmentPrefix opens the output script of a witness commitment (BIP141):
// OP_RETURN, push of 36 bytes, aa21a9ed.
const commitmentPrefix = "\x6a\x24\xaa\x21\xa9\xed"

// Template is work to do: the node's proposal of the next block without its
// coinbase. All hashes are in internal byte order, the order in which they
// stand in a header and enter the merkle tree.
type Template struct {
	Version  uint32
	PrevHash [32]byte
	Height   int64
	Bits     uint32
	CurTime  uint32 // unix seconds, the node's clock now
	MinTime  uint32 // the earliest time a header may carry
	MTP      uint32 // median time past of the tip, MinTime-1
	// CoinbaseValue is what the coinbase may pay: Subsidy + Fees, exactly.
	CoinbaseValue hashyard.Sats
	Fees          hashyard.Sats
	Subsidy       hashyard.Sats
	// Transactions are serialized with witness, in block order.
	Transactions [][]byte
	TxIDs        [][32]byte
	WTxIDs       [][32]byte
	// WitnessCommitment is the 38-byte output script the coinbase must carry
	// (its input then has 32 zero bytes as witness), or nil when the block needs
	// none.
	WitnessCommitment []byte
	LongPollID        string
	// HeaderOnly marks work that was made from the tip's header, before the node
	// had a template: a valid block without transactions.
	HeaderOnly bool
}

// wireTemplate is BIP22/23/145's reply as Core and btcd write it.
type wireTemplate struct {
	Version       int64           `json:"version"`
	Rules         []string        `json:"rules"`
	PrevHash      string          `json:"previousblockhash"`
	Height        int64           `json:"height"`
	Bits          string          `json:"bits"`
	CurTime       int64           `json:"curtime"`
	MinTime       int64           `json:"mintime"`
	CoinbaseValue *int64          `json:"coinbasevalue"`
	CoinbaseTxn   json.RawMessage `json:"coinbasetxn"`
	Commitment    string          `json:"default_witness_commitment"`
	LongPollID    string          `json:"longpollid"`
	Transactions  []wireTx        `json:"transactions"`
}

type wireTx struct {
	Data string `json:"data"`
	TxID string `json:"txid"`
	Hash string `json:"hash"`
	Fee  *int64 `json:"fee"`
}

// Template asks for work. With the LongPollID of an earlier template it
// returns only when that one is out of date (or the node's patience ends).
//
// It never offers the coinbasetxn capability: btcd would answer with a whole
// coinbase instead of a value.
func (c *Client) Template(ctx context.Context, longPollID string) (*Template, error) {
	ask := map[string]any{"rules": []string{"segwit"}}
	limit := c.cfg.Timeout
	if longPollID != "" {
		ask["longpollid"] = longPollID
		limit = longPollTimeout
	}
	var raw json.RawMessage
	if err := c.callWithin(ctx, limit, &raw, "getblocktemplate", ask); err != nil {
		return nil, err
	}
	return decodeTemplate(raw)
}

// decodeTemplate checks everything that would otherwise surface as a refused
// block: it recomputes ids and commitment instead of believing them.
func decodeTemplate(raw []byte) (*Template, error) {
	var w wireTemplate
	if err := json.Unmarshal(raw, &w); err != nil {
		return nil, hashyard.Invalid.Errorf("template: %w", err)
	}
	t, err := w.header()
	if err != nil {
		return nil, err
	}
	if err := t.addTransactions(w.Transactions); err != nil {
		return nil, err
	}
	if err := t.addCommitment(w.Commitment); err != nil {
		return nil, err
	}
	t.Subsidy = t.CoinbaseValue - t.Fees
	if t.Subsidy < 0 {
		return nil, hashyard.Invalid.Errorf("template %d: fees %d exceed the coinbase value %d", t.Height, t.Fees, t.CoinbaseValue)
	}
	return t, nil
}

func (w *wireTemplate) header() (*Template, error) {
	for _, rule := range w.Rules {
		// BIP9: a rule with "!" changes how blocks are built; mining without
		// knowing it (signet's block signature, say) makes invalid blocks.
		if len(rule) > 0 && rule[0] == '!' && rule != "!segwit" {
			return nil, hashyard.Invalid.Errorf("template: this network demands rule %.40q, which the pool cannot build", rule)
		}
	}
	if w.CoinbaseValue == nil {
		return nil, hashyard.Invalid.Errorf("template: the node gives no coinbasevalue")
	}
	prev, err := parseHash(w.PrevHash)
	if err != nil {
		return nil, hashyard.Invalid.Errorf("template: previousblockhash: %w", err)
	}
	bits, err := parseBits(w.Bits)
	if err != nil {
		return nil, hashyard.Invalid.Errorf("template: %w", err)
	}
	const maxTime = 1<<32 - 1
	switch {
	case w.Height <= 0 || w.Height > 1<<31-1:
		return nil, hashyard.Invalid.Errorf("template: height %d is impossible", w.Height)
	case w.CurTime <= 0 || w.CurTime > maxTime || w.MinTime < 0 || w.MinTime > maxTime:
		return nil, hashyard.Invalid.Errorf("template %d: times %d, %d do not fit a header", w.Height, w.MinTime, w.CurTime)
	case *w.CoinbaseValue < 0 || *w.CoinbaseValue > maxSats:
		return nil, hashyard.Invalid.Errorf("template %d: coinbase value %d is impossible", w.Height, *w.CoinbaseValue)
	case w.Version < -1<<31 || w.Version > 1<<32-1:
		return nil, hashyard.Invalid.Errorf("template %d: version %d does not fit a header", w.Height, w.Version)
	}
	t := &Template{
		Version: uint32(w.Version), PrevHash: prev, Height: w.Height, Bits: bits,
		CurTime: uint32(w.CurTime), MinTime: uint32(w.MinTime),
		CoinbaseValue: hashyard.Sats(*w.CoinbaseValue), LongPollID: w.LongPollID,
	}
	if t.MinTime > 0 {
		t.MTP = t.MinTime - 1
	}
	return t, nil
}

func (t *Template) addTransactions(txs []wireTx) error {
	for i, w := range txs {
		data, err := parseHex("transaction", w.Data)
		if err != nil {
			return hashyard.Invalid.Errorf("template %d, transaction %d: %w", t.Height, i, err)
		}
		var tx wire.MsgTx
		r := bytes.NewReader(data)
		if err := tx.Deserialize(r); err != nil || r.Len() != 0 {
			return hashyard.Invalid.Errorf("template %d, transaction %d does not parse", t.Height, i)
		}
		txid, wtxid := tx.TxHash(), tx.WitnessHash()
		if (w.TxID != "" && w.TxID != txid.String()) || (w.TxID != "" && w.Hash != "" && w.Hash != wtxid.String()) {
			return hashyard.Invalid.Errorf("template %d, transaction %d is %s, the node says %.70q", t.Height, i, txid, w.TxID)
		}
		if w.Fee == nil || *w.Fee < 0 || *w.Fee > maxSats {
			// Without every fee the subsidy, and so the price of work, is unknown.
			return hashyard.Invalid.Errorf("template %d, transaction %s has no fee", t.Height, txid)
		}
		t.Transactions = append(t.Transactions, data)
		t.TxIDs = append(t.TxIDs, txid)
		t.WTxIDs = append(t.WTxIDs, wtxid)
		if t.Fees += hashyard.Sats(*w.Fee); t.Fees > maxSats {
			return hashyard.Invalid.Errorf("template %d: fees exceed every bitcoin", t.Height)
		}
	}
	return nil
}

// addCommitment takes Core's whole script, btcd's bare hash, or nothing.
func (t *Template) addCommitment(s string) error {
	want := t.commitment()
	if s == "" {
		if !slices.Equal(t.TxIDs, t.WTxIDs) {
			return hashyard.Invalid.Errorf("template %d has witnesses but no commitment", t.Height)
		}
		return nil
	}
	given, err := parseHex("witness commitment", s)
	if err != nil {
		return hashyard.Invalid.Errorf("template %d: %w", t.Height, err)
	}
	if len(given) == chainhash.HashSize {
		given = append([]byte(commitmentPrefix), given...)
	}
	if !bytes.Equal(given, want) {
		return hashyard.Invalid.Errorf("template %d: witness commitment %.80q does not match its transactions", t.Height, s)
	}
	t.WitnessCommitment = want
	return nil
}

// commitment is BIP141's: SHA256d(witness root ‖ 32 zero bytes), the coinbase
// standing as zeroes in the tree.
func (t *Template) commitment() []byte {
	level := make([][32]byte, 1, len(t.WTxIDs)+1)
	level = append(level, t.WTxIDs...)
	for len(level) > 1 {
		if len(level)%2 == 1 {
			level = append(level, level[len(level)-1])
		}
		for i := range len(level) / 2 {
			level[i] = chainhash.DoubleHashH(append(level[2*i][:], level[2*i+1][:]...))
		}
		level = level[:len(level)/2]
	}
	hash := chainhash.DoubleHashB(append(level[0][:], make([]byte, 32)...))
	return append([]byte(commitmentPrefix), hash...)
}
