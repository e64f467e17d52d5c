package invariants

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/pool/node"
)

// coin is an output that pays the treasury.
type coin struct {
	tx  string
	out int64
}

// walked is what a walk over all blocks up to the treasury's head found.
type walked struct {
	made   map[coin]int64   // value
	spent  map[coin]bool    // also of coins of others
	placed map[string]int   // how many blocks have a transaction
	blocks map[int64]string // by height
}

// chainIsTreasury walks the chain up to where the treasury has scanned and
// compares every coin and every payout.
func chainIsTreasury(ctx context.Context, v view) ([]string, error) {
	var height int64
	var hash string
	var script []byte
	err := v.tx.QueryRow(ctx, "SELECT height, hash, script FROM treasury_head").Scan(&height, &hash, &script)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && hash == "" {
		return nil, nil // nothing was scanned yet
	}
	if err != nil {
		return nil, err
	}
	w, err := walk(ctx, v.Chain, height, script)
	if err != nil {
		return nil, err
	}
	if w.blocks[height] != hash {
		// The chain was reorganised and the treasury has not followed yet.
		return []string{fmt.Sprintf("scanned block %d is %s, the chain has %s", height, hash, w.blocks[height])}, nil
	}
	bad, err := w.coins(ctx, v)
	if err != nil {
		return nil, err
	}
	more, err := w.payouts(ctx, v)
	return append(bad, more...), err
}

func walk(ctx context.Context, chain *node.Client, height int64, script []byte) (*walked, error) {
	w := &walked{made: map[coin]int64{}, spent: map[coin]bool{}, placed: map[string]int{}, blocks: map[int64]string{}}
	for h := int64(0); h <= height; h++ {
		at, err := chain.BlockHash(ctx, h)
		if errors.Is(err, hashyard.NotFound) {
			return w, nil // shorter than what was scanned
		}
		if err != nil {
			return nil, err
		}
		b, err := chain.Block(ctx, at)
		if err != nil {
			return nil, err
		}
		w.blocks[h] = at.String()
		for _, tx := range b.Transactions {
			id := tx.ID.String()
			w.placed[id]++
			for _, in := range tx.Inputs {
				if in.Coinbase == nil {
					w.spent[coin{in.TxID.String(), int64(in.Vout)}] = true
				}
			}
			for n, o := range tx.Outputs {
				if bytes.Equal(o.Script, script) {
					w.made[coin{id, int64(n)}] = int64(o.Value)
				}
			}
		}
	}
	return w, nil
}

// coins compares each coin, one by one and in both directions.
func (w *walked) coins(ctx context.Context, v view) (bad []string, err error) {
	rows, err := v.tx.Query(ctx, "SELECT txid, vout, sats, spent_height IS NOT NULL FROM treasury_coins")
	if err != nil {
		return nil, err
	}
	known := map[coin]bool{}
	var c coin
	var sats int64
	var spent bool
	_, err = pgx.ForEachRow(rows, []any{&c.tx, &c.out, &sats, &spent}, func() error {
		known[c] = true
		value, made := w.made[c]
		if !made || value != sats || spent != w.spent[c] {
			bad = append(bad, fmt.Sprintf("coin %s:%d of %d sat (spent %t): the chain made it %t of %d (spent %t)", c.tx, c.out, sats, spent, made, value, w.spent[c]))
		}
		return nil
	})
	for c, value := range w.made {
		if !known[c] {
			bad = append(bad, fmt.Sprintf("the chain has coin %s:%d of %d sat, the treasury does not", c.tx, c.out, value))
		}
	}
	return bad, err
}

// payouts looks for each payout's transaction. That no other one spends the
// treasury's coins, the comparison of coins shows.
func (w *walked) payouts(ctx context.Context, v view) (bad []string, err error) {
	rows, err := v.tx.Query(ctx, "SELECT id::text, txid, mined_height IS NOT NULL, tx FROM payouts WHERE txid IS NOT NULL")
	if err != nil {
		return nil, err
	}
	var id, txid string
	var mined bool
	var raw []byte
	_, err = pgx.ForEachRow(rows, []any{&id, &txid, &mined, &raw}, func() error {
		if n := w.placed[txid]; (n == 1) != mined || n > 1 {
			bad = append(bad, fmt.Sprintf("payout %s is mined: %t; its transaction %s is in %d blocks", id, mined, txid, n))
		}
		if len(raw) == 0 {
			bad = append(bad, fmt.Sprintf("payout %s has %s and no bytes", id, txid))
		}
		return nil
	})
	return bad, err
}
