package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"

	"hashyard"
)

// dbError looks like the database driver's own error.
type dbError struct{}

func (dbError) Error() string    { return `duplicate key value violates "users_email_key"` }
func (dbError) SQLState() string { return "23505" }

func TestFail(t *testing.T) {
	t.Parallel()
	dial := &net.OpError{Op: "dial", Err: errors.New("10.0.0.7: connection refused")}
	for _, tt := range []struct {
		name   string
		err    error
		status int
		detail string
	}{
		{"invalid", hashyard.Invalid.Errorf("units must be positive"), 422, "units must be positive"},
		{"unauthenticated", hashyard.Unauthenticated.Errorf("sign in"), 401, "sign in"},
		{"denied", hashyard.Denied.Errorf("no"), 403, "no"},
		{"not found", hashyard.NotFound.Errorf("order 7"), 404, "order 7"},
		{"conflict", hashyard.Conflict.Errorf("already listed"), 409, "already listed"},
		{"stale", hashyard.Stale.Errorf("version 3, not 2"), 412, "version 3, not 2"},
		{"exhausted", hashyard.Exhausted.Errorf("too many"), 429, "too many"},
		{"unavailable", hashyard.Unavailable.Errorf("the signer is not running"), 503, "the signer is not running"},
		{"wrapped keeps its kind", fmt.Errorf("place order: %w", hashyard.Conflict.Errorf("closed")), 409, "place order: closed"},
		{"bare kind", hashyard.NotFound, 404, "not found"},
		{"unknown", errors.New("secret table missing"), 500, "internal error"},
		{"database words", hashyard.Conflict.Errorf("user: %w", dbError{}), 409, "this already exists"},
		{"network words", hashyard.Unavailable.Errorf("database: %w", dial), 503, "something hashyard needs is not available right now; try again in a moment"},
		{"deadline", fmt.Errorf("read: %w", context.DeadlineExceeded), 503, "this took too long; try again"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var p *Problem
			if !errors.As(Fail(tt.err), &p) {
				t.Fatal("not a Problem")
			}
			if p.Status != tt.status || p.Detail != tt.detail || p.Title == "" {
				t.Errorf("got %d %q %q, want %d %q", p.Status, p.Title, p.Detail, tt.status, tt.detail)
			}
			if (tt.status == 429 || tt.status == 503) != (p.GetHeaders().Get("Retry-After") != "") {
				t.Errorf("Retry-After is %q", p.GetHeaders().Get("Retry-After"))
			}
		})
	}
	if Fail(nil) != nil {
		t.Error("Fail(nil) is an error")
	}
	p := Fail(hashyard.Exhausted.Errorf("x"))
	if !errors.Is(p, hashyard.Exhausted) || errors.Is(p, hashyard.Conflict) {
		t.Error("a Problem lost its kind")
	}
	if again := Fail(p); again != p {
		t.Error("a Problem was made into another")
	}
}

func TestPageIsNeverNull(t *testing.T) {
	t.Parallel()
	b, err := Page[int]{}.MarshalJSON()
	if err != nil || string(b) != `{"items":[]}` {
		t.Errorf("got %s, %v", b, err)
	}
	b, err = Page[int]{Items: []int{1}, Next: "c"}.MarshalJSON()
	if err != nil || string(b) != `{"items":[1],"next":"c"}` {
		t.Errorf("got %s, %v", b, err)
	}
}

func TestInputHashKeepsPartsApart(t *testing.T) {
	t.Parallel()
	if inputHash("ab", "c") == inputHash("a", "bc") || inputHash("a") == inputHash("a", "") {
		t.Error("different inputs have one hash")
	}
	if inputHash("a", []byte("b")) != inputHash("a", "b") {
		t.Error("the same input has two hashes")
	}
}

func TestCheckKey(t *testing.T) {
	t.Parallel()
	for key, ok := range map[string]bool{
		"": false, "a": true, "order 7/α": false, "a\n": false, strings.Repeat("x", 255): true, strings.Repeat("x", 256): false,
	} {
		if err := checkKey(key); (err == nil) != ok {
			t.Errorf("%q: %v", key, err)
		}
	}
}

// TestDatabaseWordsAreLogged: what the caller is not shown, the operator finds.
func TestDatabaseWordsAreLogged(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	api := New(Config{Log: slog.New(slog.NewTextHandler(&log, nil))})
	err := api.fail(t.Context(), hashyard.Conflict.Errorf("%w", quiet{}))
	if text := err.Error(); strings.Contains(text, "users_email_key") {
		t.Errorf("shown: %s", text)
	}
	if p := err.(*Problem); p.Detail != "this already exists" || !strings.Contains(log.String(), "users_email_key") {
		t.Errorf("%s; logged %s", p.Detail, log.String())
	}
}

// quiet is a store's error that keeps the database's words back.
type quiet struct{}

func (quiet) Error() string { return "user a@b: already exists" }
func (quiet) Unwrap() error { return dbError{} }
