package api

import (
	"cmp"
	"context"
	"math"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hashyard"
	"hashyard/fleet"
	"hashyard/web"
)

func (e edge) registerWatch(api *web.API, op func(method, id, path, summary, tag string) huma.Operation) {
	web.Handle(api, op(http.MethodGet, "list-machines", "/api/v1/fleet/machines", "Machines with what the pool counted, worst first", "fleet"), web.FleetRead, e.machines)
	web.Handle(api, web.Answers(op(http.MethodGet, "export-fleet", "/api/v1/exports/fleet.csv", "Your machines with what the pool counted, as CSV, worst first", "fleet"), "text/csv"), web.FleetRead, e.fleetCSV)
	web.Handle(api, op(http.MethodGet, "get-machine", "/api/v1/fleet/machines/{id}", "One machine with what the pool counted", "fleet"), web.FleetRead, e.machine)
	web.Handle(api, op(http.MethodGet, "fleet-summary", "/api/v1/fleet/summary", "A site, or all of them, in figures", "fleet"), web.FleetRead, e.summary)
	web.Handle(api, op(http.MethodGet, "fleet-map", "/api/v1/fleet/map", "Where each machine of a site stands and how it does", "fleet"), web.FleetRead, e.siteMap)
	web.Handle(api, op(http.MethodGet, "list-fleet-alerts", "/api/v1/fleet/alerts", "What is wrong with machines, newest first", "fleet"), web.FleetRead, e.alerts)
	web.Handle(api, op(http.MethodPost, "acknowledge-fleet-alert", "/api/v1/fleet/alerts/{id}/acknowledge", "Note that somebody knows of it", "fleet"), web.FleetRedirect, e.acknowledge)
	web.Handle(api, op(http.MethodPut, "place-miner", "/api/v1/miners/{id}/place", "Say where a machine stands", "fleet"), web.FleetRedirect, e.place)
	web.Handle(api, op(http.MethodPost, "add-site", "/api/v1/sites", "Make a site", "fleet"), web.FleetRedirect, e.addSite)
}

// Machine is one machine in one line.
type Machine struct {
	ID          hashyard.ID `json:"id"`
	UnitID      hashyard.ID `json:"unit_id,omitzero"`
	SiteID      hashyard.ID `json:"site_id"`
	SiteName    string      `json:"site_name"`
	Serial      string      `json:"serial"`
	Model       string      `json:"model,omitempty"`
	Address     string      `json:"address"`
	Rack        string      `json:"rack,omitempty"`
	Shelf       int         `json:"shelf,omitempty"`
	Health      string      `json:"health" enum:"offline,elsewhere,dead_board,hot,gap,slow,quarantined,unread,ok"`
	Why         string      `json:"why,omitempty"`
	LastSeen    time.Time   `json:"last_seen"`
	ReportedTHs *float64    `json:"reported_ths,omitempty"`
	NominalTHs  *float64    `json:"nominal_ths,omitempty"`
	Verified    *Verified   `json:"verified,omitempty" doc:"Absent: the pool saw no shares."`
	OfNominal   *float64    `json:"of_nominal,omitempty" doc:"Pool-verified, or reported until the pool has counted ten minutes, over nominal."`
	MaxTempC    *float64    `json:"max_temp_c,omitempty"`
	PowerW      *float64    `json:"power_w,omitempty"`
	PoolURL     string      `json:"pool_url,omitempty" doc:"Of the active slot."`
	PoolSlot    int         `json:"pool_slot,omitempty" doc:"1 is the first."`
}

// Verified is what the pool counted, with its 95 % interval.
type Verified struct {
	THs      float64  `json:"ths"`
	LowerTHs float64  `json:"lower_ths"`
	UpperTHs *float64 `json:"upper_ths,omitempty"`
	Seconds  int64    `json:"seconds" doc:"Counted over; an hour at most."`
}

func verifiedOf(v *fleet.Verified) *Verified {
	if v == nil {
		return nil
	}
	out := &Verified{THs: float64(v.Estimate / hashyard.TH), LowerTHs: float64(v.Lower / hashyard.TH), Seconds: int64(v.For.Seconds())}
	if up := float64(v.Upper / hashyard.TH); !math.IsInf(up, 0) && !math.IsNaN(up) {
		out.UpperTHs = &up
	}
	return out
}

func machineOf(m fleet.Machine) Machine {
	out := Machine{
		ID: m.ID, UnitID: m.Unit, SiteID: m.Site, SiteName: m.SiteName, Serial: m.Serial, Model: m.Model, Address: m.Address,
		Rack: m.Place.Rack, Shelf: m.Place.Shelf, Health: string(m.State), Why: m.Why, LastSeen: m.LastSeen,
		ReportedTHs: fleet.THs(m.Vitals.Reported), NominalTHs: fleet.THs(m.Vitals.Ideal), Verified: verifiedOf(m.Verified),
		OfNominal: m.Ratio, MaxTempC: m.Vitals.MaxTemp, PowerW: m.Vitals.Power, PoolURL: m.Vitals.URL,
	}
	if m.Vitals.URL != "" {
		out.PoolSlot = m.Vitals.Slot + 1
	}
	return out
}

// MachinePage is a page of machines.
type MachinePage struct {
	Items []Machine `json:"items" nullable:"false"`
	Next  string    `json:"next,omitempty" doc:"Pass it as cursor for the next page; absent on the last page."`
	Total int       `json:"total" doc:"All that match, on every page."`
}

type machinesInput struct {
	Paging
	MachineFilter
}

// MachineFilter says which machines, and in which order.
type MachineFilter struct {
	Site      hashyard.ID `query:"site"`
	Rack      string      `query:"rack" maxLength:"32"`
	Health    string      `query:"health" enum:"offline,elsewhere,dead_board,hot,gap,slow,quarantined,unread,ok"`
	Model     string      `query:"model" maxLength:"80"`
	Attention bool        `query:"attention" doc:"Only machines with something to look at."`
	Q         string      `query:"q" maxLength:"64" doc:"Part of a serial, MAC, address or place."`
	Sort      string      `query:"sort" enum:"worst,serial,model,hashrate,temp,ratio,place"`
}

func (f MachineFilter) query(p Paging) fleet.MachineQuery {
	return fleet.MachineQuery{
		Site: f.Site, Rack: f.Rack, State: f.Health, Model: f.Model, Attention: f.Attention, Text: strings.TrimSpace(f.Q),
		Sort: f.Sort, Cursor: p.Cursor, Limit: p.Limit,
	}
}

func (e edge) machines(ctx context.Context, actor hashyard.Actor, in *machinesInput) (*MachinePage, error) {
	ms, next, total, err := e.svc.Machines(ctx, actor, in.query(in.Paging))
	if err != nil {
		return nil, err
	}
	out := &MachinePage{Items: []Machine{}, Next: next, Total: total}
	for _, m := range ms {
		out.Items = append(out.Items, machineOf(m))
	}
	return out, nil
}

func (e edge) machine(ctx context.Context, actor hashyard.Actor, in *ByID) (*Machine, error) {
	m, err := e.svc.Machine(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	out := machineOf(m)
	return &out, nil
}

// FleetSummary is a fleet in figures, each with what it is of.
type FleetSummary struct {
	At          time.Time      `json:"at"`
	Machines    int            `json:"machines"`
	Online      int            `json:"online"`
	ReportedTHs float64        `json:"reported_ths" doc:"Of those online."`
	NominalTHs  float64        `json:"nominal_ths"`
	VerifiedOf  float64        `json:"verified_of_nominal" doc:"Of machines that tell a nominal rate."`
	ReportedOf  float64        `json:"reported_of_nominal" doc:"Likewise."`
	VerifiedTHs float64        `json:"verified_ths" doc:"What the pool counted in the last hour."`
	CountedOf   int            `json:"counted_of" doc:"Machines the pool saw shares of."`
	PowerW      float64        `json:"power_w"`
	PowerOf     int            `json:"power_of" doc:"Machines that tell their power."`
	JPerTH      *float64       `json:"j_per_th,omitempty" doc:"Of machines that tell their power."`
	ByHealth    map[string]int `json:"by_health"`
	Alerts      int            `json:"alerts"`
	LostSat     hashyard.Sats  `json:"lost_sat" doc:"Estimate, of live alerts since they were raised."`
	SatPerTHDay float64        `json:"sat_per_th_day"`
	SatPerDay   hashyard.Sats  `json:"sat_per_day" doc:"Estimate: what the verified hashrate earns a day before the fee."`
	Models      []string       `json:"models" nullable:"false"`
	Racks       []string       `json:"racks" nullable:"false"`
}

type siteInput struct {
	Site hashyard.ID `query:"site" doc:"Only this site."`
}

func (e edge) summary(ctx context.Context, actor hashyard.Actor, in *siteInput) (*FleetSummary, error) {
	s, _, err := e.svc.Summary(ctx, actor, in.Site)
	if err != nil {
		return nil, err
	}
	out := &FleetSummary{
		At: s.At, Machines: s.Machines, Online: s.Online, ReportedTHs: float64(s.Reported / hashyard.TH), NominalTHs: float64(s.Nominal / hashyard.TH),
		VerifiedTHs: float64(s.Verified / hashyard.TH), CountedOf: s.Counted, PowerW: s.PowerW, PowerOf: s.PowerOf, ByHealth: map[string]int{},
		Alerts: s.Alerts, LostSat: s.LostSat, SatPerTHDay: s.SatPerTHDay, Models: s.Models, Racks: s.Racks,
	}
	out.VerifiedOf, out.ReportedOf = s.VerifiedOfNominal, s.ReportedOfNominal
	out.SatPerDay = hashyard.Sats(out.VerifiedTHs * s.SatPerTHDay)
	if s.PoweredRate > 0 {
		j := s.PowerW / float64(s.PoweredRate/hashyard.TH)
		out.JPerTH = &j
	}
	for k, n := range s.ByState {
		out.ByHealth[string(k)] = n
	}
	return out, nil
}

// SiteMap is a site's racks in order.
type SiteMap struct {
	Racks []Rack `json:"racks" nullable:"false"`
}

// Rack is a column of shelves.
type Rack struct {
	Name  string `json:"name"`
	Slots []Spot `json:"slots" nullable:"false"`
}

// Spot is one machine on the map.
type Spot struct {
	ID       hashyard.ID `json:"id"`
	Serial   string      `json:"serial"`
	Shelf    int         `json:"shelf"`
	Health   string      `json:"health"`
	Ratio    *float64    `json:"ratio,omitempty"`
	MaxTempC *float64    `json:"max_temp_c,omitempty"`
}

func (e edge) siteMap(ctx context.Context, actor hashyard.Actor, in *siteInput) (*SiteMap, error) {
	_, ms, err := e.svc.Summary(ctx, actor, in.Site)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(ms, func(a, b fleet.Machine) int { return a.Compare(b, "place") })
	out := &SiteMap{Racks: []Rack{}}
	for _, m := range ms {
		name := cmp.Or(m.Place.Rack, "unplaced")
		if n := len(out.Racks); n == 0 || out.Racks[n-1].Name != name {
			out.Racks = append(out.Racks, Rack{Name: name})
		}
		r := &out.Racks[len(out.Racks)-1]
		r.Slots = append(r.Slots, Spot{ID: m.ID, Serial: m.Serial, Shelf: m.Place.Shelf, Health: string(m.State), Ratio: m.Ratio, MaxTempC: m.Vitals.MaxTemp})
	}
	return out, nil
}

// Alert is one thing that is wrong with one machine.
type Alert struct {
	ID             hashyard.ID   `json:"id"`
	MinerID        hashyard.ID   `json:"miner_id"`
	UnitID         hashyard.ID   `json:"unit_id,omitzero"`
	Serial         string        `json:"serial"`
	Address        string        `json:"address"`
	Kind           string        `json:"kind" enum:"offline,elsewhere,dead_board,hot,gap,slow"`
	State          string        `json:"state" enum:"open,acknowledged,cleared"`
	Cause          string        `json:"cause"`
	MissingTHs     float64       `json:"missing_ths"`
	LostSat        hashyard.Sats `json:"lost_sat" doc:"Estimate, at today's hashprice."`
	RaisedAt       time.Time     `json:"raised_at"`
	AcknowledgedAt time.Time     `json:"acknowledged_at,omitzero"`
	ClearedAt      time.Time     `json:"cleared_at,omitzero"`
}

func alertOf(a fleet.Alert, sat float64) Alert {
	return Alert{
		ID: a.ID, MinerID: a.Miner, UnitID: a.Unit, Serial: a.Serial, Address: a.Address, Kind: string(a.Kind), State: string(a.State),
		Cause: a.Cause, MissingTHs: float64(a.Missing / hashyard.TH), LostSat: a.LostSat(sat), RaisedAt: a.RaisedAt,
		AcknowledgedAt: a.AcknowledgedAt, ClearedAt: a.ClearedAt,
	}
}

type alertsInput struct {
	Paging
	Miner hashyard.ID `query:"miner" doc:"Only of this machine."`
	All   bool        `query:"all" doc:"Also those that are over."`
}

func (e edge) alerts(ctx context.Context, actor hashyard.Actor, in *alertsInput) (*web.Page[Alert], error) {
	as, next, sat, err := e.svc.Alerts(ctx, actor, fleet.AlertQuery{Miner: in.Miner, All: in.All, Cursor: in.Cursor, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	out := &web.Page[Alert]{Next: next}
	for _, a := range as {
		out.Items = append(out.Items, alertOf(a, sat))
	}
	return out, nil
}

func (e edge) acknowledge(ctx context.Context, actor hashyard.Actor, in *ByID) (*Alert, error) {
	a, sat, err := e.svc.AcknowledgeAlert(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	out := alertOf(a, sat)
	return &out, nil
}

type placeInput struct {
	ByID
	Body struct {
		Rack  string `json:"rack" minLength:"1" maxLength:"32"`
		Shelf int    `json:"shelf" minimum:"1" maximum:"1000"`
	}
}

func (e edge) place(ctx context.Context, actor hashyard.Actor, in *placeInput) (*Miner, error) {
	if err := e.svc.Put(ctx, actor, in.ID, fleet.Place{Rack: strings.TrimSpace(in.Body.Rack), Shelf: in.Body.Shelf}); err != nil {
		return nil, err
	}
	return e.miner(ctx, actor, &in.ByID)
}

type addSiteInput struct {
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"60"`
		CIDR string `json:"cidr" minLength:"1" maxLength:"49" doc:"The only addresses that its agent may touch, like 10.0.0.0/24."`
	}
}

func (e edge) addSite(ctx context.Context, actor hashyard.Actor, in *addSiteInput) (*Site, error) {
	net, err := netip.ParsePrefix(strings.TrimSpace(in.Body.CIDR))
	if err != nil {
		return nil, hashyard.Invalid.Errorf("network %.60q is not like 10.0.0.0/24", in.Body.CIDR)
	}
	s, err := e.svc.AddSite(ctx, actor, fleet.Site{ID: hashyard.NewID(), Name: in.Body.Name, CIDR: net})
	if err != nil {
		return nil, err
	}
	out := siteOf(s, e.svc.Now())
	return &out, nil
}
