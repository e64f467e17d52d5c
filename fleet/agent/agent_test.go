package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"hashyard"
	"hashyard/firmware"
	"hashyard/firmware/antminer"
	"hashyard/firmware/identify"
	"hashyard/fleet"
)

func config(yard, state string) Config {
	return Config{
		Yard: yard, Key: "k", Site: "site", State: state, Probe: identify.Probe, Loopback: true,
		Families: map[string]firmware.Family{"antminer": antminer.Family()},
	}
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Config){
		"no yard":     func(c *Config) { c.Yard = "" },
		"not http":    func(c *Config) { c.Yard = "ftp://yard" },
		"no key":      func(c *Config) { c.Key = "" },
		"no site":     func(c *Config) { c.Site = "" },
		"no state":    func(c *Config) { c.State = "" },
		"no families": func(c *Config) { c.Families = nil },
	} {
		c := config("http://127.0.0.1:1", t.TempDir())
		change(&c)
		if _, err := New(c); !errors.Is(err, hashyard.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// fakeYard answers hello and counts; the rest is set by the test.
func fakeYard(t *testing.T, cidr string, rest http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/v1/agent/hello" {
			_ = json.NewEncoder(w).Encode(fleet.Welcome{SiteID: hashyard.NewID(), OrgID: hashyard.NewID(), CIDR: cidr, ScanEveryMS: 1000, ReadEveryMS: 1000})
			return
		}
		rest(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func TestTheYardCannotWidenTheNetwork(t *testing.T) {
	t.Parallel()
	for _, cidr := range []string{"10.0.0.0/24", "127.9.0.0/16", "0.0.0.0/0", "nonsense"} {
		s := fakeYard(t, cidr, http.NotFound)
		c := config(s.URL, t.TempDir())
		c.CIDR = netip.MustParsePrefix("127.9.1.0/24")
		a, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Run(t.Context()); err == nil {
			t.Errorf("the agent works in %s", cidr)
		}
	}
}

func TestJournal(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	j, err := openJournal(state)
	if err != nil {
		t.Fatal(err)
	}
	e := entry{Command: hashyard.NewID(), Serial: "SMTT0001", Snapshot: []firmware.ConfiguredPool{{Slot: 0}}}
	if err := j.save(e); err != nil {
		t.Fatal(err)
	}
	if w, err := j.waiting(); err != nil || len(w) != 0 {
		t.Errorf("a command without a result waits: %v, %v", w, err)
	}
	e.Result = &fleet.Result{Epoch: 3}
	if err := j.save(e); err != nil {
		t.Fatal(err)
	}
	// Half a file of a write that a crash cut off, and foreign files, change nothing.
	for name, text := range map[string]string{
		e.Command.String() + ".json.new": `{"comm`, "notes.json": "{}", hashyard.NewID().String() + ".json": `{"comm`,
	} {
		if err := os.WriteFile(filepath.Join(state, "commands", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	again, err := openJournal(state)
	if err != nil || again.agent != j.agent {
		t.Fatalf("agent id %s became %s, %v", j.agent, again.agent, err)
	}
	w, err := again.waiting()
	if len(w) != 1 || w[0].Result.Epoch != 3 || err == nil {
		t.Errorf("waiting: %+v, %v; want one and the broken file told", w, err)
	}
	info, err := os.Stat(again.path(e.Command))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	for range 2 {
		if err := again.drop(e.Command); err != nil {
			t.Fatal(err)
		}
	}
}

func FuzzJournalEntry(f *testing.F) {
	f.Add([]byte(`{"command":"","result":{"epoch":1}}`))
	f.Add([]byte(`{"comm`))
	state := f.TempDir()
	j, err := openJournal(state)
	if err != nil {
		f.Fatal(err)
	}
	id := hashyard.NewID()
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := os.WriteFile(j.path(id), b, 0o600); err != nil {
			t.Fatal(err)
		}
		if e, err := j.load(id); err == nil && e.Result == nil && e.Snapshot == nil && len(b) == 0 {
			t.Fatal("an empty file is no entry")
		}
	})
}

func TestSpoolIsBoundedAndKeepsTheNewest(t *testing.T) {
	t.Parallel()
	var s spool
	for i := range maxSpool + 100 {
		s.add(fleet.Sighting{Address: fmt.Sprint(i % 300), Score: i})
	}
	if len(s.seen) != maxSpool || s.dropped != 100 || s.seen[0].Score != 100 {
		t.Fatalf("%d kept, %d dropped, first %d", len(s.seen), s.dropped, s.seen[0].Score)
	}
	seen, _ := s.take()
	met := map[string]bool{}
	for _, g := range seen {
		if met[g.Address] {
			t.Fatalf("%s twice in one report", g.Address)
		}
		met[g.Address] = true
	}
	if len(seen) != fleet.MaxSightings {
		t.Errorf("%d in one report", len(seen))
	}
	s.back(seen, nil)
	if len(s.seen) != maxSpool || s.seen[0].Score != 100 {
		t.Errorf("after going back: %d, first %d", len(s.seen), s.seen[0].Score)
	}
}

// TestResultsAreNeverLost has the yard refuse, fail and forget its answer.
func TestResultsAreNeverLost(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	posted, answers := 0, []int{503, 500, 409, 401, 0, 200}
	s := fakeYard(t, "127.9.1.0/24", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if r.Method != http.MethodPost {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		code := answers[min(posted, len(answers)-1)]
		posted++
		if code == 0 {
			panic(http.ErrAbortHandler) // taken, but the answer is lost
		}
		w.WriteHeader(code)
	})
	a, err := New(config(s.URL, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	e := entry{Command: hashyard.NewID(), Result: &fleet.Result{Epoch: 1}}
	if err := a.journal.save(e); err != nil {
		t.Fatal(err)
	}
	// The transport itself sends again what was cut off, because of the
	// idempotency key; so calls and answers are not counted one to one.
	for range answers {
		if a.postResults(t.Context()) == 0 {
			break
		}
		if w, err := a.journal.waiting(); err != nil || len(w) != 1 {
			t.Fatalf("lost: %v, %v", w, err)
		}
	}
	mu.Lock()
	if posted != len(answers) {
		t.Errorf("taken after %d of %d answers", posted, len(answers))
	}
	mu.Unlock()
	if w, err := a.journal.waiting(); err != nil || len(w) != 0 {
		t.Errorf("still waiting: %v, %v", w, err)
	}
	// One that can never be taken is set aside, not thrown away.
	mu.Lock()
	answers = append(answers, 422)
	posted = len(answers) - 1
	mu.Unlock()
	if err := a.journal.save(e); err != nil {
		t.Fatal(err)
	}
	if left := a.postResults(t.Context()); left != 0 {
		t.Errorf("%d left", left)
	}
	if _, err := os.Stat(a.journal.path(e.Command) + ".refused"); err != nil {
		t.Error(err)
	}
}

// TestDoneCommandsAreNotDoneAgain gives a command out twice: the second time
// only its result is sent again.
func TestDoneCommandsAreNotDoneAgain(t *testing.T) {
	t.Parallel()
	a, err := New(config("http://127.0.0.1:9", t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	c := fleet.Command{ID: hashyard.NewID(), Kind: "redirect", Epoch: 2, Redirect: &fleet.RedirectOrder{Serial: "SMTT0001"}}
	kept := fleet.Result{Epoch: 1, Error: "the first time"}
	if err := a.journal.save(entry{Command: c.ID, Result: &kept}); err != nil {
		t.Fatal(err)
	}
	a.execute(t.Context(), c) // without a scanner a second redirect would panic
	e, err := a.journal.load(c.ID)
	if err != nil || e.Result == nil || e.Result.Error != "the first time" {
		t.Errorf("%+v, %v", e, err)
	}
	if ids := a.knows(t.Context()); len(ids) != 1 || ids[0] != c.ID {
		t.Errorf("knows %v", ids)
	}
	if !a.begin(c.ID) || a.begin(c.ID) {
		t.Error("a running command began twice")
	}
}

// TestRunEndsWithItsContext waits for every loop although nobody answers.
func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	s := fakeYard(t, "127.9.1.0/30", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	a, err := New(config(s.URL, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := a.Run(ctx); err != nil {
		t.Error(err)
	}
	if ctx.Err() == nil {
		t.Error("Run ended by itself")
	}
}
