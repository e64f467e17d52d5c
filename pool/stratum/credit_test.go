package stratum

import (
	"context"
	"encoding/hex"
	"math"
	"math/big"
	"slices"
	"strconv"
	"testing"
	"time"

	"hashyard"
	"hashyard/pool/share"
	"hashyard/pool/stratum/stratumtest"
)

// attacker hashes for real, counts what it hashed, and afterwards submits what
// it found wherever that might pay.
type attacker struct {
	*stratumtest.Client
	t      *testing.T
	ctx    context.Context
	w      *world
	hashes float64
	kept   []stratumtest.Share
}

func newAttacker(t *testing.T, w *world, user string) *attacker {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return &attacker{Client: w.miner(t, user), t: t, ctx: ctx, w: w}
}

// mine finds n hashes of at least this difficulty on a job.
func (a *attacker) mine(j stratumtest.Job, least float64, n int) {
	a.t.Helper()
	for range n {
		s, err := a.Mine(a.ctx, j, least, 0)
		if err != nil {
			a.t.Fatal(err)
		}
		tried, err := strconv.ParseUint(s.Nonce, 16, 32)
		if err != nil {
			a.t.Fatal(err)
		}
		a.hashes += float64(tried) + 1
		a.kept = append(a.kept, s)
	}
}

// cash submits every kept hash under every id given, those first whose
// difficulty is the highest that the hash meets.
func (a *attacker) cash(jobs []stratumtest.Job) {
	a.t.Helper()
	jobs = slices.Clone(jobs)
	slices.SortStableFunc(jobs, func(x, y stratumtest.Job) int { return int(math.Copysign(1, y.Difficulty-x.Difficulty)) })
	for _, s := range a.kept {
		be := s.Hash
		slices.Reverse(be[:])
		n := new(big.Int).SetBytes(be[:])
		for _, j := range jobs {
			if n.Cmp(stratumtest.Target(j.Difficulty)) <= 0 || j.ID == s.Job.ID {
				under := s
				under.Job.ID = j.ID
				_ = a.Submit(a.ctx, under)
			}
		}
	}
	a.kept = nil
}

// booked is the work in the log over the hashes done, and how far luck alone
// may take that from one (five standard deviations).
func (a *attacker) booked() (ratio, luck float64) {
	accepted, _ := a.w.log.all()
	var work, squares float64
	for _, r := range accepted {
		work += float64(r.Difficulty)
		squares += float64(r.Difficulty) * float64(r.Difficulty)
	}
	return work / a.hashes, 5 * math.Sqrt(squares) / a.hashes
}

func (a *attacker) wantFair() {
	a.t.Helper()
	ratio, luck := a.booked()
	if math.Abs(ratio-1) > luck || luck > 0.5 {
		a.t.Errorf("booked %.3f times the work done, luck explains ±%.3f", ratio, luck)
	}
}

// A miner that climbs and falls a ladder of difficulties within one job and
// picks the rung after it has seen the hash is credited what it hashed.
func TestLaddersOfDifficultyPayNothingExtra(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.PerMinute, c.MaxRefused = 1e7, 1<<30 })
	w.newJob(t, 1, hardBits, nil)
	a := newAttacker(t, w, "acme.x")
	for d := hashyard.Difficulty(64); d <= 64<<16; d *= 4 {
		if _, err := a.Call(a.ctx, "mining.suggest_difficulty", d.Wire()); err != nil {
			t.Fatal(err)
		}
		if _, err := a.NextJob(a.ctx); err != nil {
			t.Fatal(err)
		}
	}
	rungs := slices.Clone(a.Jobs[1:])
	if len(rungs) != 9 || rungs[0].Difficulty >= rungs[8].Difficulty {
		t.Fatalf("rungs %+v", rungs)
	}
	a.mine(rungs[0], rungs[0].Difficulty, 5000)
	a.cash(rungs)
	a.wantFair()
}

// Firmware under proof that keeps its shares back until silence has lowered
// its difficulty is credited what it hashed.
func TestSilenceUnderProofPaysNothingExtra(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.MaxRefused = 1 << 30 })
	w.auth.grants["acme.unit1"] = Grant{
		Account: hashyard.NewID(), Worker: hashyard.NewID(), Unit: hashyard.NewID(), PerMinute: 60, Proof: true, Start: 1 << 12,
	}
	w.newJob(t, 1, hardBits, nil)
	a := newAttacker(t, w, "acme.unit1")
	a.mine(a.Jobs[0], a.Jobs[0].Difficulty/32, 4500)
	for range 5 {
		w.advance(13 * time.Second)
		if _, err := a.NextJob(a.ctx); err != nil {
			t.Fatal(err)
		}
	}
	if low := a.Job().Difficulty; low != a.Jobs[0].Difficulty/32 {
		t.Fatalf("silence lowered to %v", low)
	}
	a.cash(a.Jobs)
	a.wantFair()
}

// A miner that works on ids it expects to be sent, and brings about the
// difficulty that suits its hashes afterwards, gets nothing for that work.
func TestWorkOnIDsNotSentYetIsWorthless(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.PerMinute, c.MaxRefused = 1e7, 1<<30 })
	w.newJob(t, 1, hardBits, nil)
	a := newAttacker(t, w, "acme.x")
	other := w.miner(t, "acme.spy") // is sent the next variant first
	now := a.Job()
	for _, c := range []*stratumtest.Client{other, a.Client} {
		next := now
		next.ID = now.ID[:len(now.ID)-2] + "01"
		if c == other {
			if _, err := c.Call(a.ctx, "mining.suggest_difficulty", hashyard.Difficulty(1<<16).Wire()); err != nil {
				t.Fatal(err)
			}
			j, err := c.NextJob(a.ctx)
			if err != nil || j.ID != next.ID {
				t.Fatalf("%+v %v", j, err)
			}
			next.Coinb1 = j.Coinb1
		} else { // guessed: the variant's number, the salt as it was
			b, err := hex.DecodeString(now.Coinb1)
			if err != nil {
				t.Fatal(err)
			}
			b[len(b)-9] = 1
			next.Coinb1 = hex.EncodeToString(b)
		}
		a.mine(next, 1<<10/float64(1<<32), 500)
	}
	if _, err := a.Call(a.ctx, "mining.suggest_difficulty", hashyard.Difficulty(1<<14).Wire()); err != nil {
		t.Fatal(err)
	}
	j, err := a.NextJob(a.ctx)
	if err != nil {
		t.Fatal(err)
	}
	a.cash([]stratumtest.Job{j})
	if ratio, _ := a.booked(); ratio > 0.05 {
		t.Errorf("booked %.3f times the work done before the job was sent", ratio)
	}
}

// An id that this session was not sent, or so long ago that its difficulty is
// forgotten, is stale: nobody knows what its hashes are worth.
func TestUnknownIDsAreStale(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.MaxJobs = 4 * maxSent })
	old := w.newJob(t, 1, hardBits, nil)
	early := w.miner(t, "acme.early")
	first := mine(t, early)
	w.newJob(t, 1, hardBits, nil)
	late := w.miner(t, "acme.late")
	s := mine(t, late)
	for _, id := range []string{
		strconv.FormatUint(old.ID(0), 16),     // before its time
		strconv.FormatUint(old.ID(1), 16),     // never sent to anybody
		s.Job.ID[:len(s.Job.ID)-2] + "01",     // not yet
		s.Job.ID[:len(s.Job.ID)-2] + "ff",     // never
		strconv.FormatUint(old.ID(255)+1, 16), // the sent one, as a check
	} {
		try := s
		try.Job.ID = id
		if err := late.Submit(deadline(t), try); id == s.Job.ID {
			if err != nil {
				t.Fatal(err)
			}
		} else {
			wantCode(t, err, share.Stale)
		}
	}
	for range maxSent {
		w.newJob(t, 1, hardBits, nil)
		if _, err := early.NextJob(deadline(t)); err != nil {
			t.Fatal(err)
		}
	}
	wantCode(t, early.Submit(deadline(t), first), share.Stale)
}
