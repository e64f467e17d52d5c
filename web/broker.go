package web

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"hashyard"
)

// Broker hands events to the browsers that may see them and remembers the
// last of them, so that a browser that was away catches up. By itself it lives
// in one process; joined to a line it has the same messages under the same ids
// as the brokers of the yard's other processes, and a browser resumes at any.
// What must not be lost is in the database, not here.
type Broker struct {
	size int
	line Line // nil: this process is alone

	mu     sync.Mutex // guards everything below
	stream string     // tells a resume from another stream's numbers apart; empty until the line is there
	last   uint64     // number of the newest message
	ring   []Message  // the last size messages, oldest first, without a gap
	subs   map[*Subscription]struct{}
	closed bool
	sent   map[hashyard.ID]struct{} // the events in order
	order  []hashyard.ID            // the last events published, a ring
	oldest int                      // where the ring is written next
}

// Line carries messages to the brokers of all processes of a yard, the
// sender's included, in one order.
type Line interface {
	// Send puts a message on the line, the same id once. It is there when this
	// returns nil.
	Send(ctx context.Context, id string, body []byte) error
	// Post is Send without waiting and without a promise: for what the next
	// message makes good.
	Post(body []byte) error
}

// Message is one event on its way to browsers.
type Message struct {
	ID    string
	Event string
	Data  json.RawMessage

	seq      uint64
	orgs     []hashyard.ID
	everyone bool // of every organisation
	void     bool // of nobody: a repetition, or nothing that can be read
}

// Subscription is one listening browser. C is closed by the broker when the
// browser reads too slowly or the broker closes; Close ends it from this side.
type Subscription struct {
	C <-chan Message

	c      chan Message // closed by the broker, under its mutex
	org    hashyard.ID
	all    bool
	may    map[Action]bool // of this actor; a change of roles ends the stream
	after  uint64          // it has all messages up to here
	broker *Broker
}

// NewBroker remembers the last size messages; 0 means 4096.
func NewBroker(size int) *Broker {
	if size <= 0 {
		size = 4096
	}
	return &Broker{size: size, stream: StreamName(), subs: map[*Subscription]struct{}{}, sent: map[hashyard.ID]struct{}{}}
}

// StreamName is a new name for a stream of messages, short enough to be a part
// of every id.
func StreamName() string {
	id := hashyard.NewID().String()
	return id[:8] + id[9:13] + id[24:]
}

// Join makes the broker one of several; it is for before the first message.
func (b *Broker) Join(l Line) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.line, b.stream = l, ""
}

// Publish sends data, as JSON, to those of the organisations whose roles read
// such events, see EventAction, and to the house. It never waits: a browser that is too slow is dropped and resumes.
func (b *Broker) Publish(orgs []hashyard.ID, event string, data any) error {
	return b.publish(context.Background(), envelope{Event: event, Orgs: orgs}, data)
}

// PublishAll sends data to every organisation: what is public, such as a book.
func (b *Broker) PublishAll(event string, data any) error {
	return b.publish(context.Background(), envelope{Event: event, Everyone: true}, data)
}

// envelope is a message as the line carries it.
type envelope struct {
	ID       hashyard.ID     `json:"id,omitzero"` // of a domain event, which is sent once
	Event    string          `json:"event"`
	Orgs     []hashyard.ID   `json:"orgs,omitempty"`
	Everyone bool            `json:"everyone,omitempty"`
	Data     json.RawMessage `json:"data"`
}

func (b *Broker) publish(ctx context.Context, e envelope, data any) error {
	var err error
	if e.Data, err = json.Marshal(data); err != nil {
		return fmt.Errorf("publish %s: %w", e.Event, err)
	}
	if b.line == nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		if !b.repeated(e.ID) {
			b.deliver(b.last+1, e)
		}
		return nil
	}
	body, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("publish %s: %w", e.Event, err)
	}
	if e.ID.IsZero() {
		return b.line.Post(body)
	}
	return b.line.Send(ctx, e.ID.String(), body)
}

// Begin tells a joined broker that the line's messages go on after last in the
// named stream, whatever it knew: browsers come back, and load anew what they
// cannot resume.
func (b *Broker) Begin(stream string, last uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stream, b.last, b.ring = stream, last, nil
	for s := range b.subs {
		b.drop(s)
	}
}

// Receive takes the line's next message. It refuses one that does not follow
// the last: then messages are missing.
func (b *Broker) Receive(seq uint64, body []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if seq != b.last+1 {
		return hashyard.Conflict.Errorf("message %d follows %d", seq, b.last)
	}
	var e envelope
	void := json.Unmarshal(body, &e) != nil || !json.Valid(e.Data)
	if void || b.repeated(e.ID) {
		b.keep(Message{seq: seq, void: true})
		return nil
	}
	b.deliver(seq, e)
	return nil
}

// deliver hands a message to who may see it. Called with mu held.
func (b *Broker) deliver(seq uint64, e envelope) {
	m := Message{
		ID: b.id(seq), Event: oneLine(e.Event), Data: e.Data,
		seq: seq, orgs: slices.Clone(e.Orgs), everyone: e.Everyone,
	}
	b.keep(m)
	for s := range b.subs {
		if !s.sees(m) {
			continue
		}
		select {
		case s.c <- m:
		default:
			b.drop(s)
		}
	}
}

// keep remembers a message. Called with mu held.
func (b *Broker) keep(m Message) {
	b.last = m.seq
	if len(b.ring) == b.size {
		b.ring = b.ring[1:]
	}
	b.ring = append(b.ring, m)
}

func (b *Broker) id(seq uint64) string { return b.stream + "-" + strconv.FormatUint(seq, 10) }

// repeated reports whether the event was published already, and remembers it.
// Called with mu held.
func (b *Broker) repeated(id hashyard.ID) bool {
	if id.IsZero() {
		return false
	}
	if _, again := b.sent[id]; again {
		return true
	}
	b.sent[id] = struct{}{}
	if len(b.order) < sentEvents {
		b.order = append(b.order, id)
		return false
	}
	delete(b.sent, b.order[b.oldest])
	b.order[b.oldest] = id
	b.oldest = (b.oldest + 1) % sentEvents
	return false
}

// sentEvents is how many published events are remembered: more than can be
// waiting for another try.
const sentEvents = 8192

// PublishEvent sends a domain event in the form browsers know. An event comes
// again while another of its handlers fails; browsers get it once.
func (b *Broker) PublishEvent(ctx context.Context, ev hashyard.Event) error {
	return b.publish(ctx, envelope{ID: ev.ID, Event: string(ev.Kind), Orgs: ev.Orgs}, EventMessage{
		ID: ev.ID, Kind: ev.Kind, At: ev.At, Ref: ev.Ref, Units: ev.Units, Payload: ev.Payload,
	})
}

// Subscribe listens for what the actor may see. missed are the remembered
// messages after lastID; resumed is false when they are not all known, and
// the browser has to load its state anew.
func (b *Broker) Subscribe(actor hashyard.Actor, lastID string) (s *Subscription, missed []Message, resumed bool) {
	c := make(chan Message, 256)
	s = &Subscription{C: c, c: c, org: actor.Org, all: actor.House && Can(actor, HouseRead), may: map[Action]bool{}, broker: b}
	for _, act := range Actions() {
		s.may[act] = Can(actor, act)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		close(c)
		return s, nil, false
	}
	b.subs[s] = struct{}{}
	after, ok := b.parse(lastID)
	if !ok {
		return s, nil, false
	}
	s.after = after
	for _, m := range b.ring {
		if s.sees(m) {
			missed = append(missed, m)
		}
	}
	return s, missed, after+uint64(len(b.ring)) >= b.last
}

// parse reads a Last-Event-ID of this stream. Another process may have told it
// while it is still on its way to this one; more than a ring ahead it is no id
// of ours.
func (b *Broker) parse(id string) (seq uint64, ok bool) {
	stream, n, found := strings.Cut(id, "-")
	if !found || stream == "" || stream != b.stream {
		return 0, false
	}
	ahead := uint64(0)
	if b.line != nil {
		ahead = uint64(b.size)
	}
	seq, err := strconv.ParseUint(n, 10, 64)
	return seq, err == nil && seq <= b.last+ahead
}

// Browsers is how many listen now.
func (b *Broker) Browsers() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.subs)
}

// Seq is the id of the last message so far.
func (b *Broker) Seq() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.id(b.last)
}

// Close ends every subscription; the server closes it before it shuts down.
func (b *Broker) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	for s := range b.subs {
		b.drop(s)
	}
}

func (b *Broker) drop(s *Subscription) {
	delete(b.subs, s)
	close(s.c)
}

// Close ends the subscription; it may be called at any time, also twice.
func (s *Subscription) Close() {
	s.broker.mu.Lock()
	defer s.broker.mu.Unlock()
	if _, ok := s.broker.subs[s]; ok {
		s.broker.drop(s)
	}
}

// sees is the tenancy of the stream, and SeesEvent within an organisation: an
// event without organisations or of an unknown kind is for the house alone.
func (s *Subscription) sees(m Message) bool {
	if m.void || m.seq <= s.after {
		return false
	}
	if s.all {
		return true
	}
	act, known := EventAction(hashyard.EventKind(m.Event))
	return known && s.may[act] && (m.everyone || slices.Contains(m.orgs, s.org))
}

// oneLine keeps a name from ending its line in the stream.
func oneLine(s string) string { return strings.NewReplacer("\n", " ", "\r", " ").Replace(s) }
