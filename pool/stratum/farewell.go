package stratum

import (
	"context"
	"encoding/json"
	"net"
	"strconv"

	"hashyard"
)

// shake is the TLS handshake, with the time that all of the handshake has.
func (s *session) shake(ctx context.Context) bool {
	if s.out.conn.SetReadDeadline(s.began.Add(s.srv.cfg.Handshake)) != nil {
		return false
	}
	if err := s.secure.HandshakeContext(ctx); err != nil {
		s.srv.cfg.Logger.DebugContext(ctx, "stratum handshake", "remote", s.remote, "err", err)
		s.end(reasonNoTLS)
		return false
	}
	return true
}

// farewell is the last that a client is sent: where else to go, when the server
// stops and has other hosts of its own, and that nothing was cut off.
func (s *session) farewell() {
	s.mu.Lock()
	send := s.reason == reasonStops && !s.grant.Worker.IsZero() && len(s.srv.cfg.Reconnect) > 0
	s.mu.Unlock()
	if send {
		// Spread by the number of the session, which counts up: not all at the same
		// host, and not all in the same second.
		n := int(s.en1Number() & 0xffffff)
		hosts := s.srv.cfg.Reconnect
		s.send(appendReconnect(nil, hosts[n%len(hosts)], n/len(hosts)%reconnectSpread))
	}
	if s.secure != nil {
		_ = s.secure.CloseWrite()
	}
}

// reconnectSpread is over how many seconds the miners of a server that stops
// come to the next.
const reconnectSpread = 10

// appendReconnect writes a client.reconnect. It never names a host that is not
// configured as ours: such a message, forged, once led miners away.
func appendReconnect(b []byte, host string, wait int) []byte {
	name, port, _ := net.SplitHostPort(host) // checked at the start
	quoted, err := json.Marshal(name)
	if err != nil { // a string always marshals
		return b
	}
	b = append(b, `{"id":null,"method":"client.reconnect","params":[`...)
	b = append(b, quoted...)
	b = append(b, ',')
	b = append(b, port...)
	b = append(b, ',')
	b = strconv.AppendInt(b, int64(wait), 10)
	return append(b, "]}\n"...)
}

func checkHosts(hosts []string) error {
	for _, h := range hosts {
		name, port, err := net.SplitHostPort(h)
		if n, perr := strconv.ParseUint(port, 10, 16); err != nil || perr != nil || n == 0 || name == "" {
			return hashyard.Invalid.Errorf("stratum: %q is no host:port to reconnect to", h)
		}
	}
	return nil
}
