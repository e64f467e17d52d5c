package stratum

// Stats are the server's figures.
type Stats struct {
	Ports []PortStats
	// Refused counts connections that became no session, by reason.
	Refused map[string]int64
	// Sources and Accounts are how many are remembered for their conduct.
	Sources, Accounts int
}

// PortStats are those of one port.
type PortStats struct {
	Listen   string // as configured
	Sessions int    // authorised or not
}

// Stats reads them.
func (s *Server) Stats() Stats {
	out := Stats{Ports: make([]PortStats, len(s.doors)), Refused: make(map[string]int64, refusals)}
	for why, name := range refusalNames {
		out.Refused[name] = s.refused[why].Load()
	}
	out.Sources, out.Accounts = s.sources.size(), s.accounts.size()
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, d := range s.doors {
		out.Ports[i] = PortStats{Listen: d.Listen, Sessions: d.live}
	}
	return out
}
