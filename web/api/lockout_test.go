package api_test

import (
	"errors"
	"fmt"
	"testing"

	"hashyard"
)

// TestNobodyLocksAnybodyOut: guesses from everywhere close an account to new
// networks only; where its owner signed in lately it stays open, and guessing
// from there stays bounded too.
func TestNobodyLocksAnybodyOut(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	const email, home, home6 = "view@north.example", "198.51.100.7", "2001:db8:1:2::5"
	try := func(remote, password string) error {
		_, err := y.svc.SignIn(t.Context(), email, password, remote, "", "")
		return err
	}
	y.must(try(home, password))
	y.must(try(home6, password))
	guess := func() (passed int) {
		for n := range 60 {
			if err := try(fmt.Sprintf("203.0.113.%d", n), "guess"); errors.Is(err, hashyard.Unauthenticated) {
				passed++
			}
		}
		return passed
	}
	if n := guess(); n < 15 || n > 25 {
		t.Errorf("%d guesses from many addresses passed", n)
	}
	if err := try("192.0.2.1", password); !errors.Is(err, hashyard.Exhausted) {
		t.Errorf("a new address: %v", err)
	}
	y.must(try(home, password))
	y.must(try("2001:db8:1:2:ffff::9", password)) // the same network
	if err := try("2001:db8:1:3::5", password); !errors.Is(err, hashyard.Exhausted) {
		t.Errorf("another IPv6 network: %v", err)
	}
	passed := 0
	for range 40 {
		if err := try(home, "guess"); errors.Is(err, hashyard.Unauthenticated) {
			passed++
		}
	}
	if passed > 10 {
		t.Errorf("%d guesses from the owner's address passed", passed)
	}
	// Another account is not familiar there.
	y.must(y.svc.SeedUser(t.Context(), y.seller.ID, "new@north.example", "New", password, []hashyard.Role{hashyard.Viewer}))
	for n := range 60 {
		_, _ = y.svc.SignIn(t.Context(), "new@north.example", "guess", fmt.Sprintf("203.0.113.%d", n), "", "")
	}
	if _, err := y.svc.SignIn(t.Context(), "new@north.example", password, "192.0.2.9", "", ""); !errors.Is(err, hashyard.Exhausted) {
		t.Errorf("an account never used there: %v", err)
	}
	y.now.Add(31 * 24 * 3600)
	guess()
	if err := try(home, password); !errors.Is(err, hashyard.Exhausted) {
		t.Errorf("remembered for ever: %v", err)
	}
}
