package sharelog

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"

	"hashyard"
	"hashyard/pool/share"
)

const childEnv = "HASHYARD_SHARELOG_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		child(dir)
		return
	}
	os.Exit(m.Run())
}

func open(t testing.TB, cfg Config) *Log {
	t.Helper()
	l, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func record(n uint64) Record {
	r := Record{
		Session: hashyard.NewID(), Account: hashyard.NewID(), Worker: hashyard.NewID(), Epoch: hashyard.NewID(),
		At: time.UnixMilli(1_700_000_000_123).UTC(), Sent: time.UnixMilli(1_700_000_000_023).UTC(), Difficulty: 1 << 17, Secret: true,
	}
	copy(r.Hash[:], strconv.FormatUint(n, 16))
	return r
}

// store stands for the database: effect and checkpoint change together.
type store struct {
	mu     sync.Mutex
	stream string
	seq    uint64
	got    []Record
	fail   func(b Batch) (commit bool, err error)
}

func (s *store) checkpoint(context.Context) (string, uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stream, s.seq, nil
}

func (s *store) apply(_ context.Context, b Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stream == b.Stream && b.Seq <= s.seq {
		return fmt.Errorf("batch %d again after %d", b.Seq, s.seq)
	}
	commit, err := true, error(nil)
	if s.fail != nil {
		commit, err = s.fail(b)
	}
	if commit {
		s.stream, s.seq = b.Stream, b.Seq
		s.got = append(s.got, b.Records...)
	}
	return err
}

// until consumes until the store is at the log's position.
func (s *store) until(t testing.TB, l *Log, cfg ConsumerConfig) {
	t.Helper()
	stream, seq, err := l.Flush(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cfg.Log, cfg.Checkpoint = l, s.checkpoint
	err = NewConsumer(cfg).Run(ctx, func(ctx context.Context, b Batch) error {
		err := s.apply(ctx, b)
		if err == nil && b.Seq >= seq {
			cancel()
		}
		return err
	})
	if !errors.Is(err, context.Canceled) || s.stream != stream || s.seq < seq {
		t.Fatalf("consumer ended at %d of %d: %v", s.seq, seq, err)
	}
}

func TestAppendedSharesComeBackOnceInOrder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := open(t, Config{Dir: dir})
	var want []Record
	for n := range uint64(5) {
		r := record(n)
		if err := l.Append(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		want = append(want, r)
	}
	low := record(9)
	low.Code, low.Hash, low.Sent = int(share.LowDifficulty), [32]byte{}, time.Time{}
	l.AppendLater(low)
	want = append(want, low)
	var db store
	db.until(t, l, ConsumerConfig{})
	if diff := cmp.Diff(want, db.got); diff != "" {
		t.Fatal(diff)
	}
	name, seq := l.Position()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}

	// The next process goes on where this one ended.
	l = open(t, Config{Dir: dir})
	if n, s := l.Position(); n != name || s != seq {
		t.Fatalf("reopened at %s %d, was %s %d", n, s, name, seq)
	}
	more := record(10)
	if err := l.Append(t.Context(), more); err != nil {
		t.Fatal(err)
	}
	db.until(t, l, ConsumerConfig{})
	if diff := cmp.Diff(append(want, more), db.got); diff != "" {
		t.Fatal(diff)
	}
}

func TestGroupsShareOneWrite(t *testing.T) {
	t.Parallel()
	l := open(t, Config{Dir: t.TempDir(), Window: 100 * time.Millisecond})
	var wg sync.WaitGroup
	for n := range uint64(300) {
		wg.Go(func() {
			if err := l.Append(t.Context(), record(n)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if _, seq := l.Position(); seq > 30 {
		t.Fatalf("300 shares of one moment took %d writes", seq)
	}
	var db store
	db.until(t, l, ConsumerConfig{MaxRecords: 7})
	seen := map[[32]byte]bool{}
	for _, r := range db.got {
		seen[r.Hash] = true
	}
	if len(db.got) != 300 || len(seen) != 300 {
		t.Fatalf("%d records, %d distinct", len(db.got), len(seen))
	}
}

// TestApplyingTwiceTakesEffectOnce loses the answer of a commit, fails others,
// and still counts every share once.
func TestApplyingTwiceTakesEffectOnce(t *testing.T) {
	t.Parallel()
	l := open(t, Config{Dir: t.TempDir(), Window: time.Microsecond})
	for n := range uint64(20) {
		if err := l.Append(t.Context(), record(n)); err != nil {
			t.Fatal(err)
		}
	}
	calls := 0
	db := store{fail: func(Batch) (bool, error) {
		calls++
		switch calls {
		case 2:
			return true, errors.New("the commit's answer was lost")
		case 3, 5:
			return false, hashyard.Conflict.Errorf("serialization failure")
		}
		return true, nil
	}}
	db.until(t, l, ConsumerConfig{MaxRecords: 3})
	seen := map[[32]byte]bool{}
	for _, r := range db.got {
		seen[r.Hash] = true
	}
	if len(db.got) != 20 || len(seen) != 20 {
		t.Fatalf("%d records, %d distinct", len(db.got), len(seen))
	}
}

func TestFullLogRefusesAndKeeps(t *testing.T) {
	t.Parallel()
	l := open(t, Config{Dir: t.TempDir(), MaxBytes: 20_000, Window: time.Microsecond})
	var stored int
	for n := range uint64(1000) {
		err := l.Append(t.Context(), record(n))
		if errors.Is(err, hashyard.Exhausted) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		stored++
	}
	if stored == 0 || stored == 1000 {
		t.Fatalf("stored %d shares in 20 kB", stored)
	}
	if err := l.Append(t.Context(), record(1)); !errors.Is(err, hashyard.Exhausted) {
		t.Fatalf("full log says %v", err)
	}
	var db store
	db.until(t, l, ConsumerConfig{}) // which also drops the older half
	if len(db.got) != stored {
		t.Fatalf("%d of %d acknowledged shares are there", len(db.got), stored)
	}
	if err := l.Append(t.Context(), record(1)); err != nil {
		t.Fatalf("room was made, but: %v", err)
	}
	db.until(t, l, ConsumerConfig{})
	if len(db.got) != stored+1 {
		t.Fatalf("%d shares, want %d", len(db.got), stored+1)
	}
}

func TestTooManyWaitingIsRefused(t *testing.T) {
	t.Parallel()
	l := open(t, Config{Dir: t.TempDir(), MaxPending: 10, Window: time.Second})
	answers := make(chan error, 100)
	for n := range uint64(50) {
		l.Submit(record(n), func(err error) { answers <- err })
	}
	refused := 0
	for range 40 { // the refusals come at once
		if err := <-answers; !errors.Is(err, hashyard.Exhausted) {
			t.Fatalf("answer %v", err)
		}
		refused++
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if err := <-answers; err != nil {
			t.Fatalf("a queued share is made durable at Close, not %v", err)
		}
	}
	if err := l.Append(t.Context(), record(1)); !errors.Is(err, hashyard.Exhausted) {
		t.Fatalf("closed log says %v", err)
	}
}

func TestOneProcessAtATime(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open(t, Config{Dir: dir})
	if _, err := Open(t.Context(), Config{Dir: dir}); !errors.Is(err, hashyard.Conflict) {
		t.Fatalf("second opener hears %v", err)
	}
}

func TestBadConfig(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]Config{
		"no folder": {}, "tiny group": {Dir: t.TempDir(), MaxBatchBytes: 10}, "huge group": {Dir: t.TempDir(), MaxBatchBytes: 1 << 20},
	} {
		if l, err := Open(t.Context(), cfg); !errors.Is(err, hashyard.Invalid) {
			t.Errorf("%s: %v", name, err)
			if err == nil {
				_ = l.Close()
			}
		}
	}
}

// The reader is always ready before the server has heard of the next message;
// that is no reason to complain.
func TestAReaderThatKeepsUpIsQuiet(t *testing.T) {
	t.Parallel()
	l := open(t, Config{Dir: t.TempDir(), Window: time.Microsecond})
	var said bytes.Buffer // of the consumer's goroutine until it ends
	db := &store{}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		c := NewConsumer(ConsumerConfig{Log: l, Checkpoint: db.checkpoint, Logger: slog.New(slog.NewTextHandler(&said, nil))})
		ended <- c.Run(ctx, func(ctx context.Context, b Batch) error {
			err := db.apply(ctx, b)
			if len(db.got) == 300 {
				cancel()
			}
			return err
		})
	}()
	for n := range uint64(300) {
		if err := l.Append(t.Context(), record(n)); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-ended; !errors.Is(err, context.Canceled) || said.Len() > 0 {
		t.Fatalf("%v, said %s", err, said.String())
	}
}

// TestLossIsNotPassedOver: a log that was set back, or a database that was,
// stops the consumer instead of losing shares silently.
func TestLossIsNotPassedOver(t *testing.T) {
	t.Parallel()
	l := open(t, Config{Dir: t.TempDir(), Window: time.Microsecond})
	for n := range uint64(4) {
		if err := l.Append(t.Context(), record(n)); err != nil {
			t.Fatal(err)
		}
	}
	name, seq := l.Position()
	run := func(db *store) error {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		return NewConsumer(ConsumerConfig{Log: l, Checkpoint: db.checkpoint}).Run(ctx, db.apply)
	}
	if err := run(&store{stream: name, seq: seq + 1}); !errors.Is(err, hashyard.Conflict) {
		t.Fatalf("log set back: %v", err)
	}
	if err := l.link.Load().stream.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := run(&store{stream: name, seq: 1}); !errors.Is(err, hashyard.Conflict) {
		t.Fatalf("database set back: %v", err)
	}
	// Another log's checkpoint does not count here.
	if err := l.Append(t.Context(), record(9)); err != nil {
		t.Fatal(err)
	}
	if err := run(&store{stream: "another", seq: 99}); !errors.Is(err, hashyard.Conflict) {
		t.Fatalf("new log with its beginning gone: %v", err)
	}
	if _, err := l.link.Load().js.PublishMsg(t.Context(), &nats.Msg{Subject: subject, Data: []byte{7}}); err != nil {
		t.Fatal(err)
	}
	if err := l.Append(t.Context(), record(10)); err != nil {
		t.Fatal(err)
	}
	if err := run(&store{stream: name, seq: 4}); !errors.Is(err, hashyard.Invalid) {
		t.Fatalf("unreadable message: %v", err)
	}
}

// child appends from many goroutines and prints each acknowledged share until
// it is killed.
func child(dir string) {
	l, err := Open(context.Background(), Config{Dir: dir})
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	var out sync.Mutex
	base := rand.Uint64()
	var wg sync.WaitGroup
	for g := range uint64(16) {
		wg.Go(func() {
			for n := base + g; ; n += 16 {
				r := record(n)
				if err := l.Append(context.Background(), r); err != nil {
					fmt.Println("error", err)
					os.Exit(1)
				}
				out.Lock()
				fmt.Println("ack", hex.EncodeToString(r.Hash[:]))
				out.Unlock()
			}
		})
	}
	wg.Wait()
}

func TestAcknowledgedSharesSurviveSIGKILL(t *testing.T) {
	t.Parallel()
	rounds := 4
	if testing.Short() {
		rounds = 2
	}
	dir := t.TempDir()
	var db store
	acked := map[string]bool{}
	for round := range rounds {
		killAfter(t, dir, time.Duration(rand.IntN(400))*time.Millisecond, acked)
		l, err := Open(t.Context(), Config{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		db.until(t, l, ConsumerConfig{})
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, r := range db.got {
			h := hex.EncodeToString(r.Hash[:])
			if seen[h] {
				t.Fatalf("round %d: share %s is credited twice", round, h)
			}
			seen[h] = true
		}
		for h := range acked {
			if !seen[h] {
				t.Fatalf("round %d: share %s was acknowledged and is lost", round, h)
			}
		}
	}
	t.Logf("%d acknowledged shares, %d in the log", len(acked), len(db.got))
}

// killAfter runs a child, lets it acknowledge for d, and kills it.
func killAfter(t *testing.T, dir string, d time.Duration, acked map[string]bool) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var deadline *time.Timer
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var word, hash string
		// A line cut by the kill is no acknowledgement anybody read.
		if n, _ := fmt.Sscan(lines.Text(), &word, &hash); n != 2 || len(hash) != 64 {
			continue
		}
		if word != "ack" {
			t.Errorf("child: %s", lines.Text())
			break
		}
		acked[hash] = true
		if deadline == nil {
			deadline = time.AfterFunc(d, func() { _ = cmd.Process.Kill() })
		}
	}
	if deadline == nil {
		_ = cmd.Process.Kill()
		t.Error("child acknowledged nothing")
	}
	_ = cmd.Wait() // killed: its error says so
}
