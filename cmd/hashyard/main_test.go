package main

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"hashyard/cmd/internal/settings"
	"hashyard/migrations/testdb/need"
)

func model(t *testing.T) *kong.Application {
	t.Helper()
	p, err := parser(new(cli))
	if err != nil {
		t.Fatal(err)
	}
	return p.Model
}

// TestTheReferenceIsTheProgram: the documented settings are those there are.
func TestTheReferenceIsTheProgram(t *testing.T) {
	t.Parallel()
	var want bytes.Buffer
	if err := settings.Reference(&want, model(t)); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../web/docs/pages/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Error("web/docs/pages/configuration.md is not what the program reads: make reference")
	}
}

// TestOneVariableOneMeaning: two flags of one variable take the same values.
func TestOneVariableOneMeaning(t *testing.T) {
	t.Parallel()
	kinds := map[string]string{}
	for _, n := range model(t).Leaves(true) {
		for _, f := range n.Flags {
			for _, env := range f.Envs {
				kind := f.Target.Type().String()
				if old, ok := kinds[env]; ok && old != kind {
					t.Errorf("%s is a %s in one command and a %s in another (%s)", env, old, kind, n.FullPath())
				}
				kinds[env] = kind
			}
		}
	}
	if len(kinds) < 40 {
		t.Errorf("only %d variables", len(kinds))
	}
}

// TestUnitsFitTheProgram: every command, flag and credential of the units is
// one of the program's, and every unit is hardened.
func TestUnitsFitTheProgram(t *testing.T) {
	t.Parallel()
	flags, envs := map[string]map[string]bool{}, map[string]bool{}
	for _, n := range model(t).Leaves(true) {
		flags[n.Name] = map[string]bool{}
		for _, f := range n.Flags {
			flags[n.Name][f.Name] = true
			for _, e := range f.Envs {
				envs[e] = true
			}
		}
	}
	names, err := fs.Glob(units, "systemd/*.service")
	if err != nil || len(names) < 4 {
		t.Fatalf("%d units, %v", len(names), err)
	}
	for _, name := range names {
		b, err := units.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		starts := 0
		for line := range strings.Lines(string(b)) {
			key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			switch key {
			case "ExecStart":
				starts++
				words := strings.Fields(value)
				if len(words) < 2 || flags[words[1]] == nil {
					t.Errorf("%s: no command %q", name, value)
					continue
				}
				for _, w := range words[2:] {
					if f, ok := strings.CutPrefix(w, "--"); ok && !flags[words[1]][f] {
						t.Errorf("%s: %s has no flag --%s", name, words[1], f)
					}
				}
			case "LoadCredential":
				if c, _, _ := strings.Cut(value, ":"); !envs[c] {
					t.Errorf("%s: no setting is named %s", name, c)
				}
			}
		}
		if starts != 1 {
			t.Errorf("%s starts %d programs", name, starts)
		}
		for _, want := range []string{"NoNewPrivileges=yes", "ProtectSystem=strict", "ProtectHome=yes", "PrivateTmp=yes", "CapabilityBoundingSet=", "SystemCallFilter=@system-service", "RestrictAddressFamilies=", "UMask=0077"} {
			if !strings.Contains(string(b), "\n"+want) {
				t.Errorf("%s is not hardened by %s", name, want)
			}
		}
	}
}

// TestUnitsAreWrittenOnce, and systemd understands them.
func TestUnitsAreWrittenOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := (&systemdCmd{Dir: dir}).Run(); err != nil {
		t.Fatal(err)
	}
	mine := filepath.Join(dir, "hashyard-serve.service")
	b, err := os.ReadFile(mine)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(mine, append(b, "# mine\n"...), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := (&systemdCmd{Dir: dir}).Run(); err != nil {
		t.Fatal(err)
	}
	if again, err := os.ReadFile(mine); err != nil || !bytes.HasSuffix(again, []byte("# mine\n")) {
		t.Errorf("a changed unit was overwritten: %v", err)
	}
	verify, err := exec.LookPath("systemd-analyze")
	if err != nil {
		need.Missing(t, need.Systemd, err.Error())
	}
	paths, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range paths {
		// The program itself is not installed here; everything else must be right.
		text, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		text = bytes.ReplaceAll(text, []byte("/usr/local/bin/hashyard"), []byte("/bin/true"))
		if err := os.WriteFile(p, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.CommandContext(t.Context(), verify, append([]string{"verify", "--man=no"}, paths...)...).CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "hashyard-") {
			t.Errorf("systemd-analyze: %s", line)
		}
	}
	if err != nil && len(out) > 0 {
		t.Logf("systemd-analyze: %v\n%s", err, out)
	}
}
