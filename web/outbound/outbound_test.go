package outbound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hashyard"
)

func TestForbidden(t *testing.T) {
	t.Parallel()
	for _, a := range []string{
		"0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.254", "169.254.169.254", "169.254.0.1",
		"172.16.0.1", "172.31.255.255", "192.0.0.170", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.1",
		"203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
		"::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:a9fe:a9fe", "::127.0.0.1", "::169.254.169.254",
		"64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b::808:808", "64:ff9b:1::a00:1", "100::1",
		"2001::1", "2001:0:7f00:1::", "2001:db8::1", "2002:7f00:1::", "2002:a9fe:a9fe::1", "2002:c0a8:101::", "3fff::1",
		"fc00::1", "fd00:ec2::254", "fd12:3456::1", "fe80::1", "fe80::1%eth0", "2606:4700::1%eth0", "fec0::1", "ff02::1", "4000::1", "5f00::1",
	} {
		if why := (Guard{}).Forbidden(netip.MustParseAddr(a)); why == "" {
			t.Errorf("%s may be asked", a)
		}
		if err := (Guard{}).control("tcp", netip.AddrPortFrom(netip.MustParseAddr(a), 443).String(), nil); !errors.Is(err, ErrForbidden) {
			t.Errorf("%s is dialled: %v", a, err)
		}
	}
	for _, a := range []string{"1.1.1.1", "8.8.8.8", "172.32.0.1", "172.15.255.255", "100.63.255.255", "100.128.0.1", "198.17.0.1", "198.20.0.1", "223.255.255.255", "2606:4700:4700::1111", "2a00:1450:4001::200e", "::ffff:8.8.8.8", "2003::1", "2001:4860:4860::8888"} {
		if why := (Guard{}).Forbidden(netip.MustParseAddr(a)); why != "" {
			t.Errorf("%s: %s", a, why)
		}
	}
	local := Guard{Loopback: true}
	for _, a := range []string{"127.0.0.1", "::1", "::ffff:127.0.0.1"} {
		if why := local.Forbidden(netip.MustParseAddr(a)); why != "" {
			t.Errorf("local world, %s: %s", a, why)
		}
	}
	for _, a := range []string{"169.254.169.254", "10.0.0.1", "fd00::1", "0.0.0.0", "::", "64:ff9b::7f00:1", "2002:7f00:1::"} {
		if why := local.Forbidden(netip.MustParseAddr(a)); why == "" {
			t.Errorf("local world, %s may be asked", a)
		}
	}
	if (Guard{}).Forbidden(netip.Addr{}) == "" {
		t.Error("no address may be asked")
	}
}

func TestCheckURL(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		"", "x", "http://example.com/", "ftp://example.com", "https://", "https:example.com", "//example.com", "https://user@example.com", "https://u:p@example.com/",
		"https://example.com/#x", "https://127.0.0.1/", "https://[::1]/", "https://[::ffff:7f00:1]/", "https://169.254.169.254/latest/", "https://localhost/",
		"https://intranet/", "https://metadata.google.internal./", "https://[fe80::1%25eth0]/", "https://10.0.0.1:8443/", "https://2130706433/", "https://0x7f000001/", "https://017700000001/",
		"https://exa mple.com/", "gopher://example.com/", "file:///etc/passwd", "https://example.com/" + strings.Repeat("a", 2000),
	} {
		if u, err := (Guard{}).CheckURL(raw); !errors.Is(err, hashyard.Invalid) {
			t.Errorf("%q passed: %v, %v", raw, u, err)
		}
	}
	for _, raw := range []string{"https://example.com", "https://example.com:8443/hook?x=1", "https://8.8.8.8/", "https://[2606:4700:4700::1111]/x"} {
		if _, err := (Guard{}).CheckURL(raw); err != nil {
			t.Errorf("%q: %v", raw, err)
		}
	}
	local := Guard{Loopback: true}
	for _, raw := range []string{"http://127.0.0.1:9000/x", "http://localhost:9000/x", "http://[::1]:9000/"} {
		if _, err := local.CheckURL(raw); err != nil {
			t.Errorf("%q: %v", raw, err)
		}
	}
	for _, raw := range []string{"http://example.com/", "http://10.0.0.1/", "http://127.0.0.1.example.com/"} {
		if _, err := local.CheckURL(raw); !errors.Is(err, hashyard.Invalid) {
			t.Errorf("local world, %q passed", raw)
		}
	}
}

// TestNamesAreCheckedWhenDialled: a name that leads to loopback, now or only
// at the second look, is not connected. localhost stands for it: it passes no
// form, and its addresses come from the resolver as any other's.
func TestNamesAreCheckedWhenDialled(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer srv.Close()
	_, port, err := net.SplitHostPort(srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c := (Guard{}).Client()
	for _, host := range []string{"localhost", "127.0.0.1", "[::ffff:127.0.0.1]", "0.0.0.0", "[::]"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+host+":"+port+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		if res, err := c.Do(req); !errors.Is(err, ErrForbidden) {
			t.Errorf("%s: %v, %v", host, res, err)
		}
	}
	if asked.Load() != 0 {
		t.Errorf("%d requests arrived", asked.Load())
	}
}

// TestRedirectsAreNotFollowed, to loopback or anywhere.
func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	var inner atomic.Int64
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { inner.Add(1) }))
	defer target.Close()
	for _, code := range []int{301, 302, 303, 307, 308} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, target.URL+"/secret", code)
		}))
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL, strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		res, err := (Guard{Loopback: true}).Client().Do(req)
		if err != nil || res.StatusCode != code {
			t.Errorf("%d: %v, %v", code, res, err)
		} else {
			res.Body.Close()
		}
		srv.Close()
	}
	if inner.Load() != 0 {
		t.Errorf("%d redirects were followed", inner.Load())
	}
}

// TestSlowAndLong: neither a server that says nothing nor one that says too
// much holds anybody up; a proxy of the environment is not asked.
func TestSlowAndLong(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	stop := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/slow":
			select {
			case <-stop:
			case <-r.Context().Done():
			}
		case "/header":
			w.Header().Set("X-Long", strings.Repeat("a", 2*MaxAnswer))
		}
		fmt.Fprint(w, "ok")
	}))
	defer srv.Close()
	defer close(stop)
	c := (Guard{Loopback: true, Timeout: 300 * time.Millisecond}).Client()
	get := func(path string) error {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+path, nil)
		if err != nil {
			return err
		}
		res, err := c.Do(req)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		_, err = io.ReadAll(io.LimitReader(res.Body, MaxAnswer))
		return err
	}
	if err := get("/"); err != nil {
		t.Error(err)
	}
	if err := get("/slow"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("slow: %v", err)
	}
	if err := get("/header"); err == nil {
		t.Error("a header of 128 KiB passed")
	}
}
