package world

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hashyard"
	"hashyard/cmd/internal/parent"
)

func TestAPortThatIsTakenIsNamed(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	st := &state{Ports: map[string]int{}}
	if err := st.choosePorts(port, "w"); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("asked for a taken port: %v", err)
	}
	st = &state{Ports: map[string]int{"stratum": port}}
	if err := st.choosePorts(0, "w"); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("the port that miners know is taken: %v", err)
	}
	st = &state{Ports: map[string]int{"chain": port}}
	if err := st.choosePorts(0, "w"); err != nil || st.Ports["chain"] == port {
		t.Errorf("a port that may move did not: %v, %v", st.Ports, err)
	}
}

func TestSettingsThatCannotBeMeantAreRefused(t *testing.T) {
	t.Parallel()
	good := Settings{
		SettlementPeriod: time.Minute, PayoutThreshold: 1, Confirmations: 1, ProofShares: 1, Shares: 1, MeasureEvery: time.Second, ChainBits: "1d3ba6fe",
	}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for flag, spoil := range map[string]func(*Settings){
		"settlement-period": func(s *Settings) { s.SettlementPeriod = 0 },
		"payout-threshold":  func(s *Settings) { s.PayoutThreshold = -1 },
		"confirmations":     func(s *Settings) { s.Confirmations = 0 },
		"proof-shares":      func(s *Settings) { s.ProofShares = 0 },
		"shares":            func(s *Settings) { s.Shares = -3 },
		"measure-every":     func(s *Settings) { s.MeasureEvery = 0 },
		"chain-bits":        func(s *Settings) { s.ChainBits = "zz" },
	} {
		bad := good
		spoil(&bad)
		if err := bad.Check(); !errors.Is(err, hashyard.Invalid) || !strings.Contains(err.Error(), "--"+flag) {
			t.Errorf("%s: %v", flag, err)
		}
	}
}

func TestTheStateIsKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, err := open(dir)
	if err != nil {
		t.Fatal(err)
	}
	again, err := open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(first.Keys) == 0 || fmt.Sprint(first) != fmt.Sprint(again) {
		t.Errorf("kept %+v\nread %+v", first, again)
	}
	if first.Sites[0].CIDR.Overlaps(first.Sites[1].CIDR) {
		t.Errorf("sites share addresses: %v", first.Sites)
	}
	if err := os.WriteFile(filepath.Join(dir, stateFile), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := open(dir); !errors.Is(err, hashyard.Invalid) {
		t.Errorf("damaged state: %v", err)
	}
}

func TestOneRunAWorld(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	unlock, err := lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock(dir); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("second run: %v", err)
	}
	if err := Reset(t.Context(), dir, slog.New(slog.DiscardHandler)); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("reset of a running world: %v", err)
	}
	unlock()
	if err := Reset(t.Context(), dir, slog.New(slog.DiscardHandler)); err != nil {
		t.Errorf("reset: %v", err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the folder is still there: %v", err)
	}
}

func TestResetTouchesNothingForeign(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	precious := filepath.Join(dir, "thesis.txt")
	if err := os.WriteFile(precious, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Reset(t.Context(), dir, slog.New(slog.DiscardHandler)); !errors.Is(err, hashyard.Invalid) {
		t.Errorf("reset of a foreign folder: %v", err)
	}
	if _, err := os.Stat(precious); err != nil {
		t.Error(err)
	}
}

// helper makes a child of this test binary that plays one of the parts below.
func helper(t *testing.T, part string) *child {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "logs"), 0o755); err != nil {
		t.Fatal(err)
	}
	return &child{
		name: part, bin: os.Args[0], args: []string{"-test.run=^TestPlayPart$"}, env: []string{"HASHYARD_TEST_PART=" + part},
		dir: dir, log: slog.New(slog.DiscardHandler), up: make(chan struct{}), ended: make(chan struct{}),
		ready: func(context.Context) error { return nil },
	}
}

// TestPlayPart is what helpers run; in the test itself it does nothing.
func TestPlayPart(t *testing.T) {
	switch os.Getenv("HASHYARD_TEST_PART") {
	case "lives":
		ctx, cancel := parent.Watch(t.Context())
		defer cancel()
		<-ctx.Done()
	case "breaks":
		fmt.Println("the reason in the log")
		os.Exit(3)
	}
}

func TestAChildThatEndsIsStartedAgain(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	c := helper(t, "lives")
	pids := make(chan int, 100)
	done := make(chan error, 1)
	go func() {
		done <- c.run(ctx, func() {
			if pid := c.currentPID(); pid != 0 {
				pids <- pid
			}
		})
	}()
	first := <-pids
	if err := c.await(ctx, 10*time.Second); err != nil {
		t.Fatal(err)
	}
	p, err := os.FindProcess(first)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	if second := <-pids; second == first {
		t.Error("not started again")
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestAChildThatNeverGetsReadyIsFinal(t *testing.T) {
	t.Parallel()
	c := helper(t, "breaks")
	c.ready = func(context.Context) error { return errors.New("never") }
	err := c.run(t.Context(), func() {})
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Errorf("error %v does not say how it ended", err)
	}
	if got := fmt.Sprint(err); !strings.Contains(got, "the reason in the log") {
		t.Errorf("error %q does not carry the log's end", got)
	}
}

// TestAChildEndsWithItsParent closes the pipe without any signal, as when the
// parent is killed.
func TestAChildEndsWithItsParent(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestPlayPart$")
	cmd.Env = append(os.Environ(), "HASHYARD_TEST_PART=lives", parent.Env+"=1")
	life, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := life.Close(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the child did not end in order: %v", err)
	}
}
