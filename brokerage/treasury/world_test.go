package treasury_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/btcsuite/btcd/address/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/brokerage/ledger"
	"hashyard/brokerage/postgres"
	"hashyard/brokerage/treasury"
	"hashyard/brokerage/treasury/signer"
	"hashyard/migrations/pg"
	"hashyard/migrations/testdb"
)

func TestMain(m *testing.M) { testdb.Main(m) }

var regtest = &chaincfg.RegressionNetParams

// other is the n-th address of somebody else.
func otherAddress(n int) string {
	h := chainhash.HashB([]byte(fmt.Sprintf("somebody %d", n)))
	a, err := address.NewAddressWitnessPubKeyHash(h[:20], regtest)
	if err != nil {
		panic(err) // 20 bytes always fit
	}
	return a.EncodeAddress()
}

func other(n int) []byte {
	a, err := address.DecodeAddress(otherAddress(n), regtest)
	if err != nil {
		panic(err)
	}
	s, err := txscript.PayToAddrScript(a)
	if err != nil {
		panic(err)
	}
	return s
}

// keeper is the real signer without the process around it; it can be stopped.
type keeper struct {
	*signer.Signer
	mu   sync.Mutex // guards down, asked
	down bool
	// asked are the payouts it was asked to sign.
	asked []hashyard.ID
}

func (k *keeper) stop(down bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.down = down
}

func (k *keeper) up() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.down {
		return hashyard.Unavailable.Errorf("the signer does not answer")
	}
	return nil
}

func (k *keeper) Info(context.Context) (signer.Info, error) { return k.Signer.Info(), k.up() }

func (k *keeper) Enrol(_ context.Context, e signer.Enrolment) error {
	if err := k.up(); err != nil {
		return err
	}
	return k.Signer.Enrol(e)
}

func (k *keeper) Freeze(_ context.Context, frozen bool, reason string) error {
	if err := k.up(); err != nil {
		return err
	}
	return k.Signer.Freeze(signer.Freeze{Frozen: frozen, Reason: reason})
}

func (k *keeper) Sign(_ context.Context, r signer.Request) (signer.Signed, error) {
	if err := k.up(); err != nil {
		return signer.Signed{}, err
	}
	k.mu.Lock()
	k.asked = append(k.asked, r.Payout)
	k.mu.Unlock()
	return k.Signer.Sign(r)
}

// yard is a treasury on a database of its own, with the real signer and a
// scripted chain.
type yard struct {
	t      testing.TB
	db     *pg.DB
	owner  *pgx.Conn
	store  *postgres.Store
	chain  *chain
	keeper *keeper
	house  hashyard.Actor
	script []byte

	mu  sync.Mutex // guards by
	by  time.Duration
	cfg treasury.Config
	svc *treasury.Service
}

func (y *yard) now() time.Time {
	y.mu.Lock()
	defer y.mu.Unlock()
	return time.Now().Add(y.by)
}

func (y *yard) pass(d time.Duration) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.by += d
}

func newYard(t testing.TB) *yard {
	t.Helper()
	db := testdb.New(t)
	y := &yard{t: t, db: db, owner: testdb.Owner(t, db), store: postgres.New(db), chain: newChain()}
	y.house = hashyard.Actor{User: hashyard.NewID(), Org: hashyard.NewID(), House: true, Roles: []hashyard.Role{hashyard.Treasury}}
	sg, err := signer.New(signer.Config{
		Dir: t.TempDir(), Network: regtest, Now: y.now,
		Limits: signer.Limits{PerPayout: 50_000, PerDay: 100_000_000, MaxFee: 5_000},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sg.Close() })
	y.keeper = &keeper{Signer: sg}
	if y.script, err = hex.DecodeString(sg.Info().Script); err != nil {
		t.Fatal(err)
	}
	y.cfg = treasury.Config{
		Store: y.store.Treasury(), Chain: y.chain, Signer: y.keeper, Network: regtest,
		Rules:     treasury.Rules{House: y.house.Org, Maturity: maturity, Tag: tag},
		Threshold: 1_000, Confirmations: 3, FeeCeiling: 20, Now: y.now,
	}
	y.restart()
	return y
}

// restart is a new process: nothing but the database is remembered.
func (y *yard) restart() {
	y.t.Helper()
	var err error
	if y.svc, err = treasury.New(y.cfg); err != nil {
		y.t.Fatal(err)
	}
}

func (y *yard) step() {
	y.t.Helper()
	if err := y.svc.Step(y.t.Context()); err != nil {
		y.t.Fatal(err)
	}
}

// blocks mines blocks of somebody else, mempool included.
func (y *yard) blocks(n int) {
	for range n {
		y.chain.mine("", 50, other(0), false)
	}
}

// fund deposits coins and buries them.
func (y *yard) fund(values ...int64) {
	for _, v := range values {
		y.chain.give(v, y.script)
	}
	y.blocks(3)
}

// tenant is an organisation with earnings and the n-th foreign address.
func (y *yard) tenant(n int, earned hashyard.Sats) hashyard.Actor {
	y.t.Helper()
	a := hashyard.Actor{User: hashyard.NewID(), Org: hashyard.NewID(), Roles: []hashyard.Role{hashyard.Owner}}
	if _, err := y.svc.SetAddress(y.t.Context(), a, otherAddress(n)); err != nil {
		y.t.Fatal(err)
	}
	y.earn(a.Org, earned)
	return a
}

func (y *yard) earn(org hashyard.ID, sats hashyard.Sats) {
	y.t.Helper()
	if sats == 0 {
		return
	}
	id := hashyard.NewID()
	err := y.store.Post(y.t.Context(), "test", hashyard.ID{}, ledger.Entry{
		Key: "statement-" + id.String(), At: y.now(), Memo: "work", Ref: hashyard.Ref{Kind: "statement", ID: id},
		Postings: []ledger.Posting{
			{Org: y.house.Org, Currency: hashyard.BTC, Purpose: ledger.FPPSExpense, Amount: int64(sats)},
			{Org: org, Currency: hashyard.BTC, Purpose: ledger.Earnings, Amount: -int64(sats)},
		},
	})
	if err != nil {
		y.t.Fatal(err)
	}
}

func (y *yard) balance(org hashyard.ID, p ledger.Purpose) (v hashyard.Sats) {
	y.t.Helper()
	err := y.owner.QueryRow(y.t.Context(), "SELECT coalesce(sum(amount), 0)::bigint FROM ledger_postings WHERE org_id = $1 AND purpose = $2", org, p).Scan(&v)
	if err != nil {
		y.t.Fatal(err)
	}
	return v
}

// payouts are an organisation's, newest first.
func (y *yard) payouts(a hashyard.Actor) []treasury.Shown {
	y.t.Helper()
	ps, _, err := y.svc.Payouts(y.t.Context(), a, treasury.Query{})
	if err != nil {
		y.t.Fatal(err)
	}
	return ps
}

// last is an organisation's newest payout, which must be in a state.
func (y *yard) last(a hashyard.Actor, want treasury.State) treasury.Shown {
	y.t.Helper()
	ps := y.payouts(a)
	if len(ps) == 0 {
		y.t.Fatalf("no payout, want one that is %s", want)
	}
	if ps[0].State != want {
		y.t.Fatalf("payout is %s (%s), want %s", ps[0].State, ps[0].Reason, want)
	}
	return ps[0]
}

// sound holds the treasury against the chain itself and the books against
// each other.
func (y *yard) sound() {
	y.t.Helper()
	b, err := y.store.Treasury().Balances(y.t.Context())
	if err != nil {
		y.t.Fatal(err)
	}
	tip, err := y.chain.Tip(y.t.Context())
	if err != nil {
		y.t.Fatal(err)
	}
	if b.Head != tip {
		y.t.Fatalf("scanned to %v, the tip is %v", b.Head, tip)
	}
	if chain := y.chain.spendable(y.script); b.Spendable != chain || b.Difference() != 0 {
		y.t.Fatalf("chain has %d sat, coins %d, ledger %d; under way %d, ledger %d", chain, b.Spendable, b.LedgerCoins, b.InFlight, b.LedgerInFlight)
	}
	tb, err := y.store.TrialBalance(y.t.Context())
	if err != nil || !tb.Sound() {
		y.t.Fatalf("trial balance %+v, %v", tb, err)
	}
}

func (y *yard) exec(sql string, args ...any) {
	y.t.Helper()
	if _, err := y.owner.Exec(y.t.Context(), sql, args...); err != nil {
		y.t.Fatal(err)
	}
}

// events are the payouts' events of a kind.
func (y *yard) events(kind hashyard.EventKind) (n int) {
	y.t.Helper()
	if err := y.owner.QueryRow(y.t.Context(), "SELECT count(*) FROM outbox WHERE kind = $1", kind).Scan(&n); err != nil {
		y.t.Fatal(err)
	}
	return n
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
