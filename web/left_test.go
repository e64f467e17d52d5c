package web

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"hashyard"
)

// TestWhoLeavesIsNoFailure: a caller who does not wait for the answer makes no
// error and no failed request, whatever the handler says of it.
func TestWhoLeavesIsNoFailure(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	seen := make(chan Exchange, 1)
	api := New(Config{
		Log:     slog.New(slog.NewTextHandler(&log, nil)),
		Observe: func(_ context.Context, e Exchange) { seen <- e },
	})
	began := make(chan struct{})
	fails := map[string]func(ctx context.Context) error{
		"cancelled":   func(ctx context.Context) error { return ctx.Err() },
		"unavailable": func(ctx context.Context) error { return hashyard.Unavailable.Errorf("begin: %w", ctx.Err()) },
		"unknown":     func(context.Context) error { return fmt.Errorf("connection reset") },
	}
	for name, fail := range fails {
		op := huma.Operation{OperationID: "get-" + name, Method: http.MethodGet, Path: "/api/v1/" + name}
		Public(api, op, func(ctx context.Context, _ *struct{}) (*struct{}, error) {
			began <- struct{}{}
			<-ctx.Done()
			return nil, fail(ctx)
		})
	}
	srv := httptest.NewServer(api.Handler())
	t.Cleanup(srv.Close)
	for name := range fails {
		ctx, leave := context.WithCancel(t.Context())
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+"/api/v1/"+name, nil)
		if err != nil {
			t.Fatal(err)
		}
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			if resp, err := http.DefaultClient.Do(req); err == nil {
				resp.Body.Close()
			}
		}()
		<-began
		leave()
		<-gone
		if e := <-seen; !e.Gone || e.Route != "/api/v1/"+name {
			t.Errorf("%s: %+v", name, e)
		}
	}
	if s := log.String(); strings.Contains(s, "level=ERROR") || strings.Contains(s, "level=WARN") || strings.Contains(s, "status=5") {
		t.Errorf("logged: %s", s)
	}
}
