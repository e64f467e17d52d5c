// Package discover finds machines in a site's network: a sweep of open ports
// with a short timeout, then evidence from those that answer. It owns no
// state; a Scanner may be used by several goroutines.
package discover

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"hashyard"
	"hashyard/firmware"
)

// Config is what a Scanner needs.
type Config struct {
	Network     netip.Prefix // nothing outside is ever dialled
	Loopback    bool         // the network may be of loopback: simulated machines
	RPCPort     uint16       // 0 means firmware.DefaultRPCPort
	WebPort     uint16       // 0 means firmware.DefaultWebPort
	Families    map[string]firmware.Family
	Probe       firmware.Probe
	Credentials firmware.Credentials
	DialTimeout time.Duration // of one port; 0 means 1 s
	Timeout     time.Duration // of one request to a machine; 0 means firmware.DefaultTimeout
	Concurrency int           // open dials at once; 0 means 256
}

// Scanner looks for machines in one network.
type Scanner struct{ cfg Config }

// maxAddresses bounds a sweep: a /16.
const maxAddresses = 1 << 16

// New checks the configuration.
func New(cfg Config) (*Scanner, error) {
	cfg.Network = cfg.Network.Masked()
	switch {
	case !cfg.Network.IsValid():
		return nil, hashyard.Invalid.Errorf("scan: no network given")
	case cfg.Network.Addr().BitLen()-cfg.Network.Bits() > 16:
		return nil, hashyard.Invalid.Errorf("scan: network %s has more than %d addresses", cfg.Network, maxAddresses)
	case cfg.Network.Addr().Is4In6():
		return nil, hashyard.Invalid.Errorf("scan: write network %s as an IPv4 one", cfg.Network)
	case firmware.NeverMiner(cfg.Network.Addr()) != "":
		return nil, hashyard.Invalid.Errorf("scan: network %s %s", cfg.Network, firmware.NeverMiner(cfg.Network.Addr()))
	case cfg.Network.Addr().IsLoopback() && !cfg.Loopback:
		return nil, hashyard.Invalid.Errorf("scan: network %s is this computer itself; only a local world of simulated machines may scan it (--allow-loopback)", cfg.Network)
	case cfg.Probe == nil || len(cfg.Families) == 0:
		return nil, hashyard.Invalid.Errorf("scan: no probe or no firmware families given")
	}
	if cfg.RPCPort == 0 {
		cfg.RPCPort = firmware.DefaultRPCPort
	}
	if cfg.WebPort == 0 {
		cfg.WebPort = firmware.DefaultWebPort
	}
	if cfg.DialTimeout <= 0 {
		cfg.DialTimeout = time.Second
	}
	if cfg.Concurrency <= 0 {
		cfg.Concurrency = 256
	}
	return &Scanner{cfg}, nil
}

// Contains reports whether the address is one the scanner may touch.
func (s *Scanner) Contains(a netip.Addr) bool { return s.cfg.Network.Contains(a) }

// Target reaches a machine through the guarded dialer.
func (s *Scanner) Target(a netip.Addr) firmware.Target {
	return firmware.Target{
		Addr: a, RPCPort: s.cfg.RPCPort, WebPort: s.cfg.WebPort, Credentials: s.cfg.Credentials,
		Dial:    s.dialer().DialContext,
		Timeout: s.cfg.Timeout,
	}
}

// dialer refuses addresses outside the network and ports that are no miner's,
// at the moment of connecting.
func (s *Scanner) dialer() *net.Dialer {
	d := firmware.SiteDialer([]netip.Prefix{s.cfg.Network}, s.cfg.DialTimeout)
	site := d.ControlContext
	d.ControlContext = func(ctx context.Context, network, address string, c syscall.RawConn) error {
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return fmt.Errorf("dial %s: %w", address, err)
		}
		if port != strconv.Itoa(int(s.cfg.RPCPort)) && port != strconv.Itoa(int(s.cfg.WebPort)) {
			return hashyard.Denied.Errorf("dial %s: port %s is no port of a miner", address, port)
		}
		return site(ctx, network, address, c)
	}
	return d
}

// Sweep lists the addresses where a miner's port is open, in order.
func (s *Scanner) Sweep(ctx context.Context) ([]netip.Addr, error) {
	dial := s.dialer()
	slots := make(chan struct{}, s.cfg.Concurrency)
	var wg sync.WaitGroup
	var mu sync.Mutex // guards alive
	var alive []netip.Addr
	for a := s.cfg.Network.Addr(); s.cfg.Network.Contains(a) && ctx.Err() == nil; a = a.Next() {
		if s.notAHost(a) {
			continue
		}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if s.open(ctx, dial, a) {
				mu.Lock()
				alive = append(alive, a)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("sweep %s: %w", s.cfg.Network, err)
	}
	slices.SortFunc(alive, netip.Addr.Compare)
	return alive, nil
}

// notAHost knows the network's own and its broadcast address.
func (s *Scanner) notAHost(a netip.Addr) bool {
	n := s.cfg.Network
	if !n.Addr().Is4() || n.Bits() > 30 {
		return false
	}
	return a == n.Addr() || !n.Contains(a.Next())
}

// open asks the RPC port first: every family but a few has it.
func (s *Scanner) open(ctx context.Context, dial *net.Dialer, a netip.Addr) bool {
	for _, port := range []uint16{s.cfg.RPCPort, s.cfg.WebPort} {
		c, err := dial.DialContext(ctx, "tcp", netip.AddrPortFrom(a, port).String())
		if err == nil {
			return c.Close() == nil
		}
		if ctx.Err() != nil {
			return false
		}
	}
	return false
}

// Identify names the family of the machine at the address.
func (s *Scanner) Identify(ctx context.Context, a netip.Addr) (firmware.Verdict, error) {
	ev, err := s.cfg.Probe(ctx, s.Target(a))
	if err != nil {
		return firmware.Verdict{}, fmt.Errorf("probe %s: %w", a, err)
	}
	return firmware.Judge(s.cfg.Families, ev), nil
}

// Open makes a device of the family for the target.
func (s *Scanner) Open(ctx context.Context, family string, t firmware.Target) (firmware.Device, error) {
	f, ok := s.cfg.Families[family]
	if !ok {
		return nil, hashyard.NotFound.Errorf("firmware family %.40q is not known to this agent", family)
	}
	d, err := f.Open(ctx, t)
	if err != nil {
		return nil, fmt.Errorf("open %s as %s: %w", t.Addr, family, err)
	}
	if d == nil {
		return nil, errors.New("family opened nothing")
	}
	return d, nil
}
