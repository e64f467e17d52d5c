package pg

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
)

// Emit appends events to the outbox in this transaction.
func (tx *Tx) Emit(ctx context.Context, evs ...hashyard.Event) error {
	for _, ev := range evs {
		var notBefore any = "-infinity"
		if !ev.NotBefore.IsZero() {
			notBefore = ev.NotBefore
		}
		_, err := tx.conn.Exec(ctx, `
			INSERT INTO outbox (id, kind, ref_kind, ref_id, orgs, units, at, not_before, payload, trace)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8::timestamptz, $9, $10)`,
			ev.ID, ev.Kind, ev.Ref.Kind, ev.Ref.ID, UUIDs(ev.Orgs), UUIDs(ev.Units), ev.At, notBefore, []byte(ev.Payload), tx.db.carry(ctx, ev.Trace))
		if err != nil {
			return fmt.Errorf("emit %s: %w", ev.Kind, err)
		}
		tx.sent = true
	}
	return nil
}

// Audit records a command, with the state before and after, in its own
// transaction. The row belongs to the transaction's organisation; that of a
// system transaction belongs to none, and only the house reads it.
func (tx *Tx) Audit(ctx context.Context, command string, ref hashyard.Ref, before, after any) error {
	return tx.AuditFor(ctx, tx.org, command, ref, before, after)
}

// AuditFor is Audit for a system transaction that knows whose thing it changes:
// org reads the row in its trail. In a tenant's transaction only its own
// organisation will do.
func (tx *Tx) AuditFor(ctx context.Context, org hashyard.ID, command string, ref hashyard.Ref, before, after any) error {
	vals := make([][]byte, 3)
	for i, v := range []any{tx.actor, before, after} {
		if v == nil {
			continue
		}
		b, err := json.Marshal(v)
		if err != nil {
			return fmt.Errorf("audit %s: %w", command, err)
		}
		vals[i] = b
	}
	_, err := tx.conn.Exec(ctx, `
		INSERT INTO audit (id, org_id, actor, command, ref_kind, ref_id, before, after)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		hashyard.NewID(), org, vals[0], command, ref.Kind, ref.ID, vals[1], vals[2])
	if err != nil {
		return fmt.Errorf("audit %s: %w", command, err)
	}
	return nil
}

// AuditOf is Audit for a transaction that may be the house's own: then each
// organisation that the thing belongs to reads a row in its trail.
func (tx *Tx) AuditOf(ctx context.Context, orgs []hashyard.ID, command string, ref hashyard.Ref, before, after any) error {
	if !tx.org.IsZero() {
		return tx.Audit(ctx, command, ref, before, after)
	}
	told := map[hashyard.ID]bool{}
	for _, org := range orgs {
		if told[org] {
			continue
		}
		told[org] = true
		if err := tx.AuditFor(ctx, org, command, ref, before, after); err != nil {
			return err
		}
	}
	return nil
}

// Once records that handler takes effect for an event. It reports false when
// it already did: then the handler has nothing to do. System transactions only.
func (tx *Tx) Once(ctx context.Context, event hashyard.ID, handler string) (first bool, err error) {
	tag, err := tx.conn.Exec(ctx, "INSERT INTO handled (event_id, handler) VALUES ($1, $2) ON CONFLICT DO NOTHING", event, handler)
	if err != nil {
		return false, fmt.Errorf("once %s: %w", handler, err)
	}
	return tag.RowsAffected() == 1, nil
}

// Handler takes effect on events of some kinds. Handle may be called again
// for the same event: it records (event, Name) in its own transaction by Once.
type Handler struct {
	Name   string
	Kinds  []hashyard.EventKind
	Handle func(ctx context.Context, ev hashyard.Event) error
}

// DispatcherConfig sets the pace; zero values mean the defaults.
type DispatcherConfig struct {
	Poll    time.Duration  // default 250 ms
	Lease   time.Duration  // default 6 s, renewed while the handler runs: how long the events of a process that died wait
	Workers int            // default 4
	Observe func(Delivery) // told of every attempt; nil is nobody
	Log     *slog.Logger
}

// Dispatcher delivers outbox events to handlers at least once.
type Dispatcher struct {
	db       *DB
	handlers []Handler
	cfg      DispatcherConfig

	mu   sync.Mutex // guards held
	held map[hashyard.ID]bool
}

// NewDispatcher prepares a dispatcher; Run starts it.
func NewDispatcher(db *DB, handlers []Handler, cfg DispatcherConfig) *Dispatcher {
	if cfg.Poll == 0 {
		cfg.Poll = 250 * time.Millisecond
	}
	if cfg.Lease == 0 {
		cfg.Lease = 6 * time.Second
	}
	if cfg.Workers == 0 {
		cfg.Workers = 4
	}
	if cfg.Log == nil {
		cfg.Log = db.log
	}
	return &Dispatcher{db: db, handlers: handlers, cfg: cfg, held: map[hashyard.ID]bool{}}
}

// Run delivers until ctx ends, then waits for the handlers it started.
func (d *Dispatcher) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	renewed, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() { defer close(ended); d.renew(renewed) }()
	defer func() { wg.Wait(); stop(); <-ended }()
	slots := make(chan struct{}, d.cfg.Workers)
	tick := time.NewTicker(d.cfg.Poll)
	defer tick.Stop()
	for {
		free := cap(slots) - len(slots)
		evs, err := d.claim(ctx, free)
		if err != nil && ctx.Err() == nil {
			d.cfg.Log.WarnContext(ctx, "outbox not readable", "error", err)
		}
		if len(evs) > 0 {
			hashyard.Hit(hashyard.AtOutboxClaimed)
		}
		for _, ev := range evs {
			d.hold(ev.ID)
			slots <- struct{}{} // this goroutine alone fills slots: never blocks
			wg.Go(func() {
				defer func() { <-slots; d.db.wake.wake() }()
				d.deliver(ctx, ev)
			})
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-d.db.wake.c:
		}
	}
}

// leased is an event with how often it was tried.
type leased struct {
	hashyard.Event
	attempts int
	origin   string // the place where the story of its thing began
}

// claim leases due events, so that no transaction is open while they run.
func (d *Dispatcher) claim(ctx context.Context, n int) ([]leased, error) {
	if n == 0 {
		return nil, nil
	}
	var evs []leased
	err := d.db.AsSystem(ctx, "dispatcher", func(ctx context.Context, tx *Tx) error {
		rows, err := tx.conn.Query(ctx, `
			UPDATE outbox SET leased_to = now() + $1::interval, attempts = attempts + 1
			WHERE id IN (SELECT id FROM outbox
			             WHERE done_at IS NULL AND not_before <= now() AND leased_to <= now()
			             ORDER BY not_before, id LIMIT $2 FOR UPDATE SKIP LOCKED)
			RETURNING id, kind, ref_kind, ref_id, orgs, units, at, payload, attempts, coalesce(trace, ''),
				CASE WHEN trace IS NULL THEN '' ELSE (SELECT o.trace FROM outbox o
					WHERE o.ref_kind = outbox.ref_kind AND o.ref_id = outbox.ref_id AND o.trace IS NOT NULL ORDER BY o.id LIMIT 1) END`,
			d.cfg.Lease.String(), n)
		if err != nil {
			return err
		}
		evs, err = pgx.CollectRows(rows, scanEvent)
		return err
	})
	slices.SortFunc(evs, func(a, b leased) int { return slices.Compare(a.ID[:], b.ID[:]) })
	return evs, err
}

func scanEvent(row pgx.CollectableRow) (leased, error) {
	var ev leased
	var orgs, units [][16]byte
	var origin *string
	err := row.Scan(&ev.ID, &ev.Kind, &ev.Ref.Kind, &ev.Ref.ID, &orgs, &units, &ev.At, &ev.Payload, &ev.attempts, &ev.Trace, &origin)
	if origin != nil {
		ev.origin = *origin
	}
	for _, o := range orgs {
		ev.Orgs = append(ev.Orgs, o)
	}
	for _, u := range units {
		ev.Units = append(ev.Units, u)
	}
	return ev, err
}

// deliver runs every handler of the event's kind and settles its row. A
// handler that failed is tried again later, with the others, who then have
// nothing left to do.
func (d *Dispatcher) deliver(ctx context.Context, ev leased) {
	var failed []error
	for _, h := range d.handlers {
		if !slices.Contains(h.Kinds, ev.Kind) {
			continue
		}
		if err := d.handle(ctx, h, ev); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", h.Name, err))
		}
		hashyard.Hit(hashyard.AtOutboxHandled)
	}
	if ctx.Err() != nil && failed != nil {
		// Shutting down: the lease runs out and the next process delivers.
		ctx = context.WithoutCancel(ctx)
	}
	d.release(ev.ID)
	err := errors.Join(failed...)
	if err != nil {
		d.cfg.Log.WarnContext(ctx, "event not delivered, will retry", "kind", ev.Kind, "event", ev.ID, "attempts", ev.attempts, "error", Words(err))
	}
	if serr := d.settle(ctx, ev, err); serr != nil {
		d.cfg.Log.WarnContext(ctx, "outbox row not settled", "event", ev.ID, "error", serr)
	}
	hashyard.Hit(hashyard.AtOutboxDone)
}

// handle runs one handler. A panic in it is its failure, like an error: one bad
// event must not take the process down, again after every lease.
func (d *Dispatcher) handle(ctx context.Context, h Handler, ev leased) (err error) {
	ctx, end := d.db.resume(ctx, ev, "handle "+h.Name)
	began := time.Now()
	defer func() {
		end(err)
		if d.cfg.Observe != nil {
			d.cfg.Observe(Delivery{Handler: h.Name, Kind: ev.Kind, Took: time.Since(began), Failed: err != nil})
		}
	}()
	defer func() {
		if v := recover(); v != nil {
			d.cfg.Log.ErrorContext(ctx, "panic in event handler", "handler", h.Name, "kind", ev.Kind, "event", ev.ID,
				"attempts", ev.attempts, "panic", v, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	return h.Handle(ctx, ev.Event)
}

// settle closes the row, or sets when to try again: 0.25 s, doubling to 30 s.
func (d *Dispatcher) settle(ctx context.Context, ev leased, failure error) error {
	return d.db.AsSystem(ctx, "dispatcher", func(ctx context.Context, tx *Tx) error {
		if failure == nil {
			_, err := tx.conn.Exec(ctx, "UPDATE outbox SET done_at = now(), last_error = '' WHERE id = $1", ev.ID)
			return err
		}
		wait := min(250*time.Millisecond<<min(ev.attempts-1, 10), 30*time.Second)
		_, err := tx.conn.Exec(ctx, `
			UPDATE outbox SET leased_to = '-infinity', not_before = now() + $2::interval, last_error = left($3, 2000)
			WHERE id = $1`, ev.ID, wait.String(), Words(failure))
		return err
	})
}

func (d *Dispatcher) hold(id hashyard.ID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.held[id] = true
}

func (d *Dispatcher) release(id hashyard.ID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.held, id)
}

// renew keeps the leases of the events whose handlers run.
func (d *Dispatcher) renew(ctx context.Context) {
	tick := time.NewTicker(d.cfg.Lease / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		d.mu.Lock()
		ids := slices.Collect(maps.Keys(d.held))
		d.mu.Unlock()
		if len(ids) == 0 {
			continue
		}
		err := d.db.AsSystem(ctx, "dispatcher", func(ctx context.Context, tx *Tx) error {
			_, err := tx.conn.Exec(ctx, "UPDATE outbox SET leased_to = now() + $2::interval WHERE id = ANY ($1) AND done_at IS NULL", KnownUUIDs(ids), d.cfg.Lease.String())
			return err
		})
		if err != nil && ctx.Err() == nil {
			d.cfg.Log.WarnContext(ctx, "leases not renewed", "events", len(ids), "error", err)
		}
	}
}

// waker carries "there is something to do" inside one process.
type waker struct{ c chan struct{} }

func newWaker() *waker { return &waker{c: make(chan struct{}, 1)} }

func (w *waker) wake() {
	select {
	case w.c <- struct{}{}:
	default:
	}
}
