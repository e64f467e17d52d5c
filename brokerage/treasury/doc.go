// Package treasury pays organisations' earnings out on the Bitcoin chain and
// knows the coins that do it. It owns the scanned chain, the coins of the
// treasury's one address, payouts and the organisations' payout addresses.
//
// A payment leaves once: coins are reserved, the signer process signs, the
// signed bytes and the ledger entry are stored in one transaction, and only
// then are those bytes sent, the same ones again until they are buried. The
// key is the signer's; whoever has this package's database alone cannot pay to
// an address that its owner never enrolled. What is owed is the database's to
// say, so before a payout is requested and before it is signed every satoshi
// of the organisation's earnings must have a statement's entry behind it.
//
// Coins and ledger move together, block by block, also backwards when the
// chain is reorganised. While they differ nothing is signed.
//
// A Service may be used from any goroutine. Run is for one process at a time
// (the wiring takes the lead for it); a second one loses every race at the
// stores' guards and does no harm. No transaction is open during a call to the
// node or the signer.
package treasury
