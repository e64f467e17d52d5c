// Package app is the only wiring: one file a role, and events.go, the one
// table "event → handler". It owns nothing; it builds the parts, gives each
// what it needs of the others, runs them, and stops them in reverse.
package app
