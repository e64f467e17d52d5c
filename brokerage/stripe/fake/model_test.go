package fake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestEveryStatusAndEvent(t *testing.T) {
	t.Parallel()
	want := map[string]map[string]string{
		requiresMethod:       {onCancel: canceled},
		requiresConfirmation: {onConfirm: requiresAction, onCancel: canceled},
		requiresAction:       {onPart: requiresAction, onFull: succeeded, onCancel: canceled},
	}
	for _, from := range []string{requiresMethod, requiresConfirmation, requiresAction, succeeded, canceled} {
		for _, on := range []string{onConfirm, onPart, onFull, onCancel} {
			if got := nextStatus(from, on); got != want[from][on] {
				t.Errorf("%s + %s = %q, want %q", from, on, got, want[from][on])
			}
		}
	}
}

// client calls a double's handler without a network.
type client struct {
	d    *Double
	keys int
}

func newClient(t interface {
	TempDir() string
	Fatal(...any)
},
) *client {
	d, err := New(Config{Path: filepath.Join(t.TempDir(), "s.json"), Key: "sk_test_x"})
	if err != nil {
		t.Fatal(err)
	}
	d.keep = func(string, []byte) error { return nil } // thousands of steps: no disk
	return &client{d: d}
}

func (c *client) do(method, path, key string, params url.Values) (int, map[string]any, http.Header) {
	r := httptest.NewRequest(method, path, strings.NewReader(params.Encode()))
	r.Header.Set("Authorization", "Bearer sk_test_x")
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	w := httptest.NewRecorder()
	c.d.ServeHTTP(w, r)
	out := map[string]any{}
	dec := json.NewDecoder(bytes.NewReader(w.Body.Bytes()))
	dec.UseNumber()
	_ = dec.Decode(&out)
	return w.Code, out, w.Header()
}

// post returns the new object's id, or "" when it was refused.
func (c *client) post(path string, kv ...string) string {
	params := url.Values{}
	for i := 0; i < len(kv); i += 2 {
		params.Set(kv[i], kv[i+1])
	}
	c.keys++
	_, out, _ := c.do(http.MethodPost, path, fmt.Sprint("key-", c.keys), params)
	id, _ := out["id"].(string)
	return id
}

// TestMoneyIsConserved plays random business and looks after each step that no
// cent appeared or vanished: what banks sent is what lies somewhere.
func TestMoneyIsConserved(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		c := newClient(t)
		c.d.cfg.Platform = Platform{FeeBasisPoints: 80, FeeCap: 300, RefundAfter: time.Hour}
		var custs, pis, accts, trs []string
		for range 2 {
			custs = append(custs, c.post("/v1/customers"))
			accts = append(accts, c.post("/v1/accounts", "type", "express", "capabilities[transfers][requested]", "true"))
		}
		pick := func(ids []string, what string) string {
			return rapid.SampledFrom(append(slices.Clone(ids), "none")).Draw(rt, what)
		}
		amount := func() string { return fmt.Sprint(rapid.IntRange(1, 3_000).Draw(rt, "amount")) }
		keep := func(list *[]string, id string) {
			if id != "" {
				*list = append(*list, id)
			}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"open": func(*rapid.T) {
				keep(&pis, c.post("/v1/payment_intents", "amount", amount(), "currency", "usd", "customer", pick(custs, "customer"),
					"payment_method_types[0]", "customer_balance", "payment_method_data[type]", "customer_balance", "confirm", "true",
					"payment_method_options[customer_balance][bank_transfer][type]", "us_bank_transfer"))
			},
			"fund": func(*rapid.T) {
				c.post("/v1/test_helpers/customers/"+pick(custs, "customer")+"/fund_cash_balance", "amount", amount(), "currency", "usd")
			},
			"cancel": func(*rapid.T) { c.post("/v1/payment_intents/" + pick(pis, "payment") + "/cancel") },
			"transfer": func(*rapid.T) {
				keep(&trs, c.post("/v1/transfers", "amount", amount(), "currency", "usd", "destination", pick(accts, "account")))
			},
			"reverse": func(*rapid.T) { c.post("/v1/transfers/"+pick(trs, "transfer")+"/reversals", "amount", amount()) },
			"refund": func(*rapid.T) {
				c.post("/v1/refunds", "payment_intent", pick(pis, "payment"), "amount", amount())
			},
			"return cash": func(*rapid.T) {
				c.post("/v1/refunds", "origin", "customer_balance", "customer", pick(custs, "customer"), "amount", amount(), "currency", "usd")
			},
			"": func(rt *rapid.T) { conserved(rt, c.d) },
		})
	})
}

func conserved(t *rapid.T, d *Double) {
	s := d.Snapshot()
	lies := s.Available + s.Pending + s.Fees + s.Returned
	for _, v := range s.Customers {
		lies += v.Cash
		if v.Cash < 0 {
			t.Fatalf("customer %s has %d", v.ID, v.Cash)
		}
	}
	for _, v := range s.Accounts {
		lies += v.Balance
		if v.Balance < 0 {
			t.Fatalf("account %s has %d", v.ID, v.Balance)
		}
	}
	for _, v := range s.Payments {
		if v.Status != succeeded {
			lies += v.Applied // applied, not yet the platform's
		}
		if v.Applied < 0 || v.Applied > v.Amount || v.Refunded > v.Amount {
			t.Fatalf("payment %+v", v)
		}
	}
	if lies != s.Funded || s.Available < 0 {
		t.Fatalf("%d cents came in, %d lie somewhere; %d available", s.Funded, lies, s.Available)
	}
}

func TestIdempotencyKeysAsTheAPIKeepsThem(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	one := url.Values{"name": {"One"}}
	_, first, h := c.do("POST", "/v1/customers", "k", one)
	if h.Get("Idempotent-Replayed") != "" {
		t.Error("the first answer says it is a replay")
	}
	_, second, h := c.do("POST", "/v1/customers", "k", one)
	if second["id"] != first["id"] || h.Get("Idempotent-Replayed") != "true" {
		t.Errorf("replay %v, header %q", second["id"], h.Get("Idempotent-Replayed"))
	}
	for name, again := range map[string]struct {
		path   string
		params url.Values
	}{
		"other parameters": {"/v1/customers", url.Values{"name": {"Two"}}},
		"other endpoint":   {"/v1/accounts", url.Values{"name": {"One"}}},
	} {
		code, out, _ := c.do("POST", again.path, "k", again.params)
		e, _ := out["error"].(map[string]any)
		if code != 400 || e["type"] != "idempotency_error" {
			t.Errorf("%s: %d %v", name, code, out)
		}
	}
	// What was refused before work began is not kept.
	if code, _, _ := c.do("POST", "/v1/customers", "j", url.Values{"nmae": {"x"}}); code != 400 {
		t.Errorf("unknown parameter: %d", code)
	}
	if code, _, _ := c.do("POST", "/v1/customers", "j", one); code != 200 {
		t.Errorf("the corrected request: %d", code)
	}
}

func TestRefusedRequests(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	cust := c.post("/v1/customers")
	for name, tc := range map[string]struct {
		method, path string
		params       url.Values
		status       int
		code         string
	}{
		"unknown route":     {"GET", "/v1/payouts", nil, 404, ""},
		"unknown customer":  {"GET", "/v1/customers/cus_x", nil, 404, "resource_missing"},
		"unknown account":   {"GET", "/v1/accounts/acct_x", nil, 403, "account_invalid"},
		"amount not number": {"POST", "/v1/test_helpers/customers/" + cust + "/fund_cash_balance", url.Values{"amount": {"1.5"}, "currency": {"usd"}}, 400, "parameter_invalid_integer"},
		"amount negative":   {"POST", "/v1/test_helpers/customers/" + cust + "/fund_cash_balance", url.Values{"amount": {"-5"}, "currency": {"usd"}}, 400, "parameter_invalid_integer"},
		"no currency":       {"POST", "/v1/test_helpers/customers/" + cust + "/fund_cash_balance", url.Values{"amount": {"5"}}, 400, "parameter_missing"},
		"too small":         {"POST", "/v1/payment_intents", url.Values{"amount": {"49"}, "currency": {"usd"}}, 400, "amount_too_small"},
		"too large":         {"POST", "/v1/payment_intents", url.Values{"amount": {"100000000"}, "currency": {"usd"}}, 400, "amount_too_large"},
		"bad limit":         {"GET", "/v1/transfers?limit=101", nil, 400, "parameter_invalid_integer"},
		"bad cursor":        {"GET", "/v1/transfers?starting_after=tr_x", nil, 400, "resource_missing"},
		"cannot expand":     {"GET", "/v1/customers/" + cust + "?expand[0]=sources", nil, 400, ""},
	} {
		status, out, _ := c.do(tc.method, tc.path, "", tc.params)
		e, _ := out["error"].(map[string]any)
		code, _ := e["code"].(string)
		if status != tc.status || code != tc.code || e["message"] == "" {
			t.Errorf("%s: %d %v", name, status, out)
		}
	}
	r := httptest.NewRequest("GET", "/v1/balance", nil)
	r.SetBasicAuth("sk_test_other", "")
	w := httptest.NewRecorder()
	c.d.ServeHTTP(w, r)
	if w.Code != 401 {
		t.Errorf("other key: %d", w.Code)
	}
	r.SetBasicAuth("sk_test_x", "")
	r.Header.Set("Stripe-Version", "2026-08-26.dahlia")
	w = httptest.NewRecorder()
	c.d.ServeHTTP(w, r)
	if w.Code != 400 {
		t.Errorf("other version: %d", w.Code)
	}
}

func TestManualReconciliation(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	cust := c.post("/v1/customers")
	c.post("/v1/customers/"+cust+"/cash_balance", "settings[reconciliation_mode]", "manual")
	pi := c.post("/v1/payment_intents", "amount", "500", "currency", "usd", "customer", cust, "payment_method_types[0]", "customer_balance",
		"payment_method_data[type]", "customer_balance", "payment_method_options[customer_balance][bank_transfer][type]", "us_bank_transfer")
	c.post("/v1/payment_intents/" + pi + "/confirm")
	c.post("/v1/test_helpers/customers/"+cust+"/fund_cash_balance", "amount", "600", "currency", "usd")
	if got := c.d.Snapshot().Payments[0]; got.Applied != 0 {
		t.Fatalf("applied without being told: %+v", got)
	}
	c.post("/v1/payment_intents/"+pi+"/apply_customer_balance", "amount", "700")
	c.post("/v1/payment_intents/"+pi+"/apply_customer_balance", "amount", "200")
	c.post("/v1/payment_intents/" + pi + "/apply_customer_balance")
	s := c.d.Snapshot()
	if s.Payments[0].Status != succeeded || s.Customers[0].Cash != 100 || s.Available != 500 {
		t.Errorf("after applying by hand: %+v", s)
	}
	_, out, _ := c.do("GET", "/v1/payment_intents/"+pi+"?expand[0]=latest_charge.balance_transaction&expand[1]=customer", "", nil)
	charge, _ := out["latest_charge"].(map[string]any)
	txn, _ := charge["balance_transaction"].(map[string]any)
	customer, _ := out["customer"].(map[string]any)
	if fmt.Sprint(txn["net"]) != "500" || txn["status"] != "available" || customer["id"] != cust {
		t.Errorf("expanded: %v", out)
	}
}

func TestListsPageByCursor(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	var made []string
	for range 5 {
		made = append(made, c.post("/v1/customers"))
	}
	slices.Reverse(made)
	var got []string
	for path := "/v1/customers?limit=2"; path != ""; {
		_, out, _ := c.do("GET", path, "", nil)
		items, _ := out["data"].([]any)
		for _, v := range items {
			item, _ := v.(map[string]any)
			id, _ := item["id"].(string)
			got = append(got, id)
		}
		path = ""
		if out["has_more"] == true {
			path = "/v1/customers?limit=2&starting_after=" + got[len(got)-1]
		}
	}
	if !slices.Equal(got, made) {
		t.Errorf("paged %v, made %v", got, made)
	}
}

func TestOldEventsAreForgottenOnceDelivered(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	c.d.mu.Lock()
	defer c.d.mu.Unlock()
	now := c.d.cfg.Now()
	tx := c.d.begin()
	for i := range keepEvents + 20 {
		tx.emit("customer.created", fmt.Sprint("cus_", i), struct{}{})
	}
	for _, v := range c.d.st.Deliveries[2:] { // all but the first event's
		v.DeliveredAt = &now
	}
	first := c.d.st.Deliveries[0].Event
	c.d.st.prune(now)
	if n := len(c.d.st.Events.rows); n != keepEvents+1 {
		t.Errorf("%d events kept", n)
	}
	if _, ok := c.d.st.Events.get(first); !ok {
		t.Error("an undelivered event was forgotten")
	}
	if n := len(c.d.st.Deliveries); n != 2*(keepEvents+1) {
		t.Errorf("%d deliveries kept", n)
	}
}

func FuzzRequest(f *testing.F) {
	f.Add("/v1/payment_intents", "amount=1000&currency=usd&payment_method_types[0]=customer_balance&metadata[a]=b")
	f.Add("/v1/transfers", "amount=5&currency=usd&destination=acct_x")
	f.Add("/v1/refunds", "origin=customer_balance&customer=cus_x&amount=99999999999999999999&currency=usd")
	f.Add("/v1/customers", "expand[]=a.b.c&expand[0]=data&metadata[]=&metadata[=")
	f.Add("/v1/account_links", "%zz=1;2&&==&account=")
	c := newClient(f)
	mux := map[string]bool{"/v1/customers": true, "/v1/payment_intents": true, "/v1/transfers": true, "/v1/refunds": true, "/v1/accounts": true, "/v1/account_links": true}
	f.Fuzz(func(t *testing.T, path, body string) {
		if !mux[path] {
			path = "/v1/customers"
		}
		r := httptest.NewRequest("POST", path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer sk_test_x")
		w := httptest.NewRecorder()
		c.d.ServeHTTP(w, r)
		if w.Code >= 500 || !json.Valid(w.Body.Bytes()) {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	})
}
