package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestTheGate(t *testing.T) {
	t.Parallel()
	ok := `{"Action":"pass","Package":"p","Test":"TestA","Elapsed":1}` + "\n" + `{"Action":"pass","Package":"p","Elapsed":2}` + "\n"
	skip := func(text string) string {
		return `{"Action":"output","Package":"p","Test":"TestB","Output":"    b_test.go:3: ` + text + `\n"}` + "\n" + `{"Action":"skip","Package":"p","Test":"TestB"}` + "\n"
	}
	for name, tt := range map[string]struct {
		in   string
		good bool
		says string
	}{
		"all pass":                {ok, true, "1 passed, 0 failed, 0 left out"},
		"a reason":                {ok + skip("needs corpus: none here"), true, "left out: p.TestB: needs corpus: none here"},
		"by design":               {ok + skip("by design: long"), true, "by design: long"},
		"no reason":               {ok + skip("not today"), false, "without a reason"},
		"a failure":               {ok + `{"Action":"output","Package":"p","Test":"TestC","Output":"boom\n"}` + "\n" + `{"Action":"fail","Package":"p","Test":"TestC"}` + "\n", false, "boom"},
		"a build that fails":      {ok + `{"Action":"build-output","Output":"x.go:1: no\n"}` + "\n" + `{"Action":"build-fail"}` + "\n", false, "x.go:1: no"},
		"nothing ran":             {"", false, "0 passed"},
		"words between the JSON":  {"go: downloading\n" + ok, true, "go: downloading"},
		"a package without tests": {ok + `{"Action":"skip","Package":"q"}` + "\n", true, "0 left out"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			g := &gate{out: &out, output: map[string][]string{}}
			if err := g.read(strings.NewReader(tt.in)); err != nil {
				t.Fatal(err)
			}
			if good := g.sum(); good != tt.good || !strings.Contains(out.String(), tt.says) {
				t.Errorf("good %t, want %t and %q in:\n%s", good, tt.good, tt.says, out.String())
			}
		})
	}
}
