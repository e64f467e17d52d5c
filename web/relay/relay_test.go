package relay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"hashyard"
	"hashyard/web"
)

const token = "a-token-of-a-test"

// line is a real server on TCP that can be stopped and started again.
type line struct {
	t    *testing.T
	cfg  ServerConfig
	srv  *Server
	stop func()
}

func newLine(t *testing.T) *line {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	s := &line{t: t, cfg: ServerConfig{Dir: t.TempDir(), Listen: addr, Token: token}}
	s.start()
	t.Cleanup(func() { s.stop() })
	return s
}

func (l *line) start() {
	l.t.Helper()
	srv, err := Serve(l.cfg)
	if err != nil {
		l.t.Fatal(err)
	}
	stopped := false
	l.srv, l.stop = srv, func() {
		if !stopped {
			stopped = true
			srv.Close()
		}
	}
}

// process is a process of the yard: a broker at the end of the line.
type process struct {
	t      *testing.T
	broker *web.Broker
	relay  *Relay
	end    func()
}

func newProcess(t *testing.T, cfg Config) *process {
	t.Helper()
	p := &process{t: t, broker: web.NewBroker(0)}
	cfg.Broker, cfg.Log = p.broker, slog.New(slog.NewTextHandler(t.Output(), nil))
	r, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	done := false
	p.relay, p.end = r, func() {
		if done {
			return
		}
		done = true
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		r.Close()
	}
	t.Cleanup(p.end)
	p.ready()
	return p
}

// ready waits until the process receives.
func (p *process) ready() {
	p.t.Helper()
	until(p.t, func() error { return p.relay.Ready(p.t.Context()) })
}

func until(t *testing.T, ok func() error) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		err := ok()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

func event(org hashyard.ID, n int) hashyard.Event {
	return hashyard.Event{
		ID: hashyard.NewID(), Kind: hashyard.EvTradeFunded, Orgs: []hashyard.ID{org}, At: time.Now(),
		Payload: json.RawMessage(fmt.Sprintf(`{"n":%d}`, n)),
	}
}

func (p *process) publish(ev hashyard.Event) {
	p.t.Helper()
	if err := p.broker.PublishEvent(p.t.Context(), ev); err != nil {
		p.t.Fatal(err)
	}
}

func viewer(org hashyard.ID) hashyard.Actor {
	return hashyard.Actor{Org: org, Roles: []hashyard.Role{hashyard.Owner}}
}

// numbers are the n of messages.
func number(m web.Message) (n int) {
	var d struct{ Payload struct{ N int } }
	if json.Unmarshal(m.Data, &d) != nil {
		return -1
	}
	return d.Payload.N
}

// next is the next message of a browser.
func next(t *testing.T, s *web.Subscription) web.Message {
	t.Helper()
	select {
	case m, open := <-s.C:
		if !open {
			t.Fatal("the stream ended")
		}
		return m
	case <-time.After(30 * time.Second):
		t.Fatal("no message")
	}
	return web.Message{}
}

// collect resumes at p and gives the numbered messages until upTo came.
func collect(t *testing.T, p *process, org hashyard.ID, last string, upTo int) (seen []int) {
	t.Helper()
	s, missed, resumed := p.broker.Subscribe(viewer(org), last)
	defer s.Close()
	if !resumed {
		t.Fatalf("%s is not resumed", last)
	}
	for !slices.Contains(seen, upTo) {
		if len(missed) == 0 {
			missed = append(missed, next(t, s))
		}
		if m := missed[0]; m.Event != "book" {
			seen = append(seen, number(m))
		}
		missed = missed[1:]
	}
	return seen
}

// TestOneStreamForAllProcesses: what one process publishes, browsers of the
// other see, and resume there under the id the first gave them; a stranger sees
// nothing of it, and an event that is published again comes once.
func TestOneStreamForAllProcesses(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	a := newProcess(t, Config{Server: l.srv})
	b := newProcess(t, Config{URL: l.srv.URL(), Token: token})
	org, stranger := hashyard.NewID(), hashyard.NewID()
	here, _, _ := a.broker.Subscribe(viewer(org), "")
	defer here.Close()
	there, _, _ := b.broker.Subscribe(viewer(org), "")
	defer there.Close()
	other, _, _ := b.broker.Subscribe(viewer(stranger), "")
	defer other.Close()
	first := event(org, 1)
	for range 3 {
		a.publish(first)
		b.publish(first)
	}
	a.publish(event(org, 2))
	for n := 1; n <= 2; n++ {
		x, y := next(t, here), next(t, there)
		if number(x) != n || x.ID != y.ID || string(x.Data) != string(y.Data) {
			t.Fatalf("message %d: %+v and %+v", n, x, y)
		}
	}
	id := a.broker.Seq()
	for n := 3; n <= 5; n++ {
		a.publish(event(org, n))
	}
	if err := a.broker.PublishAll("book", map[string]int{"seq": 1}); err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]*process{"a": a, "b": b} {
		if got := collect(t, p, org, id, 5); len(got) != 3 {
			t.Errorf("resumed at %s: %v", name, got)
		}
	}
	// The book is everybody's, and all that the stranger gets.
	if m := next(t, other); m.Event != "book" {
		t.Errorf("a stranger got %s %s", m.Event, m.Data)
	}
	// A third process that starts late knows what was before it.
	c := newProcess(t, Config{URL: l.srv.URL(), Token: token})
	if got := collect(t, c, org, id, 5); len(got) != 3 {
		t.Errorf("resumed at a late process: %v", got)
	}
	for _, odd := range []string{"", "x", "-1", "0000000000000000-3", id[:len(id)-1] + "99999999"} {
		s, missed, resumed := b.broker.Subscribe(viewer(org), odd)
		s.Close()
		if resumed || len(missed) > 0 {
			t.Errorf("id %q is resumed with %d messages", odd, len(missed))
		}
	}
}

// TestALaggingProcessTellsNothingTwice: a browser that comes with an id this
// process has not reached yet gets what follows the id, once.
func TestALaggingProcessTellsNothingTwice(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	a := newProcess(t, Config{Server: l.srv})
	org := hashyard.NewID()
	lagging := web.NewBroker(0)
	r, err := Open(Config{URL: l.srv.URL(), Token: token, Broker: lagging})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	stream, _, _ := strings.Cut(a.broker.Seq(), "-")
	lagging.Begin(stream, 0)
	for n := 1; n <= 4; n++ {
		a.publish(event(org, n))
	}
	s, missed, resumed := lagging.Subscribe(viewer(org), stream+"-2")
	defer s.Close()
	if !resumed || len(missed) > 0 {
		t.Fatalf("resumed %t, missed %d", resumed, len(missed))
	}
	st, _, err := r.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for seq := uint64(1); seq <= 4; seq++ {
		m, err := st.GetMsg(t.Context(), seq)
		if err == nil {
			err = lagging.Receive(seq, m.Data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if x, y := number(next(t, s)), number(next(t, s)); x != 3 || y != 4 || len(s.C) != 0 {
		t.Errorf("got %d and %d, %d more", x, y, len(s.C))
	}
	if err := lagging.Receive(9, nil); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("a gap is taken: %v", err)
	}
}

// TestARestartedServerLosesNothing: the server is away for a while; what was
// published before and after it comes to every browser once, in order.
func TestARestartedServerLosesNothing(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	a := newProcess(t, Config{URL: l.srv.URL(), Token: token})
	b := newProcess(t, Config{URL: l.srv.URL(), Token: token})
	org := hashyard.NewID()
	start := a.broker.Seq()
	s, _, _ := b.broker.Subscribe(viewer(org), start)
	defer s.Close()
	a.publish(event(org, 1))
	if n := number(next(t, s)); n != 1 {
		t.Fatalf("got %d", n)
	}
	l.stop()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	lost := event(org, 2)
	if err := a.broker.PublishEvent(ctx, lost); !errors.Is(err, hashyard.Unavailable) {
		t.Errorf("published without a server: %v", err)
	}
	cancel()
	l.start()
	// The outbox hands the event over until it is taken.
	until(t, func() error { return a.broker.PublishEvent(t.Context(), lost) })
	a.publish(event(org, 3))
	for n := 2; n <= 3; n++ {
		if got := number(next(t, s)); got != n {
			t.Fatalf("got %d, want %d", got, n)
		}
	}
	for name, p := range map[string]*process{"a": a, "b": b} {
		if got := collect(t, p, org, start, 3); len(got) != 3 {
			t.Errorf("resumed at %s: %v", name, got)
		}
	}
}

// TestAStreamMadeAnewIsNotResumed: browsers of a stream that is no more are
// told to load anew, at every process, also when it gives the same numbers.
func TestAStreamMadeAnewIsNotResumed(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	a := newProcess(t, Config{URL: l.srv.URL(), Token: token})
	b := newProcess(t, Config{URL: l.srv.URL(), Token: token})
	org := hashyard.NewID()
	for n := 1; n <= 5; n++ {
		a.publish(event(org, n))
	}
	until(t, func() error { return same(a, b) })
	old := a.broker.Seq()
	s, _, _ := b.broker.Subscribe(viewer(org), old)
	defer s.Close()
	if err := a.relay.js.DeleteStream(t.Context(), streamName); err != nil {
		t.Fatal(err)
	}
	until(t, func() error { // a process makes it anew and all go over to it
		if cut, _, _ := strings.Cut(old, "-"); strings.HasPrefix(a.broker.Seq(), cut) {
			return errors.New("still the old stream")
		}
		return same(a, b)
	})
	for range s.C { // its browser is sent away
	}
	for n := 1; n <= 7; n++ {
		ev := event(org, n)
		until(t, func() error { return a.broker.PublishEvent(t.Context(), ev) })
	}
	for name, p := range map[string]*process{"a": a, "b": b} {
		again, missed, resumed := p.broker.Subscribe(viewer(org), old)
		again.Close()
		if resumed || len(missed) > 0 {
			t.Errorf("%s: an id of the old stream is resumed with %d messages", name, len(missed))
		}
	}
}

func same(a, b *process) error {
	if x, y := a.broker.Seq(), b.broker.Seq(); x != y || strings.HasPrefix(x, "-") {
		return fmt.Errorf("at %s and %s", x, y)
	}
	return nil
}

// TestOldMessagesFallOut: what is older than the stream keeps is not resumed.
func TestOldMessagesFallOut(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	a := newProcess(t, Config{URL: l.srv.URL(), Token: token})
	org := hashyard.NewID()
	start := a.broker.Seq()
	for n := 1; n <= 6; n++ {
		a.publish(event(org, n))
	}
	kept := ""
	until(t, func() error {
		if kept = a.broker.Seq(); !strings.HasSuffix(kept, "-6") {
			return fmt.Errorf("at %s", kept)
		}
		return nil
	})
	st, err := a.relay.js.Stream(t.Context(), streamName)
	if err == nil {
		err = st.Purge(t.Context(), jetstream.WithPurgeSequence(5))
	}
	if err != nil {
		t.Fatal(err)
	}
	late := newProcess(t, Config{URL: l.srv.URL(), Token: token})
	until(t, func() error { return same(a, late) })
	s, missed, resumed := late.broker.Subscribe(viewer(org), start)
	s.Close()
	if resumed || len(missed) != 0 && number(missed[0]) != 5 {
		t.Errorf("resumed %t with %d messages", resumed, len(missed))
	}
	if got := collect(t, late, org, strings.TrimSuffix(kept, "6")+"4", 6); len(got) != 2 {
		t.Errorf("from 4: %v", got)
	}
}

// TestStrangersAreRefused: without the token nobody reads or writes.
func TestStrangersAreRefused(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	for _, opts := range [][]nats.Option{nil, {nats.Token("wrong-token-of-a-test")}, {nats.UserInfo("hashyard", token)}} {
		c, err := nats.Connect(l.srv.URL(), opts...)
		if err == nil {
			c.Close()
			t.Error("a stranger was let in")
		}
	}
	for _, cfg := range []ServerConfig{
		{Dir: t.TempDir(), Listen: "0.0.0.0:0", Token: token},
		{Dir: t.TempDir(), Listen: "192.0.2.1:4222", Token: token},
		{Dir: t.TempDir(), Listen: "nowhere", Token: token},
		{Dir: t.TempDir(), Token: "short"},
		{Dir: l.cfg.Dir, Token: token},
	} {
		if srv, err := Serve(cfg); err == nil {
			srv.Close()
			t.Errorf("%+v is served", cfg)
		}
	}
}

// TestOneProcessNeedsNoPort: by itself a yard's server listens nowhere.
func TestOneProcessNeedsNoPort(t *testing.T) {
	t.Parallel()
	srv, err := Serve(ServerConfig{Dir: t.TempDir(), Token: token})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(srv.Close)
	if srv.URL() != "" {
		t.Errorf("listens at %s", srv.URL())
	}
	p := newProcess(t, Config{Server: srv})
	t.Cleanup(p.end)
	org := hashyard.NewID()
	start := p.broker.Seq()
	p.publish(event(org, 1))
	if got := collect(t, p, org, start, 1); len(got) != 1 {
		t.Errorf("got %v", got)
	}
}
