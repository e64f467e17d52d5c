package stratum

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"hashyard"
	"hashyard/pool/job"
	"hashyard/pool/share"
	"hashyard/pool/sharelog"
	"hashyard/pool/stratum/stratumtest"
)

const childEnv = "HASHYARD_STRATUM_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		if err := child(dir); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// child is an edge with its log, until it is killed.
func child(dir string) error {
	ctx := context.Background()
	log, err := sharelog.Open(ctx, sharelog.Config{Dir: dir})
	if err != nil {
		return err
	}
	s, err := Open(Config{
		Listen: "127.0.0.1:0", Auth: &fakeAuth{grants: map[string]Grant{}}, Log: log, Found: func(job.Candidate) {},
		Start: 1 << 8, PerMinute: 1e6,
	})
	if err != nil {
		return err
	}
	now := time.Now()
	j, err := job.New(job.Template{Version: 0x20000000, Height: 20, NBits: hardBits, MinTime: now.Unix() - 600, Value: 2500},
		job.Params{Seq: uint64(now.UnixMicro()), Epoch: hashyard.NewID(), Script: []byte{0x51}, NTime: now.Unix()})
	if err != nil {
		return err
	}
	s.SetJob(j)
	fmt.Println("at", s.Addr())
	return s.Run(ctx)
}

// TestTrueSurvivesSIGKILL: what a miner heard true for is in the log after
// the process was killed, once; and nothing else but what was on its way.
func TestTrueSurvivesSIGKILL(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	counts := map[string]int{}
	accepted := map[string]bool{}
	sent := map[string]bool{}
	for range 3 {
		mineUntilKilled(t, dir, accepted, sent)
	}
	log, err := sharelog.Open(t.Context(), sharelog.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	_, last := log.Position()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err = sharelog.NewConsumer(sharelog.ConsumerConfig{
		Log: log, Checkpoint: func(context.Context) (string, uint64, error) { return "", 0, nil },
	}).Run(ctx, func(_ context.Context, b share.Batch) error {
		for _, r := range b.Records {
			if r.Accepted() {
				counts[hex.EncodeToString(r.Hash[:])]++
			}
		}
		if b.Seq >= last {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	for h := range accepted {
		if counts[h] != 1 {
			t.Errorf("share %s was answered true and is in the log %d times", h, counts[h])
		}
	}
	for h, n := range counts {
		if !sent[h] || n != 1 {
			t.Errorf("share %s is in the log %d times; sent: %v", h, n, sent[h])
		}
	}
	t.Logf("%d answered true, %d in the log", len(accepted), len(counts))
}

func mineUntilKilled(t *testing.T, dir string, accepted, sent map[string]bool) {
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
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // killed: its error says so
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	addr, ok := strings.CutPrefix(strings.TrimSpace(line), "at ")
	if err != nil || !ok {
		t.Fatalf("child says %q: %v", line, err)
	}
	ctx := deadline(t)
	c, err := stratumtest.Dial(ctx, addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if err := c.Handshake(ctx, "acme.unit1", "secret", 0); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(time.Duration(100+rand.IntN(300))*time.Millisecond, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	for {
		s, err := c.Mine(ctx, c.Job(), c.Job().Difficulty, 0)
		if err != nil {
			t.Fatal(err)
		}
		h := hex.EncodeToString(s.Hash[:])
		sent[h] = true
		err = c.Submit(ctx, s)
		var refused *stratumtest.Error
		switch {
		case errors.As(err, &refused):
			t.Fatal(err)
		case err != nil:
			return // killed
		}
		accepted[h] = true
	}
}
