package journey

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"hashyard/cmd/internal/world/worldtest"
	"hashyard/migrations/testdb/soak"
)

// TestJourney: journeys in a row pass on one world, and what they left behind
// is shown to nobody else.
func TestJourney(t *testing.T) {
	worldtest.Needs(t)
	w := worldtest.Start(t, worldtest.Build(t, ""), worldtest.Fast())
	for range max(1, 3*soak.Times()) {
		if err := Run(t.Context(), Config{World: w.Path, Out: worldtest.Lines{T: t}, Wait: 3 * time.Minute}); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("every route keeps its callers apart", func(t *testing.T) { walkRoutes(t, w.Path) })
}

// TestSabotage: what a test build breaks in one step, the journey notices in
// that step.
func TestSabotage(t *testing.T) {
	worldtest.Needs(t)
	bin := worldtest.Build(t, "sabotage")
	steps := (&play{}).steps()
	sabotage := func(t *testing.T, i int, wait time.Duration) {
		w := worldtest.Start(t, bin, worldtest.Fast(), "HASHYARD_SABOTAGE="+strconv.Itoa(i+1))
		err := Run(t.Context(), Config{World: w.Path, Out: worldtest.Lines{T: t}, Wait: wait})
		want := fmt.Sprintf("journey stopped at step %d (%s)", i+1, steps[i].name)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Fatalf("sabotaged step %d (%s), got: %v", i+1, steps[i].name, err)
		}
	}
	// Until a machine is received nothing measures a hashrate: those journeys
	// mostly wait, and as many run beside each other as -parallel allows. From
	// the redirect on simulated machines must hash at their pace, two worlds'
	// at a time. The longest begin first.
	const measuring = 6
	t.Run("from the redirect on", func(t *testing.T) {
		two := make(chan struct{}, 2)
		for i := len(steps) - 1; i >= measuring; i-- {
			t.Run(steps[i].name, func(t *testing.T) {
				t.Parallel()
				two <- struct{}{}
				defer func() { <-two }()
				wait := 45 * time.Second
				if i >= 8 { // a proof on a loaded machine takes its time
					wait = 2 * time.Minute
				}
				t.Run("world", func(t *testing.T) { sabotage(t, i, wait) }) // it has ended before the next begins
			})
		}
	})
	t.Run("before", func(t *testing.T) {
		for i := range measuring {
			t.Run(steps[i].name, func(t *testing.T) {
				t.Parallel()
				sabotage(t, i, 45*time.Second)
			})
		}
	})
}
