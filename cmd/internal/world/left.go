package world

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"hashyard"
	"hashyard/migrations/cluster"
)

// clearLeft waits for the processes that a killed `run` left, which end by
// themselves when they notice, and ends those that do not. Postgres is not
// among them: it is adopted.
func clearLeft(ctx context.Context, dir string, log *slog.Logger) error {
	path := filepath.Join(dir, FileName)
	w, err := Load(path)
	if err != nil {
		return nil // no world.json: the last run ended in order
	}
	for name, pid := range w.PIDs {
		if name == "postgres" || name == "run" || !isOurs(pid) {
			continue
		}
		log.InfoContext(ctx, "process of an earlier run is still here", "process", name, "pid", pid)
		for _, sig := range []syscall.Signal{syscall.SIGCONT, syscall.SIGTERM, syscall.SIGKILL} {
			_ = syscall.Kill(pid, sig) // gone already is as good
			if sig != syscall.SIGCONT && awaitGone(ctx, pid, 15*time.Second) {
				break
			}
		}
		if isOurs(pid) {
			return hashyard.Conflict.Errorf("process %d (%s) of an earlier run does not end", pid, name)
		}
	}
	return os.Remove(path)
}

func awaitGone(ctx context.Context, pid int, limit time.Duration) bool {
	for deadline := time.Now().Add(limit); time.Now().Before(deadline) && ctx.Err() == nil; {
		if !isOurs(pid) {
			return true
		}
		time.Sleep(20 * time.Millisecond) // nobody tells us when a foreign child ends
	}
	return !isOurs(pid)
}

// isOurs guards against a process id that somebody else has by now.
func isOurs(pid int) bool {
	if pid <= 1 || syscall.Kill(pid, 0) != nil {
		return false
	}
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return false
	}
	bin, _, _ := strings.Cut(string(b), "\x00")
	base := filepath.Base(bin)
	return base == "hashyard" || base == "minersim"
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
