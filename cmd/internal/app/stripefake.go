package app

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"hashyard/brokerage/stripe/fake"
)

// StripeFake runs the stateful double of the payment provider.
type StripeFake struct {
	Listen        string `default:"127.0.0.1:12111" help:"Address of its API."`
	Dir           string `required:"" type:"path" help:"Folder of its state."`
	Key           string `required:"" env:"HASHYARD_STRIPE_KEY" help:"Secret key that callers must present."`
	WebhookURL    string `required:"" help:"Where events are sent."`
	WebhookSecret string `required:"" env:"HASHYARD_STRIPE_WEBHOOK_SECRET" help:"Secret that signs them."`
}

// Run serves until ctx ends.
func (s *StripeFake) Run(ctx context.Context, log *slog.Logger) error {
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return fmt.Errorf("stripe double: %w", err)
	}
	d, err := fake.New(fake.Config{
		Path: filepath.Join(s.Dir, "stripe.json"), Key: s.Key,
		WebhookURL: s.WebhookURL, WebhookSecret: s.WebhookSecret, Now: time.Now, Logger: log,
	})
	if err != nil {
		return err
	}
	l, err := listen(ctx, s.Listen, "--listen")
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return d.Run(ctx) })
	g.Go(func() error {
		return serveHTTP(ctx, &http.Server{Handler: d, ReadHeaderTimeout: 10 * time.Second}, l)
	})
	return g.Wait()
}
