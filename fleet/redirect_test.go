package fleet

import (
	"encoding/json"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"hashyard"
	"hashyard/firmware"
)

func TestRedirectStateTable(t *testing.T) {
	t.Parallel()
	states := []RedirectState{
		RedirectRequested, RedirectSent, RedirectChecked, RedirectSnapshotted,
		RedirectAcknowledged, RedirectEqual, RedirectHashing, RedirectFailed,
	}
	events := []RedirectEvent{
		redirectSend, redirectCheck, redirectSnapshot, redirectAcknowledge, redirectEqual, redirectHash, redirectFail,
	}
	// Written out a second time, so that a change of the table is a decision.
	want := map[string]RedirectState{
		"requested/send":            RedirectSent,
		"requested/fail":            RedirectFailed,
		"sent/send":                 RedirectSent,
		"sent/check":                RedirectChecked,
		"sent/fail":                 RedirectFailed,
		"identity_checked/snapshot": RedirectSnapshotted,
		"identity_checked/fail":     RedirectFailed,
		"snapshotted/acknowledge":   RedirectAcknowledged,
		"snapshotted/fail":          RedirectFailed,
		"acknowledged/equal":        RedirectEqual,
		"acknowledged/fail":         RedirectFailed,
		"read_back_equal/hash":      RedirectHashing,
	}
	for _, s := range states {
		for _, ev := range events {
			got, err := s.Next(ev)
			to, allowed := want[string(s)+"/"+string(ev)]
			switch {
			case allowed && (err != nil || got != to):
				t.Errorf("%s %s = %s, %v, want %s", s, ev, got, err, to)
			case !allowed && (!errors.Is(err, hashyard.Conflict) || got != s):
				t.Errorf("%s %s = %s, %v, want a conflict and no change", s, ev, got, err)
			}
			delete(want, string(s)+"/"+string(ev))
		}
	}
	if len(want) != 0 {
		t.Errorf("never reached: %v", want)
	}
}

func ourPool() []firmware.PoolSetting {
	return []firmware.PoolSetting{{URL: "stratum+tcp://pool:3333", User: "buyer.u1", Password: "SECRET"}}
}

func slots(pools ...firmware.PoolSetting) []firmware.ConfiguredPool {
	var out []firmware.ConfiguredPool
	for i, p := range pools {
		out = append(out, firmware.ConfiguredPool{Slot: i, PoolSetting: p, PasswordKnown: true})
	}
	return out
}

func sentRedirect(now time.Time) Redirect {
	return Redirect{
		ID: hashyard.NewID(), Serial: "SMTT0001", MAC: "02:00:00:00:00:01", Boards: []string{"BBBB1", "BBBB2"},
		URL: "stratum+tcp://pool:3333", Worker: "buyer.u1", State: RedirectSent,
		Steps: []Step{{State: RedirectRequested, At: now}, {State: RedirectSent, At: now}},
	}
}

// good is the evidence of a redirect that took.
func good(now time.Time) Result {
	old := firmware.PoolSetting{URL: "stratum+tcp://old:1", User: "old", Password: "x"}
	return Result{
		Identity: &firmware.Identity{Serial: " smtt0001", MAC: "02:00:00:00:00:01", Boards: []firmware.Board{{Slot: 0, Serial: "BBBB2"}, {Slot: 1, Serial: "BBBB1"}}},
		Snapshot: slots(old, old, old), SlotCount: 3, Address: "127.1.1.11", IdentityAt: now,
		Ack:      &firmware.Acknowledgement{At: now, Code: "M000"},
		ReadBack: slots(ourPool()[0], firmware.PoolSetting{}, firmware.PoolSetting{}), ReadBackAt: now,
		Running: []firmware.Pool{{URL: "stratum+tcp://pool:3333", User: "buyer.u1"}, {}},
	}
}

func TestConclude(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0).UTC()
	for _, tt := range []struct {
		name      string
		change    func(*Result)
		state     RedirectState
		last      RedirectState // before a failure
		reason    string
		transient bool
	}{
		{"everything holds", func(*Result) {}, RedirectEqual, "", "", false},
		{"the agent says error, the evidence is whole", func(r *Result) { r.Error = "boo" }, RedirectEqual, "", "", false},
		{"no evidence at all", func(r *Result) { *r = Result{} }, RedirectFailed, RedirectSent, "identity could not be read", false},
		{"unreachable", func(r *Result) { *r = Result{Error: "timeout", Transient: true} }, RedirectFailed, RedirectSent, "nothing was written: timeout", true},
		{"another machine", func(r *Result) { r.Identity.Serial = "SMTT0002" }, RedirectFailed, RedirectSent, "serial is SMTT0002, expected SMTT0001", true},
		{"no serial", func(r *Result) { r.Identity.Serial = "  " }, RedirectFailed, RedirectSent, "gives no serial", true},
		{"another control board", func(r *Result) { r.Identity.MAC = "02:00:00:00:00:09" }, RedirectFailed, RedirectSent, "MAC is 02:00:00:00:00:09", false},
		{"another hashboard", func(r *Result) { r.Identity.Boards[0].Serial = "CCCC9" }, RedirectFailed, RedirectSent, "hashboards are BBBB1 CCCC9", false},
		{"MAC not readable", func(r *Result) { r.Identity.MAC = "" }, RedirectEqual, "", "", false},
		{"pool lock", func(r *Result) { r.Lock = &firmware.PoolLock{State: firmware.LockOn, Detail: "signed"} }, RedirectFailed, RedirectChecked, "pool lock is on", false},
		{"no snapshot", func(r *Result) { r.Snapshot = nil }, RedirectFailed, RedirectChecked, "old pools could not be read", false},
		{"not acknowledged", func(r *Result) { r.Ack, r.Error = nil, "M001" }, RedirectFailed, RedirectSnapshotted, "did not acknowledge the write: M001", false},
		{"not read back", func(r *Result) { r.ReadBack = nil }, RedirectFailed, RedirectAcknowledged, "could not be read back", false},
		{"keeps slots two and three", func(r *Result) {
			r.ReadBack[1].PoolSetting = firmware.PoolSetting{URL: "stratum+tcp://old:1", User: "old", Password: "x"}
		}, RedirectFailed, RedirectAcknowledged, `slot 2 still has url "stratum+tcp://old:1"`, false},
		{"another password", func(r *Result) { r.ReadBack[0].Password = "guess" }, RedirectFailed, RedirectAcknowledged, "slot 1 has another password", false},
		{"hidden passwords", func(r *Result) {
			for i := range r.ReadBack {
				r.ReadBack[i].Password, r.ReadBack[i].PasswordKnown = "", false
			}
		}, RedirectEqual, "", "", false},
		{"a slot not read back", func(r *Result) { r.ReadBack = r.ReadBack[:2] }, RedirectFailed, RedirectAcknowledged, "only 2 of 3 slots were read back", true},
		{"a fourth slot", func(r *Result) {
			r.ReadBack = append(r.ReadBack, firmware.ConfiguredPool{Slot: 3, PoolSetting: firmware.PoolSetting{URL: "stratum+tcp://fee:1"}})
		}, RedirectFailed, RedirectAcknowledged, "slot 4 still has url", false},
		{"the process runs with another pool", func(r *Result) { r.Running[1].URL = "stratum+tcp://fee:1" }, RedirectFailed, RedirectAcknowledged, "mining process still has pool stratum+tcp://fee:1", false},
		{"the running pools were not read", func(r *Result) { r.Running, r.Error = nil, "read running pools: timeout" }, RedirectFailed, RedirectAcknowledged, "not known where it works: read running pools: timeout", true},
		{"the process runs without our pool", func(r *Result) { r.Running = []firmware.Pool{{}} }, RedirectFailed, RedirectAcknowledged, "does not have the pool stratum+tcp://pool:3333", true},
		{"the whole result was refused", func(r *Result) { *r = Result{Refused: true, Snapshot: r.Snapshot, Error: "422"} }, RedirectFailed, RedirectSent, "not known what the machine is set to: 422", false},
		{"clock ahead", func(r *Result) { r.ReadBackAt = now.Add(time.Hour) }, RedirectEqual, "", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			res := good(now)
			tt.change(&res)
			r, err := sentRedirect(now).Conclude(res, ourPool(), now)
			if err != nil {
				t.Fatal(err)
			}
			if r.State != tt.state || !strings.Contains(r.Reason, tt.reason) || (tt.reason == "") != (r.Reason == "") || r.Transient != tt.transient {
				t.Errorf("%s %q transient %v", r.State, r.Reason, r.Transient)
			}
			if tt.last != "" && r.Steps[len(r.Steps)-2].State != tt.last {
				t.Errorf("failed after %s, want after %s", r.Steps[len(r.Steps)-2].State, tt.last)
			}
			for _, s := range r.Steps {
				if s.At.After(now) {
					t.Errorf("step %s lies in the future", s.State)
				}
			}
		})
	}
}

// TestNeverClaimed throws random evidence at the judge: it says redirected
// only when every slot reads back as wanted from the right machine.
func TestNeverClaimed(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0).UTC()
	setting := rapid.SampledFrom([]firmware.PoolSetting{ourPool()[0], {}, {URL: "stratum+tcp://old:1", User: "old"}, {URL: "stratum+tcp://pool:3333", User: "buyer.u1"}})
	rapid.Check(t, func(t *rapid.T) {
		res := good(now)
		res.Identity.Serial = rapid.SampledFrom([]string{"SMTT0001", "SMTT0002", ""}).Draw(t, "serial")
		res.Error = rapid.SampledFrom([]string{"", "all done", "redirected"}).Draw(t, "error")
		res.ReadBack = slots(rapid.SliceOfN(setting, 0, 5).Draw(t, "read back")...)
		ran := rapid.Bool().Draw(t, "running pools were read")
		if !ran {
			res.Running = nil
		}
		r, err := sentRedirect(now).Conclude(res, ourPool(), now)
		if err != nil {
			t.Fatal(err)
		}
		right := ran && res.Identity.Serial == "SMTT0001" && len(res.ReadBack) >= res.SlotCount
		for i, s := range res.ReadBack {
			right = right && (i == 0 && s.PoolSetting == ourPool()[0] || i > 0 && s.IsZero())
		}
		if (r.State == RedirectEqual) != right {
			t.Fatalf("%s for %+v", r.State, res.ReadBack)
		}
	})
}

func TestSessionMayComeFirst(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0).UTC()
	early, err := sentRedirect(now).Session(now)
	if err != nil || early.State != RedirectSent {
		t.Fatalf("%s, %v", early.State, err)
	}
	r, err := early.Conclude(good(now), ourPool(), now.Add(time.Second))
	if err != nil || r.State != RedirectHashing || r.Steps[len(r.Steps)-2].State != RedirectEqual {
		t.Fatalf("%s, %v", r.State, err)
	}
	events, err := r.outcome(now)
	if err != nil || len(events) != 1 || events[0].Kind != hashyard.EvMinerRedirected {
		t.Errorf("%+v, %v", events, err)
	}
}

func TestSlotsCannotHide(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string][]firmware.ConfiguredPool{
		"negative": {{Slot: -1}}, "far away": {{Slot: 1 << 62}}, "twice": {{Slot: 1}, {Slot: 1}},
		"many": make([]firmware.ConfiguredPool, 17), "long": {{PoolSetting: firmware.PoolSetting{URL: strings.Repeat("x", 5000)}}},
	} {
		if err := checkSlots("read-back", bad); !errors.Is(err, hashyard.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := checkSlots("read-back", slots(make([]firmware.PoolSetting, 3)...)); err != nil {
		t.Error(err)
	}
}

func TestSealedPoolsOpenOnlyForTheirRedirect(t *testing.T) {
	t.Parallel()
	s, err := newSealer([32]byte{7})
	if err != nil {
		t.Fatal(err)
	}
	id, want := hashyard.NewID(), slots(ourPool()[0])
	sealed, err := s.seal(id, want)
	if err != nil || strings.Contains(string(sealed), "SECRET") {
		t.Fatalf("%v", err)
	}
	got, err := s.open(id, sealed)
	if err != nil || cmp.Diff(want, got) != "" {
		t.Errorf("%+v, %v", got, err)
	}
	other, err := newSealer([32]byte{8})
	if err != nil {
		t.Fatal(err)
	}
	sealedCut := sealed[:len(sealed)-1]
	for name, open := range map[string]func() error{
		"another redirect": func() error { _, err := s.open(hashyard.NewID(), sealed); return err },
		"another key":      func() error { _, err := other.open(id, sealed); return err },
		"cut short":        func() error { _, err := s.open(id, sealedCut); return err },
		"nothing":          func() error { _, err := s.open(id, nil); return err },
	} {
		if err := open(); !errors.Is(err, hashyard.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := newSealer([32]byte{}); !errors.Is(err, hashyard.Invalid) {
		t.Errorf("no key: %v", err)
	}
}

func TestSiteCheck(t *testing.T) {
	t.Parallel()
	ok := Site{ID: hashyard.NewID(), Org: hashyard.NewID(), Name: "yard", CIDR: netip.MustParsePrefix("10.1.0.0/16"), ScanEvery: 1, ReadEvery: 1}
	if err := ok.Check(); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*Site){
		"no id": func(s *Site) { s.ID = hashyard.ID{} }, "no name": func(s *Site) { s.Name = "" },
		"no network": func(s *Site) { s.CIDR = netip.Prefix{} }, "too wide": func(s *Site) { s.CIDR = netip.MustParsePrefix("10.0.0.0/8") },
		"no scan": func(s *Site) { s.ScanEvery = 0 }, "no read": func(s *Site) { s.ReadEvery = 0 },
	} {
		s := ok
		change(&s)
		if err := s.Check(); !errors.Is(err, hashyard.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzSighting feeds what an agent might send: whatever is taken over can be
// stored and shown.
func FuzzSighting(f *testing.F) {
	seed, err := json.Marshal(Sighting{Address: "10.0.0.1", Identity: firmware.Identity{Serial: "smtt\x00", Model: "\xff"}, Reading: &firmware.Reading{Unread: []string{"a\x00"}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte(`{"address":"10.0.0.1","identity":{"boards":[{"slot":-1,"serial":"\u0000"}]},"slots":[{"slot":9,"url":"\u0000"}]}`))
	site := Site{ID: hashyard.NewID(), Org: hashyard.NewID(), CIDR: netip.MustParsePrefix("10.0.0.0/24")}
	now := time.Unix(1_800_000_000, 0)
	f.Fuzz(func(t *testing.T, b []byte) {
		var g Sighting
		if json.Unmarshal(b, &g) != nil {
			return
		}
		m, err := minerOf(site, g, now)
		if err != nil {
			return
		}
		text, err := json.Marshal([]any{m.Identity, m.Slots, m.Reading, m.Key})
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), `\u0000`) || !utf8.Valid(text) || m.LastSeen.After(now) || len(m.Key) > 150 {
			t.Fatalf("taken over: %s", text)
		}
	})
}
