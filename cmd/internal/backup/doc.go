// Package backup owns the archive: how a whole installation is written into
// one file with nothing but this program and a database connection, and how it
// is brought back.
//
// An archive is a tar of parts, compressed (zstd) and, when a key is given,
// encrypted (age). Its first entry says what it is, its last one, the
// manifest, counts and hashes every part: a truncated archive has no manifest,
// an altered one does not match it.
//
//	head.json            format, time, Postgres, migrations, tables and columns
//	tables/<name>        rows as COPY writes them, in as many entries as needed
//	files/<set>/<path>   files of a folder
//	manifest.json        sequences; size, SHA-256 and rows of every part
//
// The order is part of the design. The database is read first, in one
// REPEATABLE READ snapshot; every folder after it. So the rest of an archive is
// never behind its database: shares that the database has not counted are in
// the share log, a payout that it thinks unsigned is in the signer's journal,
// which then gives the same bytes again.
//
// Restoring is the reverse and all or nothing: the archive is read whole and
// compared with its manifest; the database gets exactly the archive's
// migrations, then every row in one transaction that compares what arrived
// with the manifest before it commits; folders are laid beside their place and
// moved there at the end.
package backup
