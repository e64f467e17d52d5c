package stratum

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hashyard"
	"hashyard/pool/job"
	"hashyard/pool/share"
	"hashyard/pool/stratum/stratumtest"
)

func TestAcceptedShareIsRecordedAsGranted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	j := w.newJob(t, 1, hardBits, nil)
	c := w.miner(t, "acme.unit1")
	for range 3 {
		if err := c.Submit(deadline(t), mine(t, c)); err != nil {
			t.Fatal(err)
		}
	}
	got, _ := w.log.all()
	if len(got) != 3 {
		t.Fatalf("%d records", len(got))
	}
	g := w.auth.granted("acme.unit1")
	var work hashyard.Work
	for _, r := range got {
		work = work.Add(hashyard.WorkOf(r.Difficulty))
		target := r.Difficulty.Target()
		if r.Account != g.Account || r.Worker != g.Worker || r.Unit != g.Unit || !r.Secret || r.Epoch != j.Epoch ||
			!r.Accepted() || !job.Meets(&r.Hash, &target) || r.At != r.At.Truncate(time.Millisecond) {
			t.Fatalf("record %+v", r)
		}
	}
	if work.Big().Cmp(c.Work) != 0 {
		t.Fatalf("pool counts %s, the miner %s", work, c.Work)
	}
	i := w.Sessions()
	if len(i) != 1 || i[0].Accepted != 3 || i[0].Work != work || i[0].User != "acme.unit1" || i[0].Agent != "hashyard-test/1.0" || !i[0].Secret {
		t.Fatalf("session %+v", i)
	}
}

func TestEveryRefusal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.newJob(t, 1, hardBits, nil)
	c := w.miner(t, "acme.rig")
	good := mine(t, c)
	low, err := c.Mine(deadline(t), c.Job(), good.Job.Difficulty/8, good.Job.Difficulty)
	if err != nil {
		t.Fatal(err)
	}
	future := fmt.Sprintf("%08x", time.Now().Unix()+7300)
	change := func(f func(*stratumtest.Share)) stratumtest.Share {
		s := good
		f(&s)
		return s
	}
	submit := func(s stratumtest.Share) error { return c.Submit(deadline(t), s) }
	raw := func(params ...any) error {
		_, err := c.Call(deadline(t), "mining.submit", params...)
		return err
	}
	for _, tt := range []struct {
		name string
		err  error
		code share.Code
	}{
		{"unknown job", submit(change(func(s *stratumtest.Share) { s.Job.ID = "abc" })), share.Stale},
		{"job id in another spelling", submit(change(func(s *stratumtest.Share) { s.Job.ID = "0" + s.Job.ID })), share.Stale},
		{"job id too long", submit(change(func(s *stratumtest.Share) { s.Job.ID = "11112222333344445" })), share.Stale},
		{"short extranonce2", submit(change(func(s *stratumtest.Share) { s.Extranonce2 = "01" })), share.Other},
		{"long extranonce2", submit(change(func(s *stratumtest.Share) { s.Extranonce2 += "00" })), share.Other},
		{"nonce with prefix", submit(change(func(s *stratumtest.Share) { s.Nonce = "0x" + s.Nonce[2:] })), share.Other},
		{"ntime before the median", submit(change(func(s *stratumtest.Share) { s.NTime = "00000001" })), share.Other},
		{"ntime too far ahead", submit(change(func(s *stratumtest.Share) { s.NTime = future })), share.Other},
		{"rolled bits not negotiated", submit(change(func(s *stratumtest.Share) { s.Bits = "00002000" })), share.Other},
		{"too few parameters", raw("acme.rig", good.Job.ID, good.Extranonce2), share.Other},
		{"nonce as a number", raw("acme.rig", good.Job.ID, good.Extranonce2, good.NTime, 5), share.Other},
		{"bits as a number", raw("acme.rig", good.Job.ID, good.Extranonce2, good.NTime, good.Nonce, 0), share.Other},
		{"low difficulty", submit(low), share.LowDifficulty},
		{"another worker", raw(good.Params("acme.other")...), share.Unauthorised},
		{"no worker", raw(), share.Unauthorised},
	} {
		var e *stratumtest.Error
		if !errors.As(tt.err, &e) || e.Text == "" {
			t.Errorf("%s: %v", tt.name, tt.err)
			continue
		}
		if e.Code != int(tt.code) {
			t.Errorf("%s: code %d, want %d", tt.name, e.Code, tt.code)
		}
	}
	if err := submit(good); err != nil {
		t.Fatalf("after all that the good share is refused: %v", err)
	}
	wantCode(t, submit(good), share.Duplicate)
	accepted, refused := w.log.all()
	if len(accepted) != 1 {
		t.Fatalf("%d shares accepted", len(accepted))
	}
	causes := map[share.Cause]int{}
	for _, r := range refused {
		if r.Code == 0 || r.Code == int(share.Unauthorised) || r.Epoch.IsZero() || r.Worker.IsZero() {
			t.Fatalf("refused record %+v", r)
		}
		causes[r.Cause]++
	}
	want := map[share.Cause]int{
		share.UnknownJob: 3, share.Malformed: 6, share.BlockTime: 2, share.VersionBits: 1, share.TooEasy: 1, share.Repeated: 1,
	}
	if diff := cmp.Diff(want, causes); diff != "" {
		t.Error(diff)
	}
}

// Work on the block before says how late it was.
func TestLatenessIsCountedFromTheTip(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.newJob(t, 1, hardBits, nil)
	c := w.miner(t, "acme.rig")
	s := mine(t, c)
	began := time.Now()
	w.newJob(t, 2, hardBits, nil)
	wantCode(t, c.Submit(deadline(t), s), share.Stale)
	_, refused := w.log.all()
	if len(refused) != 1 || refused[0].Cause != share.TipMoved || refused[0].Late > time.Since(began) {
		t.Fatalf("%+v", refused)
	}
}

func TestSameShareInOtherSpellingsIsADuplicate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.newJob(t, 1, hardBits, nil)
	c := w.miner(t, "acme.rig")
	s := mine(t, c)
	for !hasLetter(s.Nonce) {
		s = mine(t, c)
	}
	if err := c.Submit(deadline(t), s); err != nil {
		t.Fatal(err)
	}
	upper := s
	upper.Nonce = upperHex(s.Nonce)
	wantCode(t, c.Submit(deadline(t), upper), share.Duplicate)
	bits := s
	bits.Bits = "00000000"
	wantCode(t, c.Submit(deadline(t), bits), share.Duplicate)
	variant := s
	variant.Job.ID = variant.Job.ID[:len(variant.Job.ID)-2] + "07"
	wantCode(t, c.Submit(deadline(t), variant), share.Stale) // never sent
}

func hasLetter(s string) bool { return upperHex(s) != s }

func upperHex(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'a' {
			b[i] = c - 0x20
		}
	}
	return string(b)
}

func TestStaleFromTheMomentOfANewTip(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.newJob(t, 1, hardBits, nil)
	c := w.miner(t, "acme.rig")
	first := mine(t, c)
	w.newJob(t, 1, hardBits, nil) // same tip: the older job still counts
	j, err := c.NextJob(deadline(t))
	if err != nil {
		t.Fatal(err)
	}
	if j.Clean {
		t.Fatal("a refresh throws work away")
	}
	if err := c.Submit(deadline(t), first); err != nil {
		t.Fatal(err)
	}
	second := mine(t, c)
	w.newJob(t, 2, hardBits, nil)
	if j, err = c.NextJob(deadline(t)); err != nil || !j.Clean {
		t.Fatalf("new tip, clean is %v: %v", j.Clean, err)
	}
	wantCode(t, c.Submit(deadline(t), second), share.Stale)
}

func TestStaleAfterTheSettlementPeriod(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.newJob(t, 1, hardBits, func(p *job.Params) { p.RefuseAfter = time.Now().Add(time.Minute) })
	c := w.miner(t, "acme.rig")
	a, b := mine(t, c), mine(t, c)
	if err := c.Submit(deadline(t), a); err != nil {
		t.Fatal(err)
	}
	w.advance(2 * time.Minute)
	wantCode(t, c.Submit(deadline(t), b), share.Stale)
}

func TestNotSubscribedAndNotAuthorised(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.newJob(t, 1, hardBits, nil)
	c := w.dial(t)
	_, err := c.Call(deadline(t), "mining.submit", "acme.rig", "1", "0000000000000000", "00000000", "00000000")
	wantCode(t, err, share.NotSubscribed)
	if err := c.Subscribe(deadline(t)); err != nil {
		t.Fatal(err)
	}
	_, err = c.Call(deadline(t), "mining.submit", "acme.rig", "1", "0000000000000000", "00000000", "00000000")
	wantCode(t, err, share.Unauthorised)
	for _, login := range [][]any{{"nobody.rig", "x"}, {"acme.unit9", "wrong"}, {"acme.<script>", "x"}, {}} {
		_, err = c.Call(deadline(t), "mining.authorize", login...)
		wantCode(t, err, share.Unauthorised)
	}
	if _, err := c.Call(deadline(t), "mining.authorize", "acme.rig"); err != nil {
		t.Fatalf("a password is optional: %v", err)
	}
	_, err = c.Call(deadline(t), "mining.authorize", "acme.other", "x")
	wantCode(t, err, share.Other)
}

func TestTrueOnlyWhenDurable(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.newJob(t, 1, hardBits, nil)
	c := w.miner(t, "acme.rig")
	w.log.set(nil, true)
	s := mine(t, c)
	answer := make(chan error, 1)
	go func() { answer <- c.Submit(deadline(t), s) }()
	eventually(t, "the share reaches the log", func() bool { a, _ := w.log.all(); return len(a) == 1 })
	select {
	case err := <-answer:
		t.Fatalf("answered before it was durable: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	w.log.release()
	if err := <-answer; err != nil {
		t.Fatal(err)
	}

	w.log.set(hashyard.Exhausted.Errorf("disk full"), false)
	s = mine(t, c)
	wantCode(t, c.Submit(deadline(t), s), share.Other)
	w.log.set(nil, false)
	if err := c.Submit(deadline(t), s); err != nil {
		t.Fatalf("a share that surely was not stored may come again: %v", err)
	}
	w.log.set(hashyard.Unavailable.Errorf("no answer"), false)
	s = mine(t, c)
	wantCode(t, c.Submit(deadline(t), s), share.Other)
	w.log.set(nil, false)
	wantCode(t, c.Submit(deadline(t), s), share.Duplicate) // it may be stored: never twice
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.broken) != 2 {
		t.Fatalf("interruptions %q, want one each time the log failed", w.broken)
	}
}

func TestBlocksAreHandedOverWhateverTheShareIsWorth(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.newJob(t, 1, easyBits, nil)
	c := w.miner(t, "acme.rig")
	s := mine(t, c)
	s.NTime = "00000001" // no share, and another header
	var tries int
	for tries = 0; tries < 64; tries++ {
		s.Nonce = fmt.Sprintf("%08x", tries)
		if err := c.Submit(deadline(t), s); err == nil {
			t.Fatal("accepted a share of 1970")
		}
	}
	w.mu.Lock()
	n := len(w.blocks)
	w.mu.Unlock()
	if n < 8 || n > 56 {
		t.Fatalf("%d of %d headers were candidates, expected about half", n, tries)
	}
	if err := c.Submit(deadline(t), s); err == nil {
		t.Fatal("accepted")
	}
	w.newJob(t, 2, easyBits, nil)
	s.Nonce = "ffffffff"
	for i := range 32 { // of an old tip: still looked at
		s.NTime = fmt.Sprintf("%08x", i)
		_ = c.Submit(deadline(t), s)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.blocks) == n {
		t.Fatal("blocks of an old tip are lost")
	}
	b := w.blocks[0]
	if b.Height != 21 || len(b.Raw) < 150 || b.Worker.IsZero() || b.Value != 2500 {
		t.Fatalf("candidate %+v", b)
	}
}

func TestPipelinedSharesAreAllAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.MaxInFlight = 4 })
	w.newJob(t, 1, hardBits, nil)
	c := w.miner(t, "acme.rig")
	var line []byte
	const n = 40
	for i := range n {
		s := mine(t, c)
		line = fmt.Appendf(line, `{"id":"s%d","method":"mining.submit","params":["acme.rig","%s","%s","%s","%s"]}`+"\n",
			i, s.Job.ID, s.Extranonce2, s.NTime, s.Nonce)
	}
	w.log.set(nil, true)
	if _, err := c.Conn().Write(line); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the window fills", func() bool { a, _ := w.log.all(); return len(a) == 4 })
	w.log.release()
	answered := map[string]bool{} // in whatever order the log has them
	for len(answered) < n {
		line, err := c.Line(deadline(t))
		if err != nil {
			t.Fatalf("after %d answers: %v", len(answered), err)
		}
		if answered[line] {
			t.Fatalf("twice: %s", line)
		}
		if strings.HasPrefix(line, `{"id":"s`) { // a new difficulty may come between
			answered[line] = true
		}
	}
	for i := range n {
		if line := fmt.Sprintf(`{"id":"s%d","result":true,"error":null}`, i); !answered[line] {
			t.Errorf("share %d was not answered true", i)
		}
	}
}
