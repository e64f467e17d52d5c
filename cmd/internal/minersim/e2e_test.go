package minersim

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	"hashyard"
	"hashyard/firmware"
	"hashyard/firmware/antminer"
	"hashyard/firmware/generic"
	"hashyard/firmware/identify"
)

var families = map[string]firmware.Family{"antminer": antminer.Family(), "generic": generic.Family()}

func target(s *Sim, m Machine) firmware.Target {
	allowed := []netip.Prefix{s.cfg.Sites[0].CIDR, s.cfg.Sites[1].CIDR}
	return firmware.Target{
		Addr: m.Address, RPCPort: uint16(m.RPCPort), WebPort: uint16(max(m.WebPort, 1)),
		Credentials: firmware.Credentials{User: "root", Password: "root"},
		Dial:        firmware.SiteDialer(allowed, time.Second).DialContext,
		Timeout:     5 * time.Second,
	}
}

// open identifies a machine as the agent does and opens it.
func open(t *testing.T, s *Sim, m Machine) (firmware.Device, firmware.Verdict) {
	t.Helper()
	ev, err := identify.Probe(t.Context(), target(s, m))
	if err != nil {
		t.Fatal(err)
	}
	v := firmware.Judge(families, ev)
	if v.Family == "" {
		t.Fatalf("nobody claims %s: %+v", m.Name, v)
	}
	d, err := families[v.Family].Open(t.Context(), target(s, m))
	if err != nil {
		t.Fatal(err)
	}
	return d, v
}

func TestEachMachineIsIdentified(t *testing.T) {
	t.Parallel()
	s := world(t, 120, DefaultMachines("seller", "buyer")...)
	for _, m := range s.Machines() {
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			d, verdict := open(t, s, m)
			want := map[Dialect]string{Antminer: "antminer", CGMiner: "generic"}[m.Dialect]
			if verdict.Family != want || verdict.Score < 50 {
				t.Errorf("verdict %+v, want %s", verdict, want)
			}
			id, err := d.Identity(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if id.Serial != m.Serial || id.MAC != m.MAC || id.Model != m.Model || len(id.Boards) != 3 {
				t.Errorf("identity %+v of %+v", id, m)
			}
			for i, b := range id.Boards {
				if b.Slot != i || b.Serial != m.Boards[i] {
					t.Errorf("board %+v, want %s", b, m.Boards[i])
				}
			}
			r, err := d.Reading(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Unread) > 0 || r.Uptime == nil || len(r.Pools) != 3 || len(r.Fans) != 4 {
				t.Errorf("reading %+v", r)
			}
			if text := fmt.Sprintf("%+v %+v %+v", id, r, verdict); strings.Contains(text, m.Name) {
				t.Errorf("the name %s shows in the APIs", m.Name)
			}
		})
	}
}

var wanted = []firmware.PoolSetting{{URL: "stratum+tcp://127.0.0.1:3333", User: "acct.u0417", Password: "SECRET7"}}

func TestRedirect(t *testing.T) {
	t.Parallel()
	for i, tc := range []struct {
		name    string
		dialect Dialect
		honest  bool
	}{
		{"yard-1", Antminer, true},
		{"yard-2", CGMiner, true},
		{"slow-1", Antminer, true},
		{"stubborn-1", Antminer, false},
		{"stubborn-2", CGMiner, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := newTestPool(t, easy)
			p.password = "SECRET7"
			want := []firmware.PoolSetting{{URL: p.url(), User: "acct.u0417", Password: "SECRET7"}}
			s := world(t, byte(121+i), MachineConfig{Name: tc.name, Dialect: tc.dialect, Site: "seller"})
			d, _ := open(t, s, mustMachine(t, s, tc.name))
			conf, writer := d.(firmware.PoolConfigReader), d.(firmware.PoolWriter)
			old, err := conf.PoolConfig(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for slot, o := range OldPools("northfield") {
				if got := old[slot]; got.URL != o.URL || got.User != o.User || got.PasswordKnown && got.Password != o.Password {
					t.Errorf("snapshot slot %d: %+v, want %+v", slot, got, o)
				}
			}
			ack, err := writer.SetPools(t.Context(), want)
			if err != nil || ack.Message == "" {
				t.Fatalf("acknowledgement %+v, %v", ack, err)
			}
			got, err := conf.PoolConfig(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			diff := firmware.ComparePools(want, got)
			if tc.honest && len(diff) > 0 {
				t.Errorf("read back: %v", diff)
			}
			if !tc.honest && (len(diff) == 0 || diff[0].Slot == 0) {
				t.Errorf("a stubborn machine reads back as %v", diff)
			}
			seesShares(t, d, p)
			if tc.honest {
				rollBack(t, d, old)
			}
		})
	}
}

// seesShares waits until the machine's own API shows the pool's exact sum.
func seesShares(t *testing.T, d firmware.Device, p *testPool) {
	t.Helper()
	eventually(t, "the miner's API counts what the pool counted", func() bool {
		pools, err := d.Pools(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		before, _ := p.tally()
		for _, pool := range pools {
			if pool.URL != p.url() || !pool.StratumActive {
				continue
			}
			again, err := d.Pools(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			n, work := p.tally()
			got := again[pool.Slot]
			if n >= 3 && before > 0 && *got.Accepted == int64(n) {
				if *got.WorkAccepted != work || got.LastShare == nil || got.Status != firmware.PoolAlive {
					t.Errorf("pool %+v, accepted work %s", got, work)
				}
				return true
			}
		}
		return false
	})
}

// rollBack writes the snapshot and reads it back.
func rollBack(t *testing.T, d firmware.Device, old []firmware.ConfiguredPool) {
	t.Helper()
	var settings []firmware.PoolSetting
	for _, o := range old {
		settings = append(settings, o.PoolSetting)
	}
	if _, err := d.(firmware.PoolWriter).SetPools(t.Context(), settings); err != nil {
		t.Fatal(err)
	}
	got, err := d.(firmware.PoolConfigReader).PoolConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := firmware.ComparePools(settings, got); len(diff) > 0 {
		t.Errorf("rolled back: %v", diff)
	}
}

// A second write within the script's lock meets M001 and is tried again.
func TestBusyAntminerIsAskedAgain(t *testing.T) {
	t.Parallel()
	s := world(t, 130, MachineConfig{Name: "a", Dialect: Antminer, Site: "seller"})
	d, _ := open(t, s, mustMachine(t, s, "a"))
	for range 2 {
		if _, err := d.(firmware.PoolWriter).SetPools(t.Context(), wanted); err != nil {
			t.Fatal(err)
		}
	}
	// Without the patience, busy is what is said.
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := d.(firmware.PoolWriter).SetPools(ctx, wanted); err == nil {
		t.Error("the lock did not hold")
	}
}

func TestWrongPasswordIsDenied(t *testing.T) {
	t.Parallel()
	s := world(t, 131, MachineConfig{Name: "a", Dialect: Antminer, Site: "seller"})
	tg := target(s, mustMachine(t, s, "a"))
	tg.Credentials.Password = "admin"
	d, err := antminer.Open(t.Context(), tg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Identity(t.Context()); !errors.Is(err, hashyard.Denied) {
		t.Errorf("error %v, want denied", err)
	}
	r, err := d.Reading(t.Context())
	if err != nil || len(r.Unread) != 1 || r.Uptime == nil {
		t.Errorf("reading without the web: %+v, %v", r, err)
	}
}

func TestPoolLockIsRead(t *testing.T) {
	t.Parallel()
	s := world(t, 132, MachineConfig{Name: "a", Dialect: Antminer, Site: "seller"})
	d, _ := open(t, s, mustMachine(t, s, "a"))
	lock, err := d.(firmware.PoolLockReader).PoolLock(t.Context())
	if err != nil || lock.State != firmware.LockOff {
		t.Errorf("%+v, %v", lock, err)
	}
}

func TestUnsafePoolsAreRefusedBeforeTheMachineManglesThem(t *testing.T) {
	t.Parallel()
	s := world(t, 133, MachineConfig{Name: "a", Dialect: Antminer, Site: "seller"}, MachineConfig{Name: "b", Dialect: CGMiner, Site: "seller"})
	for _, m := range s.Machines() {
		d, _ := open(t, s, m)
		w := d.(firmware.PoolWriter)
		for _, bad := range [][]firmware.PoolSetting{
			{{URL: "stratum+tcp://a:1", User: "two words"}},
			{{URL: "stratum+tcp://a:1", User: "a,b"}},
			{{URL: "stratum+tcp://a:1\n", User: "a"}},
			{{User: "a"}},
			make([]firmware.PoolSetting, 4),
		} {
			if _, err := w.SetPools(t.Context(), bad); !errors.Is(err, hashyard.Invalid) {
				t.Errorf("%s %+v: %v", m.Dialect, bad, err)
			}
		}
	}
}

// The vendor's script keeps what is left out, wipes everything at a blank and
// refuses what breaks off at a newline: what the client must never send.
func TestConfScriptTraps(t *testing.T) {
	t.Parallel()
	old := OldPools("x")
	for _, tc := range []struct {
		name, body string
		ok         bool
		want       [3]Pool
	}{
		{"one pool only", `{"pools":[{"url":"n","user":"u","pass":"p"}]}`, true, [3]Pool{{"n", "u", "p"}, old[1], old[2]}},
		{"password left out", `{"pools":[{"url":"n","user":"u"},{"url":"","user":"","pass":""},{"url":"","user":"","pass":""}]}`, true, [3]Pool{{"n", "u", "x"}, {}, {}}},
		{"a blank in a word", `{"pools":[{"url":"n","user":"u v","pass":"p"}]}`, true, [3]Pool{}},
		{"a newline", "{\"pools\":[\n{\"url\":\"n\"}]}", false, [3]Pool(old)},
		{"nothing", "", false, [3]Pool(old)},
	} {
		u, ok := readConfBody([]byte(tc.body))
		m := &machine{st: state{Saved: append([]Pool(nil), old...)}}
		if ok {
			m.applyConf(u)
		}
		if ok != tc.ok || [3]Pool(m.st.Saved) != tc.want {
			t.Errorf("%s: %v %+v", tc.name, ok, m.st.Saved)
		}
	}
}

func TestCharactersShowInReadings(t *testing.T) {
	t.Parallel()
	p := newTestPool(t, easy*20)
	var machines []MachineConfig
	for i, name := range []string{"yard-1", "hot-1", "deadboard-1", "liar-1"} {
		for _, dialect := range []Dialect{Antminer, CGMiner} {
			machines = append(machines, MachineConfig{
				Name: fmt.Sprintf("%s%d", name, i), Dialect: dialect, Site: "buyer", Pools: []Pool{{p.url(), "a.b", "c"}}, Rate: 20_000,
			})
		}
	}
	s := world(t, 134, machines...)
	for _, m := range s.Machines() {
		t.Run(m.Name+string(m.Dialect), func(t *testing.T) {
			t.Parallel()
			d, _ := open(t, s, m)
			var r firmware.Reading
			claimed := 20e12 * characterOf(m.Name).claimed()
			eventually(t, "the claimed rate", func() bool {
				var err error
				if r, err = d.Reading(t.Context()); err != nil {
					t.Fatal(err)
				}
				return r.HashrateReported != nil && math.Abs(float64(*r.HashrateReported)/claimed-1) < 0.06
			})
			hottest, ok := r.MaxTemp()
			if hot := ok && hottest >= 95; hot != strings.HasPrefix(m.Name, "hot-") {
				t.Errorf("hottest %g °C", hottest)
			}
			dead := 0
			for _, b := range r.Boards {
				if b.Chips != nil && *b.Chips == 0 {
					dead++
				}
			}
			if want := strings.HasPrefix(m.Name, "deadboard-"); len(r.Boards) != 3 || (dead == 1) != want {
				t.Errorf("%d of %d boards dead", dead, len(r.Boards))
			}
			if real := mustMachine(t, s, m.Serial).RateHS; math.Abs(real/20_000-characterOf(m.Name).effective()) > 1e-9 {
				t.Errorf("hashes at %g", real)
			}
		})
	}
}

func TestProbeOfAnEmptyAddress(t *testing.T) {
	t.Parallel()
	s := world(t, 135)
	tg := target(s, Machine{Address: netip.MustParseAddr("127.135.1.99"), RPCPort: 4028, WebPort: 18080})
	ev, err := identify.Probe(t.Context(), tg)
	if err != nil || !ev.IsZero() {
		t.Errorf("%+v, %v", ev, err)
	}
	tg.Addr = netip.MustParseAddr("127.0.0.1")
	if _, err := identify.Probe(t.Context(), tg); !errors.Is(err, hashyard.Denied) {
		t.Errorf("an address outside the site: %v", err)
	}
}
