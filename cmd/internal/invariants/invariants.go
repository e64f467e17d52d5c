// Package invariants lists, once and by name, what must always be true of a
// yard: of its money, its machines, its orders, its work and its events. A
// check reads and changes nothing. Tests run it after every kill, operators
// when they want to know.
//
// What a query can say is SQL whose rows are the violations; what it cannot
// (the chain, the payment provider, a replayed book, a recomputed statement) is
// code beside it.
package invariants

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/brokerage/stripe/fake"
	"hashyard/pool/node"
)

// Invariant is one thing that must hold.
type Invariant struct {
	Name string // area.what
	Says string // in words
	// SQL gives a row of one text for each violation; empty where code checks.
	SQL string

	check func(ctx context.Context, v view) ([]string, error)
	// needs says which of the sources beside the database it reads.
	needs need
}

type need int

const (
	nothing need = iota
	aChain
	aDouble
)

// Finding is a violation.
type Finding struct{ Invariant, Detail string }

func (f Finding) String() string { return f.Invariant + ": " + f.Detail }

// Sources are what is looked at.
type Sources struct {
	// DB logs in as any role that may become hashyard_system: that of the
	// application, or the owner.
	DB *pgx.Conn
	// Chain walks every block of the chain; nil leaves the chain out. Only a
	// short chain is walked, as a local world has.
	Chain *node.Client
	// Double tells what the payment double has; nil leaves it out.
	Double func(ctx context.Context) (fake.Snapshot, error)
	// Late is how long an event may be due and undelivered; zero is 5 minutes.
	Late time.Duration
}

// view is one consistent look at everything.
type view struct {
	Sources
	tx pgx.Tx
}

// most bounds the violations that one invariant reports.
const most = 20

// List gives all invariants.
func List() []Invariant {
	var out []Invariant
	out = append(out, money()...)
	out = append(out, machines()...)
	out = append(out, market()...)
	out = append(out, work()...)
	out = append(out, ground()...)
	return out
}

// Check looks at everything in one read-only snapshot of the database. An
// error means that it could not look, not that something is wrong.
func Check(ctx context.Context, s Sources) ([]Finding, error) {
	if s.DB == nil {
		return nil, hashyard.Invalid.Errorf("invariants: no database")
	}
	if s.Late == 0 {
		s.Late = 5 * time.Minute
	}
	tx, err := s.DB.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return nil, fmt.Errorf("invariants: %w", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // it has changed nothing
	if _, err := tx.Exec(ctx, "SET LOCAL ROLE hashyard_system"); err != nil {
		return nil, fmt.Errorf("invariants: %w", err)
	}
	if _, err := tx.Exec(ctx, "SELECT set_config('hashyard.late', $1, true)", s.Late.String()); err != nil {
		return nil, fmt.Errorf("invariants: %w", err)
	}
	v := view{Sources: s, tx: tx}
	var found []Finding
	for _, i := range List() {
		if i.needs == aChain && s.Chain == nil || i.needs == aDouble && s.Double == nil {
			continue
		}
		details, err := i.violations(ctx, v)
		if err != nil {
			return found, fmt.Errorf("invariant %s: %w", i.Name, err)
		}
		for _, d := range details {
			found = append(found, Finding{i.Name, d})
		}
	}
	return found, nil
}

func (i Invariant) violations(ctx context.Context, v view) ([]string, error) {
	if i.SQL == "" {
		return i.check(ctx, v)
	}
	return v.texts(ctx, i.SQL+fmt.Sprintf("\nLIMIT %d", most))
}

func (v view) texts(ctx context.Context, sql string, args ...any) ([]string, error) {
	rows, err := v.tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}
