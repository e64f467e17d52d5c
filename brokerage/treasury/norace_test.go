//go:build !race

package treasury_test

const slow = false
