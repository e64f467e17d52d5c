package treasury

import (
	"bytes"
	"fmt"
	"time"

	"hashyard"
	"hashyard/brokerage/ledger"
)

// CoinKind is where a coin comes from.
type CoinKind string

// The kinds of coins.
const (
	Reward  CoinKind = "reward"  // a block of our pool
	Deposit CoinKind = "deposit" // whatever else was paid to us
	Change  CoinKind = "change"  // back from a payout of ours
)

// Coin is an output that pays the treasury.
type Coin struct {
	Point  OutPoint
	Value  hashyard.Sats
	Kind   CoinKind
	Height int64       // of its block
	Mature int64       // the scanned height from which it may be spent
	Spent  Place       // zero while unspent
	Holder hashyard.ID // the payout that holds it, if any
}

// Head is how far the chain was scanned, and for which script.
type Head struct {
	Place
	Network string
	Address string
	Script  []byte
	Limits  Limits // the signer's, as last heard
}

// Limits are what the signer allows.
type Limits struct {
	PerPayout, PerDay, MaxFee hashyard.Sats
}

// Rules are the constants of scanning.
type Rules struct {
	House    hashyard.ID
	Maturity int64  // of coinbases, in blocks
	Tag      string // in the coinbases of our pool; empty: no block is ours
}

// Known is what the store knows of a block before it is connected.
type Known struct {
	Head    Head
	Coins   map[OutPoint]Coin // of ours that the block spends
	Ripe    []Coin            // coinbases of earlier blocks that mature with it
	Payouts map[Hash]Payout   // that the block mines
}

// Connected is what a block changes.
type Connected struct {
	Place
	ID      hashyard.ID // of this connecting; a block may come back after a reorg
	Spent   []OutPoint
	Created []Coin
	Payouts []Payout
	Events  []hashyard.Event
	Entries []ledger.Entry
	Foreign []OutPoint // coins of ours that were spent by something that is no payout
}

// Connect works out what a block does to the treasury. The ledger follows so
// that treasury_coins is the sum of coins that can be spent in the next block.
func (r Rules) Connect(b Block, k Known, now time.Time) (Connected, error) {
	c := connecting{rules: r, block: b, known: k, now: now, out: Connected{Place: b.Place, ID: hashyard.NewID()}, made: map[OutPoint]int{}}
	for _, tx := range b.Txs {
		if err := c.tx(tx); err != nil {
			return Connected{}, fmt.Errorf("block %s, transaction %s: %w", b.Hash, tx.ID, err)
		}
	}
	for _, coin := range k.Ripe {
		c.count(coin)
	}
	c.entry()
	return c.out, nil
}

// connecting is one block on its way.
type connecting struct {
	rules Rules
	block Block
	known Known
	now   time.Time
	out   Connected
	made  map[OutPoint]int // index in out.Created

	rewards, capital hashyard.Sats // what came in, by where it came from
}

func (c *connecting) tx(tx Tx) error {
	in := c.spend(tx)
	p, ours := c.known.Payouts[tx.ID]
	out, err := c.create(tx, ours)
	if err != nil {
		return err
	}
	switch {
	case tx.Coinbase != nil:
		return nil // counted when it is mature
	case ours:
		return c.mine(p, in, out)
	}
	// A payment to us, or coins spent around the treasury by the key's holder:
	// either is between the house and its capital.
	c.capital += out - in
	return nil
}

// spend marks our coins that a transaction spends and sums them.
func (c *connecting) spend(tx Tx) (sum hashyard.Sats) {
	_, payout := c.known.Payouts[tx.ID]
	for _, o := range tx.Spends {
		if i, ok := c.made[o]; ok { // made in this very block
			c.out.Created[i].Spent = c.block.Place
			sum += c.out.Created[i].Value
			continue
		}
		coin, ok := c.known.Coins[o]
		if !ok {
			continue
		}
		c.out.Spent = append(c.out.Spent, o)
		sum += coin.Value
		if !payout {
			c.out.Foreign = append(c.out.Foreign, o)
		}
	}
	return sum
}

// create finds outputs that pay us and sums them.
func (c *connecting) create(tx Tx, payout bool) (sum hashyard.Sats, err error) {
	for i, o := range tx.Outputs {
		if o.Value <= 0 || !sameScript(o.Script, c.known.Head.Script) {
			continue
		}
		coin := Coin{
			Point: OutPoint{Hash: tx.ID, Index: uint32(i)}, Value: o.Value,
			Kind: Deposit, Height: c.block.Height, Mature: c.block.Height,
		}
		switch {
		case payout:
			coin.Kind = Change
		case tx.Coinbase != nil:
			// Spendable in the next block, so counted one below the rule's depth.
			coin.Mature = c.block.Height + max(c.rules.Maturity, 1) - 1
			if c.rules.Tag != "" && bytes.Contains(tx.Coinbase, []byte(c.rules.Tag)) {
				coin.Kind = Reward
			}
			if coin.Mature == c.block.Height {
				c.count(coin)
			}
		}
		c.made[coin.Point] = len(c.out.Created)
		c.out.Created = append(c.out.Created, coin)
		if sum += o.Value; sum < 0 {
			return 0, hashyard.ErrOverflow
		}
	}
	return sum, nil
}

// count takes a mature coinbase into the books.
func (c *connecting) count(coin Coin) {
	if coin.Kind == Reward {
		c.rewards += coin.Value
		return
	}
	c.capital += coin.Value
}

// mine books a payout that the block holds.
func (c *connecting) mine(p Payout, in, out hashyard.Sats) error {
	if in-out != p.Amount+p.Fee {
		return hashyard.Conflict.Errorf("payout %s takes %d sat from the treasury, its amount and fee are %d", p.ID, in-out, p.Amount+p.Fee)
	}
	sent := p.BroadcastAt.IsZero()
	p, err := p.After(StepMine, c.now)
	if err != nil {
		return err
	}
	p.Mined = c.block.Place
	c.out.Payouts = append(c.out.Payouts, p)
	if sent { // the node took it, and its answer was lost
		ev, err := p.event(hashyard.EvPayoutSent, c.now)
		if err != nil {
			return err
		}
		c.out.Events = append(c.out.Events, ev)
	}
	c.out.Entries = append(c.out.Entries, ledger.Entry{
		Key: fmt.Sprintf("payout-%s-mined-%s", p.ID, c.out.ID), At: c.now, Ref: p.Ref(),
		Memo: fmt.Sprintf("payout %s is in block %d", p.TxID, c.block.Height),
		Postings: []ledger.Posting{
			c.rules.line(ledger.TreasuryInFlight, p.Amount+p.Fee), c.rules.line(ledger.TreasuryCoins, -p.Amount-p.Fee),
		},
	})
	return nil
}

// entry books everything else the block does.
func (c *connecting) entry() {
	e := ledger.Entry{
		Key: fmt.Sprintf("treasury-block-%s", c.out.ID), At: c.now, Ref: hashyard.Ref{Kind: "block", ID: c.out.ID},
		Memo: fmt.Sprintf("coins of block %d %s", c.block.Height, c.block.Hash),
		Postings: []ledger.Posting{
			c.rules.line(ledger.TreasuryCoins, c.rewards+c.capital),
			c.rules.line(ledger.BlockRewards, -c.rewards), c.rules.line(ledger.Capital, -c.capital),
		},
	}.Compact()
	if len(e.Postings) > 0 {
		c.out.Entries = append(c.out.Entries, e)
	}
}

func (r Rules) line(p ledger.Purpose, amount hashyard.Sats) ledger.Posting {
	return ledger.Posting{Org: r.House, Currency: hashyard.BTC, Purpose: p, Amount: int64(amount)}
}

// PostedKey is the ledger key of a payout's signature.
func PostedKey(payout hashyard.ID) string { return "payout-" + payout.String() }

// posted is the entry of a signature: the organisation's earnings and the fee
// are on their way.
func (r Rules) posted(p Payout, now time.Time) ledger.Entry {
	return ledger.Entry{
		Key: PostedKey(p.ID), At: now, Ref: p.Ref(), Memo: "payout " + p.TxID + " to " + p.Address,
		Postings: []ledger.Posting{
			{Org: p.Org, Currency: hashyard.BTC, Purpose: ledger.Earnings, Amount: int64(p.Amount)},
			r.line(ledger.NetworkFees, p.Fee),
			r.line(ledger.TreasuryInFlight, -p.Amount-p.Fee),
		},
	}
}

// undone reverses what a block's connecting posted.
func undone(entries []ledger.Entry, now time.Time) []ledger.Entry {
	out := make([]ledger.Entry, len(entries))
	for i, e := range entries {
		out[i] = e.Reversal(e.Key+"-undone", "the block left the best chain: "+e.Memo, now)
	}
	return out
}
