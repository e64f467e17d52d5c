package agent

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"hashyard"
	"hashyard/fleet"
)

// maxAnswer caps what the yard may answer, in bytes.
const maxAnswer = 4 << 20

// yard speaks to the yard's HTTP interface. Safe for concurrent use.
type yard struct {
	base *url.URL
	key  string
	http *http.Client
}

func (y *yard) hello(ctx context.Context, h fleet.Hello) (w fleet.Welcome, err error) {
	err = y.call(ctx, http.MethodPost, "/api/v1/agent/hello", "hello-"+hashyard.NewID().String(), 15*time.Second, h, &w)
	return w, err
}

func (y *yard) report(ctx context.Context, s fleet.Sightings) (r fleet.Received, err error) {
	err = y.call(ctx, http.MethodPut, "/api/v1/agent/sightings", "", 30*time.Second, s, &r)
	return r, err
}

func (y *yard) commands(ctx context.Context, p fleet.Poll) ([]fleet.Command, error) {
	var page struct {
		Items []fleet.Command `json:"items"`
	}
	q := url.Values{
		"site": {p.Site.String()}, "agent": {p.Agent.String()}, "wait": {strconv.Itoa(int(p.Wait / time.Second))},
	}
	if len(p.Knows) > 0 {
		var ids []string
		for _, id := range p.Knows {
			ids = append(ids, id.String())
		}
		q.Set("knows", strings.Join(ids, ","))
	}
	err := y.call(ctx, http.MethodGet, "/api/v1/agent/commands?"+q.Encode(), "", p.Wait+15*time.Second, nil, &page)
	return page.Items, err
}

// result posts what a command did. The key covers the content, so that the
// same result is stored once and another one is not refused.
func (y *yard) result(ctx context.Context, command hashyard.ID, r fleet.Result) error {
	b, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("result of command %s: %w", command, err)
	}
	sum := sha256.Sum256(b)
	key := "result-" + command.String() + "-" + hex.EncodeToString(sum[:8])
	return y.call(ctx, http.MethodPost, "/api/v1/agent/commands/"+command.String()+"/result", key, 30*time.Second, r, nil)
}

// call sends one request. The error has the kind of the answer's status.
func (y *yard) call(ctx context.Context, method, path, idempotency string, timeout time.Duration, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var body io.Reader = http.NoBody
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("%s %s: %w", method, path, err)
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimRight(y.base.String(), "/")+path, body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	req.Header.Set("Authorization", "Bearer "+y.key)
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if idempotency != "" {
		req.Header.Set("Idempotency-Key", idempotency)
	}
	resp, err := y.http.Do(req)
	if err != nil {
		return hashyard.Unavailable.Errorf("%s %s: %w", method, path, err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return hashyard.Unavailable.Errorf("%s %s: %w", method, path, err)
	}
	if resp.StatusCode/100 != 2 {
		kind := refusal(resp.StatusCode)
		return kind.Errorf("%s %s: %d %s%s", method, path, resp.StatusCode, detail(raw), y.advice(kind))
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return hashyard.Unavailable.Errorf("%s %s: the answer is not understood: %w", method, path, err)
	}
	return nil
}

// refusal is the kind of a status: Invalid and NotFound will not get better by
// asking again, everything else may.
func refusal(status int) hashyard.Kind {
	switch status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusRequestEntityTooLarge:
		return hashyard.Invalid
	case http.StatusNotFound:
		return hashyard.NotFound
	case http.StatusUnauthorized:
		return hashyard.Unauthenticated
	case http.StatusForbidden:
		return hashyard.Denied
	case http.StatusConflict:
		return hashyard.Conflict
	}
	return hashyard.Unavailable
}

// advice is what a person has to do about a refusal that no waiting mends.
func (y *yard) advice(kind hashyard.Kind) string {
	switch kind {
	case hashyard.Unauthenticated:
		return "; the yard at " + y.base.Host + " does not take this agent's key: make a key with the role agent in the site's organisation and start the agent with it (HASHYARD_AGENT_KEY)"
	case hashyard.Denied:
		return "; the yard at " + y.base.Host + " knows this agent's key but it lacks the role agent: make a key with that role and start the agent with it (HASHYARD_AGENT_KEY)"
	}
	return ""
}

// needsSomebody reports a refusal that only a person can mend.
func needsSomebody(err error) bool {
	return errors.Is(err, hashyard.Unauthenticated) || errors.Is(err, hashyard.Denied) || hopeless(err)
}

func hopeless(err error) bool {
	return errors.Is(err, hashyard.Invalid) || errors.Is(err, hashyard.NotFound)
}

// detail is the problem's text, or the start of whatever came.
func detail(raw []byte) string {
	var p struct {
		Detail string `json:"detail"`
		Errors []struct{ Message, Location string }
	}
	if json.Unmarshal(raw, &p) == nil && p.Detail != "" {
		for _, e := range p.Errors {
			p.Detail += "; " + e.Location + ": " + e.Message
		}
		return p.Detail
	}
	return strconv.QuoteToASCII(string(raw[:min(len(raw), 200)]))
}
