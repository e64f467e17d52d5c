package stratum

import (
	"strconv"
	"strings"

	"hashyard"
)

// loginOptions are what a password says besides the secret.
type loginOptions struct {
	secret string
	start  hashyard.Difficulty // d=: wanted first, 0 for none
	floor  hashyard.Difficulty // md=: never less, 0 for none
	held   bool                // fd=: both of these, and not moved upward either
}

// parsePassword splits "secret,d=1024;md=512" at commas and semicolons. Options
// are d, md and fd with a difficulty as miners see it, which may have a
// fraction; of one that comes twice the last counts, and one that is no
// difficulty is ignored. A password without options is left as it is.
func parsePassword(password string) loginOptions {
	out := loginOptions{secret: password}
	var rest []string
	found := false
	for _, part := range strings.FieldsFunc(password, func(r rune) bool { return r == ',' || r == ';' }) {
		name, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		name = strings.ToLower(strings.TrimSpace(name))
		if !ok || name != "d" && name != "md" && name != "fd" {
			rest = append(rest, part)
			continue
		}
		found = true
		d, ok := decimalDifficulty(strings.TrimSpace(value))
		if !ok {
			continue
		}
		switch name {
		case "d":
			out.start = d
		case "md":
			out.floor = d
		case "fd":
			out.start, out.floor, out.held = d, d, true
		}
	}
	if found {
		out.secret = strings.Join(rest, ",")
	}
	return out
}

// decimalDifficulty reads a difficulty written as a plain decimal number.
func decimalDifficulty(s string) (hashyard.Difficulty, bool) {
	if strings.Trim(s, "0123456789.eE+-") != "" {
		return 0, false // no infinities, hexadecimal or underscores
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, false
	}
	d, err := hashyard.DifficultyFromWire(n)
	return d, err == nil
}
