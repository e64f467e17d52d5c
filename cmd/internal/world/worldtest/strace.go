package worldtest

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"hashyard/migrations/testdb/need"
)

// Strace finds the tool, or skips: that something is on the disk is shown by
// the system calls that put it there, never by a kill, which the page cache
// survives.
func Strace(t testing.TB) string {
	t.Helper()
	path, err := exec.LookPath("strace")
	if err != nil {
		need.Missing(t, need.Strace, "apt-get install strace")
	}
	return path
}

// StraceArgs are the arguments that make strace write a process's completed
// syncs, with the files' names, to a file; the command follows.
func StraceArgs(out string) []string {
	return []string{"-f", "-y", "-e", "trace=fsync,fdatasync", "-o", out}
}

// Syncs are the syncs of a trace that succeeded, by the path that was synced.
type Syncs map[string]int

// ReadSyncs reads a trace. A call that another thread interrupted is written
// in two lines and counts when it has come back.
func ReadSyncs(t testing.TB, path string) Syncs {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	begun := regexp.MustCompile(`^(\d+) +f(?:data)?sync\(\d+<(.*?)>(\)\s+= 0)?`)
	ended := regexp.MustCompile(`^(\d+) +<\.\.\. f(?:data)?sync resumed>\)\s+= 0`)
	out, open := Syncs{}, map[string]string{} // by thread
	for line := range strings.Lines(string(b)) {
		if m := begun.FindStringSubmatch(line); m != nil {
			if m[3] != "" {
				out[m[2]]++
			} else {
				open[m[1]] = m[2]
			}
		} else if m := ended.FindStringSubmatch(line); m != nil && open[m[1]] != "" {
			out[open[m[1]]]++
			delete(open, m[1])
		}
	}
	return out
}

// Of counts the syncs of all paths that keep says.
func (s Syncs) Of(keep func(path string) bool) (n int) {
	for path, times := range s {
		if keep(path) {
			n += times
		}
	}
	return n
}
