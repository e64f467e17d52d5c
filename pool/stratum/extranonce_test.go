package stratum

import (
	"testing"

	"pgregory.net/rapid"
)

// TestNoTwoLiveSessionsShareAnExtranonce: whatever comes and goes at two edges.
func TestNoTwoLiveSessionsShareAnExtranonce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		edges := []extranonces{newExtranonces(0, rapid.Uint32().Draw(t, "first")), newExtranonces(255, rapid.Uint32().Draw(t, "second"))}
		for i := range edges { // few, so that all are in use at times
			edges[i].count = rapid.Uint32Range(1, 12).Draw(t, "count")
			edges[i].next %= edges[i].count
		}
		live := map[uint32]int{} // number to edge
		freed := map[uint32]int{}
		step := 0
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			step++
			edge := rapid.IntRange(0, 1).Draw(t, "edge")
			e := &edges[edge]
			var mine []uint32
			for n, of := range live {
				if of == edge {
					mine = append(mine, n)
				}
			}
			if len(mine) > 0 && rapid.Bool().Draw(t, "end") {
				n := mine[0]
				for _, m := range mine {
					n = min(n, m)
				}
				delete(live, n)
				e.free(n)
				freed[n] = step
				continue
			}
			n, ok := e.take()
			if ok != (len(mine) < int(e.count)) {
				t.Fatalf("%d of %d in use, and one is given: %v", len(mine), e.count, ok)
			}
			if !ok {
				continue
			}
			if of, shared := live[n]; shared || byte(n>>24) != e.edge {
				t.Fatalf("edge %d gives %08x, which edge %d has", edge, n, of)
			}
			live[n] = edge
		}
	})
}
