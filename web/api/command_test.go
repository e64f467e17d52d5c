package api_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"hashyard"
	"hashyard/web"
)

func TestIdempotencyKeys(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	b := y.signIn("owner@north.example")
	y.want(b.do("POST", "/test/make", makeIn{"a"}, "Idempotency-Key", ""), 422, "needs the header Idempotency-Key")
	first := b.do("POST", "/test/make", makeIn{"a"}, "Idempotency-Key", "k")
	y.want(first, 200, `"n":1`)
	for range 3 {
		again := b.do("POST", "/test/make", makeIn{"a"}, "Idempotency-Key", "k")
		if again.status != 200 || again.body != first.body || again.header.Get("Idempotency-Replayed") != "true" || again.header.Get("Content-Type") != "application/json" {
			t.Errorf("replay: %+v of %+v", again, first)
		}
	}
	other := b.do("POST", "/test/make", makeIn{"b"}, "Idempotency-Key", "k")
	y.want(other, 409, "was used for another request")
	// Another path is another input, too.
	y.want(b.do("POST", "/keys", map[string]any{"name": "x", "roles": []string{"viewer"}}, "Idempotency-Key", "k"), 409, "was used for another request")
	// A new session of the same person retries the same command.
	y.want(y.signIn("owner@north.example").do("POST", "/test/make", makeIn{"a"}, "Idempotency-Key", "k"), 200, first.body)
	if n := y.made.Load(); n != 1 {
		t.Errorf("the command ran %d times", n)
	}
}

func TestIdempotencyConcurrent(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	b := y.signIn("owner@north.example")
	replies := make([]reply, 12)
	var wg sync.WaitGroup
	for i := range replies {
		wg.Go(func() {
			own := *b
			replies[i] = own.do("POST", "/test/make", makeIn{"slow"}, "Idempotency-Key", "race")
		})
	}
	wg.Wait()
	answered := map[string]int{}
	for _, r := range replies {
		switch r.status {
		case 200:
			answered[r.body]++
		case 409:
			y.want(r, 409, "still under way")
			if r.header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
		default:
			t.Errorf("got %d %s", r.status, r.body)
		}
	}
	if y.made.Load() != 1 || len(answered) != 1 {
		t.Errorf("ran %d times, answers %v", y.made.Load(), answered)
	}
}

// TestIdempotencyAfterCrash: a process that died in a command blocks its key
// for the lease only, the next attempt has the same command id, and the dead
// one's late answer is refused.
func TestIdempotencyAfterCrash(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	b := y.signIn("owner@north.example")
	store := y.store()
	first := b.do("POST", "/test/make", makeIn{"a"}, "Idempotency-Key", "k")
	y.want(first, 200, "")
	// As if the process had died before it kept the answer.
	_, err := y.owner.Exec(t.Context(), "UPDATE idempotency_keys SET answered_at = NULL, status = NULL, body = NULL, leased_to = now() + interval '1 hour'")
	y.must(err)
	y.want(b.do("POST", "/test/make", makeIn{"a"}, "Idempotency-Key", "k"), 409, "still under way")
	_, err = y.owner.Exec(t.Context(), "UPDATE idempotency_keys SET leased_to = now() - interval '1 second'")
	y.must(err)
	second := b.do("POST", "/test/make", makeIn{"a"}, "Idempotency-Key", "k")
	y.want(second, 200, `"n":2`)
	if a, b := decode[makeOut](t, first), decode[makeOut](t, second); a.ID != b.ID {
		t.Errorf("two attempts have the command ids %s and %s", a.ID, b.ID)
	}

	actor := hashyard.Actor{User: hashyard.NewID(), Org: y.seller.ID}
	claim := web.Claim{Actor: actor, Key: "direct", Operation: "x", Hash: [32]byte{1}}
	one, _, err := store.Claim(t.Context(), claim)
	y.must(err)
	y.must(store.Renew(t.Context(), claim, one))
	if _, _, err := store.Claim(t.Context(), claim); err == nil {
		t.Error("a held key was claimed")
	}
	y.must(store.Release(t.Context(), claim, one))
	two, _, err := store.Claim(t.Context(), claim)
	y.must(err)
	if two.ID != one.ID || two.Number != one.Number+1 {
		t.Errorf("attempts %+v and %+v", one, two)
	}
	for name, late := range map[string]error{
		"keep":    store.Keep(t.Context(), claim, one, web.Answer{Status: 200}),
		"release": store.Release(t.Context(), claim, one),
		"forget":  store.Forget(t.Context(), claim, one),
	} {
		if late == nil {
			t.Errorf("the first attempt could still %s", name)
		}
	}
	y.must(store.Keep(t.Context(), claim, two, web.Answer{Status: 201, Header: map[string]string{"Location": "/x"}, Body: []byte("done")}))
	_, kept, err := store.Claim(t.Context(), claim)
	if err != nil || kept == nil || kept.Status != 201 || string(kept.Body) != "done" || kept.Header["Location"] != "/x" {
		t.Errorf("kept %+v, %v", kept, err)
	}
}

// listener reads one event stream.
type listener struct {
	t     *testing.T
	lines *bufio.Scanner
	end   context.CancelFunc
}

func (b *browser) listen(last string) *listener {
	b.y.t.Helper()
	ctx, cancel := context.WithTimeout(b.y.t.Context(), 20*time.Second)
	b.y.t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, "GET", b.y.srv.URL+"/api/v1/events", nil)
	b.y.must(err)
	req.AddCookie(&http.Cookie{Name: "hashyard", Value: b.cookie})
	if last != "" {
		req.Header.Set("Last-Event-ID", last)
	}
	res, err := b.y.srv.Client().Do(req)
	b.y.must(err)
	b.y.t.Cleanup(func() { res.Body.Close() })
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" {
		b.y.t.Fatalf("stream: %d %s", res.StatusCode, res.Header.Get("Content-Type"))
	}
	return &listener{b.y.t, bufio.NewScanner(res.Body), cancel}
}

// next is the next message as "event data", and its id.
func (l *listener) next() (text, id string) {
	l.t.Helper()
	var event, data string
	for l.lines.Scan() {
		name, value, _ := strings.Cut(l.lines.Text(), ": ")
		switch {
		case name == "" && event != "":
			return event + " " + data, id
		case name == "event":
			event = value
		case name == "data":
			data = value
		case name == "id":
			id = value
		}
	}
	l.t.Fatalf("the stream ended: %v", l.lines.Err())
	return "", ""
}

func TestStream(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	north, baltic, desk := y.signIn("owner@north.example"), y.signIn("owner@baltic.example"), y.signIn("desk@house.example")
	ours, theirs, house := north.listen(""), baltic.listen(""), desk.listen("")
	for _, l := range []*listener{ours, theirs, house} {
		if text, id := l.next(); !strings.HasPrefix(text, `hello {"seq":"`) || !strings.Contains(text, `"resumed":false,"every_ms":15000,"at":"`) || id != "" {
			t.Errorf("hello: %q %q", text, id)
		}
	}
	y.must(y.broker.Publish([]hashyard.ID{y.seller.ID}, "book", map[string]int{"seq": 1}))
	y.must(y.broker.Publish([]hashyard.ID{y.seller.ID, y.buyer.ID}, "book", map[string]int{"seq": 2}))
	text, last := ours.next()
	if text != `book {"seq":1}` || last == "" {
		t.Errorf("ours: %q %q", text, last)
	}
	if text, _ := theirs.next(); text != `book {"seq":2}` {
		t.Errorf("another organisation's event came through: %q", text)
	}
	for n := 1; n <= 2; n++ {
		if text, _ := house.next(); text != fmt.Sprintf(`book {"seq":%d}`, n) {
			t.Errorf("house: %q", text)
		}
	}
	ours.end()
	y.must(y.broker.Publish([]hashyard.ID{y.buyer.ID}, "book", map[string]int{"seq": 3}))
	y.must(y.broker.Publish([]hashyard.ID{y.seller.ID}, "book", map[string]int{"seq": 4}))
	back := north.listen(last)
	if text, _ := back.next(); !strings.Contains(text, `"resumed":true`) {
		t.Errorf("hello again: %q", text)
	}
	for _, want := range []string{`book {"seq":2}`, `book {"seq":4}`} {
		if text, _ := back.next(); text != want {
			t.Errorf("missed %q, got %q", want, text)
		}
	}
	y.broker.Close()
	for back.lines.Scan() { // ends when the server ends the stream
	}
	y.want((&browser{y: y}).do("GET", "/events", nil), 401, "sign in")
}
