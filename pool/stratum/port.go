package stratum

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"

	"hashyard"
)

// Port is an address that miners connect to.
type Port struct {
	Listen string // host:port; port 0 takes a free one
	// Floor is the least difficulty ever assigned here, Start the first one of
	// unknown machines; 0 takes the server's.
	Floor, Start hashyard.Difficulty
	// Certificate makes it a port for TLS 1.2 and later.
	Certificate func(*tls.ClientHelloInfo) (*tls.Certificate, error)
	// Balancers are the networks of proxies in front. Their connections must
	// begin with a PROXY protocol header of version 2, and what it says is
	// believed; from anywhere else such a header is refused.
	Balancers []netip.Prefix
}

// door is an open port.
type door struct {
	Port
	ln  net.Listener
	tls *tls.Config // nil for a plain port

	live int // sessions; guarded by the server's mu
}

// balancer reports whether an address is a proxy's of ours.
func (d *door) balancer(a netip.Addr) bool {
	return slices.ContainsFunc(d.Balancers, func(p netip.Prefix) bool { return p.Contains(a) })
}

func (s *Server) openDoors() error {
	ports := s.cfg.Ports
	if s.cfg.Listen != "" || len(ports) == 0 {
		ports = append([]Port{{Listen: s.cfg.Listen}}, ports...)
	}
	for _, p := range ports {
		p.Floor, p.Start = cmp.Or(p.Floor, s.cfg.Floor), cmp.Or(p.Start, s.cfg.Start)
		d := &door{Port: p}
		if p.Certificate != nil {
			d.tls = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: p.Certificate}
		}
		var err error
		if d.ln, err = net.Listen("tcp", p.Listen); err != nil {
			s.closeDoors()
			return hashyard.Unavailable.Errorf("stratum: listen on %s: %w (is the port taken? choose another)", p.Listen, err)
		}
		s.doors = append(s.doors, d)
	}
	return nil
}

func (s *Server) closeDoors() {
	for _, d := range s.doors {
		_ = d.ln.Close()
	}
}

// Addr is where the first port listens.
func (s *Server) Addr() netip.AddrPort { return addrPort(s.doors[0].ln.Addr()) }

// Addrs are where the ports listen, Config.Listen's first.
func (s *Server) Addrs() []netip.AddrPort {
	all := make([]netip.AddrPort, len(s.doors))
	for i, d := range s.doors {
		all[i] = addrPort(d.ln.Addr())
	}
	return all
}

func addrPort(a net.Addr) netip.AddrPort {
	if t, ok := a.(*net.TCPAddr); ok {
		ap := t.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	}
	return netip.AddrPort{}
}

// accept takes connections at all ports until ctx or one of them ends; lasting
// is for the sessions.
func (s *Server) accept(ctx, lasting context.Context) error {
	defer context.AfterFunc(ctx, s.closeDoors)()
	errs := make([]error, len(s.doors))
	var open sync.WaitGroup
	for i, d := range s.doors {
		open.Go(func() {
			errs[i] = s.acceptAt(ctx, lasting, d)
			s.closeDoors() // the whole edge ends with one of its ports
		})
	}
	open.Wait()
	return errors.Join(errs...)
}

func (s *Server) acceptAt(ctx, lasting context.Context, d *door) error {
	pause := 5 * time.Millisecond
	for {
		conn, err := d.ln.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				_ = conn.Close()
			}
			return ctx.Err()
		case errors.Is(err, net.ErrClosed):
			return err
		case err != nil: // out of descriptors, or the client is gone already
			s.cfg.Logger.WarnContext(ctx, "stratum connection not accepted", "err", err)
			select {
			case <-ctx.Done():
			case <-time.After(pause):
			}
			pause = min(2*pause, time.Second)
			continue
		}
		pause = 5 * time.Millisecond
		if remote := addrPort(conn.RemoteAddr()); d.balancer(remote.Addr()) {
			s.introduce(lasting, d, conn, remote)
		} else {
			s.receive(lasting, d, conn, remote)
		}
	}
}

// receive makes a session of a connection, or closes it: the miner takes its
// next pool.
func (s *Server) receive(ctx context.Context, d *door, conn net.Conn, remote netip.AddrPort) {
	ses, why := s.admit(d, conn, remote)
	if ses == nil {
		s.refuse(conn, why)
		return
	}
	ses.more = ses.deadline()
	s.wg.Go(func() { ses.run(ctx) })
}

// refuse closes a connection that becomes no session.
func (s *Server) refuse(conn net.Conn, why refusal) {
	s.refused[why].Add(1)
	if t, ok := conn.(*net.TCPConn); ok && (why == refusedConduct || why == refusedHeader) {
		_ = t.SetLinger(0) // leaves nothing behind, however many they are
	}
	_ = conn.Close()
}

// introduce lets a balancer say who comes, apart from the accepting goroutine.
func (s *Server) introduce(ctx context.Context, d *door, conn net.Conn, remote netip.AddrPort) {
	s.mu.Lock()
	full := s.draining || s.full()
	if !full {
		s.lobby[conn] = struct{}{}
	}
	s.mu.Unlock()
	if full {
		s.refuse(conn, refusedFull)
		return
	}
	s.wg.Go(func() {
		err := conn.SetReadDeadline(time.Now().Add(min(headerTime, s.cfg.Handshake)))
		said, herr := readProxyHeader(conn)
		err = cmp.Or(err, herr)
		s.mu.Lock()
		delete(s.lobby, conn)
		s.mu.Unlock()
		if err != nil {
			// A balancer that only looks whether the port is open says nothing.
			if !errors.Is(err, errNoHeader) {
				s.cfg.Logger.WarnContext(ctx, "stratum balancer introduces nobody", "balancer", remote, "port", d.Listen,
					"slow", errors.Is(err, os.ErrDeadlineExceeded), "err", err)
			}
			s.refuse(conn, refusedHeader)
			return
		}
		if said.IsValid() {
			remote = said
		}
		s.receive(ctx, d, conn, remote)
	})
}

// headerTime is how long a balancer may take to say who comes.
const headerTime = 5 * time.Second
