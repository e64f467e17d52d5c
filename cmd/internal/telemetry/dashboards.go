package telemetry

import (
	"embed"
	"io/fs"
)

//go:embed grafana/*.json
var grafana embed.FS

// Dashboards are the Grafana dashboards, one file each.
func Dashboards() fs.FS {
	sub, err := fs.Sub(grafana, "grafana")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return sub
}
