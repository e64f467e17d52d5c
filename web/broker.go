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

	mu     sync.Mutex // guards next, ring, subs, closed
	next   uint64     // number of the next message
	ring   []Message  // the last size messages, oldest first
	subs   map[*Subscription]struct{}
	closed bool
}

// Message is one event on its way to browsers.
type Message struct {
	ID    string
	Event string
	Data  json.RawMessage

	seq      uint64
	orgs     []hashyard.ID
	everyone bool // public to all who are signed in
}

// Subscription is one listening browser. C is closed by the broker when the
// browser reads too slowly or the broker closes; Close ends it from this side.
type Subscription struct {
	C <-chan Message

	c      chan Message // closed by the broker, under its mutex
	org    hashyard.ID
	all    bool
	broker *Broker
}

// NewBroker remembers the last size messages; 0 means 4096.
func NewBroker(size int) *Broker {
	if size <= 0 {
		size = 4096
	}
	id := hashyard.NewID().String()
	return &Broker{boot: id[:8] + id[9:13] + id[24:], size: size, next: 1, subs: map[*Subscription]struct{}{}}
}

// Publish sends data, as JSON, to the browsers of the organisations and to the
// house. It never waits: a browser that is too slow is dropped and resumes.
func (b *Broker) Publish(orgs []hashyard.ID, event string, data any) error {
	return b.publish(orgs, false, event, data)
}

// PublishAll sends data to every browser: what is public, such as a book.
func (b *Broker) PublishAll(event string, data any) error {
	return b.publish(nil, true, event, data)
}

func (b *Broker) publish(orgs []hashyard.ID, everyone bool, event string, data any) error {
	body, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("publish %s: %w", event, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
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

// PublishEvent sends a domain event in the form browsers know.
func (b *Broker) PublishEvent(ev hashyard.Event) error {
	return b.Publish(ev.Orgs, string(ev.Kind), EventMessage{
		ID: ev.ID, Kind: ev.Kind, At: ev.At, Ref: ev.Ref, Units: ev.Units, Payload: ev.Payload,
	})
}

// Subscribe listens for what the actor may see. missed are the remembered
// messages after lastID; resumed is false when they are not all known, and
// the browser has to load its state anew.
func (b *Broker) Subscribe(actor hashyard.Actor, lastID string) (s *Subscription, missed []Message, resumed bool) {
	c := make(chan Message, 256)
	s = &Subscription{C: c, c: c, org: actor.Org, all: actor.House && Can(actor, HouseRead), broker: b}
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

// sees is the tenancy of the stream: an event without organisations is for
// the house alone.
func (s *Subscription) sees(m Message) bool {
	return s.all || m.everyone || slices.Contains(m.orgs, s.org)
}

// oneLine keeps a name from ending its line in the stream.
func oneLine(s string) string { return strings.NewReplacer("\n", " ", "\r", " ").Replace(s) }
