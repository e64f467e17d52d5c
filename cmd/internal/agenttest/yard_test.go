// Package agenttest runs agents against simulated machines and a real yard. It
// holds tests only; they live here because the simulation is internal to cmd.
package agenttest

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hashyard"
	"hashyard/cmd/internal/minersim"
	"hashyard/firmware"
	"hashyard/firmware/antminer"
	"hashyard/firmware/generic"
	"hashyard/firmware/identify"
	"hashyard/fleet"
	"hashyard/fleet/agent"
	"hashyard/fleet/api"
	fleetpg "hashyard/fleet/postgres"
	"hashyard/inventory"
	inventorypg "hashyard/inventory/postgres"
	"hashyard/migrations/pg"
	"hashyard/migrations/testdb"
	"hashyard/web"
)

func TestMain(m *testing.M) { testdb.Main(m) }

// network is a loopback /24 of this test process alone.
func network(third byte) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{127, byte(130 + os.Getpid()%100), third, 0}), 24)
}

// party is an organisation with its site and its agent's key.
type party struct {
	actor hashyard.Actor
	site  fleet.Site
	key   string
}

// testYard is inventory and fleet on a real database behind real HTTP.
type testYard struct {
	t             *testing.T
	db            *pg.DB
	inv           *inventory.Service
	fleet         *fleet.Service
	seller, buyer party
	addr          string
	server        *http.Server
	served        chan struct{}
}

func newYard(t *testing.T, third byte) *testYard {
	t.Helper()
	db := testdb.New(t)
	y := &testYard{t: t, db: db, inv: inventory.New(inventory.Config{Store: inventorypg.New(db)})}
	if err := y.inv.SeedModels(t.Context(), inventory.StandardModels()); err != nil {
		t.Fatal(err)
	}
	y.fleet = y.service()
	for i, p := range []*party{&y.seller, &y.buyer} {
		p.actor = hashyard.Actor{User: hashyard.NewID(), Org: hashyard.NewID(), Roles: []hashyard.Role{hashyard.Owner}}
		p.site = fleet.Site{
			ID: hashyard.NewID(), Org: p.actor.Org, Name: []string{"seller", "buyer"}[i], CIDR: network(third + byte(i)),
			ScanEvery: 300 * time.Millisecond, ReadEvery: 500 * time.Millisecond,
		}
		p.key = "key-" + p.site.Name
		if err := y.fleet.SeedSite(t.Context(), p.site); err != nil {
			t.Fatal(err)
		}
	}
	y.start()
	t.Cleanup(y.stop)
	return y
}

func (y *testYard) service() *fleet.Service {
	s, err := fleet.New(fleet.Config{
		Store: fleetpg.New(y.db), Units: units{y.inv}, Workers: workers{}, SealKey: [32]byte{1, 2, 3}, Lease: 3 * time.Second,
	})
	if err != nil {
		y.t.Fatal(err)
	}
	return s
}

// start serves the yard, after a stop at the same address and with a service
// that remembers nothing.
func (y *testYard) start() {
	y.t.Helper()
	y.fleet = y.service()
	edge := web.New(web.Config{Auth: y, Keeper: &keeper{kept: map[string]web.Answer{}}, Log: slog.New(noErrors{y.t})})
	api.Register(edge, y.fleet)
	addr := y.addr
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		y.t.Fatal(err)
	}
	y.addr = l.Addr().String()
	y.server, y.served = &http.Server{Handler: edge.Handler(), ReadHeaderTimeout: 5 * time.Second}, make(chan struct{})
	go func(s *http.Server, done chan struct{}) { // ends with the server; stop waits
		defer close(done)
		if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			y.t.Error(err)
		}
	}(y.server, y.served)
}

// stop cuts every connection, as a crash does.
func (y *testYard) stop() {
	if y.server != nil {
		_ = y.server.Close()
		<-y.served
		y.server = nil
	}
}

// noErrors fails the test when the edge logs an error: an internal error that
// an agent would only retry.
type noErrors struct{ t *testing.T }

func (noErrors) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelError }
func (h noErrors) WithAttrs([]slog.Attr) slog.Handler         { return h }
func (h noErrors) WithGroup(string) slog.Handler              { return h }
func (h noErrors) Handle(_ context.Context, r slog.Record) error {
	text := r.Message
	r.Attrs(func(a slog.Attr) bool { text += " " + a.String(); return true })
	h.t.Error(text)
	return nil
}

// ByKey and BySession make the yard its own authenticator.
func (y *testYard) ByKey(_ context.Context, key string) (web.Caller, error) {
	for _, p := range []party{y.seller, y.buyer} {
		if key == p.key {
			return web.Caller{Actor: hashyard.Actor{Key: p.site.ID, Org: p.actor.Org, Roles: []hashyard.Role{hashyard.Agent}}}, nil
		}
	}
	return web.Caller{}, hashyard.Unauthenticated.Errorf("key unknown")
}

func (y *testYard) BySession(context.Context, string) (web.Caller, error) {
	return web.Caller{}, hashyard.Unauthenticated.Errorf("no sessions here")
}

// keeper replays answers, in memory.
type keeper struct {
	mu   sync.Mutex // guards kept
	kept map[string]web.Answer
}

func (k *keeper) Claim(_ context.Context, c web.Claim) (web.Attempt, *web.Answer, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if a, ok := k.kept[c.Key]; ok {
		return web.Attempt{}, &a, nil
	}
	return web.Attempt{ID: hashyard.NewID(), Number: 1}, nil, nil
}

func (k *keeper) Keep(_ context.Context, c web.Claim, _ web.Attempt, a web.Answer) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.kept[c.Key] = a
	return nil
}

func (k *keeper) Renew(context.Context, web.Claim, web.Attempt) error   { return nil }
func (k *keeper) Release(context.Context, web.Claim, web.Attempt) error { return nil }
func (k *keeper) Forget(context.Context, web.Claim, web.Attempt) error  { return nil }

// units is inventory as fleet needs it, as the wiring does it.
type units struct{ svc *inventory.Service }

func (u units) Claim(ctx context.Context, org, site hashyard.ID, s fleet.Seen) (fleet.Claimed, error) {
	c, err := u.svc.Claim(ctx, org, site, inventory.Identity{
		Serial: s.Serial, MAC: s.MAC, Model: s.Model, Family: s.Family, Boards: s.Boards, IdealHS: s.IdealHS,
	})
	out := fleet.Claimed{Unit: c.Unit.ID, Foreign: c.Foreign}
	for _, m := range c.Mismatches {
		out.Mismatches = append(out.Mismatches, m.Field+" is "+m.Seen+", registered as "+m.Known)
	}
	return out, err
}

func (u units) Custodian(ctx context.Context, unit hashyard.ID) (hashyard.ID, error) {
	return u.svc.Custodian(ctx, unit)
}

// workers gives every unit a pool that nobody answers at.
type workers struct{}

func (workers) WorkerFor(_ context.Context, unit, _ hashyard.ID) (fleet.PoolTarget, error) {
	id := strings.ReplaceAll(unit.String(), "-", "")
	return fleet.PoolTarget{URL: "stratum+tcp://127.0.0.1:39", User: "buyer.u" + id[20:], Password: "S" + id[16:]}, nil
}

// agent starts the party's agent with a state folder; the returned func ends
// it and waits.
func (y *testYard) agent(p party, state string) (stop func()) {
	y.t.Helper()
	log := slog.New(slog.DiscardHandler)
	if testing.Verbose() {
		log = slog.New(slog.NewTextHandler(y.t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	a, err := agent.New(agent.Config{
		Yard: "http://" + y.addr, Key: p.key, Site: p.site.Name, State: state, CIDR: p.site.CIDR, Loopback: true,
		WebPort: minersim.DefaultWebPort, Credentials: firmware.Credentials{User: "root", Password: "root"},
		Families: map[string]firmware.Family{"antminer": antminer.Family(), "generic": generic.Family()},
		Probe:    identify.Probe, Settle: 3 * time.Second, Version: "test", Log: log.With("agent", p.site.Name),
	})
	if err != nil {
		y.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }() // ends with ctx; stop waits
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			y.t.Error(err)
		}
	})
	y.t.Cleanup(stop)
	return stop
}

// dispatch delivers the outbox to inventory and fleet until the test ends.
func (y *testYard) dispatch() {
	ctx, cancel := context.WithCancel(context.Background())
	d := pg.NewDispatcher(y.db, []pg.Handler{
		{Name: "inventory.lifeline", Kinds: []hashyard.EventKind{
			hashyard.EvMinerSeen, hashyard.EvUnitsDelivered, hashyard.EvMinerRedirected, hashyard.EvRedirectFailed,
		}, Handle: y.inv.OnEvent},
		{
			Name: "fleet.delivered", Kinds: []hashyard.EventKind{hashyard.EvUnitsDelivered},
			Handle: func(ctx context.Context, ev hashyard.Event) error { return y.fleet.OnUnitsDelivered(ctx, ev) },
		},
	}, pg.DispatcherConfig{})
	done := make(chan struct{})
	go func() { // ends with ctx; waited for at the end
		defer close(done)
		if err := d.Run(ctx); err != nil {
			y.t.Error(err)
		}
	}()
	y.t.Cleanup(func() { cancel(); <-done })
}

// sim starts machines at the two sites.
func (y *testYard) sim(machines ...minersim.MachineConfig) *minersim.Sim {
	y.t.Helper()
	s, err := minersim.Start(context.Background(), minersim.Config{
		Sites:    minersim.DefaultSites(y.seller.site.CIDR, y.buyer.site.CIDR),
		Machines: machines, RPCPort: minersim.DefaultRPCPort, WebPort: minersim.DefaultWebPort, Rate: 1000,
		Timing: minersim.Timing{
			RestartGap: 200 * time.Millisecond, WriteTime: 50 * time.Millisecond, BusyAfter: 100 * time.Millisecond,
			RetryFirst: 5 * time.Second, SlowLeast: 300 * time.Millisecond, SlowMost: 600 * time.Millisecond,
		},
	})
	if err != nil {
		y.t.Fatal(err)
	}
	y.t.Cleanup(func() {
		if err := s.Close(); err != nil {
			y.t.Error(err)
		}
	})
	return s
}

// eventually waits for a condition, at most a minute.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !ok(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// unitOf waits until the party's agent has a machine with its unit and a reading.
func (y *testYard) unitOf(p party, serial string) fleet.Miner {
	y.t.Helper()
	return y.waitFor(p, serial, func(m fleet.Miner) bool { return !m.Unit.IsZero() && m.Reading != nil })
}

// seenBy waits until the party's agent has read a machine, whosever it is.
func (y *testYard) seenBy(p party, serial string) fleet.Miner {
	y.t.Helper()
	return y.waitFor(p, serial, func(m fleet.Miner) bool { return m.Reading != nil })
}

func (y *testYard) waitFor(p party, serial string, ok func(fleet.Miner) bool) (m fleet.Miner) {
	y.t.Helper()
	eventually(y.t, serial+" is seen by "+p.site.Name, func() bool {
		ms, _, err := y.fleet.Miners(y.t.Context(), p.actor, fleet.MinerQuery{Text: serial})
		if err != nil {
			y.t.Fatal(err)
		}
		if len(ms) == 1 && ok(ms[0]) {
			m = ms[0]
		}
		return !m.ID.IsZero()
	})
	return m
}

// deliver takes the units from the seller's listing to the buyer's scan.
func (y *testYard) deliver(ms ...fleet.Miner) {
	t, ctx := y.t, y.t.Context()
	t.Helper()
	order, trade := hashyard.NewID(), hashyard.NewID()
	var ids []hashyard.ID
	for _, m := range ms {
		ids = append(ids, m.Unit)
	}
	if _, err := y.inv.Reserve(ctx, y.seller.actor, hashyard.Ref{Kind: "order", ID: order}, ids); err != nil {
		t.Fatal(err)
	}
	ev, err := hashyard.NewEvent(hashyard.EvTradeFunded, hashyard.Ref{Kind: "trade", ID: trade}, time.Now(),
		hashyard.TradeFunded{Trade: trade, Buyer: y.buyer.actor.Org, Seller: y.seller.actor.Org, Units: ids})
	if err != nil {
		t.Fatal(err)
	}
	if err := y.inv.OnTradeFunded(ctx, ev); err != nil {
		t.Fatal(err)
	}
	ships, _, err := y.inv.Shipments(ctx, y.buyer.actor, inventory.ShipmentQuery{Trade: trade})
	if err != nil || len(ships) != 1 {
		t.Fatalf("%d shipments, %v", len(ships), err)
	}
	scan := func(a hashyard.Actor, kind inventory.ScanKind) {
		for _, m := range ms {
			if _, _, err := y.inv.Scan(ctx, a, ships[0].ID, kind, m.Identity.Serial, time.Time{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	scan(y.seller.actor, inventory.ScanPack)
	if _, err := y.inv.Dispatch(ctx, y.seller.actor, ships[0].ID, "DHL", "JD01"); err != nil {
		t.Fatal(err)
	}
	if _, err := y.inv.Arrive(ctx, y.buyer.actor, ships[0].ID); err != nil {
		t.Fatal(err)
	}
	scan(y.buyer.actor, inventory.ScanReceive)
}

// redirectOf waits for the unit's newest redirect to end.
func (y *testYard) redirectOf(p party, unit hashyard.ID) (r fleet.Redirect) {
	y.t.Helper()
	eventually(y.t, "the redirect of unit "+unit.String()+" ends", func() bool {
		rs, _, err := y.fleet.Redirects(y.t.Context(), p.actor, fleet.RedirectQuery{Unit: unit})
		if err != nil {
			y.t.Fatal(err)
		}
		if len(rs) > 0 {
			r = rs[0]
		}
		return len(rs) > 0 && !r.State.Open()
	})
	return r
}

func states(r fleet.Redirect) []fleet.RedirectState {
	var out []fleet.RedirectState
	for _, s := range r.Steps {
		// A command may be given out more than once.
		if len(out) == 0 || out[len(out)-1] != s.State {
			out = append(out, s.State)
		}
	}
	return slices.Clip(out)
}
