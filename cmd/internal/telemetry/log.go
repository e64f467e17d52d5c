package telemetry

import (
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"strings"
)

// Logger is how every role logs: text lines, without secrets.
func Logger(w io.Writer, level slog.Leveler) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: redactAttr}))
}

// hidden stands for a secret.
const hidden = "[hidden]"

// secretKeys are parts of attribute keys whose values are never logged.
var secretKeys = []string{
	"password", "passphrase", "secret", "authorization", "cookie", "mnemonic", "xprv", "totp", "private", "api_key", "database_url", "recovery",
}

// exactKeys are whole keys of that kind.
var exactKeys = []string{"token", "seed", "otp", "credentials"}

// shapes are secrets as they look, with what stays of them. A value is hidden
// wherever it stands: in an error's text, a panic's or an address.
var shapes = []struct {
	form *regexp.Regexp
	stay string
}{
	{regexp.MustCompile(`\bhy_[A-Za-z0-9-]+\.[A-Za-z0-9_-]+`), "hy_" + hidden},
	{regexp.MustCompile(`\b(sk|rk)_(test|live)_[A-Za-z0-9]+`), "${1}_${2}_" + hidden},
	{regexp.MustCompile(`\bwhsec_[A-Za-z0-9+/=]+`), "whsec_" + hidden},
	{regexp.MustCompile(`_secret_[A-Za-z0-9]+`), "_secret_" + hidden}, // a payment's client secret
	{regexp.MustCompile(`(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]+`), "${1} " + hidden},
	{regexp.MustCompile(`\b((?:__Host-)?hashyard=)[^\s;,"]+`), "${1}" + hidden},
	{regexp.MustCompile(`\b([a-z][a-z0-9+.-]*://)[^/@\s"']+@`), "${1}" + hidden + "@"},
	{regexp.MustCompile(`otpauth://[^\s"']+`), "otpauth://" + hidden},
	{regexp.MustCompile(`\b[xyztuv]prv[1-9A-HJ-NP-Za-km-z]{40,}`), hidden},
	{regexp.MustCompile(`\b[5KLc9][1-9A-HJ-NP-Za-km-z]{50,51}\b`), hidden}, // a single key to be imported
	{regexp.MustCompile(`(?i)("(?:[a-z_]*password|passphrase|[a-z_]*secret|token|totp|otp|code|api_key|mnemonic|seed|recovery_code)"\s*:\s*)"(?:[^"\\]|\\.)*"`), `${1}"` + hidden + `"`},
	{regexp.MustCompile(`(?i)((?:password|passphrase|passwd|secret|token|totp|otp|api_key|mnemonic|seed|recovery_code)\\?"?\s*[=:]\s*\\?"?)[^\s"&,;}\\]+`), "${1}" + hidden},
}

// Redact hides what looks like a secret in a text.
func Redact(s string) string {
	for _, h := range shapes {
		s = h.form.ReplaceAllString(s, h.stay)
	}
	return s
}

// redactAttr hides secrets by their keys and by their shapes.
func redactAttr(_ []string, a slog.Attr) slog.Attr {
	key := strings.ToLower(a.Key)
	for _, k := range exactKeys {
		if key == k {
			return slog.String(a.Key, hidden)
		}
	}
	for _, k := range secretKeys {
		if strings.Contains(key, k) {
			return slog.String(a.Key, hidden)
		}
	}
	switch a.Value.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(Redact(a.Value.String()))
	case slog.KindAny:
		text := fmt.Sprintf("%+v", a.Value.Any())
		if clean := Redact(text); clean != text {
			a.Value = slog.StringValue(clean)
		}
	case slog.KindBool, slog.KindDuration, slog.KindFloat64, slog.KindInt64, slog.KindTime, slog.KindUint64, slog.KindGroup, slog.KindLogValuer:
	}
	return a
}
