package signer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"hashyard"
)

// maxBody bounds a request: a packet of some hundred inputs.
const maxBody = 1 << 20

// Handler answers on loopback to whoever knows the secret.
func Handler(s *Signer, secret string, log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	guarded := func(pattern string, h func(r *http.Request) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if !knows(r, secret) {
				answer(w, nil, hashyard.Unauthenticated.Errorf("signer: wrong secret"))
				return
			}
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
			v, err := h(r)
			if err != nil {
				log.WarnContext(r.Context(), "refused", "request", pattern, "error", err)
			}
			answer(w, v, err)
		})
	}
	guarded("GET /v1/info", func(*http.Request) (any, error) { return s.Info(), nil })
	guarded("POST /v1/enroll", func(r *http.Request) (any, error) {
		e, err := decode[Enrolment](r)
		if err != nil {
			return nil, err
		}
		return e, s.Enrol(e)
	})
	guarded("POST /v1/freeze", func(r *http.Request) (any, error) {
		f, err := decode[Freeze](r)
		if err != nil {
			return nil, err
		}
		return f, s.Freeze(f)
	})
	guarded("POST /v1/sign", func(r *http.Request) (any, error) {
		req, err := decode[Request](r)
		if err != nil {
			return nil, err
		}
		return s.Sign(req)
	})
	return mux
}

func knows(r *http.Request, secret string) bool {
	got, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	a, b := sha256.Sum256([]byte(got)), sha256.Sum256([]byte(secret))
	return ok && secret != "" && subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

func decode[T any](r *http.Request) (v T, err error) {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		return v, hashyard.Invalid.Errorf("signer: request: %w", err)
	}
	return v, nil
}

// statuses is how a kind travels.
func statuses() map[hashyard.Kind]int {
	return map[hashyard.Kind]int{
		hashyard.Invalid: http.StatusUnprocessableEntity, hashyard.Denied: http.StatusForbidden,
		hashyard.Unauthenticated: http.StatusUnauthorized, hashyard.Exhausted: http.StatusTooManyRequests,
	}
}

func answer(w http.ResponseWriter, v any, err error) {
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		k, _ := hashyard.KindOf(err)
		code, known := statuses()[k]
		if !known {
			code, k = http.StatusInternalServerError, hashyard.Unavailable
		}
		w.WriteHeader(code)
		v = problem{Kind: k, Detail: err.Error()}
	}
	// The connection is the caller's; if it is gone, the caller asks again.
	_ = json.NewEncoder(w).Encode(v)
}

// Client asks a signer over HTTP.
type Client struct {
	url, secret string
	http        *http.Client
}

// NewClient reaches the signer at an http address.
func NewClient(url, secret string) *Client {
	return &Client{url: strings.TrimSuffix(url, "/"), secret: secret, http: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{}}}
}

// Through puts something around the client's transport: to count or to follow
// calls. It is for before the first call.
func (c *Client) Through(wrap func(http.RoundTripper) http.RoundTripper) *Client {
	c.http.Transport = wrap(c.http.Transport)
	return c
}

// Info reads what the key is.
func (c *Client) Info(ctx context.Context) (Info, error) {
	return call[Info](ctx, c, http.MethodGet, "/v1/info", nil)
}

// Enrol allows an address for an organisation, in place of the one before.
func (c *Client) Enrol(ctx context.Context, e Enrolment) error {
	_, err := call[Enrolment](ctx, c, http.MethodPost, "/v1/enroll", e)
	return err
}

// Freeze makes the signer sign nothing, or sign again.
func (c *Client) Freeze(ctx context.Context, frozen bool, reason string) error {
	_, err := call[Freeze](ctx, c, http.MethodPost, "/v1/freeze", Freeze{Frozen: frozen, Reason: reason})
	return err
}

// Sign asks for a signature. hashyard.Denied and Invalid are final; Exhausted
// says that the day's limit is reached, ask again tomorrow; Unavailable means
// nothing was decided, or that the answer was lost: ask again, the same payout
// gets the same bytes.
func (c *Client) Sign(ctx context.Context, r Request) (Signed, error) {
	return call[Signed](ctx, c, http.MethodPost, "/v1/sign", r)
}

func call[T any](ctx context.Context, c *Client, method, path string, in any) (out T, err error) {
	body, err := json.Marshal(in)
	if err != nil {
		return out, err
	}
	req, err := http.NewRequestWithContext(ctx, method, c.url+path, bytes.NewReader(body))
	if err != nil {
		return out, err
	}
	req.Header.Set("Authorization", "Bearer "+c.secret)
	resp, err := c.http.Do(req)
	if err != nil {
		return out, hashyard.Unavailable.Errorf("the signer does not answer: is `hashyard signer` running? %w", err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 4<<20))
	if err != nil {
		return out, hashyard.Unavailable.Errorf("signer: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return out, refusal(resp.StatusCode, b)
	}
	if err := json.Unmarshal(b, &out); err != nil {
		return out, fmt.Errorf("signer: reply: %w", err)
	}
	return out, nil
}

func refusal(status int, b []byte) error {
	var p problem
	if err := json.Unmarshal(b, &p); err != nil {
		return hashyard.Unavailable.Errorf("signer: status %d: %w", status, errors.New(string(b[:min(len(b), 200)])))
	}
	if _, known := statuses()[p.Kind]; !known {
		p.Kind = hashyard.Unavailable
	}
	return p.Kind.Errorf("signer refused: %s", p.Detail)
}
