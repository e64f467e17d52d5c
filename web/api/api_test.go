package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/jackc/pgx/v5"
	"github.com/pquerna/otp/totp"

	"hashyard"
	"hashyard/migrations/pg"
	"hashyard/migrations/testdb"
	"hashyard/web"
	"hashyard/web/api"
	"hashyard/web/hooks"
	"hashyard/web/notify"
	"hashyard/web/outbound"
	"hashyard/web/postgres"
	"hashyard/web/verify"
)

func TestMain(m *testing.M) { testdb.Main(m) }

const password = "a long enough password"

// yard is a server with its database, two tenants and the house.
type yard struct {
	t          *testing.T
	svc        *web.Service
	srv        *httptest.Server
	api        *web.API
	broker     *web.Broker
	owner      *pgx.Conn
	db         *pg.DB
	now        *atomic.Int64 // seconds that the service's clock runs ahead
	seal       *notify.Seal
	letters    *notify.Folder
	verify     *verify.Service
	hooks      *hooks.Service
	hookSender *hooks.Sender

	seller, buyer, house web.Org
	made                 atomic.Int64 // commands of the test route that ran

	clock func() time.Time
	totp  string // the secret of everyone who needs a factor
}

// process is one more process on the same database.
func (y *yard) process() *web.Service {
	y.t.Helper()
	svc, err := web.NewService(web.ServiceConfig{
		Store: y.store(), Now: y.clock, Cost: cheap(), SealKey: bytes.Repeat([]byte{7}, 32), Origin: origin,
		Post: &web.Post{Seal: y.seal, URL: "https://yard.example"},
	})
	y.must(err)
	return svc
}

const origin = "http://localhost:8080"

// cheap keeps the tests quick; what is stored is verified all the same.
func cheap() web.Cost { return web.Cost{Time: 1, MemoryKiB: 64, Threads: 1} }

func newYard(t *testing.T) *yard {
	t.Helper()
	db := testdb.New(t)
	y := &yard{t: t, db: db, owner: testdb.Owner(t, db), now: new(atomic.Int64), totp: web.NewTOTPSecret(), broker: web.NewBroker(64)}
	clock := func() time.Time {
		return time.Now().Add(time.Duration(y.now.Load()) * time.Second).UTC().Truncate(time.Microsecond)
	}
	store := postgres.New(db)
	var err error
	y.seal, err = notify.NewSeal([32]byte{1})
	y.must(err)
	y.letters, err = notify.NewFolder(t.TempDir(), "", slog.New(slog.DiscardHandler))
	y.must(err)
	y.clock = clock
	y.svc = y.process()
	y.verify = verify.New(verify.Config{Store: store, Now: clock})
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	y.api = web.New(web.Config{Auth: y.svc, Keeper: store, Log: log, Now: clock, Version: "test", Health: web.NewHealth(log, web.Check{Name: "database", Ask: db.Ping})})
	api.Register(y.api, y.svc, api.Config{TestMode: true, Network: api.Network{Name: "devchain", WorkScale: 1_000_000}})
	api.RegisterVerification(y.api, y.verify)
	api.RegisterTrail(y.api, store)
	guard := outbound.Guard{Loopback: true, Timeout: time.Second}
	y.hooks = hooks.New(hooks.Config{Store: store, Orgs: y.svc, Guard: guard, Key: [32]byte{3}, Now: clock})
	y.hookSender = hooks.NewSender(hooks.SenderConfig{Store: store, Guard: guard, Key: [32]byte{3}, Now: clock})
	api.RegisterHooks(y.api, y.hooks)
	web.RegisterStream(y.api, y.broker)
	web.Handle(y.api, huma.Operation{OperationID: "test-make", Method: "POST", Path: "/api/v1/test/make"}, web.UnitsWrite, y.make)
	y.srv = httptest.NewServer(y.api.Handler())
	t.Cleanup(y.srv.Close)
	t.Cleanup(y.broker.Close)
	y.seed()
	return y
}

// seed runs twice: seeding again changes nothing.
func (y *yard) seed() {
	y.t.Helper()
	y.seller = web.Org{ID: hashyard.NewID(), Name: "North Hash", Slug: "north"}
	y.buyer = web.Org{ID: hashyard.NewID(), Name: "Baltic Rigs", Slug: "baltic"}
	y.house = web.Org{ID: hashyard.NewID(), Name: "hashyard", Slug: "house", House: true}
	for range 2 {
		for _, org := range []web.Org{y.seller, y.buyer, y.house} {
			y.must(y.svc.SeedOrg(y.t.Context(), org))
			y.must(y.svc.SeedUser(y.t.Context(), org.ID, "owner@"+org.Slug+".example", "Owner of "+org.Name, password, []hashyard.Role{hashyard.Owner}))
		}
		y.must(y.svc.SeedUser(y.t.Context(), y.seller.ID, "view@north.example", "Viewer", password, []hashyard.Role{hashyard.Viewer}))
		y.must(y.svc.SeedUser(y.t.Context(), y.house.ID, "desk@house.example", "Desk", password, []hashyard.Role{hashyard.Desk}))
		for _, email := range []string{"owner@north.example", "owner@baltic.example", "owner@house.example", "desk@house.example"} {
			y.must(y.svc.SeedTOTP(y.t.Context(), email, y.totp))
		}
	}
}

type makeIn struct {
	Name string `json:"name"`
}

type makeOut struct {
	ID hashyard.ID `json:"id"`
	N  int64       `json:"n"`
}

// make is a command that takes a moment and counts how often it ran.
func (y *yard) make(ctx context.Context, _ hashyard.Actor, in *makeIn) (*makeOut, error) {
	id, ok := web.CommandID(ctx)
	if !ok {
		return nil, errors.New("no command id")
	}
	n := y.made.Add(1)
	if in.Name == "slow" {
		time.Sleep(50 * time.Millisecond) // long enough for the others to arrive meanwhile
	}
	return &makeOut{ID: id, N: n}, nil
}

func (y *yard) store() *postgres.Store { return postgres.New(y.db) }

func (y *yard) must(err error) {
	y.t.Helper()
	if err != nil {
		y.t.Fatal(err)
	}
}

// browser is a client with cookies of its own.
type browser struct {
	y      *yard
	cookie string
	key    string
}

type reply struct {
	status int
	header http.Header
	body   string
}

func (b *browser) do(method, path string, body any, header ...string) reply {
	b.y.t.Helper()
	var r io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		b.y.must(err)
		r = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(b.y.t.Context(), method, b.y.srv.URL+"/api/v1"+path, r)
	b.y.must(err)
	if b.cookie != "" {
		req.AddCookie(&http.Cookie{Name: "hashyard", Value: b.cookie})
	}
	if b.key != "" {
		req.Header.Set("Authorization", "Bearer "+b.key)
	}
	if method == http.MethodPost {
		req.Header.Set("Idempotency-Key", hashyard.NewID().String())
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := b.y.srv.Client().Do(req)
	b.y.must(err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	b.y.must(err)
	for _, c := range res.Cookies() {
		if c.Name == "hashyard" {
			b.cookie = c.Value
		}
	}
	return reply{res.StatusCode, res.Header, string(raw)}
}

func (y *yard) signIn(email string) *browser {
	y.t.Helper()
	b := &browser{y: y}
	r := b.do("POST", "/session", map[string]string{"email": email, "password": password})
	if r.status != 200 || b.cookie == "" {
		y.t.Fatalf("sign in %s: %d %s", email, r.status, r.body)
	}
	if decode[api.Me](y.t, r).Session.Stage == "verify" {
		b.show()
	}
	return b
}

// show shows a code. Tests sign in more often than a code is new, so that the
// database forgets which ones were used.
func (b *browser) show() {
	b.y.t.Helper()
	_, err := b.y.owner.Exec(b.y.t.Context(), "UPDATE factors SET last_step = 0")
	b.y.must(err)
	b.y.want(b.do("PUT", "/session/factor", map[string]string{"code": b.y.code(0)}), 200, `"stage":"full"`)
}

// code is the app's, some steps ahead.
func (y *yard) code(ahead int) string {
	y.t.Helper()
	code, err := totp.GenerateCode(y.totp, y.clock().Add(time.Duration(ahead)*30*time.Second))
	y.must(err)
	return code
}

func decode[T any](t *testing.T, r reply) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(r.body), &v); err != nil {
		t.Fatalf("%v in %d %s", err, r.status, r.body)
	}
	return v
}

func (y *yard) want(r reply, status int, has string) {
	y.t.Helper()
	if r.status != status || !strings.Contains(r.body, has) {
		y.t.Errorf("got %d %s, want %d with %q", r.status, r.body, status, has)
	}
	if r.status >= 400 && (r.header.Get("Content-Type") != "application/problem+json" || !strings.Contains(r.body, `"request_id":"`)) {
		y.t.Errorf("not a problem: %s %s", r.header.Get("Content-Type"), r.body)
	}
}

// TestEveryRouteIsGuarded: a route is public only when it is on this list.
func TestEveryRouteIsGuarded(t *testing.T) {
	t.Parallel()
	public := map[string]bool{
		"POST /api/v1/session": true, "GET /api/v1/world": true, "GET /api/v1/world/mails": true,
		"POST /api/v1/join": true, "POST /api/v1/join/look": true,
		"POST /api/v1/password-reset": true, "POST /api/v1/password-reset/use": true,
		"PUT /api/v1/session/passkey": true, "POST /api/v1/session/passkey": true,
	}
	y := newYard(t)
	for _, r := range y.api.Routes() {
		if r.Public == (r.Action != "") || r.Public != public[r.Method+" "+r.Path] {
			t.Errorf("%s %s: action %q, public %v", r.Method, r.Path, r.Action, r.Public)
		}
		if r.Public {
			continue
		}
		nobody := &browser{y: y}
		path := strings.ReplaceAll(strings.TrimPrefix(r.Path, "/api/v1"), "{id}", hashyard.NewID().String())
		path = strings.ReplaceAll(path, "{org}", hashyard.NewID().String())
		path = strings.ReplaceAll(path, "{delivery}", hashyard.NewID().String())
		y.want(nobody.do(r.Method, path, nil), 401, "sign in")
	}
}

func TestSpecNeedsNoServer(t *testing.T) {
	t.Parallel()
	b, err := web.Spec("1", func(a *web.API) {
		api.Register(a, nil, api.Config{})
		web.RegisterStream(a, nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, has := range []string{`"/api/v1/me"`, `"PageUser"`, `"text/event-stream"`, `"Idempotency-Key"`} {
		if !bytes.Contains(b, []byte(has)) {
			t.Errorf("the document lacks %s", has)
		}
	}
}

func TestWorld(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.want((&browser{y: y}).do("GET", "/world", nil), 404, "not a local world")
	a := web.New(web.Config{})
	api.Register(a, nil, api.Config{World: func(context.Context) (any, error) {
		return map[string]string{"chain": "devchain"}, nil
	}})
	w := httptest.NewRecorder()
	a.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "http://127.0.0.1:8080/api/v1/world", nil))
	if w.Code != 200 || w.Body.String() != "{\"chain\":\"devchain\"}\n" {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

// TestWorldRefusesForeignNames: a page whose own name resolves to this machine
// is no way to the local world's passwords.
func TestWorldRefusesForeignNames(t *testing.T) {
	t.Parallel()
	local, real := web.New(web.Config{}), web.New(web.Config{})
	api.Register(local, nil, api.Config{World: func(context.Context) (any, error) { return "passwords", nil }})
	api.Register(real, nil, api.Config{})
	ask := func(a *web.API, path, host string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), "GET", path, nil)
		r.Host = host
		w := httptest.NewRecorder()
		a.Handler().ServeHTTP(w, r)
		return w
	}
	for _, path := range []string{"/api/v1/world", "/api/v1/me", "/livez", "/openapi.json", "/"} {
		for _, host := range []string{"127.0.0.1", "127.0.0.1:8080", "localhost", "LocalHost:1", "[::1]", "[::1]:8080"} {
			if w := ask(local, path, host); w.Code == 421 {
				t.Errorf("%s as %s: %d %s", path, host, w.Code, w.Body)
			}
		}
		for _, host := range []string{"", "evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example", "127.0.0.1:8080:evil", "localhost:evil", "evil@127.0.0.1", "localhost.", "[::1", "::1", "0.0.0.0", "192.168.1.5:8080"} {
			w := ask(local, path, host)
			if w.Code != 421 || w.Header().Get("Content-Type") != "application/problem+json" || strings.Contains(w.Body.String(), "passwords") {
				t.Errorf("%s as %q: %d %s", path, host, w.Code, w.Body)
			}
			if w := ask(real, path, host); w.Code == 421 {
				t.Errorf("a real server refused %s as %q", path, host)
			}
		}
	}
}
