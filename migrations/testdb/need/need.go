// Package need is the one place where a test may leave itself out: because the
// machine lacks something, or by design. It holds no product code, and imports
// nothing but the standard library, so that every test can use it.
//
// HASHYARD_REQUIRE lists, separated by commas, what this machine must have:
// there a test that misses it fails. Continuous integration requires
// everything that is named below.
package need

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// Thing is something that a test needs and a machine may lack.
type Thing string

// The things.
const (
	Chromium Thing = "chromium" // a browser to drive
	App      Thing = "app"      // the browser app, built, and its packages
	Corpus   Thing = "corpus"   // captured replies of real machines
	Git      Thing = "git"      // a checkout with history
	Proc     Thing = "proc"     // Linux's /proc
	Strace   Thing = "strace"   // counting of system calls
	Mount    Thing = "mount"    // the right to mount a small file system
	Btcd     Thing = "btcd"     // another program's node
	Systemd  Thing = "systemd"  // systemd-analyze
	Root     Thing = "root"     // the right to change user
)

// Missing ends a test on a machine without the thing: skipped, or failed where
// HASHYARD_REQUIRE names it. how says what to do about it.
func Missing(t testing.TB, what Thing, how string) {
	t.Helper()
	if slices.Contains(strings.Split(os.Getenv("HASHYARD_REQUIRE"), ","), string(what)) {
		t.Fatalf("HASHYARD_REQUIRE names %s: %s", what, how)
	}
	t.Skipf("needs %s: %s", what, how)
}

// ByDesign ends a test that does not belong into this run, whatever the
// machine has.
func ByDesign(t testing.TB, why string) {
	t.Helper()
	t.Skip("by design: " + why)
}
