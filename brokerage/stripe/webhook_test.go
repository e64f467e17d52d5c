package stripe

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	sdk "github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/webhook"

	"hashyard"
	"hashyard/brokerage"
)

const secret = "whsec_test"

func testRail(t testing.TB) *Rail {
	t.Helper()
	r, err := New(Config{Key: "sk_test_1", WebhookSecret: secret, URL: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func body(version, object string, live bool) []byte {
	return fmt.Appendf(nil, `{"id":"evt_1","object":"event","api_version":%q,"created":1700000000,"livemode":%t,`+
		`"type":"payment_intent.succeeded","data":{"object":%s}}`, version, live, object)
}

func signed(b []byte, at time.Time) string {
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%d.%s", at.Unix(), b)
	return fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(mac.Sum(nil)))
}

func TestWebhookSignedByTheClientLibrary(t *testing.T) {
	t.Parallel()
	now := time.Now()
	b := body(sdk.APIVersion, `{"id":"pi_1","object":"payment_intent"}`, false)
	made := webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: b, Secret: secret, Timestamp: now})
	got, err := testRail(t).ParseWebhook(b, made.Header, now)
	want := brokerage.RailEvent{ID: "evt_1", Type: "payment_intent.succeeded", Payment: "pi_1", Created: time.Unix(1700000000, 0).UTC()}
	if err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestWebhookObjects(t *testing.T) {
	t.Parallel()
	now := time.Now()
	got := map[string]string{}
	want := map[string]string{
		`{"id":"pi_1","object":"payment_intent"}`:                           "pi_1",
		`{"id":"py_1","object":"charge","payment_intent":"pi_2"}`:           "pi_2",
		`{"id":"re_1","object":"refund","payment_intent":{"id":"pi_3"}}`:    "pi_3",
		`{"id":"re_1","object":"refund","payment_intent":null}`:             "",
		`{"object":"cash_balance","customer":"cus_1"}`:                      "",
		`{"id":"cus_1","object":"customer","payment_intent":["pi_4",7,{}]}`: "",
	}
	for object := range want {
		b := body(sdk.APIVersion, object, false)
		ev, err := testRail(t).ParseWebhook(b, signed(b, now), now)
		if err != nil {
			t.Errorf("%s: %v", object, err)
		}
		got[object] = ev.Payment
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("payments (-want +got)\n%s", diff)
	}
}

func TestWebhookRefusals(t *testing.T) {
	t.Parallel()
	now := time.Now()
	good := body(sdk.APIVersion, `{}`, false)
	old := now.Add(-time.Hour)
	for name, tc := range map[string]struct {
		body   []byte
		header string
		kind   hashyard.Kind
	}{
		"no header":            {good, "", hashyard.Unauthenticated},
		"no time":              {good, strings.TrimPrefix(signed(good, now), "t="), hashyard.Unauthenticated},
		"bad hex":              {good, "t=1,v1=zz", hashyard.Unauthenticated},
		"other scheme only":    {good, strings.Replace(signed(good, now), "v1", "v0", 1), hashyard.Unauthenticated},
		"301 s old":            {good, signed(good, now.Add(-301*time.Second)), hashyard.Unauthenticated},
		"301 s ahead":          {good, signed(good, now.Add(301*time.Second)), hashyard.Unauthenticated},
		"old with a new time":  {good, fmt.Sprintf("t=%d,%s", now.Unix(), signed(good, old)), hashyard.Unauthenticated},
		"old with a late time": {good, fmt.Sprintf("%s,t=%d", signed(good, old), now.Unix()), hashyard.Unauthenticated},
		"changed":              {append([]byte(" "), good...), signed(good, now), hashyard.Unauthenticated},
		"not json":             {[]byte("{"), signed([]byte("{"), now), hashyard.Invalid},
		"other version":        {body("2026-09-30.clover", `{}`, false), "", hashyard.Invalid},
		"live event":           {body(sdk.APIVersion, `{}`, true), "", hashyard.Invalid},
		"not an event":         {[]byte(`{"object":"list"}`), "", hashyard.Invalid},
		"huge":                 {make([]byte, MaxWebhook+1), "", hashyard.Invalid},
	} {
		header := tc.header
		if header == "" && tc.kind == hashyard.Invalid {
			header = signed(tc.body, now)
		}
		if _, err := testRail(t).ParseWebhook(tc.body, header, now); !errors.Is(err, tc.kind) {
			t.Errorf("%s: %v, want %v", name, err, tc.kind)
		}
	}
	rolled := "v1=00ff," + signed(good, now.Add(-299*time.Second))
	if _, err := testRail(t).ParseWebhook(good, rolled, now); err != nil {
		t.Errorf("one of two signatures, 299 s old: %v", err)
	}
}

func FuzzParseWebhook(f *testing.F) {
	now := time.Unix(1_700_000_000, 0)
	good := body(sdk.APIVersion, `{"id":"pi_1","object":"payment_intent"}`, false)
	f.Add(good, signed(good, now))
	f.Add([]byte(`{"data":{"object":[[[]]]}}`), "t=,v1=")
	f.Add([]byte(`null`), "t=1700000000,v1=00,v1=,t=1")
	r := testRail(f)
	f.Fuzz(func(t *testing.T, b []byte, header string) {
		ev, err := r.ParseWebhook(b, header, now)
		if err == nil && header != signed(b, now) && !strings.Contains(strings.ToLower(header), strings.TrimPrefix(signed(b, now), "t=1700000000,")) {
			t.Fatalf("believed %+v by %q", ev, header)
		}
		// Past the signature, the body alone must do no harm.
		if ev, err := r.ParseWebhook(b, signed(b, now), now); err == nil && (ev.ID == "" || ev.Type == "") {
			t.Fatalf("an event without id or type: %+v", ev)
		}
	})
}
