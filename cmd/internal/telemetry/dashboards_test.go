package telemetry

import (
	"encoding/json"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var metricName = regexp.MustCompile(`\b(hashyard|go|process)_[a-z0-9_]+`)

// everything registers all that any role shows; nothing is read of it.
func everything() *Registry {
	r := New("test", "0")
	HTTP(r)
	NewPeers(r, nil)
	NewMarket(r)
	Database(r, nil)
	Deliveries(r)
	Shares(r)
	Pool(r, PoolSources{})
	Booked(r, nil)
	Trades(r, nil)
	Treasury(r, nil)
	Signer(r, nil)
	Fleet(r, nil)
	Stream(r, nil)
	Health(r, nil)
	Invariants(r)
	return r
}

// TestDashboardsShowWhatThereIs: every figure in a panel is registered by some
// role, under the labels the panel tells apart, and every figure of ours is on
// a dashboard.
func TestDashboardsShowWhatThereIs(t *testing.T) {
	t.Parallel()
	names := everything().names
	families, err := New("test", "0").Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families { // of the runtime and of the process
		if _, ours := names[f.GetName()]; !ours {
			names[f.GetName()] = []string{}
		}
	}
	shown := map[string]bool{}
	files, err := fs.Glob(Dashboards(), "*.json")
	if err != nil || len(files) != 4 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, file := range files {
		b, err := fs.ReadFile(Dashboards(), file)
		if err != nil {
			t.Fatal(err)
		}
		var d struct {
			UID, Title string
			Panels     []struct {
				ID      int
				Title   string
				Type    string
				Targets []struct{ Expr string }
			}
		}
		if err := json.Unmarshal(b, &d); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if d.UID == "" || d.Title == "" || len(d.Panels) < 8 {
			t.Errorf("%s has no uid, no title or few panels", file)
		}
		ids := map[int]bool{}
		for _, p := range d.Panels {
			if ids[p.ID] || p.Type != "row" && len(p.Targets) == 0 {
				t.Errorf("%s: panel %d %q is double or empty", file, p.ID, p.Title)
			}
			ids[p.ID] = true
			for _, target := range p.Targets {
				found := metricName.FindAllString(target.Expr, -1)
				if len(found) == 0 {
					t.Errorf("%s: %q shows nothing: %s", file, p.Title, target.Expr)
				}
				for _, name := range found {
					name = strings.TrimSuffix(name, "_bucket")
					shown[name] = true
					if names[name] == nil {
						t.Errorf("%s: %q shows %s, which no role has", file, p.Title, name)
					}
					if by := regexp.MustCompile(`by \(([a-z, ]+)\) \([a-z]+\(` + name).FindStringSubmatch(target.Expr); by != nil {
						for _, label := range strings.Split(by[1], ", ") {
							if label != "le" && !slices.Contains(names[name], label) {
								t.Errorf("%s: %q tells %s apart by %s; it has %v", file, p.Title, name, label, names[name])
							}
						}
					}
				}
			}
		}
	}
	for name := range names {
		if strings.HasPrefix(name, "hashyard_") && !shown[name] {
			t.Errorf("%s is on no dashboard", name)
		}
	}
}
