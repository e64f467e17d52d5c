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
// that has a kind already keeps it.
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
			return hashyard.Conflict.Errorf("%s: already exists (%s): %w", op, pe.ConstraintName, err)
		case pe.Code == "23514" || strings.HasPrefix(pe.Code, "22"):
			return hashyard.Invalid.Errorf("%s: %w", op, err)
		case strings.HasPrefix(pe.Code, "57P") || strings.HasPrefix(pe.Code, "53"):
			return hashyard.Unavailable.Errorf("%s: %w", op, err)
		}
	}
	var ce *pgconn.ConnectError
	if errors.As(err, &ce) {
		return hashyard.Unavailable.Errorf("%s: %w", op, err)
	}
	return fmt.Errorf("%s: %w", op, err)
}

// retryable reports a serialization failure or a deadlock: the transaction
// did nothing and may be run again.
func retryable(err error) bool {
	var pe *pgconn.PgError
	return errors.As(err, &pe) && (pe.Code == "40001" || pe.Code == "40P01")
}
