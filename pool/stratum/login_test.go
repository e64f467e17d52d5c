package stratum

import (
	"testing"

	"hashyard"
	"hashyard/pool/share"
)

func TestOneSessionAUnit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.newJob(t, 1, hardBits, nil)
	a := w.miner(t, "acme.unit1")
	s := mine(t, a)
	b := w.miner(t, "acme.unit1")
	eventually(t, "the older session is gone", func() bool { return len(w.Sessions()) == 1 })
	if err := a.Submit(deadline(t), s); err == nil {
		t.Fatal("the older session still counts")
	}
	if err := b.Submit(deadline(t), mine(t, b)); err != nil {
		t.Fatal(err)
	}
	w.miner(t, "acme.rig")
	w.miner(t, "acme.rig") // a plain worker may have several
	if n := len(w.Sessions()); n != 3 {
		t.Fatalf("%d sessions", n)
	}
	w.CloseWorker(w.auth.granted("acme.unit1").Worker, "secret changed")
	eventually(t, "closed by order", func() bool { return len(w.Sessions()) == 2 })
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.opened) != 4 || w.opened[0].User != "acme.unit1" || !w.opened[0].Secret {
		t.Fatalf("opened %+v", w.opened)
	}
}

// What happens to a worker while its login is decided is not lost.
func TestChangesDuringALoginTakeEffect(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.newJob(t, 1, hardBits, nil)
	old := Grant{Account: hashyard.NewID(), Worker: hashyard.NewID(), Unit: hashyard.NewID(), PerMinute: 12}
	change := func(f func()) {
		w.auth.mu.Lock()
		defer w.auth.mu.Unlock()
		w.auth.grants["acme.unit1"], w.auth.during = old, f
	}
	change(func() { // a proof starts
		g := old
		g.PerMinute, g.Start, g.Proof = 1200, 1<<15, true
		w.auth.mu.Lock()
		w.auth.grants["acme.unit1"] = g
		w.auth.mu.Unlock()
		w.Retarget(g.Worker, g)
	})
	c := w.miner(t, "acme.unit1")
	eventually(t, "the proof's share rate", func() bool {
		i := w.Sessions()
		return len(i) == 1 && i[0].Proof && i[0].PerMinute == 1200 && i[0].Difficulty == 1<<15
	})
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	change(func() { // the secret changes
		w.auth.mu.Lock()
		w.auth.grants["acme.unit1"] = Grant{Account: old.Account, Worker: hashyard.NewID(), Unit: old.Unit}
		w.auth.mu.Unlock()
		w.CloseWorker(old.Worker, "secret changed")
	})
	c = w.dial(t)
	if err := c.Subscribe(deadline(t)); err != nil {
		t.Fatal(err)
	}
	_, _ = c.Call(deadline(t), "mining.authorize", "acme.unit1", "secret")
	eventually(t, "the session is ended", func() bool { return len(w.list()) == 0 })
}

func TestLoginThatCannotBeDecided(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.auth.mu.Lock()
	w.auth.err = hashyard.Unavailable.Errorf("database away")
	w.auth.mu.Unlock()
	c := w.dial(t)
	_, err := c.Call(deadline(t), "mining.authorize", "acme.rig", "x")
	wantCode(t, err, share.Other)
	if _, err := c.Call(deadline(t), "mining.ping"); err == nil {
		t.Fatal("a miner that cannot mine here must take its next pool")
	}
}
