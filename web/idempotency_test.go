package web

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestIdempotency(t *testing.T) {
	t.Parallel()
	srv, keeper, _ := edge(t, Config{})
	post := func(key, body string, header ...string) reply {
		t.Helper()
		return send(t, srv, "POST", thingPath, body, append([]string{"Idempotency-Key", key}, header...)...)
	}
	first := post("k", `{"name":"a"}`)
	if first.status != 200 || !strings.Contains(first.body, "s3cret") || first.header.Get("Idempotency-Replayed") != "" {
		t.Fatalf("first: %+v", first)
	}
	again := post("k", `{"name":"a"}`)
	if again.status != 200 || again.header.Get("Idempotency-Replayed") != "true" || again.header.Get("Content-Type") != first.header.Get("Content-Type") {
		t.Errorf("again: %+v", again)
	}
	if again.body != "{\"name\":\"a\"}\n" {
		t.Errorf("the replay is %q: a secret was kept, or the rest was not", again.body)
	}
	if r := post("k", `{"name":"b"}`); r.status != 409 || r.problem(t).Detail != "other input" {
		t.Errorf("other input: %+v", r)
	}
	// A conflict is an answer; a refused input is none; a failure may be tried again.
	for range 2 {
		if r := post("c", `{"name":"conflict"}`); r.status != 409 {
			t.Errorf("conflict: %+v", r)
		}
	}
	if r := post("r", `{"name":"refuse"}`); r.status != 422 {
		t.Errorf("refuse: %+v", r)
	}
	if r := post("r", `{"name":"fine"}`); r.status != 200 {
		t.Errorf("corrected input under the same key: %+v", r)
	}
	for _, body := range []string{`{"name":"fail"}`, `{"name":"panic"}`} {
		for range 2 {
			if r := post(body, body); r.status != 500 || r.header.Get("Idempotency-Replayed") != "" {
				t.Errorf("%s: %+v", body, r)
			}
		}
	}
	want := []string{
		"keep k", "keep c", "forget r", "keep r",
		`release {"name":"fail"}`, `release {"name":"fail"}`, `release {"name":"panic"}`, `release {"name":"panic"}`,
	}
	if diff := cmp.Diff(want, keeper.log); diff != "" {
		t.Errorf("the keeper was told (-want +got):\n%s", diff)
	}
}

// TestCommandIDIsOneForAllAttempts: what failed half way is tried again under
// the same id, so that a command can see what it did before.
func TestCommandIDIsOneForAllAttempts(t *testing.T) {
	t.Parallel()
	srv, _, runs := edge(t, Config{})
	for range 3 {
		send(t, srv, "POST", thingPath, `{"name":"fail"}`, "Idempotency-Key", "x")
	}
	send(t, srv, "POST", thingPath, `{"name":"fail"}`, "Idempotency-Key", "y")
	var counts []int
	runs.Range(func(_, n any) bool {
		counts = append(counts, *n.(*int)) //nolint:forcetypeassert // only ints are stored
		return true
	})
	if len(counts) != 2 || counts[0]+counts[1] != 4 || counts[0]*counts[1] != 3 {
		t.Errorf("runs by command id: %v, want 3 and 1", counts)
	}
}
