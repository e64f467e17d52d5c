package fake

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// form reads the parameters of one request. It remembers the first thing
// wrong and which parameters were asked for: what nobody asks for is unknown,
// and the API refuses unknown parameters.
type form struct {
	vals map[string]string
	used map[string]bool
	err  *apiError
}

// parseForm reads a form-encoded body or query. Of a repeated key the last
// value counts.
func parseForm(raw string) (*form, *apiError) {
	q, err := url.ParseQuery(raw)
	if err != nil {
		return nil, badParam("", "", "Invalid request: the body is not form-encoded")
	}
	f := &form{vals: map[string]string{}, used: map[string]bool{}}
	for k, v := range q {
		f.vals[k] = v[len(v)-1]
	}
	return f, nil
}

func (f *form) fail(e *apiError) {
	if f.err == nil {
		f.err = e
	}
}

// str is an optional parameter; "" when absent.
func (f *form) str(key string) string {
	f.used[key] = true
	return f.vals[key]
}

// opt is an optional parameter as the objects hold it.
func (f *form) opt(key string) *string { return optional(f.str(key)) }

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// need is a required parameter.
func (f *form) need(key string) string {
	v := f.str(key)
	if v == "" {
		f.fail(badParam("parameter_missing", key, "Missing required param: %s.", key))
	}
	return v
}

// want is a parameter that, when given, must be one of the values that the
// double can play.
func (f *form) want(key string, values ...string) string {
	v := f.str(key)
	if v != "" && !slices.Contains(values, v) {
		f.fail(badParam("", key, "Invalid %s: must be one of %s", key, strings.Join(values, ", ")))
	}
	return v
}

// amount is a positive number of cents; zero when absent.
func (f *form) amount(key string) int64 {
	v := f.str(key)
	if v == "" {
		return 0
	}
	n, err := strconv.ParseInt(v, 10, 64)
	switch {
	case err != nil:
		f.fail(badParam("parameter_invalid_integer", key, "Invalid integer: %s", v))
	case n <= 0:
		f.fail(badParam("parameter_invalid_integer", key, "This value must be greater than or equal to 1."))
	}
	return n
}

// currency is required and must be the one the double keeps books in.
func (f *form) currency() string {
	v := f.need("currency")
	if v != "" && !strings.EqualFold(v, "usd") {
		f.fail(badParam("", "currency", "Invalid currency: %s. The double keeps books in usd only.", v))
	}
	return "usd"
}

func (f *form) flag(key string) bool {
	v := f.str(key)
	if v != "" && v != "true" && v != "false" {
		f.fail(badParam("", key, "Invalid boolean: %s", v))
	}
	return v == "true"
}

// count is a non-negative integer with a default.
func (f *form) count(key string, def int64) int64 {
	v := f.str(key)
	if v == "" {
		return def
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < 0 {
		f.fail(badParam("parameter_invalid_integer", key, "Invalid integer: %s", v))
	}
	return n
}

// list is an array parameter, key[0]=a&key[1]=b or key[]=a.
func (f *form) list(key string) []string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(f.vals)) {
		if rest, ok := strings.CutPrefix(k, key+"["); ok && strings.HasSuffix(rest, "]") && !strings.Contains(rest, "[") {
			f.used[k] = true
			out = append(out, f.vals[k])
		}
	}
	return out
}

// The API's bounds on metadata.
const (
	maxMetadata      = 50
	maxMetadataKey   = 40
	maxMetadataValue = 500
)

// metadata is metadata[key]=value; an empty value removes the key.
func (f *form) metadata(into metadata) metadata {
	out := metadata{}
	maps.Copy(out, into)
	for k, v := range f.vals {
		name, ok := strings.CutPrefix(k, "metadata[")
		if !ok || !strings.HasSuffix(name, "]") {
			continue
		}
		f.used[k] = true
		name = strings.TrimSuffix(name, "]")
		if len(name) > maxMetadataKey || len(v) > maxMetadataValue {
			f.fail(badParam("", "metadata", "Metadata keys hold up to 40 characters, values up to 500."))
		}
		out[name] = v
		if v == "" {
			delete(out, name)
		}
	}
	if len(out) > maxMetadata {
		f.fail(badParam("", "metadata", "Metadata holds up to 50 keys."))
	}
	return out
}

// done is the first thing wrong with the parameters, or an unknown one.
func (f *form) done() *apiError {
	if f.err != nil {
		return f.err
	}
	for _, k := range slices.Sorted(maps.Keys(f.vals)) {
		if !f.used[k] {
			return badParam("parameter_unknown", k, "Received unknown parameter: %s", k)
		}
	}
	return nil
}
