package web

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hashyard"
)

// Problem is every error the API sends, as problem+json of RFC 9457.
type Problem struct {
	Type      string          `json:"type,omitempty" doc:"A URI for the kind of problem; absent means about:blank."`
	Title     string          `json:"title" doc:"The status in words."`
	Status    int             `json:"status" doc:"The HTTP status."`
	Detail    string          `json:"detail,omitempty" doc:"What is wrong here, for people."`
	Code      string          `json:"code,omitempty" doc:"What is wrong here, for programs; only where one can do something about it."`
	RequestID string          `json:"request_id,omitempty" doc:"Quote it when you ask about this request."`
	Errors    []ProblemDetail `json:"errors,omitempty" doc:"Each part of the input that is wrong."`

	cause      error // of an unknown error: logged, never shown
	retryAfter time.Duration
}

// ProblemDetail is one wrong part of the input. It never echoes the value,
// which may be a secret.
type ProblemDetail struct {
	Message  string `json:"message"`
	Location string `json:"location,omitempty"`
}

// Error is the detail.
func (p *Problem) Error() string {
	if p.cause != nil {
		return p.cause.Error()
	}
	return p.Detail
}

// Unwrap is the error behind an unknown one.
func (p *Problem) Unwrap() error { return p.cause }

// Is lets a Problem have the kind that its status came from.
func (p *Problem) Is(target error) bool {
	kind, ok := target.(hashyard.Kind)
	if !ok {
		return false
	}
	code, ok := status(kind)
	return ok && code == p.Status
}

// GetStatus makes a Problem a huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders makes a Problem a huma.HeadersError.
func (p *Problem) GetHeaders() http.Header {
	if p.retryAfter <= 0 {
		return nil
	}
	return http.Header{"Retry-After": {strconv.Itoa(int((p.retryAfter + time.Second - 1) / time.Second))}}
}

// ContentType makes a Problem say what it is.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// status is the one place where a kind becomes an HTTP status.
func status(kind hashyard.Kind) (int, bool) {
	switch kind {
	case hashyard.Invalid:
		return http.StatusUnprocessableEntity, true
	case hashyard.Unauthenticated:
		return http.StatusUnauthorized, true
	case hashyard.Denied:
		return http.StatusForbidden, true
	case hashyard.NotFound:
		return http.StatusNotFound, true
	case hashyard.Conflict:
		return http.StatusConflict, true
	case hashyard.Stale:
		return http.StatusPreconditionFailed, true
	case hashyard.Exhausted:
		return http.StatusTooManyRequests, true
	case hashyard.Unavailable:
		return http.StatusServiceUnavailable, true
	}
	return 0, false
}

// Fail turns an error of a domain into the Problem the caller sees. A kind
// keeps its text, which was written for people; anything unknown becomes
// "internal error", and its text only goes to the log.
func Fail(err error) error {
	if err == nil {
		return nil
	}
	if p := new(Problem); errors.As(err, &p) {
		return p
	}
	if kind, ok := hashyard.KindOf(err); ok {
		if code, ok := status(kind); ok {
			p := problem(code, err.Error())
			p.hide(err)
			if code == http.StatusTooManyRequests || code == http.StatusServiceUnavailable {
				p.retryAfter = time.Second
			}
			return p
		}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		p := problem(http.StatusServiceUnavailable, "this took too long; try again")
		p.cause, p.retryAfter = err, time.Second
		return p
	}
	p := problem(http.StatusInternalServerError, "internal error")
	p.cause = err
	return p
}

// hide takes out what only the operator should read: the words of the
// database or of the network behind a kind.
func (p *Problem) hide(err error) {
	var sql interface{ SQLState() string }
	var network net.Error
	switch {
	case p.Status == http.StatusServiceUnavailable && (errors.As(err, &network) || errors.As(err, &sql) || errors.Is(err, io.EOF)):
		p.Detail = "something hashyard needs is not available right now; try again in a moment"
	case !errors.As(err, &sql):
		return
	case p.Status == http.StatusConflict:
		p.Detail = "this already exists"
	default:
		p.Detail = "the value is out of the range that can be stored"
	}
	p.cause = err
}

func problem(code int, detail string) *Problem {
	return &Problem{Title: http.StatusText(code), Status: code, Detail: detail}
}

// fail is Fail with the request's id, and the log of what is not shown.
func (api *API) fail(ctx context.Context, err error) error {
	var se huma.StatusError
	if errors.As(err, &se) {
		if _, ours := se.(*Problem); !ours {
			return err // huma's own, made into a Problem by plain
		}
	}
	p := *Fail(err).(*Problem) // a copy: a domain may keep its error
	p.RequestID = RequestID(ctx)
	// Who left hears nothing of it, and nothing failed.
	if p.cause != nil && !errors.Is(err, context.Canceled) && !errors.Is(ctx.Err(), context.Canceled) {
		attrs := []any{"request_id", p.RequestID, "err", p.cause}
		// A store may keep the database's words out of its text.
		var sql interface {
			error
			SQLState() string
		}
		if errors.As(p.cause, &sql) {
			attrs = append(attrs, "database", sql.Error())
		}
		api.log.ErrorContext(ctx, "request failed", attrs...)
	}
	return &p
}

// coded is err with a code that a program may act on.
func coded(err error, code string) error {
	p := *Fail(err).(*Problem)
	p.Code = code
	return &p
}

// plain makes a Problem of huma's own errors: with the request id, without
// the echo of the offending value.
func plain(ctx huma.Context, _ string, v any) (any, error) {
	m, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	p := problem(m.Status, m.Detail)
	p.RequestID = RequestID(ctx.Context())
	if m.Status >= http.StatusInternalServerError {
		p.Detail = "internal error"
		return p, nil
	}
	for _, e := range m.Errors {
		if e != nil {
			p.Errors = append(p.Errors, ProblemDetail{Message: e.Message, Location: e.Location})
		}
	}
	return p, nil
}

// WriteProblem sends a problem where no handler of huma runs: an unknown
// path, a wrong method, a panic.
func WriteProblem(w http.ResponseWriter, r *http.Request, log *slog.Logger, code int, detail string) {
	p := problem(code, detail)
	p.RequestID = RequestID(r.Context())
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	if err := json.NewEncoder(w).Encode(p); err != nil {
		log.DebugContext(r.Context(), "problem not sent", "request_id", p.RequestID, "err", err)
	}
}
