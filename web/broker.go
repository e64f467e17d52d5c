package web

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"hashyard"
)

// Broker hands events to the browsers that may see them and remembers the
// last of them, so that a browser that was away catches up. It lives in one
// process; what must not be lost is in the database, not here.
type Broker struct {
	boot string // tells a resume from another process's numbers apart
	size int

	mu     sync.Mutex // guards everything below
	next   uint64     // number of the next message
	ring   []Message  // the last size messages, oldest first
	subs   map[*Subscription]struct{}
	closed bool
	sent   map[hashyard.ID]struct{} // the events in order
	order  []hashyard.ID            // the last events published, a ring
	oldest int                      // where the ring is written next
}

// Message is one event on its way to browsers.
type Message struct {
	ID    string
	Event string
	Data  json.RawMessage

	seq      uint64
	orgs     []hashyard.ID
	everyone bool // of every organisation
}

// Subscription is one listening browser. C is closed by the broker when the
// browser reads too slowly or the broker closes; Close ends it from this side.
type Subscription struct {
	C <-chan Message

	c      chan Message // closed by the broker, under its mutex
	org    hashyard.ID
	all    bool
	may    map[Action]bool // of this actor; a change of roles ends the stream
	broker *Broker
}

// NewBroker remembers the last size messages; 0 means 4096.
func NewBroker(size int) *Broker {
	if size <= 0 {
		size = 4096
	}
	id := hashyard.NewID().String()
	return &Broker{boot: id[:8] + id[9:13] + id[24:], size: size, next: 1, subs: map[*Subscription]struct{}{}, sent: map[hashyard.ID]struct{}{}}
}

// Publish sends data, as JSON, to those of the organisations whose roles read
// such events, see EventAction, and to the house. It never waits: a browser that is too slow is dropped and resumes.
func (b *Broker) Publish(orgs []hashyard.ID, event string, data any) error {
	return b.publish(hashyard.ID{}, orgs, false, event, data)
}

// PublishAll sends data to every organisation: what is public, such as a book.
func (b *Broker) PublishAll(event string, data any) error {
	return b.publish(hashyard.ID{}, nil, true, event, data)
}

// publish sends a message; one of a domain event, which has an id, once.
func (b *Broker) publish(id hashyard.ID, orgs []hashyard.ID, everyone bool, event string, data any) error {
	body, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("publish %s: %w", event, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed || b.repeated(id) {
		return nil
	}
	m := Message{
		ID: b.boot + "-" + strconv.FormatUint(b.next, 10), Event: oneLine(event), Data: body,
		seq: b.next, orgs: slices.Clone(orgs), everyone: everyone,
	}
	b.next++
	if len(b.ring) == b.size {
		b.ring = b.ring[1:]
	}
	b.ring = append(b.ring, m)
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
	return nil
}

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
func (b *Broker) PublishEvent(ev hashyard.Event) error {
	return b.publish(ev.ID, ev.Orgs, false, string(ev.Kind), EventMessage{
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
	oldest := b.next - uint64(len(b.ring))
	for _, m := range b.ring {
		if m.seq > after && s.sees(m) {
			missed = append(missed, m)
		}
	}
	return s, missed, after+1 >= oldest
}

// parse reads a Last-Event-ID of this process.
func (b *Broker) parse(id string) (seq uint64, ok bool) {
	boot, n, found := strings.Cut(id, "-")
	if !found || boot != b.boot {
		return 0, false
	}
	seq, err := strconv.ParseUint(n, 10, 64)
	return seq, err == nil && seq < b.next
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
	return b.boot + "-" + strconv.FormatUint(b.next-1, 10)
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
	if s.all {
		return true
	}
	act, known := EventAction(hashyard.EventKind(m.Event))
	return known && s.may[act] && (m.everyone || slices.Contains(m.orgs, s.org))
}

// oneLine keeps a name from ending its line in the stream.
func oneLine(s string) string { return strings.NewReplacer("\n", " ", "\r", " ").Replace(s) }
