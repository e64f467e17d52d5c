package telemetry

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hashyard"
	"hashyard/pool"
	"hashyard/pool/dispatch"
	"hashyard/pool/node"
	"hashyard/pool/share"
	"hashyard/pool/sharelog"
	"hashyard/pool/stratum"
)

// Shares counts what miners send; it is on the way of every share.
func Shares(r *Registry) func(code share.Code, counts hashyard.Difficulty, took time.Duration) {
	shares := r.counter("hashyard_shares_total", "Shares answered, by judgement.", "result")
	hashes := r.counter("hashyard_accepted_hashes_total", "Expected hashes behind the accepted shares; its rate is the pool's real hashrate in H/s.").WithLabelValues()
	acks := r.histogram("hashyard_share_ack_seconds", "Time from a share's arrival to its answer; an accepted one is durable before.", fast, "result")
	// Resolved once: the label lookup would cost more than the count.
	type counts struct {
		n    prometheus.Counter
		took prometheus.Observer
	}
	by := map[share.Code]counts{}
	for code, name := range map[share.Code]string{
		share.Accepted: "accepted", share.Other: "other", share.Stale: "stale", share.Duplicate: "duplicate",
		share.LowDifficulty: "low_difficulty", share.Unauthorised: "unauthorised", share.NotSubscribed: "not_subscribed",
	} {
		acked := "refused"
		if code == share.Accepted {
			acked = "accepted"
		}
		by[code] = counts{shares.WithLabelValues(name), acks.WithLabelValues(acked)}
	}
	return func(code share.Code, difficulty hashyard.Difficulty, took time.Duration) {
		c := by[code]
		c.n.Inc()
		c.took.Observe(took.Seconds())
		if code == share.Accepted {
			// A difficulty counts expected hashes, 2^-32 of the customary unit each.
			hashes.Add(float64(difficulty))
		}
	}
}

// PoolSources are the parts of the pool that are asked.
type PoolSources struct {
	Edge     *stratum.Server
	Log      *sharelog.Log
	Dispatch *dispatch.Dispatcher
	Nodes    *node.Nodes
	Service  *pool.Service
	Scale    hashyard.Scale
}

// Pool shows sessions, jobs, the node and the share log.
func Pool(r *Registry, s PoolSources) {
	r.area("pool", []figure{
		{name: "hashyard_stratum_sessions", help: "Live sessions of machines.", labels: []string{"kind"}},
		{name: "hashyard_stratum_port_sessions", help: "Live sessions by the port they came in at, authorised or not.", labels: []string{"port"}},
		{name: "hashyard_stratum_refused_total", help: "Connections that became no session, by reason.", labels: []string{"reason"}, counter: true},
		{name: "hashyard_stratum_remembered", help: "Sources and accounts whose conduct is remembered.", labels: []string{"kind"}},
		{name: "hashyard_job_age_seconds", help: "Age of the job that miners work on."},
		{name: "hashyard_job_height", help: "Height of the block being worked on."},
		{name: "hashyard_work_suspended", help: "1 while no work is offered."},
		{name: "hashyard_tip_age_seconds", help: "How long the tip that miners work on has been the tip."},
		{name: "hashyard_node_healthy", help: "1 while work may be taken from the node.", labels: []string{"node"}},
		{name: "hashyard_node_chosen", help: "1 for the node whose templates miners work on.", labels: []string{"node"}},
		{name: "hashyard_node_height", help: "Height of the node's tip.", labels: []string{"node"}},
		{name: "hashyard_node_peers", help: "Other nodes it is connected to; absent while not known.", labels: []string{"node"}},
		{name: "hashyard_node_latency_seconds", help: "How long it takes to answer a short question, smoothed.", labels: []string{"node"}},
		{name: "hashyard_node_errors_total", help: "Calls that failed.", labels: []string{"node"}, counter: true},
		{name: "hashyard_node_seen_age_seconds", help: "Since the node last gave a template.", labels: []string{"node"}},
		{name: "hashyard_work_scale", help: "By how much a local world shows hashrates larger than they are; 1 on every real network."},
	}, func(_ context.Context, put put) error {
		kinds := map[string]float64{"ordinary": 0, "proof": 0}
		for _, ses := range s.Edge.Sessions() {
			if ses.Proof {
				kinds["proof"]++
			} else {
				kinds["ordinary"]++
			}
		}
		for kind, n := range kinds {
			put("hashyard_stratum_sessions", n, kind)
		}
		edge := s.Edge.Stats()
		for _, p := range edge.Ports {
			put("hashyard_stratum_port_sessions", float64(p.Sessions), p.Listen)
		}
		put("hashyard_stratum_remembered", float64(edge.Sources), "source")
		put("hashyard_stratum_remembered", float64(edge.Accounts), "account")
		for reason, n := range edge.Refused {
			put("hashyard_stratum_refused_total", float64(n), reason)
		}
		now := s.Dispatch.Status()
		put("hashyard_job_age_seconds", age(now.JobAt))
		put("hashyard_job_height", float64(now.Height))
		put("hashyard_work_suspended", flag(now.Suspended != "" || now.Job == 0))
		put("hashyard_tip_age_seconds", age(now.TipSince))
		nodeFigures(s.Nodes.States(), put)
		put("hashyard_work_scale", float64(s.Scale))
		return nil
	})
	r.area("sharelog", backlog(), func(ctx context.Context, put put) error {
		st, err := s.Log.Stats(ctx)
		if err == nil {
			putBacklog(st, put)
		}
		return err
	})
}

// nodeFigures shows each node under its configured name.
func nodeFigures(nodes []node.State, put put) {
	for _, n := range nodes {
		put("hashyard_node_healthy", flag(n.Problem == ""), n.Name)
		put("hashyard_node_chosen", flag(n.Chosen), n.Name)
		put("hashyard_node_height", float64(n.TipHeight), n.Name)
		if n.Peers >= 0 {
			put("hashyard_node_peers", float64(n.Peers), n.Name)
		}
		put("hashyard_node_latency_seconds", n.Latency.Seconds(), n.Name)
		put("hashyard_node_errors_total", float64(n.Errors), n.Name)
		put("hashyard_node_seen_age_seconds", age(n.Seen), n.Name)
	}
}

// Booked times how long shares wait from their arrival to their booking.
func Booked(r *Registry, apply func(ctx context.Context, b share.Batch) error) func(ctx context.Context, b share.Batch) error {
	lag := r.histogram("hashyard_share_booked_seconds", "From the arrival of a batch's oldest share to its booking.", slow).WithLabelValues()
	return func(ctx context.Context, b share.Batch) error {
		err := apply(ctx, b)
		if err == nil && len(b.Records) > 0 {
			lag.Observe(age(b.Records[0].At))
		}
		return err
	}
}
