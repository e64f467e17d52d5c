//go:build !failpoints

package hashyard

// Hit does nothing in an ordinary build.
func Hit(Failpoint) {}
