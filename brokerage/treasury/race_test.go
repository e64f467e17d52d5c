//go:build race

package treasury_test

// slow builds do the long harnesses in part: races show in the first rounds.
const slow = true
