package journey

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"hashyard"
	"hashyard/pool/node"
)

// point names one output of one transaction.
type point struct {
	tx  node.Hash
	out uint32
}

// output is an amount, what may spend it, and since when.
type output struct {
	value    hashyard.Sats
	script   string // hex
	height   int64
	coinbase bool
}

// blocks is the chain as walked block by block over its RPC: every output ever
// made and every block's fees, worked out from inputs and outputs. The local
// chain is short enough to keep whole.
type blocks struct {
	chain    *node.Client
	maturity int64
	subsidy  node.SubsidyRule

	made  map[point]output
	spent map[point]int64 // height of the spending block
	best  []blockFacts    // by height
}

// blockFacts is what a walked block is remembered by.
type blockFacts struct {
	hash node.Hash
	time time.Time
	bits uint32
	fees hashyard.Sats
}

func newBlocks(chain *node.Client) *blocks {
	return &blocks{chain: chain, made: map[point]output{}, spent: map[point]int64{}}
}

// asked calls the node, again while it is away for a moment: the local chain
// lives in the yard's process.
func asked[T any](ctx context.Context, call func(context.Context) (T, error)) (T, error) {
	var v T
	err := until(ctx, patience, func() error {
		var err error
		if v, err = call(ctx); errors.Is(err, hashyard.Unavailable) {
			return notYet("%v", err)
		}
		return err
	})
	return v, err
}

// follow walks to the present tip. A block that left the best chain begins the
// walk anew.
func (b *blocks) follow(ctx context.Context) error {
	if b.maturity == 0 {
		net, err := asked(ctx, b.chain.Network)
		if err != nil {
			return err
		}
		b.maturity, b.subsidy = net.Maturity, net.Subsidy
	}
	for {
		n := int64(len(b.best))
		hash, err := asked(ctx, func(ctx context.Context) (node.Hash, error) { return b.chain.BlockHash(ctx, n) })
		if errors.Is(err, hashyard.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		block, err := asked(ctx, func(ctx context.Context) (*node.Block, error) { return b.chain.Block(ctx, hash) })
		if err != nil {
			return err
		}
		if n > 0 && block.PrevHash != b.best[n-1].hash {
			b.made, b.spent, b.best = map[point]output{}, map[point]int64{}, nil
			continue
		}
		if err := b.add(block); err != nil {
			return err
		}
	}
}

// add takes the next block in.
func (b *blocks) add(block *node.Block) error {
	var fees hashyard.Sats
	for i, tx := range block.Transactions {
		var paid hashyard.Sats
		for _, in := range tx.Inputs {
			if in.Coinbase != nil {
				continue
			}
			from := point{in.TxID, in.Vout}
			o, ok := b.made[from]
			if !ok {
				return fmt.Errorf("block %d spends %v, which no block made", block.Height, from)
			}
			b.spent[from] = block.Height
			paid += o.value
		}
		for n, o := range tx.Outputs {
			b.made[point{tx.ID, uint32(n)}] = output{o.Value, hex.EncodeToString(o.Script), block.Height, i == 0}
			paid -= o.Value
		}
		if i > 0 {
			fees += paid
		}
	}
	b.best = append(b.best, blockFacts{block.Hash, block.Time, block.Bits, fees})
	return nil
}

// height finds a walked block; -1 if it is none.
func (b *blocks) height(hash string) int64 {
	for i := len(b.best) - 1; i >= 0; i-- {
		if b.best[i].hash.String() == hash {
			return int64(i)
		}
	}
	return -1
}

// feesBefore sums the fees of at most n blocks that end at a tip; the genesis
// block is in no sum.
func (b *blocks) feesBefore(tip string, n int64) (sum hashyard.Sats, count int64, err error) {
	at := b.height(tip)
	if at < 0 {
		return 0, 0, fmt.Errorf("block %s is not on the chain", tip)
	}
	for ; at > 0 && count < n; at-- {
		sum += b.best[at].fees
		count++
	}
	return sum, count, nil
}

// spendable sums what a script may spend in the block after height.
func (b *blocks) spendable(script string, height int64) (sum hashyard.Sats, coins int) {
	for at, o := range b.made {
		gone, spent := b.spent[at]
		switch {
		case o.script != script || o.height > height || spent && gone <= height:
		case o.coinbase && height+1-o.height < b.maturity:
		default:
			sum += o.value
			coins++
		}
	}
	return sum, coins
}

// paidTo sums what a script ever got.
func (b *blocks) paidTo(script string) (sum hashyard.Sats) {
	for _, o := range b.made {
		if o.script == script {
			sum += o.value
		}
	}
	return sum
}
