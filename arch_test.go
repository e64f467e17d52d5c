package hashyard_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"hashyard/migrations/testdb/need"
)

// module is this module's path; every package of ours begins with it.
const module = "hashyard"

var domains = []string{"brokerage", "fleet", "firmware", "inventory", "pool"}

// gopkg is what `go list -json` says of one package.
type gopkg struct {
	ImportPath string
	Imports    []string
}

func listPackages(t *testing.T) []gopkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "./...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.Bytes())
	}
	var ps []gopkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p gopkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return ps
		} else if err != nil {
			t.Fatal(err)
		}
		ps = append(ps, p)
	}
}

// rooms splits "hashyard/pool/api" into the domain and the room: "pool", "api".
func rooms(path string) (domain, room string) {
	rest, ok := strings.CutPrefix(path, module+"/")
	if !ok {
		return "", ""
	}
	domain, room, _ = strings.Cut(rest, "/")
	return domain, room
}

func ours(path string) bool { return path == module || strings.HasPrefix(path, module+"/") }

// within reports whether path is root or below it.
func within(path, root string) bool { return path == root || strings.HasPrefix(path, root+"/") }

// forbidden says why from may not import to, or nothing.
func forbidden(from, to string) string {
	d, room := rooms(from)
	td, troom := rooms(to)
	isDomain := slices.Contains(domains, d)
	switch {
	case d == "cmd":
		return ""
	case td == "cmd":
		return "nothing imports cmd"
	case from == module && (ours(to) || strings.Contains(strings.SplitN(to, "/", 2)[0], ".")):
		return "the kernel imports the standard library only"
	case isDomain && slices.Contains(domains, td) && d != td && !(d == "fleet" && td == "firmware"):
		return "domains meet only in cmd/internal/app"
	case within(to, "gorm.io/gorm") || within(to, "gorm.io/driver"):
		if room != "postgres" && d != "migrations" {
			return "gorm belongs in X/postgres and migrations"
		}
	case within(to, "github.com/jackc/pgx/v5") || to == "database/sql":
		if room != "postgres" && d != "migrations" {
			return "SQL belongs in X/postgres and migrations"
		}
	case within(to, "github.com/gin-gonic/gin") || within(to, "github.com/danielgtaylor/huma/v2"):
		if room != "api" && d != "web" {
			return "gin and huma belong in X/api and web"
		}
	}
	return forbiddenRoom(d, room, td, troom, to, isDomain)
}

// forbiddenRoom holds the rules about rooms of one domain.
func forbiddenRoom(d, room, td, troom, to string, isDomain bool) string {
	switch {
	case td == "migrations" && room != "postgres" && d != "migrations":
		return "the database is reached through X/postgres"
	case td == "web" && isDomain && room != "api":
		return "web is imported by X/api only"
	case d == "web" && slices.Contains(domains, td):
		return "web knows no domain"
	case d == "migrations" && ours(to) && to != module && td != "migrations":
		return "migrations know no domain"
	case isDomain && room == "" && to == "net/http":
		return "a domain's rules know no HTTP"
	case isDomain && room != "api" && room != "postgres" && d == td && (troom == "postgres" || troom == "api"):
		return "rules know neither their store nor their edge"
	case isDomain && room == "api" && d == td && troom == "postgres":
		return "an edge reaches the store through the service"
	case d == "firmware" && room != "" && td == "firmware" && troom != "" && troom != "cgminer" && !within(to, module+"/firmware/"+room):
		return "a firmware family knows firmware and firmware/cgminer only"
	}
	return ""
}

func TestImportsKeepTheHouseInOrder(t *testing.T) {
	t.Parallel()
	for _, p := range listPackages(t) {
		for _, to := range p.Imports {
			if why := forbidden(p.ImportPath, to); why != "" {
				t.Errorf("%s imports %s: %s", p.ImportPath, to, why)
			}
		}
	}
}

// TestPlantedViolationsAreFound shows that the rules can fail.
func TestPlantedViolationsAreFound(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ from, to string }{
		{"hashyard", "github.com/google/uuid"},
		{"hashyard", "hashyard/pool"},
		{"hashyard/pool", "hashyard/cmd/internal/app"},
		{"hashyard/pool", "hashyard/brokerage"},
		{"hashyard/inventory/postgres", "hashyard/fleet"},
		{"hashyard/firmware/antminer", "hashyard/firmware/generic"},
		{"hashyard/firmware", "hashyard/fleet"},
		{"hashyard/pool", "gorm.io/gorm"},
		{"hashyard/pool/stratum", "github.com/jackc/pgx/v5/pgxpool"},
		{"hashyard/fleet", "database/sql"},
		{"hashyard/fleet/agent", "github.com/gin-gonic/gin"},
		{"hashyard/brokerage", "net/http"},
		{"hashyard/brokerage/api", "hashyard/brokerage/postgres"},
		{"hashyard/brokerage", "hashyard/brokerage/postgres"},
		{"hashyard/brokerage/book", "hashyard/migrations/pg"},
		{"hashyard/brokerage", "hashyard/web"},
		{"hashyard/web/api", "hashyard/pool"},
		{"hashyard/migrations/pg", "hashyard/web"},
	} {
		if forbidden(tt.from, tt.to) == "" {
			t.Errorf("%s may import %s", tt.from, tt.to)
		}
	}
	for _, tt := range []struct{ from, to string }{
		{"hashyard/cmd/internal/app", "hashyard/pool"},
		{"hashyard/fleet", "hashyard/firmware"},
		{"hashyard/pool/postgres", "gorm.io/gorm"},
		{"hashyard/pool/api", "github.com/danielgtaylor/huma/v2"},
		{"hashyard/pool/stratum", "hashyard/pool/job"},
		{"hashyard/web/postgres", "hashyard/migrations/pg"},
		{"hashyard/firmware/antminer", "hashyard/firmware/cgminer"},
	} {
		if why := forbidden(tt.from, tt.to); why != "" {
			t.Error(fmt.Sprintf("%s must be able to import %s", tt.from, tt.to), why)
		}
	}
}

// systemCallers are the only packages that may act for every organisation at
// once: the stores, and the dispatcher's own package.
var systemCallers = []string{
	"brokerage/postgres", "fleet/postgres", "inventory/postgres", "pool/postgres", "web/postgres", "migrations/pg",
}

func TestOnlyStoresActAsSystem(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "git", "grep", "-l", "--untracked", "-E", `\.AsSystem(For)?\(`, "--", "*.go").Output()
	if err != nil {
		need.Missing(t, need.Git, "not a git checkout: "+err.Error())
	}
	for _, file := range strings.Fields(string(out)) {
		dir, _, _ := strings.Cut(file, "/")
		if i := strings.LastIndex(file, "/"); i > 0 {
			dir = file[:i]
		}
		if !strings.HasSuffix(file, "_test.go") && !slices.Contains(systemCallers, dir) {
			t.Errorf("%s acts as system; only %s may", file, strings.Join(systemCallers, ", "))
		}
	}
}

// TestTestsLeaveThemselvesOutInOnePlace: a test that is skipped on its own word
// looks like one that passed.
func TestTestsLeaveThemselvesOutInOnePlace(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "git", "grep", "-n", "--untracked", "-E", `[.]Skip(f|Now)?[(]`, "--", "*.go", ":!migrations/testdb/need").Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() == 1 {
		return // none
	}
	if err != nil {
		need.Missing(t, need.Git, "not a git checkout: "+err.Error())
	}
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		t.Errorf("%s: leave a test out with package migrations/testdb/need", line)
	}
}
