package app

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"hashyard"
	"hashyard/web"
)

// browser listens to a process's live stream.
type browser struct {
	t      *testing.T
	lines  chan string // closed when the stream ends
	cancel context.CancelFunc
}

// message is one of the stream.
type message struct{ id, event, data string }

func (y *yard) listen(base, key, last string) *browser {
	y.t.Helper()
	ctx, cancel := context.WithCancel(y.t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/api/v1/events", nil)
	if err != nil {
		y.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	if last != "" {
		req.Header.Set("Last-Event-ID", last)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		y.t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		b, _ := io.ReadAll(resp.Body)
		y.t.Fatalf("events: %d %s", resp.StatusCode, b)
	}
	b := &browser{t: y.t, lines: make(chan string, 1000), cancel: cancel}
	go func() { // ends with the response
		defer close(b.lines)
		defer resp.Body.Close()
		for sc := bufio.NewScanner(resp.Body); sc.Scan(); {
			b.lines <- sc.Text()
		}
	}()
	y.t.Cleanup(cancel)
	return b
}

// next is the next message but for the heartbeat.
func (b *browser) next() (m message) {
	b.t.Helper()
	late := time.After(30 * time.Second)
	for {
		select {
		case line, open := <-b.lines:
			field, value, _ := strings.Cut(line, ": ")
			switch {
			case !open:
				b.t.Fatal("the stream ended")
			case field == "id":
				m.id = value
			case field == "event":
				m.event = value
			case field == "data":
				m.data = value
			case line == "" && m.event != "tick":
				return m
			case line == "":
				m = message{}
			}
		case <-late:
			b.t.Fatal("nothing came")
		}
	}
}

// until skips messages to the first of a kind.
func (b *browser) until(kind string) message {
	b.t.Helper()
	for {
		if m := b.next(); m.event == kind {
			return m
		}
	}
}

// happen lets an event happen, as a transaction of the yard would.
func (y *yard) happen(org hashyard.ID, kind string) hashyard.ID {
	y.t.Helper()
	id := hashyard.NewID()
	y.sql(`INSERT INTO outbox (id, kind, ref_kind, ref_id, orgs, at, payload) VALUES ($1, $2, 'shipment', $1, ARRAY[$3::uuid], now(), '{}')`,
		id, kind, org)
	return id
}

// TestTwoProcessesServeOneYard: beside the process that leads, another serves
// browsers: it tells what happens at the first under the same ids, to those
// whom it concerns alone, and takes no orders and says so.
func TestTwoProcessesServeOneYard(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	lead := y.flags()
	lead.NATSListen, lead.NATSToken = freeAddr(t), "a-token-of-this-test"
	endLead := y.serve(lead)
	a := y.web
	beside := y.flags()
	beside.WebOnly, beside.NATSURL, beside.NATSToken = true, "nats://"+lead.NATSListen, lead.NATSToken
	y.serve(beside)
	b := y.web
	y.become("stream", web.Fine, "")
	y.become("market", web.Standby, "another process")

	seller := y.seed.Houses[1].ID
	here, there := y.listen(a, y.keys["seller.owner"], ""), y.listen(b, y.keys["seller.owner"], "")
	stranger := y.listen(b, y.keys["buyer.owner"], "")
	here.until("hello")
	there.until("hello")
	stranger.until("hello")
	first := y.happen(seller, "units.arrived")
	x, z := here.until("units.arrived"), there.until("units.arrived")
	if x.id == "" || x != z || !strings.Contains(x.data, first.String()) {
		t.Fatalf("A tells %+v, B %+v", x, z)
	}
	// The browser leaves A, misses something, and goes on at B.
	here.cancel()
	second := y.happen(seller, "units.packed")
	there.until("units.packed")
	moved := y.listen(b, y.keys["seller.owner"], x.id)
	if hello := moved.until("hello"); !strings.Contains(hello.data, `"resumed":true`) {
		t.Errorf("B says %s", hello.data)
	}
	if m := moved.next(); m.event != "units.packed" || !strings.Contains(m.data, second.String()) {
		t.Errorf("missed at A, B tells %+v", m)
	}
	lost := y.listen(b, y.keys["seller.owner"], "0000000000000000000000ab-7")
	if hello := lost.until("hello"); !strings.Contains(hello.data, `"resumed":false`) {
		t.Errorf("an unknown id: %s", hello.data)
	}

	y.ordersAt(a, b)

	// The leader is away and comes back: B lives on, its browser misses nothing.
	endLead()
	y.web, y.ops = b, "http://"+beside.OpsListen
	y.become("market", web.Degraded, "")
	third := y.happen(seller, "units.delivered")
	y.serve(lead)
	if m := there.until("units.delivered"); !strings.Contains(m.data, third.String()) {
		t.Errorf("after the leader's return B tells %+v", m)
	}
	// Nothing of this reached the other organisation before its own news.
	mine := y.happen(y.seed.Houses[2].ID, "units.arrived")
	m := stranger.next()
	for m.event == "book" { // which is public
		m = stranger.next()
	}
	if !strings.Contains(m.data, mine.String()) {
		t.Errorf("the other organisation got %+v", m)
	}
}

// ordersAt: B refuses an order at once, saying why and when to ask again; the
// same request with the same key is taken by A.
func (y *yard) ordersAt(a, b string) {
	y.t.Helper()
	code, body := y.get(b+"/api/v1/instruments", y.keys["seller.trader"])
	var page struct{ Items []struct{ ID hashyard.ID } }
	if err := json.Unmarshal([]byte(body), &page); err != nil || len(page.Items) == 0 {
		y.t.Fatalf("instruments at B: %d %s", code, body)
	}
	order := fmt.Sprintf(`{"instrument":%q,"side":"bid","price_mc":1000000,"units":1,"tif":"gtc"}`, page.Items[0].ID)
	place := func(base string) (int, string, http.Header) {
		req, err := http.NewRequestWithContext(y.t.Context(), http.MethodPost, base+"/api/v1/orders", strings.NewReader(order))
		if err != nil {
			y.t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+y.keys["seller.trader"])
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Idempotency-Key", "one-order")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			y.t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			y.t.Fatal(err)
		}
		return resp.StatusCode, string(text), resp.Header
	}
	began := time.Now()
	code, body, header := place(b)
	if code != http.StatusServiceUnavailable || header.Get("Retry-After") == "" || !strings.Contains(body, "leading process") || time.Since(began) > 4*time.Second {
		y.t.Errorf("an order at B: %d %v after %s: %s", code, header, time.Since(began), body)
	}
	if code, body, _ := place(a); code/100 != 2 {
		y.t.Errorf("the same order at A: %d %s", code, body)
	}
}
