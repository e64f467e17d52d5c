package stripe

import (
	"errors"
	"fmt"
	"net/http"

	sdk "github.com/stripe/stripe-go/v76"

	"hashyard"
)

// fault turns an answer of the API into one of our kinds. Stripe's own text
// names no secret and is kept; the request id is what its support asks for.
func fault(err error, op string, args ...any) error {
	if err == nil {
		return nil
	}
	what := fmt.Sprintf(op, args...)
	var se *sdk.Error
	if !errors.As(err, &se) {
		return hashyard.Unavailable.Errorf("stripe: %s: %w", what, err)
	}
	text := fmt.Sprintf("stripe: %s: %s", what, se.Msg)
	if se.RequestID != "" {
		text += " (request " + se.RequestID + ")"
	}
	kind, ok := kindOf(se)
	if !ok {
		return &refusal{text, err} // our configuration; nobody's input
	}
	return kind.Errorf("%w", &refusal{text, err})
}

func kindOf(se *sdk.Error) (hashyard.Kind, bool) {
	switch {
	case se.HTTPStatusCode >= 500, se.HTTPStatusCode == http.StatusConflict, se.HTTPStatusCode == http.StatusTooManyRequests:
		return hashyard.Unavailable, true
	case se.Code == sdk.ErrorCodeBalanceInsufficient:
		return hashyard.Exhausted, true
	case se.Code == sdk.ErrorCodeResourceMissing, se.HTTPStatusCode == http.StatusNotFound:
		return hashyard.NotFound, true
	case se.Type == sdk.ErrorTypeIdempotency,
		se.Code == sdk.ErrorCodePaymentIntentUnexpectedState,
		se.Code == sdk.ErrorCodeChargeAlreadyRefunded,
		se.Code == sdk.ErrorCodeTransfersNotAllowed,
		se.Code == insufficientCapabilities:
		return hashyard.Conflict, true
	case se.HTTPStatusCode == http.StatusUnauthorized, se.HTTPStatusCode == http.StatusForbidden:
		return "", false
	}
	return hashyard.Invalid, true
}

// insufficientCapabilities is the code for a destination that has not finished
// its onboarding; the client library has no constant for it.
const insufficientCapabilities sdk.ErrorCode = "insufficient_capabilities_for_transfer"

// refusal keeps the API's error for errors.As and shows a readable text: the
// library's own is a JSON document.
type refusal struct {
	text string
	err  error
}

func (r *refusal) Error() string { return r.text }
func (r *refusal) Unwrap() error { return r.err }

// replayedRefusal reports that the API repeated, for an idempotency key, the
// 4xx it once gave. That answer is final for the key and says for certain that
// nothing was done; a replayed 5xx says no such thing.
func replayedRefusal(err error) bool {
	var se *sdk.Error
	return errors.As(err, &se) && se.HTTPStatusCode/100 == 4 && se.Type != sdk.ErrorTypeIdempotency &&
		se.LastResponse != nil && se.LastResponse.Header.Get("Idempotent-Replayed") == "true"
}

// attempts bounds how many keys one call may go through.
const attempts = 8

// retry runs a write under key, and under "key/2", "key/3" … after answers
// that were refusals from the past: a transfer once refused for lack of
// balance would else be refused for a day. A fresh refusal ends it.
func retry[T any](key string, write func(key string) (T, error)) (T, error) {
	out, err := write(key)
	for n := 2; n <= attempts && err != nil && replayedRefusal(err); n++ {
		out, err = write(fmt.Sprintf("%s/%d", key, n))
	}
	return out, err
}

// needKey refuses a write without a key: the client library would invent a
// random one and a repeated call would move the money again.
func needKey(op, key string) error {
	if key == "" || len(key) > 250 {
		return hashyard.Invalid.Errorf("stripe: %s: the idempotency key must have 1 to 250 characters", op)
	}
	return nil
}
