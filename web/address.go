package web

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// clientAddress is where the request comes from: the peer, unless that is a
// trusted proxy. Then it is the right-most hop of X-Forwarded-For that is none:
// each proxy appends who it heard from, so that what the client wrote itself
// stands further left and is never reached.
func clientAddress(r *http.Request, trusted []netip.Prefix) string {
	peer := r.RemoteAddr
	if host, _, err := net.SplitHostPort(peer); err == nil {
		peer = host
	}
	hop, err := netip.ParseAddr(peer)
	if err != nil {
		return peer
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && within(hop, trusted); i-- {
		next, err := parseHop(strings.TrimSpace(hops[i]))
		if err != nil {
			break // what a trusted proxy did not write says nothing, nor does what stands before
		}
		hop = next
	}
	return hop.Unmap().WithZone("").String()
}

// parseHop reads an address, with a port where the proxy writes one.
func parseHop(s string) (netip.Addr, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		return a, nil
	}
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr(), nil
	}
	return netip.ParseAddr(strings.Trim(s, "[]"))
}

func within(a netip.Addr, nets []netip.Prefix) bool {
	a = a.Unmap().WithZone("")
	return slices.ContainsFunc(nets, func(p netip.Prefix) bool { return p.Contains(a) })
}
