package web

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hashyard"
)

// orgAuth makes every key another user of the organisation before its dot.
type orgAuth struct{ orgs map[string]hashyard.ID }

func (f orgAuth) BySession(ctx context.Context, token string) (Caller, error) {
	return f.ByKey(ctx, token)
}

func (f orgAuth) ByKey(_ context.Context, key string) (Caller, error) {
	org, ok := f.orgs[key[:strings.Index(key+".", ".")]]
	if !ok {
		return Caller{}, hashyard.Unauthenticated.Errorf("unknown key")
	}
	var user hashyard.ID
	copy(user[:], key)
	return Caller{Actor: hashyard.Actor{Org: org, User: user, Roles: []hashyard.Role{hashyard.Viewer}}}, nil
}

// floodAPI has a clock that stands still and one route.
func floodAPI(limits Limits) (call func(remote, key, path string) *httptest.ResponseRecorder, now *time.Time) {
	clock := time.Date(2026, 11, 25, 4, 0, 0, 0, time.UTC)
	api := New(Config{
		Auth: orgAuth{map[string]hashyard.ID{"a": hashyard.NewID(), "b": hashyard.NewID()}},
		Now:  func() time.Time { return clock }, Limits: limits,
	})
	Handle(api, huma.Operation{OperationID: "x", Method: http.MethodGet, Path: "/api/v1/x"}, UnitsRead,
		func(context.Context, hashyard.Actor, *struct{}) (*struct{}, error) { return nil, nil })
	h := api.Handler()
	return func(remote, key, path string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.RemoteAddr = remote + ":1"
		if key != "" {
			r.Header.Set("Authorization", "Bearer "+key)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}, &clock
}

// until429 counts the calls that pass.
func until429(call func() *httptest.ResponseRecorder) int {
	for n := range 10_000 {
		if w := call(); w.Code == http.StatusTooManyRequests {
			if w.Header().Get("Retry-After") == "" {
				return -1
			}
			return n
		}
	}
	return 10_000
}

func TestOneSourcesFloodIsItsOwn(t *testing.T) {
	t.Parallel()
	const x = "/api/v1/x"
	tests := []struct {
		name   string
		limits Limits
		flood  func(call func(remote, key, path string) *httptest.ResponseRecorder, i int) *httptest.ResponseRecorder
		passed int
		same   [2]string // still refused: address, key
		other  [2]string // still served
	}{
		{
			"an address",
			Limits{Address: 2, Caller: 1e3, Org: 1e3},
			func(call func(_, _, _ string) *httptest.ResponseRecorder, i int) *httptest.ResponseRecorder {
				return call("192.0.2.1", fmt.Sprint("a.", i), x)
			}, 20,
			[2]string{"192.0.2.1", "b.1"},
			[2]string{"192.0.2.2", "a.1"},
		},
		{
			"the addresses of one IPv6 network",
			Limits{Address: 2, Caller: 1e3, Org: 1e3},
			func(call func(_, _, _ string) *httptest.ResponseRecorder, i int) *httptest.ResponseRecorder {
				return call(fmt.Sprintf("[2001:db8::%x]", i+1), "a.1", x)
			}, 20,
			[2]string{"[2001:db8::ffff]", "b.1"},
			[2]string{"[2001:db8:0:1::1]", "a.1"},
		},
		{
			"wrong keys",
			Limits{Address: 3, Caller: 1e3, Org: 1e3},
			func(call func(_, _, _ string) *httptest.ResponseRecorder, i int) *httptest.ResponseRecorder {
				return call("192.0.2.1", fmt.Sprint("nobody.", i), x)
			}, 30 / (1 + badKeyCost),
			[2]string{"192.0.2.1", "nobody.9"},
			[2]string{"192.0.2.2", "a.1"},
		},
		{
			"one user from everywhere",
			Limits{Address: 1e3, Caller: 2, Org: 1e3},
			func(call func(_, _, _ string) *httptest.ResponseRecorder, i int) *httptest.ResponseRecorder {
				return call(fmt.Sprintf("192.0.2.%d", i%250), "a.1", x)
			}, 20,
			[2]string{"192.0.2.251", "a.1"},
			[2]string{"192.0.2.1", "a.2"},
		},
		{
			"one organisation's users",
			Limits{Address: 1e3, Caller: 1e3, Org: 2},
			func(call func(_, _, _ string) *httptest.ResponseRecorder, i int) *httptest.ResponseRecorder {
				return call(fmt.Sprintf("192.0.2.%d", i%250), fmt.Sprint("a.", i), x)
			}, 20,
			[2]string{"192.0.2.251", "a.999"},
			[2]string{"192.0.2.1", "b.1"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			call, now := floodAPI(tt.limits)
			i := 0
			n := until429(func() *httptest.ResponseRecorder { i++; return tt.flood(call, i) })
			if n != tt.passed {
				t.Errorf("%d calls passed, want %d", n, tt.passed)
			}
			if w := call(tt.same[0], tt.same[1], x); w.Code != http.StatusTooManyRequests {
				t.Errorf("the flood's next call: %d", w.Code)
			}
			if w := call(tt.other[0], tt.other[1], x); w.Code >= 300 {
				t.Errorf("somebody else's call: %d %s", w.Code, w.Body)
			}
			for _, health := range []string{"/livez", "/readyz"} {
				if w := call(tt.same[0], "", health); w.Code != http.StatusOK {
					t.Errorf("%s during the flood: %d", health, w.Code)
				}
			}
			*now = now.Add(time.Minute)
			if w := tt.flood(call, 1); w.Code == http.StatusTooManyRequests {
				t.Error("still refused a minute later")
			}
		})
	}
}

func TestSourcesAreBounded(t *testing.T) {
	t.Parallel()
	s, now := newSources(1), time.Now()
	s.max = 100
	if s.take("known", 10, now) != 0 {
		t.Fatal("a first burst was refused")
	}
	for i := range 1000 {
		s.take(fmt.Sprint(i), 1, now)
	}
	if len(s.of) > s.max {
		t.Errorf("%d sources kept", len(s.of))
	}
	if s.take("known", 1, now) == 0 {
		t.Error("a flood of sources refilled a known one's bucket")
	}
	if s.take("new", 1, now) == 0 {
		t.Error("a source beyond the bound was given a bucket of its own")
	}
	later := now.Add(time.Hour)
	if s.take("new", 1, later) != 0 || len(s.of) > 2 {
		t.Errorf("an hour later: %d sources kept", len(s.of))
	}
}

func TestStreamsOfAnOrganisationAreBounded(t *testing.T) {
	t.Parallel()
	f, a, b := newFlood(Limits{Streams: 2}, time.Now), hashyard.NewID(), hashyard.NewID()
	first, err := f.listen(a)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.listen(a); err != nil {
		t.Fatal(err)
	}
	if _, err := f.listen(a); err == nil {
		t.Error("a third stream was let in")
	}
	if _, err := f.listen(b); err != nil {
		t.Errorf("another organisation: %v", err)
	}
	first()
	if _, err := f.listen(a); err != nil {
		t.Errorf("after one ended: %v", err)
	}
}
