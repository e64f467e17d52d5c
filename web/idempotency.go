package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hashyard"
)

const (
	idempotencyHeader = "Idempotency-Key"
	replayedHeader    = "Idempotency-Replayed"

	// ClaimLease is how long a claim holds without being renewed. A process
	// that dies in a command blocks its key for this long, no longer.
	ClaimLease = 5 * time.Second
)

// Claim is one use of an idempotency key: who, which key, for what input.
type Claim struct {
	Actor     hashyard.Actor
	Key       string
	Operation string
	Hash      [sha256.Size]byte
}

// Attempt is a claim that was granted. ID stays the same when a key whose
// command never answered is claimed again; Number grows.
type Attempt struct {
	ID     hashyard.ID
	Number int64
}

// Answer is what a command answered, kept for ever under its key.
type Answer struct {
	Status int               `json:"status"`
	Header map[string]string `json:"header"`
	Body   []byte            `json:"body"`
}

// Keeper stores idempotency keys.
type Keeper interface {
	// Claim takes the key for ClaimLease, or returns the answer kept under it.
	// Other input, or a claim that still holds, is a hashyard.Conflict.
	Claim(ctx context.Context, c Claim) (Attempt, *Answer, error)
	// Renew holds the claim for another ClaimLease.
	Renew(ctx context.Context, c Claim, a Attempt) error
	// Keep ends the claim with its answer.
	Keep(ctx context.Context, c Claim, a Attempt, answer Answer) error
	// Release ends the claim without an answer: the next attempt has its ID.
	Release(ctx context.Context, c Claim, a Attempt) error
	// Forget ends the claim as if it had never been made.
	Forget(ctx context.Context, c Claim, a Attempt) error
}

// CommandID is an id that belongs to this POST's idempotency key and is the
// same at every attempt. A command that names what it makes by it makes it
// once, also when a process died between the effect and the answer.
func CommandID(ctx context.Context) (hashyard.ID, bool) {
	c, ok := ctx.Value(commandKey).(*command)
	if !ok {
		return hashyard.ID{}, false
	}
	return c.attempt.ID, true
}

// command is one POST under way.
type command struct {
	attempt Attempt
	asks    bool // changes nothing: no answer is kept
	instead any  // kept in place of the body, see Redacter
}

func keepInstead(ctx context.Context, v any) {
	if c, ok := ctx.Value(commandKey).(*command); ok {
		c.instead = v
	}
}

// idempotent runs a POST once per key and replays its answer afterwards. One
// that only asks is run again instead.
func (api *API) idempotent(limit int64, asks bool) func(huma.Context, func(huma.Context)) {
	if limit <= 0 {
		limit = maxBody
	}
	return func(ctx huma.Context, next func(huma.Context)) {
		claim, body, err := api.claimOf(ctx, limit)
		if err != nil {
			api.write(ctx, err)
			return
		}
		attempt, kept, err := api.cfg.Keeper.Claim(ctx.Context(), claim)
		if err != nil {
			p := *Fail(err).(*Problem)
			if p.Status == http.StatusConflict {
				p.retryAfter = time.Second
			}
			api.write(ctx, &p)
			return
		}
		if kept != nil {
			replay(ctx, *kept)
			return
		}
		api.once(ctx, next, claim, &command{attempt: attempt, asks: asks}, body)
	}
}

// once runs the command, keeps its answer, and only then sends it: an answer
// the caller has seen can always be replayed.
func (api *API) once(ctx huma.Context, next func(huma.Context), claim Claim, cmd *command, body []byte) {
	attempt := cmd.attempt
	rec := &recorder{inner: huma.WithValue(ctx, commandKey, cmd), in: bytes.NewReader(body), header: map[string]string{}}
	stop := api.renew(ctx.Context(), claim, attempt)
	done := false
	// The caller may have gone; what happened must be kept all the same.
	settle := func(fn func(context.Context) error) {
		sctx, cancel := context.WithTimeout(context.WithoutCancel(ctx.Context()), 5*time.Second)
		defer cancel()
		if err := fn(sctx); err != nil {
			api.log.ErrorContext(sctx, "idempotency key not settled", "request_id", RequestID(sctx), "err", err)
		}
	}
	defer func() {
		stop()
		if !done { // a panic in the command, on its way up
			settle(func(c context.Context) error { return api.cfg.Keeper.Release(c, claim, attempt) })
		}
	}()
	next(rec)
	stop()
	switch end := outcome(rec.status); {
	case end == refused || cmd.asks:
		settle(func(c context.Context) error { return api.cfg.Keeper.Forget(c, claim, attempt) })
	case end == answered:
		answer := Answer{Status: rec.status, Header: rec.header, Body: rec.out.Bytes()}
		if cmd.instead != nil && rec.status < http.StatusBadRequest {
			var b bytes.Buffer
			if err := huma.DefaultJSONFormat.Marshal(&b, cmd.instead); err == nil {
				answer.Body = b.Bytes()
			} else {
				answer.Body = nil
			}
		}
		settle(func(c context.Context) error { return api.cfg.Keeper.Keep(c, claim, attempt, answer) })
	default:
		settle(func(c context.Context) error { return api.cfg.Keeper.Release(c, claim, attempt) })
	}
	done = true
	rec.send(ctx)
}

type result int

const (
	answered result = iota // kept for ever
	refused                // the input or a limit: nothing happened, the key is free
	failed                 // something may have happened: another attempt may finish it
)

func outcome(status int) result {
	switch status {
	case http.StatusUnprocessableEntity, http.StatusBadRequest, http.StatusTooManyRequests, http.StatusRequestTimeout,
		http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusNotAcceptable:
		return refused
	}
	if status == 0 || status >= http.StatusInternalServerError {
		return failed
	}
	return answered
}

// claimOf reads the key and the whole input.
func (api *API) claimOf(ctx huma.Context, limit int64) (Claim, []byte, error) {
	key := ctx.Header(idempotencyHeader)
	if err := checkKey(key); err != nil {
		return Claim{}, nil, err
	}
	if api.cfg.Keeper == nil {
		return Claim{}, nil, hashyard.Unavailable.Errorf("idempotency keys are not kept here")
	}
	body, err := io.ReadAll(io.LimitReader(ctx.BodyReader(), limit+1))
	if int64(len(body)) > limit {
		return Claim{}, nil, problem(http.StatusRequestEntityTooLarge, "the request body is too large")
	}
	if err != nil {
		if ne := net.Error(nil); errors.As(err, &ne) && ne.Timeout() {
			return Claim{}, nil, problem(http.StatusRequestTimeout, "the request body did not arrive in time")
		}
		return Claim{}, nil, problem(http.StatusBadRequest, "the request body could not be read")
	}
	u := ctx.URL()
	c := Claim{Actor: callerOf(ctx.Context()).Actor, Key: key, Operation: ctx.Operation().OperationID}
	c.Hash = inputHash(ctx.Method(), u.EscapedPath(), u.RawQuery, body)
	return c, body, nil
}

func checkKey(key string) error {
	if key == "" {
		return hashyard.Invalid.Errorf("a POST needs the header Idempotency-Key: any unique text of up to 255 characters; send the same again to retry")
	}
	if len(key) > 255 {
		return hashyard.Invalid.Errorf("Idempotency-Key is %d characters long, at most 255 are kept", len(key))
	}
	for _, b := range []byte(key) {
		if b < 0x20 || b > 0x7e {
			return hashyard.Invalid.Errorf("Idempotency-Key must be printable ASCII")
		}
	}
	return nil
}

// inputHash covers everything that decides what a POST does. Lengths stand
// before the parts, so that no two inputs run together.
func inputHash(parts ...any) [sha256.Size]byte {
	h := sha256.New()
	for _, part := range parts {
		var b []byte
		switch v := part.(type) {
		case string:
			b = []byte(v)
		case []byte:
			b = v
		}
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(b)))
		h.Write(n[:])
		h.Write(b)
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// renew keeps a slow command's claim alive. The returned func ends and awaits
// it and may be called twice.
func (api *API) renew(ctx context.Context, c Claim, a Attempt) func() {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(ClaimLease / 3)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if err := api.cfg.Keeper.Renew(ctx, c, a); err != nil && ctx.Err() == nil {
					api.log.WarnContext(ctx, "idempotency claim not renewed", "request_id", RequestID(ctx), "err", err)
				}
			}
		}
	}()
	return func() { cancel(); <-ended }
}

func replay(ctx huma.Context, a Answer) {
	for name, value := range a.Header {
		ctx.SetHeader(name, value)
	}
	ctx.SetHeader(replayedHeader, "true")
	ctx.SetStatus(a.Status)
	_, _ = ctx.BodyWriter().Write(a.Body) // the caller has gone; nothing is lost
}

// inner lets recorder embed a huma.Context and still have the method Context.
type inner = huma.Context

// recorder holds a command's answer back until it is kept.
type recorder struct {
	inner
	in     io.Reader
	out    bytes.Buffer
	status int
	header map[string]string
}

func (r *recorder) Unwrap() huma.Context     { return r.inner }
func (r *recorder) BodyReader() io.Reader    { return r.in }
func (r *recorder) BodyWriter() io.Writer    { return &r.out }
func (r *recorder) SetStatus(code int)       { r.status = code }
func (r *recorder) Status() int              { return r.status }
func (r *recorder) SetHeader(n, v string)    { r.remember(n, v); r.inner.SetHeader(n, v) }
func (r *recorder) AppendHeader(n, v string) { r.remember(n, v); r.inner.AppendHeader(n, v) }

// remember keeps the headers that belong to the answer; cookies are secrets
// of one response.
func (r *recorder) remember(name, value string) {
	switch http.CanonicalHeaderKey(name) {
	case "Content-Type", "Location", "Etag":
		r.header[name] = value
	}
}

func (r *recorder) send(ctx huma.Context) {
	status := r.status
	if status == 0 {
		status = http.StatusOK
	}
	ctx.SetStatus(status)
	_, _ = ctx.BodyWriter().Write(r.out.Bytes()) // the caller has gone; nothing is lost
}
