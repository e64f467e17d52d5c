package killtest

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"hashyard"
)

// arms is the folder in which failpoints are armed; see hashyard.Hit.
type arms struct{ dir string }

// set arms a failpoint: the n-th pass from now on kills.
func (a arms) set(p hashyard.Failpoint, n int) error {
	// Renamed into place: a process may look at any time.
	tmp := filepath.Join(a.dir, "."+string(p))
	if err := os.WriteFile(tmp, fmt.Appendf(nil, "%-20d", n), 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, filepath.Join(a.dir, string(p)))
}

// clear disarms what nobody came past.
func (a arms) clear() error {
	for _, p := range hashyard.Failpoints() {
		if err := os.Remove(filepath.Join(a.dir, string(p))); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	return nil
}

// armed are the failpoints that have not killed yet.
func (a arms) armed() (out []hashyard.Failpoint) {
	for _, p := range hashyard.Failpoints() {
		// A count of zero has killed; another kill came before the file was gone.
		b, err := os.ReadFile(filepath.Join(a.dir, string(p)))
		if n, cerr := strconv.Atoi(strings.TrimSpace(string(b))); err == nil && cerr == nil && n > 0 {
			out = append(out, p)
		}
	}
	return out
}

// kills counts what has killed, from the file that is synced before each kill.
func (a arms) kills() (map[hashyard.Failpoint]int, error) {
	b, err := os.ReadFile(filepath.Join(a.dir, "hits"))
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	out := map[hashyard.Failpoint]int{}
	for line := range strings.Lines(string(b)) {
		name, _, _ := strings.Cut(line, " ")
		out[hashyard.Failpoint(name)]++
	}
	return out, nil
}

// table tells failpoint → kills, one a line; a recovery follows every kill, or
// the harness would not have gone on.
func table(kills map[hashyard.Failpoint]int) string {
	var b strings.Builder
	total := 0
	for _, p := range slices.Sorted(maps.Keys(kills)) {
		fmt.Fprintf(&b, "  %-26s %5d kills\n", p, kills[p])
		total += kills[p]
	}
	fmt.Fprintf(&b, "  %-26s %5d kills\n", "all", total)
	return b.String()
}
