package web

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hashyard"
)

var update = flag.Bool("update", false, "rewrite golden files")

// TestCan compares every role and action, in a tenant and in the house, with
// the reviewed table in testdata; its last column is what asks for a factor
// shown lately.
func TestCan(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	fmt.Fprintf(&b, "%-18s", "tenant/house")
	for _, r := range Roles() {
		fmt.Fprintf(&b, "%-10s", r)
	}
	fmt.Fprint(&b, "step-up")
	for _, act := range Actions() {
		fmt.Fprintf(&b, "\n%-18s", act)
		for _, r := range Roles() {
			a := hashyard.Actor{Org: hashyard.NewID(), Roles: []hashyard.Role{r}}
			cell := mark(Can(a, act)) + "/"
			a.House = true
			fmt.Fprintf(&b, "%-10s", cell+mark(Can(a, act)))
		}
		fmt.Fprint(&b, mark(StepUp(act)))
	}
	got := trimLines(b.String()) + "\n"
	const golden = "testdata/can.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("who may do what changed (-want +got):\n%s", diff)
	}
}

func mark(yes bool) string {
	if yes {
		return "yes"
	}
	return "-"
}

func trimLines(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

func TestCanDeniesByDefault(t *testing.T) {
	t.Parallel()
	org := hashyard.NewID()
	for name, a := range map[string]hashyard.Actor{
		"nobody":          {},
		"no role":         {Org: org},
		"unknown role":    {Org: org, Roles: []hashyard.Role{"root"}},
		"no organisation": {Roles: []hashyard.Role{hashyard.Owner}},
		"system":          {Org: org, System: "dispatcher", Roles: []hashyard.Role{hashyard.Owner}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, act := range append(Actions(), "", "made.up") {
				if Can(a, act) {
					t.Errorf("may %s", act)
				}
			}
		})
	}
	owner := hashyard.Actor{Org: org, Roles: []hashyard.Role{hashyard.Owner}}
	if Can(owner, "made.up") {
		t.Error("an owner may do an action that is not in the table")
	}
	both := hashyard.Actor{Org: org, Roles: []hashyard.Role{hashyard.Viewer, hashyard.Logistics}}
	if !Can(both, ShipmentsScan) || !Can(both, LedgerRead) || Can(both, OrdersWrite) {
		t.Error("two roles grant what either grants, no more")
	}
}
