// Package node is the pool's view of a Bitcoin node: templates to work on,
// blocks to hand in, and the chain as the node tells it, over JSON-RPC 1.0.
//
// It speaks to Bitcoin Core, btcd and the in-process devchain alike, and owns
// the differences between them: everything it returns is checked and in one
// form (hashes in internal byte order, amounts as integer satoshis, scripts as
// bytes). It keeps no data; Watcher keeps the newest template only.
//
// A Client is safe for concurrent use. A Watcher has one goroutine, the one
// that calls Run; its other methods are safe from anywhere.
package node
