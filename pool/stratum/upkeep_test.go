package stratum

import (
	"testing"
	"time"
)

// TestANotifyEveryHalfMinute: miners take a pool for dead that is silent for
// 90 s. What they get is the same job under a new id, not a reason to start
// over, and no change of difficulty.
func TestANotifyEveryHalfMinute(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.Tick, c.PerMinute = time.Hour, 1e-6 }) // silence is no sign
	w.newJob(t, 1, hardBits, nil)
	c := w.miner(t, "acme.rig")
	ses := w.list()[0]
	ses.mu.Lock()
	at := ses.lastSent
	ses.mu.Unlock()
	for n := range 5 {
		had := c.Job()
		ses.tick(at.Add(30*time.Second - 1))
		if _, err := c.Call(deadline(t), "mining.ping"); err != nil { // what was sent before has come
			t.Fatal(err)
		}
		if c.Job().ID != had.ID {
			t.Fatalf("notify %d comes early", n)
		}
		at = at.Add(30 * time.Second)
		ses.tick(at)
		j, err := c.NextJob(deadline(t))
		if err != nil || j.ID == had.ID || j.Clean || j.PrevHash != had.PrevHash || j.Difficulty != had.Difficulty {
			t.Fatalf("notify %d: %+v after %+v, %v", n, j, had, err)
		}
	}
	if err := c.Submit(deadline(t), mine(t, c)); err != nil {
		t.Fatal(err)
	}
}
