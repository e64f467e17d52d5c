package agent

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"hashyard"
	"hashyard/firmware"
	"hashyard/fleet"
)

// TestACommandThatCannotBeKeptPauses gives out a command without end whose
// journal entry is broken: the agent neither does it nor asks without a pause.
func TestACommandThatCannotBeKeptPauses(t *testing.T) {
	t.Parallel()
	c := fleet.Command{ID: hashyard.NewID(), Kind: "redirect", Epoch: 1, Redirect: &fleet.RedirectOrder{Serial: "SMTT0001"}}
	var mu sync.Mutex
	polls, known := 0, 0
	s := fakeYard(t, "127.9.1.0/30", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		polls++
		if strings.Contains(r.URL.Query().Get("knows"), c.ID.String()) {
			known++ // a yard that gives it out all the same
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"items": []fleet.Command{c}})
	})
	a, err := New(config(s.URL, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1_800_000_000, 0)
	a.now = func() time.Time { return now }
	if err := os.WriteFile(a.journal.path(c.ID), []byte(`{"comm`), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
	defer cancel()
	if err := a.obey(ctx); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if polls < 2 || polls > 5 || known < polls-2 {
		t.Errorf("%d questions in 2.5 s, %d of them knew the command", polls, known)
	}
	if a.begin(c.ID) {
		t.Error("the command begins again without a pause")
	}
	now = now.Add(backOff)
	if len(a.knows(t.Context())) != 0 || !a.begin(c.ID) {
		t.Error("the command pauses for ever")
	}
	if b, err := os.ReadFile(a.journal.path(c.ID)); err != nil || string(b) != `{"comm` {
		t.Errorf("the broken entry became %q, %v", b, err)
	}
}

// TestAResultThatCannotBeKeptPauses takes the state folder away.
func TestAResultThatCannotBeKeptPauses(t *testing.T) {
	t.Parallel()
	a, err := New(config("http://127.0.0.1:9", t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(a.journal.dir); err != nil {
		t.Fatal(err)
	}
	c := fleet.Command{ID: hashyard.NewID(), Kind: "unknown", Epoch: 1}
	a.execute(t.Context(), c)
	if a.begin(c.ID) {
		t.Error("the command begins again without a pause")
	}
}

// TestARefusedResultLeavesItsSnapshot has the yard refuse what it cannot take:
// it gets the old pools and the word that there was more, and the whole stays
// on disk.
func TestARefusedResultLeavesItsSnapshot(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		takes func(fleet.Result) bool
		posts int
		snap  int // slots that the yard has in the end
	}{
		"the read-back is refused":  {func(r fleet.Result) bool { return r.ReadBack == nil }, 2, 1},
		"the snapshot is refused":   {func(r fleet.Result) bool { return r.Snapshot == nil && r.ReadBack == nil }, 3, 0},
		"everything at all refused": {func(fleet.Result) bool { return false }, 3, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			var posts []fleet.Result
			var taken *fleet.Result
			s := fakeYard(t, "127.9.1.0/30", func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				var res fleet.Result
				if err := json.NewDecoder(r.Body).Decode(&res); err != nil {
					t.Error(err)
				}
				posts = append(posts, res)
				if !tt.takes(res) {
					w.WriteHeader(http.StatusUnprocessableEntity)
					return
				}
				taken = &res
			})
			a, err := New(config(s.URL, t.TempDir()))
			if err != nil {
				t.Fatal(err)
			}
			old := []firmware.ConfiguredPool{{PoolSetting: firmware.PoolSetting{URL: "old", Password: "hunter2"}}}
			e := entry{Command: hashyard.NewID(), Snapshot: old, Result: &fleet.Result{Epoch: 3, Snapshot: old, ReadBack: make([]firmware.ConfiguredPool, 99)}}
			if err := a.journal.save(e); err != nil {
				t.Fatal(err)
			}
			if left := a.postResults(t.Context()); left != 0 {
				t.Errorf("%d left", left)
			}
			mu.Lock()
			defer mu.Unlock()
			if len(posts) != tt.posts {
				t.Errorf("%d posts, want %d", len(posts), tt.posts)
			}
			if taken != nil && (!taken.Refused || taken.Epoch != 3 || len(taken.Snapshot) != tt.snap || !strings.Contains(taken.Error, "refuses the result")) {
				t.Errorf("the yard has %+v", taken)
			}
			if (taken == nil) != !a.begin(e.Command) {
				t.Error("only a command that the yard may give out again pauses")
			}
			// Given out again, its old pools are still those of the first time.
			again, err := a.journal.load(e.Command)
			if err != nil || again.Result != nil || len(again.Snapshot) != 1 || again.Snapshot[0].Password != "hunter2" {
				t.Errorf("on disk: %+v, %v", again, err)
			}
		})
	}
	if got := clip(strings.Repeat("ü", 3000)); len(got) > 2003 || !strings.HasSuffix(got, "ü…") {
		t.Errorf("clipped to %d bytes", len(got))
	}
}
