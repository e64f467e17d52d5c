package journey

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
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
	return p.as["buyer.owner"].do(ctx, "PUT", "/api/v1/payout-address", map[string]any{"address": p.address}, nil)
}

// paidOut: without the signer a payout waits; altered in the database it is
// refused; untouched it reaches the chain, and the ledger is the chain's sum.
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
	if err := p.refusedAltered(ctx, waiting); err != nil {
		return "", err
	}
	paid, err := p.confirmed(ctx, waiting.ID)
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
	if got := p.blocks.paidTo(evil); got != 0 {
		return "", fmt.Errorf("%d sat reached the address that was written into the database", got)
	}
	return fmt.Sprintf("%d sat waited without the signer and were refused when altered · %d sat paid in %.12s…, fee %d, %d confirmations · ledger = chain: %d sat in %d coins at block %d",
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

// mineOn makes our own worker find a block.
func (p *play) mineOn(ctx context.Context) error {
	if err := p.wire.ready(ctx); err != nil {
		return err
	}
	return p.newTip(ctx)
}

// alter is the hand of somebody who has the database: it writes another
// destination into a payout.
func (p *play) alter(ctx context.Context, v payoutView) (script string, err error) {
	to, err := freshAddress()
	if err != nil {
		return "", err
	}
	conn, err := pgx.Connect(ctx, p.w.DatabaseURL)
	if err != nil {
		return "", fmt.Errorf("the attacker's hand: %w", err)
	}
	defer conn.Close(ctx)
	tag, err := conn.Exec(ctx, "UPDATE payouts SET address = $2 WHERE id = $1 AND state = 'awaiting_signature'", v.ID.String(), to)
	if err != nil || tag.RowsAffected() != 1 {
		return "", errors.Join(err, fmt.Errorf("altering payout %s changed %d rows", v.ID, tag.RowsAffected()))
	}
	return scriptOf(to)
}

// refusedAltered waits until the altered payout is refused; the ledger must
// not have moved for it.
func (p *play) refusedAltered(ctx context.Context, altered payoutView) error {
	err := until(ctx, p.cfg.Wait, func() error {
		v, err := p.payout(ctx, altered.ID)
		switch {
		case err != nil:
			return err
		case v.State == "refused" && v.Address != altered.Address && v.TxID == "":
			return nil
		case v.State == "refused" || v.TxID != "":
			return fmt.Errorf("the altered payout %s to %s is %s, transaction %q", v.ID, v.Address, v.State, v.TxID)
		}
		return notYet("the altered payout %s is %s %s", v.ID, v.State, v.Reason)
	})
	if err != nil {
		return err
	}
	moved, err := p.posted(ctx, "buyer.owner", "payout:"+altered.ID.String(), p.buyer.ID, "earnings")
	var sum int64
	for _, v := range moved {
		sum += v
	}
	if err != nil || sum != 0 {
		return fmt.Errorf("the ledger moved %d sat of earnings for the refused payout (%w)", sum, err)
	}
	return nil
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
