package discover_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"hashyard"
	"hashyard/firmware"
	"hashyard/fleet/discover"
)

func network(third byte) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{127, byte(130 + os.Getpid()%100), third, 0}), 24)
}

func scanner(t *testing.T, n netip.Prefix, rpc, web uint16) *discover.Scanner {
	t.Helper()
	s, err := discover.New(discover.Config{
		Loopback: true,
		Network:  n, RPCPort: rpc, WebPort: web,
		Probe: func(context.Context, firmware.Target) (firmware.Evidence, error) {
			return firmware.Evidence{RPC: &firmware.RPCEvidence{}}, nil
		},
		Families: map[string]firmware.Family{"some": {Claims: func(firmware.Evidence) firmware.Claim { return firmware.Claim{Score: 60} }}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// listen opens a port that says nothing.
func listen(t *testing.T, addr string) netip.AddrPort {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().(*net.TCPAddr).AddrPort()
}

func TestSweepFindsOpenPorts(t *testing.T) {
	t.Parallel()
	n := network(210)
	host := func(last byte) netip.Addr { a := n.Addr().As4(); a[3] = last; return netip.AddrFrom4(a) }
	rpc := listen(t, netip.AddrPortFrom(host(11), 0).String()).Port()
	web := listen(t, netip.AddrPortFrom(host(12), 0).String()).Port()
	listen(t, netip.AddrPortFrom(host(254), rpc).String())
	start := time.Now()
	got, err := scanner(t, n, rpc, web).Sweep(t.Context())
	took := time.Since(start)
	if want := []netip.Addr{host(11), host(12), host(254)}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	t.Logf("swept a /24 of loopback in %s", took)
	if took > 5*time.Second {
		t.Errorf("a sweep took %s", took)
	}
	v, err := scanner(t, n, rpc, web).Identify(t.Context(), host(11))
	if err != nil || v.Family != "some" {
		t.Errorf("%+v, %v", v, err)
	}
	if _, err := scanner(t, n, rpc, web).Open(t.Context(), "other", firmware.Target{}); !errors.Is(err, hashyard.NotFound) {
		t.Errorf("an unknown family: %v", err)
	}
}

// TestGuard dials what no machine's reply may lead to.
func TestGuard(t *testing.T) {
	t.Parallel()
	n := network(211)
	inside := listen(t, netip.AddrPortFrom(n.Addr().Next(), 0).String())
	outside := listen(t, "127.0.0.1:"+strconv.Itoa(int(inside.Port())))
	otherPort := listen(t, netip.AddrPortFrom(n.Addr().Next(), 0).String())
	dial := scanner(t, n, inside.Port(), 1).Target(inside.Addr()).Dial
	c, err := dial(t.Context(), "tcp", inside.String())
	if err != nil {
		t.Fatalf("inside: %v", err)
	}
	_ = c.Close()
	mapped := netip.AddrPortFrom(netip.AddrFrom16(outside.Addr().As16()), outside.Port())
	for name, addr := range map[string]string{
		"outside the network": outside.String(),
		"mapped IPv6":         mapped.String(),
		"metadata service":    "169.254.169.254:" + strconv.Itoa(int(inside.Port())),
		"a name":              "localhost:" + strconv.Itoa(int(inside.Port())),
		"another port":        otherPort.String(),
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		if c, err := dial(ctx, "tcp", addr); !errors.Is(err, hashyard.Denied) {
			t.Errorf("%s (%s): %v", name, addr, err)
			if c != nil {
				_ = c.Close()
			}
		}
		cancel()
	}
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	probe := func(context.Context, firmware.Target) (firmware.Evidence, error) { return firmware.Evidence{}, nil }
	families := map[string]firmware.Family{"some": {}}
	for name, c := range map[string]discover.Config{
		"no network":    {Probe: probe, Families: families},
		"too wide":      {Network: netip.MustParsePrefix("10.0.0.0/8"), Probe: probe, Families: families},
		"too wide v6":   {Network: netip.MustParsePrefix("fd00::/64"), Probe: probe, Families: families},
		"no probe":      {Network: network(1), Families: families, Loopback: true},
		"no families":   {Network: network(1), Probe: probe, Loopback: true},
		"this computer": {Network: network(1), Probe: probe, Families: families},
		"IPv6 loopback": {Network: netip.MustParsePrefix("::1/128"), Probe: probe, Families: families},
		"link-local":    {Network: netip.MustParsePrefix("169.254.169.0/24"), Probe: probe, Families: families, Loopback: true},
		"mapped IPv4":   {Network: netip.MustParsePrefix("::ffff:10.0.0.0/120"), Probe: probe, Families: families},
		"multicast":     {Network: netip.MustParsePrefix("224.0.0.0/24"), Probe: probe, Families: families},
		"unspecified":   {Network: netip.MustParsePrefix("0.0.0.0/16"), Probe: probe, Families: families},
	} {
		if _, err := discover.New(c); !errors.Is(err, hashyard.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
