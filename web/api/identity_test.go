package api_test

import (
	"context"
	"runtime"
	"slices"
	"strings"
	"testing"

	"hashyard"
	"hashyard/migrations/pg"
	"hashyard/web"
	"hashyard/web/api"
)

func TestSessions(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	b := &browser{y: y}
	r := b.do("POST", "/session", map[string]string{"email": " Owner@North.example ", "password": password}, "Idempotency-Key", "")
	y.want(r, 200, `"email":"owner@north.example"`)
	if set := r.header.Get("Set-Cookie"); !strings.Contains(set, "HttpOnly") || !strings.Contains(set, "SameSite=Lax") || !strings.Contains(set, "Path=/") {
		t.Errorf("cookie %q", set)
	}
	me := decode[api.Me](t, b.do("GET", "/me", nil))
	if me.Org != y.seller || !slices.Equal(me.Roles, []hashyard.Role{hashyard.Owner}) || !me.TestMode || me.Network.WorkScale != 1_000_000 || !slices.Contains(me.Can, web.OrdersWrite) {
		t.Errorf("me: %+v", me)
	}

	// Signing in again renews the token and ends the one before.
	old := *b
	y.want(b.do("POST", "/session", map[string]string{"email": "owner@north.example", "password": password}), 200, "")
	if b.cookie == old.cookie {
		t.Error("the token was not renewed")
	}
	y.want(old.do("GET", "/me", nil), 401, "the session has ended")

	// Signing out ends it here, not elsewhere.
	elsewhere := y.signIn("owner@north.example")
	gone := *b
	r = b.do("DELETE", "/session", nil)
	y.want(r, 204, "")
	if set := r.header.Get("Set-Cookie"); !strings.Contains(set, "Max-Age=0") {
		t.Errorf("cookie %q", set)
	}
	y.want(gone.do("GET", "/me", nil), 401, "the session has ended")
	y.want(elsewhere.do("GET", "/me", nil), 200, "")

	// The stored hash is not the token.
	var stored []byte
	y.must(y.owner.QueryRow(t.Context(), "SELECT token_hash FROM sessions LIMIT 1").Scan(&stored))
	if strings.Contains(elsewhere.cookie, string(stored)) || len(stored) != 32 {
		t.Error("the token itself is stored")
	}
	for _, bad := range []string{"x", strings.Repeat("A", 43), elsewhere.cookie + "A"} {
		y.want((&browser{y: y, cookie: bad}).do("GET", "/me", nil), 401, "the session has ended")
	}
}

func TestSessionsExpire(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	idle, busy := y.signIn("owner@north.example"), y.signIn("owner@north.example")
	half := int64((web.SessionIdle / 2).Seconds())
	y.now.Add(half)
	y.want(busy.do("GET", "/me", nil), 200, "")
	y.now.Add(half + 60)
	y.want(idle.do("GET", "/me", nil), 401, "the session has ended")
	for range int(web.SessionLife/web.SessionIdle) * 2 {
		busy.do("GET", "/me", nil)
		y.now.Add(half)
	}
	y.want(busy.do("GET", "/me", nil), 401, "the session has ended")
	y.signIn("owner@north.example") // takes the expired ones away
	var n int
	y.must(y.owner.QueryRow(t.Context(), "SELECT count(*) FROM sessions").Scan(&n))
	if n != 1 {
		t.Errorf("%d sessions are left", n)
	}
}

func TestWrongPasswordTellsNothing(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	b := &browser{y: y}
	bodies := map[string]bool{}
	for _, try := range [][2]string{{"owner@north.example", "wrong"}, {"nobody@north.example", "wrong"}, {"not an address", ""}} {
		r := b.do("POST", "/session", map[string]string{"email": try[0], "password": try[1]})
		y.want(r, 401, "e-mail or password is wrong")
		id := r.header.Get("X-Request-Id")
		bodies[strings.ReplaceAll(r.body, id, "")] = true
	}
	if len(bodies) != 1 {
		t.Errorf("the answers differ: %v", bodies)
	}
	// An unknown e-mail takes the same path: it pays for a hash of the same
	// memory, so that time tells nothing either.
	const dear = 256 << 10 // KiB, far more than anything else here allocates
	slow, err := web.NewService(web.ServiceConfig{Store: y.store(), Cost: web.Cost{Time: 1, MemoryKiB: dear, Threads: 1}})
	y.must(err)
	y.must(slow.SeedUser(t.Context(), y.seller.ID, "slow@north.example", "Slow", password, []hashyard.Role{hashyard.Viewer}))
	for _, email := range []string{"slow@north.example", "nobody@north.example"} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := slow.SignIn(t.Context(), email, "wrong", "test", "", ""); err == nil {
			t.Error("a wrong password signed in")
		}
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; got < dear<<10 {
			t.Errorf("%s: %d bytes were allocated, a hash takes %d", email, got, dear<<10)
		}
	}
}

func TestGuessingIsThrottled(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	b := &browser{y: y}
	for range 20 { // right ones are not counted
		y.signIn("owner@baltic.example")
	}
	var last reply
	n := 0
	for ; n < 30; n++ {
		last = b.do("POST", "/session", map[string]string{"email": "owner@north.example", "password": "guess"})
		if last.status == 429 {
			break
		}
	}
	if n > 10 || last.header.Get("Retry-After") == "" {
		t.Errorf("%d guesses passed; last %d %s", n, last.status, last.body)
	}
	y.want(b.do("POST", "/session", map[string]string{"email": "owner@north.example", "password": password}), 429, "too many")
	y.signIn("owner@baltic.example")
	y.now.Add(60)
	y.signIn("owner@north.example")
}

func TestKeys(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	owner := y.signIn("owner@north.example")
	body := map[string]any{"name": "rig agent", "roles": []string{"agent"}, "expires_in_days": 2}
	r := owner.do("POST", "/keys", body, "Idempotency-Key", "make-key")
	y.want(r, 201, `"secret":"hy_`)
	made := decode[api.NewKey](t, r)
	again := owner.do("POST", "/keys", body, "Idempotency-Key", "make-key")
	y.want(again, 201, made.Key.ID.String())
	if strings.Contains(again.body, "secret") || again.header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("the replay tells the secret: %s", again.body)
	}
	var leaks int
	secret := strings.Split(made.Secret, ".")[1]
	y.must(y.owner.QueryRow(t.Context(), `SELECT
		(SELECT count(*) FROM idempotency_keys WHERE position($1 IN encode(body, 'escape')) > 0) +
		(SELECT count(*) FROM audit WHERE position($1 IN coalesce(after::text, '')) > 0)`, secret).Scan(&leaks))
	if leaks != 0 {
		t.Error("the secret is in the database")
	}

	agent := &browser{y: y, key: made.Secret}
	y.want(agent.do("GET", "/me", nil), 403, "session.open")
	viewer := decode[api.NewKey](t, owner.do("POST", "/keys", map[string]any{"name": "report", "roles": []string{"viewer"}}))
	tool := &browser{y: y, key: viewer.Secret}
	y.want(tool.do("GET", "/me", nil), 200, `"name":"report"`)
	y.want(tool.do("POST", "/keys", body), 403, "keys.write")
	y.want(tool.do("DELETE", "/session", nil), 204, "")

	y.now.Add(3 * 24 * 3600)
	y.want(agent.do("GET", "/me", nil), 401, "unknown, expired or revoked")
	owner = y.signIn("owner@north.example")
	path := "/keys/" + viewer.Key.ID.String()
	for range 2 {
		y.want(owner.do("DELETE", path, nil), 200, `"revoked_at"`)
	}
	y.want(tool.do("GET", "/me", nil), 401, "unknown, expired or revoked")
	list := decode[web.Page[web.Key]](t, owner.do("GET", "/keys", nil))
	if len(list.Items) != 2 || list.Items[1].RevokedAt.IsZero() || list.Items[1].UsedAt.IsZero() {
		t.Errorf("keys: %+v", list.Items)
	}
	other, _ := web.NewKey()
	for _, bad := range []string{other, "hy_", made.Secret[:len(made.Secret)-1] + "!", "hy_" + viewer.Key.ID.String() + other[39:]} {
		y.want((&browser{y: y, key: bad}).do("GET", "/me", nil), 401, "unknown, expired or revoked")
	}
	for _, roles := range [][]string{{"treasury"}, {"root"}, {"agent", "owner"}} {
		y.want(owner.do("POST", "/keys", map[string]any{"name": "x", "roles": roles}), 422, "role")
	}
	y.want(owner.do("POST", "/keys", map[string]any{"name": "x", "roles": []string{}}), 422, "validation failed")
}

func TestUsers(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	owner := y.signIn("owner@north.example")
	made := y.join("north", "Ann@North.example", hashyard.Trader)

	ann := &browser{y: y}
	y.want(ann.do("POST", "/session", map[string]string{"email": "ann@north.example", "password": password}), 200, `"trader"`)
	tablet := &browser{y: y}
	y.want(tablet.do("POST", "/session", map[string]string{"email": "ann@north.example", "password": password}), 200, "")
	y.want(ann.do("PUT", "/me/password", map[string]string{"current": "wrong", "new": "another long password"}), 403, "wrong")
	y.want(ann.do("PUT", "/me/password", map[string]string{"current": password, "new": "short"}), 422, "at least 12")
	y.want(ann.do("PUT", "/me/password", map[string]string{"current": password, "new": "another long password"}), 204, "")
	y.want(ann.do("GET", "/me", nil), 200, "")
	y.want(tablet.do("GET", "/me", nil), 401, "the session has ended")
	y.want(tablet.do("POST", "/session", map[string]string{"email": "ann@north.example", "password": "another long password"}), 200, "")

	path := "/users/" + made.ID.String()
	change := map[string]any{"name": "Ann", "roles": []string{"viewer"}, "disabled": true, "version": made.Version}
	y.want(owner.do("PUT", path, change), 412, "changed meanwhile")
	change["version"] = made.Version + 1 // the password
	y.want(owner.do("PUT", path, change), 200, `"disabled":true`)
	y.want(ann.do("GET", "/me", nil), 401, "the session has ended")
	y.want(ann.do("POST", "/session", map[string]string{"email": "ann@north.example", "password": "another long password"}), 401, "wrong")

	list := decode[web.Page[web.User]](t, owner.do("GET", "/users?limit=2", nil))
	rest := decode[web.Page[web.User]](t, owner.do("GET", "/users?limit=2&cursor="+list.Next, nil))
	if len(list.Items) != 2 || len(rest.Items) != 1 || rest.Next != "" || rest.Items[0].Email != "ann@north.example" {
		t.Errorf("pages: %+v, %+v", list, rest)
	}
	self := list.Items[0]
	y.want(owner.do("PUT", "/users/"+self.ID.String(), map[string]any{"name": "X", "roles": []string{"viewer"}, "disabled": false, "version": self.Version}), 409, "last owner")
	y.want(owner.do("PUT", "/users/"+self.ID.String(), map[string]any{"name": "X", "roles": []string{"desk"}, "disabled": false, "version": self.Version}), 422, "belongs to the house")
}

// TestTenancy: another organisation sees nothing and changes nothing.
func TestTenancy(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	north, baltic := y.signIn("owner@north.example"), y.signIn("owner@baltic.example")
	key := decode[api.NewKey](t, north.do("POST", "/keys", map[string]any{"name": "k", "roles": []string{"viewer"}}))
	user := y.join("north", "u@north.example", hashyard.Viewer)
	for _, path := range []string{"/users", "/keys", "/audit"} {
		r := baltic.do("GET", path, nil)
		y.want(r, 200, `"items"`)
		for _, foreign := range []string{key.Key.ID.String(), user.ID.String(), y.seller.ID.String(), "north.example"} {
			if strings.Contains(r.body, foreign) {
				t.Errorf("%s shows %s of another organisation: %s", path, foreign, r.body)
			}
		}
	}
	y.want(baltic.do("GET", "/audit?ref_kind=key&ref_id="+key.Key.ID.String(), nil), 200, `{"items":[]}`)
	y.want(baltic.do("DELETE", "/keys/"+key.Key.ID.String(), nil), 404, "not found")
	y.want(baltic.do("PUT", "/users/"+user.ID.String(), map[string]any{"name": "X", "roles": []string{"viewer"}, "disabled": true, "version": 1}), 404, "not found")
	y.want((&browser{y: y, key: key.Secret}).do("GET", "/me", nil), 200, "")
	// The same key text in two organisations is two commands.
	for _, b := range []*browser{north, baltic} {
		r := b.do("POST", "/test/make", makeIn{Name: "x"}, "Idempotency-Key", "shared")
		y.want(r, 200, "")
		if r.header.Get("Idempotency-Replayed") != "" {
			t.Error("one organisation got another's answer")
		}
	}
}

func TestAudit(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	owner, viewer := y.signIn("owner@north.example"), y.signIn("view@north.example")
	y.want(viewer.do("GET", "/audit", nil), 403, "audit.read")
	key := decode[api.NewKey](t, owner.do("POST", "/keys", map[string]any{"name": "k", "roles": []string{"viewer"}}))
	owner.do("DELETE", "/keys/"+key.Key.ID.String(), nil)
	var got []string
	for cursor := ""; ; {
		p := decode[web.Page[web.AuditRow]](t, owner.do("GET", "/audit?limit=3&cursor="+cursor, nil))
		for _, row := range p.Items {
			got = append(got, row.Command)
		}
		if cursor = p.Next; cursor == "" {
			break
		}
	}
	want := []string{"key.revoke", "key.add", "session.open", "session.open", "session.begin", "factor.add", "user.add", "user.add", "org.put"}
	if !slices.Equal(got, want) {
		t.Errorf("audit, newest first: %v, want %v", got, want)
	}
	p := decode[web.Page[web.AuditRow]](t, owner.do("GET", "/audit?ref_kind=key&ref_id="+key.Key.ID.String(), nil))
	if len(p.Items) != 2 || !strings.Contains(string(p.Items[0].Actor), y.seller.ID.String()) || len(p.Items[0].Before) == 0 {
		t.Errorf("audit of the key: %+v", p.Items)
	}
}

func TestSeeding(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	ctx := t.Context()
	text, _ := web.NewKey()
	for range 2 {
		y.must(y.svc.SeedKey(ctx, y.buyer.ID, text, "agent", []hashyard.Role{hashyard.Agent}, false))
	}
	other, _ := web.NewKey()
	forged := text[:40] + other[40:]
	for name, err := range map[string]error{
		"another secret":   y.svc.SeedKey(ctx, y.buyer.ID, forged, "agent", []hashyard.Role{hashyard.Agent}, false),
		"another tenant":   y.svc.SeedKey(ctx, y.seller.ID, text, "agent", []hashyard.Role{hashyard.Agent}, false),
		"no key":           y.svc.SeedKey(ctx, y.buyer.ID, "hy_x", "agent", []hashyard.Role{hashyard.Agent}, false),
		"no such role":     y.svc.SeedKey(ctx, y.buyer.ID, other, "agent", []hashyard.Role{"root"}, false),
		"house role":       y.svc.SeedUser(ctx, y.buyer.ID, "x@y.example", "X", password, []hashyard.Role{hashyard.Treasury}),
		"e-mail elsewhere": y.svc.SeedUser(ctx, y.buyer.ID, "owner@north.example", "X", password, []hashyard.Role{hashyard.Owner}),
		"second house":     y.svc.SeedOrg(ctx, web.Org{ID: hashyard.NewID(), Name: "x", Slug: "x", House: true}),
		"slug taken":       y.svc.SeedOrg(ctx, web.Org{ID: hashyard.NewID(), Name: "x", Slug: "north"}),
		"slug of no use":   y.svc.SeedOrg(ctx, web.Org{ID: hashyard.NewID(), Name: "x", Slug: "North.1"}),
		"unknown tenant":   y.svc.SeedUser(ctx, hashyard.NewID(), "x@y.example", "X", password, []hashyard.Role{hashyard.Owner}),
	} {
		if err == nil {
			t.Errorf("%s was seeded", name)
		}
	}
	// What a user made of the account stays.
	b := y.signIn("owner@baltic.example")
	y.want(b.do("PUT", "/me/password", map[string]string{"current": password, "new": "my own new password"}), 204, "")
	y.must(y.svc.SeedUser(ctx, y.buyer.ID, "owner@baltic.example", "Owner", password, []hashyard.Role{hashyard.Owner}))
	y.want((&browser{y: y}).do("POST", "/session", map[string]string{"email": "owner@baltic.example", "password": "my own new password"}), 200, "")
	house, err := y.svc.House(ctx)
	if err != nil || house != y.house {
		t.Errorf("house: %+v, %v", house, err)
	}
	if org, err := y.svc.OrgBySlug(ctx, "baltic"); err != nil || org != y.buyer {
		t.Errorf("by slug: %+v, %v", org, err)
	}
	if name := y.svc.OrgName(ctx, hashyard.NewID()); name != "" {
		t.Errorf("nobody is called %q", name)
	}
}

// TestHouseSight: in the house's organisation only desk and treasury act for
// the house, by session and by key.
func TestHouseSight(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.must(y.svc.SeedUser(t.Context(), y.house.ID, "trader@house.example", "Trader", password, []hashyard.Role{hashyard.Trader}))
	for email, want := range map[string]bool{"owner@house.example": false, "trader@house.example": false, "desk@house.example": true, "owner@north.example": false} {
		b := y.signIn(email)
		caller, err := y.svc.BySession(t.Context(), b.cookie)
		if err != nil || caller.Actor.House != want {
			t.Errorf("%s acts for the house: %v, %v", email, caller.Actor.House, err)
		}
		if me := decode[api.Me](t, b.do("GET", "/me", nil)); slices.Contains(me.Can, web.TradesDecide) != want || slices.Contains(me.Can, web.HouseRead) != want {
			t.Errorf("%s can %v", email, me.Can)
		}
	}
	for role, want := range map[hashyard.Role]bool{hashyard.Agent: false, hashyard.Trader: false, hashyard.Viewer: false, hashyard.Desk: true, hashyard.Treasury: true} {
		text, _ := web.NewKey()
		y.must(y.svc.SeedKey(t.Context(), y.house.ID, text, "k", []hashyard.Role{role}, false))
		if caller, err := y.svc.ByKey(t.Context(), text); err != nil || caller.Actor.House != want {
			t.Errorf("a key of role %s acts for the house: %v, %v", role, caller.Actor.House, err)
		}
	}
}

// TestHouseAudit: what the house did by itself is in the desk's trail, and in
// nobody else's.
func TestHouseAudit(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	ref := hashyard.Ref{Kind: "trade", ID: hashyard.NewID()}
	y.must(y.db.AsSystem(t.Context(), "test", func(ctx context.Context, tx *pg.Tx) error {
		if err := tx.Audit(ctx, "house.nobody", ref, nil, 1); err != nil {
			return err
		}
		return tx.AuditFor(ctx, y.seller.ID, "house.seller", ref, nil, 1)
	}))
	y.must(y.svc.SeedUser(t.Context(), y.house.ID, "both@house.example", "Both", password, []hashyard.Role{hashyard.Owner, hashyard.Treasury}))
	y.must(y.svc.SeedTOTP(t.Context(), "both@house.example", y.totp))
	for email, want := range map[string][]string{
		"desk@house.example":   {"house.nobody", "org.put"},
		"both@house.example":   {"org.put"}, // audit.read comes from owner here
		"owner@house.example":  {"org.put"},
		"owner@north.example":  {"house.seller", "org.put"},
		"owner@baltic.example": {"org.put"},
	} {
		var got []string
		b := y.signIn(email)
		for cursor := ""; ; {
			p := decode[web.Page[web.AuditRow]](t, b.do("GET", "/audit?limit=2&cursor="+cursor, nil))
			for _, row := range p.Items {
				if row.Command == "org.put" || strings.HasPrefix(row.Command, "house.") {
					got = append(got, row.Command)
				}
			}
			if cursor = p.Next; cursor == "" {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s sees %v, want %v", email, got, want)
		}
	}
}
