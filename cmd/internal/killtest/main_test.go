package killtest

import (
	"sync"
	"testing"

	"hashyard"
	"hashyard/migrations/testdb"
)

func TestMain(m *testing.M) { testdb.Main(m) }

// hits are the kills of all harnesses of this run.
type hits struct {
	mu        sync.Mutex // guards all below
	by        map[hashyard.Failpoint]int
	harnesses int
}

// all is this test binary's; a package's tests have no other place for it.
var all = hits{by: map[hashyard.Failpoint]int{}}

// add takes over what one harness has killed.
func (h *hits) add(kills map[hashyard.Failpoint]int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for p, n := range kills {
		h.by[p] += n
	}
	h.harnesses++
}
