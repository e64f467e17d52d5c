package minersim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"

	"hashyard"
)

// Machine is what someone standing beside a machine can see of it.
type Machine struct {
	Name     string     `json:"name"`
	Model    string     `json:"model"`
	Dialect  Dialect    `json:"dialect"`
	Serial   string     `json:"serial"`
	MAC      string     `json:"mac"`
	Boards   []string   `json:"boards"`
	Site     string     `json:"site"`
	Address  netip.Addr `json:"address"`
	RPCPort  int        `json:"rpc_port"`
	WebPort  int        `json:"web_port,omitempty"` // 0: no web interface
	Plugged  bool       `json:"plugged"`
	Mining   bool       `json:"mining"`
	RateHS   float64    `json:"rate_hs"` // real hashes/s when mining
	HashesHS float64    `json:"recent_hs"`
	Slots    []SlotView `json:"slots"`
}

// SlotView is one pool of a machine.
type SlotView struct {
	URL      string        `json:"url"`
	User     string        `json:"user"`
	Active   bool          `json:"active"`
	Accepted int64         `json:"accepted"`
	Rejected int64         `json:"rejected"`
	Work     hashyard.Work `json:"work"` // accepted, in 2^-32 difficulties
}

func (m *machine) view() Machine {
	m.mu.Lock()
	defer m.mu.Unlock()
	v := Machine{
		Name: m.st.Name, Model: m.st.Model, Dialect: m.st.Dialect, Serial: m.st.Serial, MAC: m.st.MAC,
		Boards: append([]string(nil), m.st.Boards[:]...), Site: m.st.Site, Address: m.st.Address,
		RPCPort: m.rpcPort, WebPort: m.webPort, Plugged: m.st.Plugged, RateHS: m.rig.rate,
	}
	for _, s := range m.st.Slots {
		v.Mining = v.Mining || s.active
		v.Slots = append(v.Slots, SlotView{s.URL, s.User, s.active, s.Accepted, s.Rejected, s.Work})
	}
	if v.Mining {
		v.HashesHS = m.rig.recentRate()
	}
	return v
}

// Machines lists all machines, unplugged ones too.
func (s *Sim) Machines() []Machine {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Machine, 0, len(s.machines))
	for _, m := range s.machines {
		out = append(out, m.view())
	}
	return out
}

// Machine finds one by serial or by name.
func (s *Sim) Machine(which string) (Machine, error) {
	m, err := s.find(which)
	if err != nil {
		return Machine{}, err
	}
	return m.view(), nil
}

func (s *Sim) find(which string) (*machine, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.machines {
		if m.st.Serial == which || m.st.Name == which {
			return m, nil
		}
	}
	return nil, hashyard.NotFound.Errorf("machine %q", which)
}

// Add makes a brand-new machine and plugs it in.
func (s *Sim) Add(mc MachineConfig) (Machine, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st, err := s.make(mc, nil)
	if err != nil {
		return Machine{}, err
	}
	m := newMachine(s, st)
	if err := s.power(m); err != nil {
		return Machine{}, err
	}
	s.machines = append(s.machines, m)
	s.changed()
	return m.view(), nil
}

// Unplug cuts a machine's power; it keeps its saved configuration. Twice is
// once.
func (s *Sim) Unplug(which string) (Machine, error) {
	m, err := s.find(which)
	if err != nil {
		return Machine{}, err
	}
	m.mu.Lock()
	off := m.powerOff
	m.powerOff, m.st.Plugged = nil, false
	m.mu.Unlock()
	if off != nil {
		off()
		m.await()
	}
	s.changed()
	return m.view(), nil
}

// Carry takes an unplugged machine to a site, where it has a new address. A
// machine that still runs is refused.
func (s *Sim) Carry(which, site string) (Machine, error) {
	m, err := s.find(which)
	if err != nil {
		return Machine{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	to, err := s.site(site)
	if err != nil {
		return Machine{}, err
	}
	m.mu.Lock()
	plugged, here := m.st.Plugged, m.st.Site == site
	m.mu.Unlock()
	if plugged {
		return Machine{}, hashyard.Conflict.Errorf("machine %s is plugged in: unplug it first", which)
	}
	if !here {
		addr, err := s.freeAddress(to, nil)
		if err != nil {
			return Machine{}, err
		}
		m.mu.Lock()
		m.st.Site, m.st.Address = site, addr
		m.mu.Unlock()
		s.changed()
	}
	return m.view(), nil
}

// Plug gives a machine power; it starts from its saved configuration. Twice is
// once.
func (s *Sim) Plug(which string) (Machine, error) {
	m, err := s.find(which)
	if err != nil {
		return Machine{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m.mu.Lock()
	on := m.powerOff != nil
	m.mu.Unlock()
	if !on {
		m.await()
		m.boot()
		if err := s.power(m); err != nil {
			return Machine{}, err
		}
		s.changed()
	}
	return m.view(), nil
}

// serveControl opens the control port.
func (s *Sim) serveControl(ctx context.Context) error {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", s.cfg.Control)
	if err != nil {
		return hashyard.Unavailable.Errorf("control port: %w", err)
	}
	if a, ok := ln.Addr().(*net.TCPAddr); !ok || !a.IP.IsLoopback() {
		ln.Close()
		return hashyard.Invalid.Errorf("control port %s is not on loopback", s.cfg.Control)
	}
	s.ctlAddr = ln.Addr().String()
	s.control = &http.Server{Handler: s.controlHandler(), ReadHeaderTimeout: 5 * time.Second}
	s.wg.Go(func() { _ = s.control.Serve(ln) }) // ends with Close
	return nil
}

func (s *Sim) controlHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /machines", func(w http.ResponseWriter, _ *http.Request) {
		respond(w, http.StatusOK, s.Machines(), nil)
	})
	mux.HandleFunc("GET /machines/{which}", func(w http.ResponseWriter, r *http.Request) {
		m, err := s.Machine(r.PathValue("which"))
		respond(w, http.StatusOK, m, err)
	})
	mux.HandleFunc("POST /machines", func(w http.ResponseWriter, r *http.Request) {
		var mc MachineConfig
		m, err := Machine{}, decode(r, &mc)
		if err == nil {
			m, err = s.Add(mc)
		}
		respond(w, http.StatusCreated, m, err)
	})
	mux.HandleFunc("POST /machines/{which}/unplug", func(w http.ResponseWriter, r *http.Request) {
		m, err := s.Unplug(r.PathValue("which"))
		respond(w, http.StatusOK, m, err)
	})
	mux.HandleFunc("POST /machines/{which}/plug", func(w http.ResponseWriter, r *http.Request) {
		m, err := s.Plug(r.PathValue("which"))
		respond(w, http.StatusOK, m, err)
	})
	mux.HandleFunc("POST /machines/{which}/carry", func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Site string `json:"site"`
		}
		m, err := Machine{}, decode(r, &in)
		if err == nil {
			m, err = s.Carry(r.PathValue("which"), in.Site)
		}
		respond(w, http.StatusOK, m, err)
	})
	return mux
}

func decode(r *http.Request, into any) error {
	dec := json.NewDecoder(http.MaxBytesReader(nil, r.Body, maxRequest))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return hashyard.Invalid.Errorf("request body: %w", err)
	}
	return nil
}

func respond(w http.ResponseWriter, status int, v any, err error) {
	if err != nil {
		status = http.StatusInternalServerError
		for kind, code := range map[hashyard.Kind]int{
			hashyard.Invalid: http.StatusUnprocessableEntity, hashyard.NotFound: http.StatusNotFound,
			hashyard.Conflict: http.StatusConflict, hashyard.Unavailable: http.StatusServiceUnavailable,
			hashyard.Exhausted: http.StatusServiceUnavailable,
		} {
			if errors.Is(err, kind) {
				status = code
			}
		}
		v = map[string]string{"error": err.Error()}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(v); err != nil {
		fmt.Fprintln(w) // the caller has gone
	}
}
