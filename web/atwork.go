package web

import (
	"context"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hashyard"
)

// Traits of a route that its handling depends on; kept in the operation's
// metadata, which no document shows.
const (
	traitIdle  = "idle"
	traitAsks  = "asks"
	roomWait   = 5 * time.Second
	roomInside = 24
)

// Idle marks a route that mostly waits, as a long poll does: it takes none of
// the room that its organisation has for requests at work.
func Idle(op huma.Operation) huma.Operation { return withTrait(op, traitIdle) }

// Asks marks a POST that only computes an answer from a large input. It changes
// nothing, so a retry may compute it again, and its answer is not kept: answers
// are kept for ever, and nobody may fill the yard's disk with questions.
func Asks(op huma.Operation) huma.Operation { return withTrait(op, traitAsks) }

func withTrait(op huma.Operation, name string) huma.Operation {
	meta := map[string]any{name: true}
	for k, v := range op.Metadata {
		meta[k] = v
	}
	op.Metadata = meta
	return op
}

func hasTrait(op *huma.Operation, name string) bool { return op != nil && op.Metadata[name] == true }

// rooms bound how many requests of one organisation are at work at a time:
// limits by the second alone let slow ones pile up on the database, which all
// share.
type rooms struct {
	inside int
	wait   time.Duration

	mu sync.Mutex // guards of
	of map[hashyard.ID]*room
}

type room struct {
	places chan struct{}
	users  int // inside or at the door
}

func newRooms(inside int, wait time.Duration) *rooms {
	if inside <= 0 {
		inside = roomInside
	}
	return &rooms{inside: inside, wait: wait, of: map[hashyard.ID]*room{}}
}

// enter takes a place, waiting a while for one; leave gives it back.
func (r *rooms) enter(ctx context.Context, org hashyard.ID) (leave func(), err error) {
	r.mu.Lock()
	in := r.of[org]
	if in == nil {
		in = &room{places: make(chan struct{}, r.inside)}
		r.of[org] = in
	}
	in.users++
	r.mu.Unlock()
	gone := func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if in.users--; in.users == 0 {
			delete(r.of, org)
		}
	}
	late := time.NewTimer(r.wait)
	defer late.Stop()
	select {
	case in.places <- struct{}{}:
		return func() { <-in.places; gone() }, nil
	case <-ctx.Done():
		gone()
		return nil, hashyard.Unavailable.Errorf("the caller left: %w", ctx.Err())
	case <-late.C:
		gone()
		return nil, tooMany(time.Second, "of your organisation are at work at a time")
	}
}
