package main

import (
	"context"
	"log/slog"
	"os"

	"hashyard/cmd/internal/bench"
)

// benchCmd measures this program on this machine.
type benchCmd struct {
	Pool   benchPoolCmd `cmd:"" help:"Shares, latency, memory and new jobs of the pool, beside a server that does nothing."`
	Server bench.Server `cmd:"" hidden:"" help:"The server that bench pool measures."`
	Sink   bench.Sink   `cmd:"" hidden:"" help:"The server that does nothing."`
}

type benchPoolCmd struct{ bench.Pool }

func (b *benchPoolCmd) Run(ctx context.Context, log *slog.Logger) error {
	b.Search, b.Out = postgresSearch(), os.Stdout
	return b.Pool.Run(ctx, log)
}
