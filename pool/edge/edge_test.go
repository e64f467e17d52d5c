package edge

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"hashyard"
	"hashyard/pool"
	"hashyard/pool/share"
	"hashyard/pool/stratum/stratumtest"
)

// Cut off from the yard, an edge takes every share; when the line is back, all
// are credited, once.
func TestNoShareIsLostWhileTheLineIsDown(t *testing.T) {
	t.Parallel()
	y := newYard(t, nil)
	y.offer(1, hardBits)
	e := y.edge(y.enrol("fra1"), nil)
	miners := newCrew()
	ctx, rest := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for _, user := range []string{"acme.one", "acme.two", "acme.unit3"} {
		wg.Go(func() { miners.mine(ctx, e.Server().Addr().String(), user, "secret") })
	}
	more := func(what string, n int) {
		want := miners.count() + n
		eventually(t, "shares "+what, func() bool { return miners.count() >= want })
	}
	more("with the line", 50)
	for range 3 {
		e.line.cut()
		more("without the line", 50)
		e.line.mend()
		more("with the line again", 20)
	}
	rest()
	wg.Wait()
	if _, _, err := y.hub.Flush(t.Context()); err != nil {
		eventually(t, "a flush", func() bool { _, _, err := y.hub.Flush(t.Context()); return err == nil })
	}
	if len(miners.refused) > 0 || miners.cuts > 0 {
		t.Errorf("%d shares were refused, the first: %v; %d sessions ended", len(miners.refused), miners.refused[:min(1, len(miners.refused))], miners.cuts)
	}
	y.creditedOnce(miners)
	if en1 := dial(t, e, "acme.four", "").Extranonce1(); !strings.HasPrefix(en1, "01") {
		t.Errorf("extranonce %s does not begin with the edge's number", en1)
	}
}

func dial(t *testing.T, e *edgeBeside, user, password string) *stratumtest.Client {
	t.Helper()
	c, err := tryDial(t, e, user, password)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func tryDial(t *testing.T, e *edgeBeside, user, password string) (*stratumtest.Client, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	c, err := stratumtest.Dial(ctx, e.Server().Addr().String())
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = c.Close() })
	return c, c.Handshake(ctx, user, password, 0)
}

// An edge that stops forwards what it has and says goodbye; started again it
// goes on, and what it could not forward before is not lost.
func TestAnEdgeGoesOnAfterItsEnd(t *testing.T) {
	t.Parallel()
	y := newYard(t, nil)
	y.offer(1, hardBits)
	e := y.edge(y.enrol("fra1"), nil)
	miners := newCrew()
	work := func(e *edgeBeside, n int) {
		ctx, rest := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { miners.mine(ctx, e.Server().Addr().String(), "acme.one", "") })
		want := miners.count() + n
		eventually(t, "shares", func() bool { return miners.count() >= want })
		rest()
		wg.Wait()
	}
	work(e, 20)
	if err := e.stop(); err != nil {
		t.Fatal(err)
	}
	if m, _ := y.Edges(t.Context()); m[0].Awake {
		t.Error("it has not said goodbye")
	}
	if _, _, err := y.hub.Flush(t.Context()); err != nil {
		t.Errorf("a sleeping edge is waited for: %v", err)
	}
	y.creditedOnce(miners)
	e = y.start(e.cfg, e.line)
	work(e, 20)
	e.line.cut()
	work(e, 20)
	if err := e.stop(); err != nil {
		t.Fatal(err)
	}
	if m, _ := y.Edges(t.Context()); !m[0].Awake {
		t.Error("it stopped with shares that nobody else has, and is said to sleep")
	}
	e.line.mend()
	e = y.start(e.cfg, e.line)
	work(e, 5)
	y.creditedOnce(miners)
}

// While the yard is away, whom it has let in may come back, with the same
// secret; nobody else.
func TestKnownWorkersMineOnWithoutTheYard(t *testing.T) {
	t.Parallel()
	y := newYard(t, nil)
	y.offer(1, hardBits)
	e := y.edge(y.enrol("fra1"), nil)
	dial(t, e, "acme.plain", "x")
	dial(t, e, "acme.unit1", "secret")
	if _, err := tryDial(t, e, "acme.unit2", "guess"); code(err) != int(share.Unauthorised) {
		t.Errorf("a wrong secret hears %v", err)
	}
	e.line.cut()
	eventually(t, "the cut is noticed", func() bool { return !e.conn.IsConnected() })
	dial(t, e, "acme.plain", "y")
	dial(t, e, "acme.unit1", "secret")
	if _, err := tryDial(t, e, "acme.unit1", "guess"); code(err) != int(share.Unauthorised) {
		t.Errorf("a wrong secret of a known worker hears %v", err)
	}
	if _, err := tryDial(t, e, "acme.stranger", ""); code(err) != int(share.Other) {
		t.Errorf("a stranger hears %v", err)
	}
	if err := e.grants.save(); err != nil {
		t.Fatal(err)
	}
	kept, err := openGrants(e.grants.path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kept.get("ACME.unit1", "secret"); err != nil || kept.size() != 2 {
		t.Errorf("of %d kept workers one is not known: %v", kept.size(), err)
	}
}

func code(err error) int {
	var e *stratumtest.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

// A worker that was retired while the line was down is sent away when it is
// back, and one whose share rate changed is told.
func TestWordsThatWereMissedAreAskedFor(t *testing.T) {
	t.Parallel()
	y := newYard(t, nil)
	y.offer(1, hardBits)
	e := y.edge(y.enrol("fra1"), nil)
	dial(t, e, "acme.unit1", "secret")
	dial(t, e, "acme.unit2", "secret")
	e.line.cut()
	y.mu.Lock()
	y.gone["acme.unit1"] = true
	y.mu.Unlock()
	e.line.mend()
	if err := e.askStanding(t.Context()); err != nil {
		eventually(t, "the standing", func() bool { return e.askStanding(t.Context()) == nil })
	}
	eventually(t, "the end of the retired one's session", func() bool {
		s := e.Server().Sessions()
		return len(s) == 1 && s[0].User == "acme.unit2"
	})
	y.hub.CloseWorker(grant("acme.unit2").Worker, "its machine works for somebody else")
	eventually(t, "the other's end", func() bool { return len(e.Server().Sessions()) == 0 && e.grants.size() == 0 })
}

// A block is at the yard when the line is there, and kept over a cut, a
// restart and a database that is away.
func TestABlockReachesTheYard(t *testing.T) {
	t.Parallel()
	y := newYard(t, nil)
	y.offer(1, easyBits)
	var own sync.Map // blocks at the edge's own node
	e := y.edge(y.enrol("fra1"), func(c *Config) {
		c.Submit = func(_ context.Context, b []byte) (string, error) { own.Store(string(b), true); return "", nil }
	})
	c := dial(t, e, "acme.one", "")
	find := func() [32]byte {
		t.Helper()
		s, err := c.Mine(t.Context(), c.Job(), c.Job().Difficulty, 0)
		if err == nil {
			err = c.Submit(t.Context(), s)
		}
		if err != nil {
			t.Fatal(err)
		}
		return s.Hash
	}
	has := func(hash [32]byte) bool {
		y.mu.Lock()
		defer y.mu.Unlock()
		for _, f := range y.found {
			if f.Hash == hash && f.Worker == grant("acme.one").Worker && len(f.Raw) > 80 {
				_, judged := own.Load(string(f.Raw))
				return judged
			}
		}
		return false
	}
	first := find()
	eventually(t, "the first block", func() bool { return has(first) && e.blocks.size() == 0 })
	e.line.cut()
	second := find()
	eventually(t, "the second block in its file", func() bool {
		b, err := openBlockBox(e.blocks.dir)
		return err == nil && b.size() == 1
	})
	if err := e.stop(); err != nil {
		t.Fatal(err)
	}
	y.mu.Lock()
	y.refuse = errors.New("no database")
	y.mu.Unlock()
	e.line.mend()
	e = y.start(e.cfg, e.line)
	time.Sleep(50 * time.Millisecond) // it tries in vain
	y.mu.Lock()
	y.refuse = nil
	y.mu.Unlock()
	eventually(t, "the second block", func() bool { return has(second) && e.blocks.size() == 0 })
}

// What needs all shares waits for an edge that is away, but not for ever.
func TestFlushHasPatience(t *testing.T) {
	t.Parallel()
	y := newYard(t, func(c *HubConfig) { c.Patience = 300 * time.Millisecond })
	y.offer(1, hardBits)
	e := y.edge(y.enrol("fra1"), nil)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	eventually(t, "a flush", func() bool { _, _, err := y.hub.Flush(ctx); return err == nil })
	e.line.cut()
	flush := func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, _, err := y.hub.Flush(ctx)
		return err
	}
	if err := flush(); !errors.Is(err, hashyard.Unavailable) {
		t.Fatalf("with the line down it says %v", err)
	}
	if !y.hub.States()[0].Waited {
		t.Error("nobody sees that it is waited for")
	}
	eventually(t, "the end of patience", func() bool { return flush() == nil })
	e.line.mend()
	eventually(t, "its return", func() bool { return e.sayHello(t.Context()) == nil })
	if err := y.hub.Ready(t.Context()); err != nil {
		t.Error(err)
	}
}

// An edge that is cut off for too long offers no work, and offers it again.
func TestCutOffForLongItSuspends(t *testing.T) {
	t.Parallel()
	y := newYard(t, nil)
	y.offer(1, hardBits)
	e := y.edge(y.enrol("fra1"), func(c *Config) { c.CutOff = 100 * time.Millisecond })
	dial(t, e, "acme.one", "")
	e.line.cut()
	eventually(t, "the end of work", func() bool { return len(e.Server().Sessions()) == 0 })
	st, err := e.Status(t.Context())
	if err != nil || st.Suspended == "" || st.Cut == 0 {
		t.Errorf("status %+v, %v", st, err)
	}
	e.line.mend()
	y.offer(2, hardBits)
	eventually(t, "work", func() bool { _, err := tryDial(t, e, "acme.one", ""); return err == nil })
	y.hub.Suspend("no node")
	eventually(t, "the yard's own suspension", func() bool { return e.suspendedFor() == "no node" && len(e.Server().Sessions()) == 0 })
}

// A share log that was set back is told from a new one: its numbers would be
// taken for ones that are booked.
func TestALogThatWasSetBackIsNotUsed(t *testing.T) {
	t.Parallel()
	y := newYard(t, nil)
	y.offer(1, hardBits)
	e := y.edge(y.enrol("fra1"), nil)
	name, _ := e.log.Position()
	if err := e.stop(); err != nil {
		t.Fatal(err)
	}
	y.mu.Lock()
	m := y.byNumber(1)
	m.Stream, m.Seq = name, 1_000
	y.mu.Unlock()
	if _, err := Open(t.Context(), e.cfg); !errors.Is(err, hashyard.Conflict) || !strings.Contains(err.Error(), "set back") {
		t.Fatalf("it says %v", err)
	}
}

// Only enrolled keys come in, one process each, and none into another's
// subjects.
func TestWhoMayCome(t *testing.T) {
	t.Parallel()
	y := newYard(t, nil)
	y.offer(1, hardBits)
	seed := y.enrol("fra1")
	e := y.edge(seed, nil)

	stranger, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	sseed, err := stranger.Seed()
	if err != nil {
		t.Fatal(err)
	}
	try := func(seed []byte) error {
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		cfg := e.cfg
		cfg.Dir, cfg.Seed = t.TempDir(), seed
		other, err := Open(ctx, cfg)
		if err == nil {
			_ = other.close()
		}
		return err
	}
	if try(sseed) == nil {
		t.Error("a stranger's key comes in")
	}
	if try(seed) == nil {
		t.Error("a second process with the same key comes in")
	}
	second := connect(t, y, y.enrol("lon1"))
	for _, subject := range []string{toYard(1, verbForward), toYard(1, verbBye), toEdge(1, verbClose), yardOf(e.key)} {
		denied := make(chan error, 1)
		second.SetErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			select {
			case denied <- err:
			default:
			}
		})
		if err := errors.Join(second.Publish(subject, []byte("{}")), second.Flush()); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-denied:
			if !errors.Is(err, nats.ErrPermissionViolation) {
				t.Errorf("%s: %v", subject, err)
			}
		case <-time.After(5 * time.Second):
			t.Errorf("another edge's %s may be used", subject)
		}
	}
	y.mu.Lock()
	y.byNumber(1).Revoked = time.Now()
	y.mu.Unlock()
	eventually(t, "the revoked edge's end", func() bool { return !e.conn.IsConnected() })
}

func connect(t *testing.T, y *yard, seed []byte) *nats.Conn {
	t.Helper()
	pair, err := nkeys.FromSeed(seed)
	if err != nil {
		t.Fatal(err)
	}
	key, err := pair.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	nc, err := nats.Connect("nats://"+y.hub.Addr().String(), nats.Nkey(key, pair.Sign), nats.CustomInboxPrefix(inbox(key)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// What does not hold together is refused before it gets into the log, which
// could not be read past it.
func TestForwardsAreReadBeforeTheyAreKept(t *testing.T) {
	t.Parallel()
	y := newYard(t, nil)
	nc := connect(t, y, y.enrol("fra1"))
	key := nc.Opts.Nkey
	ask := func(subject string, b []byte) error {
		m, err := nc.Request(subject, b, 5*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		return heard(m, nil)
	}
	good := share.Forward{Edge: 1, Stream: "s", Messages: [][]byte{share.Encode([]share.Record{{Code: 0}})}}
	if err := ask(toYard(1, verbForward), good.Encode()); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("before hello: %v", err)
	}
	if err := ask(yardOf(key), []byte(`{"Boot":"b"}`)); err != nil {
		t.Fatal(err)
	}
	foreign := good
	foreign.Edge = 2
	bad := good
	bad.Messages = [][]byte{{99}}
	for _, tt := range []struct {
		what string
		b    []byte
		want error
	}{
		{"nothing", nil, hashyard.Invalid}, {"another edge's", foreign.Encode(), hashyard.Denied}, {"no records", bad.Encode(), hashyard.Invalid},
	} {
		if err := ask(toYard(1, verbForward), tt.b); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", tt.what, err)
		}
	}
	if err := ask(toYard(1, verbForward), good.Encode()); err != nil {
		t.Errorf("a good one: %v", err)
	}
	if err := ask(toYard(1, "nonsense"), nil); !errors.Is(err, hashyard.Invalid) {
		t.Errorf("nonsense: %v", err)
	}
	if _, seq := y.log.Position(); seq != 1 {
		t.Errorf("the log has %d messages, want 1", seq)
	}
}

// The yard sees the sessions of its edges, and a machine that comes to another
// edge leaves the first.
func TestSessionsAreSeenAtTheYard(t *testing.T) {
	t.Parallel()
	here := make(chan hashyard.ID, 4)
	y := newYard(t, func(c *HubConfig) { c.CloseHere = func(w hashyard.ID, _ string) { here <- w } })
	y.offer(1, hardBits)
	one, two := y.edge(y.enrol("fra1"), nil), y.edge(y.enrol("lon1"), nil)
	dial(t, one, "acme.unit1", "secret")
	eventually(t, "the session is told", func() bool { y.mu.Lock(); defer y.mu.Unlock(); return len(y.opened) == 1 })
	eventually(t, "the session is reported", func() bool {
		s := y.hub.Sessions()
		return len(s) == 1 && s[0].User == "acme.unit1" && s[0].Worker == grant("acme.unit1").Worker
	})
	dial(t, two, "acme.unit1", "secret")
	eventually(t, "it left the first", func() bool { return len(one.Server().Sessions()) == 0 && len(two.Server().Sessions()) == 1 })
	if w := <-here; w != grant("acme.unit1").Worker {
		t.Errorf("worker %s was to leave the yard", w)
	}
}

var (
	_ Machines  = pool.EdgeStore(nil)
	_ Accounts  = (*pool.Service)(nil)
	_ pool.Log  = (*Hub)(nil)
	_ pool.Edge = (*Hub)(nil)
)
