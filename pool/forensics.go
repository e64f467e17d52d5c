package pool

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"hashyard"
	"hashyard/pool/share"
)

// Diagnosis is what refusals have in common, in words.
type Diagnosis struct {
	Cause   share.Cause
	Code    share.Code
	Classes []Reject // by how late
	Count   int64
	// OfAll is Count against all submits, accepted and refused.
	OfAll float64
	// Grave says that somebody should do something.
	Grave  bool
	Likely string // the cause that is most likely
	Advice string // what to look at first
}

// codeOf is the Stratum code that a cause is answered with.
func codeOf(c share.Cause) share.Code {
	switch c {
	case share.TipMoved, share.UnknownJob, share.PeriodOver:
		return share.Stale
	case share.Repeated:
		return share.Duplicate
	case share.TooEasy:
		return share.LowDifficulty
	case share.NoCause:
		return share.Unauthorised
	}
	return share.Other
}

// finding is a row of the rules: the first that holds explains its causes.
type finding struct {
	cause  share.Cause
	when   func(facts) bool
	likely string
	advice string
}

// facts are what the rules look at.
type facts struct {
	count, all  int64 // of the cause; of all submits
	late, early int64 // of work on an older tip: later than lateStale, and up to it
}

// share of all submits.
func (f facts) of() float64 { return float64(f.count) / float64(max(f.all, 1)) }

// The bounds of the rules.
const (
	// usual is the part of submits that is refused anywhere: a new tip always
	// catches some shares on their way.
	usual = 0.005
	// lateStale is longer than a share needs from anywhere on earth.
	lateStale = 2 * time.Second
)

// findings are the rules, by cause; each cause's last one always holds.
func findings() []finding {
	always := func(facts) bool { return true }
	rare := func(f facts) bool { return f.of() < usual }
	return []finding{
		{share.TipMoved, rare, "A new block was found while these shares were on their way. Every pool refuses some.", "Nothing is wrong."},
		{
			share.TipMoved, func(f facts) bool { return f.late*2 > f.count },
			"Most came seconds after the new block: the machine goes on with old work, because new jobs reach it late or its firmware queues them.",
			"Look at the way to the pool first (loss, a proxy in between), then at the firmware's queue and version.",
		},
		{
			share.TipMoved, always, "Most came right after the new block: the way from the machine to the pool is long.",
			"Compare the round trip of this site with others; an edge near it takes the shares there.",
		},
		{
			share.UnknownJob, always, "The machine names jobs that it was never sent in this session, or that are long over: it keeps old work across reconnects, or a proxy mixes sessions.",
			"Look for a proxy between machine and pool; update the firmware.",
		},
		{share.PeriodOver, rare, "The settlement period had ended when these shares came. A few come so at every end.", "Nothing is wrong."},
		{share.PeriodOver, always, "The machine works on jobs of a period that has ended: new jobs reach it late.", "Look at the way to the pool, then at the firmware's queue."},
		{
			share.Repeated, func(f facts) bool { return f.of() >= 0.05 },
			"The same work is submitted again and again: chips or boards search the same range, or two machines share one session through a proxy.",
			"Look whether one board repeats; update the firmware; give every machine its own connection.",
		},
		{share.Repeated, always, "Some shares were sent twice, as after a connection that broke before their answer came.", "Look at the connection of the machine when this goes on."},
		{share.TooEasy, rare, "Shares of the moment when the difficulty rose.", "Nothing is wrong."},
		{
			share.TooEasy, func(f facts) bool { return f.of() >= 0.05 },
			"The hashes do not reach the difficulty they were asked for: chips that calculate wrongly, or a machine that ignores the pool's difficulty.",
			"Lower the frequency or raise the voltage, look at the boards' error counts; then at the firmware.",
		},
		{share.TooEasy, always, "Some hashes are wrong or easier than was asked: a chip at its limit, or firmware that applies a new difficulty late.", "Look at hardware errors of the machine."},
		{
			share.VersionBits, always, "The machine changes bits of the version that it was not given: its firmware rolls without asking or with a mask of its own.",
			"Update the firmware, or switch version rolling off in it.",
		},
		{share.BlockTime, always, "The block time in these shares is outside what the network allows: the machine's clock or its time rolling is off.", "Set the machine's clock; look at the firmware's time rolling."},
		{share.Malformed, always, "Fields of these submits have no valid form: a proxy or firmware writes them wrongly.", "Take what lies between machine and pool out of the way; update the firmware."},
		{share.Sated, always, "The pool had no room for more shares for a moment and said so.", "It is the pool's own; the machine can do nothing."},
		{share.NoCause, always, "Submits before the worker was authorised, or as one that may not mine.", "Look at the username and password in the machine."},
	}
}

// Diagnose explains refusals by cause, the most frequent first.
func Diagnose(accepted int64, refused []Reject) []Diagnosis {
	all := accepted
	by := map[share.Cause][]Reject{}
	for _, r := range refused {
		all += r.Count
		by[r.Cause] = append(by[r.Cause], r)
	}
	var out []Diagnosis
	for cause, rs := range by {
		f := facts{all: all}
		for _, r := range rs {
			f.count += r.Count
			if r.Upto > lateStale {
				f.late += r.Count
			} else {
				f.early += r.Count
			}
		}
		d := Diagnosis{Cause: cause, Code: codeOf(cause), Classes: rs, Count: f.count, OfAll: f.of(), Grave: f.of() >= 0.02}
		for _, rule := range findings() {
			if rule.cause == cause && rule.when(f) {
				d.Likely, d.Advice = rule.likely, rule.advice
				break
			}
		}
		slices.SortFunc(d.Classes, func(a, b Reject) int { return cmp.Compare(a.Upto, b.Upto) })
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b Diagnosis) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Cause, b.Cause))
	})
	return out
}

// Reported is what a machine says of itself.
type Reported struct {
	Rate hashyard.Hashrate
	At   time.Time
}

// Readings tells what machines report; units that nobody reads are left out.
type Readings interface {
	Reported(ctx context.Context, actor hashyard.Actor, units []hashyard.ID) (map[hashyard.ID]Reported, error)
}

// Gap is what a machine says of itself against what arrived in the last hour.
type Gap struct {
	Reported  Reported
	Delivered Rate
	// Missing is (reported - delivered) ÷ reported: 0.1 is a tenth that did not
	// arrive, below zero more than it says.
	Missing float64
	// Beyond says that chance does not explain it: what it reports is outside
	// the delivered rate's interval.
	Beyond bool
}

// gapOf compares; ok is false without a report or without a measured hour.
func gapOf(r Reported, hour Window) (g Gap, ok bool) {
	if r.Rate <= 0 || hour.First.IsZero() {
		return g, false
	}
	d := hour.Rate
	return Gap{
		Reported: r, Delivered: d, Missing: float64((r.Rate - d.Estimate) / r.Rate),
		Beyond: r.Rate < d.Lower || r.Rate > d.Upper,
	}, true
}

// staleReport is how old a report may be to be compared with the last hour.
const staleReport = 15 * time.Minute

// Forensics is what is known of why a worker's or machine's work is refused.
type Forensics struct {
	Since     time.Time // whole hour
	Accepted  int64
	Diagnoses []Diagnosis
	Gap       *Gap // without a unit or its readings: nil
}

// Forensics explains a worker's refusals of the last day and compares what its
// machine reports with what arrived.
func (s *Service) Forensics(ctx context.Context, actor hashyard.Actor, worker hashyard.ID) (Forensics, error) {
	w, err := s.Worker(ctx, actor, worker)
	if err != nil {
		return Forensics{}, err
	}
	f := Forensics{Since: s.cfg.Now().UTC().Add(-24 * time.Hour).Truncate(time.Hour), Accepted: w.Day.Shares}
	rs, err := s.store.Rejects(ctx, actor, RejectQuery{Worker: worker, Since: f.Since})
	if err != nil {
		return f, fmt.Errorf("refusals of worker %s: %w", worker, err)
	}
	f.Diagnoses = Diagnose(f.Accepted, rs)
	if w.Unit.IsZero() || s.cfg.Readings == nil {
		return f, nil
	}
	told, err := s.cfg.Readings.Reported(ctx, actor, []hashyard.ID{w.Unit})
	if err != nil {
		return f, fmt.Errorf("readings of unit %s: %w", w.Unit, err)
	}
	if r := told[w.Unit]; s.cfg.Now().Sub(r.At) <= staleReport {
		if g, ok := gapOf(r, w.Hour); ok {
			f.Gap = &g
		}
	}
	return f, nil
}
