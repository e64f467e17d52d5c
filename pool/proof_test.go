package pool

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"hashyard"
	"hashyard/pool/share"
)

// rig is a machine under proof with the edge it talks to: ids go out every
// thirty seconds and right with a first share, and a hash keeps the id that it
// was made for.
type rig struct {
	rnd     *rand.Rand
	proof   Proof
	share   share.Record
	rate    float64 // shares a second
	now     time.Time
	sent    time.Time // newest id
	greeted bool
	all     float64   // work submitted after the first share
	opened  time.Time // first share
}

const rigDifficulty = hashyard.Difficulty(1 << 20)

func newRig(seed uint64, perSecond float64) *rig {
	start := time.Unix(1_800_000_000, 0).UTC()
	r := &rig{rnd: rand.New(rand.NewPCG(seed, 7)), rate: perSecond, now: start, sent: start}
	r.share = share.Record{
		Session: hashyard.NewID(), Account: hashyard.NewID(), Worker: hashyard.NewID(), Unit: hashyard.NewID(),
		Difficulty: rigDifficulty, Secret: true,
	}
	r.proof = Proof{Unit: r.share.Unit, Org: hashyard.NewID(), Since: start}
	return r
}

// hash makes shares for a time; what is kept of it is given back.
func (r *rig) hash(d time.Duration, keep bool) (kept []time.Time) {
	for end := r.now.Add(d); ; {
		next := r.now.Add(time.Duration(r.rnd.ExpFloat64() / r.rate * float64(time.Second)))
		if next.After(end) {
			next = end
		}
		for id := r.sent.Add(30 * time.Second); !id.After(next); id = id.Add(30 * time.Second) {
			r.sent = id
		}
		if r.now = next; next.Equal(end) {
			return kept
		}
		if keep {
			kept = append(kept, r.sent)
			continue
		}
		r.submit(r.sent)
	}
}

func (r *rig) submit(sent time.Time) {
	rec := r.share
	rec.At, rec.Sent = r.now.Truncate(time.Millisecond), sent.Truncate(time.Millisecond)
	if !r.greeted {
		rec.Fresh, r.greeted, r.sent = true, true, r.now
	}
	if r.opened.IsZero() {
		r.opened = r.now
	} else {
		r.all += float64(rec.Difficulty)
	}
	r.proof.Count(rec, r.proof.Org)
}

// reconnect loses the session: the next one has ids of its own.
func (r *rig) reconnect() {
	r.share.Session = hashyard.NewID()
	r.sent, r.greeted = r.now, false
}

// measured is the rate by the proof over the machine's own, and five standard
// deviations of it.
func (r *rig) measured(t *testing.T, rate float64) (ratio, luck float64) {
	t.Helper()
	ev, err := r.proof.Event(r.now, 1)
	if err != nil {
		t.Fatal(err)
	}
	var m hashyard.WorkMeasured
	if err := ev.Read(&m); err != nil {
		t.Fatal(err)
	}
	if m.Shares != r.proof.Shares || !m.From.Equal(r.proof.From) || m.From.Before(r.opened.Truncate(time.Millisecond)) {
		t.Fatalf("measured %+v of %+v", m, r.proof)
	}
	whole := rate * m.To.Sub(m.From).Seconds()
	return float64(m.Shares) / whole, 5 * math.Sqrt(float64(max(m.Shares, 1))) / whole
}

// Firmware that hashes in silence and submits what it kept once the clock runs
// is measured at what it hashes from then on.
func TestWorkKeptBackIsNotMeasured(t *testing.T) {
	t.Parallel()
	const sold = 4 // shares a second
	for seed := range uint64(8) {
		for _, part := range []float64{0.7, 0} {
			r := newRig(seed, 0.7*sold)
			kept := r.hash(5*time.Minute, true)
			for i, sent := range kept {
				if i == len(kept)/2 {
					r.reconnect() // a second session does not open a second window
				}
				r.submit(sent)
			}
			if part > 0 {
				r.hash(10*time.Minute, false)
			} else {
				r.now = r.now.Add(10 * time.Minute)
			}
			ratio, luck := r.measured(t, sold)
			if ratio > part+luck {
				t.Errorf("a machine of %.0f %% is measured at %.1f %%, luck explains %.1f %%", 100*part, 100*ratio, 100*luck)
			}
			// Without the rule it passes, which is what makes this test one.
			if naive := r.all / float64(rigDifficulty) / sold / r.now.Sub(r.opened).Seconds(); naive < part+0.3 {
				t.Errorf("all shares together give only %.1f %%", 100*naive)
			}
		}
	}
}

// An honest machine is measured as it is, over reconnects too.
func TestHonestMachineIsMeasuredUnbiased(t *testing.T) {
	t.Parallel()
	const rate = 4
	var shares, whole float64
	for seed := range uint64(40) {
		r := newRig(seed, rate)
		r.hash(17*time.Second, false)
		r.hash(3*time.Minute, false)
		r.reconnect()
		r.hash(3*time.Minute, false)
		ratio, luck := r.measured(t, rate)
		if math.Abs(ratio-1) > luck {
			t.Errorf("measured at %.1f %%, luck explains %.1f %%", 100*ratio, 100*luck)
		}
		if len(r.proof.Sessions) != 2 {
			t.Errorf("%d sessions", len(r.proof.Sessions))
		}
		shares += float64(r.proof.Shares)
		whole += rate * r.now.Sub(r.proof.From).Seconds()
	}
	// All runs together show a bias of a few parts in a hundred.
	if luck := 5 * math.Sqrt(shares) / whole; math.Abs(shares/whole-1) > luck {
		t.Errorf("all together measured at %.2f %%, luck explains %.2f %%", 100*shares/whole, 100*luck)
	}
}

// What is not known to be sent in the window is not counted, and only a share
// right with which an id went out begins one.
func TestProofCountsOnlyWhatWasSentInItsWindow(t *testing.T) {
	t.Parallel()
	r := newRig(1, 1)
	at := r.now.Add(time.Second)
	rec := r.share
	rec.At, rec.Sent = at, at
	if r.proof.Count(rec, r.proof.Org) {
		t.Fatal("a share that no id went out with begins the window")
	}
	rec.Fresh = true
	if !r.proof.Count(rec, r.proof.Org) || !r.proof.From.Equal(at) || r.proof.Shares != 0 {
		t.Fatalf("first share: %+v", r.proof)
	}
	for _, tt := range []struct {
		sent time.Time
		want bool
	}{{time.Time{}, false}, {at.Add(-time.Millisecond), false}, {at, true}, {at.Add(time.Minute), true}} {
		rec.At, rec.Sent = at.Add(2*time.Minute), tt.sent
		before := r.proof.Shares
		if got := r.proof.Count(rec, r.proof.Org); got != tt.want || (r.proof.Shares > before) != tt.want {
			t.Errorf("sent %s: counted %v, want %v", tt.sent, got, tt.want)
		}
	}
	if !r.proof.From.Equal(at) {
		t.Errorf("the window moved to %s", r.proof.From)
	}
}
