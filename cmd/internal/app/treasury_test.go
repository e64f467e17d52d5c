package app

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/btcsuite/btcd/address/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"hashyard"
	"hashyard/brokerage/ledger"
	"hashyard/brokerage/postgres"
	"hashyard/brokerage/treasury"
	"hashyard/brokerage/treasury/signer"
	"hashyard/migrations/testdb"
	"hashyard/pool/node"
	"hashyard/pool/node/devchain"
	"hashyard/pool/node/devchain/devchaintest"
)

// vault is a treasury on the real local chain, with a signer behind HTTP.
type vault struct {
	t      *testing.T
	world  *devchaintest.World
	store  *postgres.Store
	svc    *treasury.Service
	script []byte
	house  hashyard.ID
	now    time.Time

	signerDir string
	stop      func()
	url       string
}

func newVault(t *testing.T) *vault {
	t.Helper()
	v := &vault{t: t, store: postgres.New(testdb.New(t)), house: hashyard.NewID(), now: time.Now(), signerDir: t.TempDir()}
	info := v.startSigner()
	var err error
	if v.script, err = hex.DecodeString(info.Script); err != nil {
		t.Fatal(err)
	}
	var birth []devchain.Output
	for range 8 {
		birth = append(birth, devchain.Output{Address: info.Address, Value: 312_500})
	}
	v.world = devchaintest.Start(t, devchain.Config{Bootstrap: birth})
	v.restart()
	return v
}

// startSigner serves the signer of the vault's folder at an address of its own.
func (v *vault) startSigner() signer.Info {
	v.t.Helper()
	sg, err := signer.New(signer.Config{
		Dir: v.signerDir, Network: &chaincfg.RegressionNetParams, Now: time.Now,
		Limits: signer.Limits{PerPayout: 100_000, PerDay: 5_000_000, MaxFee: 20_000},
	})
	if err != nil {
		v.t.Fatal(err)
	}
	srv := httptest.NewServer(signer.Handler(sg, "hush", slog.New(slog.NewTextHandler(io.Discard, nil))))
	stopped := false
	v.url, v.stop = srv.URL, func() {
		if !stopped {
			stopped = true
			srv.Close()
			sg.Close()
		}
	}
	v.t.Cleanup(v.stop)
	return sg.Info()
}

// invalidate makes the node forget a block and all above it.
func (v *vault) invalidate(h node.Hash) {
	v.t.Helper()
	body := fmt.Sprintf(`{"id":1,"method":"invalidateblock","params":[%q]}`, h)
	req, err := http.NewRequestWithContext(v.t.Context(), http.MethodPost, v.world.URL, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	req.SetBasicAuth(v.world.User, v.world.Password)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		v.t.Fatalf("invalidateblock: HTTP %d", resp.StatusCode)
	}
}

func (v *vault) restart() {
	v.t.Helper()
	v.over(treasuryChain{v.world.Client})
}

// over starts the treasury anew over a node.
func (v *vault) over(c treasury.Chain) {
	v.t.Helper()
	var err error
	v.svc, err = treasury.New(treasury.Config{
		Store: v.store.Treasury(), Chain: c, Signer: signer.NewClient(v.url, "hush"),
		Network: &chaincfg.RegressionNetParams, Rules: treasury.Rules{House: v.house, Maturity: devchain.Maturity, Tag: coinbaseTag},
		Threshold: 300, Confirmations: 2, Rebroadcast: time.Millisecond,
		// The clock runs by itself, so that nothing waits for a rebroadcast.
		Now: func() time.Time { v.now = v.now.Add(time.Second); return v.now },
	})
	if err != nil {
		v.t.Fatal(err)
	}
}

func (v *vault) step() {
	v.t.Helper()
	if err := v.svc.Step(v.t.Context()); err != nil {
		v.t.Fatal(err)
	}
}

// sound counts the treasury's coins with the node's own UTXO set.
func (v *vault) sound() treasury.Overview {
	v.t.Helper()
	o, err := v.svc.Overview(v.t.Context(), hashyard.SystemActor("test"))
	if err != nil {
		v.t.Fatal(err)
	}
	var chain hashyard.Sats
	for _, c := range o.Coins {
		out, err := v.world.Client.TxOut(v.t.Context(), c.Point.Hash, c.Point.Index, false)
		if err != nil || out == nil {
			v.t.Fatalf("coin %s: %v, %v", c.Point, out, err)
		}
		if !out.Coinbase || out.Confirmations >= devchain.Maturity {
			chain += out.Value
		}
	}
	tb, err := v.store.TrialBalance(v.t.Context())
	if err != nil || !tb.Sound() {
		v.t.Fatalf("trial balance %+v, %v", tb, err)
	}
	if b := o.Balances; b.Difference() != 0 || b.Spendable != chain || b.LedgerCoins != chain {
		v.t.Fatalf("node %d sat, coins %d, ledger %d", chain, b.Spendable, b.LedgerCoins)
	}
	return o
}

func (v *vault) earn(org hashyard.ID, sats int64) {
	v.t.Helper()
	id := hashyard.NewID()
	err := v.store.Post(v.t.Context(), "test", hashyard.ID{}, ledger.Entry{
		Key: "statement-" + id.String(), At: time.Now(), Memo: "work", Ref: hashyard.Ref{Kind: "statement", ID: id},
		Postings: []ledger.Posting{
			{Org: v.house, Currency: hashyard.BTC, Purpose: ledger.FPPSExpense, Amount: sats},
			{Org: org, Currency: hashyard.BTC, Purpose: ledger.Earnings, Amount: -sats},
		},
	})
	if err != nil {
		v.t.Fatal(err)
	}
}

func (v *vault) last(a hashyard.Actor, want treasury.State) treasury.Shown {
	v.t.Helper()
	ps, _, err := v.svc.Payouts(v.t.Context(), a, treasury.Query{})
	if err != nil || len(ps) == 0 || ps[0].State != want {
		v.t.Fatalf("payouts %+v, %v; want one that is %s", ps, err, want)
	}
	return ps[0]
}

// payee is a tenant with an address of a key of the test's own.
func payee(t *testing.T, key devchaintest.Key) (hashyard.Actor, string) {
	t.Helper()
	a, err := address.NewAddressWitnessPubKeyHash(key.Script()[2:], &chaincfg.RegressionNetParams)
	if err != nil {
		t.Fatal(err)
	}
	return hashyard.Actor{User: hashyard.NewID(), Org: hashyard.NewID(), Roles: []hashyard.Role{hashyard.Owner}}, a.EncodeAddress()
}

func TestPayoutOnTheLocalChain(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	miner := devchaintest.NewKey("a stranger").Script()
	v.step()
	// The world's birth is capital, and all of it is mature at once.
	if o := v.sound(); o.Balances.Spendable != 8*312_500 || o.Balances.Immature != 0 {
		t.Fatalf("at birth %+v", o.Balances)
	}
	key := devchaintest.NewKey("the miner's wallet")
	a, to := payee(t, key)
	if _, err := v.svc.SetAddress(t.Context(), a, to); err != nil {
		t.Fatal(err)
	}
	v.earn(a.Org, 1_021)

	// Without the signer it waits, with it the draft that was made goes on.
	v.stop()
	if err := v.svc.Step(t.Context()); !errors.Is(err, hashyard.Unavailable) {
		t.Fatalf("signer stopped: %v", err)
	}
	waits := v.last(a, treasury.AwaitingSignature)
	v.startSigner()
	v.restart()
	v.step()
	p := v.last(a, treasury.Broadcast)
	if p.ID != waits.ID || p.PSBT != waits.PSBT || p.Amount != 1_021 {
		t.Fatalf("another payout: %+v", p)
	}
	pool, err := v.world.Client.Mempool(t.Context())
	if err != nil || len(pool) != 1 || pool[0].String() != p.TxID {
		t.Fatalf("mempool %v, %v", pool, err)
	}
	v.sound()
	v.step() // sent again: the node has it and says nothing
	v.world.Mine(t, 1, miner)
	v.step() // and in the chain too
	v.sound()
	v.world.Mine(t, 1, miner)
	v.step()
	if p = v.last(a, treasury.Confirmed); p.Depth != 2 {
		t.Fatalf("%d confirmations", p.Depth)
	}
	v.sound()
	v.spend(key, p)
}

// spend shows that the payee really has it.
func (v *vault) spend(key devchaintest.Key, p treasury.Shown) {
	v.t.Helper()
	var tx wire.MsgTx
	if err := tx.Deserialize(bytes.NewReader(p.Tx)); err != nil {
		v.t.Fatal(err)
	}
	on := key.Spend(v.t, wire.OutPoint{Hash: tx.TxHash(), Index: 0}, int64(p.Amount), wire.NewTxOut(int64(p.Amount)-200, key.Script()))
	if _, err := v.world.Client.SendRawTransaction(v.t.Context(), devchaintest.TxBytes(v.t, on)); err != nil {
		v.t.Fatalf("the payee spends: %v", err)
	}
}

func TestRewardsCountWhenTheyAreMature(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	v.step()
	birth := v.sound().Balances.Spendable
	block := v.world.Next(t, v.script)
	block.Transactions[0].TxIn[0].SignatureScript = append(block.Transactions[0].TxIn[0].SignatureScript, coinbaseTag...)
	devchaintest.Reroot(block)
	devchaintest.Solve(block)
	if verdict := v.world.Submit(t, block); verdict != node.Accepted {
		t.Fatal(verdict)
	}
	stranger := devchaintest.NewKey("a stranger").Script()
	for depth := 1; depth < devchain.Maturity; depth++ {
		v.step()
		if b := v.sound().Balances; b.Spendable != birth || b.Immature != devchain.DefaultSubsidy {
			t.Fatalf("depth %d: %+v", depth, b)
		}
		v.world.Mine(t, 1, stranger)
	}
	v.step()
	o := v.sound()
	if o.Balances.Spendable != birth+devchain.DefaultSubsidy || o.Coins[len(o.Coins)-1].Kind != treasury.Reward {
		t.Fatalf("mature: %+v %+v", o.Balances, o.Coins)
	}
}

func TestReorganisationOfTheLocalChain(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	stranger := devchaintest.NewKey("a stranger").Script()
	v.step()
	a, to := payee(t, devchaintest.NewKey("the miner's wallet"))
	if _, err := v.svc.SetAddress(t.Context(), a, to); err != nil {
		t.Fatal(err)
	}
	v.earn(a.Org, 5_000)
	v.step()
	mined := v.world.Mine(t, 3, stranger)
	v.step()
	before := v.last(a, treasury.Confirmed)
	v.invalidate(mined[0])
	v.step()
	again := v.last(a, treasury.Broadcast)
	if again.Depth != 0 || again.TxID != before.TxID || string(again.Tx) != string(before.Tx) {
		t.Fatalf("after the reorganisation: %+v", again.Payout)
	}
	v.sound()
	v.world.Mine(t, 2, stranger)
	v.step()
	v.last(a, treasury.Confirmed)
	v.sound()
}

// lossy is a node whose answer to a broadcast is lost on the way.
type lossy struct {
	treasury.Chain
	lose int
}

func (l *lossy) Broadcast(ctx context.Context, raw []byte) error {
	err := l.Chain.Broadcast(ctx, raw)
	if l.lose--; err == nil && l.lose >= 0 {
		return hashyard.Unavailable.Errorf("read reply: connection reset")
	}
	return err
}

func TestALostAnswerIsNoSecondPayment(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	v.step()
	a, to := payee(t, devchaintest.NewKey("the miner's wallet"))
	if _, err := v.svc.SetAddress(t.Context(), a, to); err != nil {
		t.Fatal(err)
	}
	v.earn(a.Org, 5_000)
	v.over(&lossy{Chain: treasuryChain{v.world.Client}, lose: 1})
	if err := v.svc.Step(t.Context()); !errors.Is(err, hashyard.Unavailable) {
		t.Fatalf("answer lost: %v", err)
	}
	p := v.last(a, treasury.Signed)
	v.world.Mine(t, 1, devchaintest.NewKey("a stranger").Script())
	v.restart()
	v.step()
	if again := v.last(a, treasury.Broadcast); again.TxID != p.TxID || again.Depth != 1 {
		t.Fatalf("%+v", again)
	}
	v.world.Mine(t, 1, devchaintest.NewKey("a stranger").Script())
	v.step()
	v.last(a, treasury.Confirmed)
	if ps, _, err := v.svc.Payouts(t.Context(), a, treasury.Query{}); err != nil || len(ps) != 1 {
		t.Fatalf("%d payouts, %v", len(ps), err)
	}
	v.sound()
}
