package world

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"hashyard"
	"hashyard/migrations/cluster"
)

// pidFile names the processes of a run from its first moment on.
const pidFile = "pids.json"

// clearLeft waits for the processes that a killed `run` left, which end by
// themselves when they notice, and ends those that do not. Postgres is not
// among them: it is adopted.
func clearLeft(ctx context.Context, dir string, log *slog.Logger) error {
	path := filepath.Join(dir, pidFile)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // the last run ended in order
	}
	var pids map[string]int
	if err == nil {
		err = json.Unmarshal(b, &pids)
	}
	if err != nil {
		return fmt.Errorf("processes of an earlier run: %w", err)
	}
	for name, pid := range pids {
		if !isOurs(ctx, pid, dir) {
			continue
		}
		log.InfoContext(ctx, "process of an earlier run is still here", "process", name, "pid", pid)
		for _, sig := range []syscall.Signal{syscall.SIGCONT, syscall.SIGTERM, syscall.SIGKILL} {
			_ = syscall.Kill(pid, sig) // gone already is as good
			if sig != syscall.SIGCONT && awaitGone(ctx, pid, dir, 15*time.Second) {
				break
			}
		}
		if isOurs(ctx, pid, dir) {
			return hashyard.Conflict.Errorf("process %d (%s) of an earlier run does not end", pid, name)
		}
	}
	return os.Remove(path)
}

func awaitGone(ctx context.Context, pid int, dir string, limit time.Duration) bool {
	for deadline := time.Now().Add(limit); time.Now().Before(deadline) && ctx.Err() == nil; {
		if !isOurs(ctx, pid, dir) {
			return true
		}
		time.Sleep(20 * time.Millisecond) // nobody tells us when a foreign child ends
	}
	return !isOurs(ctx, pid, dir)
}

// isOurs guards against a process id that somebody else has by now: every
// child of a world has a path of its folder on its command line.
func isOurs(ctx context.Context, pid int, dir string) bool {
	if pid <= 1 || pid == os.Getpid() || syscall.Kill(pid, 0) != nil {
		return false
	}
	return strings.Contains(cluster.CommandLine(ctx, pid), dir+string(filepath.Separator))
}

// Reset forgets a world: its folder, and the Postgres folder that had to lie
// elsewhere. It touches nothing that does not look like a world, and no world
// that runs.
func Reset(ctx context.Context, dir string, log *slog.Logger) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if _, err := os.Stat(dir); os.IsNotExist(err) {
		return nil
	}
	if _, err := os.Stat(filepath.Join(dir, "lock")); err != nil {
		return hashyard.Invalid.Errorf("%s is not a world's folder; nothing was removed", dir)
	}
	unlock, err := lock(dir)
	if err != nil {
		return err
	}
	defer unlock()
	if err := clearLeft(ctx, dir, log); err != nil {
		return err
	}
	pg := filepath.Join(dir, "pg")
	if err := cluster.StopLeft(ctx, pg); err != nil {
		return err
	}
	for _, d := range []string{cluster.Elsewhere(pg), dir} {
		if err := os.RemoveAll(d); err != nil {
			return fmt.Errorf("forget %s: %w", d, err)
		}
	}
	return nil
}
