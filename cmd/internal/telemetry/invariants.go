package telemetry

import (
	"time"

	"hashyard/cmd/internal/invariants"
)

// Invariants shows what the last look at everything found; report takes it.
func Invariants(r *Registry) (report func(found []invariants.Finding, err error)) {
	broken := r.gauge("hashyard_invariant_findings", "Violations that the last check found, by invariant; anything above 0 is an alarm.", "invariant")
	last := r.gauge("hashyard_invariants_checked_timestamp_seconds", "When everything was last looked at, in Unix time; 0 is not yet.").WithLabelValues()
	failed := r.counter("hashyard_invariant_checks_failed_total", "Checks that could not look.").WithLabelValues()
	for _, i := range invariants.List() {
		broken.WithLabelValues(i.Name).Set(0)
	}
	return func(found []invariants.Finding, err error) {
		if err != nil {
			failed.Inc()
			return
		}
		count := map[string]float64{}
		for _, f := range found {
			count[f.Invariant]++
		}
		for _, i := range invariants.List() {
			broken.WithLabelValues(i.Name).Set(count[i.Name])
		}
		last.Set(float64(time.Now().Unix()))
	}
}
