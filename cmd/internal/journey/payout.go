package journey

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"syscall"

	"github.com/btcsuite/btcd/address/v2"
	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/pool/node"
)

// freshAddress is a P2WPKH address of the local chain with a key of its own.
func freshAddress() (string, error) {
	key, err := btcec.NewPrivateKey()
	if err != nil {
		return "", err
	}
	a, err := address.NewAddressWitnessPubKeyHash(address.Hash160(key.PubKey().SerializeCompressed()), &chaincfg.RegressionNetParams)
	if err != nil {
		return "", err
	}
	return a.EncodeAddress(), nil
}

// scriptOf is the hex of the script that pays an address.
func scriptOf(text string) (string, error) {
	a, err := address.DecodeAddress(text, &chaincfg.RegressionNetParams)
	if err != nil {
		return "", fmt.Errorf("address %q: %w", text, err)
	}
	s, err := txscript.PayToAddrScript(a)
	return hex.EncodeToString(s), err
}

// bePaid sets a fresh address of the buyer's, before any of this journey's
// work is paid.
func (p *play) bePaid(ctx context.Context) error {
	var err error
	if p.address, err = freshAddress(); err != nil {
		return err
	}
	return p.setAddress(ctx)
}

func (p *play) setAddress(ctx context.Context) error {
	err := p.as["buyer.owner"].do(ctx, "PUT", "/api/v1/payout-address", map[string]any{"address": p.address}, nil)
	p.altered = p.altered && err != nil
	return err
}

// paidOut: without the signer a payout waits; altered in the database it is
// refused, wherever it was altered; to the buyer's own address it reaches the
// chain, and the ledger is the chain's sum.
func (p *play) paidOut(ctx context.Context) (string, error) {
	if err := p.signal(syscall.SIGSTOP); err != nil {
		return "", err
	}
	waiting, err := p.waits(ctx)
	if err != nil {
		return "", err
	}
	evil, err := p.alter(ctx, waiting)
	if err != nil {
		return "", err
	}
	if err := p.signal(syscall.SIGCONT); err != nil {
		return "", err
	}
	// The one that waited, and the next one, to the address that was written
	// where the buyer's is kept.
	next, err := p.refusedTo(ctx, waiting.ID, evil[0])
	if err == nil {
		next, err = p.refusedTo(ctx, next.ID, evil[1])
	}
	if err != nil {
		return "", err
	}
	if err := p.setAddress(ctx); err != nil {
		return "", err
	}
	paid, err := p.confirmed(ctx, next.ID)
	if err != nil {
		return "", err
	}
	if err := p.onChain(ctx, paid); err != nil {
		return "", err
	}
	sum, coins, height, err := p.ledgerIsChain(ctx)
	if err != nil {
		return "", err
	}
	for _, to := range evil {
		script, err := scriptOf(to)
		if err != nil {
			return "", err
		}
		if got := p.blocks.paidTo(script); got != 0 {
			return "", fmt.Errorf("%d sat reached %s, which was written into the database", got, to)
		}
	}
	return fmt.Sprintf("%d sat waited without the signer; two altered destinations refused · %d sat paid in %.12s…, fee %d, %d confirmations · ledger = chain: %d sat in %d coins at block %d",
		waiting.AmountSats, paid.AmountSats, paid.TxID, paid.FeeSats, paid.Confirmations, sum, coins, height), nil
}

// payouts are the buyer's, newest first.
func (p *play) payouts(ctx context.Context) ([]payoutView, error) {
	var page list[payoutView]
	err := p.as["buyer.owner"].get(ctx, "/api/v1/payouts?limit=100", &page)
	return page.Items, err
}

func (p *play) payout(ctx context.Context, id hashyard.ID) (payoutView, error) {
	var v payoutView
	err := p.as["buyer.owner"].get(ctx, "/api/v1/payouts/"+id.String(), &v)
	return v, err
}

// waits finds the buyer's payout that waits for the stopped signer. One that
// is on its way already must be buried first; that takes blocks.
func (p *play) waits(ctx context.Context) (payoutView, error) {
	var found payoutView
	err := until(ctx, p.params.period()+p.cfg.Wait, func() error {
		all, err := p.payouts(ctx)
		if err != nil {
			return err
		}
		for _, v := range all {
			switch v.State {
			case "awaiting_signature":
				found = v
				return nil
			case "signed", "broadcast":
				if err := p.mineOn(ctx); err != nil {
					return err
				}
				return notYet("payout %s is on its way with %d confirmations", v.ID, v.Confirmations)
			}
		}
		return notYet("none of %d payouts waits for the signer", len(all))
	})
	if err != nil {
		return found, err
	}
	// Time goes by, in blocks: it goes on waiting, and nothing is sent.
	if err := p.mineOn(ctx); err != nil {
		return found, err
	}
	still, err := p.payout(ctx, found.ID)
	if err == nil && (still.State != "awaiting_signature" || still.TxID != "") {
		err = fmt.Errorf("payout %s is %s (transaction %q) although the signer is stopped", still.ID, still.State, still.TxID)
	}
	return still, err
}

// mineOn works with all others on the chain's next block.
func (p *play) mineOn(ctx context.Context) error {
	if err := p.wire.ready(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, p.cfg.Wait)
	defer cancel()
	if err := p.wire.nextTip(ctx); err != nil {
		return fmt.Errorf("mining on: %w", err)
	}
	return nil
}

// alter is the hand of somebody who has the database: it writes another
// destination into a payout that waits, and yet another one into the place
// where the buyer's address is kept.
func (p *play) alter(ctx context.Context, v payoutView) (to [2]string, err error) {
	conn, err := pgx.Connect(ctx, p.w.DatabaseURL)
	if err != nil {
		return to, fmt.Errorf("the attacker's hand: %w", err)
	}
	defer conn.Close(ctx)
	for i, attack := range []struct {
		sql string
		id  hashyard.ID
	}{
		{"UPDATE payouts SET address = $2 WHERE id = $1 AND state = 'awaiting_signature'", v.ID},
		{"UPDATE payout_addresses SET address = $2 WHERE org_id = $1", p.buyer.ID},
	} {
		if to[i], err = freshAddress(); err != nil {
			return to, err
		}
		p.altered = true
		tag, err := conn.Exec(ctx, attack.sql, attack.id.String(), to[i])
		if err != nil {
			return to, fmt.Errorf("the attacker's hand: %w", err)
		}
		if tag.RowsAffected() != 1 {
			return to, fmt.Errorf("the attacker's hand changed %d rows: %s", tag.RowsAffected(), attack.sql)
		}
	}
	return to, nil
}

// refusedTo waits until a payout to an altered address, not older than the one
// given, is refused; the ledger must not have moved for it.
func (p *play) refusedTo(ctx context.Context, from hashyard.ID, to string) (payoutView, error) {
	var v payoutView
	err := until(ctx, p.params.period()+p.cfg.Wait, func() error {
		all, err := p.payouts(ctx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(v payoutView) bool { return v.Address == to })
		if i < 0 {
			return notYet("no payout to the altered address after %s", from)
		}
		switch v = all[i]; {
		case v.ID.String() < from.String():
			return fmt.Errorf("payout %s to the altered address came before it was altered", v.ID)
		case v.TxID != "" || v.State == "signed" || v.State == "broadcast" || v.State == "confirmed":
			return fmt.Errorf("the database alone could pay: payout %s of %d sat to the altered address is %s, transaction %s", v.ID, v.AmountSats, v.State, v.TxID)
		case v.State != "refused":
			return notYet("payout %s to an altered address is %s %s", v.ID, v.State, v.Reason)
		}
		return nil
	})
	if err != nil {
		return v, err
	}
	moved, err := p.posted(ctx, "buyer.owner", "payout:"+v.ID.String(), p.buyer.ID, "earnings")
	var sum int64
	for _, m := range moved {
		sum += m
	}
	if err == nil && sum != 0 {
		err = fmt.Errorf("the ledger moved %d sat of earnings for the refused payout %s", sum, v.ID)
	}
	return v, err
}

// confirmed waits for the next payout, to the buyer's own address, and mines
// until it is final.
func (p *play) confirmed(ctx context.Context, after hashyard.ID) (payoutView, error) {
	var paid payoutView
	err := until(ctx, p.params.period()+p.cfg.Wait, func() error {
		all, err := p.payouts(ctx)
		if err != nil {
			return err
		}
		// Oldest first: the first one after the refused.
		for i := len(all) - 1; i >= 0; i-- {
			v := all[i]
			if v.ID.String() <= after.String() {
				continue
			}
			switch {
			case v.Address != p.address:
				return fmt.Errorf("a payout of %d sat goes to %s, not to the buyer's %s", v.AmountSats, v.Address, p.address)
			case v.State == "refused":
				return fmt.Errorf("the payout to the buyer's own address was refused: %s", v.Reason)
			case v.State == "confirmed":
				paid = v
				return nil
			case v.State == "broadcast":
				if err := p.mineOn(ctx); err != nil {
					return err
				}
			}
			return notYet("payout %s is %s with %d of %d confirmations %s", v.ID, v.State, v.Confirmations, v.Needed, v.Reason)
		}
		return notYet("no payout after the refused one")
	})
	return paid, err
}

// onChain reads the payout's transaction from the chain.
func (p *play) onChain(ctx context.Context, v payoutView) error {
	if err := p.blocks.follow(ctx); err != nil {
		return err
	}
	id, err := hex.DecodeString(v.TxID)
	if err != nil || len(id) != 32 {
		return fmt.Errorf("payout %s has the transaction id %q", v.ID, v.TxID)
	}
	var hash node.Hash
	for i, b := range id { // shown last byte first
		hash[31-i] = b
	}
	tx, err := asked(ctx, func(ctx context.Context) (*node.Tx, error) { return p.chain.RawTransaction(ctx, hash) })
	if err != nil {
		return err
	}
	script, err := scriptOf(p.address)
	if err != nil {
		return err
	}
	var in, out, ours hashyard.Sats
	for _, i := range tx.Inputs {
		in += p.blocks.made[point{i.TxID, i.Vout}].value
	}
	for _, o := range tx.Outputs {
		out += o.Value
		if hex.EncodeToString(o.Script) == script {
			ours += o.Value
		}
	}
	switch {
	case ours != v.AmountSats || p.blocks.paidTo(script) < v.AmountSats:
		return fmt.Errorf("transaction %s pays %d sat to %s; the payout says %d", v.TxID, ours, p.address, v.AmountSats)
	case in-out != v.FeeSats:
		return fmt.Errorf("transaction %s takes %d sat and gives %d; the payout says the fee is %d", v.TxID, in, out, v.FeeSats)
	case tx.Confirmations < v.Needed:
		return fmt.Errorf("transaction %s has %d confirmations; the payout is final with %d", v.TxID, tx.Confirmations, v.Needed)
	}
	return nil
}

// ledgerIsChain compares the treasury's account with every coin that its
// script may spend, found by walking all blocks up to where it has scanned.
func (p *play) ledgerIsChain(ctx context.Context) (sum hashyard.Sats, coins int, height int64, err error) {
	house := p.as["house.treasury"]
	err = until(ctx, p.cfg.Wait, func() error {
		var before, after treasuryView
		if err := house.get(ctx, "/api/v1/treasury", &before); err != nil {
			return err
		}
		booked, err := p.balance(ctx, "house.treasury", p.house.ID, hashyard.BTC, "treasury_coins")
		if err != nil {
			return err
		}
		if err := house.get(ctx, "/api/v1/treasury", &after); err != nil {
			return err
		}
		if before.Hash != after.Hash {
			return notYet("the treasury is scanning, at block %d", after.Height)
		}
		if err := p.blocks.follow(ctx); err != nil {
			return err
		}
		if p.blocks.height(after.Hash) != after.Height {
			return notYet("the treasury is at block %s, which is not on the chain", after.Hash)
		}
		script, err := scriptOf(after.Address)
		if err != nil {
			return err
		}
		height = after.Height
		sum, coins = p.blocks.spendable(script, height)
		if hashyard.Sats(booked) != sum || after.LedgerCoins != sum || after.InFlightSats != after.LedgerInFlight {
			return fmt.Errorf("the ledger has %d sat of coins (the treasury says %d, in flight %d and %d); the chain has %d at block %d", booked, after.LedgerCoins, after.LedgerInFlight, after.InFlightSats, sum, height)
		}
		return nil
	})
	return sum, coins, height, err
}
