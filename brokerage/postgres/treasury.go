package postgres

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/brokerage/ledger"
	"hashyard/brokerage/treasury"
	"hashyard/migrations/pg"
)

// Treasury implements treasury.Store. The head's row is locked before coins,
// payouts after it by id, the ledger last.
type Treasury struct{ db *pg.DB }

var _ treasury.Store = (*Treasury)(nil)

// Treasury is the store of the same yard's treasury.
func (s *Store) Treasury() *Treasury { return &Treasury{db: s.db} }

func hashText(h treasury.Hash) any {
	if h == (treasury.Hash{}) {
		return nil
	}
	return h.String()
}

func parseHash(s string) (treasury.Hash, error) {
	if s == "" {
		return treasury.Hash{}, nil
	}
	h, err := chainhash.NewHashFromStr(s)
	if err != nil {
		return treasury.Hash{}, fmt.Errorf("stored hash %q: %w", s, err)
	}
	return *h, nil
}

const headColumns = "network, address, script, height, hash, per_payout_sats, per_day_sats, max_fee_sats"

func scanHead(row pgx.CollectableRow) (h treasury.Head, err error) {
	var hash string
	l := &h.Limits
	if err := row.Scan(&h.Network, &h.Address, &h.Script, &h.Height, &hash, &l.PerPayout, &l.PerDay, &l.MaxFee); err != nil {
		return h, err
	}
	h.Hash, err = parseHash(hash)
	return h, err
}

func head(ctx context.Context, tx *pg.Tx, lock string) (treasury.Head, error) {
	return exactlyOne(ctx, tx, scanHead, "SELECT "+headColumns+" FROM treasury_head"+lock)
}

// Head implements treasury.Store.
func (s *Treasury) Head(ctx context.Context) (h treasury.Head, err error) {
	err = s.db.AsSystem(ctx, "treasury.read", func(ctx context.Context, tx *pg.Tx) error {
		h, err = head(ctx, tx, "")
		return err
	})
	return h, pg.Fail(err, "treasury head")
}

// Adopt implements treasury.Store.
func (s *Treasury) Adopt(ctx context.Context, h treasury.Head) (out treasury.Head, err error) {
	err = s.db.AsSystem(ctx, "treasury.adopt", func(ctx context.Context, tx *pg.Tx) error {
		_, err := tx.Conn().Exec(ctx, "INSERT INTO treasury_head ("+headColumns+`)
			VALUES ($1, $2, $3, $4, '', $5, $6, $7) ON CONFLICT (one) DO UPDATE SET
			(per_payout_sats, per_day_sats, max_fee_sats) = (EXCLUDED.per_payout_sats, EXCLUDED.per_day_sats, EXCLUDED.max_fee_sats)`,
			h.Network, h.Address, h.Script, h.Height, h.Limits.PerPayout, h.Limits.PerDay, h.Limits.MaxFee)
		if err != nil {
			return err
		}
		if out, err = head(ctx, tx, ""); err != nil {
			return err
		}
		if out.Network != h.Network || out.Address != h.Address || !bytes.Equal(out.Script, h.Script) {
			return hashyard.Conflict.Errorf("this treasury is %s (%s), the signer holds the key of %s (%s): start the signer with its own folder", out.Address, out.Network, h.Address, h.Network)
		}
		return nil
	})
	return out, pg.Fail(err, "adopt treasury %s", h.Address)
}

const coinColumns = `c.txid, c.vout, c.sats, c.kind, c.height, c.mature, coalesce(c.spent_height, 0), coalesce(c.spent_hash, ''), r.payout_id`

const coinsFrom = ` FROM treasury_coins c LEFT JOIN payout_coins r ON r.txid = c.txid AND r.vout = c.vout AND r.free_at IS NULL `

func scanCoin(row pgx.CollectableRow) (c treasury.Coin, err error) {
	var txid, spent string
	if err := row.Scan(&txid, &c.Point.Index, &c.Value, &c.Kind, &c.Height, &c.Mature, &c.Spent.Height, &spent, &c.Holder); err != nil {
		return c, err
	}
	if c.Point.Hash, err = parseHash(txid); err != nil {
		return c, err
	}
	c.Spent.Hash, err = parseHash(spent)
	return c, err
}

// Coins implements treasury.Store.
func (s *Treasury) Coins(ctx context.Context) (out []treasury.Coin, err error) {
	err = s.db.AsSystem(ctx, "treasury.read", func(ctx context.Context, tx *pg.Tx) error {
		out, err = list(ctx, tx, scanCoin, "SELECT "+coinColumns+coinsFrom+"WHERE c.spent_height IS NULL ORDER BY c.height, c.txid, c.vout")
		return err
	})
	return out, pg.Fail(err, "treasury coins")
}

// Balances implements treasury.Store: one statement, one snapshot.
func (s *Treasury) Balances(ctx context.Context) (b treasury.Balances, err error) {
	err = s.db.AsSystem(ctx, "treasury.read", func(ctx context.Context, tx *pg.Tx) error {
		b, err = balancesOf(ctx, tx)
		return err
	})
	return b, pg.Fail(err, "treasury balances")
}

func balancesOf(ctx context.Context, tx *pg.Tx) (b treasury.Balances, err error) {
	var hash string
	err = tx.Conn().QueryRow(ctx, `
		SELECT h.height, h.hash, c.ripe, c.green, c.held, p.way,
			coalesce((SELECT sum(balance)::bigint FROM ledger_accounts WHERE currency = 'BTC' AND purpose = $1), 0),
			coalesce((SELECT sum(balance)::bigint FROM ledger_accounts WHERE currency = 'BTC' AND purpose = $2), 0)
		FROM treasury_head h
		CROSS JOIN LATERAL (SELECT coalesce(sum(c.sats) FILTER (WHERE c.mature <= h.height), 0)::bigint AS ripe,
			coalesce(sum(c.sats) FILTER (WHERE c.mature > h.height), 0)::bigint AS green,
			coalesce(sum(c.sats) FILTER (WHERE r.payout_id IS NOT NULL), 0)::bigint AS held`+coinsFrom+`WHERE c.spent_height IS NULL) c
		CROSS JOIN (SELECT coalesce(sum(amount_sats + fee_sats), 0)::bigint AS way FROM payouts
			WHERE tx IS NOT NULL AND mined_height IS NULL) p`,
		ledger.TreasuryCoins, ledger.TreasuryInFlight).
		Scan(&b.Head.Height, &hash, &b.Spendable, &b.Immature, &b.Held, &b.InFlight, &b.LedgerCoins, &b.LedgerInFlight)
	if err != nil {
		return b, err
	}
	b.Head.Hash, err = parseHash(hash)
	return b, err
}

// Connect implements treasury.Store.
func (s *Treasury) Connect(ctx context.Context, b treasury.Block, rule func(treasury.Known) (treasury.Connected, error)) (h treasury.Head, err error) {
	err = s.db.AsSystem(ctx, "treasury.scan", func(ctx context.Context, tx *pg.Tx) error {
		k, err := known(ctx, tx, b)
		if err != nil {
			return err
		}
		c, err := rule(k)
		if err != nil {
			return err
		}
		if err := s.write(ctx, tx, c); err != nil {
			return err
		}
		hashyard.Hit(hashyard.AtScanConnect)
		h = k.Head
		h.Place = c.Place
		return nil
	})
	return h, pg.Fail(err, "connect block %d", b.Height)
}

// known loads what a block touches, the head locked.
func known(ctx context.Context, tx *pg.Tx, b treasury.Block) (k treasury.Known, err error) {
	if k.Head, err = head(ctx, tx, " FOR UPDATE"); err != nil {
		return k, err
	}
	if k.Head.Height != b.Height-1 || (k.Head.Hash != (treasury.Hash{}) && k.Head.Hash != b.Prev) {
		return k, hashyard.Conflict.Errorf("block %d does not follow the scanned block %d", b.Height, k.Head.Height)
	}
	var txids, spentTx []string
	var spentOut []int64
	for _, t := range b.Txs {
		txids = append(txids, t.ID.String())
		for _, o := range t.Spends {
			spentTx, spentOut = append(spentTx, o.Hash.String()), append(spentOut, int64(o.Index))
		}
	}
	coins, err := list(ctx, tx, scanCoin, "SELECT "+coinColumns+coinsFrom+`
		WHERE c.spent_height IS NULL AND (c.txid, c.vout) IN (SELECT * FROM unnest($1::text[], $2::bigint[]))`, spentTx, spentOut)
	if err != nil {
		return k, err
	}
	k.Coins = map[treasury.OutPoint]treasury.Coin{}
	for _, c := range coins {
		k.Coins[c.Point] = c
	}
	k.Ripe, err = list(ctx, tx, scanCoin, "SELECT "+coinColumns+coinsFrom+"WHERE c.spent_height IS NULL AND c.mature = $1 AND c.height < $1", b.Height)
	if err != nil {
		return k, err
	}
	ps, err := list(ctx, tx, scanPayout, "SELECT "+payoutColumns+" FROM payouts WHERE txid = ANY ($1) ORDER BY id FOR UPDATE", txids)
	if err != nil {
		return k, err
	}
	k.Payouts = map[treasury.Hash]treasury.Payout{}
	for _, p := range ps {
		id, err := parseHash(p.TxID)
		if err != nil {
			return k, err
		}
		k.Payouts[id] = p
	}
	return k, nil
}

// write stores what a block changes.
func (s *Treasury) write(ctx context.Context, tx *pg.Tx, c treasury.Connected) error {
	entries, err := json.Marshal(c.Entries)
	if err != nil {
		return err
	}
	var q pgx.Batch
	for _, o := range c.Spent {
		q.Queue("UPDATE treasury_coins SET spent_height = $3, spent_hash = $4 WHERE txid = $1 AND vout = $2", o.Hash.String(), o.Index, c.Height, c.Hash.String())
	}
	for _, n := range c.Created {
		var height any
		if n.Spent.Hash != (treasury.Hash{}) {
			height = n.Spent.Height
		}
		q.Queue(`INSERT INTO treasury_coins (txid, vout, sats, kind, height, mature, spent_height, spent_hash)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, n.Point.Hash.String(), n.Point.Index, n.Value, n.Kind, n.Height, n.Mature, height, hashText(n.Spent.Hash))
	}
	q.Queue("INSERT INTO treasury_blocks (id, height, hash, entries) VALUES ($1, $2, $3, $4)", c.ID, c.Height, c.Hash.String(), entries)
	q.Queue("UPDATE treasury_head SET height = $1, hash = $2", c.Height, c.Hash.String())
	if err := tx.Conn().SendBatch(ctx, &q).Close(); err != nil {
		return err
	}
	for _, p := range c.Payouts {
		if err := updatePayout(ctx, tx, p); err != nil {
			return err
		}
	}
	if err := tx.Emit(ctx, c.Events...); err != nil {
		return err
	}
	return s.post(ctx, tx, c.Entries)
}

func (s *Treasury) post(ctx context.Context, tx *pg.Tx, entries []ledger.Entry) error {
	for _, e := range entries {
		if err := Post(ctx, tx, e); err != nil {
			return err
		}
	}
	return nil
}

// Disconnect implements treasury.Store.
func (s *Treasury) Disconnect(ctx context.Context, at treasury.Place, rule func([]treasury.Payout, []ledger.Entry) ([]treasury.Payout, []ledger.Entry, error)) (h treasury.Head, err error) {
	err = s.db.AsSystem(ctx, "treasury.scan", func(ctx context.Context, tx *pg.Tx) error {
		if h, err = head(ctx, tx, " FOR UPDATE"); err != nil {
			return err
		}
		if h.Place != at {
			return hashyard.Conflict.Errorf("the scanned block is %d, not %d any more", h.Height, at.Height)
		}
		var id hashyard.ID
		var entries []ledger.Entry
		if err := tx.Conn().QueryRow(ctx, "SELECT id, entries FROM treasury_blocks WHERE height = $1 AND undone_at IS NULL", at.Height).Scan(&id, &entries); err != nil {
			return err
		}
		ps, err := list(ctx, tx, scanPayout, "SELECT "+payoutColumns+" FROM payouts WHERE mined_hash = $1 ORDER BY id FOR UPDATE", at.Hash.String())
		if err != nil {
			return err
		}
		if ps, entries, err = rule(ps, entries); err != nil {
			return err
		}
		if h.Place, err = undo(ctx, tx, at, id); err != nil {
			return err
		}
		for _, p := range ps {
			if err := updatePayout(ctx, tx, p); err != nil {
				return err
			}
		}
		return s.post(ctx, tx, entries)
	})
	return h, pg.Fail(err, "disconnect block %d", at.Height)
}

// undo takes a block's coins back and returns the block below it.
func undo(ctx context.Context, tx *pg.Tx, at treasury.Place, id hashyard.ID) (treasury.Place, error) {
	var q pgx.Batch
	q.Queue("DELETE FROM treasury_coins WHERE height = $1", at.Height)
	q.Queue("UPDATE treasury_coins SET spent_height = NULL, spent_hash = NULL WHERE spent_height = $1", at.Height)
	q.Queue("UPDATE treasury_blocks SET undone_at = now() WHERE id = $1", id)
	if err := tx.Conn().SendBatch(ctx, &q).Close(); err != nil {
		return treasury.Place{}, err
	}
	below := treasury.Place{Height: at.Height - 1}
	var hash string
	err := tx.Conn().QueryRow(ctx, "SELECT hash FROM treasury_blocks WHERE height = $1 AND undone_at IS NULL", below.Height).Scan(&hash)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return below, err
	}
	if below.Hash, err = parseHash(hash); err != nil {
		return below, err
	}
	_, err = tx.Conn().Exec(ctx, "UPDATE treasury_head SET height = $1, hash = $2", below.Height, hash)
	return below, err
}
