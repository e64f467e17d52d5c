package devchain_test

import (
	"context"
	"encoding/hex"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/google/go-cmp/cmp"

	"hashyard"
	"hashyard/pool/node"
	"hashyard/pool/node/devchain"
	"hashyard/pool/node/devchain/devchaintest"
)

const btc = 100_000_000

var (
	alice = devchaintest.NewKey("alice").Script()
	bob   = devchaintest.NewKey("bob").Script()
)

func deadline(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// coin finds the coinbase output of the block at a height.
func coin(t *testing.T, w *devchaintest.World, height int64) (wire.OutPoint, int64) {
	t.Helper()
	ctx := deadline(t)
	hash := must(t)(w.Client.BlockHash(ctx, height))
	block, err := w.Client.Block(ctx, hash)
	if err != nil {
		t.Fatal(err)
	}
	return wire.OutPoint{Hash: block.Transactions[0].ID}, int64(block.Transactions[0].Outputs[0].Value)
}

func must(t *testing.T) func(node.Hash, error) node.Hash {
	return func(h node.Hash, err error) node.Hash {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
}

func TestBirth(t *testing.T) {
	t.Parallel()
	ctx := deadline(t)
	w := devchaintest.Start(t, devchain.Config{
		Bits:      devchain.DefaultBits,
		Bootstrap: []devchain.Output{{Script: alice, Value: 3 * btc}, {Script: bob, Value: 50 * btc}},
	})
	n, err := w.Client.Network(ctx)
	if err != nil {
		t.Fatal(err)
	}
	want := node.Network{
		Name: devchain.Name, Genesis: n.Genesis, Maturity: 5, WorkScale: 1_000_000_000, Spacing: time.Minute,
		Subsidy: node.SubsidyRule{Initial: 2500, Bootstrap: 16},
		Bits:    node.BitsRule{Limit: devchaintest.InstantBits, EasyAfter: 24 * time.Hour}, HRP: "bcrt", PubKeyHashID: 0x6f, ScriptHashID: 0xc4,
	}
	if diff := cmp.Diff(want, n); diff != "" {
		t.Errorf("network (-want +got):\n%s", diff)
	}
	tmpl, err := w.Client.Template(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	if tmpl.Bits != devchain.DefaultBits || tmpl.Height != 17 || tmpl.Version != 0x20000000 {
		t.Errorf("first template: bits %08x height %d version %08x", tmpl.Bits, tmpl.Height, tmpl.Version)
	}
	if tmpl.CoinbaseValue != 2500 || tmpl.Subsidy != 2500 || tmpl.Fees != 0 {
		t.Errorf("first template pays %d = %d + %d", tmpl.CoinbaseValue, tmpl.Subsidy, tmpl.Fees)
	}
	info, err := w.Client.ChainInfo(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if info.Difficulty < 0.01676 || info.Difficulty > 0.01677 {
		t.Errorf("difficulty shown is %v, want the next block's, 0.0167636", info.Difficulty)
	}
	for height, want := range map[int64]int64{1: 3 * btc, 2: 50 * btc, 3: 0} {
		stats, err := w.Client.BlockStats(ctx, height)
		if err != nil || int64(stats.Subsidy) != want {
			t.Errorf("block %d created %d (%v), want %d", height, stats.Subsidy, err, want)
		}
	}
	tip := must(t)(w.Client.BestBlockHash(ctx))
	h, err := w.Client.BlockHeader(ctx, tip)
	if err != nil || time.Since(h.Time) > time.Minute || h.Height != 16 {
		t.Errorf("tip at height %d is stamped %v (%v), want now", h.Height, h.Time, err)
	}
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]devchain.Config{
		"too much":      {Bootstrap: []devchain.Output{{Script: alice, Value: 50*btc + 1}}},
		"nothing":       {Bootstrap: []devchain.Output{{Script: alice}}},
		"no script":     {Bootstrap: []devchain.Output{{Value: 1}}},
		"other network": {Bootstrap: []devchain.Output{{Address: "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", Value: 1}}},
		"both":          {Bootstrap: []devchain.Output{{Address: "bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202", Script: alice, Value: 1}}},
		"bits":          {Bits: 0x21000001},
		"subsidy":       {Subsidy: -1},
		"scale":         {WorkScale: -1},
	} {
		cfg.Dir = filepath.Join(t.TempDir(), "chain")
		if c, err := devchain.Open(cfg); !errors.Is(err, hashyard.Invalid) {
			t.Errorf("%s: got %v, want invalid", name, err)
			if c != nil {
				_ = c.Close()
			}
		}
	}
	if _, err := devchain.Open(devchain.Config{}); !errors.Is(err, hashyard.Invalid) {
		t.Errorf("no folder: got %v", err)
	}
}

func TestRestartKeepsTipAndParameters(t *testing.T) {
	t.Parallel()
	ctx := deadline(t)
	dir := filepath.Join(t.TempDir(), "chain")
	boot := []devchain.Output{{Address: "bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202", Value: btc}}
	w := devchaintest.Start(t, devchain.Config{Dir: dir, Bootstrap: boot})
	hashes := w.Mine(t, 3, alice)
	genesis := must(t)(w.Client.BlockHash(ctx, 0))
	w.Stop()

	again := devchaintest.Start(t, devchain.Config{Dir: dir, Bootstrap: boot})
	if got := must(t)(again.Client.BestBlockHash(ctx)); got != hashes[2] {
		t.Errorf("tip after restart is %s, want %s", got, hashes[2])
	}
	if got := must(t)(again.Client.BlockHash(ctx, 0)); got != genesis {
		t.Errorf("genesis changed")
	}
	if _, err := devchain.Open(devchain.Config{Dir: dir}); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("second opening of a chain in use: got %v, want conflict", err)
	}
	again.Stop()
	for name, cfg := range map[string]devchain.Config{
		"bits":    {Bits: devchain.DefaultBits},
		"subsidy": {Subsidy: 2501},
		"scale":   {WorkScale: 1},
		"payment": {Bootstrap: []devchain.Output{{Script: bob, Value: btc}}},
	} {
		cfg.Dir = dir
		if _, err := devchain.Open(cfg); !errors.Is(err, hashyard.Conflict) {
			t.Errorf("opened with other %s: got %v, want conflict", name, err)
		}
	}
}

func TestForeignFolderIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := devchain.Open(devchain.Config{Dir: "."}); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("opened a folder of source code: %v", err)
	}
}

// A clock that a test moves.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func TestLongRestIsEndedByOneEasyBlock(t *testing.T) {
	t.Parallel()
	ctx := deadline(t)
	at := &clock{time.Now()}
	dir := filepath.Join(t.TempDir(), "chain")
	cfg := devchain.Config{Dir: dir, Bits: devchain.EasyBits, Now: at.now}
	for _, rest := range []struct {
		days   int
		height int64
	}{{0, 16}, {3, 16}, {29, 17}, {31, 18}} {
		at.t = at.t.Add(time.Duration(rest.days) * 24 * time.Hour)
		w := devchaintest.Start(t, cfg)
		tmpl, err := w.Client.Template(ctx, "")
		if err != nil {
			t.Fatal(err)
		}
		if tmpl.Bits != devchain.EasyBits {
			t.Errorf("after %d days a job would carry bits %08x", rest.days, tmpl.Bits)
		}
		if tmpl.Height != rest.height+1 {
			t.Errorf("after %d days the tip is at %d, want %d", rest.days, tmpl.Height-1, rest.height)
		}
		w.Stop()
	}
}

func TestRunningThroughALongRest(t *testing.T) {
	t.Parallel()
	ctx := deadline(t)
	at := &clock{time.Now()}
	// Within two hours of the gap, when rolled time would already be easy.
	w := devchaintest.Start(t, devchain.Config{Bits: devchain.EasyBits, Now: at.now})
	at.t = at.t.Add(30*24*time.Hour - time.Hour)
	tmpl, err := w.Client.Template(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	if tmpl.Bits != devchain.EasyBits || tmpl.Height != 18 {
		t.Errorf("bits %08x at height %d, want the world's above one easy block", tmpl.Bits, tmpl.Height)
	}
}

func TestFeesReachTheTemplate(t *testing.T) {
	t.Parallel()
	ctx := deadline(t)
	w := devchaintest.Start(t, devchain.Config{Bootstrap: []devchain.Output{{Script: alice, Value: btc}}})
	op, value := coin(t, w, 1)
	tx := devchaintest.NewKey("alice").Spend(t, op, value, wire.NewTxOut(value-700, bob))
	id := must(t)(w.Client.SendRawTransaction(ctx, devchaintest.TxBytes(t, tx)))
	tmpl, err := w.Client.Template(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	if tmpl.Fees != 700 || tmpl.CoinbaseValue != 3200 || tmpl.Subsidy != 2500 || len(tmpl.Transactions) != 1 {
		t.Fatalf("template pays %d = %d + %d with %d transactions", tmpl.CoinbaseValue, tmpl.Subsidy, tmpl.Fees, len(tmpl.Transactions))
	}
	hash := w.Mine(t, 1, bob)[0]
	block, err := w.Client.Block(ctx, hash)
	if err != nil {
		t.Fatal(err)
	}
	got := block.Transactions[1]
	if got.ID != id || !got.HasFee || got.Fee != 700 || got.Confirmations != 1 || got.BlockHash != hash {
		t.Errorf("mined transaction: %+v", got)
	}
	stats, err := w.Client.BlockStats(ctx, block.Height)
	if err != nil || stats.TotalFee != 700 || stats.Subsidy != 2500 || stats.Txs != 2 {
		t.Errorf("stats %+v, %v", stats, err)
	}
	if _, err := w.Client.SendRawTransaction(ctx, devchaintest.TxBytes(t, tx)); !hasCode(err, -27) {
		t.Errorf("sending a mined transaction: %v, want code -27", err)
	}
}

func hasCode(err error, code int) bool {
	var rpc *node.RPCError
	return errors.As(err, &rpc) && rpc.Code == code
}

func TestMaturity(t *testing.T) {
	t.Parallel()
	ctx := deadline(t)
	w := devchaintest.Start(t, devchain.Config{})
	w.Mine(t, 1, alice)
	op, value := coin(t, w, 17)
	raw := devchaintest.TxBytes(t, devchaintest.NewKey("alice").Spend(t, op, value, wire.NewTxOut(value-300, bob)))
	w.Mine(t, 3, bob) // 4 confirmations
	_, err := w.Client.SendRawTransaction(ctx, raw)
	if !hasCode(err, -26) || !strings.Contains(err.Error(), "bad-txns-premature-spend-of-coinbase") {
		t.Fatalf("at 4 confirmations: %v", err)
	}
	w.Mine(t, 1, bob) // 5
	id := must(t)(w.Client.SendRawTransaction(ctx, raw))
	w.Mine(t, 1, bob)
	tx, err := w.Client.RawTransaction(ctx, id)
	if err != nil || tx.Confirmations != 1 {
		t.Fatalf("spend is not mined: %+v %v", tx, err)
	}
}

func TestLongPollWakesOnANewBlock(t *testing.T) {
	t.Parallel()
	ctx := deadline(t)
	w := devchaintest.Start(t, devchain.Config{})
	first, err := w.Client.Template(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	type answer struct {
		t   *node.Template
		err error
	}
	got := make(chan answer, 1)
	go func() {
		tmpl, err := w.Client.Template(ctx, first.LongPollID)
		got <- answer{tmpl, err}
	}()
	select {
	case a := <-got:
		t.Fatalf("long poll returned before anything happened: %v", a.err)
	case <-time.After(150 * time.Millisecond):
	}
	hash := w.Mine(t, 1, alice)[0]
	a := <-got
	if a.err != nil {
		t.Fatal(a.err)
	}
	if a.t.PrevHash != hash || a.t.Height != 18 {
		t.Errorf("long poll gave height %d", a.t.Height)
	}
}

func TestStoredBlockHasItsWitness(t *testing.T) {
	t.Parallel()
	w := devchaintest.Start(t, devchain.Config{})
	block := w.Next(t, alice)
	block.Transactions[0].TxIn[0].Witness = nil // a miner that knows the txid only
	if v := w.Submit(t, block); v != node.Accepted {
		t.Fatal(v)
	}
	var s string
	call(t, w, &s, "getblock", block.BlockHash().String(), 0)
	raw, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := btcutil.NewBlockFromBytes(raw)
	if err != nil {
		t.Fatal(err)
	}
	if got := stored.MsgBlock().Transactions[0].TxIn[0].Witness; len(got) != 1 || len(got[0]) != 32 {
		t.Errorf("coinbase witness is %v, want the nonce that submitblock adds", got)
	}
}
