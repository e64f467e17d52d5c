package minersim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"hashyard"
)

// quick is timing for tests: the same order of things, sooner.
var quick = Timing{
	RestartGap: 50 * time.Millisecond, WriteTime: 20 * time.Millisecond, BusyAfter: 150 * time.Millisecond,
	RetryFirst: 50 * time.Millisecond, RetryMost: 200 * time.Millisecond, RetryPrimary: 100 * time.Millisecond,
	SlowLeast: 100 * time.Millisecond, SlowMost: 200 * time.Millisecond,
}

// world starts machines at two sites on ports the system chooses.
func world(t *testing.T, net byte, machines ...MachineConfig) *Sim {
	t.Helper()
	return start(t, worldConfig(net, machines...))
}

func worldConfig(net byte, machines ...MachineConfig) Config {
	prefix := func(third byte) netip.Prefix {
		return netip.PrefixFrom(netip.AddrFrom4([4]byte{127, net, third, 0}), 24)
	}
	return Config{
		Sites:    DefaultSites(prefix(1), prefix(2)),
		Machines: machines, Timing: quick,
	}
}

func start(t *testing.T, cfg Config) *Sim {
	t.Helper()
	s, err := Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// eventually waits for a condition, at most ten seconds.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("never saw: %s", what)
}

func mustMachine(t *testing.T, s *Sim, which string) Machine {
	t.Helper()
	m, err := s.Machine(which)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// An easy share every 20 ms or so at 100 kH/s.
const easy = hashyard.Difficulty(2000)

func TestMinesExactlyWhatThePoolCounts(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		dialect Dialect
		net     byte
		mask    string
		first   string
	}{
		{Antminer, 101, "1fffe000", "mining.configure"},
		{Antminer, 102, "", "mining.configure"},
		{CGMiner, 103, "", "mining.subscribe"},
	} {
		t.Run(fmt.Sprint(tc.dialect, tc.mask), func(t *testing.T) {
			t.Parallel()
			p := newTestPool(t, easy)
			p.mask = tc.mask
			p.verdicts = []int{0, 23, 21, 0, 22}
			s := world(t, tc.net, MachineConfig{Name: "a", Dialect: tc.dialect, Site: "buyer", Pools: []Pool{{p.url(), "acct.w", "pw"}}})
			eventually(t, "45 accepted shares", func() bool { n, _ := p.tally(); return n >= 45 })
			eventually(t, "the machine's sum equals the pool's", func() bool {
				slot := mustMachine(t, s, "a").Slots[0]
				n, work := p.tally()
				return slot.Accepted == int64(n) && slot.Work == work
			})
			p.mu.Lock()
			defer p.mu.Unlock()
			if p.methods[0] != tc.first || !slices.Contains(p.authorized, "acct.w") {
				t.Errorf("methods %v, authorized %v", p.methods[:3], p.authorized)
			}
			slot := mustMachine(t, s, "a").Slots[0]
			if slot.Rejected != 3 {
				t.Errorf("%d rejected, want 3", slot.Rejected)
			}
			harder := slices.ContainsFunc(p.submits, func(x submit) bool { return x.difficulty > easy })
			if !harder {
				t.Error("no share of a later, harder job")
			}
		})
	}
}

func TestFailsOverAndComesBack(t *testing.T) {
	t.Parallel()
	backup, primary := newTestPool(t, easy), newTestPool(t, easy)
	address := primary.ln.Addr().String()
	primary.stop()
	s := world(t, 104, MachineConfig{Name: "a", Dialect: Antminer, Site: "seller", Pools: []Pool{
		{"stratum+tcp://" + address, "one", "x"}, {backup.url(), "two", "x"}, {"", "", ""},
	}})
	eventually(t, "shares at the backup", func() bool { n, _ := backup.tally(); return n > 0 })
	if m := mustMachine(t, s, "a"); m.Slots[0].Active || !m.Slots[1].Active {
		t.Errorf("slots %+v", m.Slots)
	}
	back := newTestPoolAt(t, address, easy)
	eventually(t, "shares at the primary again", func() bool { n, _ := back.tally(); return n > 0 })
	back.drop()
	seen, _ := back.tally()
	eventually(t, "more shares after a lost connection", func() bool { n, _ := back.tally(); return n > seen })
}

func TestRefusedUserMovesOn(t *testing.T) {
	t.Parallel()
	closed, open := newTestPool(t, easy), newTestPool(t, easy)
	closed.password = "right"
	s := world(t, 105, MachineConfig{Name: "a", Dialect: CGMiner, Site: "seller", Pools: []Pool{
		{closed.url(), "u", "wrong"}, {open.url(), "u", "x"},
	}})
	eventually(t, "shares at the second pool", func() bool { n, _ := open.tally(); return n > 0 })
	if m := mustMachine(t, s, "a"); m.Slots[0].Accepted != 0 {
		t.Errorf("slots %+v", m.Slots)
	}
}

// A machine without a pool that answers does not hash.
func TestIdleMachineBurnsNothing(t *testing.T) {
	t.Parallel()
	s := world(t, 106, MachineConfig{Name: "a", Dialect: Antminer, Site: "seller"})
	m, err := s.find("a")
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "a try at every old pool", func() bool {
		m.mu.Lock()
		defer m.mu.Unlock()
		return !m.st.Slots[2].alive
	})
	if n := m.rig.hashes.Load(); n != 0 || m.rig.work.Load() != nil {
		t.Errorf("%d hashes", n)
	}
}

func TestStateSurvivesARestart(t *testing.T) {
	t.Parallel()
	p := newTestPool(t, easy)
	cfg := worldConfig(107,
		MachineConfig{Name: "a", Dialect: Antminer, Site: "buyer", Pools: []Pool{{p.url(), "acct.w", "pw"}}},
		MachineConfig{Name: "b", Dialect: CGMiner, Site: "seller"},
	)
	cfg.State = filepath.Join(t.TempDir(), "miners.json")
	first, err := Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "shares", func() bool { n, _ := p.tally(); return n > 3 })
	if _, err := first.Unplug("b"); err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	before := first.Machines()
	cfg.Machines = nil // the file decides
	second := start(t, cfg)
	after := second.Machines()
	for i := range before {
		a, b := before[i], after[i]
		if a.Serial != b.Serial || a.MAC != b.MAC || a.Address != b.Address || !slices.Equal(a.Boards, b.Boards) || a.Plugged != b.Plugged {
			t.Errorf("before %+v\nafter %+v", a, b)
		}
		if b.Slots[0].Accepted < a.Slots[0].Accepted || b.Slots[0].Work.Cmp(a.Slots[0].Work) < 0 {
			t.Errorf("totals fell: %+v to %+v", a.Slots[0], b.Slots[0])
		}
	}
	eventually(t, "it goes on mining", func() bool {
		return mustMachine(t, second, "a").Slots[0].Accepted > before[0].Slots[0].Accepted
	})
}

func TestControlIsPeoplesHands(t *testing.T) {
	t.Parallel()
	cfg := worldConfig(108, MachineConfig{Name: "a", Dialect: Antminer, Site: "seller"})
	cfg.Control = "127.0.0.1:0"
	s := start(t, cfg)
	call := func(method, path, body string, want int) Machine {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, s.ControlURL()+path, bytes.NewBufferString(body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s %s: %d, want %d", method, path, resp.StatusCode, want)
		}
		var m Machine
		if want < 300 && path != "/machines" || method == "POST" && want < 300 {
			if err := json.NewDecoder(resp.Body).Decode(&m); err != nil {
				t.Fatal(err)
			}
		}
		return m
	}
	call("GET", "/machines", "", 200)
	made := call("POST", "/machines", `{"name":"new-1","model":"Antminer S19","dialect":"antminer","site":"seller"}`, 201)
	if made.Serial == "" || made.MAC == "" || len(made.Boards) != 3 || !made.Plugged || made.Slots[0].URL == "" {
		t.Errorf("made %+v", made)
	}
	path := "/machines/" + made.Serial
	call("POST", path+"/carry", `{"site":"buyer"}`, 409) // still plugged in
	for range 2 {
		if m := call("POST", path+"/unplug", "", 200); m.Plugged {
			t.Error("still plugged")
		}
	}
	moved := call("POST", path+"/carry", `{"site":"buyer"}`, 200)
	if moved.Site != "buyer" || moved.Address == made.Address || moved.Plugged {
		t.Errorf("moved %+v", moved)
	}
	if again := call("POST", path+"/carry", `{"site":"buyer"}`, 200); again.Address != moved.Address {
		t.Errorf("a second carry moved it to %s", again.Address)
	}
	for range 2 {
		plugged := call("POST", path+"/plug", "", 200)
		if !plugged.Plugged || plugged.Serial != made.Serial || plugged.Slots[0].URL != made.Slots[0].URL {
			t.Errorf("plugged %+v", plugged)
		}
	}
	call("POST", path+"/carry", `{"site":"moon"}`, 404)
	call("POST", "/machines/none/plug", "", 404)
	call("POST", "/machines", `{"name":"x","dialect":"telnet","site":"seller"}`, 422)
	call("POST", "/machines", `{"nam":"x"}`, 422)
}

func TestBadWorldsAreRefused(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		change func(*Config)
	}{
		{"no sites", func(c *Config) { c.Sites = nil }},
		{"a real network", func(c *Config) { c.Sites[0].CIDR = netip.MustParsePrefix("192.168.1.0/24") }},
		{"unknown site", func(c *Config) { c.Machines[0].Site = "moon" }},
		{"control for all the world", func(c *Config) { c.Control = "0.0.0.0:0" }},
		{"state that is no state", func(c *Config) { c.State = "sim_test.go" }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			cfg := worldConfig(109, MachineConfig{Name: "a", Dialect: Antminer, Site: "seller"})
			tc.change(&cfg)
			if s, err := Start(t.Context(), cfg); err == nil {
				_ = s.Close()
				t.Error("it started")
			}
		})
	}
}

func TestOneMachine(t *testing.T) {
	t.Parallel()
	p := newTestPool(t, easy)
	start(t, One(netip.MustParsePrefix("127.111.1.0/24"), "a", CGMiner, Pool{p.url(), "u", "x"}))
	eventually(t, "shares", func() bool { n, _ := p.tally(); return n > 0 })
}

func TestDefaultWorld(t *testing.T) {
	t.Parallel()
	cfg := worldConfig(110, DefaultMachines("seller", "buyer")...)
	s := start(t, cfg)
	machines := s.Machines()
	if len(machines) < 12 {
		t.Fatalf("%d machines", len(machines))
	}
	seen := map[string]bool{}
	for _, m := range machines {
		for _, unique := range append([]string{m.Serial, m.MAC, m.Address.String()}, m.Boards...) {
			if seen[unique] {
				t.Errorf("%s twice", unique)
			}
			seen[unique] = true
		}
	}
}
