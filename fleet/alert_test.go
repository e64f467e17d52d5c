package fleet

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"hashyard"
	"hashyard/firmware"
)

// TestAlertStateTable asks for every pair of state and event.
func TestAlertStateTable(t *testing.T) {
	t.Parallel()
	allowed := map[AlertState]map[alertEvent]AlertState{
		AlertOpen:         {alertSeen: AlertOpen, alertAcknowledge: AlertAcknowledged, alertClear: AlertCleared},
		AlertAcknowledged: {alertSeen: AlertAcknowledged, alertAcknowledge: AlertAcknowledged, alertClear: AlertCleared},
		AlertCleared:      {},
	}
	for from, row := range allowed {
		for _, ev := range []alertEvent{alertSeen, alertAcknowledge, alertClear} {
			got, err := from.Next(ev)
			want, ok := row[ev]
			if ok && (err != nil || got != want) || !ok && (!errors.Is(err, hashyard.Conflict) || got != from) {
				t.Errorf("%s %s: %s, %v", from, ev, got, err)
			}
		}
	}
}

func machineAt(now time.Time) (Machine, Site) {
	rate, ideal, temp := 100*hashyard.TH, 100*hashyard.TH, 70.0
	site := Site{ID: hashyard.NewID(), Name: "s", CIDR: netip.MustParsePrefix("10.0.0.0/24"), ScanEvery: time.Minute, ReadEvery: time.Minute}
	return Machine{
		ID: hashyard.NewID(), Site: site.ID, Unit: hashyard.NewID(), Serial: "S1", Address: "10.0.0.30", LastSeen: now,
		Vitals: Vitals{Reported: &rate, Ideal: &ideal, MaxTemp: &temp, Boards: 3, URL: "stratum+tcp://p:1", User: "a.b"},
	}, site
}

func TestFindings(t *testing.T) {
	t.Parallel()
	now := time.Now().UTC()
	slow, hot := 89*hashyard.TH, 90.0
	for name, c := range map[string]struct {
		spoil func(*Machine)
		want  []Health
	}{
		"all is well":     {func(*Machine) {}, nil},
		"nothing read":    {func(m *Machine) { m.Vitals = Vitals{} }, nil},
		"silent":          {func(m *Machine) { m.LastSeen = now.Add(-4 * time.Minute) }, []Health{Offline}},
		"gone":            {func(m *Machine) { m.GoneAt = now.Add(time.Second) }, []Health{Offline}},
		"hot":             {func(m *Machine) { m.Vitals.MaxTemp = &hot }, []Health{Hot}},
		"slow":            {func(m *Machine) { m.Vitals.Reported = &slow }, []Health{Slow}},
		"board and slow":  {func(m *Machine) { m.Vitals.Dead, m.Vitals.Reported = []int{1}, &slow }, []Health{DeadBoard, Slow}},
		"another pool":    {func(m *Machine) { m.WantURL, m.WantUser = "stratum+tcp://q:1", "a.b" }, []Health{Elsewhere}},
		"another worker":  {func(m *Machine) { m.WantURL, m.WantUser = m.Vitals.URL, "c.d" }, []Health{Elsewhere}},
		"the wanted pool": {func(m *Machine) { m.WantURL, m.WantUser = m.Vitals.URL, m.Vitals.User }, nil},
		"pool unread":     {func(m *Machine) { m.WantURL, m.Vitals.URL = "stratum+tcp://q:1", "" }, nil},
		"reports more": {func(m *Machine) {
			m.Verified = &Verified{Estimate: 80 * hashyard.TH, Upper: 85 * hashyard.TH, For: time.Hour}
		}, []Health{Gap}},
		"within the interval": {func(m *Machine) {
			m.Verified = &Verified{Estimate: 80 * hashyard.TH, Upper: 97 * hashyard.TH, For: time.Hour}
		}, nil},
		"counted too short": {func(m *Machine) {
			m.Verified = &Verified{Estimate: 80 * hashyard.TH, Upper: 85 * hashyard.TH, For: time.Minute}
		}, nil},
	} {
		m, site := machineAt(now)
		c.spoil(&m)
		var got []Health
		for _, f := range m.Findings(now, site) {
			got = append(got, f.Kind)
			if f.Cause == "" {
				t.Errorf("%s: %s without a cause", name, f.Kind)
			}
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		if j := m.Judge(site, now); len(got) > 0 && j.State != got[0] || len(got) == 0 && j.State != Fine && j.State != Unread {
			t.Errorf("%s: judged %s", name, j.State)
		}
	}
}

func TestVitals(t *testing.T) {
	t.Parallel()
	rate, none := 30*hashyard.TH, hashyard.Hashrate(0)
	id := firmware.Identity{Boards: []firmware.Board{{Slot: 0}, {Slot: 1}, {Slot: 2}}}
	r := firmware.Reading{
		Boards: []firmware.BoardReading{{Slot: 0, Hashrate: &rate}, {Slot: 1, Hashrate: &none}},
		Pools:  []firmware.Pool{{Slot: 0, URL: "dead"}, {Slot: 1, URL: "u", User: "w", StratumActive: true}},
	}
	got := VitalsOf(id, &r)
	want := Vitals{Boards: 3, Dead: []int{1, 2}, Slot: 1, URL: "u", User: "w"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(Vitals{}, VitalsOf(id, &firmware.Reading{})); d != "" {
		t.Errorf("unread boards are not dead: %s", d)
	}
}

func TestPlaceByAddress(t *testing.T) {
	t.Parallel()
	n := netip.MustParsePrefix("10.0.0.0/22")
	for addr, want := range map[string]string{"10.0.0.1": "R01-S01", "10.0.0.24": "R01-S24", "10.0.0.25": "R02-S01", "10.0.1.1": "R11-S17", "10.9.0.1": "", "x": ""} {
		if got := PlaceByAddress(n, addr).String(); got != want {
			t.Errorf("%s: %s, want %s", addr, got, want)
		}
	}
}

// TestReconcile has machines fail and heal in any order: at every look there is
// exactly one live alert for each fault, losses never shrink, and looking twice
// at the same instant changes nothing.
func TestReconcile(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := time.Now().UTC()
		org := hashyard.NewID()
		m, site := machineAt(now)
		sites := map[hashyard.ID]Site{site.ID: site}
		all := map[hashyard.ID]Alert{}
		live := func() (out []Alert) {
			for _, a := range all {
				if a.Live() {
					out = append(out, a)
				}
			}
			return out
		}
		hot, cool := 95.0, 60.0
		for range rapid.IntRange(1, 12).Draw(t, "looks") {
			now = now.Add(time.Duration(rapid.IntRange(1, 600).Draw(t, "s")) * time.Second)
			m.Vitals.MaxTemp, m.Vitals.Dead, m.LastSeen = &cool, nil, now
			if rapid.Bool().Draw(t, "hot") {
				m.Vitals.MaxTemp = &hot
			}
			if rapid.Bool().Draw(t, "dead") {
				m.Vitals.Dead = []int{2}
			}
			if rapid.Bool().Draw(t, "off") {
				m.LastSeen = now.Add(-time.Hour)
			}
			for range 2 {
				got, err := Reconcile(org, live(), []Machine{m}, sites, now)
				if err != nil {
					t.Fatal(err)
				}
				for _, a := range got {
					if old := all[a.ID]; a.LostTHs < old.LostTHs {
						t.Fatalf("loss shrank from %v to %v", old.LostTHs, a.LostTHs)
					}
					all[a.ID] = a
				}
				want := map[Health]bool{}
				for _, f := range m.Findings(now, site) {
					want[f.Kind] = true
				}
				if len(live()) != len(want) {
					t.Fatalf("%d live alerts for %d faults", len(live()), len(want))
				}
				for _, a := range live() {
					if !want[a.Kind] {
						t.Fatalf("%s is live without a fault", a.Kind)
					}
				}
			}
			if l := live(); len(l) > 0 && rapid.Bool().Draw(t, "ack") {
				a, err := l[0].Acknowledge(org, now)
				if err != nil {
					t.Fatal(err)
				}
				all[a.ID] = a
			}
		}
	})
}
