package journey

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"hashyard/cmd/internal/world"
)

// soak is how often the long harnesses run; 0 leaves them out.
func soak() int {
	n, err := strconv.Atoi(os.Getenv("HASHYARD_SOAK"))
	if err != nil {
		return 0
	}
	return n
}

// fast are the settings of a world in which the whole thread takes a minute.
var fast = []string{
	"--settlement-period=10s", "--proof-shares=3000", "--measure-every=1s", "--confirmations=1", "--chain-bits=1e044d46",
}

// build compiles the two programs of a world into a folder of the test.
func build(t *testing.T, tags string) string {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "go", "build", "-tags="+tags, "-o", dir+string(filepath.Separator), "./cmd/hashyard", "./cmd/minersim")
	cmd.Dir = filepath.Join("..", "..", "..")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return dir
}

// start runs a fresh world and gives the path of its world.json. It ends with
// the test.
func start(t *testing.T, bin string, env ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "world")
	out := &record{}
	cmd := exec.Command(filepath.Join(bin, "hashyard"), append([]string{"run", "--dir", dir}, fast...)...)
	cmd.Dir = filepath.Join("..", "..", "..") // where Postgres is looked for
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
			t.Logf("serve: %s", tail(filepath.Join(dir, "logs", "serve.log")))
		}
		stop(t, cmd, ended)
		if out, err := exec.Command(filepath.Join(bin, "hashyard"), "reset", "--dir", dir).CombinedOutput(); err != nil {
			t.Errorf("reset: %v\n%s", err, out)
		}
	})
	path := filepath.Join(dir, world.FileName)
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); pause(t.Context(), 50*time.Millisecond) {
		if _, err := os.Stat(path); err == nil {
			return path
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("the world ended: %v\n%s", err, out.tail())
		default:
		}
	}
	t.Fatalf("the world does not start: %s", out.tail())
	return ""
}

func stop(t *testing.T, cmd *exec.Cmd, ended chan error) {
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

func tail(path string) string {
	b, err := os.ReadFile(path)
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

// lines shows the journey's lines in the test's log as they come.
type lines struct{ t *testing.T }

func (l lines) Write(p []byte) (int, error) {
	l.t.Log(strings.TrimRight(string(p), "\n"))
	return len(p), nil
}

// needsPostgres skips where no world can run.
func needsPostgres(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("runs a whole world for minutes; left out by -short")
	}
}

// TestJourney: journeys in a row pass on one world, and what they left behind
// is shown to nobody else.
func TestJourney(t *testing.T) {
	needsPostgres(t)
	path := start(t, build(t, ""))
	for range max(1, 3*soak()) {
		if err := Run(t.Context(), Config{World: path, Out: lines{t}, Wait: 3 * time.Minute}); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("every route keeps its callers apart", func(t *testing.T) { walkRoutes(t, path) })
}

// TestKillBetweenSteps: the yard is killed between every two steps, and the
// journey finishes all the same.
func TestKillBetweenSteps(t *testing.T) {
	needsPostgres(t)
	path := start(t, build(t, ""))
	for range max(1, soak()) {
		err := Run(t.Context(), Config{
			World: path, Out: lines{t}, Wait: 3 * time.Minute,
			Between: func(ctx context.Context, step int) error {
				if step == 1 {
					return nil
				}
				return killServe(ctx, path)
			},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// killServe kills the yard and waits until the supervisor's next one answers.
func killServe(ctx context.Context, path string) error {
	w, err := world.Load(path)
	if err != nil {
		return err
	}
	old := w.PIDs["serve"]
	if old <= 0 {
		return errors.New("world.json names no pid of serve")
	}
	if err := syscall.Kill(old, syscall.SIGKILL); err != nil {
		return fmt.Errorf("kill serve: %w", err)
	}
	return until(ctx, time.Minute, func() error {
		w, err := world.Load(path)
		if err != nil {
			return err
		}
		if pid := w.PIDs["serve"]; pid <= 0 || pid == old {
			return notYet("serve is not started again")
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.URL+"/readyz", nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return notYet("%v", err)
		}
		resp.Body.Close()
		if resp.StatusCode >= 300 {
			return notYet("readyz answers %s", resp.Status)
		}
		return nil
	})
}

// TestSabotage: what a test build breaks in one step, the journey notices in
// that step.
func TestSabotage(t *testing.T) {
	needsPostgres(t)
	bin := build(t, "sabotage")
	steps := (&play{}).steps()
	for i, s := range steps {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel() // a journey mostly waits
			path := start(t, bin, "HASHYARD_SABOTAGE="+strconv.Itoa(i+1))
			wait := 45 * time.Second
			if i >= 8 { // a proof on a loaded machine takes its time
				wait = 2 * time.Minute
			}
			err := Run(t.Context(), Config{World: path, Out: lines{t}, Wait: wait})
			want := fmt.Sprintf("journey stopped at step %d (%s)", i+1, s.name)
			if err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Fatalf("sabotaged step %d (%s), got: %v", i+1, s.name, err)
			}
		})
	}
}
