package stratum

import (
	"math"
	"testing"
	"time"

	"hashyard"
	"hashyard/pool"
	"hashyard/pool/stratum/stratumtest"
)

// proofOf counts what the log has as the accounts do.
func proofOf(w *world, unit hashyard.ID) pool.Proof {
	p := pool.Proof{Unit: unit, Org: hashyard.NewID()}
	accepted, _ := w.log.all()
	for _, r := range accepted {
		p.Count(r, p.Org)
	}
	return p
}

// underProof connects a unit and puts it under proof.
func underProof(t *testing.T, w *world) (*attacker, Grant) {
	t.Helper()
	a := newAttacker(t, w, "acme.unit1")
	g := w.auth.granted("acme.unit1")
	g.Secret, g.Proof, g.Start, g.PerMinute = true, true, testStart/2, 6000
	w.auth.mu.Lock()
	w.auth.grants["acme.unit1"] = g // the login asks again when this comes before its end
	w.auth.mu.Unlock()
	w.Retarget(g.Worker, g)
	if _, err := a.NextJob(a.ctx); err != nil {
		t.Fatal(err)
	}
	return a, g
}

// Silent firmware hashes for minutes, submits everything once, and goes on with
// less: over the wire, only what it hashes from then on is measured.
func TestWorkKeptBackIsNoPartOfAProof(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.PerMinute = 6000 })
	w.newJob(t, 1, hardBits, nil)
	a, g := underProof(t, w)
	first, had := a.Job(), len(a.Jobs)
	for range 5 { // ids of five minutes
		w.advance(time.Minute)
		j, err := a.NextJob(a.ctx)
		if err != nil {
			t.Fatal(err)
		}
		a.mine(j, j.Difficulty, 20)
	}
	a.mine(first, first.Difficulty, 20)
	silent := len(a.kept)
	for _, s := range a.kept {
		if err := a.Submit(a.ctx, s); err != nil {
			t.Fatalf("a share that was kept back is paid: %v", err)
		}
	}
	a.kept = nil
	if accepted, _ := w.log.all(); len(accepted) != silent || !accepted[0].Fresh {
		t.Fatalf("%d of %d in the log, a new id with the first: %v", len(accepted), silent, accepted[0].Fresh)
	}
	if p := proofOf(w, g.Unit); p.From.IsZero() || p.Shares != 0 {
		t.Fatalf("%d shares of before are measured from %s", p.Shares, p.From)
	}
	if len(a.Jobs) < had+6 {
		t.Fatalf("%d new ids, want one with the first share", len(a.Jobs)-had-5)
	}

	a.hashes = 0
	j := a.Job()
	a.mine(j, j.Difficulty, 300)
	for _, s := range a.kept {
		if err := a.Submit(a.ctx, s); err != nil {
			t.Fatal(err)
		}
	}
	p := proofOf(w, g.Unit)
	squares, _ := p.Squares.Float64()
	ratio, luck := p.Work.Hashes()/a.hashes, 5*math.Sqrt(squares)/a.hashes
	if math.Abs(ratio-1) > luck || luck > 0.5 {
		t.Errorf("measured %.3f times the work done since, luck explains ±%.3f", ratio, luck)
	}
}

// The measurement may begin anew without the edge hearing of it, and a machine
// may lose its line: a new id goes out with a share again.
func TestProofHearsOfNewIDsAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.newJob(t, 1, hardBits, nil)
	a, g := underProof(t, w)
	fresh := func(c *stratumtest.Client) bool {
		t.Helper()
		had := c.Job().ID
		if err := c.Submit(a.ctx, mine(t, c)); err != nil {
			t.Fatal(err)
		}
		accepted, _ := w.log.all()
		last := accepted[len(accepted)-1]
		if last.Sent.IsZero() || last.Sent.After(last.At) {
			t.Fatalf("share of %s, sent %s", last.At, last.Sent)
		}
		if last.Fresh && c.Job().ID == had {
			t.Fatal("no new id came with the share")
		}
		return last.Fresh
	}
	if !fresh(a.Client) || fresh(a.Client) {
		t.Fatal("not right with the first share alone")
	}
	w.advance(31 * time.Second)
	if !fresh(a.Client) {
		t.Fatal("no new id after a while")
	}
	w.Retarget(g.Worker, g)
	if !fresh(a.Client) {
		t.Fatal("no new id with the first share after a new grant")
	}
	w.auth.mu.Lock()
	w.auth.grants["acme.unit1"] = g
	w.auth.mu.Unlock()
	b := w.miner(t, "acme.unit1")
	if !fresh(b) {
		t.Fatal("no new id with the first share of a new session")
	}
	g.Proof = false
	w.Retarget(g.Worker, g)
	if fresh(b) {
		t.Fatal("a new id with a share and no proof")
	}
}
