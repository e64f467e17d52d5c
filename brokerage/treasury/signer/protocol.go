// Package signer holds the treasury's key in a process of its own. It signs a
// payout only if its own records allow it: the address is the one that was
// enrolled last for that organisation through the live path, the amounts are
// within its limits, every output is the payout or our change, and no other
// transaction that could confirm beside it was signed for the same payout.
// Whoever has the yard's database alone cannot pay to an address that its
// owner never enrolled; whom the yard owes how much is the yard's to know.
//
// It owns one folder with the key and a journal; each line of the journal is
// on disk before the answer leaves. One mutex orders all signing.
package signer

import (
	"time"

	"hashyard"
)

// Limits bound what is signed, whatever the yard asks.
type Limits struct {
	PerPayout hashyard.Sats `json:"per_payout_sats"`
	PerDay    hashyard.Sats `json:"per_day_sats"` // UTC day, fees included
	MaxFee    hashyard.Sats `json:"max_fee_sats"` // of one transaction
}

// Info is what the yard may know of the key.
type Info struct {
	Address string `json:"address"` // P2WPKH (BIP141), of the treasury
	Script  string `json:"script"`  // its output script, hex
	PubKey  string `json:"pubkey"`  // compressed, hex
	Network string `json:"network"`
	Limits  Limits `json:"limits"`
	Frozen  bool   `json:"frozen,omitempty"`
}

// Freeze makes the signer sign nothing, or sign again.
type Freeze struct {
	Frozen bool   `json:"frozen"`
	Reason string `json:"reason"`
}

// Enrolment allows an address for an organisation, in place of the one before.
type Enrolment struct {
	Org     hashyard.ID `json:"org"`
	Address string      `json:"address"`
}

// Request asks for one payout's signature. PSBT is a BIP174 packet in base64
// with the witness UTXO of every input.
type Request struct {
	Payout  hashyard.ID   `json:"payout"`
	Org     hashyard.ID   `json:"org"`
	Address string        `json:"address"`
	Amount  hashyard.Sats `json:"amount_sats"`
	Fee     hashyard.Sats `json:"fee_sats"`
	PSBT    string        `json:"psbt"`
}

// Signed is a transaction ready for broadcast.
type Signed struct {
	TxID string `json:"txid"`
	Tx   string `json:"tx"` // hex, with witnesses
}

// problem is the body of a reply that refuses.
type problem struct {
	Kind   hashyard.Kind `json:"kind"`
	Detail string        `json:"detail"`
}

// entry is one line of the journal: exactly one field is set.
type entry struct {
	At     time.Time  `json:"at"`
	Enrol  *Enrolment `json:"enrol,omitempty"`
	Signed *signed    `json:"signed,omitempty"`
	Freeze *Freeze    `json:"freeze,omitempty"`
}

// signed is what is remembered of a signature.
type signed struct {
	Payout  hashyard.ID   `json:"payout"`
	Org     hashyard.ID   `json:"org"`
	Address string        `json:"address"`
	Amount  hashyard.Sats `json:"amount_sats"`
	Fee     hashyard.Sats `json:"fee_sats"`
	Inputs  []string      `json:"inputs"` // "txid:index"
	Signed
}
