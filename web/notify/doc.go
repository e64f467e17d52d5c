// Package notify writes mail and brings it away. A mail is queued in the
// transaction that gives reason for it (web/postgres writes the row), once an
// idempotency key, with its text sealed; Sender takes the queue to a Carrier:
// SMTP, or a Folder where no server is set.
//
// A mail leaves at most once. What was certainly not taken (no connection, a
// 4xx answer) is tried again with growing pauses for three days; what was
// refused for good has failed; where the connection broke after the whole mail
// was handed over, nobody can tell, and the mail is left "unsure", for a person
// to ask for another.
//
// A Sender belongs to one goroutine; several processes may run one each.
package notify
