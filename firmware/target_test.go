package firmware_test

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"hashyard"
	"hashyard/firmware"
)

// TestSiteDialerRefuses dials addresses that lie inside a network that was
// allowed by mistake, and such that hide as others.
func TestSiteDialerRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ allowed, address string }{
		{"10.0.0.0/24", "10.0.1.1:80"},               // outside
		{"10.0.0.0/24", "[::ffff:10.0.1.1]:80"},      // outside, in disguise
		{"0.0.0.0/0", "127.0.0.1:80"},                // this computer, by a network that is too wide
		{"0.0.0.0/0", "[::ffff:127.0.0.1]:80"},       // likewise in disguise
		{"::/0", "[::1]:80"},                         // likewise
		{"0.0.0.0/0", "169.254.169.254:80"},          // metadata
		{"169.254.0.0/16", "169.254.169.254:80"},     // even when the network says so
		{"169.254.0.0/16", "[::ffff:a9fe:a9fe]:80"},  // in disguise
		{"100.64.0.0/10", "100.100.100.200:80"},      // another cloud's
		{"fd00::/8", "[fd00:ec2::254]:80"},           // and IPv6's
		{"fe80::/10", "[fe80::1%lo]:80"},             // link-local
		{"0.0.0.0/0", "0.0.0.0:80"},                  // which Linux takes for this computer
		{"::/0", "[::]:80"},                          //
		{"224.0.0.0/4", "224.0.0.1:80"},              // many
		{"255.255.255.255/32", "255.255.255.255:80"}, // all
		{"10.0.0.0/24", "[64:ff9b::a9fe:a9fe]:80"},   // through a translator
	} {
		d := firmware.SiteDialer([]netip.Prefix{netip.MustParsePrefix(c.allowed)}, time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		conn, err := d.DialContext(ctx, "tcp", c.address)
		cancel()
		if conn != nil {
			_ = conn.Close()
		}
		// The guard runs before connect: anything but its own refusal means that
		// a packet went out.
		if !errors.Is(err, hashyard.Denied) {
			t.Errorf("%s with %s allowed was tried: %v", c.address, c.allowed, err)
		}
	}
}

func TestNeverMinerLeavesMinersAlone(t *testing.T) {
	t.Parallel()
	for _, a := range []string{"10.42.1.167", "192.168.1.1", "172.16.0.9", "fd12:3456::1", "127.9.1.4", "100.64.3.4", "::ffff:10.0.0.1"} {
		if why := firmware.NeverMiner(netip.MustParseAddr(a)); why != "" {
			t.Errorf("%s %s", a, why)
		}
	}
}
