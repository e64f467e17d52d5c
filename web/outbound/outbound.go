// Package outbound makes HTTP requests to addresses that strangers chose: of
// webhooks, of photos. It goes to public addresses alone. What a name resolves
// to is checked where it counts, on the address that is being dialled, so a
// name that resolves anew cannot slip through; redirects are not followed,
// proxies not asked, connections not kept.
package outbound

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"hashyard"
)

// Guard says where requests may go.
type Guard struct {
	// Loopback lets plain http and this machine itself pass: a local world's
	// receivers are there. Nothing else gets through for it.
	Loopback bool
	// Timeout for a whole request; zero means 5 s.
	Timeout time.Duration
}

// MaxAnswer bounds what of an answer is read, its header included.
const MaxAnswer = 64 << 10

// ErrForbidden is an address that no request may go to.
var ErrForbidden = errors.New("the address is not a public one")

// CheckURL refuses an address whose form alone is wrong; where its name leads
// is seen when it is dialled.
func (g Guard) CheckURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil || len(raw) > 2000 {
		return nil, hashyard.Invalid.Errorf("address %.100q is no URL", raw)
	}
	host := u.Hostname()
	switch {
	case u.Scheme != "https" && !(g.Loopback && u.Scheme == "http" && isLoopback(host)):
		return nil, hashyard.Invalid.Errorf("address %.100q: only https is allowed", raw)
	case host == "" || u.Opaque != "" || u.User != nil || u.Fragment != "":
		return nil, hashyard.Invalid.Errorf("address %.100q: a host, a path and a query, nothing else", raw)
	case strings.HasSuffix(host, ".") || strings.ContainsAny(host, "%\\ "):
		return nil, hashyard.Invalid.Errorf("address %.100q: not a host name", raw)
	}
	if a, err := netip.ParseAddr(host); err == nil {
		if why := g.Forbidden(a); why != "" {
			return nil, hashyard.Invalid.Errorf("address %.100q: %s", raw, why)
		}
	} else if !strings.Contains(host, ".") && !(g.Loopback && host == "localhost") {
		return nil, hashyard.Invalid.Errorf("address %.100q: not a public host name", raw)
	}
	return u, nil
}

func isLoopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}

// forbidden are the networks that are not the public internet, RFC 6890 and
// what came after it, each with its name.
func forbidden() []struct{ prefix, name string } {
	return []struct{ prefix, name string }{
		{"0.0.0.0/8", "this network"},
		{"10.0.0.0/8", "private"},
		{"100.64.0.0/10", "carrier NAT"},
		{"127.0.0.0/8", "loopback"},
		{"169.254.0.0/16", "link-local, cloud metadata"},
		{"172.16.0.0/12", "private"},
		{"192.0.0.0/24", "protocol assignments"},
		{"192.0.2.0/24", "documentation"},
		{"192.31.196.0/24", "AS112"},
		{"192.52.193.0/24", "AMT"},
		{"192.88.99.0/24", "6to4 relay"},
		{"192.168.0.0/16", "private"},
		{"192.175.48.0/24", "AS112"},
		{"198.18.0.0/15", "benchmarks"},
		{"198.51.100.0/24", "documentation"},
		{"203.0.113.0/24", "documentation"},
		{"224.0.0.0/4", "multicast"},
		{"240.0.0.0/4", "reserved"},
		// Of IPv6 only 2000::/3 is public, without what carries IPv4 within.
		{"2001::/23", "protocol assignments, Teredo"},
		{"2001:db8::/32", "documentation"},
		{"2002::/16", "6to4"},
		{"2620:4f:8000::/48", "AS112"},
		{"3fff::/20", "documentation"},
	}
}

// Forbidden says why no request goes to the address; empty if one may.
func (g Guard) Forbidden(a netip.Addr) string {
	if a.Zone() != "" {
		return "has a zone"
	}
	a = a.Unmap() // ::ffff:a.b.c.d is a.b.c.d
	if g.Loopback && a.IsLoopback() {
		return ""
	}
	if a.Is6() && !netip.MustParsePrefix("2000::/3").Contains(a) {
		return "is not a public IPv6 address" // loopback, ULA, link-local, NAT64, IPv4-compatible, multicast
	}
	for _, f := range forbidden() {
		if netip.MustParsePrefix(f.prefix).Contains(a) {
			return "is not public (" + f.name + ")"
		}
	}
	if !a.IsValid() {
		return "is no address"
	}
	return ""
}

// control runs on every socket, after the name was resolved and before it is
// connected.
func (g Guard) control(network, address string, _ syscall.RawConn) error {
	if !strings.HasPrefix(network, "tcp") {
		return fmt.Errorf("dial %s: %w", network, ErrForbidden)
	}
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("dial %s: %w", address, ErrForbidden)
	}
	if why := g.Forbidden(ap.Addr()); why != "" {
		return fmt.Errorf("%w: %s", ErrForbidden, why)
	}
	return nil
}

// Client is an HTTP client behind the guard. Read of an answer no more than
// MaxAnswer.
func (g Guard) Client() *http.Client {
	timeout := g.Timeout
	if timeout == 0 {
		timeout = 5 * time.Second
	}
	dialer := &net.Dialer{Timeout: timeout, Control: g.control}
	return &http.Client{
		Timeout: timeout,
		Transport: &http.Transport{
			Proxy: nil, // not even the environment's
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				return dialer.DialContext(ctx, network, address)
			},
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout:    timeout,
			ResponseHeaderTimeout:  timeout,
			MaxResponseHeaderBytes: MaxAnswer,
			DisableKeepAlives:      true,
			DisableCompression:     true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
