package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hashyard"
	"hashyard/inventory"
	"hashyard/inventory/paper"
	"hashyard/web"
)

// registerBench adds what the packing and receiving bench needs.
func (e edge) registerBench(api *web.API, get, post func(id, path, summary string) huma.Operation) {
	put := func(id, path, summary string) huma.Operation {
		op := get(id, path, summary)
		op.Method = http.MethodPut
		return op
	}
	web.Handle(api, get("get-bench", "/api/v1/shipments/{id}/bench", "A shipment as the bench shows it: boxes, shelves, scans, legs"), web.ShipmentsRead, e.bench)
	web.Handle(api, get("get-stray", "/api/v1/shipments/{id}/stray", "What a wrong serial is, as far as you may know"), web.ShipmentsScan, e.stray)
	web.Handle(api, post("undo-scan", "/api/v1/shipments/{id}/undo", "Take a packed machine out of its box again"), web.ShipmentsScan, e.undo)
	web.Handle(api, put("plan-legs", "/api/v1/shipments/{id}/legs", "Say how a shipment goes, planned and actual"), web.ShipmentsMove, e.planLegs)
	web.Handle(api, put("shelve-unit", "/api/v1/units/{id}/shelf", "Say where you keep a machine"), web.ShipmentsScan, e.shelve)
	web.Handle(api, web.Answers(get("packing-list-csv", "/api/v1/shipments/{id}/packing-list.csv", "The packing list as CSV"), "text/csv"), web.ShipmentsRead, e.listCSV)
	web.Handle(api, web.Answers(get("packing-list-pdf", "/api/v1/shipments/{id}/packing-list.pdf", "The packing list as PDF"), "application/pdf"), web.ShipmentsRead, e.listPDF)
	web.Handle(api, web.Answers(get("pallet-labels-pdf", "/api/v1/shipments/{id}/labels.pdf", "GS1-128 labels with the pallets' SSCC, as PDF"), "application/pdf"), web.ShipmentsRead, e.labels)
}

// Bench is a shipment with what its bench shows.
type Bench struct {
	Shipment
	SSCC    []string    `json:"sscc" nullable:"false" doc:"The numbers of its pallets."`
	Pallet  int         `json:"boxes_per_pallet"`
	Shelves []Shelf     `json:"shelves" nullable:"false" doc:"Where you keep machines of it."`
	Scans   []BenchScan `json:"scans" nullable:"false" doc:"The newest first."`
	Legs    []Leg       `json:"legs" nullable:"false"`
}

// Shelf says where a machine stands.
type Shelf struct {
	UnitID hashyard.ID `json:"unit_id"`
	Shelf  string      `json:"shelf"`
}

// BenchScan is one pull of a scanner's trigger.
type BenchScan struct {
	ID       hashyard.ID `json:"id"`
	Kind     string      `json:"kind"`
	Serial   string      `json:"serial"`
	Outcome  string      `json:"outcome" enum:"counted,repeated,wrong,undone"`
	At       time.Time   `json:"at"`
	DeviceAt time.Time   `json:"device_at,omitzero" doc:"By the scanner's own clock, for scans that waited."`
}

// Leg is one part of a shipment's way.
type Leg struct {
	Kind        string    `json:"kind" enum:"road,air,sea,rail,customs"`
	Name        string    `json:"name" maxLength:"80"`
	Carrier     string    `json:"carrier,omitempty" maxLength:"80"`
	Note        string    `json:"note,omitempty" maxLength:"80"`
	PlannedFrom time.Time `json:"planned_from,omitzero"`
	PlannedTo   time.Time `json:"planned_to,omitzero"`
	ActualFrom  time.Time `json:"actual_from,omitzero"`
	ActualTo    time.Time `json:"actual_to,omitzero" doc:"Absent while the leg is under way; a customs leg under way is a hold."`
}

func (e edge) bench(ctx context.Context, actor hashyard.Actor, in *IDInput) (*Bench, error) {
	b, err := e.svc.Bench(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	ship, err := e.shown(ctx, b.Shipment, nil)
	if err != nil {
		return nil, err
	}
	out := &Bench{Shipment: *ship, SSCC: b.SSCC, Pallet: inventory.BoxesPerPallet, Shelves: []Shelf{}, Scans: []BenchScan{}, Legs: []Leg{}}
	for _, l := range b.Shipment.Lines {
		if shelf := b.Shelves[l.Unit]; shelf != "" {
			out.Shelves = append(out.Shelves, Shelf{l.Unit, shelf})
		}
	}
	for _, c := range b.Scans {
		out.Scans = append(out.Scans, BenchScan{c.ID, string(c.Kind), c.Serial, string(c.Outcome), c.At, c.DeviceAt})
	}
	for _, l := range b.Legs {
		out.Legs = append(out.Legs, Leg{string(l.Kind), l.Name, l.Carrier, l.Note, l.PlannedFrom, l.PlannedTo, l.ActualFrom, l.ActualTo})
	}
	return out, nil
}

type strayInput struct {
	IDInput
	Serial string `query:"serial" required:"true" maxLength:"256"`
}

// Stray is a serial that does not belong to the shipment.
type Stray struct {
	Serial  string      `json:"serial"`
	Yours   bool        `json:"yours" doc:"Only of your own machines is more told."`
	UnitID  hashyard.ID `json:"unit_id,omitzero"`
	State   string      `json:"state,omitempty"`
	Shelf   string      `json:"shelf,omitempty"`
	TradeID hashyard.ID `json:"trade_id,omitzero"`
}

func (e edge) stray(ctx context.Context, actor hashyard.Actor, in *strayInput) (*Stray, error) {
	if _, err := e.svc.Shipment(ctx, actor, in.ID); err != nil {
		return nil, err
	}
	s, err := e.svc.Stray(ctx, actor, in.Serial)
	if err != nil {
		return nil, err
	}
	u := s.Unit
	return &Stray{Serial: s.Serial, Yours: s.Yours, UnitID: u.ID, State: string(u.State), Shelf: u.Shelf, TradeID: u.Trade}, nil
}

type undoInput struct {
	IDInput
	Body struct {
		Serial string `json:"serial" maxLength:"256"`
	}
}

func (e edge) undo(ctx context.Context, actor hashyard.Actor, in *undoInput) (*Scan, error) {
	ship, rec, err := e.svc.Undo(ctx, actor, in.ID, in.Body.Serial)
	if err != nil {
		return nil, err
	}
	return scanOf(ship, rec), nil
}

func scanOf(ship inventory.Shipment, rec inventory.Scan) *Scan {
	p, box := ship.Progress(rec.Kind), ship.BoxOf(rec.Unit)
	out := &Scan{
		Unit: rec.Unit, Serial: rec.Serial, Outcome: string(rec.Outcome), State: string(ship.State),
		Expected: p.Expected, Scanned: p.Scanned, Remaining: p.Remaining(), Box: box,
	}
	if box > 0 {
		out.InBox = ship.InBox(box)
	}
	return out
}

type legsInput struct {
	IDInput
	Body struct {
		Legs []Leg `json:"legs" maxItems:"16" nullable:"false"`
	}
}

func (e edge) planLegs(ctx context.Context, actor hashyard.Actor, in *legsInput) (*Bench, error) {
	legs := make([]inventory.Leg, len(in.Body.Legs))
	for i, l := range in.Body.Legs {
		legs[i] = inventory.Leg{
			Kind: inventory.LegKind(l.Kind), Name: l.Name, Carrier: l.Carrier, Note: l.Note,
			PlannedFrom: l.PlannedFrom, PlannedTo: l.PlannedTo, ActualFrom: l.ActualFrom, ActualTo: l.ActualTo,
		}
	}
	if err := e.svc.PlanLegs(ctx, actor, in.ID, legs); err != nil {
		return nil, err
	}
	return e.bench(ctx, actor, &in.IDInput)
}

type shelfInput struct {
	IDInput
	Body struct {
		Shelf string `json:"shelf" maxLength:"24"`
	}
}

func (e edge) shelve(ctx context.Context, actor hashyard.Actor, in *shelfInput) (*Unit, error) {
	u, err := e.svc.Shelve(ctx, actor, in.ID, in.Body.Shelf)
	if err != nil {
		return nil, err
	}
	return e.unit(ctx, actor, &IDInput{u.ID})
}

// packed reads a shipment for its papers.
func (e edge) packed(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (inventory.Bench, map[hashyard.ID]string, error) {
	b, err := e.svc.Bench(ctx, actor, id)
	if err != nil {
		return b, nil, err
	}
	names, err := e.svc.OrgNames(ctx, b.Shipment.Seller, b.Shipment.Buyer)
	return b, names, err
}

func (e edge) listCSV(ctx context.Context, actor hashyard.Actor, in *IDInput) (*web.File, error) {
	b, _, err := e.packed(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	s := b.Shipment
	c := web.NewCSV("shipment", "pallet", "sscc", "box", "serial", "mac", "packed_at", "received_at")
	for _, l := range s.Lines {
		pallet, code := 0, ""
		if l.Box > 0 {
			pallet = (l.Box-1)/inventory.BoxesPerPallet + 1
			code = b.SSCC[pallet-1]
		}
		c.Row(s.ShownNumber(), pallet, code, l.Box, l.Serial, l.MAC, l.PackedAt, l.ReceivedAt)
	}
	return web.CSVFile("packing-list-"+s.ShownNumber(), c), nil
}

func (e edge) listPDF(ctx context.Context, actor hashyard.Actor, in *IDInput) (*web.File, error) {
	b, names, err := e.packed(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	s := b.Shipment
	list := paper.List{
		Number: s.ShownNumber(), Seller: names[s.Seller], Buyer: names[s.Buyer], Carrier: s.Carrier, Tracking: s.Tracking,
		Expected: len(s.Lines), SSCC: b.SSCC, At: e.svc.Now(),
	}
	for _, l := range s.Lines {
		if l.Box > 0 {
			list.Lines = append(list.Lines, paper.Line{Box: l.Box, Serial: l.Serial, MAC: l.MAC, PackedAt: l.PackedAt})
		}
	}
	doc, err := paper.PackingList(list)
	if err != nil {
		return nil, err
	}
	return web.PDFFile("packing-list-"+s.ShownNumber(), doc), nil
}

func (e edge) labels(ctx context.Context, actor hashyard.Actor, in *IDInput) (*web.File, error) {
	b, names, err := e.packed(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	s := b.Shipment
	var ls []paper.Label
	for i, code := range b.SSCC {
		ls = append(ls, paper.Label{
			SSCC: code, Number: s.ShownNumber(), From: names[s.Seller], To: names[s.Buyer], Pallet: i + 1, Pallets: len(b.SSCC), Units: len(s.Lines),
		})
	}
	doc, err := paper.Labels(ls)
	if err != nil {
		return nil, err
	}
	return web.PDFFile("labels-"+s.ShownNumber(), doc), nil
}
