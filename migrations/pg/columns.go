package pg

import (
	"time"

	"hashyard"
)

// UUIDs hands ids to pgx as a uuid[].
func UUIDs(ids []hashyard.ID) [][16]byte {
	out := make([][16]byte, len(ids))
	for i, id := range ids {
		out[i] = id
	}
	return out
}

// KnownUUIDs is UUIDs without the ids that mean none.
func KnownUUIDs(ids []hashyard.ID) [][16]byte {
	out := make([][16]byte, 0, len(ids))
	for _, id := range ids {
		if !id.IsZero() {
			out = append(out, id)
		}
	}
	return out
}

// At hands an instant to a nullable column; the zero time is NULL.
func At(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// When reads a nullable column; NULL is the zero time.
func When(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}
