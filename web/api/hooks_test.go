package api_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"hashyard"
	"hashyard/web"
	"hashyard/web/api"
	"hashyard/web/hooks"
)

// receiver is a webhook's other end.
type receiver struct {
	srv    *httptest.Server
	mu     sync.Mutex // guards the rest
	answer int
	got    []*http.Request
	bodies []string
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{answer: 200}
	r.srv = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		b, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.got, r.bodies = append(r.got, req), append(r.bodies, string(b))
		if r.answer == 302 {
			w.Header().Set("Location", r.srv.URL+"/elsewhere")
		}
		w.WriteHeader(r.answer)
	}))
	t.Cleanup(r.srv.Close)
	return r
}

func (r *receiver) answers(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = status
}

func (r *receiver) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.got)
}

func (y *yard) event(kind hashyard.EventKind, orgs ...hashyard.ID) hashyard.Event {
	y.t.Helper()
	ev, err := hashyard.NewEvent(kind, hashyard.Ref{Kind: "trade", ID: hashyard.NewID()}, time.Now(), map[string]string{"Note": "for you"})
	y.must(err)
	ev.Orgs = orgs
	for range 2 { // at least once is twice
		y.must(y.hooks.OnEvent(y.t.Context(), ev))
	}
	return ev
}

func (y *yard) send() {
	y.t.Helper()
	for {
		n, err := y.hookSender.Round(y.t.Context())
		y.must(err)
		if n == 0 {
			return
		}
	}
}

func TestWebhooks(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	owner, there := y.signIn("owner@north.example"), newReceiver(t)
	y.want(y.signIn("view@north.example").do("GET", "/webhooks", nil), 403, "hooks.write")
	for _, bad := range []string{"http://example.com/", "https://10.0.0.1/", "https://[fd00::1]/", "https://user@example.com/", "ftp://x.example"} {
		y.want(owner.do("POST", "/webhooks", map[string]any{"url": bad, "roles": []string{"viewer"}}), 422, "address")
	}
	y.want(owner.do("POST", "/webhooks", map[string]any{"url": there.srv.URL, "roles": []string{"desk"}}), 422, "belongs to the house")
	body := map[string]any{"url": there.srv.URL + "/hook?x=1", "roles": []string{"logistics"}}
	r := owner.do("POST", "/webhooks", body, "Idempotency-Key", "hook")
	y.want(r, 201, `"secret":"whsec_`)
	made := decode[api.NewHook](t, r)
	again := owner.do("POST", "/webhooks", body, "Idempotency-Key", "hook")
	y.want(again, 201, made.Hook.ID.String())
	if strings.Contains(again.body, "whsec_") {
		t.Error("the secret is kept with the answer")
	}

	// What the roles may read, and what concerns the organisation.
	ev := y.event(hashyard.EvUnitsPacked, y.seller.ID, y.buyer.ID)
	y.event(hashyard.EvHeldReleased, y.seller.ID) // logistics reads no ledger
	y.event(hashyard.EvUnitsPacked, y.buyer.ID)   // not theirs
	y.event("unknown.kind", y.seller.ID)
	y.send()
	if there.count() != 1 {
		t.Fatalf("%d requests", there.count())
	}
	req, raw := there.got[0], there.bodies[0]
	if req.Method != http.MethodPost || req.URL.String() != "/hook?x=1" || req.Header.Get("Hashyard-Event") != string(hashyard.EvUnitsPacked) || !strings.Contains(raw, ev.ID.String()) {
		t.Errorf("%s %s %v %s", req.Method, req.URL, req.Header, raw)
	}
	// The signature, as a receiver checks it.
	stamp, sum, _ := strings.Cut(strings.TrimPrefix(req.Header.Get("Hashyard-Signature"), "t="), ",v1=")
	m := hmac.New(sha256.New, []byte(made.Secret))
	m.Write([]byte(stamp + "." + raw))
	if sec, err := strconv.ParseInt(stamp, 10, 64); err != nil || time.Since(time.Unix(sec, 0)) > time.Minute || sum != hex.EncodeToString(m.Sum(nil)) {
		t.Errorf("signature %q of %q: %v", req.Header.Get("Hashyard-Signature"), raw, err)
	}
	path := "/webhooks/" + made.Hook.ID.String() + "/deliveries"
	ds := decode[web.Page[hooks.Delivery]](t, owner.do("GET", path, nil)).Items
	if len(ds) != 1 || ds[0].State != hooks.Delivered || ds[0].Status != 200 || ds[0].Attempts != 1 {
		t.Fatalf("deliveries %+v", ds)
	}
	// Once more by hand; the receiver can tell.
	redo := path + "/" + ds[0].ID.String() + "/redeliver"
	y.want(owner.do("POST", redo, nil), 200, `"state":"queued"`)
	y.want(owner.do("POST", redo, nil), 200, `"state":"queued"`)
	y.send()
	if there.count() != 2 || there.got[1].Header.Get("Hashyard-Delivery") != req.Header.Get("Hashyard-Delivery") {
		t.Errorf("%d requests", there.count())
	}
	// Another organisation sees nothing of it.
	baltic := y.signIn("owner@baltic.example")
	y.want(baltic.do("GET", "/webhooks", nil), 200, `"items":[]`)
	y.want(baltic.do("GET", path, nil), 404, "not found")
	y.want(baltic.do("POST", redo, nil), 404, "not found")
	y.want(baltic.do("DELETE", "/webhooks/"+made.Hook.ID.String(), nil), 404, "not found")
	// Removed, it gets nothing more.
	y.event(hashyard.EvUnitsPacked, y.seller.ID)
	for range 2 {
		y.want(owner.do("DELETE", "/webhooks/"+made.Hook.ID.String(), nil), 200, "removed_at")
	}
	y.event(hashyard.EvUnitsPacked, y.seller.ID)
	y.send()
	y.want(owner.do("GET", path, nil), 200, "the webhook was removed")
	y.want(owner.do("POST", redo, nil), 409, "was removed")
	if there.count() != 2 {
		t.Errorf("%d requests after the end", there.count())
	}
}

func TestWebhooksTryAgain(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	owner, there := y.signIn("owner@north.example"), newReceiver(t)
	r := owner.do("POST", "/webhooks", map[string]any{"url": there.srv.URL, "roles": []string{"viewer"}})
	y.want(r, 201, "")
	path := "/webhooks/" + decode[api.NewHook](t, r).Hook.ID.String() + "/deliveries"
	last := func() hooks.Delivery {
		owner = y.signIn("owner@north.example")
		return decode[web.Page[hooks.Delivery]](t, owner.do("GET", path, nil)).Items[0]
	}
	y.event(hashyard.EvTradeFunded, y.seller.ID)
	there.answers(302)
	y.send()
	if d := last(); d.State != hooks.Queued || d.Status != 302 || !strings.Contains(d.Error, "redirects are not followed") || there.count() != 1 {
		t.Fatalf("%+v after %d requests", d, there.count())
	}
	y.send() // not before its pause is over
	there.answers(500)
	y.now.Add(11)
	y.send()
	if d := last(); d.Status != 500 || d.Attempts != 2 || there.count() != 2 {
		t.Errorf("%+v after %d requests", d, there.count())
	}
	there.answers(204)
	y.now.Add(21)
	y.send()
	if d := last(); d.State != hooks.Delivered || d.Status != 204 {
		t.Errorf("%+v", d)
	}
	// Three days of nothing are the end.
	y.event(hashyard.EvTradeFunded, y.seller.ID)
	there.srv.Close()
	tries := 0
	for ; last().State == hooks.Queued && tries < 50; tries++ {
		y.send()
		y.now.Add(int64(6 * time.Hour / time.Second))
	}
	d := last()
	if d.State != hooks.Dead || d.Error != "could not be reached by https" || d.EndedAt.Sub(d.CreatedAt) > hooks.Life+time.Minute || tries < 10 {
		t.Errorf("after %d tries: %+v", tries, d)
	}
	total := time.Duration(0)
	for n := 1; total < hooks.Life; n++ {
		total += hooks.Pause(n)
	}
	if hooks.Pause(1) != 10*time.Second || hooks.Pause(100) != 6*time.Hour {
		t.Errorf("pauses %s, %s", hooks.Pause(1), hooks.Pause(100))
	}
	for range 20 {
		r = owner.do("POST", "/webhooks", map[string]any{"url": there.srv.URL, "roles": []string{"viewer"}})
		if r.status == 409 {
			break
		}
	}
	y.want(r, 409, "at most 10 webhooks")
}

// TestOneHookIsServedOnce: two processes never send the same delivery at once.
func TestOneHookIsServedOnce(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	owner, there := y.signIn("owner@north.example"), newReceiver(t)
	y.want(owner.do("POST", "/webhooks", map[string]any{"url": there.srv.URL, "roles": []string{"viewer"}}), 201, "")
	const n = 30
	for range n {
		y.event(hashyard.EvTradeFunded, y.seller.ID)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 8 {
				if _, err := y.hookSender.Round(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	y.send()
	seen := map[string]bool{}
	for _, r := range there.got {
		seen[r.Header.Get("Hashyard-Delivery")] = true
	}
	if there.count() != n || len(seen) != n {
		t.Errorf("%d requests of %d deliveries, want %d of each", there.count(), len(seen), n)
	}
}
