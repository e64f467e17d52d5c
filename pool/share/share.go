// Package share holds the words in which the Stratum edge, the share log and
// the accounts speak about one submit: who may submit (Grant), how it was
// judged (Record, Code) and how records travel (the codec). It owns no data
// and is pure; values are safe to share once built.
package share

import (
	"time"

	"hashyard"
)

// Code is how a submit was judged: 0 is accepted, the others are the Stratum
// error codes every miner knows.
type Code int

// The codes, in no order; the order of judging is unauthorised, stale, other,
// duplicate, low difficulty.
const (
	Accepted      Code = 0
	Other         Code = 20 // malformed, ntime or version bits out of range, log refused it
	Stale         Code = 21 // unknown job, old tip, or the job's settlement period has ended
	Duplicate     Code = 22
	LowDifficulty Code = 23
	Unauthorised  Code = 24
	NotSubscribed Code = 25
)

// String is the text the miner reads beside the code.
func (c Code) String() string {
	switch c {
	case Accepted:
		return "accepted"
	case Stale:
		return "stale job"
	case Duplicate:
		return "duplicate share"
	case LowDifficulty:
		return "low difficulty share"
	case Unauthorised:
		return "unauthorised worker"
	case NotSubscribed:
		return "not subscribed"
	}
	return "invalid share"
}

// Record is one judged submit. Accepted ones are durable before they are
// answered true.
type Record struct {
	Session, Account, Worker, Unit, Epoch hashyard.ID
	At                                    time.Time           // pool clock, whole milliseconds, UTC
	Sent                                  time.Time           // when the session was sent the share's job id, as At; zero when refused or not known
	Difficulty                            hashyard.Difficulty // what the share is worth: the difficulty it was judged at
	Code                                  int                 // 0 accepted, else 20 … 25
	Secret                                bool                // the session knew the unit's secret
	Fresh                                 bool                // right with it the session was sent a new job id: what is hashed for that is hashed after At
	Hash                                  [32]byte            // header hash as SHA256d gives it (little-endian number); zero when refused
	Cause                                 Cause               // why it was refused
	Late                                  time.Duration       // of TipMoved: since the tip moved, whole milliseconds
}

// Accepted reports whether the record is worth its difficulty.
func (r Record) Accepted() bool { return r.Code == int(Accepted) }

// Batch is a run of records in log order. Whoever applies it stores (Stream,
// Seq) in the same transaction as the effect, and ignores a batch that it has
// already stored: that makes replay take effect once.
type Batch struct {
	Stream  string // incarnation of the log: another one restarts Seq
	After   uint64 // the message before the first record's: what must have been applied
	Seq     uint64 // of the last record's message
	Records []Record
	// Runs says for each stretch of Records which message it was, in order; nil
	// when all are the log's own.
	Runs []Run
}

// Run is the records of one message. One that an edge forwarded has the edge's
// number and the message's place in the edge's own log: it may have been
// forwarded twice, and whoever applies it stores that place too, one an edge.
type Run struct {
	Edge   byte   // 0 is the log's own
	Stream string // incarnation of the edge's log
	Seq    uint64 // in it
	N      int    // records
}

// Grant is what an authorised session may submit as.
type Grant struct {
	Account, Worker, Unit hashyard.ID
	Secret                bool                // the password was the unit's secret
	Start                 hashyard.Difficulty // first difficulty, 0 for the server's default
	PerMinute             float64             // share-rate target, 0 for the server's default
	Proof                 bool                // under proof: the client's own wishes do not count
}
