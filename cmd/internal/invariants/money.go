package invariants

import (
	"context"
	"fmt"
)

func money() []Invariant {
	return []Invariant{
		{
			Name: "money.entry-sums-to-zero", Says: "every ledger entry sums to zero in each of its currencies",
			SQL: `SELECT e.key || ': ' || p.currency || ' ' || sum(p.amount) FROM ledger_postings p JOIN ledger_entries e ON e.id = p.entry_id
				GROUP BY e.key, p.currency HAVING sum(p.amount) <> 0`,
		},
		{
			Name: "money.entry-is-whole", Says: "every ledger entry has all its postings",
			SQL: `SELECT e.key FROM ledger_entries e WHERE e.postings <> (SELECT count(*) FROM ledger_postings p WHERE p.entry_id = e.id)`,
		},
		{
			Name: "money.accounts-are-postings", Says: "every account's balance is the sum of its postings",
			SQL: `SELECT org_id || ' ' || currency || ' ' || purpose || ': ' || coalesce(a.balance, 0) || ', postings ' || coalesce(p.total, 0)
				FROM ledger_accounts a FULL JOIN
					(SELECT org_id, currency, purpose, sum(amount)::bigint AS total FROM ledger_postings GROUP BY 1, 2, 3) p
					USING (org_id, currency, purpose)
				WHERE coalesce(a.balance, 0) <> coalesce(p.total, 0)`,
		},
		{
			Name: "money.currency-sums-to-zero", Says: "all accounts of a currency sum to zero",
			SQL: `SELECT currency || ' ' || sum(balance) FROM ledger_accounts GROUP BY currency HAVING sum(balance) <> 0`,
		},
		{
			Name: "money.no-forbidden-balance", Says: "nobody owes the house what it owes them; no asset is below zero, and what is in flight is still in the coins",
			SQL: `SELECT org_id || ' ' || currency || ' ' || purpose || ': ' || balance FROM ledger_accounts
				WHERE (purpose IN ('held', 'earnings') AND balance > 0)
				   OR (purpose IN ('stripe_balance', 'treasury_coins') AND balance < 0)
				   OR (purpose = 'treasury_in_flight' AND balance > 0)`,
		},
		{
			Name: "money.held-is-trades", Says: "what is held for a buyer is what its trades received and have not passed on",
			SQL: `SELECT org || ': held ' || held || ', in trades ' || trades FROM (
					SELECT org, sum(held)::bigint AS held, sum(trades)::bigint AS trades FROM (
						SELECT org_id AS org, -balance AS held, 0 AS trades FROM ledger_accounts WHERE purpose = 'held'
						UNION ALL SELECT buyer_org, 0, received_cents - paid_cents - kept_cents - refunded_cents FROM trades) x
					GROUP BY org) y
				WHERE held <> trades`,
		},
		{
			Name: "money.trade-moves-once", Says: "a trade is funded by one entry, and released or refunded by one",
			SQL: `SELECT t.id || ' ' || t.state || ': ' || count(e.id) FILTER (WHERE e.key = 'trade-' || t.id || '-funded') || ' funded, '
					|| count(e.id) FILTER (WHERE e.key <> 'trade-' || t.id || '-funded') || ' passed on'
				FROM trades t LEFT JOIN ledger_entries e ON e.ref_kind = 'trade' AND e.ref_id = t.id
				GROUP BY t.id, t.state, t.received_cents, t.paid_cents, t.kept_cents, t.refunded_cents
				HAVING count(e.id) FILTER (WHERE e.key = 'trade-' || t.id || '-funded') <> (t.received_cents > 0)::int
				    OR count(e.id) FILTER (WHERE e.key <> 'trade-' || t.id || '-funded') <> (t.paid_cents + t.kept_cents + t.refunded_cents > 0)::int`,
		},
		{
			Name: "money.statement-is-booked-once", Says: "a statement whose event is done is in the ledger, once",
			SQL: `SELECT s.id || ': ' || count(e.id) || ' entries' FROM pool_statements s
				LEFT JOIN ledger_entries e ON e.key = 'statement-' || s.id
				JOIN outbox o ON o.kind = 'earnings.settled' AND o.ref_id = s.id AND o.done_at IS NOT NULL
				GROUP BY s.id, s.gross_sats, s.residue_sats HAVING count(e.id) <> (s.gross_sats + s.residue_sats > 0)::int`,
		},
		{
			Name: "money.earnings-are-statements", Says: "what an organisation is owed is its booked statements less its signed payouts",
			SQL: `SELECT org || ': owed ' || owed || ', statements less payouts ' || due FROM (
					SELECT org, sum(owed)::bigint AS owed, sum(due)::bigint AS due FROM (
						SELECT org_id AS org, -balance AS owed, 0 AS due FROM ledger_accounts WHERE purpose = 'earnings'
						UNION ALL SELECT s.org_id, 0, s.net_sats FROM pool_statements s JOIN ledger_entries e ON e.key = 'statement-' || s.id
						UNION ALL SELECT org_id, 0, -amount_sats FROM payouts WHERE tx IS NOT NULL) x
					GROUP BY org) y
				WHERE owed <> due`,
		},
		{
			Name: "payout.in-flight-is-ledger", Says: "what is signed and in no block is what the ledger has in flight",
			SQL: `SELECT 'payouts ' || p || ', ledger ' || l FROM
				(SELECT coalesce(sum(amount_sats + fee_sats), 0)::bigint AS p FROM payouts WHERE tx IS NOT NULL AND mined_height IS NULL) a,
				(SELECT coalesce(-sum(balance), 0)::bigint AS l FROM ledger_accounts WHERE purpose = 'treasury_in_flight') b
				WHERE p <> l`,
		},
		{
			Name: "payout.coins-are-ledger", Says: "the treasury's mature coins are what the ledger has",
			SQL: `SELECT 'coins ' || c || ', ledger ' || l FROM
				(SELECT coalesce(sum(c.sats), 0)::bigint AS c FROM treasury_coins c, treasury_head h WHERE c.spent_height IS NULL AND c.mature <= h.height) a,
				(SELECT coalesce(sum(balance), 0)::bigint AS l FROM ledger_accounts WHERE purpose = 'treasury_coins') b
				WHERE c <> l`,
		},
		{
			Name: "payout.signed-is-booked-once", Says: "every signed payout is taken off its earnings once, and no unsigned one is",
			SQL: `SELECT p.id || ' ' || p.state || ': ' || coalesce(sum(l.amount), 0) || ' of ' || p.amount_sats FROM payouts p
				LEFT JOIN ledger_entries e ON e.ref_kind = 'payout' AND e.ref_id = p.id
				LEFT JOIN ledger_postings l ON l.entry_id = e.id AND l.purpose = 'earnings'
				GROUP BY p.id, p.state, p.amount_sats, p.tx
				HAVING coalesce(sum(l.amount), 0) <> CASE WHEN p.tx IS NULL THEN 0 ELSE p.amount_sats END`,
		},
		{
			Name: "payout.coin-has-one-holder", Says: "a coin is held by one payout at most, and a signed payout keeps its coins",
			SQL: `SELECT txid || ':' || vout || ' has ' || count(*) || ' holders' FROM payout_coins WHERE free_at IS NULL GROUP BY txid, vout HAVING count(*) > 1
				UNION ALL SELECT p.id || ' is signed and holds nothing' FROM payouts p
				WHERE p.tx IS NOT NULL AND NOT EXISTS (SELECT FROM payout_coins c WHERE c.payout_id = p.id AND c.free_at IS NULL)`,
		},
		{
			Name: "payout.mined-in-a-best-block", Says: "a payout is in a block only while that block is on the scanned chain",
			SQL: `SELECT p.id || ' in ' || p.mined_hash FROM payouts p WHERE p.mined_hash IS NOT NULL
				AND NOT EXISTS (SELECT FROM treasury_blocks b WHERE b.hash = p.mined_hash AND b.height = p.mined_height AND b.undone_at IS NULL)`,
		},
		{
			Name: "payout.chain-has-it-once", Says: "coins are the chain's own, and a sent payout is in at most one place of one block",
			check: chainIsTreasury, needs: aChain,
		},
		{
			Name: "money.double-is-ledger", Says: "the payment provider holds what the ledger says, and each trade was paid, passed on and refunded once",
			check: doubleIsLedger, needs: aDouble,
		},
	}
}

// doubleIsLedger compares the payment double with the ledger and the trades.
// Money that the provider has and no webhook or sweep has told us of yet is a
// difference: it is looked at when nothing is under way.
func doubleIsLedger(ctx context.Context, v view) ([]string, error) {
	st, err := v.Double(ctx)
	if err != nil {
		return nil, err
	}
	var booked int64
	if err := v.tx.QueryRow(ctx, "SELECT coalesce(sum(balance), 0)::bigint FROM ledger_accounts WHERE purpose = 'stripe_balance'").Scan(&booked); err != nil {
		return nil, err
	}
	var bad []string
	if has := st.Available + st.Pending + st.Fees; has != booked {
		bad = append(bad, fmt.Sprintf("the provider holds %d cents and kept %d, the ledger has %d", st.Available+st.Pending, st.Fees, booked))
	}
	type sums struct{ received, paid, refunded, transfers int64 }
	seen := map[string]*sums{}
	of := func(trade string) *sums {
		if seen[trade] == nil {
			seen[trade] = &sums{}
		}
		return seen[trade]
	}
	trade := map[string]string{} // by payment
	for _, p := range st.Payments {
		trade[p.ID] = p.Metadata["trade"]
		if p.Status == "succeeded" {
			of(p.Metadata["trade"]).received += p.Amount
		}
	}
	for _, t := range st.Transfers {
		of(t.Metadata["trade"]).paid += t.Amount - t.Reversed
		of(t.Metadata["trade"]).transfers++
	}
	for _, r := range st.Refunds {
		if r.Payment != "" && r.Status != "failed" && r.Status != "canceled" {
			of(trade[r.Payment]).refunded += r.Amount
		}
	}
	rows, err := v.tx.Query(ctx, "SELECT id::text, received_cents, paid_cents, refunded_cents FROM trades")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		var ours sums
		if err := rows.Scan(&id, &ours.received, &ours.paid, &ours.refunded); err != nil {
			return nil, err
		}
		its := *of(id)
		if its.received != ours.received || its.paid != ours.paid || its.refunded != ours.refunded || its.transfers > 1 {
			bad = append(bad, fmt.Sprintf("trade %s: the provider received %d, paid %d in %d transfers, refunded %d cents; the trade has %d, %d, %d",
				id, its.received, its.paid, its.transfers, its.refunded, ours.received, ours.paid, ours.refunded))
		}
	}
	return bad, rows.Err()
}
