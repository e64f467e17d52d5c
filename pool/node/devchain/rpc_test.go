package devchain_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/mining"
	"github.com/btcsuite/btcd/wire/v2"

	"hashyard"
	"hashyard/pool/node/devchain"
	"hashyard/pool/node/devchain/devchaintest"
)

// post sends a raw body and returns status and reply.
func post(t *testing.T, w *devchaintest.World, user, password, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(deadline(t), http.MethodPost, w.URL, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(user, password)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(raw)
}

// call runs one RPC and decodes its result.
func call(t *testing.T, w *devchaintest.World, out any, method string, params ...any) {
	t.Helper()
	if params == nil {
		params = []any{}
	}
	body, err := json.Marshal(map[string]any{"id": "t", "method": method, "params": params})
	if err != nil {
		t.Fatal(err)
	}
	status, raw := post(t, w, w.User, w.Password, string(body))
	var r struct {
		Result json.RawMessage
		Error  any
	}
	if err := json.Unmarshal([]byte(raw), &r); err != nil || r.Error != nil || status != http.StatusOK {
		t.Fatalf("%s: HTTP %d %s", method, status, raw)
	}
	if out == nil {
		return
	}
	if err := json.Unmarshal(r.Result, out); err != nil {
		t.Fatalf("%s: %v in %s", method, err, r.Result)
	}
}

func propose(t *testing.T, w *devchaintest.World, block []byte) string {
	t.Helper()
	var reason *string
	call(t, w, &reason, "getblocktemplate", map[string]any{"mode": "proposal", "data": hex.EncodeToString(block)})
	if reason == nil {
		return ""
	}
	return *reason
}

// commit adds the witness commitment and nonce to a block built without.
func commit(t *testing.T, block *wire.MsgBlock) {
	t.Helper()
	coinbase := btcutil.NewTx(block.Transactions[0])
	mining.AddWitnessCommitment(coinbase, btcutil.NewBlock(block).Transactions())
	devchaintest.Reroot(block)
}

func TestDoor(t *testing.T) {
	t.Parallel()
	w := devchaintest.Start(t, devchain.Config{})
	const count = `{"method":"getblockcount","params":[]}`
	for _, tc := range []struct {
		name, password, body string
		status               int
		reply                string
	}{
		{"no jsonrpc, no id", w.Password, count, 200, `{"result":16,"error":null,"id":null}` + "\n"},
		{"wrong password", "nope", count, 401, ""},
		{"string id", w.Password, `{"id":"a","method":"getblockcount"}`, 200, `{"result":16,"error":null,"id":"a"}` + "\n"},
		{"unknown method", w.Password, `{"id":1,"method":"generatetoaddress"}`, 404, `"code":-32601`},
		{"not JSON", w.Password, `{`, 500, `"code":-32700`},
		{"params of no kind", w.Password, `{"id":1,"method":"getblockcount","params":7}`, 400, `"code":-32600`},
		{"too many params", w.Password, `{"id":1,"method":"getblockcount","params":[1]}`, 500, `"code":-1`},
		{"named params", w.Password, `{"id":1,"method":"getblockhash","params":{"height":99}}`, 500, `"code":-8`},
		{"unknown name", w.Password, `{"id":1,"method":"getblockhash","params":{"hight":9}}`, 500, `"code":-8`},
		{"wrong type", w.Password, `{"id":1,"method":"getblockhash","params":["x"]}`, 500, `"code":-3`},
		{"missing", w.Password, `{"id":1,"method":"getblock"}`, 500, `"code":-1`},
		{"short hash", w.Password, `{"id":1,"method":"getblock","params":["00"]}`, 500, `"code":-8`},
		{"unknown hash", w.Password, `{"id":1,"method":"getblock","params":["` + strings.Repeat("0", 64) + `"]}`, 500, `"code":-5`},
		{"batch", w.Password, `[` + count + `,{"id":2,"method":"nope"}]`, 200, `"code":-32601`},
		{"empty batch", w.Password, `[]`, 400, `"code":-32600`},
		{"request as object", w.Password, `{"id":1,"method":"getblocktemplate","params":{"rules":["segwit"]}}`, 200, `"coinbasevalue":2500`},
		{"no segwit rule", w.Password, `{"id":1,"method":"getblocktemplate","params":[{}]}`, 500, "segwit rule set"},
		{"no block", w.Password, `{"id":1,"method":"submitblock","params":["00"]}`, 500, `"code":-22`},
		{"no hex", w.Password, `{"id":1,"method":"submitblock","params":["zz"]}`, 500, `"code":-22`},
		{"no transaction", w.Password, `{"id":1,"method":"sendrawtransaction","params":["00"]}`, 500, `"code":-22`},
	} {
		status, reply := post(t, w, w.User, tc.password, tc.body)
		if status != tc.status || !strings.Contains(reply, tc.reply) {
			t.Errorf("%s: HTTP %d %s", tc.name, status, reply)
		}
		if status == 200 && strings.Index(reply, "\n") != len(reply)-1 {
			t.Errorf("%s: reply is not one line: %q", tc.name, reply)
		}
	}
	res, err := http.Get(w.URL)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusUnauthorized {
		t.Errorf("GET without credentials: HTTP %d", res.StatusCode)
	}
	if status, _ := post(t, w, w.User, w.Password, strings.Repeat(" ", 11<<20)); status != http.StatusRequestEntityTooLarge {
		t.Errorf("11 MiB request: HTTP %d", status)
	}
}

func TestServeDemandsAPassword(t *testing.T) {
	t.Parallel()
	chain, err := devchain.Open(devchain.Config{Dir: t.TempDir() + "/chain"})
	if err != nil {
		t.Fatal(err)
	}
	defer chain.Close()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := chain.Serve(deadline(t), ln, "yard", ""); !errors.Is(err, hashyard.Invalid) {
		t.Errorf("got %v, want invalid", err)
	}
}

func TestEveryMethodAnswers(t *testing.T) {
	t.Parallel()
	w := devchaintest.Start(t, devchain.Config{Bootstrap: []devchain.Output{{Script: alice, Value: btc}}})
	ctx := deadline(t)
	op, value := coin(t, w, 1)
	tx := devchaintest.NewKey("alice").Spend(t, op, value, wire.NewTxOut(value-400, bob))
	raw := hex.EncodeToString(devchaintest.TxBytes(t, tx))
	tip := w.Mine(t, 1, alice)[0].String()
	for _, tc := range []struct {
		method string
		params []any
		reply  string // part of the compact result
	}{
		{"getblockcount", nil, "17"},
		{"getbestblockhash", nil, tip},
		{"waitfornewblock", []any{1}, tip},
		{"waitfornewblock", []any{0, strings.Repeat("0", 64)}, tip},
		{"getblockhash", []any{17}, tip},
		{"getblockheader", []any{tip}, `"confirmations":1`},
		{"getblockheader", []any{tip, false}, `"00000020`},
		{"getblock", []any{tip}, `"nTx":1`},
		{"getblock", []any{tip, true}, `"weight":`},
		{"getblock", []any{tip, 2}, `"coinbase":`},
		{"getblockstats", []any{17}, `"subsidy":2500`},
		{"getblockstats", []any{tip, []string{"totalfee"}}, `{"totalfee":0}`},
		{"getblockchaininfo", nil, `"coinbase_maturity":5`},
		{"gethashyardinfo", nil, `"work_scale":1000000000`},
		{"getchaintips", nil, `"status":"active"`},
		{"getdifficulty", nil, "e-10"},
		{"getmininginfo", nil, `"chain":"hashyard-local"`},
		{"getnetworkinfo", nil, `"subversion"`},
		{"getconnectioncount", nil, "0"},
		{"decoderawtransaction", []any{raw}, `"value":0.99999600`},
		{"testmempoolaccept", []any{[]string{raw}}, `"allowed":true`},
		{"testmempoolaccept", []any{[]string{raw}, 0.00000001}, `"reject-reason":"max-fee-exceeded"`},
		{"gettxout", []any{op.Hash.String(), 0}, `"coinbase":true`},
		{"sendrawtransaction", []any{raw}, tx.TxHash().String()},
		{"sendrawtransaction", []any{raw}, tx.TxHash().String()}, // again is fine
		{"testmempoolaccept", []any{[]string{raw}}, `"txn-already-in-mempool"`},
		{"gettxout", []any{op.Hash.String(), 0}, "null"},
		{"gettxout", []any{op.Hash.String(), 0, false}, `"value":1.00000000`},
		{"gettxout", []any{tx.TxHash().String(), 0}, `"confirmations":0`},
		{"getrawmempool", nil, tx.TxHash().String()},
		{"getrawmempool", []any{true}, `"base":0.00000400`},
		{"getmempoolentry", []any{tx.TxHash().String()}, `"vsize":`},
		{"getmempoolinfo", nil, `"size":1`},
		{"getrawtransaction", []any{tx.TxHash().String()}, raw},
		{"getrawtransaction", []any{tx.TxHash().String(), true}, `"vout"`},
		{"estimatesmartfee", []any{2}, `"feerate":0.00001000`},
		{"validateaddress", []any{"bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202"}, `"iswitness":true`},
		{"validateaddress", []any{"1BoatSLRHtKNngkdXEeobR76b53LETtpyT"}, `"isvalid":false`},
		{"preciousblock", []any{tip}, "null"},
		{"getblocktemplate", []any{map[string]any{"rules": []string{"segwit"}}}, `"bits":"207fffff"`},
	} {
		var got json.RawMessage
		call(t, w, &got, tc.method, tc.params...)
		if !strings.Contains(string(got), tc.reply) {
			t.Errorf("%s %v: %s has no %s", tc.method, tc.params, got, tc.reply)
		}
	}
	fee, err := w.Client.EstimateFee(ctx, 1)
	if err != nil || fee != 1 {
		t.Errorf("fee rate %d %v, want 1 sat/vB", fee, err)
	}
	info, err := w.Client.NetworkInfo(ctx)
	if err != nil || info.Version == 0 {
		t.Errorf("network info %+v %v", info, err)
	}
}

func TestMempoolRefusals(t *testing.T) {
	t.Parallel()
	w := devchaintest.Start(t, devchain.Config{Bootstrap: []devchain.Output{{Script: alice, Value: btc}}})
	ctx := deadline(t)
	op, value := coin(t, w, 1)
	key := devchaintest.NewKey("alice")
	send := func(tx *wire.MsgTx) error {
		_, err := w.Client.SendRawTransaction(ctx, devchaintest.TxBytes(t, tx))
		return err
	}
	spoiled := key.Spend(t, op, value, wire.NewTxOut(value-500, bob))
	spoiled.TxOut[0].Value--
	for _, tc := range []struct {
		name string
		tx   *wire.MsgTx
		code int
		word string
	}{
		{"no such coin", key.Spend(t, wire.OutPoint{Hash: op.Hash, Index: 7}, value, wire.NewTxOut(1000, bob)), -25, "bad-txns-inputs-missingorspent"},
		{"bad signature", spoiled, -26, "mandatory-script-verify-flag-failed"},
		{"too much out", key.Spend(t, op, value, wire.NewTxOut(value+1, bob)), -26, "bad-txns-in-belowout"},
		{"dust", key.Spend(t, op, value, wire.NewTxOut(value-2000, bob), wire.NewTxOut(293, bob)), -26, "dust"},
		{"no fee", key.Spend(t, op, value, wire.NewTxOut(value, bob)), -26, "min relay fee not met"},
		{"absurd fee", key.Spend(t, op, value, wire.NewTxOut(1000, bob)), -25, "Fee exceeds maximum"},
		{"odd script", key.Spend(t, op, value, wire.NewTxOut(value-500, bytes.Repeat([]byte{0x51}, 40))), -26, "scriptpubkey"},
	} {
		if err := send(tc.tx); !hasCode(err, tc.code) || !strings.Contains(err.Error(), tc.word) {
			t.Errorf("%s: %v, want code %d %s", tc.name, err, tc.code, tc.word)
		}
	}
	first := key.Spend(t, op, value, wire.NewTxOut(value-500, bob))
	if err := send(first); err != nil {
		t.Fatal(err)
	}
	if err := send(key.Spend(t, op, value, wire.NewTxOut(value-550, alice))); !hasCode(err, -26) || !strings.Contains(err.Error(), "insufficient fee") {
		t.Errorf("replacement that pays too little more: %v", err)
	}
	better := key.Spend(t, op, value, wire.NewTxOut(value-900, bob))
	if err := send(better); err != nil {
		t.Errorf("replacement: %v", err)
	}
	child := devchaintest.NewKey("bob").Spend(t, wire.OutPoint{Hash: better.TxHash()}, value-900, wire.NewTxOut(value-1200, alice))
	if err := send(child); err != nil {
		t.Errorf("child of an unconfirmed transaction: %v", err)
	}
	tmpl, err := w.Client.Template(ctx, "")
	if err != nil || tmpl.Fees != 1200 || len(tmpl.Transactions) != 2 {
		t.Errorf("template: %+v %v", tmpl, err)
	}
	accept, err := w.Client.TestMempoolAccept(ctx, devchaintest.TxBytes(t, first))
	if err != nil || accept.Allowed || accept.Reason != "insufficient fee" {
		t.Errorf("test of the replaced one: %+v %v", accept, err)
	}
	w.Mine(t, 1, alice)
	out, err := w.Client.TxOut(ctx, child.TxHash(), 0, true)
	if err != nil || out == nil || int64(out.Value) != value-1200 || out.Confirmations != 1 || !bytes.Equal(out.Script, alice) {
		t.Errorf("child's output: %+v %v", out, err)
	}
	if gone, err := w.Client.TxOut(ctx, better.TxHash(), 0, true); err != nil || gone != nil {
		t.Errorf("spent output: %+v %v", gone, err)
	}
}

func FuzzRequest(f *testing.F) {
	for _, seed := range []string{
		`{"id":1,"method":"getblockhash","params":[0]}`, `[{"method":"getblockcount"}]`, `{"method":"getblock","params":{"blockhash":"00","verbosity":2}}`,
		`{"method":"getblocktemplate","params":{"rules":["segwit"]}}`, `{"method":"submitblock","params":["00"]}`, `{"method":"testmempoolaccept","params":[["00"],"0.1"]}`,
		`{"method":"sendrawtransaction","params":["0100000001"]}`, `{"method":"gettxout","params":["` + strings.Repeat("ab", 32) + `",0,true]}`, `{`, `[]`, `null`, ``,
	} {
		f.Add([]byte(seed))
	}
	chain, err := devchain.Open(devchain.Config{Dir: f.TempDir() + "/chain", Bits: devchaintest.InstantBits})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = chain.Close() })
	h := chain.Handler("u", "p")
	f.Fuzz(func(t *testing.T, body []byte) {
		if bytes.Contains(body, []byte("longpollid")) {
			return // it waits, as it should
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://x/", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth("u", "p")
		rec := &recorder{}
		h.ServeHTTP(rec, req)
		if !json.Valid(rec.body.Bytes()) {
			t.Fatalf("HTTP %d with %q", rec.status, rec.body.String())
		}
	})
}

// recorder is the little of a response that the fuzz target looks at.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header {
	if r.header == nil {
		r.header = http.Header{}
	}
	return r.header
}
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }
