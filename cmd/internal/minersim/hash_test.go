package minersim

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"math"
	"math/big"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hashyard"
	"hashyard/migrations/testdb/need"
)

// vectorNotify is a worked example of Stratum's encoding, checked by hand
// against the header and hash below.
const vectorNotify = `["job1","c4d5e6f78091a2b34c5d6e7f08192a3bc4d5e6f70001a2b30000000000000000",
"02000000010000000000000000000000000000000000000000000000000000000000000000ffffffff1803a0bb0d062f41434d452f0c",
"ffffffff02205fa01200000000160014751e76e8199196d454941c45d1b3a323f1433bd60000000000000000266a24aa21a9ede2f61c3f71d1defd3fa999dfa36953755c690689799962b48bebd836974e8cf900000000",
["709b55bd3da0f5a838125bd0ee20c5bfdd7caba173912d4281cae816b79a201b"],"20000000","17023a04","68a7c001",true]`

const (
	vectorHeader = "0060c720f7e6d5c4b3a291807f6e5d4c3b2a1908f7e6d5c4b3a20100000000000000000057b77386e3773d3ded43e978d2fedcd36fd9764793d95696149d1bb7a4b12e0e01c0a768043a02178fcd6405"
	vectorHash   = "00000001543551646a2b39a0d80765f94a1ef4d0c0bc263bffc68a97a06063d3"
)

func vectorJob(t testing.TB) *job {
	t.Helper()
	var params []json.RawMessage
	if err := json.Unmarshal([]byte(vectorNotify), &params); err != nil {
		t.Fatal(err)
	}
	j, clean, err := parseNotify(params)
	if err != nil || !clean {
		t.Fatal(err, clean)
	}
	j.extra1, _ = hex.DecodeString("f000000f")
	j.extra2Size = 8
	return j
}

func TestHeaderOfTheWorkedVector(t *testing.T) {
	t.Parallel()
	j := vectorJob(t)
	h := j.header([]byte{0, 0, 0, 0, 0, 0, 0, 1}, 0x20c76000, 0x0564cd8f)
	if got := hex.EncodeToString(h[:]); got != vectorHeader {
		t.Errorf("header %s\nwant   %s", got, vectorHeader)
	}
	sum := sha256d(h[:])
	slices.Reverse(sum[:])
	if got := hex.EncodeToString(sum[:]); got != vectorHash {
		t.Errorf("hash %s", got)
	}
}

// The fast loop finds the vector's nonce and computes its very hash.
func TestRollerFindsTheKnownNonce(t *testing.T) {
	t.Parallel()
	j := vectorJob(t)
	j.extra2, j.mask = 1, 0x00c76000
	var err error
	if j.difficulty, err = hashyard.DifficultyFromWire(0.75); err != nil {
		t.Fatal(err)
	}
	r := newRoller(j)
	r.rolls = 0x7f // all bits of this mask
	r.setVersion()
	if r.version != 0x20c76000 {
		t.Fatalf("version %08x", r.version)
	}
	r.nonce = 0x0564cd8f - 1000
	var found []share
	r.roll(2000, func(s share) { found = append(found, s) })
	if len(found) != 1 || found[0].nonce != 0x0564cd8f || found[0].version != 0x20c76000 {
		t.Fatalf("found %+v", found)
	}
	sum := found[0].hash
	slices.Reverse(sum[:])
	if got := hex.EncodeToString(sum[:]); got != vectorHash {
		t.Errorf("hash %s", got)
	}
	if d := difficultyOf(found[0].hash); math.Abs(d-0.75247) > 1e-5 {
		t.Errorf("difficulty %g", d)
	}
}

// Whatever the job, every share rebuilds to a header that meets the target,
// and no two shares are the same header.
func TestSharesMeetTheirTarget(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		bytesOf := func(name string, lo, hi int) []byte {
			return rapid.SliceOfN(rapid.Byte(), lo, hi).Draw(t, name)
		}
		j := &job{
			coinb1: bytesOf("coinb1", 1, 60), coinb2: bytesOf("coinb2", 1, 60), extra1: bytesOf("extra1", 0, 8),
			extra2Size: rapid.IntRange(1, 12).Draw(t, "size"), version: 0x20000000,
			mask:       rapid.SampledFrom([]uint32{0, versionMask, 0x6000}).Draw(t, "mask"),
			ntime:      rapid.Uint32().Draw(t, "ntime"),
			difficulty: hashyard.Difficulty(rapid.Uint64Range(4, 64).Draw(t, "difficulty")),
		}
		copy(j.prev[:], bytesOf("prev", 32, 32))
		for range rapid.IntRange(0, 3).Draw(t, "branches") {
			j.branches = append(j.branches, [32]byte(bytesOf("branch", 32, 32)))
		}
		r := newRoller(j)
		target := j.difficulty.Target()
		seen := map[[80]byte]bool{}
		check := func(s share) {
			h := j.header(s.extra2, s.version, s.nonce)
			sum := sha256d(h[:])
			if sum != s.hash {
				t.Fatalf("share's hash %x, header's %x", s.hash, sum)
			}
			slices.Reverse(sum[:])
			if bytes.Compare(sum[:], target[:]) > 0 {
				t.Fatalf("hash %x is above target %x", sum, target)
			}
			if s.version&^j.mask != j.version || seen[h] {
				t.Fatalf("version %08x under mask %08x, seen %v", s.version, j.mask, seen[h])
			}
			seen[h] = true
		}
		for range 4 {
			r.roll(60, check)
			r.left = 0 // as if the run were used up
		}
		// About 240/difficulty shares; none at all would be 1 in 10^24.
		if j.difficulty <= 4 && len(seen) == 0 {
			t.Fatal("no shares")
		}
	})
}

func TestRollerDoesNotAllocate(t *testing.T) {
	if raceEnabled {
		need.ByDesign(t, "the race detector's build allocates in crypto/sha256")
	}
	j := vectorJob(t)
	j.difficulty = 1 << 62
	r := newRoller(j)
	if n := testing.AllocsPerRun(10, func() { r.roll(1000, func(share) {}) }); n > 0 {
		t.Errorf("%g allocations for 1000 hashes", n)
	}
}

func BenchmarkRoller(b *testing.B) {
	j := vectorJob(b)
	j.difficulty = 1 << 62
	r := newRoller(j)
	b.ReportAllocs()
	b.ResetTimer()
	r.roll(b.N, func(share) {})
}

// Two rigs on one thread hash at the rates they were set to.
func TestFurnaceHoldsTheRate(t *testing.T) {
	f := newFurnace()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); f.run(ctx) }()
	j := vectorJob(t)
	j.difficulty = 1 << 62
	rigs := []*rig{newRig(100_000), newRig(70_000)}
	for _, r := range rigs {
		f.add(r)
		f.assign(r, j)
	}
	start := time.Now()
	var before [2]uint64
	for range 3 { // a loaded machine may stall one stretch; not three
		for i, r := range rigs {
			before[i] = r.hashes.Load()
		}
		start = time.Now()
		time.Sleep(1500 * time.Millisecond) // the measured stretch itself
		if within(rigs, before, time.Since(start)) {
			cancel()
			<-done
			return
		}
	}
	t.Errorf("rates after %v: %d and %d hashes", time.Since(start), rigs[0].hashes.Load()-before[0], rigs[1].hashes.Load()-before[1])
	cancel()
	<-done
}

func within(rigs []*rig, before [2]uint64, d time.Duration) bool {
	for i, r := range rigs {
		got := float64(r.hashes.Load()-before[i]) / d.Seconds()
		if math.Abs(got/r.rate-1) > 0.05 || math.Abs(r.recentRate()/r.rate-1) > 0.05 {
			return false
		}
	}
	return true
}

func TestExactDifficultyRoundTrips(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w, err := hashyard.WorkOf(hashyard.Difficulty(rapid.Uint64().Draw(t, "d"))).Times(rapid.Uint64().Draw(t, "n"))
		if err != nil {
			t.Fatal(err)
		}
		text := exactDifficulty(w)
		r, ok := new(big.Rat).SetString(text)
		if !ok {
			t.Fatal(text)
		}
		r.Mul(r, new(big.Rat).SetInt64(1<<32))
		if !r.IsInt() || r.Num().Cmp(w.Big()) != 0 {
			t.Fatalf("%s is not %s", text, w)
		}
	})
	if got := exactDifficulty(hashyard.WorkOf(1 << 32)); got != "1.00000000" {
		t.Error(got)
	}
}
