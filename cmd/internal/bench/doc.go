// Package bench measures the pool from outside: a load of real Stratum clients
// with really mined shares against a server process of the same program, and
// against a server that does nothing, in one run on one machine. It owns the
// load, the do-nothing server and what a run writes; nothing of it is on the
// way of a real share.
//
// Three processes: the load, with the Bitcoin node and the clients; the server
// under measurement, which gets its CPU time and memory counted alone; and the
// do-nothing server, whose figures are what the machine allows. A private
// Postgres beside them keeps the work that the server books.
//
// It needs Linux: epoll, and /proc for what a process has used.
package bench
