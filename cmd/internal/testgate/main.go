// Command testgate reads `go test -json` and writes what a person wants to
// see of it: a line for each package, the output of what failed, the slowest
// tests, and every test that was left out, with its reason. It fails with the
// tests, and for a test that was left out for no stated reason.
package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// event is a line of `go test -json`.
type event struct {
	Action  string
	Package string
	Test    string
	Elapsed float64
	Output  string
}

// gate sums a run up.
type gate struct {
	out     io.Writer
	output  map[string][]string // by package and test, until it ends
	skipped []string
	silent  []string // skipped without a reason that package need gives
	slow    []event
	failed  int
	passed  int
}

func main() {
	g := &gate{out: os.Stdout, output: map[string][]string{}}
	if err := g.read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "testgate:", err)
		os.Exit(1)
	}
	if !g.sum() {
		os.Exit(1)
	}
}

func (g *gate) read(r io.Reader) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			fmt.Fprintln(g.out, lines.Text()) // what the build says
			continue
		}
		g.event(e)
	}
	return lines.Err()
}

func (g *gate) event(e event) {
	key := e.Package + " " + e.Test
	switch e.Action {
	case "output":
		g.output[key] = append(g.output[key], e.Output)
		return
	case "build-output":
		fmt.Fprint(g.out, e.Output)
		return
	case "pass":
		if e.Test != "" {
			g.passed++
		}
	case "fail", "build-fail":
		g.failed++
		fmt.Fprintf(g.out, "FAIL %s\n%s", key, strings.Join(g.output[key], ""))
	case "skip":
		if e.Test != "" {
			g.skip(e, g.output[key])
		}
	default:
		return
	}
	if e.Test == "" && e.Action != "build-fail" {
		word := map[string]string{"pass": "ok  ", "fail": "FAIL", "skip": "    "}[e.Action]
		fmt.Fprintf(g.out, "%s %6.1fs %s\n", word, e.Elapsed, e.Package)
	} else if !strings.Contains(e.Test, "/") {
		g.slow = append(g.slow, e)
	}
	delete(g.output, key)
}

// skip notes why a test left itself out.
func (g *gate) skip(e event, output []string) {
	why := ""
	for _, line := range output {
		for _, mark := range []string{"by design: ", "needs "} {
			if i := strings.Index(line, ": "+mark); i >= 0 {
				why = strings.TrimSpace(line[i+2:])
			}
		}
	}
	line := e.Package + "." + e.Test
	if why == "" {
		g.silent = append(g.silent, line)
		return
	}
	g.skipped = append(g.skipped, line+": "+why)
}

// sum prints the rest and says whether all is well.
func (g *gate) sum() bool {
	slices.SortFunc(g.slow, func(a, b event) int { return cmp.Compare(b.Elapsed, a.Elapsed) })
	fmt.Fprintf(g.out, "\n%d passed, %d failed, %d left out\n", g.passed, g.failed, len(g.skipped)+len(g.silent))
	for _, e := range g.slow[:min(8, len(g.slow))] {
		fmt.Fprintf(g.out, "  %6.1fs %s.%s\n", e.Elapsed, e.Package, e.Test)
	}
	for _, s := range g.skipped {
		fmt.Fprintln(g.out, "  left out:", s)
	}
	for _, s := range g.silent {
		fmt.Fprintln(g.out, "  left out without a reason (use migrations/testdb/need):", s)
	}
	return g.failed == 0 && len(g.silent) == 0 && g.passed > 0
}
