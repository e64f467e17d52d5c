package world_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hashyard/cmd/internal/world/worldtest"
)

// TestAKeptWorldGoesOn: a world that a released program left is restored,
// brought up to date, started, found sound, and backed up while it runs; what
// was backed up is a sound world again.
func TestAKeptWorldGoesOn(t *testing.T) {
	worldtest.Needs(t)
	bin := worldtest.Build(t, "")
	archive, err := filepath.Abs("../backup/testdata/world-0600.backup")
	if err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(filepath.Dir(archive), "world.key")
	dir := filepath.Join(t.TempDir(), "kept")
	worldtest.Run(t, bin, nil, "restore", "--world", dir, "--identity", key, archive)
	// A doctor looks at the stopped world, too.
	sound(t, worldtest.Run(t, bin, nil, "doctor", "--world", dir))
	again, env := filepath.Join(t.TempDir(), "again.backup"), []string{"XDG_CONFIG_HOME=" + t.TempDir()}
	t.Run("running", func(t *testing.T) {
		w := worldtest.StartIn(t, bin, dir, worldtest.Fast()[:4])
		// What became due while the world was stopped is done in its first moments.
		for deadline := time.Now().Add(time.Minute); ; {
			out, err := exec.CommandContext(t.Context(), filepath.Join(bin, "hashyard"), "doctor", "--world", w.Path).CombinedOutput()
			if err == nil {
				sound(t, string(out))
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("%v\n%s", err, out)
			}
		}
		worldtest.Run(t, bin, env, "backup", "--world", w.Dir, "--out", again)
	})
	// Only now: the second world has the first one's ports.
	second := filepath.Join(t.TempDir(), "second")
	worldtest.Run(t, bin, env, "restore", "--world", second, again)
	sound(t, worldtest.Run(t, bin, nil, "doctor", "--world", second))
	worldtest.Run(t, bin, nil, "reset", "--dir", second)
}

func sound(t *testing.T, report string) {
	t.Helper()
	for _, want := range []string{"Nothing is wrong.", "invariants hold", "migrations are there", "counted,"} {
		if !strings.Contains(report, want) {
			t.Errorf("no %q in:\n%s", want, report)
		}
	}
}
