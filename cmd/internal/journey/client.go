package journey

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"hashyard"
)

// patience bounds how long a call is tried again while a process is away: a
// step must hold even when the yard was killed just before it.
const patience = 60 * time.Second

// hand is one person's or tool's way in: an address and a key.
type hand struct {
	base string
	auth func(*http.Request)
	http *http.Client
}

func bearer(base, key string) hand {
	return hand{base: base, auth: func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+key) }, http: http.DefaultClient}
}

func open(base string) hand {
	return hand{base: base, auth: func(*http.Request) {}, http: http.DefaultClient}
}

// refusal is a reply outside 2xx.
type refusal struct {
	Status int
	Title  string `json:"title"`
	Detail string `json:"detail"`
	what   string
}

func (r *refusal) Error() string {
	return fmt.Sprintf("%s: %d %s: %s", r.what, r.Status, r.Title, r.Detail)
}

// refused reports whether err is a reply with one of the statuses.
func refused(err error, status ...int) bool {
	var r *refusal
	if !errors.As(err, &r) {
		return false
	}
	for _, s := range status {
		if r.Status == s {
			return true
		}
	}
	return false
}

func (h hand) get(ctx context.Context, path string, out any) error {
	return h.do(ctx, http.MethodGet, path, nil, out)
}

func (h hand) post(ctx context.Context, path string, in, out any) error {
	return h.do(ctx, http.MethodPost, path, in, out)
}

// do calls until an answer below 500 comes: the same key makes a repeated
// POST take effect once.
func (h hand) do(ctx context.Context, method, path string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	return h.send(ctx, method, path, "application/json", body, out)
}

func (h hand) send(ctx context.Context, method, path, kind string, body []byte, out any) error {
	key := "journey-" + hashyard.NewID().String()
	var last error
	for deadline := time.Now().Add(patience); time.Now().Before(deadline) && ctx.Err() == nil; {
		status, reply, later, err := h.once(ctx, method, path, kind, key, body)
		switch {
		case err == nil && later && (status == http.StatusConflict || status == http.StatusTooManyRequests):
			// A process died in the middle of this very command, and its claim
			// on the key runs out soon; or there were too many calls.
			last = fmt.Errorf("%s %s: %d %.300s", method, path, status, reply)
		case err == nil && status < 300:
			if out == nil {
				return nil
			}
			if err := json.Unmarshal(reply, out); err != nil {
				return fmt.Errorf("%s %s: reply %.200q: %w", method, path, reply, err)
			}
			return nil
		case err == nil && status < 500:
			r := &refusal{Status: status, what: method + " " + path}
			if json.Unmarshal(reply, r) != nil {
				r.Detail = string(reply)
			}
			r.Status = status
			return r
		case err == nil:
			last = fmt.Errorf("%s %s: %d %.300s", method, path, status, reply)
		default:
			last = err
		}
		pause(ctx, 200*time.Millisecond)
	}
	return errors.Join(last, ctx.Err())
}

// once calls; later says that the answer asks to be called again.
func (h hand) once(ctx context.Context, method, path, kind, key string, body []byte) (status int, reply []byte, later bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(h.base, "/")+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, false, err
	}
	if body != nil {
		req.Header.Set("Content-Type", kind)
	}
	if method != http.MethodGet {
		req.Header.Set("Idempotency-Key", key)
	}
	h.auth(req)
	resp, err := h.http.Do(req)
	if err != nil {
		return 0, nil, false, err
	}
	defer resp.Body.Close()
	reply, err = io.ReadAll(io.LimitReader(resp.Body, 16<<20))
	return resp.StatusCode, reply, resp.Header.Get("Retry-After") != "", err
}

// wanted is err, or what should have been refused and was not.
func wanted(err error, what string, args ...any) error {
	if err == nil {
		return fmt.Errorf(what, args...)
	}
	return err
}

// pause waits a little between two looks at something that changes by itself.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// errNotYet is what a look returns while what it waits for is still to come.
var errNotYet = errors.New("not yet")

func notYet(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errNotYet, fmt.Sprintf(format, args...))
}

// until looks again and again until look succeeds or fails for good; limit
// bounds the wait for something that never comes.
func until(ctx context.Context, limit time.Duration, look func() error) error {
	for deadline := time.Now().Add(limit); ; {
		err := look()
		if err == nil || !errors.Is(err, errNotYet) {
			return err
		}
		if ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("waited %v: %w", limit, err)
		}
		pause(ctx, 150*time.Millisecond)
	}
}
