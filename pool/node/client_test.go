package node

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"hashyard"
)

// fakeNode answers each method with a fixed result (raw JSON) or, if it begins
// with "!", a raw error object.
func fakeNode(t *testing.T, results map[string]string) *Client {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		var req struct {
			JSONRPC string
			ID      json.RawMessage
			Method  string
		}
		body, err := io.ReadAll(r.Body)
		if err != nil || json.Unmarshal(body, &req) != nil || req.JSONRPC != "1.0" {
			t.Errorf("bad request %s", body)
			return
		}
		if u, p, _ := r.BasicAuth(); u != "u" || p != "p" {
			rw.WriteHeader(http.StatusUnauthorized)
			return
		}
		result, ok := results[req.Method]
		if !ok {
			result = `!{"code":-32601,"message":"Method not found"}`
		}
		if fault, isFault := strings.CutPrefix(result, "!"); isFault {
			rw.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(rw, `{"result":null,"error":`+fault+`,"id":`+string(req.ID)+`}`)
			return
		}
		_, _ = io.WriteString(rw, `{"result":`+result+`,"error":null,"id":`+string(req.ID)+`}`)
	}))
	t.Cleanup(srv.Close)
	c, err := New(Config{URL: srv.URL, User: "u", Password: "p", Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestNewRefusesBadAddresses(t *testing.T) {
	for _, url := range []string{"", "127.0.0.1:8332", "ftp://x", "http://user:secret@127.0.0.1:8332"} {
		if _, err := New(Config{URL: url}); !errors.Is(err, hashyard.Invalid) {
			t.Errorf("%q: got %v, want invalid", url, err)
		}
	}
}

func TestNodeErrorsKeepCodeAndKind(t *testing.T) {
	ctx := t.Context()
	for _, tc := range []struct {
		reply string
		code  int
		kind  hashyard.Kind
	}{
		{`!{"code":-5,"message":"Block not found"}`, -5, hashyard.NotFound},
		{`!{"code":-28,"message":"Loading block index..."}`, -28, hashyard.Unavailable},
		{`!{"code":-10,"message":"Bitcoin is downloading blocks..."}`, -10, hashyard.Unavailable},
	} {
		c := fakeNode(t, map[string]string{"getblockcount": tc.reply})
		_, err := c.BlockCount(ctx)
		var rpc *RPCError
		if !errors.As(err, &rpc) || rpc.Code != tc.code || rpc.Method != "getblockcount" || !errors.Is(err, tc.kind) {
			t.Errorf("%s: got %v", tc.reply, err)
		}
	}
	c := fakeNode(t, map[string]string{"getblockhash": `!{"code":-8,"message":"Block height out of range"}`})
	if _, err := c.BlockHash(ctx, 9); !errors.Is(err, hashyard.NotFound) {
		t.Errorf("height above the tip: got %v, want not found", err)
	}
}

func TestTransportFaults(t *testing.T) {
	var reply func(rw http.ResponseWriter)
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { reply(rw) }))
	defer srv.Close()
	c, err := New(Config{URL: srv.URL, MaxReply: 1000, Timeout: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, tc := range []struct {
		name  string
		kind  hashyard.Kind
		reply func(rw http.ResponseWriter)
	}{
		{"empty body", hashyard.Unavailable, func(http.ResponseWriter) {}},
		{"HTML", hashyard.Unavailable, func(rw http.ResponseWriter) { _, _ = io.WriteString(rw, "<html>"+strings.Repeat("x", 500)) }},
		{"other id", hashyard.Unavailable, func(rw http.ResponseWriter) { _, _ = io.WriteString(rw, `{"result":5,"id":4711}`) }},
		{"no id", hashyard.Unavailable, func(rw http.ResponseWriter) { _, _ = io.WriteString(rw, `{"result":5}`) }},
		{"too long", hashyard.Exhausted, func(rw http.ResponseWriter) { _, _ = rw.Write(make([]byte, 1001)) }},
		{"wrong password", hashyard.Unauthenticated, func(rw http.ResponseWriter) { rw.WriteHeader(http.StatusUnauthorized) }},
		{"bad gateway", hashyard.Unavailable, func(rw http.ResponseWriter) { rw.WriteHeader(http.StatusBadGateway) }},
	} {
		reply = tc.reply
		if _, err := c.BlockCount(t.Context()); !errors.Is(err, tc.kind) {
			t.Errorf("%s: got %v, want %s", tc.name, err, tc.kind)
		}
	}
	srv.Close()
	if _, err := c.BlockCount(t.Context()); !errors.Is(err, hashyard.Unavailable) {
		t.Errorf("node down: got %v, want unavailable", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.BlockCount(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
}

func TestAmountsAreExact(t *testing.T) {
	for s, want := range map[string]hashyard.Sats{
		"0.00002500": 2500, "5e-06": 500, "1E-8": 1, "21000000": maxSats, "-0.00000001": -1, "0": 0, "0.07": 7_000_000, "2.5e1": 2_500_000_000,
	} {
		if got, err := parseBTC(json.Number(s)); err != nil || got != want {
			t.Errorf("%s BTC = %d, %v; want %d", s, got, err, want)
		}
	}
	for _, s := range []string{"", "x", "0.000000001", "1e999999999", "1e-999999999", "21000000.00000001", "1/3", "0x10", "1_000", "NaN", strings.Repeat("1", 40)} {
		if got, err := parseBTC(json.Number(s)); !errors.Is(err, hashyard.Invalid) {
			t.Errorf("%q BTC = %d, %v; want invalid", s, got, err)
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		want := hashyard.Sats(rapid.Int64Range(-maxSats, maxSats).Draw(r, "sats"))
		if got, err := parseBTC(json.Number(want.String())); err != nil || got != want {
			r.Fatalf("%s = %d, %v", want, got, err)
		}
	})
}

func FuzzParseBTC(f *testing.F) {
	for _, s := range []string{"0.00002500", "5e-06", "1e99", "-1", "1/2", "0x1p-2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := parseBTC(json.Number(s))
		if err == nil && (v > maxSats || v < -maxSats) {
			t.Fatalf("%q is %d", s, v)
		}
		satsPerKvB(json.Number(s))
	})
}

func TestFeeRates(t *testing.T) {
	for reply, want := range map[string]hashyard.Sats{
		`{"feerate":0.00001000,"blocks":2}`: 1,
		`{"feerate":0.00001001,"blocks":2}`: 2, // up: a rate a hair low is not relayed
		`{"feerate":1.0004e-05}`:            2,
		`{"feerate":0.00012345}`:            13,
		`{"feerate":0}`:                     0,
	} {
		c := fakeNode(t, map[string]string{"estimatesmartfee": reply})
		if got, err := c.EstimateFee(t.Context(), 2); err != nil || got != want {
			t.Errorf("%s: %d sat/vB, %v; want %d", reply, got, err, want)
		}
	}
	c := fakeNode(t, map[string]string{"estimatesmartfee": `{"errors":["Insufficient data or no feerate found"],"blocks":2}`})
	if _, err := c.EstimateFee(t.Context(), 2); !errors.Is(err, hashyard.Unavailable) {
		t.Errorf("no data: got %v", err)
	}
}

// btcdBlock is regtest's genesis as btcd writes it: transactions under "rawtx",
// bits unpadded elsewhere, no fee, values as floats.
const btcdBlock = `{"hash":"0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206","confirmations":3,"height":0,"version":1,
"versionHex":"00000001","merkleroot":"4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b","time":1296688602,"nonce":2,"bits":"207fffff",
"difficulty":1,"previousblockhash":"0000000000000000000000000000000000000000000000000000000000000000","rawtx":[{"txid":"4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b",
"vin":[{"coinbase":"04ffff001d0104","sequence":4294967295}],"vout":[{"value":5e+01,"n":0,"scriptPubKey":{"hex":"6a"}}]}]}`

func TestBlockFromBtcd(t *testing.T) {
	c := fakeNode(t, map[string]string{"getblock": btcdBlock})
	hash, err := parseHash("0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206")
	if err != nil {
		t.Fatal(err)
	}
	b, err := c.Block(t.Context(), hash)
	if err != nil {
		t.Fatal(err)
	}
	tx := b.Transactions[0]
	if b.Confirmations != 3 || tx.HasFee || tx.BlockHash != hash || tx.Inputs[0].Vout != 0xffffffff {
		t.Errorf("block %+v", b)
	}
	if diff := cmp.Diff([]Output{{Value: 5_000_000_000, Script: []byte{0x6a}}}, tx.Outputs); diff != "" {
		t.Error(diff)
	}
	hash[0] ^= 1
	if _, err := c.Block(t.Context(), hash); !errors.Is(err, hashyard.Invalid) {
		t.Errorf("another block than asked for: got %v, want invalid", err)
	}
}

func TestTransactionMustBeTheOneAskedFor(t *testing.T) {
	c := fakeNode(t, map[string]string{"getrawtransaction": `{"txid":"4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b","hex":"01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff0151ffffffff0100000000000000000000000000"}`})
	hash, err := parseHash("4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.RawTransaction(t.Context(), hash); !errors.Is(err, hashyard.Invalid) {
		t.Errorf("got %v, want invalid", err)
	}
}

func TestSubmitVerdicts(t *testing.T) {
	for reply, want := range map[string]string{
		`null`:                                Accepted,
		`"inconclusive"`:                      Inconclusive,
		`"high-hash"`:                         "high-hash",
		`"rejected: already have block 00ff"`: Duplicate,
		`"rejected: block hash of 7f is higher than expected max of 00"`: "high-hash",
		`"rejected: something else"`:                                     "rejected: something else",
	} {
		c := fakeNode(t, map[string]string{"submitblock": reply})
		if got, err := c.SubmitBlock(t.Context(), []byte{1}); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", reply, got, err, want)
		}
	}
}
