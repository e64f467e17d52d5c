// Package soak lets a harness run longer than an ordinary test run bears:
// HASHYARD_SOAK says how many times over. What was reached goes into one table
// at the end of `make soak`, beside what a release needs.
package soak

import (
	"os"
	"strconv"
	"testing"

	"hashyard/migrations/testdb/need"
)

// Times is how often the long harnesses run; 0 leaves them out.
func Times() int {
	n, err := strconv.Atoi(os.Getenv("HASHYARD_SOAK"))
	if err != nil {
		return 0
	}
	return max(n, 0)
}

// Only is Times for a test that is nothing but long: it ends when there is
// none.
func Only(t testing.TB) int {
	t.Helper()
	n := Times()
	if n == 0 {
		need.ByDesign(t, "HASHYARD_SOAK is not set: this harness is long (make soak)")
	}
	return n
}

// Reached is a line of the table: so much was done and held, of what a release
// needs. Only a test that has not failed says it.
func Reached(t testing.TB, what string, reached, target int) {
	t.Helper()
	if !t.Failed() {
		t.Logf("soak: %-58s %11d of %11d", what, reached, target)
	}
}
