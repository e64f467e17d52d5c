package world

import (
	"fmt"
	"os"
	"path/filepath"

	"hashyard"
	"hashyard/migrations/cluster"
)

// Reset forgets a world: its folder, and the Postgres folder that had to lie
// elsewhere. It touches nothing that does not look like a world, and no world
// that runs.
func Reset(dir string) error {
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
	for _, d := range []string{cluster.Elsewhere(filepath.Join(dir, "pg")), dir} {
		if err := os.RemoveAll(d); err != nil {
			return fmt.Errorf("forget %s: %w", d, err)
		}
	}
	return nil
}
