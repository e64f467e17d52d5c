package telemetry

import (
	"context"
	"strconv"

	"hashyard/pool/edge"
	"hashyard/pool/sharelog"
)

// backlog are the figures of what a share log has and nobody has booked.
func backlog() []figure {
	return []figure{
		{name: "hashyard_sharelog_bytes", help: "Bytes the share log holds."},
		{name: "hashyard_sharelog_max_bytes", help: "Bytes at which the share log refuses shares."},
		{name: "hashyard_sharelog_disk_free_bytes", help: "Bytes left on the share log's disk; 0 when that is a cluster's."},
		{name: "hashyard_sharelog_pending", help: "Shares waiting for the disk."},
		{name: "hashyard_sharelog_backlog_messages", help: "Groups of shares that are durable and not yet booked; at an edge: not yet at the yard."},
		{name: "hashyard_sharelog_backlog_bytes", help: "About how many bytes those have."},
		{name: "hashyard_sharelog_backlog_age_seconds", help: "Age of the oldest of them."},
		{name: "hashyard_sharelog_dropped_total", help: "Refused shares that were not recorded.", counter: true},
	}
}

func putBacklog(st sharelog.Stats, put put) {
	put("hashyard_sharelog_bytes", float64(st.Bytes))
	put("hashyard_sharelog_max_bytes", float64(st.MaxBytes))
	put("hashyard_sharelog_disk_free_bytes", float64(st.Free))
	put("hashyard_sharelog_pending", float64(st.Pending))
	put("hashyard_sharelog_backlog_messages", float64(st.Backlog))
	put("hashyard_sharelog_backlog_bytes", float64(st.BacklogBytes))
	put("hashyard_sharelog_backlog_age_seconds", st.BacklogOldest.Seconds())
	put("hashyard_sharelog_dropped_total", float64(st.Dropped))
}

// Edge shows an edge's line, log and miners.
func Edge(r *Registry, e *edge.Edge) {
	r.area("edge", append([]figure{
		{name: "hashyard_edge_cut_seconds", help: "Since the yard last answered."},
		{name: "hashyard_edge_clock_seconds", help: "By how much the yard's clock is ahead."},
		{name: "hashyard_edge_sessions", help: "Live sessions of machines at this edge."},
		{name: "hashyard_edge_known_workers", help: "Workers that may mine here while the yard is away."},
		{name: "hashyard_edge_open_blocks", help: "Found blocks that the yard has not yet."},
		{name: "hashyard_edge_unbooked_messages", help: "Messages of the log that are not in the yard's books."},
		{name: "hashyard_work_suspended", help: "1 while no work is offered."},
	}, backlog()...), func(ctx context.Context, put put) error {
		st, err := e.Status(ctx)
		if err != nil {
			return err
		}
		put("hashyard_edge_cut_seconds", st.Cut.Seconds())
		put("hashyard_edge_clock_seconds", st.Clock.Seconds())
		put("hashyard_edge_sessions", float64(st.Sessions))
		put("hashyard_edge_known_workers", float64(st.Workers))
		put("hashyard_edge_open_blocks", float64(st.Blocks))
		put("hashyard_edge_unbooked_messages", float64(st.Log.Seq-min(st.Booked, st.Log.Seq)))
		put("hashyard_work_suspended", flag(st.Suspended != ""))
		putBacklog(st.Log, put)
		return nil
	})
}

// Hub shows the edges that may come: at most 255.
func Hub(r *Registry, h *edge.Hub) {
	labels := []string{"edge"}
	r.area("edges", []figure{
		{name: "hashyard_edge_connected", help: "1 while an edge is heard.", labels: labels},
		{name: "hashyard_edge_awake", help: "1 while an edge may hold shares that the yard has not.", labels: labels},
		{name: "hashyard_edge_waited", help: "1 while settlements wait for an edge in vain.", labels: labels},
		{name: "hashyard_edge_backlog_messages", help: "Messages that an edge had not forwarded when it was last heard.", labels: labels},
		{name: "hashyard_edge_missing_messages", help: "Messages that never came although later ones did.", labels: labels},
		{name: "hashyard_edge_live_sessions", help: "Sessions at an edge when it was last heard.", labels: labels},
	}, func(_ context.Context, put put) error {
		for _, s := range h.States() {
			n := strconv.Itoa(int(s.Number))
			put("hashyard_edge_connected", flag(s.Connected), n)
			put("hashyard_edge_awake", flag(s.Awake), n)
			put("hashyard_edge_waited", flag(s.Waited), n)
			put("hashyard_edge_backlog_messages", float64(s.Backlog), n)
			put("hashyard_edge_missing_messages", float64(s.Missing), n)
			put("hashyard_edge_live_sessions", float64(s.Live), n)
		}
		return nil
	})
}
