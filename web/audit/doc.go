// Package audit checks the audit trail: every row is a link of its
// organisation's hash chain, made by the database when its command commits
// (migrations/sql/0117). Verify walks a chain and names the first link that is
// not as it was made; Exporter writes the heads into a file outside the
// database, by which a chain that was cut off or made anew is found out.
//
// What it cannot find: rows that were cut off after the last export, and a
// trail that was rewritten by somebody who can change the file as well.
package audit
