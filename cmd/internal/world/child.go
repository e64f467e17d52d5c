package world

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"hashyard"
	"hashyard/cmd/internal/parent"
)

// child is one process of the world. It gets a pipe as standard input and
// ends when that closes, so that it never outlives us, however we end.
type child struct {
	name  string
	bin   string
	args  []string
	env   []string
	ready func(ctx context.Context) error // nil when it answers

	dir  string
	log  *slog.Logger
	most time.Duration // between two starts of a process that ends at once

	mu  sync.Mutex // guards pid
	pid int

	up    chan struct{} // closed when it was ready for the first time
	ended chan struct{} // closed when Run has returned
}

func (c *child) currentPID() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pid
}

// run keeps the process going until ctx ends; changed is called when its pid
// changes. An end before it was ever ready is final: the configuration is
// wrong.
func (c *child) run(ctx context.Context, changed func()) error {
	defer close(c.ended)
	wait := 200 * time.Millisecond
	for {
		began := time.Now()
		err := c.once(ctx, changed)
		if ctx.Err() != nil {
			return nil
		}
		select {
		case <-c.up:
		default:
			return fmt.Errorf("%s ended before it was ready: %w: %s", c.name, err, c.tail())
		}
		if time.Since(began) > 10*time.Second {
			wait = 200 * time.Millisecond
		}
		c.log.WarnContext(ctx, "process ended, starting it again", "process", c.name, "error", err, "wait_ms", wait.Milliseconds())
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		wait = min(2*wait, max(c.most, 200*time.Millisecond))
	}
}

// once runs the process and returns when it has ended.
func (c *child) once(ctx context.Context, changed func()) error {
	out, err := os.OpenFile(logPath(c.dir, c.name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	cmd := exec.Command(c.bin, c.args...)
	cmd.Env = append(os.Environ(), append(c.env, parent.Env+"=1")...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is ours to pass on
	life, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", c.bin, err)
	}
	c.setPID(cmd.Process.Pid, changed)
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }() // ends with the process
	probe, stop := context.WithCancel(ctx)
	defer stop()
	go c.probe(probe) // ends with probe
	select {
	case err = <-done:
	case <-ctx.Done():
		err = end(cmd, life, done)
	}
	c.setPID(0, changed)
	return err
}

func (c *child) setPID(pid int, changed func()) {
	c.mu.Lock()
	c.pid = pid
	c.mu.Unlock()
	changed()
}

// probe closes up when the process answers for the first time.
func (c *child) probe(ctx context.Context) {
	for ctx.Err() == nil {
		try, cancel := context.WithTimeout(ctx, 2*time.Second)
		err := c.ready(try)
		cancel()
		if err == nil {
			select {
			case <-c.up:
			default:
				close(c.up)
			}
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// end asks, then insists. A stopped (SIGSTOP) process is woken to hear it.
func end(cmd *exec.Cmd, life io.Closer, done <-chan error) error {
	pid := cmd.Process.Pid
	_ = syscall.Kill(pid, syscall.SIGTERM)
	_ = syscall.Kill(pid, syscall.SIGCONT)
	_ = life.Close()
	select {
	case err := <-done:
		return err
	case <-time.After(15 * time.Second):
		_ = cmd.Process.Kill()
		return errors.Join(errors.New("did not stop within 15 s, killed"), <-done)
	}
}

// await waits until the child answers, or says why it never will.
func (c *child) await(ctx context.Context, limit time.Duration) error {
	select {
	case <-c.up:
		return nil
	case <-c.ended:
		return hashyard.Unavailable.Errorf("%s did not start", c.name)
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(limit):
		return hashyard.Unavailable.Errorf("%s does not answer after %v; its log ends: %s", c.name, limit, c.tail())
	}
}

// tail is the end of the child's log.
func (c *child) tail() string {
	b, err := os.ReadFile(logPath(c.dir, c.name))
	if err != nil {
		return "no log: " + err.Error()
	}
	if len(b) > 1500 {
		b = b[len(b)-1500:]
	}
	return string(bytes.TrimSpace(b)) + " (" + filepath.Join("logs", c.name+".log") + ")"
}
