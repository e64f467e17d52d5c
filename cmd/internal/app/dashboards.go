package app

import (
	"fmt"
	"os"

	"hashyard/cmd/internal/telemetry"
)

// Dashboards writes the Grafana dashboards into a folder.
type Dashboards struct {
	Dir string `arg:"" type:"path" help:"Folder to write to; made when absent."`
}

// Run writes them; a file that is there already is not replaced.
func (d *Dashboards) Run() error {
	if err := os.CopyFS(d.Dir, telemetry.Dashboards()); err != nil {
		return fmt.Errorf("dashboards: %w", err)
	}
	return nil
}
