package pg

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"

	"hashyard"
)

// Fail wraps a database error with the operation and gives it the kind that
// the edge shows: no row is NotFound, a duplicate is Conflict, a value that a
// constraint refuses is Invalid, a lost connection is Unavailable. An error
// that has a kind already keeps it. The text of a kind may be shown to callers
// and names no table or constraint; the database's own words stay reachable by
// errors.As and are what Words finds.
func Fail(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	op := fmt.Sprintf(format, args...)
	if _, ok := hashyard.KindOf(err); ok {
		return fmt.Errorf("%s: %w", op, err)
	}
	if errors.Is(err, pgx.ErrNoRows) || errors.Is(err, gorm.ErrRecordNotFound) {
		return hashyard.NotFound.Errorf("%s: not found", op)
	}
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		switch {
		case pe.Code == "23505":
			return hashyard.Conflict.Errorf("%w", &quiet{op + ": already exists", err})
		case pe.Code == "23514" || strings.HasPrefix(pe.Code, "22"):
			return hashyard.Invalid.Errorf("%w", &quiet{op + ": a value that cannot be stored", err})
		case strings.HasPrefix(pe.Code, "57P") || strings.HasPrefix(pe.Code, "53"):
			return hashyard.Unavailable.Errorf("%w", &quiet{op + ": the database is not available", err})
		}
	}
	var ce *pgconn.ConnectError
	if errors.As(err, &ce) {
		return hashyard.Unavailable.Errorf("%w", &quiet{op + ": the database is not available", err})
	}
	return fmt.Errorf("%s: %w", op, err)
}

// quiet is a database error in words for callers.
type quiet struct {
	text string
	err  error
}

func (q *quiet) Error() string { return q.text }

func (q *quiet) Unwrap() error { return q.err }

// Words are what the log should say of err: its text, and the database's own
// words where that text keeps them back.
func Words(err error) string {
	text := err.Error()
	var q *quiet
	if errors.As(err, &q) && !strings.Contains(text, q.err.Error()) {
		return text + ": " + q.err.Error()
	}
	return text
}

// retryable reports a serialization failure or a deadlock: the transaction
// did nothing and may be run again.
func retryable(err error) bool {
	var pe *pgconn.PgError
	return errors.As(err, &pe) && (pe.Code == "40001" || pe.Code == "40P01")
}

// CursorID reads a list's cursor, which is the id where the page before ended;
// the first page has none.
func CursorID(cursor string) (hashyard.ID, error) {
	if cursor == "" {
		return hashyard.ID{}, nil
	}
	id, err := hashyard.ParseID(cursor)
	if err != nil {
		return hashyard.ID{}, hashyard.Invalid.Errorf("cursor: %w", err)
	}
	return id, nil
}
