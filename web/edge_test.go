package web

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hashyard"
)

// fakeAuth knows one key per role, named like it.
type fakeAuth struct{ org hashyard.ID }

func (f fakeAuth) BySession(ctx context.Context, token string) (Caller, error) {
	return f.ByKey(ctx, token)
}

func (f fakeAuth) ByKey(_ context.Context, key string) (Caller, error) {
	if key == "down" {
		return Caller{}, errors.New("dial tcp 10.1.2.3: connection refused")
	}
	if !hashyard.Role(key).Valid() {
		return Caller{}, hashyard.Unauthenticated.Errorf("unknown key")
	}
	return Caller{Actor: hashyard.Actor{Org: f.org, User: f.org, Roles: []hashyard.Role{hashyard.Role(key)}}}, nil
}

// fakeKeeper keeps answers in memory. A claim holds until it is settled.
type fakeKeeper struct {
	mu   sync.Mutex // guards rows, log
	rows map[string]*fakeRow
	log  []string
}

type fakeRow struct {
	hash   [32]byte
	held   bool
	n      int64
	id     hashyard.ID
	answer *Answer
}

func (f *fakeKeeper) Claim(_ context.Context, c Claim) (Attempt, *Answer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.rows[c.Key]
	switch {
	case r == nil:
		r = &fakeRow{hash: c.Hash, id: hashyard.NewID()}
		f.rows[c.Key] = r
	case r.hash != c.Hash:
		return Attempt{}, nil, hashyard.Conflict.Errorf("other input")
	case r.answer != nil:
		return Attempt{}, r.answer, nil
	case r.held:
		return Attempt{}, nil, hashyard.Conflict.Errorf("under way")
	}
	r.held, r.n = true, r.n+1
	return Attempt{ID: r.id, Number: r.n}, nil, nil
}

func (f *fakeKeeper) settle(c Claim, what string, fn func(*fakeRow)) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.log = append(f.log, what+" "+c.Key)
	fn(f.rows[c.Key])
	return nil
}

func (f *fakeKeeper) Renew(_ context.Context, c Claim, _ Attempt) error {
	return f.settle(c, "renew", func(*fakeRow) {})
}

func (f *fakeKeeper) Keep(_ context.Context, c Claim, _ Attempt, a Answer) error {
	a.Body = []byte(string(a.Body))
	return f.settle(c, "keep", func(r *fakeRow) { r.answer, r.held = &a, false })
}

func (f *fakeKeeper) Release(_ context.Context, c Claim, _ Attempt) error {
	return f.settle(c, "release", func(r *fakeRow) { r.held = false })
}

func (f *fakeKeeper) Forget(_ context.Context, c Claim, _ Attempt) error {
	return f.settle(c, "forget", func(*fakeRow) { delete(f.rows, c.Key) })
}

type thing struct {
	Name   string `json:"name" maxLength:"20"`
	Secret string `json:"secret,omitempty"`
}

func (t *thing) Redacted() any { return thing{Name: t.Name} }

type thingIn struct {
	ID   hashyard.ID `path:"id"`
	Loud bool        `query:"loud"`
	Body thing
}

// edge is a server with a few routes and nothing behind it.
func edge(t *testing.T, cfg Config) (*httptest.Server, *fakeKeeper, *sync.Map) {
	t.Helper()
	keeper := &fakeKeeper{rows: map[string]*fakeRow{}}
	runs := &sync.Map{} // command id → how often it ran
	cfg.Keeper, cfg.Auth = keeper, fakeAuth{hashyard.NewID()}
	api := New(cfg)
	Handle(api, huma.Operation{OperationID: "make-thing", Method: "POST", Path: "/api/v1/things/{id}"}, UnitsWrite,
		func(ctx context.Context, _ hashyard.Actor, in *thingIn) (*thing, error) {
			id, _ := CommandID(ctx)
			n, _ := runs.LoadOrStore(id, new(int))
			*n.(*int)++ //nolint:forcetypeassert // only ints are stored
			switch in.Body.Name {
			case "panic":
				panic("the handler broke")
			case "fail":
				return nil, errors.New("select secret_table: broke")
			case "refuse":
				return nil, hashyard.Invalid.Errorf("not that name")
			case "conflict":
				return nil, hashyard.Conflict.Errorf("it exists")
			}
			return &thing{Name: in.Body.Name, Secret: "s3cret"}, nil
		})
	Handle(api, huma.Operation{OperationID: "get-things", Method: "GET", Path: "/api/v1/things"}, UnitsRead,
		func(context.Context, hashyard.Actor, *struct{}) (*Page[thing], error) { return &Page[thing]{}, nil })
	Handle(api, huma.Operation{OperationID: "drop-thing", Method: "DELETE", Path: "/api/v1/things/{id}"}, UnitsWrite,
		func(context.Context, hashyard.Actor, *struct {
			ID hashyard.ID `path:"id"`
		},
		) (*struct{}, error) {
			return nil, nil
		})
	Public(api, huma.Operation{OperationID: "hook", Method: "POST", Path: "/api/v1/webhooks/x"},
		func(_ context.Context, in *struct{ RawBody []byte }) (*thing, error) {
			return &thing{Name: string(in.RawBody)}, nil
		})
	srv := httptest.NewServer(api.Handler())
	t.Cleanup(srv.Close)
	return srv, keeper, runs
}

type reply struct {
	status int
	header http.Header
	body   string
}

func (r reply) problem(t *testing.T) Problem {
	t.Helper()
	var p Problem
	if ct := r.header.Get("Content-Type"); ct != "application/problem+json" {
		t.Errorf("content type %q of %s", ct, r.body)
	}
	if err := json.Unmarshal([]byte(r.body), &p); err != nil {
		t.Fatalf("%v in %s", err, r.body)
	}
	if p.Status != r.status || p.Title != http.StatusText(r.status) || p.RequestID == "" || p.RequestID != r.header.Get("X-Request-Id") {
		t.Errorf("problem %+v of a %d", p, r.status)
	}
	return p
}

func send(t *testing.T, srv *httptest.Server, method, path, body string, header ...string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, srv.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer owner")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{res.StatusCode, res.Header, string(b)}
}

const thingPath = "/api/v1/things/0192aaaa-0000-7000-8000-000000000001"

func TestProblems(t *testing.T) {
	t.Parallel()
	srv, _, _ := edge(t, Config{})
	long := strings.Repeat("x", 2<<20)
	for _, tt := range []struct {
		name, method, path, body string
		header                   []string
		status                   int
		detail                   string
	}{
		{"no path", "GET", "/api/v1/nothing", "", nil, 404, "there is nothing at this path"},
		{"no page without an app", "GET", "/somewhere", "", nil, 404, "there is nothing at this path"},
		{"no method", "PATCH", "/api/v1/things", "", nil, 405, "PATCH is not something this path does"},
		{"nobody", "GET", "/api/v1/things", "", []string{"Authorization", "Bearer nobody"}, 401, "unknown key"},
		{"basic", "GET", "/api/v1/things", "", []string{"Authorization", "Basic eA=="}, 401, "authorization must be Bearer with an API key"},
		{"not allowed", "POST", thingPath, `{"name":"a"}`, []string{"Authorization", "Bearer viewer"}, 403, "your roles do not allow units.write"},
		{"sign-in broken", "GET", "/api/v1/things", "", []string{"Authorization", "Bearer down"}, 500, "internal error"},
		{"no idempotency key", "POST", thingPath, `{"name":"a"}`, nil, 422, "a POST needs the header Idempotency-Key: any unique text of up to 255 characters; send the same again to retry"},
		{"bad id", "POST", "/api/v1/things/7", `{"name":"a"}`, []string{"Idempotency-Key", "p1"}, 422, "validation failed"},
		{"empty body", "POST", thingPath, "", []string{"Idempotency-Key", "p9"}, 400, "request body is required"},
		{"bad json", "POST", thingPath, `{`, []string{"Idempotency-Key", "p2"}, 400, "validation failed"},
		{"unknown field", "POST", thingPath, `{"name":"a","size":1}`, []string{"Idempotency-Key", "p3"}, 422, "validation failed"},
		{"secret not echoed", "POST", thingPath, `{"name":"hunter2hunter2hunter2hunter2"}`, []string{"Idempotency-Key", "p4"}, 422, "validation failed"},
		{"too large", "POST", thingPath, `{"name":"` + long + `"}`, []string{"Idempotency-Key", "p5"}, 413, "the request body is too large"},
		{"public too large", "POST", "/api/v1/webhooks/x", long, nil, 413, "request body is too large limit=1048576 bytes"},
		{"unknown error", "POST", thingPath, `{"name":"fail"}`, []string{"Idempotency-Key", "p6"}, 500, "internal error"},
		{"panic", "POST", thingPath, `{"name":"panic"}`, []string{"Idempotency-Key", "p7"}, 500, "internal error"},
		{"conflict", "POST", thingPath, `{"name":"conflict"}`, []string{"Idempotency-Key", "p8"}, 409, "it exists"},
		{"other site", "POST", "/api/v1/webhooks/x", "x", []string{"Origin", "https://evil.example"}, 403, "cross-origin request refused: use the app's own address, or an API key from a program"},
		{"other site, newer browser", "DELETE", thingPath, "", []string{"Sec-Fetch-Site", "cross-site"}, 403, "cross-origin request refused: use the app's own address, or an API key from a program"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := send(t, srv, tt.method, tt.path, tt.body, tt.header...)
			p := r.problem(t)
			if r.status != tt.status || p.Detail != tt.detail {
				t.Errorf("got %d %q, want %d %q", r.status, p.Detail, tt.status, tt.detail)
			}
			for _, leak := range []string{"hunter2", "secret_table", "10.1.2.3", "broke"} {
				if strings.Contains(r.body, leak) {
					t.Errorf("%q leaks in %s", leak, r.body)
				}
			}
		})
	}
}

// TestBodyDeadline: a body that stalls is given up; a handler that takes
// longer than a body may is left alone.
func TestBodyDeadline(t *testing.T) {
	t.Parallel()
	const limit = 150 * time.Millisecond
	api := New(Config{BodyTimeout: limit, Keeper: &fakeKeeper{rows: map[string]*fakeRow{}}, Auth: fakeAuth{hashyard.NewID()}})
	Handle(api, huma.Operation{OperationID: "slow", Method: "POST", Path: "/api/v1/slow"}, UnitsWrite,
		func(ctx context.Context, _ hashyard.Actor, _ *struct{ Body thing }) (*thing, error) {
			select {
			case <-ctx.Done():
				return nil, hashyard.Conflict.Errorf("the context ended")
			case <-time.After(2 * limit):
				return &thing{Name: "done"}, nil
			}
		})
	srv := httptest.NewServer(api.Handler())
	t.Cleanup(srv.Close)
	if r := send(t, srv, "POST", "/api/v1/slow", `{"name":"a"}`, "Idempotency-Key", "1"); r.status != 200 {
		t.Errorf("a slow handler: %d %s", r.status, r.body)
	}
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	_, err = io.WriteString(conn, "POST /api/v1/slow HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer owner\r\nIdempotency-Key: 2\r\nContent-Length: 100\r\n\r\n{")
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusRequestTimeout {
		t.Errorf("a stalled body: %d", res.StatusCode)
	}
}

func TestAnswersAndHeaders(t *testing.T) {
	t.Parallel()
	srv, _, _ := edge(t, Config{TLS: true})
	r := send(t, srv, "GET", "/api/v1/things", "", "Sec-Fetch-Site", "same-origin")
	if r.status != 200 || r.body != "{\"items\":[]}\n" {
		t.Errorf("got %d %q", r.status, r.body)
	}
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Cache-Control": "no-store",
		"Content-Security-Policy": csp, "Strict-Transport-Security": "max-age=31536000; includeSubDomains", "Content-Type": "application/json",
	} {
		if got := r.header.Get(name); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	if r := send(t, srv, "DELETE", thingPath, ""); r.status != 204 || r.body != "" {
		t.Errorf("delete: %d %q", r.status, r.body)
	}
	if r := send(t, srv, "POST", "/api/v1/webhooks/x", "raw {"); r.status != 200 || !strings.Contains(r.body, "raw {") {
		t.Errorf("webhook: %d %q", r.status, r.body)
	}
	if r := send(t, srv, "GET", "/livez", ""); r.status != 200 || r.body != "ok\n" {
		t.Errorf("livez: %d %q", r.status, r.body)
	}
	cookie := New(Config{TLS: true}).SessionCookie("t", 60)
	if got := cookie.String(); got != "__Host-hashyard=t; Path=/; Max-Age=60; HttpOnly; Secure; SameSite=Lax" {
		t.Errorf("cookie %q", got)
	}
}

func TestQueriesThatNoTextMayHold(t *testing.T) {
	t.Parallel()
	h := New(Config{}).Handler()
	for query, want := range map[string]int{
		"q=%00": http.StatusUnprocessableEntity, "q=%ff": http.StatusUnprocessableEntity, "q=%zz": http.StatusUnprocessableEntity,
		"q=SMTT%20%C3%A9": http.StatusOK,
	} {
		rec := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "/livez", nil)
		r.URL.RawQuery = query
		h.ServeHTTP(rec, r)
		if rec.Code != want {
			t.Errorf("?%s: %d %s, want %d", query, rec.Code, rec.Body, want)
		}
	}
}
