// Package verify decides which organisations may trade: who they say they are,
// what the desk decided about it, and whether a name of theirs stands on a
// sanctions list.
//
// States are a table (state.go). Names are folded and compared by the rules in
// match.go; lists are read in OFAC's SDN format (sdn.go). Service is safe for
// concurrent use; its rows are in web/postgres.
package verify
