package devchain

import (
	"bytes"
	"context"
	"encoding/hex"
	"slices"

	"github.com/btcsuite/btcd/address/v2"
	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/mempool"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

type scriptReply struct {
	Asm     string `json:"asm"`
	Hex     string `json:"hex"`
	Address string `json:"address,omitempty"`
	Type    string `json:"type,omitempty"`
}

type inputReply struct {
	Coinbase string       `json:"coinbase,omitempty"`
	TxID     string       `json:"txid,omitempty"`
	Vout     *uint32      `json:"vout,omitempty"`
	Script   *scriptReply `json:"scriptSig,omitempty"`
	Witness  []string     `json:"txinwitness,omitempty"`
	Sequence uint32       `json:"sequence"`
}

type outputReply struct {
	Value  btc         `json:"value"`
	N      int         `json:"n"`
	Script scriptReply `json:"scriptPubKey"`
}

type txReply struct {
	TxID          string        `json:"txid"`
	Hash          string        `json:"hash"`
	Version       int32         `json:"version"`
	Size          int           `json:"size"`
	VSize         int64         `json:"vsize"`
	Weight        int64         `json:"weight"`
	LockTime      uint32        `json:"locktime"`
	Vin           []inputReply  `json:"vin"`
	Vout          []outputReply `json:"vout"`
	Fee           *btc          `json:"fee,omitempty"`
	Hex           string        `json:"hex"`
	BlockHash     string        `json:"blockhash,omitempty"`
	Confirmations int64         `json:"confirmations,omitempty"`
	Time          int64         `json:"time,omitempty"`
	BlockTime     int64         `json:"blocktime,omitempty"`
}

func (c *Chain) txReply(msg *wire.MsgTx) (*txReply, error) {
	raw, err := txBytes(msg)
	if err != nil {
		return nil, err
	}
	tx := btcutil.NewTx(msg)
	r := &txReply{
		TxID: tx.Hash().String(), Hash: tx.WitnessHash().String(), Version: msg.Version, Size: len(raw),
		VSize: mempool.GetTxVirtualSize(tx), Weight: blockchain.GetTransactionWeight(tx), LockTime: msg.LockTime, Hex: hex.EncodeToString(raw),
	}
	for _, in := range msg.TxIn {
		i := inputReply{Sequence: in.Sequence}
		for _, w := range in.Witness {
			i.Witness = append(i.Witness, hex.EncodeToString(w))
		}
		if blockchain.IsCoinBaseTx(msg) {
			i.Coinbase = hex.EncodeToString(in.SignatureScript)
		} else {
			asm, _ := txscript.DisasmString(in.SignatureScript) // what parses is shown
			i.TxID, i.Vout = in.PreviousOutPoint.Hash.String(), &in.PreviousOutPoint.Index
			i.Script = &scriptReply{Asm: asm, Hex: hex.EncodeToString(in.SignatureScript)}
		}
		r.Vin = append(r.Vin, i)
	}
	for n, out := range msg.TxOut {
		r.Vout = append(r.Vout, outputReply{btc(out.Value), n, c.scriptReply(out.PkScript)})
	}
	return r, nil
}

func (c *Chain) scriptReply(script []byte) scriptReply {
	asm, _ := txscript.DisasmString(script) // what parses is shown
	class, addrs, _, err := txscript.ExtractPkScriptAddrs(script, c.params)
	r := scriptReply{Asm: asm, Hex: hex.EncodeToString(script), Type: class.String()}
	if err == nil && len(addrs) == 1 {
		r.Address = addrs[0].EncodeAddress()
	}
	return r
}

func (c *Chain) getRawTransaction(_ context.Context, a args) (any, error) {
	txid, err := a.hash(0)
	if err != nil {
		return nil, err
	}
	verbosity, err := a.verbosity(1, 0)
	if err != nil {
		return nil, err
	}
	var msg *wire.MsgTx
	var inBlock *chainhash.Hash
	if tx, err := c.pool.FetchTransaction(txid); err == nil {
		msg = tx.MsgTx()
	} else if msg, inBlock, err = c.indexedTx(txid); err != nil {
		return nil, err
	}
	if msg == nil {
		return nil, fail(codeNotFound, "No such mempool or blockchain transaction. Use gettransaction for wallet transactions.")
	}
	r, err := c.txReply(msg)
	if err != nil {
		return nil, err
	}
	if verbosity == 0 {
		return r.Hex, nil
	}
	if inBlock != nil {
		height, _ := c.heightOf(inBlock)
		header, err := c.chain.HeaderByHash(inBlock)
		if err != nil {
			return nil, err
		}
		r.BlockHash, r.Confirmations = inBlock.String(), c.confirmations(inBlock, height)
		r.Time, r.BlockTime = header.Timestamp.Unix(), header.Timestamp.Unix()
	}
	return r, nil
}

func (c *Chain) decodeRawTransaction(_ context.Context, a args) (any, error) {
	tx, err := decodeTx(a, 0)
	if err != nil {
		return nil, err
	}
	r, err := c.txReply(tx.MsgTx())
	if err != nil {
		return nil, err
	}
	r.Hex = "" // as Core: the caller has it
	return r, nil
}

func decodeTx(a args, i int) (*btcutil.Tx, error) {
	raw, err := a.bytes(i)
	if err != nil {
		return nil, err
	}
	r := bytes.NewReader(raw)
	var msg wire.MsgTx
	if err := msg.Deserialize(r); err != nil || r.Len() != 0 {
		return nil, fail(codeDeserialize, "TX decode failed. Make sure the tx has at least one input.")
	}
	return btcutil.NewTx(&msg), nil
}

func (c *Chain) getTxOut(_ context.Context, a args) (any, error) {
	txid, err := a.hash(0)
	if err != nil {
		return nil, err
	}
	n, err := a.number(1, -1)
	if err != nil {
		return nil, err
	}
	if n < 0 || n > 1<<32-1 {
		return nil, fail(codeParameter, "n is out of range")
	}
	withPool := true
	if err := a.into(2, &withPool); err != nil {
		return nil, err
	}
	op := wire.OutPoint{Hash: *txid, Index: uint32(n)}
	best := c.chain.BestSnapshot()
	reply := func(value int64, script []byte, confirmations int64, coinbase bool) any {
		return map[string]any{
			"bestblock": best.Hash.String(), "confirmations": confirmations, "value": btc(value),
			"scriptPubKey": c.scriptReply(script), "coinbase": coinbase,
		}
	}
	if withPool {
		if c.pool.CheckSpend(op) != nil {
			return nil, nil
		}
		if tx, err := c.pool.FetchTransaction(txid); err == nil {
			outs := tx.MsgTx().TxOut
			if int(op.Index) >= len(outs) {
				return nil, nil
			}
			return reply(outs[op.Index].Value, outs[op.Index].PkScript, 0, false), nil
		}
	}
	entry, err := c.chain.FetchUtxoEntry(op)
	if err != nil || entry == nil || entry.IsSpent() {
		return nil, err
	}
	return reply(entry.Amount(), entry.PkScript(), int64(best.Height-entry.BlockHeight())+1, entry.IsCoinBase()), nil
}

func (c *Chain) getRawMempool(_ context.Context, a args) (any, error) {
	verbose := false
	if err := a.into(0, &verbose); err != nil {
		return nil, err
	}
	descs := c.pool.TxDescs()
	slices.SortFunc(descs, func(a, b *mempool.TxDesc) int { return a.Added.Compare(b.Added) })
	if verbose {
		all := map[string]any{}
		for _, d := range descs {
			all[d.Tx.Hash().String()] = c.entry(d)
		}
		return all, nil
	}
	ids := []string{}
	for _, d := range descs {
		ids = append(ids, d.Tx.Hash().String())
	}
	return ids, nil
}

func (c *Chain) getMempoolEntry(_ context.Context, a args) (any, error) {
	txid, err := a.hash(0)
	if err != nil {
		return nil, err
	}
	for _, d := range c.pool.TxDescs() {
		if *d.Tx.Hash() == *txid {
			return c.entry(d), nil
		}
	}
	return nil, fail(codeNotFound, "Transaction not in mempool")
}

func (c *Chain) entry(d *mempool.TxDesc) any {
	depends := []string{}
	for _, in := range d.Tx.MsgTx().TxIn {
		if id := in.PreviousOutPoint.Hash; c.pool.IsTransactionInPool(&id) {
			depends = append(depends, id.String())
		}
	}
	fee := btc(d.Fee)
	return map[string]any{
		"vsize": mempool.GetTxVirtualSize(d.Tx), "weight": blockchain.GetTransactionWeight(d.Tx),
		"time": d.Added.Unix(), "height": d.Height, "wtxid": d.Tx.WitnessHash().String(),
		"fees": map[string]any{"base": fee, "modified": fee}, "depends": depends, "unbroadcast": false,
	}
}

func (c *Chain) getMempoolInfo(_ context.Context, _ args) (any, error) {
	var bytes, fees int64
	descs := c.pool.TxDescs()
	for _, d := range descs {
		bytes += mempool.GetTxVirtualSize(d.Tx)
		fees += d.Fee
	}
	return map[string]any{
		"loaded": true, "size": len(descs), "bytes": bytes, "total_fee": btc(fees),
		"mempoolminfee": btc(minRelayFee), "minrelaytxfee": btc(minRelayFee),
	}, nil
}

// estimateSmartFee looks at what waits: while the next blocks have room, the
// relay minimum is enough; otherwise it takes more than the last that fits.
func (c *Chain) estimateSmartFee(_ context.Context, a args) (any, error) {
	blocks, err := a.number(0, 0)
	if err != nil {
		return nil, err
	}
	if blocks < 1 || blocks > 1008 {
		return nil, fail(codeParameter, "Invalid conf_target, must be between 1 and 1008")
	}
	descs := c.pool.TxDescs()
	slices.SortFunc(descs, func(a, b *mempool.TxDesc) int { return int(b.FeePerKB - a.FeePerKB) })
	room := blocks * (blockchain.MaxBlockWeight - coinbaseReserve)
	rate := int64(minRelayFee)
	for _, d := range descs {
		if room -= blockchain.GetTransactionWeight(d.Tx); room < 0 {
			rate = max(rate, d.FeePerKB+minRelayFee)
			break
		}
	}
	return map[string]any{"feerate": btc(rate), "blocks": blocks}, nil
}

func (c *Chain) validateAddress(_ context.Context, a args) (any, error) {
	s, err := a.text(0)
	if err != nil {
		return nil, err
	}
	addr, err := address.DecodeAddress(s, c.params)
	if err != nil || !addr.IsForNet(c.params) {
		return map[string]any{"isvalid": false, "error": "Invalid or unsupported Segwit (Bech32) or Base58 encoding."}, nil
	}
	script, err := txscript.PayToAddrScript(addr)
	if err != nil {
		return nil, fail(codeMisc, "%v", err)
	}
	r := map[string]any{
		"isvalid": true, "address": addr.EncodeAddress(), "scriptPubKey": hex.EncodeToString(script),
		"isscript": false, "iswitness": txscript.IsWitnessProgram(script),
	}
	switch addr.(type) {
	case *address.AddressScriptHash, *address.AddressWitnessScriptHash:
		r["isscript"] = true
	}
	if version, program, err := txscript.ExtractWitnessProgramInfo(script); err == nil {
		r["witness_version"], r["witness_program"] = version, hex.EncodeToString(program)
	}
	return r, nil
}
