package firmware

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"

	"hashyard"
)

// Default ports and limits of a Target.
const (
	DefaultRPCPort = 4028
	DefaultWebPort = 80
	// DefaultTimeout bounds one request from dial to last byte. Real machines
	// under load take up to three seconds.
	DefaultTimeout = 8 * time.Second
	// MaxReply caps one reply of a machine, in bytes.
	MaxReply = 1 << 20
)

// DialFunc opens connections to machines, as net.Dialer.DialContext does.
type DialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// Credentials sign in to a machine's web interface.
type Credentials struct {
	User     string
	Password string
}

// Target is where one machine is and how to reach it.
type Target struct {
	Addr        netip.Addr
	RPCPort     uint16 // 0 means DefaultRPCPort
	WebPort     uint16 // 0 means DefaultWebPort
	Credentials Credentials
	Dial        DialFunc         // required: the site's guarded dialer
	Timeout     time.Duration    // of one request; 0 means DefaultTimeout
	Now         func() time.Time // nil means time.Now
	// Session keeps one web connection open from request to request, so that
	// the machine that was checked is the one that is written to. The caller's
	// Dial decides whether a lost connection may be replaced.
	Session bool
}

// Open makes a device of one family for the target. It does no I/O unless the
// family needs some to choose a dialect.
type Open func(ctx context.Context, t Target) (Device, error)

// Ready fills defaults in and checks the rest.
func (t Target) Ready() (Target, error) {
	if !t.Addr.IsValid() {
		return t, hashyard.Invalid.Errorf("miner target has no address")
	}
	if t.Dial == nil {
		return t, hashyard.Invalid.Errorf("miner target %s has no dialer", t.Addr)
	}
	if t.RPCPort == 0 {
		t.RPCPort = DefaultRPCPort
	}
	if t.WebPort == 0 {
		t.WebPort = DefaultWebPort
	}
	if t.Timeout <= 0 {
		t.Timeout = DefaultTimeout
	}
	if t.Now == nil {
		t.Now = time.Now
	}
	return t, nil
}

// RPC is the host:port of the RPC API.
func (t Target) RPC() string { return netip.AddrPortFrom(t.Addr, t.RPCPort).String() }

// Web is the host:port of the web interface.
func (t Target) Web() string { return netip.AddrPortFrom(t.Addr, t.WebPort).String() }

// NeverMiner says why no miner is at an address, or nothing: what clouds answer
// with their instances' secrets, and what is no single machine. An IPv4 address
// inside an IPv6 one is judged as what it leads to.
func NeverMiner(a netip.Addr) string {
	switch a = a.Unmap(); {
	case !a.IsValid() || a.IsUnspecified():
		return "is no address"
	case a.IsLinkLocalUnicast() || a.IsInterfaceLocalMulticast() || a.IsLinkLocalMulticast():
		return "is link-local, where clouds keep their secrets"
	case a.IsMulticast() || a == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return "is not one machine"
	case a == netip.AddrFrom4([4]byte{100, 100, 100, 200}), a == metadataV6():
		return "is a cloud's metadata service"
	}
	return ""
}

// metadataV6 is fd00:ec2::254, in the private range and yet no miner.
func metadataV6() netip.Addr {
	return netip.AddrFrom16([16]byte{0xfd, 0x00, 0x0e, 0xc2, 14: 0x02, 15: 0x54})
}

// SiteDialer dials only addresses inside the allowed prefixes, and none of
// NeverMiner. The check runs on the resolved address just before connect, so
// neither a name nor a redirect can lead outside the site. Loopback is dialled
// only where a prefix is itself of loopback.
func SiteDialer(allowed []netip.Prefix, timeout time.Duration) *net.Dialer {
	guard := func(_ context.Context, network, address string, _ syscall.RawConn) error {
		ap, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("dial %s %s: %w", network, address, err)
		}
		addr := ap.Addr().Unmap()
		if why := NeverMiner(addr); why != "" {
			return hashyard.Denied.Errorf("dial %s: the address %s", address, why)
		}
		for _, p := range allowed {
			if p.Contains(addr) && (!addr.IsLoopback() || p.Addr().IsLoopback()) {
				return nil
			}
		}
		return hashyard.Denied.Errorf("dial %s: outside the site's networks", address)
	}
	return &net.Dialer{Timeout: timeout, ControlContext: guard}
}
