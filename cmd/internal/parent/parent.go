// Package parent ties a process's life to the one that supervises it: the
// supervisor holds the other end of standard input, which closes however the
// supervisor ends. It owns nothing.
package parent

import (
	"context"
	"io"
	"os"
)

// Env, when set, says that standard input is the supervisor's life.
const Env = "HASHYARD_SUPERVISED"

// Watch returns a context that also ends when the supervisor does. Without a
// supervisor only its cancel function ends it.
func Watch(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	if os.Getenv(Env) != "" {
		go func() { // ends with the supervisor, at the latest with this process
			_, _ = io.Copy(io.Discard, os.Stdin)
			cancel()
		}()
	}
	return ctx, cancel
}
