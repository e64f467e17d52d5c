package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"

	"hashyard"
	"hashyard/cmd/internal/world"
)

// runCmd starts the local world.
type runCmd struct {
	Dir  string `default:".hashyard" env:"HASHYARD_DIR" type:"path" help:"The world's folder."`
	Port int    `default:"0" help:"Port of the browser app; 0 takes the kept one or a free one."`
	world.Settings
}

func (r *runCmd) Run(ctx context.Context, log *slog.Logger) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	sim := filepath.Join(filepath.Dir(self), "minersim")
	if _, err := os.Stat(sim); err != nil {
		return hashyard.NotFound.Errorf("the simulated miners are missing beside %s: build both with `make build`", self)
	}
	return world.Run(ctx, world.Config{
		Dir: r.Dir, Port: r.Port, Bin: self, Minersim: sim,
		Search: postgresSearch(),
		Out:    os.Stdout, Log: log, Settings: r.Settings,
	})
}

// postgresSearch are the folders whose npm packages may hold a Postgres: of the
// sources that we stand in, or that this program was built in.
func postgresSearch() []string {
	var dirs []string
	if cwd, err := os.Getwd(); err == nil {
		dirs = append(dirs, filepath.Join(cwd, "web", "ui"))
	}
	if self, err := os.Executable(); err == nil {
		dirs = append(dirs, filepath.Join(filepath.Dir(self), "..", "web", "ui"))
	}
	return dirs
}

// resetCmd forgets the local world.
type resetCmd struct {
	Dir string `default:".hashyard" env:"HASHYARD_DIR" type:"path" help:"The world's folder."`
}

func (r *resetCmd) Run(ctx context.Context, log *slog.Logger) error {
	return world.Reset(ctx, r.Dir, log)
}
