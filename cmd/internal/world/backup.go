package world

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"hashyard"
	"hashyard/cmd/internal/backup"
	"hashyard/migrations"
	"hashyard/migrations/cluster"
)

// restoringFile stands in a world's folder while a restore into it is not
// finished: such a world is not run.
const restoringFile = "restoring"

// Place is a world's folder and where its Postgres may come from.
type Place struct {
	Dir    string
	Search []string // as in Config
	Log    *slog.Logger
}

// sets are the folders of a world that belong together with its database.
func (p Place) sets() []backup.Set {
	return []backup.Set{
		{Name: "serve", Dir: filepath.Join(p.Dir, "serve"), Check: backup.Shares, Skip: func(rel string) bool { return rel == "chain" }},
		{Name: "chain", Dir: filepath.Join(p.Dir, "serve", "chain"), Check: backup.LocalChain},
		// Secrets, the signer's key, the double's state, what agents keep.
		{Name: "world", Dir: p.Dir, Keys: true, Skip: func(rel string) bool {
			switch rel {
			case "pg", "logs", "serve", FileName, pidFile, "restored.json", "lock":
				return true
			}
			return strings.HasSuffix(rel, ".new")
		}},
	}
}

// Backup backs up a world, running or stopped.
func Backup(ctx context.Context, p Place, cfg backup.Config) (sum backup.Summary, err error) {
	if p.Dir, err = filepath.Abs(p.Dir); err != nil {
		return sum, err
	}
	if _, err := os.Stat(filepath.Join(p.Dir, stateFile)); err != nil {
		return sum, hashyard.NotFound.Errorf("no world in %s: start one with `make run`", p.Dir)
	}
	cfg.Sets = p.sets()
	unlock, err := lock(p.Dir)
	if errors.Is(err, hashyard.Conflict) {
		w, lerr := Load(filepath.Join(p.Dir, FileName))
		if lerr != nil {
			return sum, errors.Join(err, lerr)
		}
		cfg.OwnerURL = w.DatabaseURL
		return backup.Make(ctx, cfg)
	}
	if err != nil {
		return sum, err
	}
	defer unlock()
	err = p.database(ctx, func(url string) error {
		cfg.OwnerURL = url
		sum, err = backup.Make(ctx, cfg)
		return err
	})
	return sum, err
}

// database runs fn while the stopped world's database runs.
func (p Place) database(ctx context.Context, fn func(ownerURL string) error) (err error) {
	if given := os.Getenv("DATABASE_URL"); given != "" {
		return fn(given)
	}
	c, err := cluster.Start(ctx, cluster.Config{Dir: filepath.Join(p.Dir, "pg"), Search: p.Search, Log: p.Log})
	if err != nil {
		return err
	}
	defer func() {
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 40*time.Second)
		defer cancel()
		err = errors.Join(err, c.Stop(stop))
	}()
	d := &database{cluster: c, owner: c.URL("hashyard")}
	if err := d.create(ctx); err != nil {
		return err
	}
	return fn(d.owner)
}

// Restore makes a world from an archive, in a folder of its own.
func Restore(ctx context.Context, p Place, cfg backup.RestoreConfig) (sum backup.Summary, err error) {
	if p.Dir, err = filepath.Abs(p.Dir); err != nil {
		return sum, err
	}
	if err := os.MkdirAll(p.Dir, 0o755); err != nil {
		return sum, hashyard.Invalid.Errorf("the world's folder cannot be made: %w", err)
	}
	unlock, err := lock(p.Dir)
	if err != nil {
		return sum, err
	}
	defer unlock()
	if err := p.clear(ctx); err != nil {
		return sum, err
	}
	root := filepath.Join(p.Dir, "restored")
	cfg.Targets = []backup.Target{
		{Set: "world", Root: root, Sub: "."},
		{Set: "serve", Root: root, Sub: "serve"},
		{Set: "chain", Root: root, Sub: "serve/chain"},
	}
	err = p.database(ctx, func(url string) error {
		cfg.OwnerURL = url
		if sum, err = backup.Restore(ctx, cfg); err != nil {
			return err
		}
		// The chain came along, so nothing was paid since; only the role's
		// password, which belongs to the server, is missing.
		st, err := open(root)
		if err != nil {
			return err
		}
		return migrations.Up(ctx, migrations.Config{OwnerURL: url, AppPassword: st.Secrets["app_database"], Log: p.Log})
	})
	if err != nil {
		return sum, err
	}
	return sum, p.settle(root)
}

// clear makes the folder ready for a restore: it must be empty, or hold what an
// unfinished restore left.
func (p Place) clear(ctx context.Context) error {
	entries, err := os.ReadDir(p.Dir)
	if err != nil {
		return fmt.Errorf("world: %w", err)
	}
	flag := filepath.Join(p.Dir, restoringFile)
	_, unfinished := os.Stat(flag)
	for _, e := range entries {
		if e.Name() != "lock" && unfinished != nil {
			return hashyard.Conflict.Errorf("%s holds something already: restore a world into an empty folder", p.Dir)
		}
	}
	if err := os.WriteFile(flag, nil, 0o600); err != nil {
		return fmt.Errorf("world: %w", err)
	}
	pg := filepath.Join(p.Dir, "pg")
	if err := cluster.StopLeft(ctx, pg); err != nil {
		return err
	}
	if err := os.RemoveAll(cluster.Elsewhere(pg)); err != nil {
		return fmt.Errorf("world: %w", err)
	}
	for _, e := range entries {
		if e.Name() == "lock" || e.Name() == restoringFile {
			continue
		}
		if err := os.RemoveAll(filepath.Join(p.Dir, e.Name())); err != nil {
			return fmt.Errorf("world: %w", err)
		}
	}
	return nil
}

// settle moves the restored files to their places; the folder is a world when
// the flag is gone.
func (p Place) settle(root string) error {
	entries, err := os.ReadDir(root)
	if err != nil {
		return fmt.Errorf("world: %w", err)
	}
	for _, e := range entries {
		if err := os.Rename(filepath.Join(root, e.Name()), filepath.Join(p.Dir, e.Name())); err != nil {
			return fmt.Errorf("world: %w", err)
		}
	}
	return errors.Join(os.Remove(root), os.Remove(filepath.Join(p.Dir, restoringFile)))
}

// unfinished refuses a folder that a restore has not finished.
func unfinished(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, restoringFile)); err == nil {
		return hashyard.Conflict.Errorf("a restore into %s was cut short: run it again, it begins anew", dir)
	}
	return nil
}
