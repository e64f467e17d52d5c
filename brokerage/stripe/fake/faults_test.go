package fake_test

import (
	"bytes"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"hashyard"
	"hashyard/brokerage"
	"hashyard/brokerage/stripe/fake"
)

func TestOneKeyOpensOnePayment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	req := paymentRequest(w.customer("Buyer"), 10_000)
	first, err := w.rail.OpenTransfer(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	second, err := w.rail.OpenTransfer(t.Context(), req)
	if err != nil || second.ID != first.ID {
		t.Errorf("replayed %s and %s, %v", first.ID, second.ID, err)
	}
	req.Amount = 10_001
	if _, err := w.rail.OpenTransfer(t.Context(), req); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("same key, other amount: %v", err)
	}
}

func TestAKeyIsForgottenAfterADayAndPaysOnceAllTheSame(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	req := paymentRequest(w.customer("Buyer"), 10_000)
	p, err := w.rail.OpenTransfer(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	w.pay(p, 10_000, "")
	pay := brokerage.TransferRequest{Trade: p.Trade, Account: w.seller(), Amount: 4_000, Key: "trade-release"}
	tr, err := w.rail.Transfer(t.Context(), pay)
	if err != nil {
		t.Fatal(err)
	}
	w.shift.Store(int64(25 * time.Hour))
	again, err := w.rail.Transfer(t.Context(), pay)
	if err != nil || again != tr {
		t.Errorf("a day later: %s, want %s, %v", again, tr, err)
	}
	if q, err := w.rail.OpenTransfer(t.Context(), req); err != nil || q.ID != p.ID {
		t.Errorf("payment a day later: %s, want %s, %v", q.ID, p.ID, err)
	}
	pay.Amount = 5_000
	if _, err := w.rail.Transfer(t.Context(), pay); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("same key, other amount, a day later: %v", err)
	}
	if n := len(w.double.Snapshot().Transfers); n != 1 {
		t.Errorf("%d transfers", n)
	}
}

func TestTransferOverBalanceIsRefusedUntilThereIsMoney(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	acct := w.seller()
	pay := brokerage.TransferRequest{Trade: hashyard.NewID(), Account: acct, Amount: 4_000, Key: "trade-release"}
	for range 3 {
		if _, err := w.rail.Transfer(t.Context(), pay); !errors.Is(err, hashyard.Exhausted) {
			t.Fatalf("transfer without money: %v", err)
		}
	}
	w.funded(4_000)
	first, err := w.rail.Transfer(t.Context(), pay) // the refusals are remembered under the key
	if err != nil {
		t.Fatalf("transfer with money: %v", err)
	}
	second, err := w.rail.Transfer(t.Context(), pay)
	if err != nil || second != first {
		t.Errorf("again: %s, want %s, %v", second, first, err)
	}
	got, err := w.rail.SellerBalance(t.Context(), acct)
	if err != nil || got.Available != 4_000 {
		t.Errorf("the seller holds %+v, %v", got, err)
	}
}

func TestFundsThatHaveNotSettledDoNotPay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *fake.Config) { c.Platform.SettleAfter = 48 * time.Hour })
	p := w.funded(4_000)
	if got := w.balance(); got.Available != 0 || got.Pending != 4_000 {
		t.Fatalf("balance %+v", got)
	}
	pay := brokerage.TransferRequest{Trade: p.Trade, Account: w.seller(), Amount: 4_000, Key: "release"}
	if _, err := w.rail.Transfer(t.Context(), pay); !errors.Is(err, hashyard.Exhausted) {
		t.Errorf("transfer of pending money: %v", err)
	}
	w.shift.Store(int64(49 * time.Hour))
	if _, err := w.rail.Transfer(t.Context(), pay); err != nil {
		t.Errorf("transfer of settled money: %v", err)
	}
}

func TestFeesStayWithTheProvider(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *fake.Config) { c.Platform.FeeBasisPoints, c.Platform.FeeCap = 50, 500 })
	w.funded(20_000)
	w.funded(1_000_000)
	if got := w.balance(); got.Available != 20_000-100+1_000_000-500 {
		t.Errorf("balance %+v", got)
	}
}

func TestALostReplyMovesMoneyOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.funded(4_000)
	w.control("faults", fake.Fault{Method: http.MethodPost, Path: "/v1/transfers", Kind: fake.FaultDrop})
	tr, err := w.rail.Transfer(t.Context(), brokerage.TransferRequest{Trade: p.Trade, Account: w.seller(), Amount: 3_000, Key: "release"})
	if err != nil {
		t.Fatal(err) // the client library asks again with the same key
	}
	snap := w.double.Snapshot()
	if len(snap.Transfers) != 1 || snap.Transfers[0].ID != tr || snap.Available != 1_000 {
		t.Errorf("transfers %+v, available %d", snap.Transfers, snap.Available)
	}
}

func TestServerErrorsAreUnavailable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p, acct := w.funded(4_000), w.seller()
	pay := func(key string) error {
		_, err := w.rail.Transfer(t.Context(), brokerage.TransferRequest{Trade: p.Trade, Account: acct, Amount: 1_000, Key: key})
		return err
	}
	w.control("faults", fake.Fault{Method: http.MethodPost, Path: "/v1/transfers", Kind: fake.FaultRefuse, Status: 500})
	if err := pay("a"); !errors.Is(err, hashyard.Unavailable) {
		t.Errorf("500 before work: %v", err)
	}
	if err := pay("a"); err != nil {
		t.Errorf("after it: %v", err)
	}
	w.control("faults", fake.Fault{Method: http.MethodPost, Path: "/v1/transfers", Kind: fake.FaultCrash})
	for range 2 { // the API repeats its 500, and nobody knows what it did
		if err := pay("b"); !errors.Is(err, hashyard.Unavailable) {
			t.Errorf("500 kept under the key: %v", err)
		}
	}
	if n := len(w.double.Snapshot().Transfers); n != 1 {
		t.Errorf("%d transfers", n)
	}
}

func TestASellerWhoMayNotBePaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p, acct := w.funded(4_000), w.seller()
	if s, err := w.rail.SellerAccount(t.Context(), acct); err != nil || !s.Transfers {
		t.Fatalf("new seller: %+v, %v", s, err)
	}
	w.control("accounts/"+acct+"/transfers", map[string]string{"status": "inactive"})
	s, err := w.rail.SellerAccount(t.Context(), acct)
	if err != nil || s.Transfers || len(s.Missing) == 0 {
		t.Fatalf("reviewed seller: %+v, %v", s, err)
	}
	pay := brokerage.TransferRequest{Trade: p.Trade, Account: acct, Amount: 1_000, Key: "release"}
	if _, err := w.rail.Transfer(t.Context(), pay); !errors.Is(err, hashyard.Conflict) || !errors.Is(err, brokerage.ErrNotPayable) {
		t.Errorf("transfer: %v", err)
	}
	w.control("accounts/"+acct+"/transfers", map[string]string{"status": "active"})
	if _, err := w.rail.Transfer(t.Context(), pay); err != nil {
		t.Errorf("transfer after onboarding: %v", err)
	}
	if link, err := w.rail.OnboardingLink(t.Context(), acct, "http://localhost/again", "http://localhost/back"); err != nil || link == "" {
		t.Errorf("onboarding link %q, %v", link, err)
	}
}

func TestUnknownThingsAreNotFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.rail.Payment(t.Context(), "pi_none"); !errors.Is(err, hashyard.NotFound) {
		t.Errorf("payment: %v", err)
	}
	if _, err := w.rail.OpenTransfer(t.Context(), paymentRequest("cus_none", 1_000)); !errors.Is(err, hashyard.NotFound) {
		t.Errorf("customer: %v", err)
	}
	for _, amount := range []hashyard.Cents{0, -1, 100_000_000} {
		if _, err := w.rail.OpenTransfer(t.Context(), paymentRequest("cus_none", amount)); !errors.Is(err, hashyard.Invalid) {
			t.Errorf("amount %s: %v", amount, err)
		}
	}
}

func TestManyAtOnceMakeOneTransfer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.funded(9_000)
	pay := brokerage.TransferRequest{Trade: p.Trade, Account: w.seller(), Amount: 1_000, Key: "release"}
	var wg sync.WaitGroup
	ids := make([]string, 8)
	for i := range ids {
		wg.Go(func() {
			id, err := w.rail.Transfer(t.Context(), pay)
			if err != nil {
				t.Errorf("transfer %d: %v", i, err)
			}
			ids[i] = id
		})
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Errorf("transfers %v", ids)
			break
		}
	}
	if got := w.balance(); got.Available != 8_000 {
		t.Errorf("balance %+v", got)
	}
}

func TestADelayedReplyIsStillAReply(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.control("faults", fake.Fault{Path: "/v1/balance", Kind: fake.FaultDelay, DelayMS: 50})
	start := time.Now()
	w.balance()
	if d := time.Since(start); d < 50*time.Millisecond {
		t.Errorf("answered after %s", d)
	}
}

func TestControlRefusesNonsense(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for path, tc := range map[string]struct {
		body   string
		status int
	}{
		"faults":                        {`{"kind":"explode"}`, 400},
		"faults?":                       {`{`, 400},
		"bank_transfers":                {`{"account_number":"1","amount":0}`, 400},
		"bank_transfers?":               {`{"account_number":"none","amount":5}`, 404},
		"events/evt_none/redeliver":     {``, 404},
		"accounts/acct_none/transfers":  {`{"status":"active"}`, 404},
		"accounts/acct_none/transfers?": {`{"status":"great"}`, 400},
		"webhooks/lose":                 {``, 404},
	} {
		resp, err := http.Post(w.server.URL+"/_double/"+path, "application/json", bytes.NewBufferString(tc.body))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != tc.status {
			t.Errorf("%s: %d, want %d", path, resp.StatusCode, tc.status)
		}
	}
}
