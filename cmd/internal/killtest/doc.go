// Package killtest shows that nothing is lost and nothing happens twice: it
// kills the processes of a world, or of a part of one, at every named
// failpoint, also while they recover, lets them go on, and checks all
// invariants. It owns the table of what was killed where.
package killtest
