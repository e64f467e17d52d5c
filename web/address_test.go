package web

import (
	"net/http"
	"net/netip"
	"testing"
)

func TestClientAddress(t *testing.T) {
	t.Parallel()
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for name, c := range map[string]struct {
		peer string
		xff  []string
		want string
	}{
		"no proxy":                    {"203.0.113.5:1234", nil, "203.0.113.5"},
		"a stranger's header":         {"203.0.113.5:1234", []string{"198.51.100.1"}, "203.0.113.5"},
		"a proxy":                     {"10.0.0.1:80", []string{"203.0.113.5"}, "203.0.113.5"},
		"two proxies":                 {"10.0.0.1:80", []string{"203.0.113.5, 10.9.9.9"}, "203.0.113.5"},
		"smuggled by the client":      {"10.0.0.1:80", []string{"198.51.100.1, 203.0.113.5"}, "203.0.113.5"},
		"smuggled in a header apart":  {"10.0.0.1:80", []string{"198.51.100.1", "203.0.113.5, 10.2.2.2"}, "203.0.113.5"},
		"smuggled as if trusted":      {"10.0.0.1:80", []string{"198.51.100.1, 10.3.3.3, 203.0.113.5"}, "203.0.113.5"},
		"only proxies":                {"10.0.0.1:80", []string{"10.0.0.2, 10.0.0.3"}, "10.0.0.2"},
		"nonsense":                    {"10.0.0.1:80", []string{"unknown"}, "10.0.0.1"},
		"nonsense before a proxy":     {"10.0.0.1:80", []string{"198.51.100.1, <script>, 10.0.0.2"}, "10.0.0.2"},
		"nothing between the commas":  {"10.0.0.1:80", []string{"203.0.113.5,,"}, "10.0.0.1"},
		"with a port":                 {"10.0.0.1:80", []string{"203.0.113.5:4711"}, "203.0.113.5"},
		"IPv6":                        {"[fd00::1]:80", []string{"2001:db8::7"}, "2001:db8::7"},
		"IPv6 with a port":            {"[fd00::1]:80", []string{"[2001:db8::7]:443"}, "2001:db8::7"},
		"IPv4 within IPv6 is trusted": {"[::ffff:10.0.0.1]:80", []string{"203.0.113.5"}, "203.0.113.5"},
		"a zone is no way out":        {"10.0.0.1:80", []string{"fd00::1%eth0, fe80::1%x"}, "fe80::1"},
		"no address at all":           {"pipe", []string{"203.0.113.5"}, "pipe"},
	} {
		r := &http.Request{RemoteAddr: c.peer, Header: http.Header{}}
		for _, v := range c.xff {
			r.Header.Add("X-Forwarded-For", v)
		}
		if got := clientAddress(r, trusted); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
