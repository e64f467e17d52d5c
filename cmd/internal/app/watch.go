package app

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard/cmd/internal/invariants"
	"hashyard/cmd/internal/telemetry"
)

// watchInvariants looks, every while, whether what must always be true is. It
// tells the operator and changes nothing.
func (h *house) watchInvariants(ctx context.Context) error {
	report := telemetry.Invariants(h.ops.Registry)
	tick := time.NewTicker(h.flags.CheckEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		found, err := h.checkInvariants(ctx)
		if ctx.Err() != nil {
			return nil
		}
		report(found, err)
		if err != nil {
			h.log.WarnContext(ctx, "invariants not checked", "error", err)
		}
		for _, f := range found {
			h.log.ErrorContext(ctx, "invariant broken", "invariant", f.Invariant, "detail", f.Detail)
		}
	}
}

// checkInvariants looks once, on a connection of its own.
func (h *house) checkInvariants(ctx context.Context) ([]invariants.Finding, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, h.flags.DatabaseURL)
	if err != nil {
		return nil, fmt.Errorf("invariants: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	return invariants.Check(ctx, invariants.Sources{DB: conn})
}
