package postgres_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hashyard"
	"hashyard/brokerage"
	"hashyard/brokerage/api"
	"hashyard/brokerage/market"
	"hashyard/brokerage/postgres"
	"hashyard/brokerage/stripe"
	"hashyard/brokerage/stripe/fake"
	"hashyard/migrations/pg"
	"hashyard/migrations/testdb"
	"hashyard/web"
	webpg "hashyard/web/postgres"
)

// yard is brokerage behind its HTTP, with the real rail talking to the
// double, and the real dispatcher.
type yard struct {
	*bundle
	t      *testing.T
	server *httptest.Server
	double *httptest.Server
}

// people authenticates by the name of a person.
type people map[string]hashyard.Actor

func (p people) BySession(context.Context, string) (web.Caller, error) {
	return web.Caller{}, hashyard.Unauthenticated.Errorf("no sessions here")
}

func (p people) ByKey(_ context.Context, key string) (web.Caller, error) {
	a, ok := p[key]
	if !ok {
		return web.Caller{}, hashyard.Unauthenticated.Errorf("unknown key")
	}
	return web.Caller{Actor: a, Elevated: true}, nil
}

type names map[hashyard.ID]string

func (n names) OrgNames(context.Context, []hashyard.ID) (map[hashyard.ID]string, error) {
	return n, nil
}

func newYard(t *testing.T) *yard {
	t.Helper()
	b := prepare(t)
	y := &yard{bundle: b, t: t}
	mux := http.NewServeMux() // the double needs our address before the API exists
	y.server = httptest.NewServer(mux)
	t.Cleanup(y.server.Close)
	const key, secret = "sk_test_yard", "whsec_yard"
	double, err := fake.New(fake.Config{
		Path: filepath.Join(t.TempDir(), "stripe.json"), Key: key,
		WebhookURL: y.server.URL + "/api/v1/webhooks/stripe", WebhookSecret: secret,
		Delivery: fake.Delivery{Lag: 300 * time.Millisecond, Gap: 20 * time.Millisecond, Backoff: 20 * time.Millisecond, MaxBackoff: 100 * time.Millisecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	y.double = httptest.NewServer(double)
	t.Cleanup(y.double.Close)
	rail, err := stripe.New(stripe.Config{Key: key, WebhookSecret: secret, URL: y.double.URL})
	if err != nil {
		t.Fatal(err)
	}
	b.svc = brokerage.New(brokerage.Config{
		House: b.house, Orders: b.store, Trades: b.store, Ledger: b.store, Market: b.market, Rail: rail,
		Reserver: b.inventory, Conditions: conditions{},
		Orgs: names{b.buyer.Org: "Buyer B", b.seller.Org: "Seller A", b.house: "House"},
	})
	stranger := person(hashyard.NewID(), false, hashyard.Owner)
	viewer := person(b.buyer.Org, false, hashyard.Viewer)
	edge := web.New(web.Config{
		Auth:   people{"seller": b.seller, "buyer": b.buyer, "desk": b.desk, "stranger": stranger, "viewer": viewer},
		Keeper: webpg.New(b.db),
	})
	api.Register(edge, b.svc)
	mux.Handle("/", edge.Handler())
	b.run(t)
	y.background(double.Run)
	y.background(pg.NewDispatcher(b.db, handlers(b.svc), pg.DispatcherConfig{Poll: 20 * time.Millisecond}).Run)
	return y
}

// handlers is brokerage's part of the wiring.
func handlers(s *brokerage.Service) []pg.Handler {
	on := func(name string, kind hashyard.EventKind, fn func(context.Context, hashyard.Event) error) pg.Handler {
		return pg.Handler{Name: name, Kinds: []hashyard.EventKind{kind}, Handle: fn}
	}
	return []pg.Handler{
		on("dispatched", hashyard.EvUnitsDispatched, s.OnUnitsDispatched),
		on("delivered", hashyard.EvUnitsDelivered, s.OnUnitsDelivered),
		on("redirected", hashyard.EvMinerRedirected, s.OnMinerRedirected),
		on("measured", hashyard.EvWorkMeasured, s.OnWorkMeasured),
		on("settlement", brokerage.EvSettlementDue, s.OnSettlementDue),
		on("payment due", brokerage.EvPaymentDue, s.OnPaymentDue),
		on("proof due", brokerage.EvProofDue, s.OnProofDue),
		on("cancelled", brokerage.EvTradeCancelled, s.OnTradeCancelled),
		on("earnings", hashyard.EvEarningsSettled, s.OnEarningsSettled),
	}
}

func (y *yard) background(run func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	y.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			y.t.Errorf("background: %v", err)
		}
	})
}

// call does one request as a person and reads the answer into out.
func (y *yard) call(who, method, path string, body, out any) int {
	y.t.Helper()
	return y.send(who, hashyard.NewID().String(), method, path, body, out)
}

func (y *yard) send(who, key, method, path string, body, out any) int {
	y.t.Helper()
	var in io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			y.t.Fatal(err)
		}
		in = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(y.t.Context(), method, y.server.URL+"/api/v1"+path, in)
	if err != nil {
		y.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+who)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Idempotency-Key", key)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		y.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		y.t.Fatal(err)
	}
	if out != nil {
		if err := json.Unmarshal(raw, out); err != nil {
			y.t.Fatalf("%s %s: %d %s", method, path, res.StatusCode, raw)
		}
	}
	if res.StatusCode >= 500 {
		y.t.Errorf("%s %s: %d %s", method, path, res.StatusCode, raw)
	}
	return res.StatusCode
}

// until waits for a trade to be in a state.
func (y *yard) until(id, state string) api.Trade {
	y.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		var tr api.Trade
		y.call("buyer", "GET", "/trades/"+id, nil, &tr)
		if tr.State == state {
			return tr
		}
		if time.Now().After(deadline) {
			y.t.Fatalf("trade is %s, not %s", tr.State, state)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (y *yard) emit(kind hashyard.EventKind, payload any) {
	y.t.Helper()
	err := y.db.AsSystem(y.t.Context(), "test", func(ctx context.Context, tx *pg.Tx) error {
		return tx.Emit(ctx, event(y.t, kind, payload))
	})
	if err != nil {
		y.t.Fatal(err)
	}
}

// TestThreadOverHTTP walks the market thread through the public API, the
// double's bank and webhooks (twice, out of order) and the dispatcher.
func TestThreadOverHTTP(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	unit := hashyard.NewID()
	var ask, bid api.Order
	offer := map[string]any{"instrument": y.s19.ID, "side": "ask", "price_mc": 1_142_000, "unit_ids": []hashyard.ID{unit}, "tif": "GTC"}
	if code := y.send("seller", "k1", "POST", "/orders", offer, &ask); code != 200 || ask.State != "open" {
		t.Fatalf("ask: %d %+v", code, ask)
	}
	var again api.Order
	if code := y.send("seller", "k1", "POST", "/orders", offer, &again); code != 200 || again.ID != ask.ID {
		t.Errorf("the same request again: %d %+v", code, again)
	}
	if code := y.call("seller", "POST", "/orders", offer, nil); code != 409 {
		t.Errorf("listed twice: %d", code)
	}
	if code := y.call("buyer", "POST", "/orders", map[string]any{"instrument": y.s19.ID, "side": "bid", "price_mc": 1_150_000, "units": 1}, &bid); code != 200 || bid.State != "filled" {
		t.Fatalf("bid: %d %+v", code, bid)
	}
	var trades web.Page[api.Trade]
	y.call("seller", "GET", "/trades", nil, &trades)
	if len(trades.Items) != 1 || trades.Items[0].Number != "T-1" || trades.Items[0].Role != "seller" || trades.Items[0].Buyer.Name != "Buyer B" {
		t.Fatalf("trades: %+v", trades)
	}
	id := trades.Items[0].ID.String()
	var tr api.Trade
	if code := y.call("buyer", "POST", "/trades/"+id+"/fund", nil, &tr); code != 200 || tr.Payment.Instructions.AccountNumber == "" {
		t.Fatalf("fund: %d %+v", code, tr.Payment)
	}
	y.bank(tr.Payment.Instructions.AccountNumber, tr.AmountCents)
	tr = y.until(id, "funded")
	if tr.HeldCents != 114_200 {
		t.Errorf("held: %+v", tr)
	}
	y.emit(hashyard.EvUnitsDispatched, hashyard.UnitsMoved{Trade: tr.ID})
	y.emit(hashyard.EvUnitsDelivered, hashyard.UnitsMoved{Trade: tr.ID})
	y.until(id, "delivered")
	y.emit(hashyard.EvMinerRedirected, hashyard.MinerRedirected{Unit: unit, Org: y.buyer.Org})
	y.until(id, "proving")
	y.emit(hashyard.EvWorkMeasured, y.work(t, y.trade(t, tr.ID), unit, 3000, 3000))
	tr = y.until(id, "released")
	if tr.HeldCents != 0 || tr.PaidCents != 112_487 || tr.Proof == nil || tr.Proof.LowerTHs < tr.Proof.FloorTHs || len(tr.States) < 6 {
		t.Errorf("released: %+v", tr)
	}
	if c := string(tr.Proofs[0].Condition); !strings.Contains(c, "reported_ths") || !strings.Contains(c, unit.String()) {
		t.Errorf("the buyer sees the condition %q", c)
	}
	y.moneyAgrees(id, unit)
	y.strangersOverHTTP(id, ask.ID.String())
}

// bank sends a transfer to the account of the payment's instructions.
func (y *yard) bank(account string, cents int64) {
	y.t.Helper()
	raw, err := json.Marshal(fake.BankTransfer{AccountNumber: account, Amount: cents})
	if err != nil {
		y.t.Fatal(err)
	}
	res, err := http.Post(y.double.URL+"/_double/bank_transfers", "application/json", bytes.NewReader(raw))
	if err != nil {
		y.t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != 200 {
		text, _ := io.ReadAll(res.Body)
		y.t.Fatalf("bank: %d %s", res.StatusCode, text)
	}
}

func (y *yard) moneyAgrees(trade string, unit hashyard.ID) {
	y.t.Helper()
	var m api.UnitMoney
	if code := y.call("buyer", "GET", "/units/"+unit.String()+"/money", nil, &m); code != 200 || m.FundedCents != 114_200 || m.ToSellerCents != 112_487 || m.CommissionCents != 1_713 || m.HeldCents != 0 {
		y.t.Errorf("unit money: %d %+v", code, m)
	}
	var tb api.TrialBalance
	if code := y.call("desk", "GET", "/ledger/trial-balance", nil, &tb); code != 200 || !tb.Sound || tb.Entries != 2 || tb.Totals["USD"] != 0 {
		y.t.Errorf("trial balance: %d %+v", code, tb)
	}
	var es web.Page[api.Entry]
	if code := y.call("buyer", "GET", "/ledger/entries?ref=trade:"+trade, nil, &es); code != 200 || len(es.Items) != 2 || len(es.Items[0].Postings) != 1 {
		y.t.Errorf("entries: %d %+v", code, es)
	}
	// The rail's own books: what is left at the platform is the commission.
	rail, err := stripe.New(stripe.Config{Key: "sk_test_yard", WebhookSecret: "whsec_yard", URL: y.double.URL})
	if err != nil {
		y.t.Fatal(err)
	}
	ts, err := rail.Transfers(y.t.Context(), "trade-"+trade)
	if err != nil || len(ts) != 1 || ts[0].Amount != 112_487 {
		y.t.Errorf("the double's transfers: %+v %v", ts, err)
	}
	bal, err := rail.Balance(y.t.Context())
	if err != nil || int64(bal.Available+bal.Pending) != y.balance(y.t, y.house, "stripe_balance") {
		y.t.Errorf("the double has %+v, the ledger %d: %v", bal, y.balance(y.t, y.house, "stripe_balance"), err)
	}
}

func (y *yard) strangersOverHTTP(trade, order string) {
	y.t.Helper()
	tests := []struct {
		who, method, path string
		want              int
	}{
		{"nobody", "GET", "/trades", 401},
		{"stranger", "GET", "/trades/" + trade, 404},
		{"stranger", "POST", "/trades/" + trade + "/fund", 404},
		{"stranger", "GET", "/orders/" + order, 404},
		{"stranger", "DELETE", "/orders/" + order, 404},
		{"stranger", "GET", "/ledger/trial-balance", 403},
		{"viewer", "POST", "/orders", 403},
		{"viewer", "POST", "/trades/" + trade + "/fund", 403},
		{"buyer", "GET", "/trades/not-an-id", 422},
		{"buyer", "GET", "/ledger/entries?ref=trade", 422},
		{"buyer", "GET", "/instruments/" + trade + "/book", 404},
		{"buyer", "GET", "/instruments/" + y.s19.ID.String() + "/candles?step=1x", 422},
		{"buyer", "GET", "/instruments/" + y.s19.ID.String() + "/candles?step=5m", 200},
		{"buyer", "GET", "/instruments/" + y.s19.ID.String() + "/tape", 200},
		{"buyer", "GET", "/orders?state=open", 200},
		{"buyer", "GET", "/ledger/accounts", 200},
	}
	for _, tt := range tests {
		if got := y.call(tt.who, tt.method, tt.path, nil, nil); got != tt.want {
			y.t.Errorf("%s %s %s: %d, want %d", tt.who, tt.method, tt.path, got, tt.want)
		}
	}
	for name, body := range map[string]map[string]any{
		"off the tick":     {"side": "bid", "price_mc": 1_142_001, "units": 1},
		"no units":         {"side": "bid", "price_mc": 1_142_000},
		"too many":         {"side": "bid", "price_mc": 1_142_000, "units": 10_001},
		"negative":         {"side": "bid", "price_mc": 1_142_000, "units": -1},
		"a side of fancy":  {"side": "buy", "price_mc": 1_142_000, "units": 1},
		"bid with machine": {"side": "bid", "price_mc": 1_142_000, "units": 1, "unit_ids": []hashyard.ID{hashyard.NewID()}},
		"nothing":          {},
	} {
		body["instrument"] = y.s19.ID
		if got := y.call("buyer", "POST", "/orders", body, nil); got != 422 {
			y.t.Errorf("%s: %d, want 422", name, got)
		}
	}
	var p struct {
		Detail string `json:"detail"`
	}
	y.call("buyer", "POST", "/orders", map[string]any{"instrument": y.s19.ID, "side": "bid", "price_mc": 1_142_001, "units": 1}, &p)
	if p.Detail != "price $11.42001 per TH is not a multiple of the tick $0.01000" {
		y.t.Errorf("detail: %q", p.Detail)
	}
}

// TestForgedWebhook: the signature is over the raw body.
func TestForgedWebhook(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	for _, sig := range []string{"", "t=1,v1=00", fmt.Sprintf("t=%d,v1=%064d", time.Now().Unix(), 0)} {
		req, err := http.NewRequestWithContext(t.Context(), "POST", y.server.URL+"/api/v1/webhooks/stripe", bytes.NewReader([]byte(`{"id":"evt_1"}`)))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		if sig != "" {
			req.Header.Set("Stripe-Signature", sig)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode < 400 || res.StatusCode >= 500 {
			t.Errorf("signature %q: %d", sig, res.StatusCode)
		}
	}
	var n int
	if err := testdb.Owner(t, y.db).QueryRow(t.Context(), "SELECT count(*) FROM rail_events").Scan(&n); err != nil || n != 0 {
		t.Errorf("%d webhooks took effect: %v", n, err)
	}
}

var (
	_ brokerage.Market = (*market.Market)(nil)
	_ market.Journal   = (*postgres.Store)(nil)
)
