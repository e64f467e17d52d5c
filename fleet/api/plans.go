package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hashyard"
	"hashyard/fleet"
	"hashyard/web"
)

func (e edge) registerPlans(api *web.API, op func(method, id, path, summary, tag string) huma.Operation) {
	web.Handle(api, web.Asks(op(http.MethodPost, "dry-run-plan", "/api/v1/redirect-plans/dry-run", "What a plan would write to which machine, and which it leaves out; changes nothing", "fleet")), web.FleetRedirect, e.dryRun)
	web.Handle(api, op(http.MethodPost, "start-plan", "/api/v1/redirect-plans", "Redirect or restore many machines in waves", "fleet"), web.FleetRedirect, e.startPlan)
	web.Handle(api, op(http.MethodGet, "list-plans", "/api/v1/redirect-plans", "Plans, newest first", "fleet"), web.FleetRead, e.plans)
	web.Handle(api, op(http.MethodGet, "get-plan", "/api/v1/redirect-plans/{id}", "One plan, machine by machine", "fleet"), web.FleetRead, e.plan)
	web.Handle(api, op(http.MethodPost, "halt-plan", "/api/v1/redirect-plans/{id}/halt", "Stop a plan now", "fleet"), web.FleetRedirect, e.onPlan(func(ctx context.Context, a hashyard.Actor, id hashyard.ID) (fleet.Plan, error) {
		return e.svc.HaltPlan(ctx, a, id)
	}))
	web.Handle(api, op(http.MethodPost, "resume-plan", "/api/v1/redirect-plans/{id}/resume", "Let a halted plan go on", "fleet"), web.FleetRedirect, e.onPlan(func(ctx context.Context, a hashyard.Actor, id hashyard.ID) (fleet.Plan, error) {
		return e.svc.ResumePlan(ctx, a, id)
	}))
	web.Handle(api, op(http.MethodPost, "roll-back-plan", "/api/v1/redirect-plans/{id}/roll-back", "Write the old pools back to what the plan wrote to", "fleet"), web.FleetRedirect, e.onPlan(func(ctx context.Context, a hashyard.Actor, id hashyard.ID) (fleet.Plan, error) {
		return e.svc.RollBackPlan(ctx, a, id)
	}))
}

// PlanAsk is what somebody wants done to many machines.
type PlanAsk struct {
	Kind           string        `json:"kind" enum:"redirect,restore" doc:"To our pool, or back to the pools of before."`
	MinerIDs       []hashyard.ID `json:"miner_ids" minItems:"1" maxItems:"2000"`
	HaltPPM        int64         `json:"halt_ppm,omitempty" minimum:"0" maximum:"1000000" doc:"Share of a wave that may fail or be unknown, in parts per million; absent: none."`
	AcceptMismatch bool          `json:"accept_mismatch,omitempty" doc:"Also machines that are not as registered."`
}

func (a PlanAsk) ask() fleet.NewPlan {
	return fleet.NewPlan{Kind: fleet.PlanKind(a.Kind), Miners: a.MinerIDs, HaltPPM: a.HaltPPM, Accept: a.AcceptMismatch}
}

type planInput struct{ Body PlanAsk }

// DryRun is what would happen.
type DryRun struct {
	Included int          `json:"included"`
	LeftOut  int          `json:"left_out"`
	Waves    []int        `json:"waves" nullable:"false" doc:"Machines of each wave."`
	Items    []PlanIntent `json:"items" nullable:"false"`
}

// PlanIntent is what would be done to one machine.
type PlanIntent struct {
	MinerID hashyard.ID `json:"miner_id"`
	UnitID  hashyard.ID `json:"unit_id,omitzero"`
	Serial  string      `json:"serial"`
	Address string      `json:"address"`
	Wave    int         `json:"wave,omitempty" doc:"1 is the first; absent: left out."`
	Write   []Slot      `json:"write" nullable:"false" doc:"Slots with no url are emptied."`
	LeftOut string      `json:"left_out,omitempty" doc:"Why."`
}

func (e edge) dryRun(ctx context.Context, actor hashyard.Actor, in *planInput) (*DryRun, error) {
	intents, err := e.svc.DryRun(ctx, actor, in.Body.ask())
	if err != nil {
		return nil, err
	}
	out := &DryRun{Waves: []int{}, Items: []PlanIntent{}}
	for _, i := range intents {
		out.Items = append(out.Items, PlanIntent{
			MinerID: i.Miner, UnitID: i.Unit, Serial: i.Serial, Address: i.Address, Wave: i.Wave, Write: slotsOf(i.Write), LeftOut: i.LeftOut,
		})
		if i.LeftOut != "" {
			out.LeftOut++
			continue
		}
		out.Included++
		for len(out.Waves) < i.Wave {
			out.Waves = append(out.Waves, 0)
		}
		out.Waves[i.Wave-1]++
	}
	return out, nil
}

// RedirectPlan is many redirects in waves.
type RedirectPlan struct {
	ID        hashyard.ID    `json:"id"`
	Kind      string         `json:"kind" enum:"redirect,restore"`
	State     string         `json:"state" enum:"running,halted,done,rolled_back"`
	HaltPPM   int64          `json:"halt_ppm"`
	Wave      int            `json:"wave" doc:"Begun; 0 before the first."`
	Reason    string         `json:"reason,omitempty" doc:"Of a halt."`
	Total     int            `json:"total"`
	Counts    map[string]int `json:"counts" doc:"Machines by state; they sum to the total."`
	Waves     []PlanWave     `json:"waves" nullable:"false"`
	CreatedAt time.Time      `json:"created_at"`
	CreatedBy hashyard.ID    `json:"created_by,omitzero"`
	HaltedAt  time.Time      `json:"halted_at,omitzero"`
	HaltedBy  hashyard.ID    `json:"halted_by,omitzero" doc:"Absent: by its own rule."`
	EndedAt   time.Time      `json:"ended_at,omitzero"`
	RollsBack hashyard.ID    `json:"rolls_back,omitzero" doc:"The plan whose redirects it undoes."`
	Units     []PlanUnit     `json:"units,omitempty" doc:"Only with one plan."`
}

// PlanWave counts a wave.
type PlanWave struct {
	Wave  int `json:"wave"`
	Total int `json:"total"`
	Good  int `json:"good"`
	Bad   int `json:"bad" doc:"Failed, blocked or unknown: what the halt rule counts."`
	Open  int `json:"open"`
}

// PlanUnit is one machine of a plan.
type PlanUnit struct {
	MinerID  hashyard.ID `json:"miner_id"`
	UnitID   hashyard.ID `json:"unit_id"`
	Serial   string      `json:"serial"`
	Wave     int         `json:"wave"`
	State    string      `json:"state" enum:"planned,commanded,acknowledged,read_back,hashing,blocked,failed,unknown"`
	Cause    string      `json:"cause,omitempty"`
	At       time.Time   `json:"at,omitzero" doc:"Of the last step."`
	Redirect *Redirect   `json:"redirect,omitempty"`
}

func planOf(p fleet.Plan, now time.Time, units bool) RedirectPlan {
	out := RedirectPlan{
		ID: p.ID, Kind: string(p.Kind), State: string(p.State), HaltPPM: p.HaltPPM, Wave: p.Wave, Reason: p.Reason, Total: len(p.Units),
		Counts: map[string]int{}, Waves: []PlanWave{}, CreatedAt: p.CreatedAt, CreatedBy: p.CreatedBy, HaltedAt: p.HaltedAt, HaltedBy: p.HaltedBy,
		EndedAt: p.EndedAt, RollsBack: p.RollsBack,
	}
	for rung, n := range p.Counts() {
		out.Counts[string(rung)] = n
	}
	for w := 1; w <= p.Waves(); w++ {
		t := p.Tally(w, now)
		out.Waves = append(out.Waves, PlanWave{Wave: w, Total: t.Total, Good: t.Good, Bad: t.Bad, Open: t.Open})
	}
	if !units {
		return out
	}
	for _, u := range p.Units {
		o := PlanUnit{MinerID: u.Miner, UnitID: u.Unit, Serial: u.Serial, Wave: u.Wave, State: string(u.Rung()), Cause: u.Cause()}
		if u.Redirect != nil {
			r := redirectOf(*u.Redirect)
			o.Redirect = &r
			if n := len(u.Redirect.Steps); n > 0 {
				o.At = u.Redirect.Steps[n-1].At
			}
		}
		out.Units = append(out.Units, o)
	}
	return out
}

func (e edge) startPlan(ctx context.Context, actor hashyard.Actor, in *planInput) (*RedirectPlan, error) {
	p, err := e.svc.StartPlan(ctx, actor, in.Body.ask())
	if err != nil {
		return nil, err
	}
	out := planOf(p, e.svc.Now(), true)
	return &out, nil
}

func (e edge) plans(ctx context.Context, actor hashyard.Actor, in *Paging) (*web.Page[RedirectPlan], error) {
	ps, next, err := e.svc.Plans(ctx, actor, fleet.PlanQuery{Cursor: in.Cursor, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	out := &web.Page[RedirectPlan]{Next: next}
	for _, p := range ps {
		out.Items = append(out.Items, planOf(p, e.svc.Now(), false))
	}
	return out, nil
}

func (e edge) plan(ctx context.Context, actor hashyard.Actor, in *ByID) (*RedirectPlan, error) {
	p, err := e.svc.Plan(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	out := planOf(p, e.svc.Now(), true)
	return &out, nil
}

// onPlan is a handler of a verb on one plan.
func (e edge) onPlan(do func(context.Context, hashyard.Actor, hashyard.ID) (fleet.Plan, error)) func(context.Context, hashyard.Actor, *ByID) (*RedirectPlan, error) {
	return func(ctx context.Context, actor hashyard.Actor, in *ByID) (*RedirectPlan, error) {
		p, err := do(ctx, actor, in.ID)
		if err != nil {
			return nil, err
		}
		out := planOf(p, e.svc.Now(), true)
		return &out, nil
	}
}
