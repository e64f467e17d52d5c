package antminer

import (
	"bytes"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"hashyard"
	"hashyard/firmware"
)

// TestHostileAnswersAreBounded has a machine answer without end, byte by byte,
// and deeper than any document: each ends within the request's time, as a
// machine that cannot be read.
func TestHostileAnswersAreBounded(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]http.HandlerFunc{
		"without end": func(w http.ResponseWriter, _ *http.Request) {
			for junk := bytes.Repeat([]byte(" "), 64<<10); ; {
				if _, err := w.Write(junk); err != nil {
					return
				}
			}
		},
		"byte by byte": func(w http.ResponseWriter, r *http.Request) {
			tick := time.NewTicker(20 * time.Millisecond)
			defer tick.Stop()
			for {
				select {
				case <-r.Context().Done():
					return
				case <-tick.C:
				}
				if _, err := w.Write([]byte(" ")); err != nil {
					return
				}
				w.(http.Flusher).Flush()
			}
		},
		"too deep": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"pools":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + "}"))
		},
		"elsewhere": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://169.254.169.254/latest/meta-data/", http.StatusFound)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := httptest.NewServer(answer)
			defer s.CloseClientConnections()
			at := netip.MustParseAddrPort(s.Listener.Addr().String())
			dialed := &net.Dialer{}
			dev, err := Open(t.Context(), firmware.Target{Addr: at.Addr(), WebPort: at.Port(), Dial: dialed.DialContext, Timeout: 600 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			begun := time.Now()
			pools, err := dev.(firmware.PoolConfigReader).PoolConfig(t.Context())
			if !errors.Is(err, hashyard.Unavailable) && !errors.Is(err, hashyard.Invalid) {
				t.Errorf("%+v, %v", pools, err)
			}
			if took := time.Since(begun); took > 10*time.Second {
				t.Errorf("took %s", took)
			}
		})
	}
}
