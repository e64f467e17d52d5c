package agenttest

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hashyard"
	"hashyard/cmd/internal/minersim"
	"hashyard/cmd/internal/world/worldtest"
	"hashyard/fleet"
)

func wholeLadder() []fleet.RedirectState {
	return []fleet.RedirectState{
		fleet.RedirectRequested, fleet.RedirectSent, fleet.RedirectChecked, fleet.RedirectSnapshotted,
		fleet.RedirectAcknowledged, fleet.RedirectEqual,
	}
}

// TestFromTheSellersYardToOurPool carries four machines from one site to the
// other. Nothing here tells fleet or agent which of them is stubborn.
func TestFromTheSellersYardToOurPool(t *testing.T) {
	t.Parallel()
	y := newYard(t, 1)
	sim := y.sim(
		minersim.MachineConfig{Name: "yard-1", Dialect: minersim.Antminer, Site: "seller"},
		minersim.MachineConfig{Name: "slow-1", Dialect: minersim.Antminer, Site: "seller"},
		minersim.MachineConfig{Name: "yard-2", Dialect: minersim.CGMiner, Site: "seller"},
		minersim.MachineConfig{Name: "stubborn-1", Dialect: minersim.Antminer, Site: "seller"},
		minersim.MachineConfig{Name: "stubborn-2", Dialect: minersim.CGMiner, Site: "seller"},
	)
	y.dispatch()
	y.agent(y.seller, t.TempDir())
	y.agent(y.buyer, t.TempDir())
	machines := sim.Machines()
	var seen []fleet.Miner
	for _, m := range machines {
		seen = append(seen, y.unitOf(y.seller, m.Serial))
	}
	y.checkSeen(machines[0], seen[0])
	for i, m := range machines {
		old := seen[i].Address
		if _, err := sim.Unplug(m.Serial); err != nil {
			t.Fatal(err)
		}
		moved, err := sim.Carry(m.Serial, "buyer")
		if err != nil || moved.Address.String() == old {
			t.Fatalf("carried to %s: %v", moved.Address, err)
		}
	}
	// Plugged in before the receiving scan: seen, but not the buyer's to touch.
	if _, err := sim.Plug(machines[0].Serial); err != nil {
		t.Fatal(err)
	}
	early := y.seenBy(y.buyer, machines[0].Serial)
	if !early.Unit.IsZero() || early.Quarantine != "not in your custody" {
		t.Errorf("a machine in other hands: unit %s, quarantine %q", early.Unit, early.Quarantine)
	}
	if _, err := y.fleet.RequestRedirect(t.Context(), y.buyer.actor, early.ID, true); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("redirect of a unit in foreign custody: %v", err)
	}
	y.deliver(seen...)
	for _, m := range machines[1:] {
		if _, err := sim.Plug(m.Serial); err != nil {
			t.Fatal(err)
		}
	}
	for i, m := range machines {
		y.checkRedirect(sim, m.Name, seen[i].Unit)
	}
	y.checkAfterwards(sim, machines[0], seen[0], early)
}

func (y *testYard) checkSeen(m minersim.Machine, seen fleet.Miner) {
	t, ctx := y.t, y.t.Context()
	t.Helper()
	u, err := y.inv.Unit(ctx, y.seller.actor, seen.Unit)
	if err != nil || u.Serial != m.Serial || u.MAC != m.MAC || u.NominalGHs != 100_000 || u.Site != y.seller.site.ID {
		t.Fatalf("unit %+v, %v", u, err)
	}
	if d := cmp.Diff(m.Boards, u.Boards); d != "" {
		t.Errorf("boards: %s", d)
	}
	c, err := y.fleet.Condition(ctx, y.seller.actor.Org, seen.Unit)
	if err != nil || !strings.Contains(string(c), `"reported_ths"`) || strings.Contains(string(c), "northfield") || strings.Contains(string(c), seen.Address) {
		t.Errorf("condition %s, %v", c, err)
	}
}

// checkRedirect compares what fleet says with what the machine really holds.
func (y *testYard) checkRedirect(sim *minersim.Sim, name string, unit hashyard.ID) {
	t := y.t
	t.Helper()
	r := y.redirectOf(y.buyer, unit)
	m, err := sim.Machine(name)
	if err != nil {
		t.Fatal(err)
	}
	target, err := workers{}.WorkerFor(t.Context(), unit, y.buyer.actor.Org)
	if err != nil {
		t.Fatal(err)
	}
	ours := len(m.Slots) > 0 && m.Slots[0].URL == target.URL && m.Slots[0].User == target.User
	others := 0
	for _, s := range m.Slots[1:] {
		if s.URL != "" {
			others++
		}
	}
	if strings.HasPrefix(name, "stubborn") {
		if r.State != fleet.RedirectFailed || !strings.Contains(r.Reason, "slot 2 still has url") || others == 0 {
			t.Errorf("%s: %s %q, %d other pools", name, r.State, r.Reason, others)
		}
		return
	}
	if d := cmp.Diff(wholeLadder(), states(r)); d != "" || !ours || others != 0 || !r.Auto {
		t.Errorf("%s: %s, reason %q, slots %+v", name, d, r.Reason, m.Slots)
	}
	old, err := y.fleet.OldPools(t.Context(), y.buyer.actor, r.ID)
	if err != nil || len(old) != 3 || old[0].URL != "stratum+tcp://127.0.0.1:9" || (old[2].PasswordKnown && old[2].Password != "123") {
		t.Errorf("%s: old pools %+v, %v", name, old, err)
	}
	for _, s := range r.OldSlots {
		if s.Password != "" {
			t.Errorf("%s: an old password is kept in the open", name)
		}
	}
}

func (y *testYard) checkAfterwards(sim *minersim.Sim, m minersim.Machine, seen, early fleet.Miner) {
	t, ctx := y.t, y.t.Context()
	t.Helper()
	r := y.redirectOf(y.buyer, seen.Unit)
	// Other organisations see neither the machine at its new place nor its redirect.
	if _, err := y.fleet.Redirect(ctx, y.seller.actor, r.ID); !errors.Is(err, hashyard.NotFound) {
		t.Errorf("the seller reads the buyer's redirect: %v", err)
	}
	if _, err := y.fleet.Miner(ctx, y.seller.actor, early.ID); !errors.Is(err, hashyard.NotFound) {
		t.Errorf("the seller reads the buyer's miner: %v", err)
	}
	if _, err := y.fleet.RequestRedirect(ctx, y.seller.actor, seen.ID, true); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("the seller redirects what is gone: %v", err)
	}
	sees := func() fleet.Miner {
		gone, err := y.fleet.Miner(ctx, y.seller.actor, seen.ID)
		if err != nil {
			t.Fatal(err)
		}
		return gone
	}
	if since, online := sees().Offline(time.Now(), y.seller.site.OfflineAfter()); online || since.IsZero() {
		t.Error("the seller still sees the machine online")
	}
	// Our pool sees the machine.
	session, err := hashyard.NewEvent(hashyard.EvSessionOpened, hashyard.Ref{Kind: "unit", ID: seen.Unit}, time.Now(),
		hashyard.SessionOpened{Unit: seen.Unit, Org: y.buyer.actor.Org})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := y.fleet.OnSessionOpened(ctx, session); err != nil {
			t.Fatal(err)
		}
	}
	if r, err = y.fleet.Redirect(ctx, y.buyer.actor, r.ID); err != nil || r.State != fleet.RedirectHashing {
		t.Errorf("after the session: %s, %v", r.State, err)
	}
	// The same again by hand: nothing is written, everything is proven anew.
	again, err := y.fleet.RequestRedirect(ctx, y.buyer.actor, early.ID, false)
	if err != nil || again.ID == r.ID {
		t.Fatalf("a second redirect: %v", err)
	}
	if again = y.redirectOf(y.buyer, seen.Unit); again.State != fleet.RedirectEqual {
		t.Errorf("the second redirect: %s %s", again.State, again.Reason)
	}
	if last := again.Steps[len(again.Steps)-2]; last.Detail != "all slots were set already" {
		t.Errorf("the second redirect wrote again: %q", last.Detail)
	}
	points, err := y.fleet.Points(ctx, y.buyer.actor, seen.Unit, fleet.SeriesQuery{})
	if err != nil || len(points) == 0 {
		t.Errorf("series: %d points, %v", len(points), err)
	}
	if _, err := sim.Unplug(m.Serial); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the unplugged machine is offline", func() bool {
		got, err := y.fleet.Miner(ctx, y.buyer.actor, early.ID)
		if err != nil {
			t.Fatal(err)
		}
		_, online := got.Offline(time.Now(), time.Hour)
		return !online // told by the agent, not only by silence
	})
	evs, _, err := y.inv.Events(ctx, y.buyer.actor, seen.Unit, "", 0)
	if err != nil || len(evs) < 3 {
		t.Errorf("the buyer's life line: %d events, %v", len(evs), err)
	}
}

// TestYardAway takes the yard away while a redirect is carried out, and the
// agent's process with it. The result arrives once the yard is back.
func TestYardAway(t *testing.T) {
	t.Parallel()
	y := newYard(t, 3)
	sim := y.sim(minersim.MachineConfig{Name: "slow-1", Dialect: minersim.Antminer, Site: "seller"})
	state := t.TempDir()
	stop := y.agent(y.seller, state)
	m := sim.Machines()[0]
	seen := y.unitOf(y.seller, m.Serial)
	r, err := y.fleet.RequestRedirect(t.Context(), y.seller.actor, seen.ID, false)
	if err != nil {
		t.Fatal(err)
	}
	same, err := y.fleet.RequestRedirect(t.Context(), y.seller.actor, seen.ID, false)
	if err != nil || same.ID != r.ID {
		t.Errorf("a second open redirect: %s, %v", same.ID, err)
	}
	eventually(t, "the command is sent", func() bool {
		got, err := y.fleet.Redirect(t.Context(), y.seller.actor, r.ID)
		return err == nil && got.State == fleet.RedirectSent
	})
	// Sent is the yard's word; the agent has the command once it keeps it.
	eventually(t, "the agent keeps the command", func() bool {
		kept, err := filepath.Glob(filepath.Join(state, "commands", "*.json"))
		return err == nil && len(kept) > 0
	})
	y.stop()
	target, err := workers{}.WorkerFor(t.Context(), seen.Unit, seen.Org)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the machine is written without the yard", func() bool {
		now, err := sim.Machine(m.Serial)
		return err == nil && len(now.Slots) > 0 && now.Slots[0].URL == target.URL
	})
	stop() // the agent dies too, perhaps before it has a result
	y.start()
	y.agent(y.seller, state)
	got := y.redirectOf(y.seller, seen.Unit)
	if d := cmp.Diff(wholeLadder(), states(got)); d != "" || got.ID != r.ID {
		t.Errorf("%s, reason %q", d, got.Reason)
	}
	// The old pools are those from before the first write, whatever happened.
	old, err := y.fleet.OldPools(t.Context(), y.seller.actor, r.ID)
	if err != nil || len(old) == 0 || old[0].URL != "stratum+tcp://127.0.0.1:9" {
		t.Errorf("old pools %+v, %v", old, err)
	}
	since := time.Now()
	eventually(t, "readings go on", func() bool {
		now, err := y.fleet.Miner(t.Context(), y.seller.actor, seen.ID)
		return err == nil && now.ReadAt.After(since)
	})
}

// TestResultsAreSynced counts the agent's completed syncs while TestYardAway
// runs: what it must not forget is synced file and folder, each time.
func TestResultsAreSynced(t *testing.T) {
	strace := worldtest.Strace(t)
	trace := filepath.Join(t.TempDir(), "trace")
	cmd := exec.CommandContext(t.Context(), strace, append(worldtest.StraceArgs(trace), os.Args[0], "-test.run=^TestYardAway$", "-test.count=1")...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	syncs := worldtest.ReadSyncs(t, trace)
	files := syncs.Of(func(path string) bool { return strings.HasSuffix(path, ".json.new") })
	folders := syncs.Of(func(path string) bool { return strings.HasSuffix(path, "/commands") })
	// The old pools before the write, the result after it.
	if files < 2 || folders < files {
		t.Errorf("%d entries were synced and %d times their folder", files, folders)
	}
	t.Logf("%d entries synced, folder %d times", files, folders)
}
