package generic

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"hashyard"
	"hashyard/firmware"
)

// TestCutRepliesAreNoProof has the machine close the connection in the middle
// of its list of pools.
func TestCutRepliesAreNoProof(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	replies := make(chan string, 1)
	done := make(chan struct{})
	go func() { // ends with the listener
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if _, err := c.Read(make([]byte, 100)); err == nil {
				_, _ = io.WriteString(c, <-replies)
			}
			_ = c.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); close(replies); <-done })
	at := netip.MustParseAddrPort(l.Addr().String())
	dev, err := Open(t.Context(), firmware.Target{Addr: at.Addr(), RPCPort: at.Port(), Dial: (&net.Dialer{}).DialContext, Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	d := dev.(*Device)
	whole := `{"STATUS":[{"STATUS":"S","Code":7}],"POOLS":[{"POOL":0,"URL":"a:1","User":"u"},{"POOL":1,"URL":"evil:1","User":"thief"}],"id":1}`
	for n := 1; n <= len(whole); n++ {
		replies <- whole[:n]
		slots, err := d.PoolConfig(t.Context())
		if n < len(whole) && !errors.Is(err, hashyard.Unavailable) || n == len(whole) && (err != nil || len(slots) != 3 || slots[1].User != "thief") {
			t.Fatalf("%d of %d bytes: %+v, %v", n, len(whole), slots, err)
		}
	}
	replies <- whole[:len(whole)-20]
	if pools, err := d.Pools(t.Context()); !errors.Is(err, hashyard.Unavailable) {
		t.Errorf("%+v, %v", pools, err)
	}
	replies <- `{"VERSION":[{"CGMiner":"4","DNA":"0200"}`
	if id, err := d.Identity(t.Context()); !errors.Is(err, hashyard.Unavailable) {
		t.Errorf("half an identity: %+v, %v", id, err)
	}
}
