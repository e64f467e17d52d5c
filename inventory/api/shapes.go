package api

import (
	"encoding/json"
	"time"

	"hashyard"
	"hashyard/inventory"
)

// Party is an organisation or a site, named as far as the caller may know.
type Party struct {
	ID   hashyard.ID `json:"id"`
	Name string      `json:"name"`
}

// Holder is who has a machine in hand.
type Holder struct {
	Org     *Party `json:"org,omitempty"`
	Carrier string `json:"carrier,omitempty"`
}

// Model is a machine model.
type Model struct {
	ID              hashyard.ID `json:"id"`
	Name            string      `json:"name"`
	Maker           string      `json:"maker"`
	Family          string      `json:"family" doc:"Firmware family of the stock machine."`
	NominalTHs      float64     `json:"nominal_ths"`
	JoulesPerTH     float64     `json:"joules_per_th"`
	NominalGHs      int64       `json:"nominal_ghs"`
	MilliJoulesPerT int64       `json:"millijoules_per_th"`
}

func modelOf(m inventory.Model) Model {
	return Model{
		ID: m.ID, Name: m.Name, Maker: m.Maker, Family: m.Family,
		NominalTHs: ths(m.NominalGHs), NominalGHs: int64(m.NominalGHs),
		JoulesPerTH: float64(m.MilliJoulesPerT) / 1000, MilliJoulesPerT: m.MilliJoulesPerT,
	}
}

func ths(g hashyard.GHs) float64 { return float64(g) / 1000 }

// Unit is one machine.
type Unit struct {
	ID           hashyard.ID `json:"id"`
	Serial       string      `json:"serial"`
	MAC          string      `json:"mac,omitempty"`
	Model        string      `json:"model"`
	ModelID      hashyard.ID `json:"model_id,omitzero"`
	Boards       []string    `json:"boards" nullable:"false" doc:"Hashboard serials in slot order."`
	Owner        Party       `json:"owner" doc:"Blank for a former owner, as state is."`
	Custodian    *Party      `json:"custodian,omitempty" doc:"Absent while a carrier has the machine."`
	Carrier      string      `json:"carrier,omitempty"`
	Site         *Party      `json:"site,omitempty"`
	Shelf        string      `json:"shelf,omitempty" doc:"Where its custodian keeps it; for the custodian."`
	Entered      bool        `json:"entered,omitempty" doc:"Entered by hand; no agent has seen it yet, so it cannot be listed."`
	State        string      `json:"state" enum:"available,listed,sold,packed,in_transit,arrived,received,returning,"`
	NominalTHs   float64     `json:"nominal_ths"`
	OrderID      hashyard.ID `json:"order_id,omitzero" doc:"The order that holds the machine."`
	TradeID      hashyard.ID `json:"trade_id,omitzero" doc:"The trade that holds the machine."`
	RegisteredAt time.Time   `json:"registered_at"`
	SeenAt       time.Time   `json:"seen_at,omitzero" doc:"Absent for whoever may not know where the machine is."`
}

func unitOf(u inventory.Unit, orgs, sites map[hashyard.ID]string) Unit {
	out := Unit{
		ID: u.ID, Serial: u.Serial, MAC: u.MAC, Model: u.Model, ModelID: u.ModelID, Boards: u.Boards,
		Owner: Party{u.Owner, orgs[u.Owner]}, Custodian: party(u.Custodian, orgs), Carrier: u.Carrier,
		Site: party(u.Site, sites), State: string(u.State), NominalTHs: ths(u.NominalGHs),
		OrderID: u.Order, TradeID: u.Trade, RegisteredAt: u.RegisteredAt, SeenAt: u.SeenAt,
		Shelf: u.Shelf, Entered: u.Entered,
	}
	if u.Entered {
		out.SeenAt = time.Time{}
	}
	if out.Boards == nil {
		out.Boards = []string{}
	}
	return out
}

func party(id hashyard.ID, names map[hashyard.ID]string) *Party {
	if id.IsZero() {
		return nil
	}
	return &Party{id, names[id]}
}

// UnitEvent is one step of a machine's life.
type UnitEvent struct {
	ID      hashyard.ID     `json:"id"`
	Kind    string          `json:"kind"`
	At      time.Time       `json:"at"`
	Ref     EventRef        `json:"ref"`
	Payload json.RawMessage `json:"payload"`
	By      hashyard.ID     `json:"by,omitzero" doc:"The user who did it, where one did."`
}

// EventRef points at what the event is about.
type EventRef struct {
	Kind string      `json:"kind"`
	ID   hashyard.ID `json:"id,omitzero"`
}

func eventOf(ev hashyard.Event) UnitEvent {
	var by struct{ By hashyard.ID }
	if err := json.Unmarshal(ev.Payload, &by); err != nil {
		by.By = hashyard.ID{} // payloads without a user have another shape
	}
	return UnitEvent{
		ID: ev.ID, Kind: string(ev.Kind), At: ev.At, Payload: ev.Payload, By: by.By,
		Ref: EventRef{Kind: ev.Ref.Kind, ID: ev.Ref.ID},
	}
}

// Custody is one hand-over of a machine.
type Custody struct {
	Seq      int         `json:"seq"`
	From     *Holder     `json:"from,omitempty" doc:"Absent in the first row."`
	To       Holder      `json:"to"`
	At       time.Time   `json:"at"`
	Reason   string      `json:"reason"`
	Shipment hashyard.ID `json:"shipment_id,omitzero"`
	By       hashyard.ID `json:"by,omitzero"`
}

func custodyOf(c inventory.Custody, names map[hashyard.ID]string) Custody {
	out := Custody{
		Seq: c.Seq, To: Holder{party(c.To.Org, names), c.To.Carrier},
		At: c.At, Reason: c.Reason, Shipment: c.Shipment, By: c.By,
	}
	if c.From != (inventory.Holder{}) {
		out.From = &Holder{party(c.From.Org, names), c.From.Carrier}
	}
	return out
}

// Shipment is the way of a trade's machines to the buyer.
type Shipment struct {
	ID           hashyard.ID `json:"id"`
	Number       string      `json:"number" doc:"What people call it, like S-0931."`
	BoxSize      int         `json:"box_size"`
	TradeID      hashyard.ID `json:"trade_id"`
	Seller       Party       `json:"seller"`
	Buyer        Party       `json:"buyer"`
	State        string      `json:"state" enum:"packing,packed,dispatched,arrived,received,exception,cancelled,returning,returned"`
	Carrier      string      `json:"carrier,omitempty"`
	Tracking     string      `json:"tracking,omitempty"`
	Reason       string      `json:"reason,omitempty" doc:"Of the exception or the cancellation."`
	Stopped      string      `json:"stopped,omitempty" doc:"The dispute because of which the seller may neither pack nor dispatch."`
	Lines        []Line      `json:"lines" nullable:"false"`
	Expected     int         `json:"expected"`
	Packed       int         `json:"packed"`
	Received     int         `json:"received"`
	Returned     int         `json:"returned" doc:"Machines of a refunded trade that the seller scanned back in."`
	CreatedAt    time.Time   `json:"created_at"`
	PackedAt     time.Time   `json:"packed_at,omitzero"`
	DispatchedAt time.Time   `json:"dispatched_at,omitzero"`
	ArrivedAt    time.Time   `json:"arrived_at,omitzero"`
	ReceivedAt   time.Time   `json:"received_at,omitzero"`
	ReturnedAt   time.Time   `json:"returned_at,omitzero"`
}

// Line is one expected machine.
type Line struct {
	UnitID     hashyard.ID `json:"unit_id"`
	Serial     string      `json:"serial"`
	MAC        string      `json:"mac,omitempty"`
	Box        int         `json:"box,omitempty" doc:"From 1; absent while not packed."`
	PackedAt   time.Time   `json:"packed_at,omitzero"`
	ReceivedAt time.Time   `json:"received_at,omitzero"`
	ReturnedAt time.Time   `json:"returned_at,omitzero"`
}

func shipmentOf(s inventory.Shipment, names map[hashyard.ID]string) Shipment {
	out := Shipment{
		ID: s.ID, Number: s.ShownNumber(), BoxSize: s.BoxSize, TradeID: s.Trade, Seller: Party{s.Seller, names[s.Seller]}, Buyer: Party{s.Buyer, names[s.Buyer]},
		State: string(s.State), Carrier: s.Carrier, Tracking: s.Tracking, Reason: s.Reason, Stopped: s.Stopped, Lines: []Line{},
		Expected: len(s.Lines), Packed: s.Progress(inventory.ScanPack).Scanned, Received: s.Progress(inventory.ScanReceive).Scanned,
		Returned: s.Progress(inventory.ScanReturn).Scanned, ReturnedAt: s.ReturnedAt,
		CreatedAt: s.CreatedAt, PackedAt: s.PackedAt, DispatchedAt: s.DispatchedAt, ArrivedAt: s.ArrivedAt, ReceivedAt: s.ReceivedAt,
	}
	for _, l := range s.Lines {
		out.Lines = append(out.Lines, Line{UnitID: l.Unit, Serial: l.Serial, MAC: l.MAC, Box: l.Box, PackedAt: l.PackedAt, ReceivedAt: l.ReceivedAt, ReturnedAt: l.ReturnedAt})
	}
	return out
}

// Scan is the answer to a scan.
type Scan struct {
	Unit      hashyard.ID `json:"unit"`
	Serial    string      `json:"serial" doc:"In its normal form."`
	Outcome   string      `json:"outcome" enum:"counted,repeated,undone"`
	State     string      `json:"state" doc:"Of the shipment, after the scan."`
	Expected  int         `json:"expected"`
	Scanned   int         `json:"scanned"`
	Remaining int         `json:"remaining"`
	Box       int         `json:"box,omitempty" doc:"That the machine is in."`
	InBox     int         `json:"in_box,omitempty" doc:"Machines in that box."`
}
