// Package inventory owns what is real about machines: models, units with
// their owner and custodian, what holds a unit (an order or a trade), and the
// shipments by which units change hands. The rules are functions of values;
// Service adds the store and the clock.
//
// A unit has at most one live holder and, at every moment, exactly one
// custodian; its custody rows form an unbroken chain. Service is safe for
// concurrent use: every change is one transaction that locks the rows it
// decides on.
package inventory

import (
	"time"

	"hashyard"
)

// Model is a machine model that is traded under one name.
type Model struct {
	ID              hashyard.ID
	Name            string // "Antminer S19 100T"
	Base            string // the name without its variant: "Antminer S19"
	Maker           string
	Family          string // firmware family of the stock machine
	NominalGHs      hashyard.GHs
	MilliJoulesPerT int64    // efficiency in mJ per TH
	Aliases         []string // other names that machines give themselves
}

// Unit is one machine, known by its maker's serial for ever.
type Unit struct {
	ID        hashyard.ID
	Owner     hashyard.ID // organisation
	Custodian hashyard.ID // organisation that has it; none while a carrier has it
	Carrier   string      // who carries it while Custodian is none
	Destined  hashyard.ID // buyer of the trade that holds it
	Site      hashyard.ID // where it was last seen by its custodian's agent
	Shelf     string      // where its custodian keeps it, in the custodian's words
	// Entered says that somebody listed the unit and no agent has seen it.
	Entered bool

	Serial     string
	MAC        string
	Model      string // the model's name, or the machine's own word for an unknown model
	ModelID    hashyard.ID
	Boards     []string // serials in slot order
	NominalGHs hashyard.GHs

	State      UnitState
	Order      hashyard.ID // holds it while listed or sold
	Trade      hashyard.ID // holds it while sold
	CustodySeq int         // number of custody rows so far
	Readers    []hashyard.ID
	Version    int64

	RegisteredAt time.Time
	SeenAt       time.Time
}

// Holder is who has a unit in hand: an organisation or a carrier.
type Holder struct {
	Org     hashyard.ID
	Carrier string
}

// Holder is who has the unit now.
func (u Unit) Holder() Holder { return Holder{Org: u.Custodian, Carrier: u.Carrier} }

// Visible reports whether org may know the unit.
func (u Unit) Visible(org hashyard.ID) bool { return contains(u.Readers, org) }

// Holds reports whether org owns the unit or has it in hand.
func (u Unit) Holds(org hashyard.ID) bool { return org == u.Owner || org == u.Custodian }

func contains(ids []hashyard.ID, id hashyard.ID) bool {
	for _, v := range ids {
		if v == id {
			return true
		}
	}
	return false
}

// withReader adds org to the organisations that may know the unit.
func (u Unit) withReader(orgs ...hashyard.ID) Unit {
	readers := append([]hashyard.ID(nil), u.Readers...)
	for _, org := range orgs {
		if !org.IsZero() && !contains(readers, org) {
			readers = append(readers, org)
		}
	}
	u.Readers = readers
	return u
}

// StandardModels are the models of the local world. Their ids are fixed so
// that instruments and units keep meaning the same across restarts.
func StandardModels() []Model {
	return []Model{
		{
			ID:   hashyard.MustParseID("01900000-0000-7000-8000-00000000a101"),
			Name: "Antminer S19 100T", Base: "Antminer S19", Maker: "Bitmain", Family: "antminer",
			NominalGHs: 100_000, MilliJoulesPerT: 29_500, Aliases: []string{"Antminer BHB42XXX 100T"},
		},
		{
			ID:   hashyard.MustParseID("01900000-0000-7000-8000-00000000a102"),
			Name: "Avalon A1366 100T", Base: "Avalon A1366", Maker: "Canaan", Family: "generic",
			NominalGHs: 100_000, MilliJoulesPerT: 30_000, Aliases: []string{"AvalonMiner 1366 100T", "1366"},
		},
	}
}
