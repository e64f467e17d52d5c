package cgminer

import (
	"errors"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"hashyard"
)

func isRange(err error) bool { return errors.Is(err, strconv.ErrRange) }

// Text is the value as text: strings as they are, numbers and booleans as
// written, anything else empty.
func (v Value) Text() string { return v.text }

// Bool reads true/false, Y/N and numbers.
func (v Value) Bool() (value, ok bool) {
	switch strings.ToLower(strings.TrimSpace(v.text)) {
	case "true", "y", "yes", "1":
		return true, true
	case "false", "n", "no", "0":
		return false, true
	}
	return false, false
}

// magnitude reads the suffixes by which firmware shortens numbers.
func magnitude(suffix string) (exponent string, ok bool) {
	if i := strings.Index("KMGTPE", suffix); len(suffix) == 1 && i >= 0 {
		return "e" + strconv.Itoa(3*(i+1)), true
	}
	return "", false
}

// Float reads a number, also one in a string with a magnitude or unit behind
// it: "13630.55", "524K", "58.94W", "4052.00 RPM". A unit is dropped, a
// magnitude multiplies: "1600M" is 1.6e9. Absent, empty, nan and inf are not
// numbers.
func (v Value) Float() (float64, bool) {
	if v.Kind != Number && v.Kind != String {
		return 0, false
	}
	s := strings.TrimSpace(v.text)
	n := numberPrefix(s)
	f, err := strconv.ParseFloat(s[:n], 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return 0, false
	}
	unit := strings.TrimSpace(s[n:])
	if e, ok := magnitude(unit); ok && !strings.ContainsAny(s[:n], "eE") {
		f, err = strconv.ParseFloat(s[:n]+e, 64) // in decimal: 8.19K is 8190
		return f, err == nil
	}
	if unit != "" && !plainUnit(unit) {
		return 0, false
	}
	return f, true
}

// numberPrefix is the length of the decimal number that s begins with.
func numberPrefix(s string) int {
	i, digits := 0, false
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		i++
	}
	for ; i < len(s) && (s[i] >= '0' && s[i] <= '9' || s[i] == '.'); i++ {
		digits = digits || s[i] != '.'
	}
	if !digits {
		return 0
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		j := i + 1
		if j < len(s) && (s[j] == '-' || s[j] == '+') {
			j++
		}
		if j < len(s) && s[j] >= '0' && s[j] <= '9' {
			i = j
			for i < len(s) && s[i] >= '0' && s[i] <= '9' {
				i++
			}
		}
	}
	return i
}

// plainUnit tells a unit ("RPM", "W", "°C", "GH/s") from more data ("-39-15").
func plainUnit(s string) bool {
	return !strings.ContainsAny(s, "0123456789")
}

// Int reads a whole number; fractions are cut off.
func (v Value) Int() (int64, bool) {
	if n, err := strconv.ParseInt(strings.TrimSpace(v.text), 10, 64); err == nil && (v.Kind == Number || v.Kind == String) {
		return n, true
	}
	f, ok := v.Float()
	if !ok || f >= 1<<63 || f < -(1<<63) {
		return 0, false
	}
	return int64(f), true
}

// Work reads a difficulty sum exactly, to the nearest 2^-32.
func (v Value) Work() (hashyard.Work, bool) {
	if v.Kind != Number && v.Kind != String || len(v.text) > 100 {
		return hashyard.Work{}, false
	}
	f, ok := v.Float()
	switch {
	case !ok || f < 0 || f > 1e28: // 1e28·2^32 still fits in 128 bits
		return hashyard.Work{}, false
	case f < 1e-12:
		// Far below one unit; also keeps big.Rat from expanding 1e-999999999.
		return hashyard.Work{}, true
	}
	r, ok := new(big.Rat).SetString(strings.TrimSpace(v.text))
	if !ok {
		return hashyard.Work{}, false
	}
	r.Mul(r, new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), 32)))
	twice := new(big.Int).Lsh(r.Num(), 1)
	twice.Quo(twice.Add(twice, r.Denom()), new(big.Int).Lsh(r.Denom(), 1))
	w, err := hashyard.WorkFromBig(twice)
	return w, err == nil
}

// Seconds reads a duration given as a number of seconds.
func (v Value) Seconds() (time.Duration, bool) {
	f, ok := v.Float()
	if !ok || f < 0 || f > 1e9 {
		return 0, false
	}
	return time.Duration(f * float64(time.Second)), true
}

// cgminer's ctime, also where the day is padded with a space.
const ctime = "Mon Jan _2 15:04:05 2006"

// Time reads an instant given as Unix seconds, as a date, or as the time that
// has passed since ("0:00:27"), counted back from now. Zero means never.
func (v Value) Time(now time.Time) (time.Time, bool) {
	if n, ok := v.Int(); ok && !strings.Contains(v.text, ":") {
		// Devices without a clock count seconds since boot: not an instant.
		if n < 1e9 {
			return time.Time{}, false
		}
		return time.Unix(n, 0).UTC(), true
	}
	s := strings.TrimRight(strings.TrimSpace(v.text), "n") // "2018n": a newline that lost its backslash
	if t, err := time.Parse(ctime, strings.TrimSpace(s)); err == nil {
		return t, t.Year() > 2001
	}
	if d, ok := clock(s); ok {
		return now.Add(-d), true
	}
	return time.Time{}, false
}

// clock reads "h:mm:ss".
func clock(s string) (time.Duration, bool) {
	parts := strings.Split(s, ":")
	if len(parts) != 3 {
		return 0, false
	}
	var total time.Duration
	for i, unit := range []time.Duration{time.Hour, time.Minute, time.Second} {
		n, err := strconv.ParseUint(parts[i], 10, 20)
		if err != nil {
			return 0, false
		}
		total += time.Duration(n) * unit
	}
	return total, true
}

// Numbers reads the numbers of "14-39-15-40" (Antminer's per-sensor strings;
// a minus after the separator belongs to the number) or of an array.
func (v Value) Numbers() []float64 {
	var out []float64
	if v.Kind == Array {
		for _, item := range v.items {
			if f, ok := item.Float(); ok {
				out = append(out, f)
			}
		}
		return out
	}
	s := strings.TrimSpace(v.text)
	for s != "" {
		n := numberPrefix(s)
		if n == 0 {
			return out
		}
		f, err := strconv.ParseFloat(s[:n], 64)
		if err != nil {
			return out
		}
		out = append(out, f)
		s = strings.TrimLeft(strings.TrimPrefix(s[n:], "-"), " ")
	}
	return out
}

// Brackets reads Avalon's "Ver[…] Temp[18] GHSmm[37470.98]" as an object of
// strings.
func (v Value) Brackets() Value {
	out := Value{Kind: Object}
	s := v.text
	for {
		open := strings.IndexByte(s, '[')
		if open < 0 {
			return out
		}
		length := strings.IndexByte(s[open:], ']')
		if length < 0 {
			return out
		}
		key := strings.TrimSpace(s[:open])
		val := strings.TrimSpace(s[open+1 : open+length])
		out.members = append(out.members, Member{key, Value{Kind: String, text: val}})
		s = s[open+length+1:]
	}
}

// Fields splits a space-separated list of numbers, as in Avalon's MGHS.
func (v Value) Fields() []float64 {
	var out []float64
	for _, w := range strings.Fields(v.text) {
		if f, ok := (Value{Kind: String, text: w}).Float(); ok {
			out = append(out, f)
		}
	}
	return out
}
