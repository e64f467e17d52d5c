package agent

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"sync"

	"hashyard"
	"hashyard/firmware"
	"hashyard/fleet"
)

// errSessionLost says that the connection on which the machine was identified
// is gone; nothing goes out on another one.
var errSessionLost = errors.New("the machine closed the session between the identity check and the write")

// session is one sitting with one machine. Over the web everything from the
// identity check to the write goes over one TCP connection, which no change of
// addresses can lead elsewhere. The RPC takes one request a connection; there
// the identity is read again right before each request, as it is over the web
// for machines that keep no connection open.
type session struct {
	device firmware.Device
	pin    *pin
}

func (a *Agent) session(ctx context.Context, addr netip.Addr, order fleet.RedirectOrder, strict bool) (*session, error) {
	family := order.Family
	if _, ok := a.cfg.Families[family]; !ok {
		v, err := a.scanner.Identify(ctx, addr)
		if err != nil {
			return nil, err
		}
		family = v.Family
	}
	target := a.scanner.Target(addr)
	plain := target.Dial
	p := &pin{dial: plain, strict: strict, web: strconv.Itoa(int(webPort(target)))}
	p.check = func(ctx context.Context) error {
		d, err := a.scanner.Open(ctx, family, a.scanner.Target(addr))
		if err != nil {
			return err
		}
		id, err := d.Identity(ctx)
		if err != nil {
			return err
		}
		if bad := fleet.MismatchOf(order.Serial, order.MAC, order.Boards, id); bad != "" {
			return hashyard.Conflict.Errorf("%s: %w", bad, errMoved)
		}
		return nil
	}
	target.Dial, target.Session = p.dialContext, true
	d, err := a.scanner.Open(ctx, family, target)
	if err != nil {
		return nil, err
	}
	return &session{device: d, pin: p}, nil
}

func webPort(t firmware.Target) uint16 {
	if t.WebPort == 0 {
		return firmware.DefaultWebPort
	}
	return t.WebPort
}

// identify reads the identity and closes the session to other machines.
func (s *session) identify(ctx context.Context) (firmware.Identity, error) {
	id, err := s.device.Identity(ctx)
	if err != nil {
		return id, err
	}
	return id, s.pin.seal()
}

// release lets new connections in again, for reading back.
func (s *session) release() { s.pin.release() }

func (s *session) close() { s.pin.closeAll() }

// pin is a dialer that holds a session to the machine it began with.
type pin struct {
	dial   firmware.DialFunc
	check  func(context.Context) error // reads the identity on connections of its own
	strict bool                        // one web connection for the whole session
	web    string                      // port

	mu     sync.Mutex // guards all below
	sealed bool
	webs   int // web connections dialled in this session
	conns  []net.Conn
}

func (p *pin) dialContext(ctx context.Context, network, address string) (net.Conn, error) {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", address, err)
	}
	p.mu.Lock()
	sealed := p.sealed
	p.mu.Unlock()
	if sealed {
		if port == p.web && p.strict {
			return nil, errSessionLost
		}
		if err := p.check(ctx); err != nil {
			return nil, fmt.Errorf("identity right before the write: %w", err)
		}
	}
	c, err := p.dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if port == p.web {
		p.webs++
	}
	p.conns = append(p.conns, c)
	return c, nil
}

// seal fails when the identity came over more than one web connection: then
// its parts may be of two machines.
func (p *pin) seal() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.strict && p.webs > 1 {
		return errSessionLost
	}
	p.sealed = true
	return nil
}

func (p *pin) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sealed = false
}

func (p *pin) closeAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		_ = c.Close() // most are closed already
	}
}
