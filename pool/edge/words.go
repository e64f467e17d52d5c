// Package edge takes shares on a machine elsewhere: Stratum there, accounting
// here. It owns the line between the two, both ends of it.
//
// An Edge has its own share log. A share is answered true once it is durable
// there; a forwarder sends the log's messages on, in order, and waits for each
// stretch until it is durable at the yard. While the line is down the edge goes
// on with the grants and the job it knows, for a while. The edge drops of its
// log only what is in the yard's books.
//
// A Hub is the yard's end: a NATS server of its own (no JetStream in it) whose
// users are the nkeys of enrolled edges, each with its own subjects only. The
// edge asks, the hub answers; the other way go flush, retarget and close. All
// methods are safe for concurrent use.
package edge

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"hashyard"
	"hashyard/pool"
	"hashyard/pool/share"
)

// What an edge asks the yard, as yard.<number>.<verb>.
const (
	verbHello       = "hello"       // who are we, how far are our shares booked
	verbForward     = "forward"     // a stretch of our log
	verbAuthorize   = "authorize"   // may this worker mine
	verbStanding    = "standing"    // may these still
	verbJob         = "job"         // anything newer; the answer may take a while
	verbFound       = "found"       // a block
	verbOpened      = "opened"      // a session
	verbSessions    = "sessions"    // all of them, in parts
	verbInterrupted = "interrupted" // work was turned away here
	verbBye         = "bye"         // everything is forwarded, we stop
)

// What the yard asks an edge, as edge.<number>.<verb>.
const (
	verbFlush    = "flush" // forward what you have accepted up to now
	verbRetarget = "retarget"
	verbClose    = "close"
)

func toYard(number byte, verb string) string { return fmt.Sprintf("yard.%d.%s", number, verb) }
func toEdge(number byte, verb string) string { return fmt.Sprintf("edge.%d.%s", number, verb) }
func inbox(key string) string                { return "_INBOX." + key }

// yardOf is where who does not know its number yet asks for it.
func yardOf(key string) string { return "yard." + key + "." + verbHello }

type (
	helloAsk struct {
		Boot    string // of the process
		Version string
		Stream  string // incarnation of its log
		Last    uint64 // the log's last message
		Backlog uint64 // messages not forwarded
		Live    int    // sessions
	}
	helloAnswer struct {
		Number  byte
		Name    string
		Now     time.Time
		YardLog string // incarnation of the yard's log
		Stream  string // of ours, as far as it is booked
		Seq     uint64
		Settings
	}
	authorizeAsk    struct{ User, Password, Agent, Remote string }
	authorizeAnswer struct{ Grant share.Grant }
	standingAsk     struct {
		User  string
		Proof []byte // of the secret that was known; nil when none was needed
	}
	standingAnswer struct {
		User  string
		Grant share.Grant
		Gone  string // why it may not mine any more; empty when it may
	}
	jobAsk      struct{ Have uint64 }
	sessionsAsk struct {
		Part, Parts int
		Sessions    []pool.Session
	}
	interruptedAsk struct{ Reason string }
	retargetAsk    struct {
		Worker hashyard.ID
		Grant  share.Grant
	}
	closeAsk struct {
		Worker hashyard.ID
		Reason string
	}
)

// Settings are what the yard wants of its edges' sessions.
type Settings struct {
	Start, Floor hashyard.Difficulty
	PerMinute    float64
}

// Headers of an answer.
const (
	headError     = "Hashyard-Error"     // its kind; the text is the body
	headSuspended = "Hashyard-Suspended" // why there is no work
)

// proof shows that a secret was known, without keeping it.
func proof(user, secret string) []byte {
	sum := sha256.Sum256([]byte("hashyard edge 1|" + strings.ToLower(user) + "|" + secret))
	return sum[:]
}

// answer is what goes back.
func answer(m *nats.Msg, v any, err error) error {
	out := nats.NewMsg(m.Reply)
	if err != nil {
		kind, ok := hashyard.KindOf(err)
		if !ok {
			kind = hashyard.Unavailable
		}
		out.Header.Set(headError, string(kind))
		out.Data = []byte(err.Error())
		return m.RespondMsg(out)
	}
	switch v := v.(type) {
	case nil:
	case *nats.Msg:
		v.Subject = m.Reply
		return m.RespondMsg(v)
	default:
		if out.Data, err = json.Marshal(v); err != nil {
			return fmt.Errorf("answer %T: %w", v, err)
		}
	}
	return m.RespondMsg(out)
}

// heard reads an answer into v; nil reads nothing.
func heard(m *nats.Msg, v any) error {
	if kind := m.Header.Get(headError); kind != "" {
		return hashyard.Kind(kind).Errorf("%s", m.Data)
	}
	if v == nil {
		return nil
	}
	if err := json.Unmarshal(m.Data, v); err != nil {
		return fmt.Errorf("answer to %T: %w", v, err)
	}
	return nil
}

// maxPayload holds a job with a full block's transactions, and a block.
const maxPayload = 8 << 20
