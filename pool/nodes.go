package pool

import (
	"time"

	"hashyard"
)

// WorkState is whether miners have work now, and from where.
type WorkState struct {
	Offered bool
	Why     string // it is not offered, or what goes wrong; for the house
	Height  int64  // of the block being worked on
	JobAt   time.Time
	Nodes   []NodeState // in the configured order; for the house
}

// NodeState is one Bitcoin node as the pool sees it.
type NodeState struct {
	Name           string
	Chosen         bool   // its templates are worked on
	Problem, Doubt string // why no work is taken from it; why another is preferred
	Height         int64
	TipSince, Seen time.Time
	Peers          int64 // -1 when not known
	Latency        time.Duration
	Errors         int64 // failed calls since the start
	QuickTips      bool  // new tips are told ahead of the template
}

// workFor is what the actor may see of it: nodes are the house's own matter.
// known is false in a process that makes no jobs.
func (s *Service) workFor(actor hashyard.Actor) (w WorkState, known bool) {
	if s.cfg.Work == nil {
		return w, false
	}
	if w = s.cfg.Work(); !actor.House && actor.System == "" {
		w.Why, w.Nodes = "", nil
	}
	return w, true
}
