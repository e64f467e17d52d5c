package antminer

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"hashyard"
	"hashyard/firmware"
)

// TestCutConfigurationIsNoProof cuts get_miner_conf.cgi at every byte, as a
// control board that restarts does: a pool that was cut off is never read as an
// empty slot.
func TestCutConfigurationIsNoProof(t *testing.T) {
	t.Parallel()
	conf := `{"pools":[{"url":"stratum+tcp://p:1","user":"u","pass":"x"},{"url":"stratum+tcp://evil:1","user":"thief","pass":"x"},{"url":"","user":"","pass":""}],"bitmain-fan-ctrl":false}`
	cut := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if _, err := w.Write([]byte(conf[:cut])); err != nil {
			t.Error(err)
		}
	}))
	defer s.Close()
	at := netip.MustParseAddrPort(s.Listener.Addr().String())
	dev, err := Open(t.Context(), firmware.Target{Addr: at.Addr(), WebPort: at.Port(), Dial: (&net.Dialer{}).DialContext, Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	for cut = range len(conf) + 1 {
		pools, err := dev.(firmware.PoolConfigReader).PoolConfig(t.Context())
		switch {
		case cut == len(conf):
			if err != nil || len(pools) != Slots || pools[1].User != "thief" {
				t.Errorf("whole: %+v, %v", pools, err)
			}
		case !errors.Is(err, hashyard.Unavailable):
			t.Fatalf("cut at %d: %+v, %v", cut, pools, err)
		}
	}
	for _, conf := range []string{`{"pools":[null,null,null]}`, `{"pools":["x"]}`, `{}`} {
		v, err := whole([]byte(conf))
		if err != nil {
			t.Fatal(err)
		}
		if pools, err := configured(v); !errors.Is(err, hashyard.Unavailable) {
			t.Errorf("%s: %+v, %v", conf, pools, err)
		}
	}
}
