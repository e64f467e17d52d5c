package journey

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"hashyard"
	"hashyard/cmd/internal/world"
	"hashyard/migrations/pg"
	"hashyard/web"
	webpg "hashyard/web/postgres"
)

// public are the routes that anyone may call, each with its reason. A route
// that is neither here nor guarded fails the walk.
var public = map[string]string{
	"POST /api/v1/session":              "signing in",
	"POST /api/v1/webhooks/stripe":      "proves itself by its signature",
	"GET /api/v1/pool":                  "what the pool tells everybody before they join",
	"GET /api/v1/pool/status":           "the public page's figures, of the whole pool",
	"GET /api/v1/pool/statement-key":    "whoever checks a statement needs the key that signs them",
	"GET /api/v1/pool/watch":            "a watch link's token is the proof",
	"GET /api/v1/pool/watch/workers":    "a watch link's token is the proof",
	"GET /api/v1/pool/watch/statements": "a watch link's token is the proof",
	"GET /api/v1/world":                 "the local world's sign-ins, on loopback names only",
	"GET /api/v1/world/mails":           "the local world's mails, on loopback names only",
	"POST /api/v1/join":                 "who is invited has no account yet; the link's token is the proof",
	"POST /api/v1/join/look":            "what such a link opens",
	"POST /api/v1/password-reset":       "who lost a password cannot sign in",
	"POST /api/v1/password-reset/use":   "the mailed link's token is the proof",
	"PUT /api/v1/session/passkey":       "signing in",
	"POST /api/v1/session/passkey":      "signing in",
}

// shared are guarded routes below which every organisation reads the same.
var shared = map[string]string{
	"/api/v1/instruments":    "the market is one, its orders and trades are told without names",
	"/api/v1/models":         "the catalogue of machine models",
	"/api/v1/pool/epochs":    "rates are public, so that anybody can recompute a statement",
	"/api/v1/pool/blocks":    "what the pool found stands in the chain for all to see",
	"/api/v1/pool/prices":    "what a bitcoin costs is stated once for everybody",
	"/api/v1/pool/hashprice": "the same, beside rates that are public",
	"/api/v1/pool/rounds":    "blocks and the whole pool's work between them",
}

// bodies are requests that the description alone does not tell: a change must
// be refused for whose thing it is, not for its form.
var bodies = map[string]map[string]any{
	"POST /api/v1/agent/commands/{id}/result": {"site_id": "01a210e5-2681-7000-b544-c276e5e804a5"},
	"POST /api/v1/shipments/{id}/undo":        {"serial": "SMTTEZUBDJAJG0417"},
	"POST /api/v1/shipments/{id}/scans":       {"serial": "SMTTEZUBDJAJG0417"},
	"PUT /api/v1/users/{id}":                  {"roles": []string{"viewer"}},
}

// subjects says where things come from whose list is not the path before
// their id.
var subjects = map[string]string{
	"/api/v1/pool/units":     "/api/v1/units",
	"/api/v1/agent/commands": "/api/v1/redirects",
	"/api/v1/verifications":  "/api/v1/units", // no list of organisations is theirs to read
	"/api/v1/me/sessions":    "/api/v1/users", // people's, which no key lists
	"/api/v1/me/factors":     "/api/v1/users",
}

// walls walks every route of a running yard as those who must not pass.
type walls struct {
	t    *testing.T
	w    world.World
	doc  openapi
	svc  *web.Service
	all  string // a key of the stranger's with every role a person outside the house may have
	gone string // a revoked one
	by   map[hashyard.Role]string
	own  []string // what may not be told to the stranger
}

// walkRoutes is part of TestJourney, which leaves a world full of things: no
// route shows or changes one of them for anonymous callers, revoked keys,
// roles that lack its action, and another organisation.
func walkRoutes(t *testing.T, path string) {
	w, err := world.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	x := &walls{t: t, w: w, by: map[hashyard.Role]string{}}
	x.call("", http.MethodGet, "/openapi.json", nil, &x.doc)
	stranger := x.stranger(filepath.Dir(path))
	x.furnish()
	x.collect()
	routes := x.doc.routes()
	if len(routes) < 60 || len(x.own) < 50 {
		t.Fatalf("the walk is too short to say anything: %d routes, %d things to hide", len(routes), len(x.own))
	}
	for _, r := range routes {
		t.Run(r.name(), func(t *testing.T) { x.walk(t, r) })
	}
	x.untouched(stranger)
	x.lifeLines()
	t.Logf("%d routes walked as anonymous, by a revoked and a forged key, %d roles and another organisation; %d things stayed hidden",
		len(routes), len(x.by), len(x.own))
}

// stranger makes an organisation of its own with a key a role.
func (x *walls) stranger(dir string) hashyard.ID {
	t := x.t
	b, err := os.ReadFile(filepath.Join(dir, "state.json"))
	if err != nil {
		t.Fatal(err)
	}
	var st struct {
		Secrets map[string]string `json:"secrets"`
	}
	if err := json.Unmarshal(b, &st); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(x.w.DatabaseURL)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword("hashyard_app", st.Secrets["app_database"])
	db, err := pg.Open(t.Context(), pg.Config{URL: u.String()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	if x.svc, err = web.NewService(web.ServiceConfig{Store: webpg.New(db)}); err != nil {
		t.Fatal(err)
	}
	org := web.Org{ID: hashyard.NewID(), Name: "Stranger C", Slug: "stranger-c"}
	if err := x.svc.SeedOrg(t.Context(), org); err != nil {
		t.Fatal(err)
	}
	var every []hashyard.Role
	for _, role := range web.Roles() {
		if role == hashyard.Treasury || role == hashyard.Desk {
			continue // they exist in the house alone
		}
		x.by[role] = x.key(org.ID, role)
		if role != hashyard.Agent { // which is for a key of its own
			every = append(every, role)
		}
	}
	x.all, x.gone = x.key(org.ID, every...), x.key(org.ID, every...)
	actor := hashyard.Actor{Org: org.ID, User: hashyard.NewID(), Roles: []hashyard.Role{hashyard.Owner}}
	id, err := hashyard.ParseID(x.gone[len("hy_"):strings.Index(x.gone, ".")])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.svc.RevokeKey(t.Context(), actor, id); err != nil {
		t.Fatal(err)
	}
	return org.ID
}

func (x *walls) key(org hashyard.ID, roles ...hashyard.Role) string {
	text, _ := web.NewKey()
	if err := x.svc.SeedKey(x.t.Context(), org, text, fmt.Sprint("stranger ", roles), roles, true); err != nil {
		x.t.Fatal(err)
	}
	return text
}

// furnish makes what the journey itself leaves none of, so that there is
// something to hide.
func (x *walls) furnish() {
	var made struct{ ID string }
	x.call(x.w.Keys["seller.owner"], http.MethodPost, "/api/v1/invitations",
		map[string]any{"email": "invited@seller.local", "roles": []string{"viewer"}}, &made)
	var hook any
	x.call(x.w.Keys["seller.owner"], http.MethodPost, "/api/v1/webhooks",
		map[string]any{"url": "https://receiver.example/hook", "roles": []string{"viewer"}}, &hook)
	var link any
	x.call(x.w.Keys["seller.owner"], http.MethodPost, "/api/v1/pool/watch-links", map[string]any{"name": "a lender"}, &link)
	var miners struct{ Items []struct{ ID string } }
	x.call(x.w.Keys["seller.operator"], http.MethodGet, "/api/v1/miners", nil, &miners)
	var ids []string
	for _, m := range miners.Items {
		ids = append(ids, m.ID)
	}
	var plan struct{ ID string }
	x.call(x.w.Keys["seller.operator"], http.MethodPost, "/api/v1/redirect-plans", map[string]any{"kind": "redirect", "miner_ids": ids}, &plan)
	x.call(x.w.Keys["seller.operator"], http.MethodPost, "/api/v1/redirect-plans/"+plan.ID+"/halt", nil, &plan)
}

var telling = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[A-Z0-9]{15,24}|[0-9a-f]{64}|[a-z0-9.]+@[a-z]+\.local`)

// collect gathers what the seller and the buyer read about themselves and
// nobody else may: ids, serials, hashes, e-mails.
func (x *walls) collect() {
	open, hidden := map[string]bool{}, map[string]bool{}
	for _, r := range x.doc.routes() {
		if r.method != http.MethodGet || strings.Contains(r.path, "{") || r.stream() {
			continue
		}
		_, isOpen := public[r.name()]
		_, isShared := shared[r.path]
		for name, key := range x.w.Keys {
			if strings.HasPrefix(name, "house.") || strings.HasSuffix(name, ".agent") {
				continue
			}
			_, body := x.send(key, r.method, r.path, nil)
			for _, s := range telling.FindAllString(string(body), -1) {
				if isOpen || isShared {
					open[s] = true
				} else {
					hidden[s] = true
				}
			}
		}
	}
	for s := range hidden {
		if !open[s] {
			x.own = append(x.own, s)
		}
	}
	slices.Sort(x.own)
}

func (x *walls) walk(t *testing.T, r route) {
	why, open := public[r.name()]
	if r.action == "" {
		if !open {
			t.Errorf("has no action and is not in the list of public routes with a reason")
		}
		return
	}
	if open {
		t.Fatalf("is listed as public (%s) and guarded by %s", why, r.action)
	}
	unknown := r.fill(func(string) string { return hashyard.NewID().String() })
	for who, key := range map[string]string{"anonymous": "", "a revoked key": x.gone, "a forged key": x.all[:len(x.all)-4] + "aaaa"} {
		if status, _ := x.send(key, r.method, unknown, nil); status != http.StatusUnauthorized {
			t.Errorf("%s: %d, want 401", who, status)
		}
	}
	for role, key := range x.by {
		if web.Can(hashyard.Actor{Org: hashyard.NewID(), Roles: []hashyard.Role{role}}, web.Action(r.action)) {
			continue
		}
		if status, _ := x.send(key, r.method, unknown, nil); status != http.StatusForbidden {
			t.Errorf("role %s lacks %s and gets %d, want 403", role, r.action, status)
		}
	}
	x.asStranger(t, r)
}

// asStranger calls the route as another organisation that may do everything:
// a thing of somebody else's does not exist for it, and no list tells one.
func (x *walls) asStranger(t *testing.T, r route) {
	if r.stream() {
		return // what a stream tells whom is web's own test
	}
	isShared := slices.ContainsFunc(slices.Collect(maps.Keys(shared)), func(p string) bool { return strings.HasPrefix(r.path, p) })
	paths, named := []string{r.fill(nil)}, strings.Contains(r.path, "{")
	if named && !isShared {
		if paths = x.theirs(t, r); len(paths) == 0 {
			t.Fatalf("nothing of the seller's or buyer's to ask for; name its list in subjects")
		}
	}
	for _, path := range paths {
		key := x.all
		if web.Action(r.action) == web.AgentLink {
			key = x.by[hashyard.Agent]
		}
		status, body := x.send(key, r.method, path, x.body(r))
		if named && !isShared && status != http.StatusNotFound && status != http.StatusForbidden && !x.unknown(r, key, path, status, body) {
			t.Errorf("%s of another organisation: %d, want 404 or 403: %.300s", path, status, body)
		}
		if status >= 500 {
			t.Errorf("%s: %d: %.300s", path, status, body)
		}
		for _, s := range x.own {
			if strings.Contains(path, s) { // asked for by this very name
				continue
			}
			if bytes.Contains(body, []byte(s)) {
				t.Errorf("%s tells another organisation's %s: %.300s", path, s, body)
				break
			}
		}
	}
}

// unknown reports whether reading another's thing answers exactly what reading
// one that does not exist answers, such as an empty list.
func (x *walls) unknown(r route, key, path string, status int, body []byte) bool {
	if r.method != http.MethodGet {
		return false
	}
	none := r.fill(func(string) string { return hashyard.NewID().String() })
	s, b := x.send(key, r.method, none, nil)
	return s == status && bytes.Equal(plain(b, none), plain(body, path))
}

// plain takes out of a reply what names the request itself.
func plain(body []byte, path string) []byte {
	for _, id := range telling.FindAllString(path, -1) {
		body = bytes.ReplaceAll(body, []byte(id), nil)
	}
	return body
}

// body is a request that passes for its form.
func (x *walls) body(r route) any {
	b := r.body(x.doc)
	o, ok := b.(map[string]any)
	if !ok {
		return b
	}
	maps.Copy(o, bodies[r.name()])
	return o
}

// theirs are the route's paths with ids of things that others own.
func (x *walls) theirs(t *testing.T, r route) []string {
	before, _, _ := strings.Cut(r.path, "/{")
	list := before
	if s, ok := subjects[list]; ok {
		list = s
	}
	var paths []string
	for name, key := range x.w.Keys {
		if strings.HasPrefix(name, "house.") || strings.HasSuffix(name, ".agent") {
			continue
		}
		_, body := x.send(key, http.MethodGet, list+"?limit=3", nil)
		var page struct {
			Items []map[string]any `json:"items"`
		}
		if json.Unmarshal(body, &page) != nil {
			continue
		}
		for _, item := range page.Items[:min(2, len(page.Items))] {
			if id, ok := item["id"].(string); ok {
				paths = append(paths, r.fill(func(string) string { return id }))
			}
		}
	}
	slices.Sort(paths)
	paths = slices.Compact(paths)
	if len(paths) > 6 {
		paths = paths[:6]
	}
	return paths
}

// untouched: the trails of the seller and the buyer name the stranger nowhere.
func (x *walls) untouched(stranger hashyard.ID) {
	for _, slug := range []string{"seller", "buyer"} {
		_, body := x.send(x.w.Keys[slug+".owner"], http.MethodGet, "/api/v1/audit?limit=200", nil)
		if !bytes.Contains(body, []byte(`"items"`)) || bytes.Contains(body, []byte(stranger.String())) {
			x.t.Errorf("the trail of the %s names the stranger or cannot be read: %.300s", slug, body)
		}
	}
}

// lifeLines: within an organisation, too, a machine's life line tells a role
// only what it may ask for.
func (x *walls) lifeLines() {
	var units struct {
		Items []struct{ ID string }
	}
	x.call(x.w.Keys["buyer.viewer"], http.MethodGet, "/api/v1/units?limit=50", nil, &units)
	told := map[bool]int{}
	for name, key := range x.w.Keys {
		slug, role, _ := strings.Cut(name, ".")
		actor := hashyard.Actor{Org: hashyard.NewID(), Roles: []hashyard.Role{hashyard.Role(role)}}
		if slug != "buyer" || !web.Can(actor, web.UnitsRead) {
			continue
		}
		for _, u := range units.Items {
			var life struct {
				Items []struct{ Kind hashyard.EventKind }
			}
			x.call(key, http.MethodGet, "/api/v1/units/"+u.ID+"/events?limit=200", nil, &life)
			for _, ev := range life.Items {
				if !web.SeesEvent(actor, ev.Kind) {
					x.t.Errorf("%s reads %s in a life line", name, ev.Kind)
				}
				told[ev.Kind == hashyard.EvHeldReleased]++
			}
		}
	}
	if told[true] == 0 || told[false] == 0 {
		x.t.Errorf("the life lines are too thin to say anything: %v", told)
	}
}

func (x *walls) call(key, method, path string, in, out any) {
	status, body := x.send(key, method, path, in)
	if status >= 300 {
		x.t.Fatalf("%s %s: %d %.300s", method, path, status, body)
	}
	if err := json.Unmarshal(body, out); err != nil {
		x.t.Fatalf("%s %s: %v", method, path, err)
	}
}

// send calls, and waits where it is too fast for the yard.
func (x *walls) send(key, method, path string, in any) (int, []byte) {
	for {
		status, reply, later := x.once(key, method, path, in)
		if status != http.StatusTooManyRequests || later == "" {
			return status, reply
		}
		pause(x.t.Context(), time.Second)
	}
}

func (x *walls) once(key, method, path string, in any) (status int, reply []byte, later string) {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			x.t.Fatal(err)
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(x.t.Context(), method, x.w.URL+path, body)
	if err != nil {
		x.t.Fatal(err)
	}
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if method == http.MethodPost {
		req.Header.Set("Idempotency-Key", "walls-"+hashyard.NewID().String())
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		x.t.Fatal(err)
	}
	defer resp.Body.Close()
	if reply, err = io.ReadAll(io.LimitReader(resp.Body, 8<<20)); err != nil {
		x.t.Fatal(err)
	}
	return resp.StatusCode, reply, resp.Header.Get("Retry-After")
}
