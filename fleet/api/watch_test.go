package api

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"hashyard"
	"hashyard/fleet"
)

// TestMachinePageTellsItsTotal holds what an embedded page would swallow.
func TestMachinePageTellsItsTotal(t *testing.T) {
	t.Parallel()
	b, err := json.Marshal(MachinePage{Items: []Machine{}, Next: "100", Total: 630})
	if err != nil || string(b) != `{"items":[],"next":"100","total":630}` {
		t.Errorf("%s, %v", b, err)
	}
}

// TestNoBoundIsNoNumber: what the pool cannot bound is left out, for JSON has
// no infinity.
func TestNoBoundIsNoNumber(t *testing.T) {
	t.Parallel()
	v := verifiedOf(&fleet.Verified{Upper: hashyard.Hashrate(math.Inf(1)), For: time.Minute})
	b, err := json.Marshal(v)
	if err != nil || strings.Contains(string(b), "upper") {
		t.Errorf("%s, %v", b, err)
	}
	if verifiedOf(nil) != nil {
		t.Error("nothing counted became a figure")
	}
}
