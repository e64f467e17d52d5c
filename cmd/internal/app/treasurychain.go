package app

import (
	"context"
	"errors"

	"hashyard"
	"hashyard/brokerage/stripe"
	"hashyard/brokerage/treasury"
	"hashyard/pool/node"
)

// treasuryChain shows the treasury what it needs of a Bitcoin node.
type treasuryChain struct{ node *node.Client }

var _ treasury.Chain = treasuryChain{}

func (c treasuryChain) Tip(ctx context.Context) (treasury.Place, error) {
	info, err := c.node.ChainInfo(ctx)
	if err != nil {
		return treasury.Place{}, err
	}
	return treasury.Place{Height: info.Blocks, Hash: info.BestHash}, nil
}

func (c treasuryChain) HashAt(ctx context.Context, height int64) (treasury.Hash, error) {
	return c.node.BlockHash(ctx, height)
}

func (c treasuryChain) Block(ctx context.Context, hash treasury.Hash) (treasury.Block, error) {
	b, err := c.node.Block(ctx, hash)
	if err != nil {
		return treasury.Block{}, err
	}
	out := treasury.Block{Place: treasury.Place{Height: b.Height, Hash: b.Hash}, Prev: b.PrevHash}
	for _, tx := range b.Transactions {
		t := treasury.Tx{ID: tx.ID}
		for _, in := range tx.Inputs {
			if in.Coinbase != nil {
				t.Coinbase = in.Coinbase
				continue
			}
			t.Spends = append(t.Spends, treasury.OutPoint{Hash: in.TxID, Index: in.Vout})
		}
		for _, o := range tx.Outputs {
			t.Outputs = append(t.Outputs, treasury.Output{Value: o.Value, Script: o.Script})
		}
		out.Txs = append(out.Txs, t)
	}
	return out, nil
}

func (c treasuryChain) FeeRate(ctx context.Context, blocks int) (hashyard.Sats, error) {
	return c.node.EstimateFee(ctx, blocks)
}

// inChain is Core's code for a transaction that a block has already.
const inChain = -27

func (c treasuryChain) Broadcast(ctx context.Context, raw []byte) error {
	_, err := c.node.SendRawTransaction(ctx, raw)
	var said *node.RPCError
	if errors.As(err, &said) && said.Code == inChain {
		return nil
	}
	return err
}

// unspent asks for a coin as the best chain has it, payouts still in the
// mempool left aside.
func (c treasuryChain) unspent(ctx context.Context, coin treasury.OutPoint) (hashyard.Sats, bool, error) {
	out, err := c.node.TxOut(ctx, coin.Hash, coin.Index, false)
	if err != nil || out == nil {
		return 0, false, err
	}
	return out.Value, true, nil
}

// railBalance is the payment rail as the treasury's reconciliation sees it.
type railBalance struct{ rail *stripe.Rail }

func (r railBalance) Balance(ctx context.Context) (available, pending hashyard.Cents, err error) {
	b, err := r.rail.Balance(ctx)
	return b.Available, b.Pending, err
}
