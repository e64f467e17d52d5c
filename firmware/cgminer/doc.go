// Package cgminer is the RPC wire that cgminer and its many descendants speak:
// framing (one request a connection, replies that end at NUL, newline or EOF),
// a tolerant parser for the malformed JSON that real firmware sends, and typed
// access to its fields. It owns no state; values are immutable once parsed and
// may be shared between goroutines, a Client likewise.
//
// The parser is a tokenizer that knows where it is. It never repairs text by
// replacement: that once turned the pool "poolbinance" into "poolbi0ce".
package cgminer
