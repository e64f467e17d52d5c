package api_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pquerna/otp/totp"

	"hashyard"
	"hashyard/web"
	"hashyard/web/api"
)

// begin signs in with the password alone.
func (y *yard) begin(email string) *browser {
	y.t.Helper()
	b := &browser{y: y}
	y.want(b.do("POST", "/session", map[string]string{"email": email, "password": password}), 200, "")
	return b
}

func (b *browser) stage() string {
	b.y.t.Helper()
	return decode[api.Me](b.y.t, b.do("GET", "/me", nil)).Session.Stage
}

// TestAFactorIsNeeded: a right password alone may show a factor, say who it is
// and end, on every route there is.
func TestAFactorIsNeeded(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.must(y.svc.SeedUser(t.Context(), y.seller.ID, "new@north.example", "New", password, []hashyard.Role{hashyard.Owner}))
	verify, enrol := y.begin("owner@north.example"), y.begin("new@north.example")
	if verify.stage() != "verify" || enrol.stage() != "enrol" {
		t.Errorf("stages %s and %s", verify.stage(), enrol.stage())
	}
	for _, r := range y.api.Routes() {
		if r.Public || r.Action == web.SessionOpen || !web.Can(hashyard.Actor{Org: y.seller.ID, Roles: []hashyard.Role{hashyard.Owner}}, r.Action) {
			continue
		}
		path := strings.ReplaceAll(strings.TrimPrefix(r.Path, "/api/v1"), "{id}", hashyard.NewID().String())
		y.want(verify.do(r.Method, path, nil), 403, `"code":"factor_required"`)
		y.want(enrol.do(r.Method, path, nil), 403, `"code":"enrolment_required"`)
	}
	// Nor may it enrol what it is then asked for.
	y.want(verify.do("PUT", "/me/enrolment", map[string]string{"kind": "totp"}), 403, "factor_required")
	y.want(verify.do("POST", "/me/factors", map[string]string{"kind": "totp", "name": "x", "code": "123456"}), 403, "factor_required")
	verify.show()
	if verify.stage() != "full" {
		t.Errorf("after the code: %s", verify.stage())
	}
	y.want(verify.do("GET", "/users", nil), 200, "")
	// A session that does not become full ends soon.
	y.now.Add(31 * 60)
	y.want(enrol.do("GET", "/me", nil), 401, "has ended")
	y.want(verify.do("GET", "/me", nil), 200, "")

	// Who becomes an owner shows a factor before doing anything more.
	view := y.signIn("view@north.example")
	y.want(view.do("GET", "/users", nil), 200, "")
	verify.show()
	u := decode[web.Page[web.User]](t, verify.do("GET", "/users", nil)).Items[1]
	y.want(verify.do("PUT", "/users/"+u.ID.String(), map[string]any{"name": u.Name, "roles": []string{"owner"}, "disabled": false, "version": u.Version}), 200, "")
	y.want(view.do("GET", "/users", nil), 403, "enrolment_required")
}

// TestACodeWorksOnce: neither again, nor an earlier one, nor in two sessions at
// once.
func TestACodeWorksOnce(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	show := func(b *browser, code string) reply {
		return b.do("PUT", "/session/factor", map[string]string{"code": code})
	}
	first, second := y.begin("owner@north.example"), y.begin("owner@north.example")
	code, earlier := y.code(0), y.code(-1)
	before := first.cookie
	y.want(show(first, code), 200, `"stage":"full"`)
	if first.cookie == before {
		t.Error("the token was not renewed")
	}
	y.want((&browser{y: y, cookie: before}).do("GET", "/me", nil), 401, "has ended")
	y.want(show(second, code), 403, "factor_refused")
	y.want(show(second, earlier), 403, "factor_refused")
	y.want(show(first, code), 403, "factor_refused")
	y.want(show(second, "000000"), 403, "factor_refused")
	y.now.Add(30)
	next := y.code(0)
	var passed atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		b := &browser{y: y, cookie: second.cookie}
		wg.Go(func() {
			if show(b, next).status == 200 {
				passed.Add(1)
			}
		})
	}
	wg.Wait()
	if n := passed.Load(); n != 1 {
		t.Errorf("one code passed %d times", n)
	}
	// Far from now there is no code.
	y.now.Add(3600)
	third := y.begin("owner@north.example")
	for _, ahead := range []int{-2, 2} {
		y.want(show(third, y.code(ahead)), 403, "factor_refused")
	}
	y.want(show(third, y.code(1)), 200, "full")
}

// TestEnrolment goes the whole way of a founder: password, the code that was
// handed over, an app, recovery codes.
func TestEnrolment(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	const email = "first@north.example"
	y.must(y.svc.SeedUser(t.Context(), y.seller.ID, email, "First", password, []hashyard.Role{hashyard.Owner}))
	code, err := y.svc.SeedEnrolmentCode(t.Context(), email)
	y.must(err)
	b := y.begin(email)
	y.want(b.do("PUT", "/me/enrolment", map[string]string{"kind": "totp"}), 403, "factor_required")
	y.want(b.do("PUT", "/session/factor", map[string]string{"code": strings.ToUpper(code)}), 200, `"stage":"enrol"`)
	y.want(b.do("POST", "/me/factors", map[string]string{"kind": "totp", "name": "phone", "code": "123456"}), 409, "ceremony_ended")
	e := decode[api.Enrolment](t, b.do("PUT", "/me/enrolment", map[string]string{"kind": "totp"}))
	if !strings.HasPrefix(e.URL, "otpauth://totp/hashyard:"+email+"?") || !strings.Contains(e.URL, "secret="+e.Secret) {
		t.Errorf("address %s of secret %s", e.URL, e.Secret)
	}
	finish := func(b *browser, code string) reply {
		return b.do("POST", "/me/factors", map[string]string{"kind": "totp", "name": "phone", "code": code})
	}
	y.want(finish(b, "000000"), 403, "factor_refused") // mistyped: the picture stays good
	elsewhere := y.begin(email)                        // another session has no part in it
	right, err := totp.GenerateCode(e.Secret, y.clock())
	y.must(err)
	y.want(finish(elsewhere, right), 409, "ceremony_ended")
	r := finish(b, right)
	y.want(r, 201, `"recovery_codes":["`)
	made := decode[api.NewFactor](t, r)
	if len(made.Codes) != 10 || b.stage() != "full" {
		t.Errorf("%d codes, stage %s", len(made.Codes), b.stage())
	}
	y.want(finish(b, right), 409, "ceremony_ended")
	var leaks int
	y.must(y.owner.QueryRow(t.Context(), `SELECT
		(SELECT count(*) FROM idempotency_keys WHERE position($1 IN encode(body, 'escape')) > 0) +
		(SELECT count(*) FROM factors WHERE position($2 IN encode(sealed, 'escape')) > 0) +
		(SELECT count(*) FROM audit WHERE position($1 IN coalesce(after::text, '')) + position($2 IN coalesce(after::text, '')) > 0)`,
		made.Codes[0], e.Secret).Scan(&leaks))
	if leaks != 0 {
		t.Error("a secret is in the database")
	}
	// The founder's code was used, and is gone.
	again := y.begin(email)
	y.want(again.do("PUT", "/session/factor", map[string]string{"code": code}), 403, "factor_refused")
	y.want(again.do("PUT", "/session/factor", map[string]string{"code": right}), 403, "factor_refused")
	y.want(again.do("PUT", "/session/factor", map[string]string{"code": made.Codes[3]}), 200, "full")
	y.want(again.do("PUT", "/session/factor", map[string]string{"code": made.Codes[3]}), 403, "factor_refused")

	// The last factor stays; with a second one, either may go.
	list := decode[api.Factors](t, again.do("GET", "/me/factors", nil))
	if len(list.Items) != 1 || list.Codes != 9 || !list.Required {
		t.Errorf("factors: %+v", list)
	}
	y.want(again.do("DELETE", "/me/factors/"+list.Items[0].ID.String(), nil), 409, "your last factor")
	e = decode[api.Enrolment](t, again.do("PUT", "/me/enrolment", map[string]string{"kind": "totp"}))
	right, err = totp.GenerateCode(e.Secret, y.clock())
	y.must(err)
	r = finish(again, right)
	y.want(r, 201, `"phone"`)
	if strings.Contains(r.body, "recovery_codes") {
		t.Error("a second factor replaced the codes")
	}
	foreign := y.signIn("owner@baltic.example")
	y.want(foreign.do("DELETE", "/me/factors/"+list.Items[0].ID.String(), nil), 404, "not found")
	y.want(again.do("DELETE", "/me/factors/"+list.Items[0].ID.String(), nil), 204, "")

	// New codes end the old ones.
	fresh := decode[api.Codes](t, again.do("POST", "/me/recovery-codes", nil))
	third := y.begin(email)
	y.want(third.do("PUT", "/session/factor", map[string]string{"code": made.Codes[5]}), 403, "factor_refused")
	y.want(third.do("PUT", "/session/factor", map[string]string{"code": fresh.Codes[5]}), 200, "full")
}

// TestARecoveryCodeWorksOnce also when it is sent by many at once.
func TestARecoveryCodeWorksOnce(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	owner := y.signIn("owner@north.example")
	codes := decode[api.Codes](t, owner.do("POST", "/me/recovery-codes", nil)).Codes
	sessions := []*browser{y.begin("owner@north.example"), y.begin("owner@north.example"), y.begin("owner@north.example"), y.begin("owner@north.example")}
	var passed atomic.Int32
	var wg sync.WaitGroup
	for _, b := range sessions {
		wg.Go(func() {
			if b.do("PUT", "/session/factor", map[string]string{"code": codes[0]}).status == 200 {
				passed.Add(1)
			}
		})
	}
	wg.Wait()
	if n := passed.Load(); n != 1 {
		t.Errorf("one recovery code passed %d times", n)
	}
}

// TestStepUp: what moves money or gives rights asks anew after ten minutes, by
// session; by key it asks for an elevated one.
func TestStepUp(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	owner := y.signIn("owner@north.example")
	body := map[string]any{"name": "k", "roles": []string{"owner"}}
	plain := decode[api.NewKey](t, owner.do("POST", "/keys", body))
	body["elevated"] = true
	raised := decode[api.NewKey](t, owner.do("POST", "/keys", body))
	y.now.Add(9 * 60)
	y.want(owner.do("POST", "/keys", body), 201, "")
	y.now.Add(61)
	y.want(owner.do("POST", "/keys", body, "Idempotency-Key", "once"), 403, `"code":"step_up_required"`)
	y.want(owner.do("POST", "/invitations", map[string]any{"email": "a@b.example", "roles": []string{"viewer"}}), 403, "step_up_required")
	y.want(owner.do("POST", "/webhooks", map[string]any{"url": "https://a.example/", "events": []string{}}), 403, "step_up_required")
	y.want(owner.do("POST", "/verification", map[string]any{}), 403, "step_up_required")
	y.want(owner.do("PUT", "/me/enrolment", map[string]string{"kind": "totp"}), 403, "step_up_required")
	y.want(owner.do("POST", "/me/recovery-codes", nil), 403, "step_up_required")
	y.want(owner.do("GET", "/keys", nil), 200, "items") // reading asks for nothing
	y.want(owner.do("GET", "/me/factors", nil), 200, "items")
	owner.show()
	y.want(owner.do("POST", "/keys", body, "Idempotency-Key", "once"), 201, "hy_") // the same request again

	tool, boss := &browser{y: y, key: plain.Secret}, &browser{y: y, key: raised.Secret}
	y.want(tool.do("GET", "/keys", nil), 200, "items")
	y.want(tool.do("POST", "/keys", body), 403, `"code":"elevation_required"`)
	y.want(boss.do("POST", "/keys", body), 201, "hy_")
	y.want(boss.do("PUT", "/session/factor", map[string]string{"code": y.code(0)}), 403, "a key has no second factor")
	y.want(boss.do("GET", "/me/sessions", nil), 403, "a key has no sessions")
	y.want(boss.do("DELETE", "/me/sessions", nil), 403, "a key has no sessions")
}

// TestAFirstFactorNeedsAPassword: who finds a browser open cannot lock its
// owner out.
func TestAFirstFactorNeedsAPassword(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	view := y.signIn("view@north.example")
	y.now.Add(11 * 60)
	y.want(view.do("PUT", "/me/enrolment", map[string]string{"kind": "totp"}), 403, `"code":"password_required"`)
	y.want(view.do("PUT", "/me/enrolment", map[string]string{"kind": "totp", "password": "wrong"}), 403, "wrong")
	e := decode[api.Enrolment](t, view.do("PUT", "/me/enrolment", map[string]string{"kind": "totp", "password": password}))
	code, err := totp.GenerateCode(e.Secret, y.clock())
	y.must(err)
	made := decode[api.NewFactor](t, view.do("POST", "/me/factors", map[string]string{"kind": "totp", "name": "phone", "code": code}))
	if next := y.begin("view@north.example"); next.stage() != "verify" {
		t.Errorf("who has a factor was not asked for it: %s", next.stage())
	}
	y.want(view.do("DELETE", "/me/factors/"+made.Factor.ID.String(), nil), 204, "") // voluntary: it may go
	if next := y.begin("view@north.example"); next.stage() != "full" {
		t.Errorf("after removing it: %s", next.stage())
	}
}

// TestSessionsAreListedAndEnded, one's own and, by an owner, a member's.
func TestSessionsAreListedAndEnded(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	owner, tablet, phone := y.signIn("owner@north.example"), y.signIn("owner@north.example"), y.signIn("owner@north.example")
	view, foreign := y.signIn("view@north.example"), y.signIn("owner@baltic.example")
	list := decode[web.Page[web.Session]](t, owner.do("GET", "/me/sessions?limit=2", nil))
	rest := decode[web.Page[web.Session]](t, owner.do("GET", "/me/sessions?limit=2&cursor="+list.Next, nil))
	if len(list.Items) != 2 || len(rest.Items) != 1 || !rest.Items[0].Current || list.Items[0].Current || list.Items[0].Factor != web.TOTP {
		t.Fatalf("sessions: %+v, %+v", list, rest)
	}
	id := list.Items[0].ID.String() // the phone's
	for _, other := range []*browser{view, foreign} {
		y.want(other.do("DELETE", "/me/sessions/"+id, nil), 204, "")
	}
	y.want(phone.do("GET", "/me", nil), 200, "")
	for range 2 {
		y.want(owner.do("DELETE", "/me/sessions/"+id, nil), 204, "")
	}
	y.want(phone.do("GET", "/me", nil), 401, "has ended")
	y.want(owner.do("DELETE", "/me/sessions", nil), 200, `"ended":1`)
	y.want(tablet.do("GET", "/me", nil), 401, "has ended")
	y.want(owner.do("GET", "/me", nil), 200, "")

	viewer := decode[api.Me](t, view.do("GET", "/me", nil)).User.ID.String()
	y.want(foreign.do("DELETE", "/users/"+viewer+"/sessions", nil), 404, "not found")
	y.want(owner.do("DELETE", "/users/"+viewer+"/sessions", nil), 200, `"ended":1`)
	y.want(view.do("GET", "/me", nil), 401, "has ended")

	// Unused for half a day, or a week old, a session is over, and not listed.
	y.now.Add(13 * 3600)
	y.want(owner.do("GET", "/me", nil), 401, "has ended")
	next := y.signIn("owner@north.example")
	if list := decode[web.Page[web.Session]](t, next.do("GET", "/me/sessions", nil)); len(list.Items) != 1 {
		t.Errorf("sessions: %+v", list.Items)
	}
	for range 15 {
		y.now.Add(11 * 3600)
		next.do("GET", "/me", nil)
	}
	y.now.Add(4 * 3600)
	y.want(next.do("GET", "/me", nil), 401, "has ended")
}

// TestAnOwnerResetsAMembersFactors, never their own, never another's.
func TestAnOwnerResetsAMembersFactors(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.must(y.svc.SeedUser(t.Context(), y.seller.ID, "ann@north.example", "Ann", password, []hashyard.Role{hashyard.Owner}))
	y.must(y.svc.SeedTOTP(t.Context(), "ann@north.example", y.totp))
	owner, ann, foreign := y.signIn("owner@north.example"), y.signIn("ann@north.example"), y.signIn("owner@baltic.example")
	path := func(b *browser) string {
		return fmt.Sprintf("/users/%s/factors", decode[api.Me](t, b.do("GET", "/me", nil)).User.ID)
	}
	y.want(owner.do("DELETE", path(owner), nil), 409, "not your own")
	y.want(foreign.do("DELETE", path(ann), nil), 404, "not found")
	hers := path(ann)
	y.want(owner.do("DELETE", hers, nil), 204, "")
	y.want(ann.do("GET", "/me", nil), 401, "has ended")
	if b := y.begin("ann@north.example"); b.stage() != "enrol" {
		t.Errorf("she is asked for %s", b.stage())
	}
}

// TestAGivenCookieIsNotKept: a token that somebody planted before the sign-in
// is worth nothing after it, nor one from before the factor.
func TestAGivenCookieIsNotKept(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	planted := y.begin("view@north.example")
	victim := &browser{y: y, cookie: planted.cookie}
	y.want(victim.do("POST", "/session", map[string]string{"email": "owner@north.example", "password": password}), 200, "")
	half := *victim
	victim.show()
	y.want(planted.do("GET", "/me", nil), 401, "has ended")
	y.want(half.do("GET", "/me", nil), 401, "has ended")
	for _, c := range []string{planted.cookie, half.cookie} {
		if c == victim.cookie {
			t.Error("the token was kept")
		}
	}
}

// TestGuessesAreCountedTogether: two processes on one database let no more
// guesses through than one, for passwords and for codes.
func TestGuessesAreCountedTogether(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	processes := []*web.Service{y.svc, y.process()}
	count := func(try func(*web.Service) error, want error) (passed int) {
		var n atomic.Int32
		var wg sync.WaitGroup
		for i := range 40 {
			wg.Go(func() {
				err := try(processes[i%2])
				switch {
				case errors.Is(err, want):
					n.Add(1)
				case !errors.Is(err, hashyard.Exhausted):
					t.Errorf("a guess: %v", err)
				}
			})
		}
		wg.Wait()
		return int(n.Load())
	}
	if n := count(func(s *web.Service) error {
		_, err := s.SignIn(t.Context(), "owner@baltic.example", "guess", "192.0.2.1", "", "")
		return err
	}, hashyard.Unauthenticated); n != 8 {
		t.Errorf("%d guesses at a password passed, 8 may", n)
	}
	in, err := y.svc.SignIn(t.Context(), "owner@north.example", password, "192.0.2.1", "", "")
	y.must(err)
	caller, err := y.svc.BySession(t.Context(), in.Token)
	y.must(err)
	guess := func(s *web.Service) error {
		_, err := s.ShowFactor(t.Context(), caller, web.Proof{Code: "000000"}, "192.0.2.1")
		return err
	}
	if n := count(guess, hashyard.Denied); n != 8 {
		t.Errorf("%d guesses at a code passed, 8 may", n)
	}
	// A password alone makes no network familiar: whoever stole it cannot wear
	// out more than their own allowance.
	for i := range 40 {
		_, _ = y.svc.ShowFactor(t.Context(), caller, web.Proof{Code: "000000"}, fmt.Sprintf("203.0.113.%d", i))
	}
	if _, err := y.svc.ShowFactor(t.Context(), caller, web.Proof{Code: y.code(0)}, "192.0.2.99"); !errors.Is(err, hashyard.Exhausted) {
		t.Errorf("a new network after many guesses: %v", err)
	}
	y.now.Add(20 * 60)
	in, err = y.svc.SignIn(t.Context(), "owner@north.example", password, "192.0.2.7", "", "")
	y.must(err)
	if caller, err = y.svc.BySession(t.Context(), in.Token); err == nil {
		_, err = y.svc.ShowFactor(t.Context(), caller, web.Proof{Code: y.code(0)}, "192.0.2.7")
	}
	y.must(err)
	// From where somebody signed in for good, the account stays open.
	in, err = y.svc.SignIn(t.Context(), "owner@north.example", password, "192.0.2.7", "", "")
	y.must(err)
	caller, err = y.svc.BySession(t.Context(), in.Token)
	y.must(err)
	for i := range 60 {
		_, _ = y.svc.ShowFactor(t.Context(), caller, web.Proof{Code: "000000"}, fmt.Sprintf("203.0.113.%d", i))
	}
	if _, err := y.svc.ShowFactor(t.Context(), caller, web.Proof{Code: y.code(1)}, "192.0.2.7"); err != nil {
		t.Errorf("the owner is locked out: %v", err)
	}
	y.now.Add(3600)
	_, _ = y.svc.SignIn(t.Context(), "nobody@x.example", "guess", "192.0.2.1", "", "")
	var left int
	y.must(y.owner.QueryRow(t.Context(), "SELECT count(*) FROM tries WHERE full_at < now() + interval '1 hour'").Scan(&left))
	if left > 140 {
		t.Errorf("%d counters that say nothing are left", left)
	}
}

// TestClockJumps: an hour forwards asks for a factor as it would have anyway;
// an hour backwards keeps the session and makes no factor last longer.
func TestClockJumps(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	owner := y.signIn("owner@north.example")
	body := map[string]any{"name": "k", "roles": []string{"viewer"}}
	y.want(owner.do("POST", "/keys", body), 201, "hy_")
	for _, jump := range []int64{3600, -3600, -3600, 3600} {
		y.now.Add(jump)
		y.want(owner.do("GET", "/me", nil), 200, "")
		y.want(owner.do("POST", "/keys", body), 403, "step_up_required")
		owner.show()
		y.want(owner.do("POST", "/keys", body), 201, "hy_")
	}
}
