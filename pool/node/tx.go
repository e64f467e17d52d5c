package node

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"strings"

	"hashyard"
)

// RawTransaction finds a transaction in the mempool or, with the node's
// transaction index, in the chain; hashyard.NotFound otherwise.
func (c *Client) RawTransaction(ctx context.Context, txid Hash) (*Tx, error) {
	var w wireTransaction
	if err := c.call(ctx, &w, "getrawtransaction", txid.String(), 1); err != nil {
		return nil, err
	}
	tx, err := w.tx()
	if err != nil {
		return nil, err
	}
	if tx.ID != txid {
		return nil, hashyard.Invalid.Errorf("node: asked for transaction %s, got %s", txid, tx.ID)
	}
	return &tx, nil
}

// SendRawTransaction broadcasts. Sending what the node already has in its
// mempool is not an error; in its chain it is code -27. Other refusals are
// *RPCError with Core's reason as message.
func (c *Client) SendRawTransaction(ctx context.Context, raw []byte) (Hash, error) {
	return c.hash(ctx, "sendrawtransaction", hex.EncodeToString(raw))
}

// Acceptance is what the mempool would say to a transaction.
type Acceptance struct {
	TxID    Hash
	Allowed bool
	Reason  string // Core's reason when refused
	VSize   int64
	Fee     hashyard.Sats
}

// TestMempoolAccept asks without sending.
func (c *Client) TestMempoolAccept(ctx context.Context, raw []byte) (Acceptance, error) {
	var w []struct {
		TxID    string `json:"txid"`
		Allowed bool   `json:"allowed"`
		Reason  string `json:"reject-reason"`
		VSize   int64  `json:"vsize"`
		Fees    struct {
			Base json.Number `json:"base"`
		} `json:"fees"`
	}
	if err := c.call(ctx, &w, "testmempoolaccept", []string{hex.EncodeToString(raw)}); err != nil {
		return Acceptance{}, err
	}
	if len(w) != 1 {
		return Acceptance{}, hashyard.Invalid.Errorf("node: testmempoolaccept gave %d answers to one transaction", len(w))
	}
	id, err := parseHash(w[0].TxID)
	if err != nil {
		return Acceptance{}, err
	}
	a := Acceptance{TxID: id, Allowed: w[0].Allowed, Reason: w[0].Reason, VSize: w[0].VSize}
	if a.Allowed {
		a.Fee, err = parseBTC(w[0].Fees.Base)
	}
	return a, err
}

// EstimateFee is the rate for confirmation within blocks, in satoshis per
// virtual byte, rounded up; hashyard.Unavailable while the node has no data.
func (c *Client) EstimateFee(ctx context.Context, blocks int) (hashyard.Sats, error) {
	var w struct {
		FeeRate json.Number `json:"feerate"` // BTC per 1000 vB
		Errors  []string    `json:"errors"`
	}
	if err := c.call(ctx, &w, "estimatesmartfee", blocks); err != nil {
		return 0, err
	}
	if w.FeeRate == "" {
		return 0, hashyard.Unavailable.Errorf("node has no fee estimate: %s", strings.Join(w.Errors, "; "))
	}
	perKvB, ok := satsPerKvB(w.FeeRate)
	if !ok {
		return 0, hashyard.Invalid.Errorf("node: fee rate %.40q is not an amount", w.FeeRate)
	}
	return (perKvB + 999) / 1000, nil
}

// satsPerKvB allows fractions of a satoshi (an average may have them), up.
func satsPerKvB(n json.Number) (hashyard.Sats, bool) {
	if len(n) > 32 || !smallExponent(string(n)) {
		return 0, false
	}
	r, ok := new(big.Rat).SetString(string(n))
	if !ok || r.Sign() < 0 {
		return 0, false
	}
	r.Mul(r, big.NewRat(100_000_000, 1))
	q, m := new(big.Int).QuoRem(r.Num(), r.Denom(), new(big.Int))
	if m.Sign() > 0 {
		q.Add(q, big.NewInt(1))
	}
	if !q.IsInt64() || q.Int64() > maxSats {
		return 0, false
	}
	return hashyard.Sats(q.Int64()), true
}

// TxOut is an unspent output.
type TxOut struct {
	Output
	Confirmations int64
	Coinbase      bool
}

// TxOut looks an output up among the unspent; nil means spent or unknown. With
// mempool, unconfirmed transactions count.
func (c *Client) TxOut(ctx context.Context, txid Hash, vout uint32, mempool bool) (*TxOut, error) {
	var w *struct {
		Confirmations int64       `json:"confirmations"`
		Value         json.Number `json:"value"`
		Script        struct {
			Hex string `json:"hex"`
		} `json:"scriptPubKey"`
		Coinbase bool `json:"coinbase"`
	}
	if err := c.call(ctx, &w, "gettxout", txid.String(), vout, mempool); err != nil || w == nil {
		return nil, err
	}
	value, err := parseBTC(w.Value)
	if err != nil {
		return nil, err
	}
	script, err := parseHex("script", w.Script.Hex)
	if err != nil {
		return nil, err
	}
	return &TxOut{Output: Output{Value: value, Script: script}, Confirmations: w.Confirmations, Coinbase: w.Coinbase}, nil
}

// MempoolEntry is an unconfirmed transaction's place.
type MempoolEntry struct {
	VSize int64
	Fee   hashyard.Sats
	Time  int64 // unix seconds of arrival
}

// MempoolEntry is hashyard.NotFound when the transaction is not unconfirmed.
func (c *Client) MempoolEntry(ctx context.Context, txid Hash) (MempoolEntry, error) {
	var w struct {
		VSize int64 `json:"vsize"`
		Time  int64 `json:"time"`
		Fees  struct {
			Base json.Number `json:"base"`
		} `json:"fees"`
	}
	if err := c.call(ctx, &w, "getmempoolentry", txid.String()); err != nil {
		return MempoolEntry{}, err
	}
	fee, err := parseBTC(w.Fees.Base)
	return MempoolEntry{VSize: w.VSize, Fee: fee, Time: w.Time}, err
}

// Mempool lists the unconfirmed transactions.
func (c *Client) Mempool(ctx context.Context) ([]Hash, error) {
	var ids []string
	if err := c.call(ctx, &ids, "getrawmempool"); err != nil {
		return nil, err
	}
	out := make([]Hash, 0, len(ids))
	for _, s := range ids {
		h, err := parseHash(s)
		if err != nil {
			return nil, err
		}
		out = append(out, h)
	}
	return out, nil
}
