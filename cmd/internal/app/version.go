package app

import (
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"

	"hashyard/migrations"
)

// Release is what this program calls itself; see Version.
type Release struct {
	Version string // of the module, or devel
	Commit  string // of the checkout it was built from; unknown in a plain folder
	Dirty   bool   // the checkout had changes
	Go      string
	Schema  int64 // newest migration
	Count   int   // of migrations
}

// Version reads what the linker wrote into the program.
func Version() Release {
	r := Release{Version: "devel", Commit: "unknown"}
	if info, ok := debug.ReadBuildInfo(); ok {
		r.Go = info.GoVersion
		if v := info.Main.Version; v != "" && v != "(devel)" {
			r.Version = v
		}
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				r.Commit = s.Value
			case "vcs.modified":
				r.Dirty = s.Value == "true"
			}
		}
	}
	if vs, err := migrations.Known(); err == nil && len(vs) > 0 {
		r.Schema, r.Count = slices.Max(vs), len(vs)
	}
	return r
}

// String is one line.
func (r Release) String() string {
	commit := r.Commit
	if len(commit) > 12 {
		commit = commit[:12]
	}
	if r.Dirty {
		commit += "+changes"
	}
	return fmt.Sprintf("hashyard %s (%s, %s, schema %04d of %d)", r.Version, commit, r.Go, r.Schema, r.Count)
}

// VersionCommand prints it.
type VersionCommand struct{}

// Run prints.
func (VersionCommand) Run(*slog.Logger) error {
	_, err := fmt.Println(Version())
	return err
}
