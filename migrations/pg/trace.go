package pg

import "context"

// Tracer follows work through transactions and, by a column of the outbox, into
// the handlers of events, also in another process.
type Tracer interface {
	// Start begins a step of ctx's trace, which also belongs to the places of
	// links; end takes how the step ended.
	Start(ctx context.Context, name string, links ...string) (_ context.Context, end func(error))
	// Carry is ctx's place in its trace as text, Resume goes on there.
	Carry(ctx context.Context) string
	Resume(ctx context.Context, place string) context.Context
}

// step begins a step of ctx's trace, if it is in one: what the house does by
// the clock, every moment, is not traced.
func (db *DB) step(ctx context.Context, name string, links ...string) (context.Context, func(error)) {
	if db.tracer == nil || db.tracer.Carry(ctx) == "" {
		return ctx, func(error) {}
	}
	return db.tracer.Start(ctx, name, links...)
}

// carry is the place of ctx, or null.
func (db *DB) carry(ctx context.Context, place string) any {
	if db.tracer == nil {
		return nil
	}
	if place == "" {
		place = db.tracer.Carry(ctx)
	}
	if place == "" {
		return nil
	}
	return place
}

// resume goes on in the trace in which the story of the event's thing began:
// an order's leads through payment and delivery to the payout, though each is
// asked for by itself. The event's own place is linked.
func (db *DB) resume(ctx context.Context, ev leased, handler string) (context.Context, func(error)) {
	if db.tracer == nil || ev.Trace == "" {
		return db.step(ctx, handler)
	}
	if ev.origin == "" || ev.origin == ev.Trace {
		return db.step(db.tracer.Resume(ctx, ev.Trace), handler)
	}
	return db.step(db.tracer.Resume(ctx, ev.origin), handler, ev.Trace)
}
