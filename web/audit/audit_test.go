package audit

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"hashyard"
)

// TestCanonicalBytes pins the hash: whoever changes the form breaks every
// chain there is, here and in migrations/sql/0117.
func TestCanonicalBytes(t *testing.T) {
	t.Parallel()
	org := hashyard.MustParseID("01a210e5-2681-7000-b544-c276e5e804a5")
	after := `{"name": "Grüße", "n": 1}`
	r := Row{
		ID: hashyard.MustParseID("01a210f4-7c4c-7000-9ca7-bc949e5b7975"), Org: org, At: time.Date(2026, 11, 25, 4, 26, 27, 787_704_000, time.UTC),
		Actor: `{"org": "x"}`, Command: "session.open", RefKind: "user", After: &after,
	}
	first := next(nil, org, 1, r)
	const want = "49b63e0dcf7d532763c9317a5160e9f4d17175f12c682f1482692ca113646a22"
	if got := hex.EncodeToString(first[:]); got != want {
		t.Errorf("hash %s, want %s", got, want)
	}
	// Every field and the place count; nothing slips from one field to the next.
	seen := map[Hash]bool{first: true}
	for name, change := range map[string]func(*Row){
		"id":           func(r *Row) { r.ID[15]++ },
		"org":          func(r *Row) { r.Org = hashyard.ID{} },
		"at":           func(r *Row) { r.At = r.At.Add(time.Microsecond) },
		"actor":        func(r *Row) { r.Actor += " " },
		"command":      func(r *Row) { r.Command, r.RefKind = "session.openuser", "" },
		"ref":          func(r *Row) { r.RefID[0]++ },
		"before":       func(r *Row) { r.Before = &after },
		"after":        func(r *Row) { r.After = nil },
		"after, empty": func(r *Row) { r.After = new(string) },
		"sides":        func(r *Row) { r.Before, r.After = r.After, nil },
	} {
		c := r
		change(&c)
		if h := next(nil, org, 1, c); seen[h] {
			t.Errorf("%s does not count", name)
		} else {
			seen[h] = true
		}
	}
	if seen[next(nil, org, 2, r)] || seen[next(first[:], org, 1, r)] || seen[next(nil, hashyard.ID{}, 1, r)] {
		t.Error("place, hash before or chain do not count")
	}
}

// FuzzParseHeads: the file comes from outside; what is read writes itself again.
func FuzzParseHeads(f *testing.F) {
	line, err := json.Marshal(Head{At: time.Unix(1_764_000_000, 0).UTC(), Chain: hashyard.NewID(), Seq: 3, Hash: Hash{1}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(append(line, '\n'))
	f.Add(append(append(line, '\n'), line[:20]...))
	f.Add([]byte("{}\n"))
	f.Add([]byte("\n\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		heads, err := parseHeads(b)
		if err != nil {
			if !errors.Is(err, hashyard.Invalid) {
				t.Fatalf("not a kind: %v", err)
			}
			return
		}
		for _, h := range heads {
			if h.Seq <= 0 {
				t.Fatalf("%+v", h)
			}
		}
	})
}
