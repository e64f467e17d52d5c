package stratum

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"hashyard"
	"hashyard/pool/job"
	"hashyard/pool/share"
	"hashyard/pool/stratum/stratumtest"
)

// A share of a job counts what was in force when that job came, whatever came
// since. It is taken as soon as it meets the lower of that and the newest.
func TestDifficultyBindsFromTheNextJob(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.newJob(t, 1, hardBits, nil)
	c := w.miner(t, "acme.unit1")
	worker := w.auth.granted("acme.unit1").Worker
	first := c.Job()
	set := func(d hashyard.Difficulty) stratumtest.Job {
		w.Retarget(worker, Grant{Start: d, PerMinute: 1000 + float64(d%7), Proof: true})
		j, err := c.NextJob(deadline(t))
		if err != nil || j.Difficulty != d.Wire() || j.ID == first.ID || j.Clean {
			t.Fatalf("retargeted job %+v: %v", j, err)
		}
		return j
	}
	submit := func(j stratumtest.Job, least, below hashyard.Difficulty) (hashyard.Difficulty, error) {
		s, err := c.Mine(deadline(t), j, least.Wire(), below.Wire())
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Submit(deadline(t), s); err != nil {
			return 0, err
		}
		got, _ := w.log.all()
		return got[len(got)-1].Difficulty, nil
	}

	raised := set(1 << 13)
	if d, err := submit(first, 1<<10, 1<<13); err != nil || d != 1<<10 {
		t.Fatalf("a share of the job before counts %d: %v", d, err)
	}
	_, err := submit(raised, 1<<10, 1<<13)
	wantCode(t, err, share.LowDifficulty)
	if d, err := submit(raised, 1<<13, 1<<30); err != nil || d != 1<<13 {
		t.Fatalf("a share of the new job counts %d: %v", d, err)
	}
	lowered := set(1 << 9)
	if d, err := submit(raised, 1<<9, 1<<13); err != nil || d != 0 {
		t.Fatalf("a share of the job before that meets the lowered difficulty only is taken and counts %d: %v", d, err)
	}
	_, err = submit(raised, 1<<6, 1<<9)
	wantCode(t, err, share.LowDifficulty)
	if d, err := submit(raised, 1<<13, 1<<30); err != nil || d != 1<<13 {
		t.Fatalf("what meets the higher difficulty of its job counts that: %d, %v", d, err)
	}
	if d, err := submit(lowered, 1<<9, 1<<30); err != nil || d != 1<<9 {
		t.Fatalf("%d, %v", d, err)
	}
	_, err = submit(lowered, 1<<6, 1<<9)
	wantCode(t, err, share.LowDifficulty)
	if i := w.Sessions(); len(i) != 1 || !i[0].Proof || i[0].Difficulty != 1<<9 {
		t.Fatalf("session %+v", i)
	}
}

func TestSilenceHalvesAndSilentServersSpeak(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.PerMinute = 60 })
	w.newJob(t, 1, hardBits, nil)
	c := w.miner(t, "acme.rig")
	first := c.Job()
	w.advance(13 * time.Second)
	eventually(t, "silence halves", func() bool {
		i, _ := w.list()[0].picture()
		w.list()[0].mu.Lock()
		defer w.list()[0].mu.Unlock()
		return i.Difficulty == testStart && w.list()[0].diff.Current() == testStart/2
	})
	w.advance(30 * time.Second)
	j, err := c.NextJob(deadline(t))
	if err != nil || j.Clean || j.ID == first.ID || j.Coinb1 == first.Coinb1 || j.Difficulty >= testStart.Wire() {
		t.Fatalf("after 30 s without a job: %+v %v", j, err)
	}
	if err := c.Submit(deadline(t), mine(t, c)); err != nil {
		t.Fatal(err)
	}
}

func TestOddFraming(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	c := w.dial(t)
	for _, b := range []byte("{\"id\":1,\"method\":\"mining.ping\",\"params\":[]}\r\n") {
		if _, err := c.Conn().Write([]byte{b}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Answer(deadline(t), "1"); err != nil {
		t.Fatalf("one byte at a time: %v", err)
	}
	var many strings.Builder
	for i := range 50 {
		fmt.Fprintf(&many, "\r\n  {\"id\":%d,\"method\":\"mining.ping\"}\n", 100+i)
	}
	if _, err := io.WriteString(c.Conn(), many.String()); err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		if _, err := c.Answer(deadline(t), fmt.Sprint(100+i)); err != nil {
			t.Fatalf("many in a packet: %v", err)
		}
	}
	pad := strings.Repeat(" ", 8100)
	if _, err := io.WriteString(c.Conn(), `{"id":2,`+pad+`"method":"mining.ping"}`+"\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Answer(deadline(t), "2"); err != nil {
		t.Fatalf("the longest line: %v", err)
	}
}

func TestGarbage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for name, line := range map[string]string{
		"oversize without end": strings.Repeat("x", 100_000),
		"oversize line":        strings.Repeat("y", 8193) + "\n{}\n",
		"not JSON, often":      strings.Repeat("GET / HTTP/1.1\r\n", 20),
		"binary":               strings.Repeat("\x16\x03\x01\x02\n", 20),
	} {
		t.Run(name, func(t *testing.T) {
			c := w.dial(t)
			go func() { _, _ = io.WriteString(c.Conn(), line) }()
			_ = c.Conn().SetReadDeadline(time.Now().Add(10 * time.Second))
			got, err := io.ReadAll(c.Conn())
			if err != nil || !bytes.Contains(got, []byte(`"error":[20,`)) {
				t.Fatalf("got %q, %v: want an error that says why, then the end", got, err)
			}
		})
	}
	c := w.dial(t) // the rest goes on
	if _, err := c.Call(deadline(t), "mining.ping"); err != nil {
		t.Fatal(err)
	}
}

func TestSlowlorisAndIdle(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.Handshake, c.Idle = 100*time.Millisecond, 300*time.Millisecond })
	w.newJob(t, 1, hardBits, nil)
	c := w.dial(t)
	if err := c.Subscribe(deadline(t)); err != nil { // subscribed only
		t.Fatal(err)
	}
	_ = c.Conn().SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.ReadAll(c.Conn()); err != nil {
		t.Fatalf("not closed: %v", err)
	}
	w.miner(t, "acme.rig")
	eventually(t, "an idle session ends", func() bool { return len(w.list()) == 0 })
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.closed) != 1 || w.closed[0] != "silent for too long" {
		t.Fatalf("closed %q", w.closed)
	}
}

func TestSlowReaderIsLetGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.Write = 200 * time.Millisecond })
	w.newJob(t, 1, hardBits, nil)
	c := w.miner(t, "acme.rig")
	other := w.miner(t, "acme.other")
	go func() { // asks without end and reads nothing
		line := []byte(strings.Repeat(`{"id":"`+strings.Repeat("i", 200)+`","method":"mining.ping"}`+"\n", 100))
		for {
			if _, err := c.Conn().Write(line); err != nil {
				return
			}
		}
	}()
	eventually(t, "the slow reader is gone", func() bool { return len(w.Sessions()) == 1 })
	if err := other.Submit(deadline(t), mine(t, other)); err != nil {
		t.Fatalf("others are not disturbed: %v", err)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.MaxSessions, c.MaxRefused, c.MaxSeen = 2, 5, 3 })
	w.newJob(t, 1, hardBits, nil)
	a := w.miner(t, "acme.a")
	b := w.miner(t, "acme.b")
	if third, err := stratumtest.Dial(deadline(t), w.Addr().String()); err == nil { // else it was closed already
		if _, err := third.Call(deadline(t), "mining.ping"); err == nil {
			t.Fatal("a third session was let in")
		}
		_ = third.Close()
	}
	for i := range 4 {
		err := a.Submit(deadline(t), mine(t, a))
		if i < 3 && err != nil {
			t.Fatal(err)
		} else if i == 3 {
			wantCode(t, err, share.Other)
		}
	}
	for {
		if _, err := b.Call(deadline(t), "mining.submit", "acme.b", "1", "", "", ""); err != nil {
			var e *stratumtest.Error
			if errors.As(err, &e) {
				continue
			}
			break // hung up
		}
	}
	var c *stratumtest.Client
	eventually(t, "room again", func() bool {
		var err error
		if c, err = stratumtest.Dial(deadline(t), w.Addr().String()); err != nil {
			return false
		}
		t.Cleanup(func() { _ = c.Close() })
		_, err = c.Call(deadline(t), "mining.ping")
		return err == nil
	})
	for range maxFailedLogins {
		_, err := c.Call(deadline(t), "mining.authorize", "nobody", "x")
		wantCode(t, err, share.Unauthorised)
	}
	if _, err := c.Call(deadline(t), "mining.ping"); err == nil {
		t.Fatal("may guess for ever")
	}
}

// One session that floods does not take the room of the others.
func TestAFlooderFillsItsOwnPartOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.MaxSeen, c.MaxTaken, c.PerMinute = 10, 4, 1e9 })
	w.newJob(t, 1, hardBits, nil)
	flood, other := w.miner(t, "acme.flood"), w.miner(t, "acme.other")
	for i := range 6 {
		if i == 3 { // another variant of the job is the same job
			if _, err := flood.Call(deadline(t), "mining.suggest_difficulty", (testStart * 4).Wire()); err != nil {
				t.Fatal(err)
			}
			if _, err := flood.NextJob(deadline(t)); err != nil {
				t.Fatal(err)
			}
		}
		if err := flood.Submit(deadline(t), mine(t, flood)); i < 4 && err != nil {
			t.Fatal(err)
		} else if i >= 4 {
			wantCode(t, err, share.Other)
		}
	}
	if err := other.Submit(deadline(t), mine(t, other)); err != nil {
		t.Fatal(err)
	}
	w.newJob(t, 1, hardBits, nil)
	if _, err := flood.NextJob(deadline(t)); err != nil {
		t.Fatal(err)
	}
	if err := flood.Submit(deadline(t), mine(t, flood)); err != nil {
		t.Fatalf("the next job has room again: %v", err)
	}
}

func TestSuspendSendsMinersAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.newJob(t, 1, hardBits, nil)
	c := w.miner(t, "acme.rig")
	w.Suspend("no node answers")
	if _, err := c.NextJob(deadline(t)); !errors.Is(err, io.EOF) {
		t.Fatalf("still connected: %v", err)
	}
	w.mu.Lock()
	if len(w.broken) != 1 || !strings.Contains(w.broken[0], "no node answers") {
		t.Errorf("interruptions %q", w.broken)
	}
	w.mu.Unlock()
	c = w.dial(t)
	_, err := c.Call(deadline(t), "mining.authorize", "acme.rig", "x")
	var e *stratumtest.Error
	if !errors.As(err, &e) || e.Code != 20 || !strings.Contains(e.Text, "no node answers") {
		t.Fatalf("told %v", err)
	}
	w.newJob(t, 1, hardBits, nil)
	c = w.miner(t, "acme.rig")
	if err := c.Submit(deadline(t), mine(t, c)); err != nil {
		t.Fatal(err)
	}
}

func TestExtranoncesDiffer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.Region = 7 })
	w.Server.en1.next = 0xffffff // about to wrap
	w.newJob(t, 1, hardBits, nil)
	seen := map[string]bool{}
	for i := range 20 {
		c := w.miner(t, fmt.Sprintf("acme.rig%d", i))
		if !strings.HasPrefix(c.Extranonce1(), "07") || seen[c.Extranonce1()] {
			t.Fatalf("extranonce1 %s", c.Extranonce1())
		}
		seen[c.Extranonce1()] = true
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ok := Config{Listen: w.Addr().String(), Auth: w.auth, Log: w.log, Found: func(job.Candidate) {}}
	if _, err := Open(ok); !errors.Is(err, hashyard.Unavailable) || !strings.Contains(err.Error(), "taken") {
		t.Fatalf("taken port: %v", err)
	}
	bad := ok
	bad.Mask = 1
	if _, err := Open(bad); !errors.Is(err, hashyard.Invalid) {
		t.Fatalf("bad mask: %v", err)
	}
	if _, err := Open(Config{}); !errors.Is(err, hashyard.Invalid) {
		t.Fatalf("empty: %v", err)
	}
}

func TestJobsAreForgotten(t *testing.T) {
	r := newRegistry(3, time.Minute, 10)
	now := time.Unix(1000, 0)
	for n := range uint64(5) {
		if !r.set(&job.Job{Seq: n + 1}, now) {
			t.Fatal("refused")
		}
	}
	if r.set(&job.Job{Seq: 5}, now) || r.set(&job.Job{Seq: 2}, now) {
		t.Fatal("an older job became current")
	}
	if v := r.load(); len(v.byID) != 3 || v.byID[3] == nil || v.current.Seq != 5 {
		t.Fatalf("remembers %v", v.byID)
	}
	r.set(&job.Job{Seq: 6}, now.Add(2*time.Minute))
	if v := r.load(); len(v.byID) != 1 {
		t.Fatalf("remembers %d jobs for ever", len(v.byID))
	}
}
