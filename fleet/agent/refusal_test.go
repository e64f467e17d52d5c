package agent

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"hashyard"
	"hashyard/fleet"
)

// lines collects a log.
type lines struct {
	mu   sync.Mutex // guards text
	text strings.Builder
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

// TestRefusalsSayWhatToDo refuses an agent in every way before it lets it in:
// each is an error that names the remedy, and the agent works once it is mended.
func TestRefusalsSayWhatToDo(t *testing.T) {
	t.Parallel()
	unknown := `the organisation of this key has no site "site"; start the agent with one of its sites: "north"`
	answers := []struct {
		status int
		detail string
	}{{401, "the API key is unknown, expired or revoked"}, {403, "your roles do not allow agent.link"}, {404, unknown}}
	var mu sync.Mutex
	asked := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if asked++; asked > len(answers) {
			_ = json.NewEncoder(w).Encode(fleet.Welcome{SiteID: hashyard.NewID(), OrgID: hashyard.NewID(), CIDR: "127.9.1.0/30", ScanEveryMS: 1000, ReadEveryMS: 1000})
			return
		}
		w.WriteHeader(answers[asked-1].status)
		_ = json.NewEncoder(w).Encode(map[string]string{"detail": answers[asked-1].detail})
	}))
	defer s.Close()
	var log lines
	c := config(s.URL, t.TempDir())
	c.Log = slog.New(slog.NewTextHandler(&log, nil))
	a, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := a.start(ctx); err != nil {
		t.Fatal(err)
	}
	got := strings.Split(strings.TrimSpace(log.text.String()), "\n")
	if len(got) != 4 {
		t.Fatalf("%d lines: %s", len(got), got)
	}
	for i, want := range []string{
		"does not take this agent's key: make a key with the role agent",
		"lacks the role agent: make a key with that role",
		"start the agent with one of its sites",
		"agent at work",
	} {
		if !strings.Contains(got[i], want) || strings.Contains(got[i], "level=ERROR") != (i < 3) {
			t.Errorf("line %d: %s, want %q", i, got[i], want)
		}
	}
}
