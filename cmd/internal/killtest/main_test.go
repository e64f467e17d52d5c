package killtest

import (
	"sync"
	"testing"

	"hashyard"
	"hashyard/cmd/internal/world/worldtest"
	"hashyard/migrations/testdb"
	"hashyard/migrations/testdb/soak"
)

func TestMain(m *testing.M) { testdb.Main(m) }

// TestSoakNothingIsLost builds a yard that can be killed at its failpoints and
// runs every harness on it. A failpoint that none of them came past shows
// nothing, and fails.
func TestSoakNothingIsLost(t *testing.T) {
	worldtest.Needs(t)
	bin := worldtest.Build(t, "failpoints")
	all := map[hashyard.Failpoint]int{}
	var mu sync.Mutex // guards all and harnesses
	harnesses := 0
	harness := func(t *testing.T, name string, run func(t *testing.T, bin string) map[hashyard.Failpoint]int) {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // each mostly waits for processes to come back
			kills := run(t, bin)
			mu.Lock()
			defer mu.Unlock()
			for p, n := range kills {
				all[p] += n
			}
			harnesses++
		})
	}
	t.Run("harnesses", func(t *testing.T) {
		harness(t, "world", worldSurvives)
		harness(t, "pool", poolSurvives)
		harness(t, "edge", edgeSurvives)
		harness(t, "synced before told", syncedBeforeTold)
	})
	if harnesses < 4 {
		return // -run chose some, or one of them has failed
	}
	total := 0
	for _, p := range hashyard.Failpoints() {
		if total += all[p]; all[p] == 0 {
			t.Errorf("failpoint %s was never hit", p)
		}
	}
	t.Logf("%d failpoints, each killed at and recovered from\n%s", len(hashyard.Failpoints()), table(all))
	soak.Reached(t, "kills: processes at failpoints, recovered, 0 lost, 0 ×2", total, 1_000)
}
