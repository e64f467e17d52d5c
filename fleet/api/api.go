// Package api is the fleet's HTTP interface: what agents call, and what people
// see of sites, miners, readings and redirects. It holds no state; handlers
// run concurrently and leave all rules to fleet.Service.
package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hashyard"
	"hashyard/fleet"
	"hashyard/web"
)

// maxReport bounds one report of an agent: 256 machines with boards and pools.
const maxReport = 4 << 20

// edge joins the handlers with the service.
type edge struct{ svc *fleet.Service }

// Register adds the fleet's routes.
func Register(api *web.API, svc *fleet.Service) {
	e := edge{svc}
	op := func(method, id, path, summary, tag string) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: method, Path: path, Summary: summary,
			Tags: []string{tag}, DefaultStatus: http.StatusOK,
		}
	}
	web.Handle(api, op(http.MethodPost, "agent-hello", "/api/v1/agent/hello", "Introduce an agent to its site", "agent"), web.AgentLink, e.hello)
	// PUT, because a report changes nothing when it is sent again, and because
	// the answers to millions of them need not be kept.
	sightings := op(http.MethodPut, "agent-sightings", "/api/v1/agent/sightings", "Report the machines that were seen", "agent")
	sightings.MaxBodyBytes = maxReport
	web.Handle(api, sightings, web.AgentLink, e.sightings)
	web.Handle(api, web.Idle(op(http.MethodGet, "agent-commands", "/api/v1/agent/commands", "Wait for something to do", "agent")), web.AgentLink, e.commands)
	web.Handle(api, op(http.MethodPost, "agent-result", "/api/v1/agent/commands/{id}/result", "Report what a command did", "agent"), web.AgentLink, e.result)

	web.Handle(api, op(http.MethodGet, "list-sites", "/api/v1/sites", "Your sites and their agents", "fleet"), web.FleetRead, e.sites)
	web.Handle(api, op(http.MethodGet, "list-miners", "/api/v1/miners", "Machines as your agents see them", "fleet"), web.FleetRead, e.miners)
	web.Handle(api, op(http.MethodGet, "get-miner", "/api/v1/miners/{id}", "One machine with its last reading, boards and pool slots", "fleet"), web.FleetRead, e.miner)
	web.Handle(api, op(http.MethodPost, "redirect-miner", "/api/v1/miners/{id}/redirect", "Point a machine at the pool", "fleet"), web.FleetRedirect, e.redirect)
	web.Handle(api, op(http.MethodGet, "list-redirects", "/api/v1/redirects", "Redirects, newest first", "fleet"), web.FleetRead, e.redirects)
	web.Handle(api, op(http.MethodGet, "get-redirect", "/api/v1/redirects/{id}", "One redirect, step by step", "fleet"), web.FleetRead, e.getRedirect)
	web.Handle(api, op(http.MethodGet, "list-unit-readings", "/api/v1/units/{id}/readings", "What a machine reported over time", "fleet"), web.FleetRead, e.readings)
	e.registerWatch(api, op)
	e.registerPlans(api, op)
}

// ByID names one thing by its path.
type ByID struct {
	ID hashyard.ID `path:"id"`
}

// Paging walks a list.
type Paging struct {
	Cursor string `query:"cursor" doc:"Where the page before ended."`
	Limit  int    `query:"limit" minimum:"0" maximum:"500" doc:"Items a page; 0 means 100."`
}

func (e edge) hello(ctx context.Context, actor hashyard.Actor, in *fleet.Hello) (*fleet.Welcome, error) {
	w, err := e.svc.Hello(ctx, actor, *in)
	return &w, err
}

func (e edge) sightings(ctx context.Context, actor hashyard.Actor, in *fleet.Sightings) (*fleet.Received, error) {
	r, err := e.svc.Sight(ctx, actor, *in)
	return &r, err
}

type commandsInput struct {
	Site  hashyard.ID `query:"site" required:"true" doc:"From hello."`
	Agent hashyard.ID `query:"agent" doc:"The asking agent, the same across its restarts."`
	Knows string      `query:"knows" maxLength:"2400" doc:"Commands that the agent carries out or has a result of, with commas between."`
	Wait  int         `query:"wait" minimum:"0" maximum:"30" doc:"Seconds to wait for something to do."`
}

func (e edge) commands(ctx context.Context, actor hashyard.Actor, in *commandsInput) (*web.Page[fleet.Command], error) {
	p := fleet.Poll{Site: in.Site, Agent: in.Agent, Wait: time.Duration(in.Wait) * time.Second}
	for text := range strings.SplitSeq(in.Knows, ",") {
		if text == "" {
			continue
		}
		id, err := hashyard.ParseID(text)
		if err != nil {
			return nil, err
		}
		p.Knows = append(p.Knows, id)
	}
	cs, err := e.svc.Commands(ctx, actor, p)
	return &web.Page[fleet.Command]{Items: cs}, err
}

type resultInput struct {
	ByID
	Body fleet.Result
}

func (e edge) result(ctx context.Context, actor hashyard.Actor, in *resultInput) (*Redirect, error) {
	r, err := e.svc.Finish(ctx, actor, in.ID, in.Body)
	if err != nil {
		return nil, err
	}
	out := redirectOf(r)
	return &out, nil
}

func (e edge) sites(ctx context.Context, actor hashyard.Actor, _ *struct{}) (*web.Page[Site], error) {
	sites, err := e.svc.Sites(ctx, actor)
	if err != nil {
		return nil, err
	}
	out := &web.Page[Site]{}
	for _, s := range sites {
		out.Items = append(out.Items, siteOf(s, e.svc.Now()))
	}
	return out, nil
}

type minersInput struct {
	Paging
	Site hashyard.ID `query:"site" doc:"Only the machines of this site."`
	Unit hashyard.ID `query:"unit" doc:"Only this unit, as each of your agents sees it."`
	Q    string      `query:"q" maxLength:"64" doc:"Part of a serial, MAC or address."`
}

func (e edge) miners(ctx context.Context, actor hashyard.Actor, in *minersInput) (*web.Page[Miner], error) {
	ms, next, err := e.svc.Miners(ctx, actor, fleet.MinerQuery{Site: in.Site, Unit: in.Unit, Text: in.Q, Cursor: in.Cursor, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	out, err := e.minersOf(ctx, actor, ms)
	return &web.Page[Miner]{Items: out, Next: next}, err
}

func (e edge) miner(ctx context.Context, actor hashyard.Actor, in *ByID) (*Miner, error) {
	m, err := e.svc.Miner(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	out, err := e.minersOf(ctx, actor, []fleet.Miner{m})
	if err != nil {
		return nil, err
	}
	return &out[0], nil
}

// minersOf needs the sites: how long a machine may be silent is theirs to say.
func (e edge) minersOf(ctx context.Context, actor hashyard.Actor, ms []fleet.Miner) ([]Miner, error) {
	sites, err := e.svc.Sites(ctx, actor)
	if err != nil {
		return nil, err
	}
	byID := map[hashyard.ID]fleet.Site{}
	for _, s := range sites {
		byID[s.ID] = s
	}
	var out []Miner
	for _, m := range ms {
		out = append(out, minerOf(m, byID[m.Site], e.svc.Now()))
	}
	return out, nil
}

type redirectInput struct {
	ByID
	Body *struct {
		AcceptMismatch bool `json:"accept_mismatch,omitempty" doc:"Redirect although the machine is not as registered."`
	}
}

func (e edge) redirect(ctx context.Context, actor hashyard.Actor, in *redirectInput) (*Redirect, error) {
	r, err := e.svc.RequestRedirect(ctx, actor, in.ID, in.Body != nil && in.Body.AcceptMismatch)
	if err != nil {
		return nil, err
	}
	out := redirectOf(r)
	return &out, nil
}

type redirectsInput struct {
	Paging
	Unit hashyard.ID `query:"unit" doc:"Only redirects of this unit."`
}

func (e edge) redirects(ctx context.Context, actor hashyard.Actor, in *redirectsInput) (*web.Page[Redirect], error) {
	rs, next, err := e.svc.Redirects(ctx, actor, fleet.RedirectQuery{Unit: in.Unit, Cursor: in.Cursor, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	out := &web.Page[Redirect]{Next: next}
	for _, r := range rs {
		out.Items = append(out.Items, redirectOf(r))
	}
	return out, nil
}

func (e edge) getRedirect(ctx context.Context, actor hashyard.Actor, in *ByID) (*Redirect, error) {
	r, err := e.svc.Redirect(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	out := redirectOf(r)
	return &out, nil
}

type readingsInput struct {
	ByID
	Since time.Time `query:"since" doc:"Default: one hour ago."`
	Step  int       `query:"step" minimum:"0" maximum:"86400" doc:"Seconds a point; 0 means 60."`
}

func (e edge) readings(ctx context.Context, actor hashyard.Actor, in *readingsInput) (*web.Page[Point], error) {
	ps, err := e.svc.Points(ctx, actor, in.ID, fleet.SeriesQuery{Since: in.Since, Step: time.Duration(in.Step) * time.Second})
	if err != nil {
		return nil, err
	}
	out := &web.Page[Point]{}
	for _, p := range ps {
		out.Items = append(out.Items, Point{At: p.At, THs: fleet.THs(p.Hashrate), MaxTempC: p.MaxTemp, HardwareErrors: p.Errors, Readings: p.Readings})
	}
	return out, nil
}
