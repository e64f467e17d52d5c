package treasury

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/btcsuite/btcd/psbt/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"hashyard"
)

// Draft is an unsigned payment.
type Draft struct {
	Coins  []Coin
	Fee    hashyard.Sats
	Change hashyard.Sats // 0: none
	PSBT   string
}

// replaceable signals BIP125: a payout may be replaced by one that shares a coin.
const replaceable = 0xfffffffd

// vsize is the most virtual bytes of a transaction of P2WPKH inputs (BIP141): a
// witness has at most a 72-byte signature and a 33-byte key.
func vsize(inputs int, scripts ...[]byte) int64 {
	const witness = 1 + 1 + 72 + 1 + 33
	base := 4 + wire.VarIntSerializeSize(uint64(inputs)) + 41*inputs + wire.VarIntSerializeSize(uint64(len(scripts))) + 4
	for _, s := range scripts {
		base += 8 + wire.VarIntSerializeSize(uint64(len(s))) + len(s)
	}
	return int64((4*base + 2 + witness*inputs + 3) / 4)
}

// maxInputs keeps a payment far below the standard weight.
const maxInputs = 200

// Compose drafts a payment of amount to a script from our coins, largest
// first. Change below dust goes to the fee. Conflict says that the coins do
// not suffice.
func Compose(ours []byte, coins []Coin, to []byte, amount, rate hashyard.Sats) (Draft, error) {
	if amount < Dust(to) || rate < 1 {
		return Draft{}, hashyard.Invalid.Errorf("payment of %d sat at %d sat/vB is below the dust of %d sat", amount, rate, Dust(to))
	}
	coins = slices.Clone(coins)
	slices.SortFunc(coins, func(a, b Coin) int {
		return cmp.Or(cmp.Compare(b.Value, a.Value), slices.Compare(a.Point.Hash[:], b.Point.Hash[:]), cmp.Compare(a.Point.Index, b.Point.Index))
	})
	var sum hashyard.Sats
	for n := 1; n <= min(len(coins), maxInputs); n++ {
		sum += coins[n-1].Value
		d := Draft{Coins: coins[:n], Fee: hashyard.Sats(vsize(n, to, ours)) * rate}
		if d.Change = sum - amount - d.Fee; d.Change < Dust(ours) {
			d.Change, d.Fee = 0, sum-amount
			if d.Fee < hashyard.Sats(vsize(n, to))*rate {
				continue
			}
		}
		var err error
		d.PSBT, err = d.packet(ours, to, amount)
		return d, err
	}
	return Draft{}, hashyard.Conflict.Errorf("the treasury's %d free coins of %d sat do not cover %d sat and the fee", len(coins), sum, amount)
}

// packet is the draft in BIP174's form, with what the signer needs of every coin.
func (d Draft) packet(ours, to []byte, amount hashyard.Sats) (string, error) {
	tx := wire.NewMsgTx(2)
	for _, c := range d.Coins {
		tx.AddTxIn(&wire.TxIn{PreviousOutPoint: c.Point, Sequence: replaceable})
	}
	tx.AddTxOut(wire.NewTxOut(int64(amount), to))
	if d.Change > 0 {
		tx.AddTxOut(wire.NewTxOut(int64(d.Change), ours))
	}
	pkt, err := psbt.NewFromUnsignedTx(tx)
	if err != nil {
		return "", hashyard.Invalid.Errorf("draft: %w", err)
	}
	for i, c := range d.Coins {
		pkt.Inputs[i].WitnessUtxo = wire.NewTxOut(int64(c.Value), ours)
	}
	return pkt.B64Encode()
}

// signedFor checks that signed bytes are the drafted transaction and nothing
// else, and gives them back with their id.
func signedFor(packet, signed string) (raw []byte, txid string, err error) {
	pkt, err := psbt.NewFromRawBytes(strings.NewReader(packet), true)
	if err != nil {
		return nil, "", hashyard.Invalid.Errorf("the stored draft is damaged: %w", err)
	}
	raw, err = hex.DecodeString(signed)
	if err != nil {
		return nil, "", hashyard.Invalid.Errorf("the signer's transaction is not hex: %w", err)
	}
	var tx wire.MsgTx
	if err := tx.Deserialize(bytes.NewReader(raw)); err != nil {
		return nil, "", hashyard.Invalid.Errorf("the signer's transaction is damaged: %w", err)
	}
	// The id leaves witnesses out (BIP141): equal ids are equal payments.
	id := tx.TxHash()
	if id != pkt.UnsignedTx.TxHash() {
		return nil, "", hashyard.Invalid.Errorf("the signer signed %s, drafted was %s", id, pkt.UnsignedTx.TxHash())
	}
	return raw, id.String(), nil
}
