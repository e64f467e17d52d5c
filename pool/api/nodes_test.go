package api_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hashyard"
	"hashyard/pool"
)

// TestNodesAreTheHousesMatter: everybody hears whether work is offered, the
// house alone from where and why not.
func TestNodesAreTheHousesMatter(t *testing.T) {
	s := newSite(t)
	s.keys["tenant"] = hashyard.Actor{Org: hashyard.NewID(), User: hashyard.NewID(), Roles: []hashyard.Role{hashyard.Owner}}
	s.keys["ops"] = hashyard.Actor{Org: hashyard.NewID(), User: hashyard.NewID(), House: true, Roles: []hashyard.Role{hashyard.Desk}}
	s.work = pool.WorkState{
		Why: "no node is healthy", Height: 7, JobAt: s.now,
		Nodes: []pool.NodeState{
			{Name: "core", Problem: "it still loads", Height: 5, Peers: 8, Latency: 1500 * time.Microsecond, Errors: 2},
			{Name: "btcd", Chosen: true, Doubt: "a block behind core", Height: 6, Peers: -1, QuickTips: true},
		},
	}
	got := s.call("GET", "/overview", "tenant", nil, 200)["work"]
	if diff := cmp.Diff(map[string]any{"offered": false, "height": 7.0, "job_at": "2026-11-25T12:00:01Z"}, got); diff != "" {
		t.Error(diff)
	}
	got = s.call("GET", "/overview", "ops", nil, 200)["work"]
	want := map[string]any{
		"offered": false, "height": 7.0, "job_at": "2026-11-25T12:00:01Z", "why": "no node is healthy",
		"nodes": []any{
			map[string]any{"name": "core", "health": "unhealthy", "chosen": false, "why": "it still loads", "height": 5.0, "peers": 8.0, "latency_ms": 1.5, "errors": 2.0, "quick_tips": false},
			map[string]any{"name": "btcd", "health": "doubtful", "chosen": true, "why": "a block behind core", "height": 6.0, "latency_ms": 0.0, "errors": 0.0, "quick_tips": true},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
