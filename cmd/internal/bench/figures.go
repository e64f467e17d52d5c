//go:build linux

package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"

	"hashyard"
)

// Figures are what a run gave.
type Figures struct {
	Conns       int     `json:"conns"`
	Rate        float64 `json:"rate_per_second"` // 0 is a closed loop
	BlocksEvery float64 `json:"blocks_every_s"`
	Difficulty  uint64  `json:"difficulty_units"`
	Busy        string  `json:"load_average_before"`
	Server      Side    `json:"server"`
	Sink        *Side   `json:"sink,omitempty"`

	BookedWork   int64 `json:"booked_work_units"`
	BookedShares int64 `json:"booked_shares"`
}

// Side is how one server did.
type Side struct {
	Handshakes   float64 `json:"handshakes_per_second"`
	BytesPerConn float64 `json:"bytes_per_connection"` // growth of resident memory, every client with its first job
	// BytesPerConnFanned is the same after the clean jobs.
	BytesPerConnFanned float64 `json:"bytes_per_connection_after_jobs"`
	// BytesPerConnSettled is the same once garbage was collected and given back.
	BytesPerConnSettled float64 `json:"bytes_per_connection_settled"`
	Go                  string  `json:"go_memory,omitempty"`
	NotifyBytes         int     `json:"notify_bytes"`
	Fans                []Fan   `json:"clean_jobs"`
	LoadedFanMs         float64 `json:"loaded_clean_job_ms,omitempty"` // the last one under load

	AnsweredPerSecond float64       `json:"answered_per_second"`
	PerCPUSecond      float64       `json:"accepted_per_server_cpu_second"`
	CPU               float64       `json:"server_cpu_s"`
	DatabaseCPU       float64       `json:"database_cpu_s"`
	P50Ms             float64       `json:"p50_ms"`
	P99Ms             float64       `json:"p99_ms"`
	P999Ms            float64       `json:"p999_ms"`
	MaxMs             float64       `json:"max_ms"`
	Accepted          int64         `json:"accepted"`
	Refused           map[int]int64 `json:"refused_by_code"`
	Work              uint64        `json:"accepted_work_units"`

	answered int64 // between the two readings of the clock
}

// Fan is one clean job's way: from the node's knowing the block to the first
// byte at any client, and from there to the last client.
type Fan struct {
	FirstMs float64 `json:"tip_to_first_ms"`
	SpanMs  float64 `json:"first_to_last_ms"`
}

// count gathers what the threads counted.
func (s *Side) count(l *load, from, to clocks) {
	s.Refused = map[int]int64{}
	var took []int64
	for _, sh := range l.shards {
		sh.mu.Lock()
		s.Accepted += sh.tally.accepted
		s.Work += sh.tally.units
		for code, n := range sh.tally.refused {
			s.Refused[code] += n
		}
		took = append(took, sh.tally.took...)
		sh.mu.Unlock()
	}
	s.CPU, s.DatabaseCPU = (to.server - from.server).Seconds(), (to.database - from.database).Seconds()
	var refused int64
	for _, n := range s.Refused {
		refused += n
	}
	if all := s.Accepted + refused; s.CPU > 0 && all > 0 {
		// What came after the second reading was paid for after it.
		s.PerCPUSecond = float64(s.answered) * float64(s.Accepted) / float64(all) / s.CPU
	}
	slices.Sort(took)
	at := func(q float64) float64 {
		if len(took) == 0 {
			return 0
		}
		return ms(took[min(int(q*float64(len(took))), len(took)-1)])
	}
	s.P50Ms, s.P99Ms, s.P999Ms, s.MaxMs = at(0.50), at(0.99), at(0.999), at(1)
}

// span is the middle one of the clean jobs' first → last.
func (s *Side) span() float64 {
	if len(s.Fans) == 0 {
		return 0
	}
	spans := make([]float64, 0, len(s.Fans))
	for _, f := range s.Fans {
		spans = append(spans, f.SpanMs)
	}
	slices.Sort(spans)
	return spans[len(spans)/2]
}

// honest compares what clients were promised with what the books hold.
func (f *Figures) honest() error {
	if f.Server.Work != uint64(f.BookedWork) || f.Server.Accepted != f.BookedShares {
		return hashyard.Conflict.Errorf("clients heard true for %d shares of %d units, the books hold %d shares of %d units",
			f.Server.Accepted, f.Server.Work, f.BookedShares, f.BookedWork)
	}
	return nil
}

func (f *Figures) write(w io.Writer, asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(f)
	}
	loop := "closed loop"
	if f.Rate > 0 {
		loop = fmt.Sprintf("%.0f shares/s by the clock", f.Rate)
	}
	fmt.Fprintf(w, "%d connections, %s, load average before %s\n", f.Conns, loop, f.Busy)
	f.Server.write(w, "pool")
	if f.Sink != nil {
		f.Sink.write(w, "sink")
		if f.Sink.PerCPUSecond > 0 && f.Sink.span() > 0 {
			fmt.Fprintf(w, "ratio  shares a CPU-second %.2f of the sink's, clean job %.2f × the sink's\n",
				f.Server.PerCPUSecond/f.Sink.PerCPUSecond, f.Server.span()/f.Sink.span())
		}
	}
	fmt.Fprintf(w, "books  answered true: %d shares, %d units; booked: %d shares, %d units\n",
		f.Server.Accepted, f.Server.Work, f.BookedShares, f.BookedWork)
	return nil
}

func (s *Side) write(w io.Writer, name string) {
	fmt.Fprintf(w, "%-6s %.0f answers/s, %.0f accepted per server CPU-second (%.2f CPU-s, database %.2f), p50 %.2f p99 %.2f p99.9 %.2f max %.2f ms\n",
		name, s.AnsweredPerSecond, s.PerCPUSecond, s.CPU, s.DatabaseCPU, s.P50Ms, s.P99Ms, s.P999Ms, s.MaxMs)
	fmt.Fprintf(w, "       accepted %d", s.Accepted)
	for _, code := range slices.Sorted(maps.Keys(s.Refused)) {
		fmt.Fprintf(w, ", refused with %d: %d", code, s.Refused[code])
	}
	fmt.Fprintf(w, "; %.0f handshakes/s, %.1f KiB a connection, %.1f after the clean jobs, %.1f once collected, notify of %d bytes\n", s.Handshakes, s.BytesPerConn/1024, s.BytesPerConnFanned/1024, s.BytesPerConnSettled/1024, s.NotifyBytes)
	if s.Go != "" {
		fmt.Fprintf(w, "       %s\n", s.Go)
	}
	if len(s.Fans) > 0 {
		fmt.Fprintf(w, "       clean job: median %.1f ms first → last;", s.span())
		for _, f := range s.Fans {
			fmt.Fprintf(w, " tip → first %.1f, first → last %.1f;", f.FirstMs, f.SpanMs)
		}
		fmt.Fprintln(w)
	}
	if s.LoadedFanMs > 0 {
		fmt.Fprintf(w, "       clean job under load, the last: %.1f ms first → last\n", s.LoadedFanMs)
	}
}
