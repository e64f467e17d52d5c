// Package worldtest builds the programs of a local world and runs one for a
// test: with the whole of hashyard in its own processes.
package worldtest

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"hashyard/cmd/internal/world"
	"hashyard/migrations/testdb/need"
)

// Fast are the settings of a world in which the whole thread takes a minute.
func Fast() []string {
	return []string{
		"--settlement-period=10s", "--proof-shares=3000", "--measure-every=1s", "--confirmations=1", "--chain-bits=1e044d46",
	}
}

// root is the module's folder, somewhere above the test's own: there `go
// build` runs, and Postgres is looked for from there.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	for ; err == nil; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	t.Fatalf("no go.mod above the test: %v", err)
	return ""
}

// Build compiles the two programs of a world into a folder of the test.
func Build(t testing.TB, tags string) string {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "go", "build", "-tags="+tags, "-o", dir+string(filepath.Separator), "./cmd/hashyard", "./cmd/minersim")
	cmd.Dir = root(t)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0") // as make build does, whose cache it shares
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return dir
}

// Run runs the program to its end and returns what it printed.
func Run(t testing.TB, bin string, env []string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(bin, "hashyard"), args...)
	cmd.Dir, cmd.Env = root(t), append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("hashyard %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// Running is a world that ends with its test.
type Running struct {
	Path string // of world.json
	Dir  string
	out  *record
}

// Start runs a fresh world. It ends with the test.
func Start(t testing.TB, bin string, args []string, env ...string) Running {
	t.Helper()
	return StartIn(t, bin, filepath.Join(t.TempDir(), "world"), args, env...)
}

// StartIn runs the world that is in a folder, or a fresh one there.
func StartIn(t testing.TB, bin, dir string, args []string, env ...string) Running {
	t.Helper()
	out := &record{}
	cmd := exec.Command(filepath.Join(bin, "hashyard"), append([]string{"run", "--dir", dir}, args...)...)
	cmd.Dir = root(t)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }() // ends with the process
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("world: %s", out.tail())
			t.Logf("serve: %s", Log(dir, "serve"))
		}
		stop(t, cmd, ended)
		if out, err := exec.Command(filepath.Join(bin, "hashyard"), "reset", "--dir", dir).CombinedOutput(); err != nil {
			t.Errorf("reset: %v\n%s", err, out)
		}
	})
	r := Running{Path: filepath.Join(dir, world.FileName), Dir: dir, out: out}
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if _, err := os.Stat(r.Path); err == nil {
			return r
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("the world ended: %v\n%s", err, out.tail())
		default:
		}
	}
	t.Fatalf("the world does not start: %s", out.tail())
	return r
}

func stop(t testing.TB, cmd *exec.Cmd, ended chan error) {
	t.Helper()
	_ = cmd.Process.Signal(os.Interrupt)
	select {
	case <-ended:
	case <-time.After(90 * time.Second):
		_ = cmd.Process.Kill()
		<-ended
		t.Error("the world did not stop within 90 s")
	}
}

// record keeps what a process says.
type record struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (o *record) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *record) tail() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return last(o.b.String())
}

// Log is the end of what one of the world's processes had to complain about.
func Log(dir, process string) string {
	b, err := os.ReadFile(filepath.Join(dir, "logs", process+".log"))
	if err != nil {
		return err.Error()
	}
	var lines []string
	for line := range strings.Lines(string(b)) {
		if !strings.Contains(line, "level=INFO") {
			lines = append(lines, line)
		}
	}
	return last(strings.Join(lines, ""))
}

func last(s string) string { return s[max(0, len(s)-4000):] }

// Lines shows what is written in the test's log as it comes.
type Lines struct{ T testing.TB }

func (l Lines) Write(p []byte) (int, error) {
	l.T.Log(strings.TrimRight(string(p), "\n"))
	return len(p), nil
}

// Needs skips where no world is to run.
func Needs(t testing.TB) {
	t.Helper()
	if testing.Short() {
		need.ByDesign(t, "runs a whole world for minutes; left out by -short")
	}
}
