package identify

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"hashyard/firmware"
)

func TestRealm(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		`Digest realm="antMiner Configuration", nonce="x"`: "antMiner Configuration",
		`Basic REALM=Daoge, charset="UTF-8"`:               "Daoge",
		`Digest nonce="x"`:                                 "",
		`Digest realm="open`:                               "open",
		"":                                                 "",
	} {
		if got := realm(header); got != want {
			t.Errorf("%q: %q, want %q", header, got, want)
		}
	}
}

func FuzzRealm(f *testing.F) {
	f.Add(`Digest realm="a", nonce="b"`)
	f.Add("realm=")
	f.Fuzz(func(t *testing.T, s string) {
		if got := clip(realm(s)); len(got) > 200 || strings.Contains(got, `"`) && !strings.Contains(s, `"`) {
			t.Fatalf("%q gives %q", s, got)
		}
	})
}

// A redirect is evidence, not a way out of the site.
func TestProbeDoesNotFollow(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "http://127.9.9.9/")
		w.Header().Set("Server", strings.Repeat("x", 1000))
		w.WriteHeader(http.StatusFound)
	}))
	defer srv.Close()
	ap := netip.MustParseAddrPort(srv.Listener.Addr().String())
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	rpc := netip.MustParseAddrPort(closed.Addr().String())
	closed.Close()
	ev, err := Probe(t.Context(), firmware.Target{
		Addr: ap.Addr(), WebPort: ap.Port(), RPCPort: rpc.Port(), Timeout: 2 * time.Second,
		Dial: firmware.SiteDialer([]netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, time.Second).DialContext,
	})
	if err != nil {
		t.Fatal(err)
	}
	if ev.Web == nil || ev.Web.Status != http.StatusFound || len(ev.Web.Server) != 200 || ev.RPC != nil {
		t.Errorf("%+v", ev)
	}
}
