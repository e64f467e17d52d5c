// Package stripe is the payment rail: it speaks to Stripe, or to the double in
// stripe/fake, in the shape of separate charges and transfers. A buyer's bank
// transfer lands in the platform's balance, where it stays as a held payout;
// sellers are paid by transfers to their connected accounts.
//
// The package owns no data: ids and idempotency keys are stored by the caller
// before the call. Stripe forgets a key after a day, so that whatever moves
// money first looks for what the same key made before.
//
// What is missing before real money may move: Stripe's own fees are booked
// nowhere, so the ledger's balance at Stripe would be too high by them; and no
// page leads a seller to OnboardingLink, so that a new seller's transfers are
// refused with brokerage.ErrNotPayable until somebody at the house sends the
// link. Such transfers are tried again until they succeed.
//
// A Rail may be used from any goroutine. Every call is a network call: none
// belongs inside a transaction.
package stripe

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	sdk "github.com/stripe/stripe-go/v76"

	"hashyard"
	"hashyard/brokerage"
)

// Config says which account the rail uses. Key and WebhookSecret are required.
type Config struct {
	Key           string       // secret or restricted API key
	WebhookSecret string       // signs the events of our endpoint
	Live          bool         // real money moves; must agree with the key
	URL           string       // of the double; Stripe itself when empty
	HTTP          *http.Client // default: 30 s a request
	Logger        *slog.Logger
}

// Rail moves dollars through one Stripe account.
type Rail struct {
	key    string
	secret string
	live   bool
	api    sdk.Backend
}

var _ brokerage.Rail = (*Rail)(nil)

// New checks that key, mode and address belong together: a live key never
// goes anywhere but to Stripe, and never by accident.
func New(cfg Config) (*Rail, error) {
	live, err := keyMode(cfg.Key)
	switch {
	case err != nil:
		return nil, err
	case live && !cfg.Live:
		return nil, hashyard.Invalid.Errorf("stripe: a live key needs the live setting; use a test key (sk_test_…) here")
	case !live && cfg.Live:
		return nil, hashyard.Invalid.Errorf("stripe: the live setting needs a live key (sk_live_…)")
	case live && cfg.URL != "":
		return nil, hashyard.Invalid.Errorf("stripe: a live key is sent to Stripe only; remove the address %q", cfg.URL)
	case cfg.WebhookSecret == "":
		return nil, hashyard.Invalid.Errorf("stripe: the webhook signing secret is missing")
	}
	back := &sdk.BackendConfig{
		HTTPClient:      cfg.HTTP,
		EnableTelemetry: sdk.Bool(false),
		LeveledLogger:   sdkLog{cfg.Logger},
	}
	if cfg.Logger == nil {
		back.LeveledLogger = sdkLog{slog.New(slog.DiscardHandler)}
	}
	if back.HTTPClient == nil {
		back.HTTPClient = &http.Client{Timeout: 30 * time.Second}
	}
	if cfg.URL != "" {
		u, err := url.Parse(cfg.URL)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, hashyard.Invalid.Errorf("stripe: address %q is not an http or https URL", cfg.URL)
		}
		back.URL = sdk.String(strings.TrimRight(cfg.URL, "/"))
	}
	return &Rail{
		key: cfg.Key, secret: cfg.WebhookSecret, live: live,
		api: sdk.GetBackendWithConfig(sdk.APIBackend, back),
	}, nil
}

// keyMode tells by its prefix whether a key moves real money.
func keyMode(key string) (live bool, err error) {
	for _, kind := range []string{"sk", "rk"} {
		switch {
		case strings.HasPrefix(key, kind+"_test_"):
			return false, nil
		case strings.HasPrefix(key, kind+"_live_"):
			return true, nil
		}
	}
	return false, hashyard.Invalid.Errorf("stripe: the key must begin with sk_test_, rk_test_, sk_live_ or rk_live_")
}

// TestMode reports that no real money moves.
func (r *Rail) TestMode() bool { return !r.live }

// MaxPayment is the most that one payment may be worth.
func (r *Rail) MaxPayment() hashyard.Cents { return MaxPayment }

// sdkLog sends the client library's own log to ours. All of it is detail:
// what matters comes back as an error and is logged by whoever handles it.
type sdkLog struct{ log *slog.Logger }

func (l sdkLog) Debugf(format string, v ...any) {
	l.log.Debug("stripe client", "text", fmt.Sprintf(format, v...))
}
func (l sdkLog) Infof(format string, v ...any)  { l.Debugf(format, v...) }
func (l sdkLog) Warnf(format string, v ...any)  { l.Debugf(format, v...) }
func (l sdkLog) Errorf(format string, v ...any) { l.Debugf(format, v...) }
