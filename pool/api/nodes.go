package api

import (
	"time"

	"hashyard/pool"
)

// Work is whether miners have work now, and from where.
type Work struct {
	Offered bool      `json:"offered"`
	Height  int64     `json:"height" doc:"Of the block being worked on."`
	JobAt   time.Time `json:"job_at,omitzero" doc:"When the newest job went out."`
	Why     string    `json:"why,omitempty" doc:"Why no work is offered, or what goes wrong; for the house."`
	Nodes   []Node    `json:"nodes,omitempty" doc:"For the house alone, the preferred first."`
}

// Node is one Bitcoin node as the pool sees it.
type Node struct {
	Name      string    `json:"name"`
	Health    string    `json:"health" enum:"healthy,doubtful,unhealthy" doc:"From an unhealthy one no work is taken; before a doubtful one others are preferred."`
	Chosen    bool      `json:"chosen" doc:"Miners work on its templates."`
	Why       string    `json:"why,omitempty" doc:"It is not healthy."`
	Height    int64     `json:"height" doc:"Of its tip."`
	TipSince  time.Time `json:"tip_since,omitzero" doc:"When its tip was first seen here."`
	SeenAt    time.Time `json:"seen_at,omitzero" doc:"When it last gave work."`
	Peers     *int64    `json:"peers,omitempty" doc:"Absent while not known."`
	LatencyMS float64   `json:"latency_ms" doc:"Of a short question, smoothed."`
	Errors    int64     `json:"errors" doc:"Failed calls since the start."`
	QuickTips bool      `json:"quick_tips" doc:"It tells of new tips before it has a template."`
}

func workOf(w pool.WorkState) *Work {
	out := &Work{Offered: w.Offered, Height: w.Height, JobAt: w.JobAt, Why: w.Why}
	for _, n := range w.Nodes {
		it := Node{
			Name: n.Name, Health: "healthy", Chosen: n.Chosen, Why: n.Problem + n.Doubt, Height: n.Height, TipSince: n.TipSince, SeenAt: n.Seen,
			LatencyMS: float64(n.Latency.Microseconds()) / 1000, Errors: n.Errors, QuickTips: n.QuickTips,
		}
		switch {
		case n.Problem != "":
			it.Health = "unhealthy"
		case n.Doubt != "":
			it.Health = "doubtful"
		}
		if n.Peers >= 0 {
			it.Peers = &n.Peers
		}
		out.Nodes = append(out.Nodes, it)
	}
	return out
}
