package web

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	"hashyard"
)

// kinds are all event kinds of the kernel, read from its source, so that a new
// one cannot be forgotten here.
func kinds(t *testing.T) (out []hashyard.EventKind) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../event.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 || !strings.HasPrefix(spec.Names[0].Name, "Ev") {
			return true
		}
		kind, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, hashyard.EventKind(kind))
		return true
	})
	if len(out) < 21 {
		t.Fatalf("found %d kinds only", len(out))
	}
	return out
}

// TestStreamKeepsRoles goes over all kinds and roles: whoever may not ask for
// something is not told of it by the stream.
func TestStreamKeepsRoles(t *testing.T) {
	t.Parallel()
	b := NewBroker(0)
	org, house := hashyard.NewID(), hashyard.NewID()
	all := kinds(t)
	const unknown = hashyard.EventKind("made.up")
	subs := map[hashyard.Role]*Subscription{}
	for _, r := range Roles() {
		subs[r], _, _ = b.Subscribe(hashyard.Actor{Org: org, Roles: []hashyard.Role{r}}, "")
		defer subs[r].Close()
	}
	desk, _, _ := b.Subscribe(hashyard.Actor{Org: house, House: true, Roles: []hashyard.Role{hashyard.Desk}}, "")
	defer desk.Close()
	start := b.Seq()
	for _, k := range append(slices.Clone(all), unknown) {
		publish(t, b, string(k), org)
	}
	if err := b.PublishAll("book", 1); err != nil {
		t.Fatal(err)
	}
	if got := len(names(desk)); got != len(all)+2 {
		t.Errorf("the desk saw %d of %d kinds", got, len(all)+2)
	}
	for role, s := range subs {
		actor := hashyard.Actor{Org: org, Roles: []hashyard.Role{role}}
		got := names(s)
		var want []string
		for _, k := range append(slices.Clone(all), "book") {
			act, known := EventAction(k)
			if !known {
				t.Errorf("%s is in no row of the table", k)
			}
			if Can(actor, act) != SeesEvent(actor, k) {
				t.Errorf("%s: SeesEvent %s differs from Can %s", role, k, act)
			}
			if Can(actor, act) {
				want = append(want, string(k))
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s saw %v, want %v", role, got, want)
		}
		if SeesEvent(actor, unknown) {
			t.Errorf("%s sees a kind nobody knows", role)
		}
		// What was missed is no way around.
		again, missed, _ := b.Subscribe(actor, start)
		again.Close()
		if len(missed) != len(want) {
			t.Errorf("%s resumed with %d messages, want %d", role, len(missed), len(want))
		}
		if role == hashyard.Logistics || role == hashyard.Operator {
			for _, k := range got {
				if k == "earnings.settled" || k == "held.released" || strings.HasPrefix(k, "payout.") {
					t.Errorf("%s was told %s", role, k)
				}
			}
		}
		if role == hashyard.Owner && len(got) != len(all)+1 {
			t.Errorf("an owner saw %v", got)
		}
	}
}
