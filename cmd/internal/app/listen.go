package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"time"

	"hashyard"
)

// listen opens an address, and says in words when another program has it.
func listen(ctx context.Context, addr, flag string) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, hashyard.Conflict.Errorf("address %s is taken by another program: stop it, or choose another with %s", addr, flag)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s (%s): %w", addr, flag, err)
	}
	return l, nil
}

// serveHTTP serves until ctx ends, then lets the requests in progress finish.
func serveHTTP(ctx context.Context, srv *http.Server, l net.Listener) error {
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }() // ends with Shutdown
	select {
	case err := <-done:
		return fmt.Errorf("http server on %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := srv.Shutdown(stop); err != nil {
		// Streams do not end by themselves: cut them.
		_ = srv.Close()
	}
	<-done
	return nil
}
