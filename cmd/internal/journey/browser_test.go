package journey

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"hashyard/cmd/internal/world/worldtest"
	"hashyard/migrations/testdb/need"
)

// TestBrowser drives the real binary of a running world with Chromium: the
// scripts are the browser app's own (web/ui/e2e).
func TestBrowser(t *testing.T) {
	worldtest.Needs(t)
	ui := filepath.Join("..", "..", "..", "web", "ui")
	for _, n := range []struct {
		what      need.Thing
		path, how string
	}{
		{need.App, filepath.Join(ui, "dist", "index.html"), "the browser app is not built: make build"},
		{need.App, filepath.Join(ui, "node_modules", "playwright-core"), "the browser app's packages are missing: make build"},
		{need.Chromium, chromium(), "no Chromium: apt-get install chromium, or name one with CHROMIUM"},
	} {
		if _, err := os.Stat(n.path); err != nil {
			need.Missing(t, n.what, n.how)
		}
	}
	w := worldtest.Start(t, worldtest.Build(t, ""), worldtest.Fast())
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	if _, err := opened(ctx, Config{World: w.Path, Wait: time.Minute}); err != nil {
		t.Fatal(err)
	}
	// Somebody buys by keyboard first: then there is a trade to look at.
	for _, script := range []string{"e2e/keyboard.mjs", "e2e/run.mjs"} {
		cmd := exec.CommandContext(ctx, "node", script)
		cmd.Dir = ui
		cmd.Env = append(os.Environ(), "WORLD="+w.Path, "CHROMIUM="+chromium(), "SHOTS="+os.Getenv("HASHYARD_SHOTS"))
		out, err := cmd.CombinedOutput()
		t.Logf("%s: %s", script, out)
		if err != nil {
			t.Fatal(err)
		}
	}
}

func chromium() string {
	if c := os.Getenv("CHROMIUM"); c != "" {
		return c
	}
	return "/usr/bin/chromium"
}
