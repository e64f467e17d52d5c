// Package brokerage owns orders, trades, held payouts and the decision that a
// machine's hashrate is proven. Rules are pure functions of values and an
// instant; Service joins them to the stores (brokerage/postgres), the single
// writer of the books (brokerage/market) and the payment rail
// (brokerage/stripe).
//
// A Service may be used from any goroutine. Money moves on the rail outside
// transactions under keys stored before; the ledger follows in one
// transaction.
package brokerage
