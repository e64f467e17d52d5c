package fpps

import (
	"cmp"
	"slices"
	"time"

	"hashyard"
)

// Method names a fee index and its version: the rule by which the fees of past
// blocks become what a share is paid for fees. The number after the slash
// changes whenever the rule does; what was priced by one stays so.
type Method string

// The methods.
const (
	// SMA is the mean over the last window of blocks that end at the tip on
	// which the rate's first job builds, the genesis block left out.
	SMA Method = "sma/1"
	// SMATrim is the same without the three highest and the three lowest.
	SMATrim Method = "sma-trim3/1"
	// Day is Σ fees ÷ Σ subsidies of the blocks of the settlement period's UTC
	// day, applied to the subsidy of the work. It is known when the day is over.
	Day Method = "day/1"
	// DayTrim is the same without the blocks with the three highest and the
	// three lowest fees.
	DayTrim Method = "day-trim3/1"
)

// rule is what a method does.
type rule struct {
	day  bool
	trim int // blocks left out at each end
}

func rules() map[Method]rule {
	return map[Method]rule{SMA: {}, SMATrim: {trim: 3}, Day: {day: true}, DayTrim: {day: true, trim: 3}}
}

// Methods are all that may be chosen.
func Methods() []Method { return []Method{SMA, SMATrim, Day, DayTrim} }

// Check refuses an unknown method.
func (m Method) Check() error {
	if _, ok := rules()[m]; !ok {
		return hashyard.Invalid.Errorf("fee index %.40q is none of %v", string(m), Methods())
	}
	return nil
}

// Daily reports whether the index is known only when its day is over.
func (m Method) Daily() bool { return rules()[m].day }

// Block is what a fee index reads of a block.
type Block struct {
	Hash, Prev    [32]byte
	Height        int64
	NBits         uint32
	Time          time.Time // of the header
	Subsidy, Fees hashyard.Sats
}

// Span is what a method looks at: a number of blocks, or the day up to the end
// of a settlement period.
type Span struct {
	Window     int64
	Start, End time.Time // of the settlement period
}

// day is the UTC day that the period lies in, as far as it has passed at the
// period's end; a longer period is whole days itself.
func (s Span) day() (from, to time.Time) {
	from = s.End.Add(-1).UTC().Truncate(24 * time.Hour)
	if s.Start.Before(from) {
		from = s.Start
	}
	return from, s.End
}

// pastDay is how many blocks in a row before a day end the look back: header
// times run up to two hours ahead, and the median of eleven never goes back.
const pastDay = 11

// Take reads blocks from a tip back, newest first, and keeps those of the
// method. It is done when more blocks could not change them; a chain that ends
// at its genesis block is done, too.
func (m Method) Take(s Span, chain []Block) (taken []Block, done bool) {
	day := rules()[m].day
	from, to := s.day()
	before := 0
	for _, b := range chain {
		switch {
		case b.Height == 0 || !day && int64(len(taken)) >= s.Window:
			return taken, true
		case !day:
			taken = append(taken, b)
			continue
		case b.Time.Before(from):
			if before++; before == pastDay {
				return taken, true
			}
			continue
		}
		before = 0
		if b.Time.Before(to) {
			taken = append(taken, b)
		}
	}
	return taken, !day && int64(len(taken)) >= s.Window
}

// Index is a fee index: what its blocks sum to.
type Index struct {
	Method     Method
	FeeSum     hashyard.Sats
	FeeN       int64         // blocks in the sums
	SubsidySum hashyard.Sats // of a daily index; 0 of others
}

// Sum adds up taken blocks. Six or fewer are not trimmed: nothing would be left.
func (m Method) Sum(taken []Block) Index {
	r := rules()[m]
	in := slices.Clone(taken)
	if r.trim > 0 && len(in) > 2*r.trim {
		slices.SortFunc(in, func(a, b Block) int { return cmp.Or(cmp.Compare(a.Fees, b.Fees), cmp.Compare(a.Height, b.Height)) })
		in = in[r.trim : len(in)-r.trim]
	}
	out := Index{Method: m, FeeN: int64(len(in))}
	for _, b := range in {
		out.FeeSum += b.Fees
		if r.day {
			out.SubsidySum += b.Subsidy
		}
	}
	return out
}
