package stratum

import (
	"net"
	"net/netip"

	"hashyard"
)

func (s *Server) list() []*session {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*session, 0, len(s.sessions))
	for ses := range s.sessions {
		all = append(all, ses)
	}
	return all
}

// refusal is why a connection became no session.
type refusal int

const (
	refusedStopping refusal = iota
	refusedFull             // as many sessions as the server takes
	refusedNumbers          // no extranonce1 is free
	refusedHeader           // the balancer did not say who comes
	refusedCrowd            // as many as one source may have
	refusedConduct          // its source does too much wrong
	_                       // the last two, of an account
	_
	refusals

	refusedAccount = 2 // from one of a source to the same of an account
)

var refusalNames = [refusals]string{
	"stopping", "full", "numbers", "header", "source_crowd", "source_conduct", "account_crowd", "account_conduct",
}

// full reports whether the server has no room; the caller holds s.mu.
func (s *Server) full() bool { return len(s.sessions)+len(s.lobby) >= s.cfg.MaxSessions }

// admit registers a connection, or says why not.
func (s *Server) admit(d *door, conn net.Conn, remote netip.AddrPort) (*session, refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.draining:
		return nil, refusedStopping
	case s.full():
		return nil, refusedFull
	}
	from, why := s.sources.enter(sourceOf(remote.Addr()), s.cfg.MaxPerAddr, s.cfg.Now(), false)
	if from == nil {
		return nil, why
	}
	en1, ok := s.en1.take()
	if !ok {
		s.sources.leave(from)
		return nil, refusedNumbers
	}
	ses := newSession(s, d, conn, remote, en1)
	ses.from = from
	s.sessions[ses] = struct{}{}
	d.live++
	return ses, 0
}

func (s *Server) forget(ses *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, ses)
	s.en1.free(ses.en1Number())
	ses.door.live--
	s.sources.leave(ses.from)
	if ses.by != nil {
		s.accounts.leave(ses.by)
	}
	if s.units[ses.holds] == ses {
		delete(s.units, ses.holds)
	}
}

// hold makes ses the one session of a unit's secret; an older one ends. A
// miner that lost its line comes back before the server notices, and a second
// machine with a copied secret must not add to the first one's work.
func (s *Server) hold(unit hashyard.ID, ses *session) {
	s.mu.Lock()
	older := s.units[unit]
	s.units[unit], ses.holds = ses, unit
	s.mu.Unlock()
	if older != nil && older != ses {
		older.end("replaced by a newer session of the same unit")
	}
}
