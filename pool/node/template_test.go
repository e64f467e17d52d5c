package node

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"pgregory.net/rapid"

	"hashyard"
)

// plainTx and witnessTx are two transactions that parse.
func plainTx(n byte) *wire.MsgTx {
	tx := wire.NewMsgTx(2)
	tx.AddTxIn(&wire.TxIn{PreviousOutPoint: wire.OutPoint{Hash: chainhash.Hash{n}}, SignatureScript: []byte{0x51}})
	tx.AddTxOut(wire.NewTxOut(int64(n)+1000, []byte{0x51}))
	return tx
}

func witnessTx(n byte) *wire.MsgTx {
	tx := plainTx(n)
	tx.TxIn[0].SignatureScript = nil
	tx.TxIn[0].Witness = wire.TxWitness{[]byte{n}}
	return tx
}

func entry(tx *wire.MsgTx, fee int64) map[string]any {
	var b strings.Builder
	_ = tx.Serialize(&b)
	return map[string]any{"data": hex.EncodeToString([]byte(b.String())), "txid": tx.TxHash().String(), "hash": tx.WitnessHash().String(), "fee": fee}
}

// bareCommitment is computed by btcd's own code.
func bareCommitment(txs ...*wire.MsgTx) string {
	all := []*btcutil.Tx{btcutil.NewTx(wire.NewMsgTx(1))}
	for _, tx := range txs {
		all = append(all, btcutil.NewTx(tx))
	}
	root := blockchain.CalcMerkleRoot(all, true)
	return hex.EncodeToString(chainhash.DoubleHashB(append(root[:], make([]byte, 32)...)))
}

func sample(txs ...*wire.MsgTx) map[string]any {
	list := []any{}
	for i, tx := range txs {
		list = append(list, entry(tx, int64(100+i)))
	}
	return map[string]any{
		"version": 0x20000000, "rules": []string{"csv", "!segwit", "taproot"},
		"previousblockhash": "00000000000000000001a2b30102030405060708090a0b0c0d0e0f1011121314",
		"height":            840_000, "bits": "17023a04", "curtime": 1_756_000_000, "mintime": 1_755_990_001,
		"coinbasevalue": 312_500_000 + 100*len(txs) + len(txs)*(len(txs)-1)/2, "longpollid": "abc",
		"transactions": list, "default_witness_commitment": commitmentHex(txs...),
	}
}

func commitmentHex(txs ...*wire.MsgTx) string { return "6a24aa21a9ed" + bareCommitment(txs...) }

func decodeMap(t *testing.T, m map[string]any) (*Template, error) {
	t.Helper()
	raw, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return decodeTemplate(raw)
}

func TestTemplateFromCore(t *testing.T) {
	txs := []*wire.MsgTx{plainTx(1), witnessTx(2), plainTx(3)}
	tmpl, err := decodeMap(t, sample(txs...))
	if err != nil {
		t.Fatal(err)
	}
	if tmpl.Fees != 303 || tmpl.Subsidy != 312_500_000 || tmpl.CoinbaseValue != 312_500_303 {
		t.Errorf("%d = %d + %d", tmpl.CoinbaseValue, tmpl.Subsidy, tmpl.Fees)
	}
	if tmpl.Bits != 0x17023a04 || tmpl.Version != 0x20000000 || tmpl.MTP != 1_755_990_000 || tmpl.LongPollID != "abc" {
		t.Errorf("%+v", tmpl)
	}
	// Internal byte order: the RPC's last byte comes first.
	if tmpl.PrevHash[0] != 0x14 || tmpl.PrevHash[31] != 0 {
		t.Errorf("previous hash %x", tmpl.PrevHash)
	}
	for i, tx := range txs {
		if tmpl.TxIDs[i] != tx.TxHash() || tmpl.WTxIDs[i] != tx.WitnessHash() {
			t.Errorf("transaction %d has other ids", i)
		}
	}
	if got := hex.EncodeToString(tmpl.WitnessCommitment); got != commitmentHex(txs...) {
		t.Errorf("commitment %s", got)
	}
}

func TestTemplateFromBtcd(t *testing.T) {
	m := sample(witnessTx(1))
	m["default_witness_commitment"] = bareCommitment(witnessTx(1)) // the bare hash
	m["bits"] = "1fffff"                                           // not padded
	delete(m, "rules")
	tmpl, err := decodeMap(t, m)
	if err != nil {
		t.Fatal(err)
	}
	if tmpl.Bits != 0x001fffff || hex.EncodeToString(tmpl.WitnessCommitment) != commitmentHex(witnessTx(1)) {
		t.Errorf("bits %08x commitment %x", tmpl.Bits, tmpl.WitnessCommitment)
	}
	m = sample(plainTx(1))
	delete(m, "default_witness_commitment") // no witness, no commitment
	if tmpl, err = decodeMap(t, m); err != nil || tmpl.WitnessCommitment != nil {
		t.Errorf("without witness: %v, commitment %x", err, tmpl.WitnessCommitment)
	}
}

func TestTemplatesThatWouldMakeBadBlocksAreRefused(t *testing.T) {
	foreign := entry(plainTx(1), 1)
	foreign["txid"] = strings.Repeat("ab", 32)
	noFee := entry(plainTx(1), 1)
	delete(noFee, "fee")
	noBytes := entry(plainTx(1), 1)
	noBytes["data"] = "00"
	for name, change := range map[string]map[string]any{
		"coinbasetxn":            {"coinbasevalue": nil, "coinbasetxn": map[string]any{"data": "00"}},
		"unknown rule":           {"rules": []string{"!segwit", "!signet"}},
		"commitment of others":   {"default_witness_commitment": commitmentHex(plainTx(9))},
		"commitment of no form":  {"default_witness_commitment": "6a24"},
		"witness uncommitted":    {"transactions": []any{entry(witnessTx(1), 1)}, "default_witness_commitment": ""},
		"other txid":             {"transactions": []any{foreign}},
		"fee unknown":            {"transactions": []any{noFee}},
		"transaction unreadable": {"transactions": []any{noBytes}},
		"fees above value":       {"coinbasevalue": 1},
		"negative value":         {"coinbasevalue": -1},
		"height 0":               {"height": 0},
		"bits of letters":        {"bits": "nope"},
		"bits too long":          {"bits": "117023a04"},
		"short previous hash":    {"previousblockhash": "00ff"},
		"time beyond headers":    {"curtime": 1 << 33},
	} {
		m := sample(plainTx(1))
		maps.Copy(m, change)
		if _, err := decodeMap(t, m); !errors.Is(err, hashyard.Invalid) {
			t.Errorf("%s: got %v, want invalid", name, err)
		}
	}
}

// The pool's commitment is btcd's for any number of transactions.
func TestCommitmentAgreesWithBtcd(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var txs []*wire.MsgTx
		for i := range rapid.IntRange(0, 40).Draw(r, "transactions") {
			if rapid.Bool().Draw(r, "witness") {
				txs = append(txs, witnessTx(byte(i)))
			} else {
				txs = append(txs, plainTx(byte(i)))
			}
		}
		var tmpl Template
		for _, tx := range txs {
			tmpl.WTxIDs = append(tmpl.WTxIDs, tx.WitnessHash())
		}
		if got := hex.EncodeToString(tmpl.commitment()); got != commitmentHex(txs...) {
			r.Fatalf("%d transactions: %s", len(txs), got)
		}
	})
}

func FuzzDecodeTemplate(f *testing.F) {
	for _, m := range []map[string]any{sample(), sample(plainTx(1), witnessTx(2)), {}} {
		raw, err := json.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		tmpl, err := decodeTemplate(raw)
		if err != nil {
			return
		}
		if tmpl.Subsidy < 0 || tmpl.Subsidy+tmpl.Fees != tmpl.CoinbaseValue || tmpl.Height < 1 || len(tmpl.TxIDs) != len(tmpl.Transactions) {
			t.Fatalf("accepted %+v", tmpl)
		}
	})
}
