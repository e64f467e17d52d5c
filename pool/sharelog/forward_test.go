package sharelog

import (
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"

	"hashyard"
	"hashyard/pool/share"
)

// What an edge forwarded stands in the log as it came, between the log's own
// shares, and twice in a row only once.
func TestForwardedMessagesKeepTheirPlace(t *testing.T) {
	t.Parallel()
	l := open(t, Config{Dir: t.TempDir(), Window: time.Millisecond})
	name, _ := l.Position()
	own, theirs := record(1), []Record{record(2), record(3), record(4)}
	f := share.Forward{Edge: 7, Stream: "edge-log", After: 41, Messages: [][]byte{share.Encode(theirs[:2]), share.Encode(nil), share.Encode(theirs[2:])}}
	if err := l.Append(t.Context(), own); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := l.Forward(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
	if _, seq := l.Position(); seq != 2 {
		t.Fatalf("the log has %d messages, want 2", seq)
	}
	if err := l.Append(t.Context(), own); err != nil {
		t.Fatal(err)
	}
	var runs []share.Run
	db := &store{fail: func(b Batch) (bool, error) { runs = append(runs, b.Runs...); return true, nil }}
	db.until(t, l, ConsumerConfig{})
	if diff := cmp.Diff([]Record{own, theirs[0], theirs[1], theirs[2], own}, db.got); diff != "" {
		t.Error(diff)
	}
	want := []share.Run{
		{Stream: name, Seq: 1, N: 1},
		{Edge: 7, Stream: "edge-log", Seq: 42, N: 2},
		{Edge: 7, Stream: "edge-log", Seq: 43, N: 0},
		{Edge: 7, Stream: "edge-log", Seq: 44, N: 1},
		{Stream: name, Seq: 3, N: 1},
	}
	if diff := cmp.Diff(want, runs); diff != "" {
		t.Error(diff)
	}
}

// Many logs forward at once, each in order, while the log has shares of its own.
func TestForwardsFromManySidesAreAllThere(t *testing.T) {
	t.Parallel()
	l := open(t, Config{Dir: t.TempDir(), Window: time.Millisecond})
	const edges, messages = 4, 25
	answers := make(chan error, edges*messages+messages)
	for edge := range byte(edges) {
		go func() {
			for n := range uint64(messages) {
				answers <- l.Forward(t.Context(), share.Forward{
					Edge: edge + 1, Stream: string('a' + rune(edge)), After: n, Messages: [][]byte{share.Encode([]Record{record(n)})},
				})
			}
		}()
	}
	for n := range uint64(messages) {
		l.Submit(record(n), func(err error) { answers <- err })
	}
	for range edges*messages + messages {
		if err := <-answers; err != nil {
			t.Fatal(err)
		}
	}
	last := map[byte]uint64{}
	db := &store{fail: func(b Batch) (bool, error) {
		for _, r := range b.Runs {
			if r.Edge != 0 && r.Seq != last[r.Edge]+1 {
				t.Errorf("edge %d: message %d follows %d", r.Edge, r.Seq, last[r.Edge])
			}
			last[r.Edge] = r.Seq
		}
		return true, nil
	}}
	db.until(t, l, ConsumerConfig{MaxRecords: 7})
	if len(db.got) != edges*messages+messages {
		t.Errorf("%d shares of %d", len(db.got), edges*messages+messages)
	}
}

func TestAForwardThatIsTooLargeIsRefused(t *testing.T) {
	t.Parallel()
	l := open(t, Config{Dir: t.TempDir()})
	err := l.Forward(t.Context(), share.Forward{Edge: 1, Stream: "s", Messages: [][]byte{make([]byte, MaxForward)}})
	if !errors.Is(err, hashyard.Invalid) {
		t.Fatalf("it says %v", err)
	}
}

// A cluster of others holds the stream as well: the log is opened with a key,
// goes on where it was, survives the server's restart, and a stranger's key
// does not open it.
func TestLogOnAClusterOfItsOwn(t *testing.T) {
	t.Parallel()
	user, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	public, err := user.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	seed := writeSeed(t, user)
	store1 := t.TempDir()
	start := func(port int) *server.Server {
		srv, err := server.NewServer(&server.Options{
			Host: "127.0.0.1", Port: port, NoSigs: true, JetStream: true, StoreDir: store1, SyncAlways: true,
			Nkeys: []*server.NkeyUser{{Nkey: public}},
		})
		if err != nil {
			t.Fatal(err)
		}
		srv.Start()
		if !srv.ReadyForConnections(20 * time.Second) {
			t.Fatal("the cluster does not start")
		}
		return srv
	}
	srv := start(-1)
	defer func() { srv.Shutdown(); srv.WaitForShutdown() }()
	cfg := Config{Dir: t.TempDir(), Window: time.Millisecond, Logger: slog.New(slog.DiscardHandler), Cluster: &Cluster{URL: srv.ClientURL(), Seed: seed}}
	l := open(t, cfg)
	if err := l.Append(t.Context(), record(1)); err != nil {
		t.Fatal(err)
	}
	port := srv.Addr().(*net.TCPAddr).Port
	srv.Shutdown()
	srv.WaitForShutdown()
	answer := make(chan error, 1)
	l.Submit(record(2), func(err error) { answer <- err }) // while it is away
	srv = start(port)
	if err := <-answer; err != nil {
		t.Fatalf("a share over the restart: %v", err)
	}
	if err := l.Writable(t.Context()); err != nil {
		t.Error(err)
	}
	name, _ := l.Position()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, cfg)
	if n, seq := again.Position(); n != name || seq != 2 {
		t.Errorf("opened again it is %s at %d, it was %s at 2", n, seq, name)
	}
	db := &store{}
	db.until(t, again, ConsumerConfig{})
	if diff := cmp.Diff([][32]byte{record(1).Hash, record(2).Hash}, [][32]byte{db.got[0].Hash, db.got[1].Hash}); diff != "" || len(db.got) != 2 {
		t.Errorf("%d shares: %s", len(db.got), diff)
	}
	stranger, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	cfg.Dir, cfg.Cluster = t.TempDir(), &Cluster{URL: srv.ClientURL(), Seed: writeSeed(t, stranger)}
	if l, err := Open(t.Context(), cfg); err == nil {
		_ = l.Close()
		t.Error("a stranger's key opens it")
	}
}

// The log is behind when nothing is applied for long, not when there is
// nothing to apply.
func TestBehindTellsOfWorkThatWaits(t *testing.T) {
	t.Parallel()
	l := open(t, Config{Dir: t.TempDir(), Window: time.Microsecond, MaxLag: time.Nanosecond})
	add := func() {
		if err := l.Append(t.Context(), record(1)); err != nil {
			t.Fatal(err)
		}
	}
	add()
	if err := l.Behind(); err != nil {
		t.Fatalf("before there is a reader: %v", err)
	}
	db := &store{}
	db.until(t, l, ConsumerConfig{})
	if err := l.Behind(); err != nil {
		t.Fatalf("with all applied: %v", err)
	}
	add()
	st, err := l.Stats(t.Context())
	if err != nil || st.Backlog != 1 || st.BacklogBytes == 0 || st.BacklogOldest <= 0 {
		t.Errorf("backlog %d messages, %d bytes, %s old; %v", st.Backlog, st.BacklogBytes, st.BacklogOldest, err)
	}
	if err := l.Behind(); !errors.Is(err, hashyard.Exhausted) {
		t.Fatalf("with one waiting: %v", err)
	}
	db.until(t, l, ConsumerConfig{})
	if st, err := l.Stats(t.Context()); err != nil || st.Backlog != 0 {
		t.Errorf("backlog %d, %v", st.Backlog, err)
	}
}

func TestManyWaitingSharesAreBehind(t *testing.T) {
	t.Parallel()
	l := open(t, Config{Dir: t.TempDir(), MaxPending: 8, Window: time.Hour})
	done := make(chan error, 2)
	for n := range uint64(2) {
		if err := l.Behind(); err != nil {
			t.Fatal(err)
		}
		l.Submit(record(n), func(err error) { done <- err })
	}
	if err := l.Behind(); !errors.Is(err, hashyard.Exhausted) {
		t.Fatalf("it says %v", err)
	}
}

func writeSeed(t *testing.T, key nkeys.KeyPair) string {
	t.Helper()
	b, err := key.Seed()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "seed")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
