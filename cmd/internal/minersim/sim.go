package minersim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"hashyard"
)

// saveEvery bounds how often the state file is written.
const saveEvery = 500 * time.Millisecond

// Sim is a running world of machines.
type Sim struct {
	cfg     Config
	timing  Timing
	log     *slog.Logger
	furnace *furnace
	dirty   chan struct{} // 1 deep: state is to be saved
	control *http.Server
	ctlAddr string

	ctx    context.Context // of everything that runs; ends at Close
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu       sync.Mutex // guards machines, and plugging and carrying
	machines []*machine
}

// Start loads or makes the world, plugs its machines in and runs it until
// Close or the end of ctx.
func Start(ctx context.Context, cfg Config) (*Sim, error) {
	s, err := newSim(ctx, cfg)
	if err != nil {
		return nil, err
	}
	states, err := s.load()
	if err != nil {
		s.cancel()
		return nil, err
	}
	if states == nil {
		states, err = s.populate()
	}
	for _, st := range states {
		s.machines = append(s.machines, newMachine(s, st))
	}
	s.wg.Go(func() { s.furnace.run(s.ctx) })
	s.wg.Go(func() { s.keepSaving(s.ctx) })
	for _, m := range s.machines {
		if m.st.Plugged && err == nil {
			err = s.power(m)
		}
	}
	if err == nil && cfg.Control != "" {
		err = s.serveControl(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.changed()
	return s, nil
}

func newSim(ctx context.Context, cfg Config) (*Sim, error) {
	if cfg.Rate == 0 {
		cfg.Rate = DefaultRate
	}
	if cfg.Scale == 0 {
		cfg.Scale = DefaultScale
	}
	if cfg.Rate < 0 || cfg.Scale < 0 || len(cfg.Sites) == 0 {
		return nil, hashyard.Invalid.Errorf("miner simulation needs sites, a rate and a scale")
	}
	for _, site := range cfg.Sites {
		if site.Name == "" || !site.CIDR.IsValid() || !site.CIDR.Addr().IsLoopback() {
			return nil, hashyard.Invalid.Errorf("site %q needs a name and a loopback network, not %s", site.Name, site.CIDR)
		}
	}
	s := &Sim{
		cfg: cfg, timing: cfg.Timing.withDefaults(), log: cfg.logger(),
		furnace: newFurnace(), dirty: make(chan struct{}, 1),
	}
	s.ctx, s.cancel = context.WithCancel(ctx)
	return s, nil
}

// Close unplugs everything, saves the state and waits.
func (s *Sim) Close() error {
	s.mu.Lock()
	machines := slices.Clone(s.machines)
	s.mu.Unlock()
	var err error
	if s.control != nil {
		err = s.control.Close()
	}
	s.cancel()
	for _, m := range machines {
		m.await()
	}
	s.wg.Wait()
	return errors.Join(err, s.save())
}

// Wait blocks until the world has ended with its context, then closes it.
func (s *Sim) Wait() error {
	<-s.ctx.Done()
	return s.Close()
}

// ControlURL is where the control port listens, "" without one.
func (s *Sim) ControlURL() string {
	if s.ctlAddr == "" {
		return ""
	}
	return "http://" + s.ctlAddr
}

// populate makes the machines of a new world.
func (s *Sim) populate() ([]state, error) {
	var out []state
	for _, mc := range s.cfg.Machines {
		st, err := s.make(mc, out)
		if err != nil {
			return nil, err
		}
		out = append(out, st)
	}
	return out, nil
}

// make builds a brand-new machine; taken are others not yet in s.machines.
func (s *Sim) make(mc MachineConfig, taken []state) (state, error) {
	site, err := s.site(mc.Site)
	if err != nil {
		return state{}, err
	}
	if mc.Dialect != Antminer && mc.Dialect != CGMiner {
		return state{}, hashyard.Invalid.Errorf("machine %q: dialect %q is neither %s nor %s", mc.Name, mc.Dialect, Antminer, CGMiner)
	}
	if mc.Model == "" {
		mc.Model = DefaultModel(mc.Dialect)
	}
	if mc.Rate == 0 {
		mc.Rate = s.cfg.Rate
	}
	if mc.Pools == nil {
		mc.Pools = site.Pools
	}
	if !mc.Address.IsValid() {
		if mc.Address, err = s.freeAddress(site, taken); err != nil {
			return state{}, err
		}
	}
	st := state{
		Name: mc.Name, Model: mc.Model, Dialect: mc.Dialect, Site: site.Name, Address: mc.Address,
		Serial: newSerial(mc.Dialect, rand.IntN), MAC: newMAC(rand.IntN), Plugged: true, Rate: mc.Rate,
		Saved: slices.Clone(mc.Pools), Slots: slotsOf(mc.Dialect, mc.Pools),
		Started: time.Now().UTC(), Variety: rand.Uint64(),
	}
	for i := range st.Boards {
		st.Boards[i] = newBoardSerial(rand.IntN)
	}
	return st, nil
}

func (s *Sim) site(name string) (SiteConfig, error) {
	for _, site := range s.cfg.Sites {
		if site.Name == name {
			return site, nil
		}
	}
	return SiteConfig{}, hashyard.NotFound.Errorf("site %q", name)
}

// freeAddress is the lowest address of a site, from .11 on, that no machine
// has.
func (s *Sim) freeAddress(site SiteConfig, taken []state) (netip.Addr, error) {
	used := map[netip.Addr]bool{}
	for _, m := range s.machines {
		m.mu.Lock()
		used[m.st.Address] = true
		m.mu.Unlock()
	}
	for _, st := range taken {
		used[st.Address] = true
	}
	a := site.CIDR.Masked().Addr()
	for range 11 {
		a = a.Next()
	}
	for ; site.CIDR.Contains(a); a = a.Next() {
		if !used[a] {
			return a, nil
		}
	}
	return netip.Addr{}, hashyard.Exhausted.Errorf("site %s has no free address", site.Name)
}

// power binds a machine's ports and starts it.
func (s *Sim) power(m *machine) error {
	rpc, web, err := s.bind(m)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(s.ctx)
	stopped := make(chan struct{})
	m.mu.Lock()
	m.powerOff, m.stopped = cancel, stopped
	m.st.Plugged = true
	m.rpcPort = rpc.Addr().(*net.TCPAddr).Port
	if web != nil {
		m.webPort = web.Addr().(*net.TCPAddr).Port
	}
	m.mu.Unlock()
	var wg sync.WaitGroup
	wg.Go(func() { m.serveRPC(ctx, rpc) })
	wg.Go(func() { m.powered(ctx) })
	wg.Go(func() { <-ctx.Done(); rpc.Close() })
	if web != nil {
		srv := &http.Server{
			Handler: m.webHandler(), ReadTimeout: rpcDeadline, WriteTimeout: 2 * rpcDeadline,
			BaseContext: func(net.Listener) context.Context { return ctx },
		}
		wg.Go(func() { _ = srv.Serve(web) }) // ends with Close
		wg.Go(func() { <-ctx.Done(); _ = srv.Close() })
	}
	go func() { wg.Wait(); close(stopped) }()
	return nil
}

func (s *Sim) bind(m *machine) (rpc, web net.Listener, err error) {
	m.mu.Lock()
	host, dialect := m.st.Address.String(), m.st.Dialect
	m.mu.Unlock()
	var lc net.ListenConfig
	listen := func(port int) (net.Listener, error) {
		return lc.Listen(s.ctx, "tcp", net.JoinHostPort(host, fmt.Sprint(port)))
	}
	if rpc, err = listen(s.cfg.RPCPort); err != nil {
		return nil, nil, hashyard.Unavailable.Errorf("machine at %s: rpc port: %w", host, err)
	}
	if dialect == Antminer {
		if web, err = listen(s.cfg.WebPort); err != nil {
			rpc.Close()
			return nil, nil, hashyard.Unavailable.Errorf("machine at %s: web port: %w", host, err)
		}
	}
	return rpc, web, nil
}

// await blocks until a machine whose power was cut has stopped.
func (m *machine) await() {
	m.mu.Lock()
	stopped := m.stopped
	m.mu.Unlock()
	if stopped != nil {
		<-stopped
	}
}

// changed asks for the state to be saved soon.
func (s *Sim) changed() {
	select {
	case s.dirty <- struct{}{}:
	default:
	}
}

func (s *Sim) keepSaving(ctx context.Context) {
	for wait(ctx, saveEvery) {
		select {
		case <-ctx.Done():
			return
		case <-s.dirty:
			if err := s.save(); err != nil {
				s.log.ErrorContext(ctx, "state not saved", "error", err)
			}
		}
	}
}

// file is the state file.
type file struct {
	SavedAt  time.Time `json:"saved_at"`
	Machines []state   `json:"machines"`
}

// save writes the state file in one step.
func (s *Sim) save() error {
	if s.cfg.State == "" {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f := file{SavedAt: time.Now().UTC()}
	for _, m := range s.machines {
		f.Machines = append(f.Machines, m.snapshot())
	}
	b, err := json.MarshalIndent(f, "", " ")
	if err != nil {
		return fmt.Errorf("save miner state: %w", err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(s.cfg.State), ".minersim-*")
	if err != nil {
		return fmt.Errorf("save miner state: %w", err)
	}
	defer os.Remove(tmp.Name()) // no longer there once renamed
	_, err = tmp.Write(b)
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), s.cfg.State)
	}
	if err != nil {
		return fmt.Errorf("save miner state: %w", err)
	}
	return nil
}

// snapshot is the machine's state as a file keeps it.
func (m *machine) snapshot() state {
	m.mu.Lock()
	defer m.mu.Unlock()
	st := m.st
	st.Saved = slices.Clone(st.Saved)
	st.Hashes += m.rig.hashes.Load() - m.base
	st.Slots = make([]*slot, len(m.st.Slots))
	for i, s := range m.st.Slots {
		st.Slots[i] = new(*s)
	}
	return st
}

// load reads the state file; nil without one. Time that the world stood still
// does not count as uptime.
func (s *Sim) load() ([]state, error) {
	if s.cfg.State == "" {
		return nil, nil
	}
	b, err := os.ReadFile(s.cfg.State)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("load miner state: %w", err)
	}
	var f file
	if err := json.Unmarshal(b, &f); err != nil {
		return nil, fmt.Errorf("load miner state %s: %w (delete it to begin anew)", s.cfg.State, err)
	}
	pause := max(time.Since(f.SavedAt), 0)
	for i := range f.Machines {
		f.Machines[i].Started = f.Machines[i].Started.Add(pause)
		if _, err := s.site(f.Machines[i].Site); err != nil {
			return nil, fmt.Errorf("load miner state %s: machine %s: %w", s.cfg.State, f.Machines[i].Serial, err)
		}
	}
	return f.Machines, nil
}
