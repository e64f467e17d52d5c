package telemetry

import (
	"context"

	fleetpg "hashyard/fleet/postgres"
)

// FleetSource is what the fleet's store tells.
type FleetSource interface {
	Status(ctx context.Context) (fleetpg.Status, error)
}

// Fleet shows agents, miners and redirects of all sites together.
func Fleet(r *Registry, src FleetSource) {
	r.area("fleet", []figure{
		{name: "hashyard_agents", help: "Agents heard within their site's pace, and those that were not.", labels: []string{"state"}},
		{name: "hashyard_agent_poll_age_seconds", help: "Since the agents' last word: the middle agent, the 99th of a hundred, the most silent.", labels: []string{"quantile"}},
		{name: "hashyard_miners", help: "Machines that agents have seen.", labels: []string{"state"}},
		{name: "hashyard_redirects", help: "Redirects of machines to the pool, by state.", labels: []string{"state"}},
	}, func(ctx context.Context, put put) error {
		st, err := src.Status(ctx)
		if err != nil {
			return err
		}
		put("hashyard_agents", float64(len(st.Polls)-st.Silent), "online")
		put("hashyard_agents", float64(st.Silent), "silent")
		if n := len(st.Polls); n > 0 {
			put("hashyard_agent_poll_age_seconds", st.Polls[n/2].Seconds(), "0.5")
			put("hashyard_agent_poll_age_seconds", st.Polls[n*99/100].Seconds(), "0.99")
			put("hashyard_agent_poll_age_seconds", st.Polls[n-1].Seconds(), "1")
		}
		for state, c := range st.Miners {
			put("hashyard_miners", float64(c), state)
		}
		for state, c := range st.Redirects {
			put("hashyard_redirects", float64(c), state)
		}
		return nil
	})
}
