package share

import "time"

// Cause is why a submit was refused, finer than the code that the miner hears:
// what each one says about a machine is different.
type Cause byte

// The causes. Their numbers are written into logs and never change.
const (
	NoCause      Cause = iota // accepted, or refused before causes were kept
	TipMoved                  // work on a block that is not the last any more; Late tells since when
	UnknownJob                // a job this session never got, or long ago
	PeriodOver                // the job's settlement period had ended
	Repeated                  // the same share again
	TooEasy                   // below the difficulty it was to meet
	VersionBits               // rolled bits outside the negotiated mask
	BlockTime                 // its time is out of the block's range
	Malformed                 // missing, not hex, or of the wrong length
	Sated                     // the job has taken all it can
	lastOfCauses              // no cause
)

// String is the cause's name in tables and figures.
func (c Cause) String() string {
	switch c {
	case TipMoved:
		return "tip-moved"
	case UnknownJob:
		return "unknown-job"
	case PeriodOver:
		return "period-over"
	case Repeated:
		return "repeated"
	case TooEasy:
		return "too-easy"
	case VersionBits:
		return "version-bits"
	case BlockTime:
		return "block-time"
	case Malformed:
		return "malformed"
	case Sated:
		return "sated"
	}
	return "none"
}

// Causes lists all that a refusal may have.
func Causes() []Cause {
	var out []Cause
	for c := NoCause; c < lastOfCauses; c++ {
		out = append(out, c)
	}
	return out
}

// MaxLate is the longest lateness that is kept apart; more is as much.
const MaxLate = time.Duration(1<<32-1) * time.Millisecond
