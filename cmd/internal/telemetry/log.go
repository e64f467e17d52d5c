package telemetry

import (
	"io"
	"log/slog"
)

// Logger is how every role logs: text lines, without secrets.
func Logger(w io.Writer, level slog.Leveler) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
}
