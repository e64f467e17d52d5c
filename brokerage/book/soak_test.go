package book

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
	const round = 2_000
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
	var snapshot State
	cut := rnd.IntN(n)
	for i := range n {
		if i == cut {
			snapshot = b.State()
		}
		c := drawn(func(_ string, n int) int { return rnd.IntN(n) }, 120)
		if c.kind == expire { // time goes on, or GTD orders die out early
			c.at = int64(i / 200)
		}
		journal = append(journal, c)
		if d := cmp.Diff(slow.apply(c), c.apply(b)); d != "" {
			t.Errorf("message %d, %+v (-naive +book):\n%s", i, c, d)
			return false
		}
	}
	again(t, b, journal, 0, State{})
	again(t, b, journal, cut, snapshot)
	if b.Len() != len(slow.resting) {
		t.Errorf("%d and %d resting", b.Len(), len(slow.resting))
		return false
	}
	return true
}
