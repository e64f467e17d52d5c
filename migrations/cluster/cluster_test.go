package cluster

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/migrations/testdb/need"
)

func start(t *testing.T, dir string) *Cluster {
	t.Helper()
	c, err := Start(t.Context(), Config{Dir: dir, Fast: true, Search: []string{"../../web/ui"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Stop(context.Background()) })
	return c
}

// worldDir is a folder that the user Postgres runs as can reach.
func worldDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "hashyard-cluster-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func TestKeptDataIsFoundAgainAndALeftServerIsAdopted(t *testing.T) {
	dir := worldDir(t)
	ctx := t.Context()
	c := start(t, dir)
	conn, err := pgx.Connect(ctx, c.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(ctx, "CREATE TABLE kept AS SELECT 7 AS n"); err != nil {
		t.Fatal(err)
	}
	conn.Close(ctx)

	// A crash of ours leaves the server; the next start takes it over.
	left := start(t, dir)
	if left.PID() != c.PID() || left.Port() != c.Port() {
		t.Fatalf("pid %d port %d, want the left server's %d %d", left.PID(), left.Port(), c.PID(), c.Port())
	}
	if err := left.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(c.PID(), 0); !errors.Is(err, syscall.ESRCH) {
		t.Fatalf("server still there: %v", err)
	}

	again := start(t, dir)
	conn, err = pgx.Connect(ctx, again.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	var n int
	if err := conn.QueryRow(ctx, "SELECT n FROM kept").Scan(&n); err != nil || n != 7 {
		t.Fatalf("n = %d, %v", n, err)
	}
}

func TestOtherVersionIsRefusedInWords(t *testing.T) {
	dir := worldDir(t)
	c := start(t, dir)
	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(c.data(), "PG_VERSION"), []byte("9\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := Start(t.Context(), Config{Dir: dir, Fast: true})
	if !errors.Is(err, hashyard.Conflict) {
		t.Fatalf("err = %v", err)
	}
}

func TestFolderThatNobodyCanReach(t *testing.T) {
	if os.Geteuid() != 0 {
		need.Missing(t, need.Root, "only root changes the user")
	}
	dir := filepath.Join(t.TempDir(), "closed", "pg")
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		t.Fatal(err)
	}
	c := start(t, dir)
	t.Cleanup(func() { os.RemoveAll(Elsewhere(dir)) })
	if c.dir != Elsewhere(dir) {
		t.Fatalf("data in %s", c.dir)
	}
}

// TestAsOrdinaryUser runs this test binary again as another user.
func TestAsOrdinaryUser(t *testing.T) {
	if os.Getenv("HASHYARD_ORDINARY") != "" {
		c := start(t, worldDir(t))
		if c.user != nil {
			t.Fatal("an ordinary user changes nobody")
		}
		return
	}
	if os.Geteuid() != 0 {
		need.ByDesign(t, "already an ordinary user: the other tests are this one")
	}
	dir := worldDir(t)
	bin := filepath.Join(dir, "cluster.test")
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		need.Missing(t, need.Proc, err.Error())
	}
	if err := os.WriteFile(bin, self, 0o755); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, bin, "-test.run=^TestAsOrdinaryUser$", "-test.count=1")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HASHYARD_ORDINARY=1", "TMPDIR=/tmp", "HOME="+dir)
	user, err := runAs(dir)
	if err != nil {
		t.Fatal(err)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: user}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("as uid %s: %v\n%s", strconv.Itoa(int(user.Uid)), err, out)
	}
}
