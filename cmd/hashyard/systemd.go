package main

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"hashyard"
)

//go:embed systemd
var units embed.FS

// systemdCmd writes the units of a real installation.
type systemdCmd struct {
	Dir string `arg:"" type:"path" help:"Where the units go, like /etc/systemd/system."`
}

// Run writes what is not there yet: a unit that somebody changed is kept.
func (s *systemdCmd) Run() error {
	names, err := fs.ReadDir(units, "systemd")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		return hashyard.Invalid.Errorf("units: %w", err)
	}
	for _, n := range names {
		b, err := units.ReadFile("systemd/" + n.Name())
		if err != nil {
			return err
		}
		path := filepath.Join(s.Dir, n.Name())
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		if errors.Is(err, fs.ErrExist) {
			fmt.Printf("kept  %s\n", path)
			continue
		}
		if err != nil {
			return hashyard.Invalid.Errorf("units: %w", err)
		}
		_, err = f.Write(b)
		if err := errors.Join(err, f.Close()); err != nil {
			return fmt.Errorf("unit %s: %w", path, err)
		}
		fmt.Printf("wrote %s\n", path)
	}
	return nil
}
