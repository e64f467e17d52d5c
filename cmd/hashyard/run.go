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
	cwd, err := os.Getwd()
	if err != nil {
		return err
	}
	return world.Run(ctx, world.Config{
		Dir: r.Dir, Port: r.Port, Bin: self, Minersim: sim,
		Search: []string{filepath.Join(cwd, "web", "ui"), filepath.Join(filepath.Dir(self), "..", "web", "ui")},
		Out:    os.Stdout, Log: log, Settings: r.Settings,
	})
}

// resetCmd forgets the local world.
type resetCmd struct {
	Dir string `default:".hashyard" env:"HASHYARD_DIR" type:"path" help:"The world's folder."`
}

func (r *resetCmd) Run(ctx context.Context, log *slog.Logger) error {
	return world.Reset(ctx, r.Dir, log)
}
