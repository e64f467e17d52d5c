package cgminer

import (
	"errors"
	"strings"
	"testing"
	"time"

	"hashyard"
)

// TestCutPoolsAreNoProof cuts a reply at every byte: the list is whole or it is
// refused, never shorter.
func TestCutPoolsAreNoProof(t *testing.T) {
	t.Parallel()
	for name, whole := range map[string]string{
		"json": `{"STATUS":[{"STATUS":"S","Code":7,"Msg":"2 Pool(s)"}],"POOLS":[{"POOL":0,"URL":"stratum+tcp://p:1","User":"u"},{"POOL":1,"URL":"stratum+tcp://evil:1","User":"thief"}],"id":1}`,
		"text": `STATUS=S,Code=7,Msg=2 Pool(s)|POOL=0,URL=stratum+tcp://p:1,User=u|POOL=1,URL=stratum+tcp://evil:1,User=thief|`,
	} {
		for n := range len(whole) + 1 {
			r, err := ParseReply([]byte(whole[:n]))
			if err != nil {
				continue
			}
			pools, err := PoolList(r, time.Time{})
			switch {
			case err == nil && (len(pools) != 2 || pools[1].User != "thief"):
				t.Fatalf("%s cut at %d of %d is believed: %+v", name, n, len(whole), pools)
			case err != nil && !errors.Is(err, hashyard.Unavailable):
				t.Errorf("%s cut at %d: %v", name, n, err)
			case err != nil && n == len(whole):
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	// The end is noticed behind any number of other defects.
	_, ds, err := Parse([]byte(`{"POOLS":[` + strings.Repeat(`{,},`, 2*maxDefects)))
	if err != nil || !Truncated(ds) {
		t.Errorf("%d defects, %v", len(ds), err)
	}
	// An empty list is an answer, no list is none.
	for raw, ok := range map[string]bool{`{"STATUS":[{"STATUS":"S"}],"POOLS":[]}`: true, `{"STATUS":[{"STATUS":"S"}]}`: false} {
		r, err := ParseReply([]byte(raw))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := PoolList(r, time.Time{}); (err == nil) != ok {
			t.Errorf("%s: %v", raw, err)
		}
	}
}
