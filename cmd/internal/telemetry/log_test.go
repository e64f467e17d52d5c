package telemetry

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// canaries are secrets as they look; none may be read in a log.
var canaries = map[string]string{
	"API key":          "hy_01a2110f.CANARYabcdefghijklmnop_-x",
	"Stripe key":       "sk_live_CANARY0123456789abcdef",
	"restricted key":   "rk_test_CANARY0123456789abcdef",
	"webhook secret":   "whsec_CANARY0123456789abcdef",
	"client secret":    "pi_3abc_secret_CANARY0123456789",
	"bearer":           "Bearer CANARY.abc-def_ghi",
	"basic":            "Basic Q0FOQVJZOkNBTkFSWQCANARY==",
	"cookie":           "hashyard=CANARYcookie; Path=/",
	"host cookie":      "__Host-hashyard=CANARYcookie",
	"database URL":     "postgres://hashyard_app:CANARYpw@127.0.0.1:5432/hashyard",
	"NATS URL":         "nats://CANARYtoken@127.0.0.1:4222",
	"authenticator":    "otpauth://totp/hashyard:me?secret=CANARY234567&issuer=x",
	"extended key":     "xprv9s21ZrQH143K3CANARYqZ8b4vYyTnXq1b6kzJtLZ4hS1cPzCANARYqZ8b4vYyT",
	"imported key":     "L1aW4aubDFB7yfras2S1mN3bqg9nwySY8nkoLmJebSLD5CANARY9",
	"JSON":             `{"email":"a@b.c","password":"CANARY pass"}`,
	"form":             "user=a&password=CANARYpw&x=1",
	"query":            "/reset?token=CANARYtoken",
	"quoted JSON":      `body "{\"totp\":\"CANARY12\"}"`,
	"password in text": "login with password: CANARYpw failed",
}

// TestNoSecretIsLogged: by shape in a text, an error, a wrapped error, a value
// and a group; by key whatever it looks like.
func TestNoSecretIsLogged(t *testing.T) {
	t.Parallel()
	for name, secret := range canaries {
		var out bytes.Buffer
		log := Logger(&out, slog.LevelDebug)
		err := errors.New("dial: " + secret)
		log.Info(secret)
		log.With("about", secret).WithGroup("g").Warn("x", "text", secret, "error", err, "wrapped", fmt.Errorf("open: %w", err),
			"any", struct{ Field string }{secret}, "list", []string{secret}, slog.Group("inner", "deep", secret))
		if s := out.String(); strings.Contains(s, "CANARY") || strings.Contains(s, "CANARY pass") {
			t.Errorf("%s: %s", name, s)
		}
	}
	var out bytes.Buffer
	log := Logger(&out, slog.LevelDebug)
	for _, key := range []string{"password", "NewPassword", "webhook_secret", "Authorization", "cookie", "token", "seed", "totp_secret", "api_key", "database_url"} {
		log.Info("x", key, "CANARY words of any form", slog.Group("g", key, 123456))
	}
	if s := out.String(); strings.Contains(s, "CANARY") || strings.Contains(s, "123456") {
		t.Errorf("by key: %s", s)
	}
}

// TestFiguresAndIdsStay: what an operator needs is not taken for a secret.
func TestFiguresAndIdsStay(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"01a21111-7a04-7000-b278-403dfbb940a9", "00000000000000000001a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f7",
		"bcrt1q64frrgyj2y72e9s3sfnn2w3265v4pjxsv4vvw9", "stratum+tcp://127.0.0.1:3333", "http://127.0.0.1:8080/api/v1/trades?cursor=abc",
		"the signer's key is for network main", "seller.yard", "GET /api/v1/keys", "dial tcp 10.0.0.1:5432: connect: connection refused",
	} {
		if got := Redact(text); got != text {
			t.Errorf("%q becomes %q", text, got)
		}
	}
}

func FuzzRedact(f *testing.F) {
	for _, s := range canaries {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := Redact(s)
		for _, h := range shapes[:3] { // of keys: nothing that is left looks like one
			if h.form.MatchString(once) {
				t.Errorf("%q", once)
			}
		}
	})
}
