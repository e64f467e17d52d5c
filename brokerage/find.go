package brokerage

import (
	"context"
	"strconv"
	"strings"
	"time"

	"hashyard"
)

// Finder answers what people type into a search, and what waits for them.
type Finder interface {
	// FindTrades finds trades by the beginning of their number, or by the rail's
	// id of their payment, newest first.
	FindTrades(ctx context.Context, actor hashyard.Actor, w Wanted, limit int) ([]Trade, error)
	// FindOrders finds orders by their id or its last characters, newest first.
	FindOrders(ctx context.Context, actor hashyard.Actor, w Wanted, limit int) ([]Order, error)
	// Turns counts what waits for the actor's own organisation, the house's too.
	Turns(ctx context.Context, actor hashyard.Actor) (Turns, error)
	// Attention lists the trades that wait for the desk, oldest first, at most
	// limit of each kind.
	Attention(ctx context.Context, now time.Time, limit int) ([]Attention, error)
}

// Wanted is a search text as far as it may name something here. The zero value
// names nothing.
type Wanted struct {
	ID     hashyard.ID
	Number int64  // of a trade, or how it begins
	Tail   string // last characters of an id, six or more
	Rail   string // a rail's own id
}

// ShownTail is how many last characters of an order's id people are shown.
const ShownTail = 6

// Want reads a search text: T-2187, 2187, an id, the end of one, a rail's id.
func Want(text string) Wanted {
	exact := strings.TrimSpace(text) // a rail's ids tell large from small letters
	text = strings.ToLower(exact)
	var w Wanted
	if id, err := hashyard.ParseID(text); err == nil {
		return Wanted{ID: id}
	}
	if n, err := strconv.ParseInt(strings.TrimPrefix(text, "t-"), 10, 64); err == nil && n > 0 && n < 1e12 {
		w.Number = n
	}
	if tail := strings.TrimPrefix(text, "o-"); len(tail) >= ShownTail && len(tail) <= 36 && strings.Trim(tail, "0123456789abcdef-") == "" {
		w.Tail = tail
	}
	if rail, _, ok := strings.Cut(text, "_"); ok && (rail == "pi" || rail == "tr" || rail == "re") && len(text) <= 100 {
		w.Rail = exact
	}
	return w
}

// Turns is how much waits for one organisation.
type Turns struct {
	Pay     int // trades it bought and has not paid
	Trouble int // payments to it that the rail does not take yet
}

// AttentionKind is why a trade waits for the desk.
type AttentionKind string

// The kinds.
const (
	WaitsDecision AttentionKind = "decision" // disputed or refuted
	WaitsClock    AttentionKind = "late"     // a clock of its own ran out
	WaitsRail     AttentionKind = "payout"   // money is to leave and does not
)

// Attention is a trade that waits for the desk.
type Attention struct {
	Kind  AttentionKind
	Trade Trade
	Why   string
	Since time.Time
}

// FindTrades finds what a text names among the actor's trades.
func (s *Service) FindTrades(ctx context.Context, actor hashyard.Actor, text string, limit int) ([]Trade, error) {
	w := Want(text)
	if w.ID.IsZero() && w.Number == 0 && w.Rail == "" {
		return nil, nil
	}
	return s.cfg.Trades.FindTrades(ctx, actor, w, limit)
}

// FindOrders finds what a text names among the actor's orders.
func (s *Service) FindOrders(ctx context.Context, actor hashyard.Actor, text string, limit int) ([]Order, error) {
	w := Want(text)
	if w.ID.IsZero() && w.Tail == "" {
		return nil, nil
	}
	return s.cfg.Trades.FindOrders(ctx, actor, w, limit)
}

// Turns counts what waits for the actor's organisation.
func (s *Service) Turns(ctx context.Context, actor hashyard.Actor) (Turns, error) {
	return s.cfg.Trades.Turns(ctx, actor)
}

// Attention lists the trades that wait for the desk.
func (s *Service) Attention(ctx context.Context, actor hashyard.Actor, limit int) ([]Attention, error) {
	if !actor.House {
		return nil, hashyard.Denied.Errorf("what waits for the desk is the house's to see")
	}
	return s.cfg.Trades.Attention(ctx, s.now(), limit)
}
