package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/go-cmp/cmp"

	"hashyard"
)

// TestSlowRequestsOfOneOrganisationAreItsOwn: who sends slow requests waits at
// its own door, and everybody else is served.
func TestSlowRequestsOfOneOrganisationAreItsOwn(t *testing.T) {
	t.Parallel()
	api := New(Config{Auth: orgAuth{map[string]hashyard.ID{"a": hashyard.NewID(), "b": hashyard.NewID()}}, Limits: Limits{Busy: 2}})
	api.flood.busy.wait = time.Millisecond
	at, free := make(chan struct{}), make(chan struct{})
	slow := func(context.Context, hashyard.Actor, *struct{}) (*struct{}, error) {
		at <- struct{}{}
		<-free
		return nil, nil
	}
	fast := func(context.Context, hashyard.Actor, *struct{}) (*struct{}, error) { return nil, nil }
	Handle(api, huma.Operation{OperationID: "slow", Method: http.MethodGet, Path: "/api/v1/slow"}, UnitsRead, slow)
	Handle(api, huma.Operation{OperationID: "fast", Method: http.MethodGet, Path: "/api/v1/fast"}, UnitsRead, fast)
	Handle(api, Idle(huma.Operation{OperationID: "idle", Method: http.MethodGet, Path: "/api/v1/idle"}), UnitsRead, fast)
	h := api.Handler()
	call := func(key, path string) int {
		r := httptest.NewRequest(http.MethodGet, "/api/v1/"+path, nil)
		r.Header.Set("Authorization", "Bearer "+key)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	ended := make(chan int, 2)
	for _, key := range []string{"a.1", "a.2"} { // two users, one organisation
		go func() { ended <- call(key, "slow") }()
		<-at
	}
	if code := call("a.3", "fast"); code != http.StatusTooManyRequests {
		t.Errorf("a third request of the organisation: %d", code)
	}
	if code := call("a.3", "idle"); code >= 300 {
		t.Errorf("its long poll: %d", code)
	}
	if code := call("b.1", "fast"); code >= 300 {
		t.Errorf("another organisation: %d", code)
	}
	close(free)
	for range 2 {
		if code := <-ended; code >= 300 {
			t.Errorf("a slow request: %d", code)
		}
	}
	if code := call("a.3", "fast"); code >= 300 {
		t.Errorf("after the slow ones: %d", code)
	}
	if n := len(api.flood.busy.of); n != 0 {
		t.Errorf("%d organisations are remembered with nothing at work", n)
	}
}

// TestQuestionsAreNotKept: answers are kept for ever, so a question's is not.
func TestQuestionsAreNotKept(t *testing.T) {
	t.Parallel()
	keeper := &fakeKeeper{rows: map[string]*fakeRow{}}
	api := New(Config{Keeper: keeper, Auth: fakeAuth{hashyard.NewID()}})
	asked := 0
	Handle(api, Asks(huma.Operation{OperationID: "ask", Method: http.MethodPost, Path: "/api/v1/ask"}), UnitsWrite,
		func(_ context.Context, _ hashyard.Actor, in *thing) (*thing, error) {
			asked++
			if in.Name == "wrong" {
				return nil, hashyard.Conflict.Errorf("no")
			}
			return in, nil
		})
	srv := httptest.NewServer(api.Handler())
	defer srv.Close()
	for _, name := range []string{"a", "a", "b", "wrong"} {
		r := send(t, srv, http.MethodPost, "/api/v1/ask", `{"name":"`+name+`"}`, "Idempotency-Key", "k")
		if want := map[bool]int{true: 409, false: 200}[name == "wrong"]; r.status != want || r.header.Get(replayedHeader) != "" {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if diff := cmp.Diff([]string{"forget k", "forget k", "forget k", "forget k"}, keeper.log); diff != "" || asked != 4 {
		t.Errorf("asked %d times, kept (-want +got):\n%s", asked, diff)
	}
}
