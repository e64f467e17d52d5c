package antminer

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"hashyard"
	"hashyard/firmware"
	"hashyard/firmware/cgminer"
)

// web speaks to the machine's CGI scripts. Safe for concurrent use.
type web struct {
	base string
	cred firmware.Credentials
	http http.Client

	mu   sync.Mutex // guards auth
	auth *challenge // nil until the machine has challenged us
}

func newWeb(t firmware.Target) *web {
	return &web{
		base: "http://" + t.Web(),
		cred: t.Credentials,
		http: http.Client{
			Timeout: t.Timeout,
			Transport: &http.Transport{
				DialContext: t.Dial,
				// lighttpd on a control board has few workers: leave none busy
				// outside a session, and not for long after one.
				DisableKeepAlives:  !t.Session,
				MaxConnsPerHost:    sessionConns(t),
				IdleConnTimeout:    10 * time.Second,
				DisableCompression: true,
			},
			// A machine has no business sending us elsewhere.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// sessionConns keeps a session to one connection; 0 sets no bound.
func sessionConns(t firmware.Target) int {
	if t.Session {
		return 1
	}
	return 0
}

// get reads a script's answer. Missing scripts are hashyard.NotFound, refused
// credentials hashyard.Denied, everything else hashyard.Unavailable.
func (w *web) get(ctx context.Context, path string) (cgminer.Value, error) {
	return w.json(ctx, http.MethodGet, path, nil)
}

func (w *web) json(ctx context.Context, method, path string, body []byte) (cgminer.Value, error) {
	raw, err := w.signedIn(ctx, method, path, body)
	if err != nil {
		return cgminer.Value{}, fmt.Errorf("%s %s%s: %w", method, w.base, path, err)
	}
	v, err := whole(raw)
	if err != nil {
		return cgminer.Value{}, fmt.Errorf("%s %s%s: %w", method, w.base, path, err)
	}
	return v, nil
}

// whole reads an answer, malformed as it may be, but not one that broke off:
// it would pass for a machine with fewer pools, boards or locks.
func whole(raw []byte) (cgminer.Value, error) {
	v, defects, err := cgminer.Parse(raw)
	if err != nil {
		return cgminer.Value{}, hashyard.Unavailable.Errorf("%w", err)
	}
	if cgminer.Truncated(defects) {
		return cgminer.Value{}, hashyard.Unavailable.Errorf("the answer broke off after %d bytes", len(raw))
	}
	return v, nil
}

// signedIn sends the request, answers a challenge once, and once more where a
// remembered challenge had gone stale.
func (w *web) signedIn(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	for range 3 {
		header := ""
		w.mu.Lock()
		if w.auth != nil {
			header = w.auth.authorize(w.cred, method, path)
		}
		w.mu.Unlock()
		resp, raw, err := w.send(ctx, method, path, header, body)
		if err != nil {
			return nil, err
		}
		switch {
		case resp.StatusCode == http.StatusUnauthorized:
			c, ok := parseChallenge(resp.Header.Get("WWW-Authenticate"))
			if !ok {
				return nil, hashyard.Unavailable.Errorf("the machine asks for a sign-in we do not speak")
			}
			if header != "" && !w.renewed(c) {
				return nil, hashyard.Denied.Errorf("user or password is wrong")
			}
			w.mu.Lock()
			w.auth = &c
			w.mu.Unlock()
		case resp.StatusCode == http.StatusNotFound:
			return nil, hashyard.NotFound.Errorf("no such script")
		case resp.StatusCode != http.StatusOK:
			return nil, hashyard.Unavailable.Errorf("status %d", resp.StatusCode)
		default:
			return raw, nil
		}
	}
	return nil, hashyard.Denied.Errorf("user or password is wrong")
}

// renewed reports whether c is a fresh nonce after one that had been answered
// before, which is worth one more try.
func (w *web) renewed(c challenge) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.auth != nil && w.auth.nonce != c.nonce && w.auth.count > 1
}

func (w *web) send(ctx context.Context, method, path, authorization string, body []byte) (*http.Response, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, w.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, nil, fmt.Errorf("make request: %w", err)
	}
	if body != nil {
		// What the vendor's page sends; its script warns about anything else.
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	resp, err := w.http.Do(req)
	if err != nil {
		return nil, nil, hashyard.Unavailable.Errorf("%w", err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, firmware.MaxReply+1))
	if err != nil {
		return nil, nil, hashyard.Unavailable.Errorf("read answer: %w", err)
	}
	if len(raw) > firmware.MaxReply {
		return nil, nil, hashyard.Unavailable.Errorf("answer exceeds %d bytes", firmware.MaxReply)
	}
	return resp, raw, nil
}
