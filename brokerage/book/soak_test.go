package book

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hashyard"
	"hashyard/migrations/testdb/soak"
)

// TestSoakBookEqualsNaiveBook compares both books message by message, a
// million times HASHYARD_SOAK, and every some thousand messages the live hash
// with that of a whole replay and of a snapshot with what came after it.
func TestSoakBookEqualsNaiveBook(t *testing.T) {
	t.Parallel()
	want := 1_000_000 * soak.Only(t)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 3))
	const round = 4_000
	done := 0
	for ; done < want; done += round {
		if !playRound(t, rnd, round) {
			t.Fatalf("after %d messages, seed %d", done, seed)
		}
	}
	soak.Reached(t, "book: messages, two books, replay and snapshot equal", done, 10_000_000)
}

func playRound(t *testing.T, rnd *rand.Rand, n int) bool {
	b, slow := New(), &naive{}
	journal := make([]command, 0, n)
	var snapshot []Order
	cut := rnd.IntN(n)
	for i := range n {
		if i == cut {
			snapshot = b.Orders()
		}
		c := randomCommand(rnd)
		journal = append(journal, c)
		if d := cmp.Diff(slow.apply(c), c.apply(b)); d != "" {
			t.Errorf("message %d (-naive +book):\n%s", i, d)
			return false
		}
	}
	replayed, restored := New(), New()
	for _, c := range journal {
		c.apply(replayed)
	}
	for _, o := range snapshot {
		restored.Place(o, nil)
	}
	for _, c := range journal[cut:] {
		c.apply(restored)
	}
	if h := b.Hash(); replayed.Hash() != h || restored.Hash() != h || b.Len() != len(slow.resting) {
		t.Errorf("live %x, replayed %x, restored %x, %d and %d resting", h[:4], replayed.Hash(), restored.Hash(), b.Len(), len(slow.resting))
		return false
	}
	return true
}

func randomCommand(rnd *rand.Rand) command {
	o := Order{
		ID: id('o', 1+rnd.IntN(500)), Org: id('g', 1+rnd.IntN(4)), Side: Side(rnd.IntN(2)),
		Price: hashyard.MilliCentsPerTH(1000 * (1 + rnd.IntN(12))), Units: int64(rnd.IntN(10)),
	}
	if rnd.IntN(4) == 0 {
		o.TIF = IOC
	}
	return command{order: o, cancel: rnd.IntN(4) == 0}
}
