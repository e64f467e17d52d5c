package treasury

import (
	"bytes"

	"github.com/btcsuite/btcd/address/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/txscript/v2"

	"hashyard"
	"hashyard/brokerage/treasury/signer"
)

// maxAddress bounds what is decoded; the longest address has 90 characters.
const maxAddress = 100

// Destination is an address in its one form, with its script.
type Destination struct {
	Address string
	Script  []byte
}

// ParseAddress reads an address of a network. Testnet, signet and regtest
// share some forms; the prefixes that differ are told apart.
func ParseAddress(text string, network *chaincfg.Params) (Destination, error) {
	if len(text) == 0 || len(text) > maxAddress {
		return Destination{}, hashyard.Invalid.Errorf("payout address has %d characters; give a Bitcoin address", len(text))
	}
	a, err := address.DecodeAddress(text, network)
	if err != nil || !a.IsForNet(network) {
		return Destination{}, hashyard.Invalid.Errorf("payout address %q is not an address of network %s (those begin with %s1)", text, network.Name, network.Bech32HRPSegwit)
	}
	script, err := txscript.PayToAddrScript(a)
	if err != nil {
		return Destination{}, hashyard.Invalid.Errorf("payout address %q: %w", text, err)
	}
	if !signer.Payable(script) { // a bare public key is not what anybody means by an address
		return Destination{}, hashyard.Invalid.Errorf("payout address %q is of a kind that is not paid to", text)
	}
	return Destination{Address: a.EncodeAddress(), Script: script}, nil
}

// Dust is the least amount that is paid to a script; the signer refuses less.
func Dust(script []byte) hashyard.Sats { return signer.Dust(script) }

func sameScript(a, b []byte) bool { return bytes.Equal(a, b) }
