package pg

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Lead waits until this process alone holds the named advisory lock, then
// runs fn with a context that ends when the lock's connection is lost. The
// lock is on a connection of its own, never one of the pool.
func (db *DB) Lead(ctx context.Context, name string, fn func(ctx context.Context) error) error {
	for {
		led, err := db.leadOnce(ctx, name, fn)
		if led || ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(500 * time.Millisecond):
		}
	}
}

func (db *DB) leadOnce(ctx context.Context, name string, fn func(ctx context.Context) error) (led bool, err error) {
	conn, err := pgx.ConnectConfig(ctx, db.conf.Copy())
	if err != nil {
		return false, fmt.Errorf("lead %s: %w", name, err)
	}
	defer func() {
		c, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		conn.Close(c)
	}()
	var ok bool
	if err := conn.QueryRow(ctx, "SELECT pg_try_advisory_lock(hashtextextended($1, 0))", name).Scan(&ok); err != nil || !ok {
		return false, err
	}
	lead, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watched := make(chan struct{})
	go func() { // ends with lead; waited for below
		defer close(watched)
		watch(lead, conn, cancel)
	}()
	err = fn(lead)
	lost := context.Cause(lead)
	cancel(nil)
	<-watched
	if ctx.Err() == nil && lost != nil {
		// Leadership was lost, not given up: compete again.
		return false, fmt.Errorf("lead %s: %w", name, lost)
	}
	return true, err
}

// watch ends the leadership when its connection stops answering.
func watch(ctx context.Context, conn *pgx.Conn, lost context.CancelCauseFunc) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Second):
		}
		c, done := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
		err := conn.Ping(c)
		done()
		if err != nil {
			lost(fmt.Errorf("connection lost: %w", err))
			return
		}
	}
}
