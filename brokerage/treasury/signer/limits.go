package signer

import (
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/txscript/v2"

	"hashyard"
)

// check refuses limits under which a payout could wait for ever: a day must
// have room for one.
func (l Limits) check() error {
	for _, v := range []hashyard.Sats{l.PerPayout, l.PerDay, l.MaxFee} {
		if v <= 0 || v > btcutil.MaxSatoshi {
			return hashyard.Invalid.Errorf("signer: every limit must be above zero and below all bitcoin, have %+v", l)
		}
	}
	if l.PerPayout+l.MaxFee > l.PerDay {
		return hashyard.Invalid.Errorf("signer: the day's limit of %d sat must have room for one payout and its fee, %d and %d sat", l.PerDay, l.PerPayout, l.MaxFee)
	}
	return nil
}

// Dust is the least amount nodes relay to a script: what it costs to spend it
// at 3 sat/vB, as Bitcoin Core counts (294 for P2WPKH, 546 for P2PKH).
func Dust(script []byte) hashyard.Sats {
	const output, input, witnessInput = 8 + 1, 148, 67
	n := output + len(script) + input
	if txscript.IsWitnessProgram(script) {
		n = output + len(script) + witnessInput
	}
	return hashyard.Sats(3 * n)
}

// Payable says whether a script is of a kind that people mean by an address.
func Payable(script []byte) bool {
	switch txscript.GetScriptClass(script) {
	case txscript.PubKeyHashTy, txscript.ScriptHashTy, txscript.WitnessV0PubKeyHashTy, txscript.WitnessV0ScriptHashTy, txscript.WitnessV1TaprootTy:
		return true
	default:
		return false
	}
}
