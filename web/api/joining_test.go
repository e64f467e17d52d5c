package api_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"hashyard"
	"hashyard/migrations/pg"
	"hashyard/web"
	"hashyard/web/notify"
)

// deliver brings the queued mails away and returns all there are, newest first.
func (y *yard) deliver() []notify.Letter {
	y.t.Helper()
	sender := notify.NewSender(notify.SenderConfig{Queue: y.store(), Carrier: y.letters, Seal: y.seal})
	for {
		n, err := sender.Round(y.t.Context())
		y.must(err)
		if n == 0 {
			break
		}
	}
	got, err := y.letters.Last(100)
	y.must(err)
	return got
}

// handled runs the handlers of the yard's own events.
func (y *yard) handled(kind hashyard.EventKind) {
	y.t.Helper()
	rows, err := y.owner.Query(y.t.Context(), "SELECT id, kind, at, payload FROM outbox WHERE kind = $1 ORDER BY id", kind)
	y.must(err)
	var evs []hashyard.Event
	for rows.Next() {
		var ev hashyard.Event
		y.must(rows.Scan(&ev.ID, &ev.Kind, &ev.At, &ev.Payload))
		evs = append(evs, ev)
	}
	y.must(rows.Err())
	for range 2 { // at least once is twice
		for _, ev := range evs {
			y.must(y.svc.OnResetAsked(y.t.Context(), ev))
		}
	}
}

// token is what stands behind the # of a mail's link.
func token(t *testing.T, l notify.Letter) string {
	t.Helper()
	m := regexp.MustCompile(`https://yard\.example/(?:join|reset)#([\w-]{43})`).FindStringSubmatch(l.Text)
	if m == nil {
		t.Fatalf("no link in %s", l.Text)
	}
	return m[1]
}

// join makes a person of an organisation as its owner does: by an invitation.
func (y *yard) join(slug, email string, roles ...hashyard.Role) web.User {
	y.t.Helper()
	owner := y.signIn("owner@" + slug + ".example")
	y.want(owner.do("POST", "/invitations", map[string]any{"email": email, "roles": roles}), 201, "open")
	link := token(y.t, y.deliver()[0])
	y.want((&browser{y: y}).do("POST", "/join", map[string]string{"token": link, "name": "Ann", "password": password}), 201, "")
	users := decode[web.Page[web.User]](y.t, owner.do("GET", "/users?limit=100", nil)).Items
	i := slices.IndexFunc(users, func(u web.User) bool { return strings.EqualFold(u.Email, email) })
	if i < 0 {
		y.t.Fatalf("%s is not among %+v", email, users)
	}
	return users[i]
}

func TestInvitations(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	owner, nobody := y.signIn("owner@north.example"), &browser{y: y}
	body := map[string]any{"email": " New@Person.example", "roles": []string{"trader", "viewer"}}
	r := owner.do("POST", "/invitations", body, "Idempotency-Key", "inv")
	y.want(r, 201, `"state":"open"`)
	i := decode[web.Invitation](t, r)
	y.want(owner.do("POST", "/invitations", body, "Idempotency-Key", "inv"), 201, i.ID.String())
	y.want(owner.do("POST", "/invitations", body), 409, "is invited already")
	y.want(owner.do("POST", "/invitations", map[string]any{"email": "owner@north.example", "roles": []string{"viewer"}}), 409, "is a member already")
	y.want(owner.do("POST", "/invitations", map[string]any{"email": "a@b.example", "roles": []string{"desk"}}), 422, "belongs to the house")
	y.want(y.signIn("view@north.example").do("POST", "/invitations", body), 403, "users.write")

	mails := y.deliver()
	if len(mails) != 1 || mails[0].To != "new@person.example" || mails[0].Subject != "North Hash invites you to hashyard" {
		t.Fatalf("mails: %+v", mails)
	}
	if y.deliver(); len(mails) != 1 {
		t.Error("a mail left twice")
	}
	link := token(t, mails[0])
	y.want(nobody.do("POST", "/join/look", map[string]string{"token": link}), 200, `"org":"North Hash"`)
	// Another organisation knows nothing of it.
	baltic := y.signIn("owner@baltic.example")
	y.want(baltic.do("GET", "/invitations", nil), 200, `"items":[]`)
	y.want(baltic.do("DELETE", "/invitations/"+i.ID.String(), nil), 404, "not found")

	join := map[string]string{"token": link, "name": "New Person", "password": "short"}
	y.want(nobody.do("POST", "/join", join), 422, "at least 12 characters")
	join["password"] = password
	y.want(nobody.do("POST", "/join", join), 201, "new@person.example")
	y.want(nobody.do("POST", "/join", join), 404, "unknown, used, revoked")
	y.want(nobody.do("POST", "/join/look", map[string]string{"token": link}), 404, "unknown, used, revoked")
	y.want(y.signIn("new@person.example").do("GET", "/me", nil), 200, `"roles":["trader","viewer"]`)
	y.want(owner.do("GET", "/invitations", nil), 200, `"state":"accepted"`)
	y.want(owner.do("DELETE", "/invitations/"+i.ID.String(), nil), 409, "has accepted already")
	y.want(owner.do("GET", "/audit?ref_kind=invitation", nil), 200, "invitation.accept")

	// Neither token nor text is left in the database.
	var left int
	y.must(y.owner.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM mails WHERE sealed IS NOT NULL)
		+ (SELECT count(*) FROM audit WHERE position($1 IN after::text) > 0)`, link).Scan(&left))
	if left != 0 {
		t.Errorf("%d rows still hold a link", left)
	}
}

// TestInvitationsKeepAccountsSecret: whether an address has an account
// elsewhere shows in no answer to who invites it.
func TestInvitationsKeepAccountsSecret(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	owner := y.signIn("owner@north.example")
	shape := func(email string) string {
		r := owner.do("POST", "/invitations", map[string]any{"email": email, "roles": []string{"viewer"}})
		y.want(r, 201, "")
		i := decode[web.Invitation](t, r)
		for _, s := range []string{i.ID.String(), email} {
			r.body = strings.ReplaceAll(r.body, s, "")
		}
		return regexp.MustCompile(`"[a-z_]+_at":"[^"]*"`).ReplaceAllString(r.body, "")
	}
	if a, b := shape("owner@baltic.example"), shape("nobody@baltic.example"); a != b {
		t.Errorf("the answers differ: %s, %s", a, b)
	}
	mails := y.deliver()
	if len(mails) != 2 {
		t.Fatalf("%d mails", len(mails))
	}
	// Who holds the mail learns it, and keeps the account they have.
	for _, l := range mails {
		if l.To == "owner@baltic.example" {
			nobody := &browser{y: y}
			y.want(nobody.do("POST", "/join", map[string]string{"token": token(t, l), "name": "X", "password": password}), 409, "one address has one account")
		}
	}
	y.want(y.signIn("owner@baltic.example").do("GET", "/me", nil), 200, "Baltic Rigs")
	y.want(owner.do("GET", "/invitations", nil), 200, `"state":"open"`)
}

func TestInvitationsEnd(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	owner, nobody := y.signIn("owner@north.example"), &browser{y: y}
	invite := func(email string) web.Invitation {
		r := owner.do("POST", "/invitations", map[string]any{"email": email, "roles": []string{"viewer"}})
		y.want(r, 201, "")
		return decode[web.Invitation](t, r)
	}
	i := invite("a@person.example")
	first := token(t, y.deliver()[0])
	path := "/invitations/" + i.ID.String()
	y.want(owner.do("POST", path+"/resend", nil), 429, "less than a minute")
	y.now.Add(61)
	y.want(owner.do("POST", path+"/resend", nil, "Idempotency-Key", "again"), 200, `"sends":2`)
	y.want(owner.do("POST", path+"/resend", nil, "Idempotency-Key", "again"), 200, `"sends":2`)
	second := token(t, y.deliver()[0])
	y.want(nobody.do("POST", "/join/look", map[string]string{"token": first}), 404, "unknown")
	y.want(nobody.do("POST", "/join/look", map[string]string{"token": second}), 200, "a@person.example")
	for range 2 {
		y.want(owner.do("DELETE", path, nil), 200, `"state":"revoked"`)
	}
	y.want(nobody.do("POST", "/join", map[string]string{"token": second, "name": "A", "password": password}), 404, "unknown")
	y.want(owner.do("POST", path+"/resend", nil), 409, "is revoked")

	late := invite("b@person.example")
	link := token(t, y.deliver()[0])
	y.now.Add(int64(web.InvitationLife / time.Second))
	y.want(nobody.do("POST", "/join", map[string]string{"token": link, "name": "B", "password": password}), 404, "72 hours")
	owner = y.signIn("owner@north.example")
	if again := invite("b@person.example"); again.ID == late.ID {
		t.Error("the expired one came back")
	}

	// What a leaver began, nobody finishes.
	y.must(y.svc.SeedUser(t.Context(), y.seller.ID, "second@north.example", "Second", password, []hashyard.Role{hashyard.Owner}))
	y.must(y.svc.SeedTOTP(t.Context(), "second@north.example", y.totp))
	leaver := y.signIn("second@north.example")
	y.want(leaver.do("POST", "/invitations", map[string]any{"email": "c@person.example", "roles": []string{"owner"}}), 201, "")
	link = token(t, y.deliver()[0])
	me := decode[struct {
		User struct {
			ID string `json:"id"`
		} `json:"user"`
	}](t, leaver.do("GET", "/me", nil))
	y.want(owner.do("PUT", "/users/"+me.User.ID, map[string]any{"name": "Second", "roles": []string{"owner"}, "disabled": true, "version": 1}), 200, "")
	y.want(nobody.do("POST", "/join", map[string]string{"token": link, "name": "C", "password": password}), 404, "revoked")
}

func TestPasswordReset(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	nobody, before := &browser{y: y}, y.signIn("owner@north.example")
	answers := map[string]bool{}
	for _, email := range []string{"owner@north.example", "nobody@north.example"} {
		r := nobody.do("POST", "/password-reset", map[string]string{"email": email})
		y.want(r, 202, "")
		answers[r.body] = true
	}
	if len(answers) != 1 {
		t.Errorf("the answers differ: %v", answers)
	}
	y.want(nobody.do("POST", "/password-reset", map[string]string{"email": "no address"}), 422, "is not an e-mail address")
	// The same traces for both, until somebody looks who is allowed to.
	var events, links int
	y.must(y.owner.QueryRow(t.Context(), "SELECT (SELECT count(*) FROM outbox WHERE kind = 'password.reset-asked'), (SELECT count(*) FROM password_resets)").Scan(&events, &links))
	if events != 2 || links != 0 {
		t.Errorf("%d events and %d links", events, links)
	}
	y.handled(web.EvResetAsked)
	mails := y.deliver()
	if len(mails) != 1 || mails[0].To != "owner@north.example" {
		t.Fatalf("mails: %+v", mails)
	}
	link := token(t, mails[0])
	use := map[string]string{"token": link, "password": "short"}
	y.want(nobody.do("POST", "/password-reset/use", use), 422, "at least 12 characters")
	use["password"] = "another long password"
	r := nobody.do("POST", "/password-reset/use", use)
	y.want(r, 204, "")
	if r.header.Get("Set-Cookie") != "" {
		t.Error("a reset signed somebody in")
	}
	y.want(nobody.do("POST", "/password-reset/use", use), 404, "unknown, used")
	y.want(before.do("GET", "/me", nil), 401, "the session has ended")
	y.want(nobody.do("POST", "/session", map[string]string{"email": "owner@north.example", "password": password}), 401, "wrong")
	y.want(nobody.do("POST", "/session", map[string]string{"email": "owner@north.example", "password": use["password"]}), 200, "verify")
	nobody.show()
	if got := y.deliver(); len(got) != 2 || got[0].Subject != "Your hashyard password was changed" {
		t.Errorf("mails: %+v", got)
	}
	y.want(y.signIn("owner@baltic.example").do("GET", "/audit?ref_kind=user", nil), 200, "session.open")
	y.want(nobody.do("GET", "/audit?ref_kind=user", nil), 200, "user.password-reset")
}

func TestPasswordResetEnds(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	nobody := &browser{y: y}
	ask := func() string {
		y.want(nobody.do("POST", "/password-reset", map[string]string{"email": "owner@north.example"}), 202, "")
		y.handled(web.EvResetAsked)
		return token(t, y.deliver()[0])
	}
	use := func(link string) reply {
		return nobody.do("POST", "/password-reset/use", map[string]string{"token": link, "password": "another long password"})
	}
	first := ask()
	second := ask()
	y.want(use(first), 404, "replaced by a newer one")
	y.now.Add(int64(web.ResetLife / time.Second))
	y.want(use(second), 404, "older than 30 minutes")
	// A mailbox is not filled, and nobody sees that somebody else asked.
	for range 6 {
		y.want(nobody.do("POST", "/password-reset", map[string]string{"email": "owner@north.example"}), 202, "")
	}
	var n int
	y.must(y.owner.QueryRow(t.Context(), "SELECT count(*) FROM outbox WHERE kind = 'password.reset-asked'").Scan(&n))
	if n > 5 {
		t.Errorf("%d wishes were taken", n)
	}
	for n = 0; n < 20; n++ {
		if nobody.do("POST", "/password-reset", map[string]string{"email": "x@north.example"}).status == 429 {
			break
		}
	}
	if n == 20 {
		t.Error("asking is not throttled")
	}
	// Disabled users get none.
	_, err := y.owner.Exec(t.Context(), "UPDATE users SET disabled = true WHERE email = 'owner@baltic.example'")
	y.must(err)
	before := len(y.deliver())
	y.now.Add(3600)
	y.want(nobody.do("POST", "/password-reset", map[string]string{"email": "owner@baltic.example"}), 202, "")
	y.handled(web.EvResetAsked)
	if got := len(y.deliver()); got != before {
		t.Errorf("%d mails more", got-before)
	}
}

// TestMailLeavesOnce: a key is one mail, and one that a dead process had in
// its hands is not sent again.
func TestMailLeavesOnce(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	owner := y.signIn("owner@north.example")
	y.want(owner.do("POST", "/invitations", map[string]any{"email": "a@b.example", "roles": []string{"viewer"}}), 201, "")
	taken, err := y.store().TakeMails(t.Context(), time.Hour, 10)
	y.must(err)
	if len(taken) != 1 {
		t.Fatalf("%d mails", len(taken))
	}
	if again, err := y.store().TakeMails(t.Context(), time.Hour, 10); err != nil || len(again) != 0 {
		t.Errorf("taken twice: %d, %v", len(again), err)
	}
	_, err = y.owner.Exec(t.Context(), "UPDATE mails SET due_at = now() - interval '1 second'")
	y.must(err)
	if again, err := y.store().TakeMails(t.Context(), time.Hour, 10); err != nil || len(again) != 0 {
		t.Errorf("taken after the lease: %d, %v", len(again), err)
	}
	var state string
	y.must(y.owner.QueryRow(t.Context(), "SELECT state FROM mails").Scan(&state))
	if state != "unsure" {
		t.Errorf("the mail is %s", state)
	}
	if err := y.store().EndMail(t.Context(), taken[0].ID, notify.Sent, ""); pg.Words(err) == "" {
		t.Error("an ended mail ended again")
	}
}
