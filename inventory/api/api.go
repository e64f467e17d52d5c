// Package api is inventory's HTTP interface: models, units with their life
// line and custody, shipments and their scans. It holds no state; handlers run
// concurrently and leave all rules to inventory.Service.
package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hashyard"
	"hashyard/inventory"
	"hashyard/web"
)

// edge joins the handlers with the service.
type edge struct{ svc *inventory.Service }

// Register adds inventory's routes.
func Register(api *web.API, svc *inventory.Service) {
	e := edge{svc}
	get := func(id, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: http.MethodGet, Path: path, Summary: summary, Tags: []string{"inventory"}}
	}
	post := func(id, path, summary string) huma.Operation {
		op := get(id, path, summary)
		op.Method, op.DefaultStatus = http.MethodPost, http.StatusOK
		return op
	}
	web.Handle(api, get("list-models", "/api/v1/models", "Machine models that are traded"), web.UnitsRead, e.models)
	web.Handle(api, get("list-units", "/api/v1/units", "Machines you own or have, or search by serial or MAC"), web.UnitsRead, e.units)
	web.Handle(api, get("get-unit", "/api/v1/units/{id}", "One machine"), web.UnitsRead, e.unit)
	web.Handle(api, get("list-unit-events", "/api/v1/units/{id}/events", "The life line of a machine, oldest first"), web.UnitsRead, e.events)
	web.Handle(api, get("list-unit-custody", "/api/v1/units/{id}/custody", "Who had the machine, oldest first"), web.UnitsRead, e.custody)
	web.Handle(api, get("list-shipments", "/api/v1/shipments", "Shipments you send or get, newest first"), web.ShipmentsRead, e.shipments)
	web.Handle(api, get("get-shipment", "/api/v1/shipments/{id}", "One shipment with its expected machines"), web.ShipmentsRead, e.shipment)
	web.Handle(api, post("scan-shipment", "/api/v1/shipments/{id}/scans", "Scan a serial while packing, receiving or taking back"), web.ShipmentsScan, e.scan)
	web.Handle(api, post("dispatch-shipment", "/api/v1/shipments/{id}/dispatch", "Hand a packed shipment to the carrier"), web.ShipmentsMove, e.dispatch)
	web.Handle(api, post("arrive-shipment", "/api/v1/shipments/{id}/arrive", "Record that a shipment is at the door"), web.ShipmentsMove, e.arrive)
	web.Handle(api, post("except-shipment", "/api/v1/shipments/{id}/exception", "Stop a shipment on its way for a reason"), web.ShipmentsMove, e.except)
	e.registerBench(api, get, post)
	e.registerImport(api, get, post)
}

// IDInput names one thing in the path.
type IDInput struct {
	ID hashyard.ID `path:"id"`
}

// PageInput is the cursor of a list.
type PageInput struct {
	Cursor string `query:"cursor" doc:"Where the page before ended."`
	Limit  int    `query:"limit" minimum:"0" maximum:"500" doc:"Items a page; 0 means 100."`
}

func (e edge) models(ctx context.Context, _ hashyard.Actor, _ *struct{}) (*web.Page[Model], error) {
	ms, err := e.svc.Models(ctx)
	if err != nil {
		return nil, err
	}
	out := &web.Page[Model]{}
	for _, m := range ms {
		out.Items = append(out.Items, modelOf(m))
	}
	return out, nil
}

type unitsInput struct {
	PageInput
	Q   string   `query:"q" maxLength:"64" doc:"Part of a serial or MAC."`
	IDs []string `query:"ids" maxItems:"200" doc:"These machines, as far as you may read them."`
}

func (e edge) units(ctx context.Context, actor hashyard.Actor, in *unitsInput) (*web.Page[Unit], error) {
	// Lists of our own types are none that a query can hold.
	ids := make([]hashyard.ID, len(in.IDs))
	for i, text := range in.IDs {
		var err error
		if ids[i], err = hashyard.ParseID(text); err != nil {
			return nil, hashyard.Invalid.Errorf("ids: %.40q is not the id of a machine", text)
		}
	}
	us, next, err := e.svc.Units(ctx, actor, inventory.UnitQuery{Text: in.Q, IDs: ids, Cursor: in.Cursor, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	items, err := e.unitsOf(ctx, actor, us)
	return &web.Page[Unit]{Items: items, Next: next}, err
}

func (e edge) unit(ctx context.Context, actor hashyard.Actor, in *IDInput) (*Unit, error) {
	u, err := e.svc.Unit(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	items, err := e.unitsOf(ctx, actor, []inventory.Unit{u})
	if err != nil {
		return nil, err
	}
	return &items[0], nil
}

// unitsOf names the organisations and sites of all the units at once.
func (e edge) unitsOf(ctx context.Context, actor hashyard.Actor, us []inventory.Unit) ([]Unit, error) {
	var orgs, sites []hashyard.ID
	for _, u := range us {
		orgs = append(orgs, u.Owner, u.Custodian)
		sites = append(sites, u.Site)
	}
	orgNames, err := e.svc.OrgNames(ctx, orgs...)
	if err != nil {
		return nil, err
	}
	siteNames, err := e.svc.SiteNames(ctx, actor, sites...)
	if err != nil {
		return nil, err
	}
	var out []Unit
	for _, u := range us {
		out = append(out, unitOf(u, orgNames, siteNames))
	}
	return out, nil
}

type lifeInput struct {
	IDInput
	PageInput
}

func (e edge) events(ctx context.Context, actor hashyard.Actor, in *lifeInput) (*web.Page[UnitEvent], error) {
	evs, next, err := e.svc.Events(ctx, actor, in.ID, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &web.Page[UnitEvent]{Next: next}
	for _, ev := range evs {
		// A page may so be shorter than asked for; its cursor still goes on.
		if web.SeesEvent(actor, ev.Kind) {
			out.Items = append(out.Items, eventOf(ev))
		}
	}
	return out, nil
}

func (e edge) custody(ctx context.Context, actor hashyard.Actor, in *IDInput) (*web.Page[Custody], error) {
	rows, err := e.svc.CustodyOf(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	var orgs []hashyard.ID
	for _, c := range rows {
		orgs = append(orgs, c.From.Org, c.To.Org)
	}
	names, err := e.svc.OrgNames(ctx, orgs...)
	if err != nil {
		return nil, err
	}
	out := &web.Page[Custody]{}
	for _, c := range rows {
		out.Items = append(out.Items, custodyOf(c, names))
	}
	return out, nil
}

type shipmentsInput struct {
	PageInput
	Trade hashyard.ID `query:"trade" doc:"Only the shipment of this trade."`
}

func (e edge) shipments(ctx context.Context, actor hashyard.Actor, in *shipmentsInput) (*web.Page[Shipment], error) {
	ships, next, err := e.svc.Shipments(ctx, actor, inventory.ShipmentQuery{Trade: in.Trade, Cursor: in.Cursor, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	out := &web.Page[Shipment]{Next: next}
	for _, s := range ships {
		one, err := e.shown(ctx, s, nil)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, *one)
	}
	return out, nil
}

func (e edge) shipment(ctx context.Context, actor hashyard.Actor, in *IDInput) (*Shipment, error) {
	s, err := e.svc.Shipment(ctx, actor, in.ID)
	return e.shown(ctx, s, err)
}

func (e edge) shown(ctx context.Context, s inventory.Shipment, err error) (*Shipment, error) {
	if err != nil {
		return nil, err
	}
	names, err := e.svc.OrgNames(ctx, s.Seller, s.Buyer)
	if err != nil {
		return nil, err
	}
	out := shipmentOf(s, names)
	return &out, nil
}

type scanInput struct {
	IDInput
	Body struct {
		Kind   string    `json:"kind" enum:"pack,receive,return"`
		Serial string    `json:"serial" maxLength:"256" doc:"As the scanner read it."`
		At     time.Time `json:"at,omitzero" doc:"By the scanner's own clock, when the scan waited for the network."`
	}
}

func (e edge) scan(ctx context.Context, actor hashyard.Actor, in *scanInput) (*Scan, error) {
	ship, rec, err := e.svc.Scan(ctx, actor, in.ID, inventory.ScanKind(in.Body.Kind), in.Body.Serial, in.Body.At)
	if err != nil {
		return nil, err
	}
	return scanOf(ship, rec), nil
}

type dispatchInput struct {
	IDInput
	Body struct {
		Carrier  string `json:"carrier" minLength:"1" maxLength:"80"`
		Tracking string `json:"tracking" minLength:"1" maxLength:"80"`
	}
}

func (e edge) dispatch(ctx context.Context, actor hashyard.Actor, in *dispatchInput) (*Shipment, error) {
	s, err := e.svc.Dispatch(ctx, actor, in.ID, in.Body.Carrier, in.Body.Tracking)
	return e.shown(ctx, s, err)
}

func (e edge) arrive(ctx context.Context, actor hashyard.Actor, in *IDInput) (*Shipment, error) {
	s, err := e.svc.Arrive(ctx, actor, in.ID)
	return e.shown(ctx, s, err)
}

type exceptInput struct {
	IDInput
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"80" doc:"Held by customs, short, damaged …"`
	}
}

func (e edge) except(ctx context.Context, actor hashyard.Actor, in *exceptInput) (*Shipment, error) {
	s, err := e.svc.Except(ctx, actor, in.ID, in.Body.Reason)
	return e.shown(ctx, s, err)
}
