package killtest

import (
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
	harnesses := 0
	harness := func(name string, run func(t *testing.T, bin string) map[hashyard.Failpoint]int) {
		t.Run(name, func(t *testing.T) {
			for p, n := range run(t, bin) {
				all[p] += n
			}
			harnesses++
		})
	}
	harness("synced before told", syncedBeforeTold)
	harness("pool", poolSurvives)
	harness("world", worldSurvives)
	if harnesses < 3 {
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
