package stripe

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	sdk "github.com/stripe/stripe-go/v76"

	"hashyard"
	"hashyard/brokerage"
)

func TestKeysAndModes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		cfg Config
		ok  bool
	}{
		"test key":                   {Config{Key: "sk_test_1", WebhookSecret: "s"}, true},
		"restricted test key":        {Config{Key: "rk_test_1", WebhookSecret: "s", URL: "http://127.0.0.1:9/"}, true},
		"live key by accident":       {Config{Key: "sk_live_1", WebhookSecret: "s"}, false},
		"live key as set":            {Config{Key: "sk_live_1", WebhookSecret: "s", Live: true}, true},
		"live restricted key as set": {Config{Key: "rk_live_1", WebhookSecret: "s", Live: true}, true},
		"live key to a double":       {Config{Key: "sk_live_1", WebhookSecret: "s", Live: true, URL: "http://127.0.0.1:9"}, false},
		"live setting, test key":     {Config{Key: "sk_test_1", WebhookSecret: "s", Live: true}, false},
		"no key":                     {Config{WebhookSecret: "s"}, false},
		"publishable key":            {Config{Key: "pk_test_1", WebhookSecret: "s"}, false},
		"no webhook secret":          {Config{Key: "sk_test_1"}, false},
		"bad address":                {Config{Key: "sk_test_1", WebhookSecret: "s", URL: "127.0.0.1:9"}, false},
	} {
		r, err := New(tc.cfg)
		if (err == nil) != tc.ok {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && (!errors.Is(err, hashyard.Invalid) || strings.Contains(err.Error(), "_live_1")) {
			t.Errorf("%s: error of the wrong kind or with the key in it: %v", name, err)
		}
		if err == nil && r.TestMode() == tc.cfg.Live {
			t.Errorf("%s: test mode %t", name, r.TestMode())
		}
	}
}

func TestFaultKinds(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		err  error
		kind hashyard.Kind
	}{
		{errors.New("connection refused"), hashyard.Unavailable},
		{&sdk.Error{HTTPStatusCode: 500, Type: sdk.ErrorTypeAPI}, hashyard.Unavailable},
		{&sdk.Error{HTTPStatusCode: 409, Type: sdk.ErrorTypeInvalidRequest, Code: sdk.ErrorCodeIdempotencyKeyInUse}, hashyard.Unavailable},
		{&sdk.Error{HTTPStatusCode: 429, Type: sdk.ErrorTypeInvalidRequest}, hashyard.Unavailable},
		{&sdk.Error{HTTPStatusCode: 400, Type: sdk.ErrorTypeInvalidRequest, Code: sdk.ErrorCodeBalanceInsufficient}, hashyard.Exhausted},
		{&sdk.Error{HTTPStatusCode: 400, Type: sdk.ErrorTypeIdempotency}, hashyard.Conflict},
		{&sdk.Error{HTTPStatusCode: 404, Type: sdk.ErrorTypeInvalidRequest, Code: sdk.ErrorCodeResourceMissing}, hashyard.NotFound},
		{&sdk.Error{HTTPStatusCode: 400, Type: sdk.ErrorTypeInvalidRequest, Code: sdk.ErrorCodePaymentIntentUnexpectedState}, hashyard.Conflict},
		{&sdk.Error{HTTPStatusCode: 400, Type: sdk.ErrorTypeInvalidRequest, Msg: "No."}, hashyard.Invalid},
	} {
		got := fault(tc.err, "do %s", "it")
		if !errors.Is(got, tc.kind) || !errors.Is(got, tc.err) {
			t.Errorf("%v: %v, want %v", tc.err, got, tc.kind)
		}
	}
	got := fault(&sdk.Error{HTTPStatusCode: http.StatusUnauthorized, Msg: "Invalid API Key provided", RequestID: "req_1"}, "do it")
	if _, known := hashyard.KindOf(got); known || got.Error() != "stripe: do it: Invalid API Key provided (request req_1)" {
		t.Errorf("our own bad key must not look like the caller's fault: %v", got)
	}
}

func TestWritesNeedAKey(t *testing.T) {
	t.Parallel()
	r, ctx := testRail(t), t.Context()
	for name, err := range map[string]error{
		"open":     second(r.OpenTransfer(ctx, brokerage.PaymentRequest{Amount: 100})),
		"cancel":   second(r.CancelPayment(ctx, "pi_1", "")),
		"transfer": second(r.Transfer(ctx, brokerage.TransferRequest{Amount: 100})),
		"refund":   second(r.Refund(ctx, brokerage.RefundRequest{Amount: 100})),
		"reverse":  second(r.ReverseTransfer(ctx, "tr_1", 100, strings.Repeat("k", 251))),
	} {
		if !errors.Is(err, hashyard.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }
