package agent

import (
	"encoding/json"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hashyard"
	"hashyard/firmware"
	"hashyard/firmware/antminer"
	"hashyard/firmware/identify"
	"hashyard/fleet"
	"hashyard/fleet/discover"
	"hashyard/migrations/testdb/soak"
)

// machine is the least of an Antminer's web interface.
type machine struct {
	serial string
	conns  chan net.Conn
	writes atomic.Int64
	after  func(path string) // called when a request was answered

	mu    sync.Mutex // guards pools
	pools []map[string]string
}

func (m *machine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var answer any
	switch r.URL.Path {
	case "/cgi-bin/get_system_info.cgi":
		answer = map[string]string{"minertype": "Antminer S19", "serinum": m.serial, "macaddr": "02:00:00:00:00:0" + m.serial[4:5]}
	case "/cgi-bin/get_miner_conf.cgi":
		answer = map[string]any{"pools": m.pools}
	case "/cgi-bin/set_miner_conf.cgi":
		var in struct {
			Pools []map[string]string `json:"pools"`
		}
		b, err := io.ReadAll(r.Body)
		if err != nil || json.Unmarshal(b, &in) != nil {
			http.Error(w, "bad body", http.StatusBadRequest)
			return
		}
		m.pools = in.Pools
		m.writes.Add(1)
		answer = map[string]string{"stats": "success", "code": "M000"}
	default:
		http.NotFound(w, r)
		return
	}
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		return
	}
	m.after(r.URL.Path)
}

// Accept, Close and Addr make a machine the listener of its own server.
func (m *machine) Accept() (net.Conn, error) {
	c, ok := <-m.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}
func (m *machine) Close() error   { return nil }
func (m *machine) Addr() net.Addr { return &net.TCPAddr{} }

// switchboard is one address behind which machines change places. As on a real
// network, an established connection stays with the machine it was made to.
type switchboard struct {
	machines [2]*machine
	now      atomic.Int64 // index of the machine that new connections reach
	addr     netip.AddrPort
}

func newSwitchboard(t *testing.T, third byte, swap func(path string) bool) *switchboard {
	t.Helper()
	a := netip.AddrFrom4([4]byte{127, byte(130 + os.Getpid()%100), third, 7})
	l, err := net.Listen("tcp", netip.AddrPortFrom(a, 0).String())
	if err != nil {
		t.Fatal(err)
	}
	sb := &switchboard{addr: l.Addr().(*net.TCPAddr).AddrPort()}
	var wg sync.WaitGroup
	for i, serial := range []string{"SMTTA001", "SMTTB002"} {
		m := &machine{serial: serial, conns: make(chan net.Conn), pools: []map[string]string{{"url": "stratum+tcp://old:1", "user": "old", "pass": "x"}, {}, {}}}
		m.after = func(path string) {
			if swap(path) {
				sb.now.Store(1 - sb.now.Load())
			}
		}
		sb.machines[i] = m
		srv := &http.Server{Handler: m, ReadHeaderTimeout: time.Minute}
		wg.Go(func() { _ = srv.Serve(m) }) // ends when conns is closed
		t.Cleanup(func() { _ = srv.Close() })
	}
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				close(sb.machines[0].conns)
				close(sb.machines[1].conns)
				return
			}
			sb.machines[sb.now.Load()].conns <- c
		}
	})
	t.Cleanup(func() { _ = l.Close(); wg.Wait() })
	return sb
}

// rpc answers "pools" at the address like a process that runs with one pool.
func rpc(t *testing.T, at netip.Addr, url, user string) uint16 {
	t.Helper()
	l, err := net.Listen("tcp", netip.AddrPortFrom(at, 0).String())
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { // ends with the listener
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if _, err := c.Read(make([]byte, 100)); err == nil {
				_, _ = io.WriteString(c, `{"STATUS":[{"STATUS":"S","Code":7,"Msg":"1 Pool(s)"}],"POOLS":[{"POOL":0,"URL":"`+url+`","User":"`+user+`"}],"id":1}`+"\x00")
			}
			_ = c.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return netip.MustParseAddrPort(l.Addr().String()).Port()
}

func swapAgent(t *testing.T, sb *switchboard, rpcPort uint16) *Agent {
	t.Helper()
	cfg := Config{
		Yard: "http://127.0.0.1:9", Key: "k", Site: "s", State: t.TempDir(), Settle: 1,
		Families: map[string]firmware.Family{"antminer": antminer.Family()}, Probe: identify.Probe, WebPort: sb.addr.Port(), RPCPort: rpcPort,
	}
	a, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	a.scanner, err = discover.New(discover.Config{
		Loopback: true,
		Network:  netip.PrefixFrom(sb.addr.Addr(), 24), RPCPort: cfg.RPCPort, WebPort: cfg.WebPort,
		Families: cfg.Families, Probe: cfg.Probe, Timeout: 2 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestNoWriteReachesTheWrongMachine lets two machines change places at one
// address after any request, also between the identity check and the write.
func TestNoWriteReachesTheWrongMachine(t *testing.T) {
	t.Parallel()
	swapStorm(t, 200, 300, 1)
}

// TestSoakNoWriteReachesTheWrongMachine is the same for 10,000 redirects times
// HASHYARD_SOAK, with a seed of its own: ten times is the target's 10^5.
func TestSoakNoWriteReachesTheWrongMachine(t *testing.T) {
	n := soak.Only(t)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	swapStorm(t, 203, 10_000*n, seed)
	soak.Reached(t, "agent: redirects while machines change places, 0 wrong writes", 10_000*n, 100_000)
}

func swapStorm(t *testing.T, third byte, n int, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 2))
	var mu sync.Mutex // guards rng
	sb := newSwitchboard(t, third, func(string) bool {
		mu.Lock()
		defer mu.Unlock()
		return rng.IntN(3) == 0
	})
	a := swapAgent(t, sb, 1)
	right, wrong := sb.machines[0], sb.machines[1]
	wrote, refused := 0, 0
	for range n {
		e := &entry{Command: hashyard.NewID()}
		order := fleet.RedirectOrder{
			Address: sb.addr.Addr().String(), Family: "antminer", Serial: right.serial,
			Slots: []firmware.PoolSetting{{URL: "stratum+tcp://ours:1", User: "u", Password: hashyard.NewID().String()}},
		}
		var res fleet.Result
		err := a.attempt(t.Context(), e, order, true, &res)
		switch {
		case res.Ack != nil:
			wrote++
		case err != nil:
			refused++
		}
		if wrong.writes.Load() != 0 {
			t.Fatalf("the wrong machine was written to: %v", err)
		}
		if err := a.journal.drop(e.Command); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d redirects: %d written, %d refused, 0 astray", n, wrote, refused)
	if wrote < n/20 || refused < n/20 || int(right.writes.Load()) < wrote {
		t.Errorf("%d written, %d refused of %d: the test shows nothing", wrote, refused, n)
	}
}

// TestWithoutThePin shows that the same swaps do reach the wrong machine when
// identity and write go over connections of their own.
func TestWithoutThePin(t *testing.T) {
	t.Parallel()
	sb := newSwitchboard(t, 201, func(path string) bool { return path == "/cgi-bin/get_system_info.cgi" })
	a := swapAgent(t, sb, 1)
	d, err := a.scanner.Open(t.Context(), "antminer", a.scanner.Target(sb.addr.Addr()))
	if err != nil {
		t.Fatal(err)
	}
	id, err := d.Identity(t.Context())
	if err != nil || id.Serial != sb.machines[0].serial {
		t.Fatalf("%+v, %v", id, err)
	}
	if _, err := d.(firmware.PoolWriter).SetPools(t.Context(), []firmware.PoolSetting{{URL: "stratum+tcp://x:1", User: "u"}}); err != nil {
		t.Fatal(err)
	}
	if sb.machines[1].writes.Load() != 1 {
		t.Error("the swap did not lead the write astray: the other test shows nothing")
	}
}

// TestMachineThatClosesConnections is redirected too, on the last try, with
// the identity read again before each request.
func TestMachineThatClosesConnections(t *testing.T) {
	t.Parallel()
	sb := newSwitchboard(t, 202, func(string) bool { return false })
	a := swapAgent(t, sb, rpc(t, sb.addr.Addr().Next(), "stratum+tcp://ours:1", "u"))
	inner := sb.machines[0]
	closing := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		inner.ServeHTTP(w, r)
	})}
	l, err := net.Listen("tcp", netip.AddrPortFrom(sb.addr.Addr().Next(), sb.addr.Port()).String())
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = closing.Serve(l) }()
	t.Cleanup(func() { _ = closing.Close(); <-done })
	res := a.redirect(t.Context(), &entry{Command: hashyard.NewID()}, fleet.RedirectOrder{
		Address: sb.addr.Addr().Next().String(), Family: "antminer", Serial: inner.serial,
		Slots: []firmware.PoolSetting{{URL: "stratum+tcp://ours:1", User: "u", Password: "p"}},
	})
	if res.Ack == nil || inner.writes.Load() != 1 || len(res.ReadBack) != 3 || res.Error != "" {
		t.Errorf("%+v, %d writes", res, inner.writes.Load())
	}
}

// TestRunningPoolsAreRead redirects a machine whose mining process does not
// answer, or still works elsewhere: the words say so, and it may be tried again.
func TestRunningPoolsAreRead(t *testing.T) {
	t.Parallel()
	sb := newSwitchboard(t, 204, func(string) bool { return false })
	addr := sb.addr.Addr()
	for name, tt := range map[string]struct {
		port    uint16
		running int
		err     string
	}{
		"no answer":    {1, 0, "read running pools within 1ns"},
		"our pool":     {rpc(t, addr, "stratum+tcp://ours:1", "u"), 1, ""},
		"another pool": {rpc(t, addr, "stratum+tcp://old:1", "old"), 1, ""}, // the yard's to judge
	} {
		a := swapAgent(t, sb, tt.port)
		res := a.redirect(t.Context(), &entry{Command: hashyard.NewID()}, fleet.RedirectOrder{
			Address: addr.String(), Family: "antminer", Serial: sb.machines[0].serial,
			Slots: []firmware.PoolSetting{{URL: "stratum+tcp://ours:1", User: "u", Password: "p"}},
		})
		if res.Ack == nil || len(res.ReadBack) != 3 || len(res.Running) != tt.running || !strings.HasPrefix(res.Error, tt.err) || (tt.err == "") != (res.Error == "") || res.Transient != (tt.err != "") {
			t.Errorf("%s: %+v", name, res)
		}
	}
	want := []firmware.PoolSetting{{URL: "stratum+tcp://ours:1", User: "u"}}
	for name, tt := range map[string]struct {
		running []firmware.Pool
		want    bool
	}{
		"not read": {nil, false}, "empty rows": {[]firmware.Pool{{}}, false},
		"ours":           {[]firmware.Pool{{URL: want[0].URL, User: "u"}, {}}, true},
		"ours and other": {[]firmware.Pool{{URL: want[0].URL, User: "u"}, {URL: "stratum+tcp://fee:1"}}, false},
	} {
		if got := settled(want, tt.running); got != tt.want {
			t.Errorf("%s: settled %v", name, got)
		}
	}
}
