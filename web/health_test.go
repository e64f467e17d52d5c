package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func readiness(t *testing.T, h http.Handler, path string) (int, map[string]State) {
	t.Helper()
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, nil))
	var doc healthDoc
	if err := json.Unmarshal(rec.Body.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Ready != (rec.Code == http.StatusOK) {
		t.Errorf("ready %t with status %d", doc.Ready, rec.Code)
	}
	return rec.Code, doc.Checks
}

// TestReadinessTellsWhatAndSinceWhen: every state is told with its beginning,
// only a failing check makes the process not ready, and no reason leaves the
// house.
func TestReadinessTellsWhatAndSinceWhen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		var node, signer, market error
		h := NewHealth(slog.New(slog.NewTextHandler(&log, nil)),
			Check{Name: "node", Ask: func(context.Context) error { return node }},
			Check{Name: "signer", Ask: func(context.Context) error { return signer }, Degrades: true},
			Check{Name: "market", Ask: func(context.Context) error { return market }},
		)
		api := New(Config{Health: h}).Handler()
		began := time.Now()
		expect := func(code int, node, signer, market Condition) map[string]State {
			t.Helper()
			time.Sleep(healthEvery) // the bubble's clock: the next answer is a new one
			got, states := readiness(t, api, "/readyz")
			if got != code || states["node"].Condition != node || states["signer"].Condition != signer || states["market"].Condition != market {
				t.Errorf("%d %+v", got, states)
			}
			for name, s := range states {
				if s.Reason != "" {
					t.Errorf("%s tells a stranger: %s", name, s.Reason)
				}
			}
			return states
		}
		expect(200, Fine, Fine, Fine)
		signer, market = errors.New("dial 10.9.9.9: refused"), StandsBy("process 7 leads")
		expect(200, Fine, Degraded, Standby)
		node = errors.New("dial 10.9.9.8: refused")
		failed := expect(503, Failing, Degraded, Standby)
		later := expect(503, Failing, Degraded, Standby)
		if since := failed["node"].Since; !since.Equal(later["node"].Since) || !since.After(began) || !later["signer"].Since.Before(since) {
			t.Errorf("since: %v, then %v", failed, later)
		}
		node, signer, market = nil, nil, nil
		if s := expect(200, Fine, Fine, Fine); !s["node"].Since.After(later["node"].Since) {
			t.Errorf("fine since %v", s["node"].Since)
		}
		if said := strings.Count(log.String(), "health changed"); said != 6 || !strings.Contains(log.String(), "10.9.9.8") {
			t.Errorf("said %d times: %s", said, log.String())
		}
	})
}

// TestAskersShareAnAnswer: a flood of askers costs one question a second, and
// one who leaves spoils it for nobody.
func TestAskersShareAnAnswer(t *testing.T) {
	t.Parallel()
	asked := 0 // under the Health's own lock
	h := NewHealth(nil, Check{Name: "database", Ask: func(ctx context.Context) error { asked++; return ctx.Err() }})
	gone, leave := context.WithCancel(t.Context())
	leave()
	for range 100 {
		if s := h.States(gone); s[0].Condition != Fine {
			t.Fatalf("%+v", s)
		}
	}
	if asked > 2 { // two, should a second end meanwhile
		t.Errorf("asked %d times", asked)
	}
}
