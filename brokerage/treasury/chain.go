package treasury

import (
	"context"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"hashyard"
)

// Hash is a double-SHA256 in internal byte order.
type Hash = chainhash.Hash

// OutPoint names one output of one transaction.
type OutPoint = wire.OutPoint

// Place is a block on the best chain.
type Place struct {
	Height int64
	Hash   Hash
}

// Block is as much of a block as the treasury needs.
type Block struct {
	Place
	Prev Hash
	Txs  []Tx // the coinbase first
}

// Tx is one transaction of a block.
type Tx struct {
	ID       Hash
	Coinbase []byte // the coinbase script; nil otherwise
	Spends   []OutPoint
	Outputs  []Output
}

// Output is an amount and the script that may spend it.
type Output struct {
	Value  hashyard.Sats
	Script []byte
}

// Chain is a Bitcoin node.
type Chain interface {
	Tip(ctx context.Context) (Place, error)
	// HashAt is the best chain's block at a height; hashyard.NotFound above the tip.
	HashAt(ctx context.Context, height int64) (Hash, error)
	Block(ctx context.Context, hash Hash) (Block, error)
	// FeeRate is for confirmation within blocks, in satoshis per virtual byte.
	FeeRate(ctx context.Context, blocks int) (hashyard.Sats, error)
	// Broadcast sends a transaction. One that the node has already, in its
	// mempool or its chain, is no error.
	Broadcast(ctx context.Context, raw []byte) error
}
