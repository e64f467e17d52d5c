package killtest

import (
	"testing"

	"hashyard"
	"hashyard/migrations/testdb/need"
)

// TestZZEveryFailpointWasHit comes last: a failpoint that no harness ever came
// past shows nothing, and fails the build.
func TestZZEveryFailpointWasHit(t *testing.T) {
	all.mu.Lock()
	defer all.mu.Unlock()
	if all.harnesses < 2 {
		need.ByDesign(t, "only together with the harnesses of this package")
	}
	for _, p := range hashyard.Failpoints() {
		if all.by[p] == 0 {
			t.Errorf("failpoint %s was never hit", p)
		}
	}
	t.Logf("%d failpoints\n%s", len(hashyard.Failpoints()), table(all.by))
}
