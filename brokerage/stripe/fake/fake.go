// Package fake is a stateful double of the part of the Stripe API that
// hashyard uses, as API version 2023-10-16 speaks it: form-encoded requests,
// JSON replies, idempotency keys, bank transfers into a customer's cash
// balance, Connect transfers and signed webhooks. It owns one JSON file that
// holds everything, so that a world continues where it was.
//
// Webhooks arrive the way they must be survived: each event twice, newer
// events of an object before older ones, and again until the receiver answers
// 2xx, also over a restart of the double.
//
// Concurrency: one mutex guards all state; a request holds it from the first
// read to the saved file. Run is the only sender of webhooks.
package fake

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

// Version is the only API version the double speaks.
const Version = "2023-10-16"

// Config says what a Double needs. Key and Path are required.
type Config struct {
	Path          string // state file; its folder must exist
	Key           string // the test-mode secret key that requests must carry
	WebhookURL    string // where events go; empty keeps them undelivered
	WebhookSecret string // signs the deliveries
	Now           func() time.Time
	Logger        *slog.Logger
	HTTP          *http.Client // sends the webhooks

	Delivery Delivery
	Platform Platform
}

// Delivery sets how webhooks travel. Zero fields mean the local world's
// default: two copies, out of order.
type Delivery struct {
	Copies     int           // of each event; default 2
	Lag        time.Duration // how long opening events wait to be overtaken; default 1.5 s
	Gap        time.Duration // between the copies of one event; default 150 ms
	Backoff    time.Duration // after the first failure, doubling; default 250 ms
	MaxBackoff time.Duration // default 10 s
	InOrder    bool          // no lag and no overtaking
}

// Platform sets the platform account's terms with its payment provider.
type Platform struct {
	FeeBasisPoints int64         // taken from each payment; default none
	FeeCap         int64         // cents; 0 means no cap
	SettleAfter    time.Duration // from payment to available balance
	RefundAfter    time.Duration // from refund to its success; default 1 s
}

// Double is the Stripe double: an http.Handler, and Run for the webhooks.
type Double struct {
	cfg    Config
	log    *slog.Logger
	mux    *http.ServeMux
	wake   chan struct{} // capacity 1; asks Run to look again
	client *http.Client
	keep   func(path string, raw []byte) error // replace, but for tests of many steps

	mu       sync.Mutex // guards the fields below
	st       *state
	saved    []byte // st as the file has it
	faults   []*Fault
	inFlight map[int64]bool // deliveries being sent, by number
}

// New opens the state file, or starts an empty world when there is none.
func New(cfg Config) (*Double, error) {
	if cfg.Path == "" {
		return nil, errors.New("stripe double: no state file")
	}
	if !strings.HasPrefix(cfg.Key, "sk_test_") {
		return nil, errors.New("stripe double: the key must begin with sk_test_")
	}
	if cfg.WebhookURL != "" && cfg.WebhookSecret == "" {
		return nil, errors.New("stripe double: webhooks need a signing secret")
	}
	st, saved, err := load(cfg.Path)
	if err != nil {
		return nil, fmt.Errorf("stripe double: %w", err)
	}
	cfg.fillDefaults()
	d := &Double{
		cfg: cfg, log: cfg.Logger, st: st, saved: saved, wake: make(chan struct{}, 1),
		client: noRedirects(cfg.HTTP), keep: replace, inFlight: map[int64]bool{},
	}
	d.mux = d.routes()
	return d, nil
}

func (cfg *Config) fillDefaults() {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.HTTP == nil {
		cfg.HTTP = &http.Client{Timeout: 10 * time.Second}
	}
	v := &cfg.Delivery
	if v.Copies <= 0 {
		v.Copies = 2
	}
	orDefault(&v.Lag, 1500*time.Millisecond)
	orDefault(&v.Gap, 150*time.Millisecond)
	orDefault(&v.Backoff, 250*time.Millisecond)
	orDefault(&v.MaxBackoff, 10*time.Second)
	orDefault(&cfg.Platform.RefundAfter, time.Second)
}

func orDefault(d *time.Duration, v time.Duration) {
	if *d <= 0 {
		*d = v
	}
}

// noRedirects copies a client so that a webhook answered 3xx counts as failed,
// as it does at Stripe.
func noRedirects(c *http.Client) *http.Client {
	own := *c
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}

// ServeHTTP answers the API under /v1 and the control path under /_double.
func (d *Double) ServeHTTP(w http.ResponseWriter, r *http.Request) { d.mux.ServeHTTP(w, r) }

func (d *Double) routes() *http.ServeMux {
	mux := http.NewServeMux()
	for pattern, h := range map[string]handler{
		"POST /v1/customers":                                     createCustomer,
		"GET /v1/customers":                                      listCustomers,
		"GET /v1/customers/{id}":                                 getCustomer,
		"POST /v1/customers/{id}":                                updateCustomer,
		"GET /v1/customers/{id}/cash_balance":                    getCashBalance,
		"POST /v1/customers/{id}/cash_balance":                   updateCashBalance,
		"GET /v1/customers/{id}/cash_balance_transactions":       listCashTxns,
		"POST /v1/test_helpers/customers/{id}/fund_cash_balance": fundCashBalance,
		"POST /v1/payment_intents":                               createIntent,
		"GET /v1/payment_intents":                                listIntents,
		"GET /v1/payment_intents/{id}":                           getIntent,
		"POST /v1/payment_intents/{id}/confirm":                  confirmIntent,
		"POST /v1/payment_intents/{id}/cancel":                   cancelIntent,
		"POST /v1/payment_intents/{id}/apply_customer_balance":   applyCash,
		"GET /v1/charges/{id}":                                   getCharge,
		"POST /v1/refunds":                                       createRefund,
		"GET /v1/refunds":                                        listRefunds,
		"GET /v1/refunds/{id}":                                   getRefund,
		"POST /v1/accounts":                                      createAccount,
		"GET /v1/accounts":                                       listAccounts,
		"GET /v1/accounts/{id}":                                  getAccount,
		"GET /v1/accounts/{id}/capabilities":                     listCapabilities,
		"GET /v1/accounts/{id}/capabilities/{capability}":        getCapability,
		"POST /v1/accounts/{id}/capabilities/{capability}":       requestCapability,
		"POST /v1/account_links":                                 createAccountLink,
		"POST /v1/transfers":                                     createTransfer,
		"GET /v1/transfers":                                      listTransfers,
		"GET /v1/transfers/{id}":                                 getTransfer,
		"POST /v1/transfers/{id}/reversals":                      createReversal,
		"GET /v1/transfers/{id}/reversals":                       listReversals,
		"GET /v1/balance":                                        getBalance,
		"GET /v1/balance_transactions":                           listBalanceTxns,
		"GET /v1/balance_transactions/{id}":                      getBalanceTxn,
		"GET /v1/events":                                         listEvents,
		"GET /v1/events/{id}":                                    getEvent,
		"GET /v1/webhook_endpoints":                              listEndpoints,
	} {
		mux.Handle(pattern, d.api(h))
	}
	mux.Handle("/", d.api(unknownRoute))
	d.control(mux)
	return mux
}

// save writes the state and puts back the saved one when that fails, so that
// no reply ever speaks of what a restart would forget. Callers hold mu.
func (d *Double) save() error {
	d.st.prune(d.cfg.Now())
	raw, err := json.Marshal(d.st)
	if err == nil {
		err = d.keep(d.cfg.Path, raw)
	}
	if err == nil {
		d.saved = raw
		return nil
	}
	old, derr := decode(d.saved)
	if derr != nil {
		panic(derr) // it was read or written before
	}
	d.st = old
	return fmt.Errorf("save stripe double: %w", err)
}

// begin opens a change at the double's clock. Callers hold mu.
func (d *Double) begin() *tx {
	return &tx{state: d.st, cfg: &d.cfg, now: d.cfg.Now()}
}

func (d *Double) nudge() {
	select {
	case d.wake <- struct{}{}:
	default: // Run already knows
	}
}

// load reads the state file; without one the world is empty.
func load(path string) (*state, []byte, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		raw, err = []byte(`{"format":1}`), nil
	}
	if err != nil {
		return nil, nil, err
	}
	st, err := decode(raw)
	if err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", path, err)
	}
	return st, raw, nil
}

func decode(raw []byte) (*state, error) {
	st := &state{}
	if err := json.Unmarshal(raw, st); err != nil {
		return nil, err
	}
	if st.Format != 1 {
		return nil, fmt.Errorf("format %d is not known", st.Format)
	}
	if st.Keys == nil {
		st.Keys = map[string]*savedReply{}
	}
	return st, nil
}
