package fake_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hashyard"
	"hashyard/brokerage"
	"hashyard/brokerage/stripe"
	"hashyard/brokerage/stripe/fake"
)

const (
	testKey    = "sk_test_double"
	testSecret = "whsec_double"
)

// world is a double behind real HTTP, the rail that talks to it and a
// receiver of its webhooks.
type world struct {
	t     *testing.T
	cfg   fake.Config
	rail  *stripe.Rail
	inbox *inbox

	double *fake.Double
	server *httptest.Server
	stop   func() // ends Run and waits

	shift atomic.Int64 // nanoseconds the clock is ahead
}

func newWorld(t *testing.T, change ...func(*fake.Config)) *world {
	t.Helper()
	w := &world{t: t, inbox: newInbox(t)}
	w.cfg = fake.Config{
		Path: filepath.Join(t.TempDir(), "stripe.json"), Key: testKey, WebhookURL: w.inbox.server.URL, WebhookSecret: testSecret,
		Now: func() time.Time { return time.Now().Add(time.Duration(w.shift.Load())) },
		Delivery: fake.Delivery{
			Lag: 300 * time.Millisecond, Gap: 20 * time.Millisecond, Backoff: 20 * time.Millisecond, MaxBackoff: 100 * time.Millisecond,
		},
		Platform: fake.Platform{RefundAfter: 10 * time.Millisecond},
	}
	for _, c := range change {
		c(&w.cfg)
	}
	w.inbox.now = w.cfg.Now
	w.start()
	t.Cleanup(func() { w.halt() })
	return w
}

// start opens the double from its file, at a new address.
func (w *world) start() {
	w.t.Helper()
	d, err := fake.New(w.cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	w.double, w.server = d, httptest.NewServer(d)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	w.stop = func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("run: %v", err)
		}
	}
	w.rail, err = stripe.New(stripe.Config{Key: testKey, WebhookSecret: testSecret, URL: w.server.URL})
	if err != nil {
		w.t.Fatal(err)
	}
	w.inbox.use(w.rail)
}

func (w *world) halt() {
	if w.stop == nil {
		return
	}
	w.stop()
	w.server.Close()
	w.stop = nil
}

// control posts to the double's control path.
func (w *world) control(path string, body any) {
	w.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		w.t.Fatal(err)
	}
	resp, err := http.Post(w.server.URL+"/_double/"+path, "application/json", bytes.NewReader(raw))
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(resp.Body)
		w.t.Fatalf("control %s: %d %s", path, resp.StatusCode, text)
	}
}

// pay plays the buyer's bank.
func (w *world) pay(p brokerage.RailPayment, amount hashyard.Cents, reference string) {
	w.t.Helper()
	w.control("bank_transfers", fake.BankTransfer{AccountNumber: p.Instructions.AccountNumber, Amount: int64(amount), Reference: reference})
}

func (w *world) customer(name string) string {
	w.t.Helper()
	id, err := w.rail.EnsureCustomer(w.t.Context(), hashyard.NewID(), name)
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func (w *world) seller() string {
	w.t.Helper()
	id, err := w.rail.EnsureSellerAccount(w.t.Context(), hashyard.NewID(), "Seller")
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

// open asks for a payment of a new trade.
func (w *world) open(customer string, amount hashyard.Cents) brokerage.RailPayment {
	w.t.Helper()
	p, err := w.rail.OpenTransfer(w.t.Context(), paymentRequest(customer, amount))
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func paymentRequest(customer string, amount hashyard.Cents) brokerage.PaymentRequest {
	trade := hashyard.NewID()
	return brokerage.PaymentRequest{Trade: trade, Customer: customer, Amount: amount, Group: "trade-" + trade.String(), Key: "trade-" + trade.String() + "-pay"}
}

// funded opens a payment and pays it in full.
func (w *world) funded(amount hashyard.Cents) brokerage.RailPayment {
	w.t.Helper()
	p := w.open(w.customer("Buyer"), amount)
	w.pay(p, amount, p.Instructions.Reference)
	return w.read(p.ID)
}

func (w *world) read(id string) brokerage.RailPayment {
	w.t.Helper()
	p, err := w.rail.Payment(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w *world) balance() stripe.Balance {
	w.t.Helper()
	b, err := w.rail.Balance(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

// inbox is a receiver of webhooks that believes only what the rail verifies.
type inbox struct {
	t      *testing.T
	server *httptest.Server
	now    func() time.Time

	mu     sync.Mutex // guards the fields below
	rail   *stripe.Rail
	down   bool
	events []brokerage.RailEvent
	raw    [][]byte
	bad    []error
	tries  int
}

func newInbox(t *testing.T) *inbox {
	in := &inbox{t: t, now: time.Now}
	in.server = httptest.NewServer(in)
	t.Cleanup(in.server.Close)
	return in
}

func (in *inbox) use(r *stripe.Rail) {
	in.mu.Lock()
	in.rail = r
	in.mu.Unlock()
}

func (in *inbox) setDown(down bool) {
	in.mu.Lock()
	in.down = down
	in.mu.Unlock()
}

func (in *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	in.mu.Lock()
	defer in.mu.Unlock()
	in.tries++
	if in.down || err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	ev, err := in.rail.ParseWebhook(body, r.Header.Get("Stripe-Signature"), in.now())
	if err != nil {
		in.bad = append(in.bad, err)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	in.events = append(in.events, ev)
	in.raw = append(in.raw, body)
}

// got copies the events in the order of arrival.
func (in *inbox) got() []brokerage.RailEvent {
	in.mu.Lock()
	defer in.mu.Unlock()
	return append([]brokerage.RailEvent(nil), in.events...)
}

// times are the arrivals of a type about a payment, as positions.
func (in *inbox) times(kind, payment string) []int {
	var out []int
	for i, e := range in.got() {
		if e.Type == kind && e.Payment == payment {
			out = append(out, i)
		}
	}
	return out
}

// wait polls a condition until it holds or ten seconds have passed.
func wait(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
