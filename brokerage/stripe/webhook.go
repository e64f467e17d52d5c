package stripe

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	sdk "github.com/stripe/stripe-go/v76"

	"hashyard"
	"hashyard/brokerage"
)

// Tolerance is how far a signature's time may be from ours.
const Tolerance = 300 * time.Second

// MaxWebhook bounds the body of a webhook; real ones have a few kilobytes.
const MaxWebhook = 512 << 10

// ParseWebhook verifies the Stripe-Signature header over the raw body and
// reads the little we believe of an event: that something happened to a
// payment. Everything else is read afresh.
//
// An event of another API version is refused: its endpoint was made wrongly,
// and while Stripe retries it (three days) it can be made again.
func (r *Rail) ParseWebhook(body []byte, signature string, now time.Time) (brokerage.RailEvent, error) {
	var none brokerage.RailEvent
	if len(body) > MaxWebhook {
		return none, hashyard.Invalid.Errorf("stripe webhook: body of %d bytes is too large", len(body))
	}
	if err := verify(body, signature, r.secret, now); err != nil {
		return none, err
	}
	var ev struct {
		ID         string `json:"id"`
		Object     string `json:"object"`
		Type       string `json:"type"`
		APIVersion string `json:"api_version"`
		Created    int64  `json:"created"`
		Livemode   bool   `json:"livemode"`
		Data       struct {
			Object json.RawMessage `json:"object"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &ev); err != nil {
		return none, hashyard.Invalid.Errorf("stripe webhook: %w", err)
	}
	switch {
	case ev.Object != "event" || ev.ID == "" || ev.Type == "":
		return none, hashyard.Invalid.Errorf("stripe webhook: the body is not an event")
	case ev.APIVersion != sdk.APIVersion:
		return none, hashyard.Invalid.Errorf("stripe webhook: event %s has API version %.40q; make the endpoint with api_version %s",
			ev.ID, ev.APIVersion, sdk.APIVersion)
	case ev.Livemode != r.live:
		return none, hashyard.Invalid.Errorf("stripe webhook: event %s is of the other mode (live %t)", ev.ID, ev.Livemode)
	}
	return brokerage.RailEvent{
		ID: ev.ID, Type: ev.Type, Payment: paymentOf(ev.Data.Object), Created: time.Unix(ev.Created, 0).UTC(),
	}, nil
}

// verify checks "t=<unix>,v1=<hex>[,v1=<hex>…]". Other schemes are skipped.
// There must be exactly one time: it is what was signed and what is compared
// with the clock.
func verify(body []byte, header, secret string, now time.Time) error {
	var stamp string
	var given [][]byte
	for part := range strings.SplitSeq(header, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "t":
			if stamp != "" {
				return hashyard.Unauthenticated.Errorf("stripe webhook: the signature has two times")
			}
			stamp = value
		case "v1":
			if mac, err := hex.DecodeString(value); err == nil {
				given = append(given, mac)
			}
		}
	}
	unix, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || len(given) == 0 {
		return hashyard.Unauthenticated.Errorf("stripe webhook: the Stripe-Signature header is missing or unreadable")
	}
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%s.", stamp)
	mac.Write(body)
	want := mac.Sum(nil)
	ok := false
	for _, g := range given { // several while the secret is being rolled
		ok = hmac.Equal(g, want) || ok
	}
	if !ok {
		return hashyard.Unauthenticated.Errorf("stripe webhook: the signature does not match")
	}
	if unix < now.Add(-Tolerance).Unix() || unix > now.Add(Tolerance).Unix() {
		return hashyard.Unauthenticated.Errorf("stripe webhook: the signature's time %d is more than %s from ours", unix, Tolerance)
	}
	return nil
}

// paymentOf finds the payment that an event's object is or belongs to; empty
// if it is about something else.
func paymentOf(object json.RawMessage) string {
	var o struct {
		ID            string          `json:"id"`
		Object        string          `json:"object"`
		PaymentIntent json.RawMessage `json:"payment_intent"`
	}
	if json.Unmarshal(object, &o) != nil {
		return ""
	}
	if o.Object == "payment_intent" {
		return o.ID
	}
	var id string
	if json.Unmarshal(o.PaymentIntent, &id) == nil {
		return id
	}
	var expanded struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(o.PaymentIntent, &expanded) == nil {
		return expanded.ID
	}
	return ""
}
