package fleet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"hashyard"
	"hashyard/firmware"
)

// Planned keeps plans. It is part of Store.
type Planned interface {
	CreatePlan(ctx context.Context, actor hashyard.Actor, p Plan, events []hashyard.Event) (Plan, error)
	Plan(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (Plan, error)
	// Plans lists them, newest first.
	Plans(ctx context.Context, actor hashyard.Actor, q PlanQuery) ([]Plan, string, error)
	// ChangePlan locks the plan, lets rule decide and writes it without its
	// units, with an audit entry when somebody asked for it.
	ChangePlan(ctx context.Context, actor hashyard.Actor, id hashyard.ID, command string, rule func(Plan) (Plan, []hashyard.Event, error)) (Plan, error)
	// SetProblem notes why a machine of a plan could not be commanded.
	SetProblem(ctx context.Context, actor hashyard.Actor, plan, miner hashyard.ID, problem string) error
	// PointTo says which redirect does a machine's part of a plan.
	PointTo(ctx context.Context, actor hashyard.Actor, plan, miner, redirect hashyard.ID) error
	// Withdraw takes back a redirect that no agent was given, and has the plan
	// command the machine anew with next.
	Withdraw(ctx context.Context, actor hashyard.Actor, plan, miner, redirect, next hashyard.ID, rule func(Redirect) (Redirect, []hashyard.Event, error)) error
}

// PlanQuery selects plans.
type PlanQuery struct {
	Cursor string
	Limit  int
}

// NewPlan is what somebody asks for.
type NewPlan struct {
	Kind    PlanKind
	Miners  []hashyard.ID
	HaltPPM int64
	Accept  bool // redirect machines that are not as registered
}

// MaxPlan is how many machines one plan may have.
const MaxPlan = 2000

// Intent is what a plan would do with one machine.
type Intent struct {
	Miner, Unit     hashyard.ID
	Serial, Address string
	Wave            int // 0: left out
	Write           []firmware.ConfiguredPool
	Restores        hashyard.ID
	LeftOut         string // why
}

// DryRun says what a plan would write to which slot of which machine, and
// which machines it leaves out and why. It changes nothing.
func (s *Service) DryRun(ctx context.Context, actor hashyard.Actor, n NewPlan) ([]Intent, error) {
	if n.Kind != PlanRedirect && n.Kind != PlanRestore {
		return nil, hashyard.Invalid.Errorf("a plan redirects or restores, not %.20q", n.Kind)
	}
	if len(n.Miners) == 0 || len(n.Miners) > MaxPlan {
		return nil, hashyard.Invalid.Errorf("a plan has 1 to %d machines, not %d", MaxPlan, len(n.Miners))
	}
	if n.HaltPPM < 0 || n.HaltPPM > 1_000_000 {
		return nil, hashyard.Invalid.Errorf("the limit of a plan is 0 to 100 %%")
	}
	url, err := s.counted.PoolURL(ctx)
	if err != nil {
		return nil, fmt.Errorf("where our pool is: %w", err)
	}
	var out []Intent
	met := map[hashyard.ID]bool{}
	taken := 0
	for _, id := range n.Miners {
		if met[id] {
			continue
		}
		met[id] = true
		in, err := s.intent(ctx, actor, n, id, url)
		if err != nil {
			return nil, err
		}
		if in.LeftOut == "" {
			in.Wave = waveOf(taken)
			taken++
		}
		out = append(out, in)
	}
	return out, nil
}

// leavesOut reports an error that is about one machine and not about us.
func leavesOut(err error) bool {
	return errors.Is(err, hashyard.Conflict) || errors.Is(err, hashyard.NotFound) || errors.Is(err, hashyard.Denied) || errors.Is(err, hashyard.Invalid)
}

func (s *Service) intent(ctx context.Context, actor hashyard.Actor, n NewPlan, miner hashyard.ID, url string) (Intent, error) {
	in := Intent{Miner: miner}
	m, err := s.ready(ctx, actor, miner, n.Accept)
	in.Unit, in.Serial, in.Address = m.Unit, m.Identity.Serial, m.Address
	if err != nil {
		if !leavesOut(err) {
			return in, err
		}
		in.LeftOut = err.Error()
		return in, nil
	}
	rs, _, err := s.store.Redirects(ctx, actor, RedirectQuery{Unit: m.Unit, Limit: 100})
	if err != nil {
		return in, err
	}
	if slices.ContainsFunc(rs, func(r Redirect) bool { return r.Org == m.Org && r.State.Open() }) {
		in.LeftOut = "another redirect is under way"
		return in, nil
	}
	if n.Kind == PlanRedirect {
		if v := VitalsOf(m.Identity, m.Reading); pointedBy(rs, v) {
			in.LeftOut = "it mines at our pool already"
		}
		for slot := range max(len(m.Slots), 1) {
			w := firmware.ConfiguredPool{Slot: slot}
			if slot == 0 {
				w.PoolSetting = firmware.PoolSetting{URL: url, User: "its own worker"}
			}
			in.Write = append(in.Write, w)
		}
		return in, nil
	}
	r, ok := original(rs, m.Org)
	if !ok {
		in.LeftOut = "no old pools were kept of it"
		return in, nil
	}
	return s.restoring(ctx, actor, in, r)
}

// restoring fills in what a restore would write.
func (s *Service) restoring(ctx context.Context, actor hashyard.Actor, in Intent, r Redirect) (Intent, error) {
	old, err := s.OldPools(ctx, actor, r.ID)
	if err == nil {
		_, err = settingsOf(old)
	}
	if err != nil {
		if !leavesOut(err) {
			return in, err
		}
		in.LeftOut = err.Error()
		return in, nil
	}
	in.Restores, in.Write = r.ID, withoutPasswords(old)
	return in, nil
}

// pointedBy reports whether the machine works where its newest redirect that
// took sent it, and that was to our pool.
func pointedBy(newestFirst []Redirect, v Vitals) bool {
	for _, r := range newestFirst {
		if r.State == RedirectEqual || r.State == RedirectHashing {
			return r.Restores.IsZero() && v.URL == r.URL && v.User == r.Worker
		}
	}
	return false
}

// original is the redirect that kept the pools from before ours.
func original(newestFirst []Redirect, org hashyard.ID) (Redirect, bool) {
	for _, r := range newestFirst {
		if r.Org != org || !r.Restores.IsZero() || len(r.OldSealed) == 0 {
			continue
		}
		if slices.ContainsFunc(r.OldSlots, func(p firmware.ConfiguredPool) bool { return p.URL != "" && (p.URL != r.URL || p.User != r.Worker) }) {
			return r, true
		}
	}
	return Redirect{}, false
}

// StartPlan makes a plan of those machines that a dry run does not leave out,
// and begins its first wave.
func (s *Service) StartPlan(ctx context.Context, actor hashyard.Actor, n NewPlan) (Plan, error) {
	intents, err := s.DryRun(ctx, actor, n)
	if err != nil {
		return Plan{}, err
	}
	p := s.newPlan(actor, n.Kind, n.HaltPPM)
	p.Accept = n.Accept
	for _, in := range intents {
		if in.LeftOut == "" {
			p.Units = append(p.Units, PlanUnit{Miner: in.Miner, Unit: in.Unit, Serial: in.Serial, Wave: in.Wave, Restores: in.Restores, RedirectID: hashyard.NewID()})
		}
	}
	if len(p.Units) == 0 {
		return p, hashyard.Conflict.Errorf("all %d machines are left out: %s", len(intents), intents[0].LeftOut)
	}
	return s.keepPlan(ctx, actor, p)
}

func (s *Service) newPlan(actor hashyard.Actor, kind PlanKind, haltPPM int64) Plan {
	return Plan{ID: hashyard.NewID(), Org: actor.Org, Kind: kind, State: PlanRunning, HaltPPM: haltPPM, CreatedAt: s.now().UTC(), CreatedBy: actor.User}
}

func (s *Service) keepPlan(ctx context.Context, actor hashyard.Actor, p Plan) (Plan, error) {
	ev, err := p.due(s.now().UTC(), 0)
	if err != nil {
		return p, err
	}
	return s.store.CreatePlan(ctx, actor, p, []hashyard.Event{ev})
}

// Plan reads one plan with its machines.
func (s *Service) Plan(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (Plan, error) {
	return s.store.Plan(ctx, actor, id)
}

// Plans lists plans, newest first.
func (s *Service) Plans(ctx context.Context, actor hashyard.Actor, q PlanQuery) ([]Plan, string, error) {
	q.Limit = min(pageSize(q.Limit), 50) // each comes with its machines
	return s.store.Plans(ctx, actor, q)
}

// HaltPlan stops a plan: nothing new is commanded, and what no agent was given
// yet is taken back. What an agent has goes on to its end.
func (s *Service) HaltPlan(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (Plan, error) {
	now := s.now().UTC()
	_, err := s.store.ChangePlan(ctx, actor, id, "plan.halt", func(p Plan) (Plan, []hashyard.Event, error) {
		p, err := p.Halt(actor.User, now)
		return p, nil, err
	})
	if err != nil {
		return Plan{}, err
	}
	return s.withdraw(ctx, actor, id)
}

// withdraw takes back what no agent was given of a halted plan.
func (s *Service) withdraw(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (Plan, error) {
	p, err := s.store.Plan(ctx, actor, id)
	if err != nil {
		return p, err
	}
	now := s.now().UTC()
	for _, u := range p.Units {
		if u.Redirect == nil || u.Redirect.State != RedirectRequested {
			continue
		}
		err := s.store.Withdraw(ctx, actor, p.ID, u.Miner, u.RedirectID, hashyard.NewID(), func(r Redirect) (Redirect, []hashyard.Event, error) {
			if r.State != RedirectRequested {
				return r, nil, nil // an agent took it meanwhile
			}
			r, _, err := r.Close(now, "halted before it was sent; nothing was written", false)
			return r, nil, err // nothing happened to the machine: no news
		})
		if err != nil {
			return p, err
		}
	}
	return s.store.Plan(ctx, actor, id)
}

// ResumePlan lets a halted plan go on.
func (s *Service) ResumePlan(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (Plan, error) {
	now := s.now().UTC()
	return s.store.ChangePlan(ctx, actor, id, "plan.resume", func(p Plan) (Plan, []hashyard.Event, error) {
		p, err := p.Resume(now)
		if err != nil {
			return p, nil, err
		}
		ev, err := p.due(now, 0)
		return p, []hashyard.Event{ev}, err
	})
}

// RollBackPlan makes the plan that writes the old pools back to every machine
// whose pools may have been overwritten. Asked twice there is one such plan.
func (s *Service) RollBackPlan(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (Plan, error) {
	now := s.now().UTC()
	p, err := s.store.Plan(ctx, actor, id)
	if err != nil {
		return p, err
	}
	if p.Kind != PlanRedirect {
		return p, hashyard.Conflict.Errorf("only a redirect plan is rolled back; redirect the machines again instead")
	}
	back := s.newPlan(actor, PlanRestore, p.HaltPPM)
	back.RollsBack, back.Accept = p.ID, p.Accept
	for i, u := range p.written() {
		back.Units = append(back.Units, PlanUnit{Miner: u.Miner, Unit: u.Unit, Serial: u.Serial, Wave: waveOf(i), Restores: u.RedirectID, RedirectID: hashyard.NewID()})
	}
	if len(back.Units) == 0 {
		return p, hashyard.Conflict.Errorf("nothing was written by this plan; there is nothing to roll back")
	}
	_, err = s.store.ChangePlan(ctx, actor, id, "plan.roll_back", func(p Plan) (Plan, []hashyard.Event, error) {
		p, err := p.RollBack(now)
		return p, nil, err
	})
	if err != nil && p.State != PlanRolledBack {
		return p, err
	}
	// Also when it is marked already: the first time may have ended here.
	return s.keepPlan(ctx, actor, back)
}

// EvPlanDue is a plan's clock: an event to itself.
const EvPlanDue hashyard.EventKind = "fleet.plan.due"

// planDue is the payload of EvPlanDue.
type planDue struct {
	Plan, Org hashyard.ID
	Tick      int64
}

// planEvery is the beat of a running plan.
const planEvery = 5 * time.Second

func (p Plan) due(now time.Time, in time.Duration) (hashyard.Event, error) {
	ev, err := hashyard.NewEvent(EvPlanDue, hashyard.Ref{Kind: "plan", ID: p.ID}, now, planDue{p.ID, p.Org, p.Tick})
	ev.NotBefore = now.Add(in)
	return ev, err
}

// OnPlanDue is a beat of a plan: it decides once an event, and then commands
// what is due. Delivered again it only commands what is still missing.
func (s *Service) OnPlanDue(ctx context.Context, ev hashyard.Event) error {
	var in planDue
	if err := ev.Read(&in); err != nil {
		return err
	}
	actor, now := hashyard.Actor{Org: in.Org, System: "fleet.plan"}, s.now().UTC()
	p, err := s.store.ChangePlan(ctx, actor, in.Plan, "", func(p Plan) (Plan, []hashyard.Event, error) {
		if p.State != PlanRunning || p.Tick != in.Tick {
			return p, nil, nil // an old beat, or somebody halted it
		}
		p, err := p.Advance(now)
		if err != nil || p.State != PlanRunning {
			return p, nil, err
		}
		next, err := p.due(now, planEvery)
		return p, []hashyard.Event{next}, err
	})
	if err == nil {
		err = s.commandDue(ctx, actor, p)
	}
	if err != nil {
		return fmt.Errorf("fleet on %s %s: %w", ev.Kind, ev.ID, err)
	}
	return nil
}

// commandDue makes the redirects of the begun waves that are not made yet. Each
// has its id beforehand, so it is made once.
func (s *Service) commandDue(ctx context.Context, actor hashyard.Actor, p Plan) error {
	if p.State != PlanRunning {
		return nil
	}
	actor.User = p.CreatedBy
	made := false
	for _, u := range p.Units {
		if u.Wave > p.Wave || u.Redirect != nil || u.Problem != "" {
			continue
		}
		err := s.commandUnit(ctx, actor, p, u)
		if err != nil && !leavesOut(err) {
			return err
		}
		if err != nil {
			if err := s.store.SetProblem(ctx, actor, p.ID, u.Miner, short(err.Error(), 500)); err != nil {
				return err
			}
		}
		made = true
	}
	if !made {
		return nil
	}
	// Who halted meanwhile did not see what was made since: it is taken back.
	now, err := s.store.Plan(ctx, actor, p.ID)
	if err == nil && now.State == PlanHalted {
		_, err = s.withdraw(ctx, actor, p.ID)
	}
	return err
}

func (s *Service) commandUnit(ctx context.Context, actor hashyard.Actor, p Plan, u PlanUnit) error {
	m, err := s.ready(ctx, actor, u.Miner, p.Accept)
	if err != nil {
		return err
	}
	if m.Unit != u.Unit {
		return hashyard.Conflict.Errorf("another unit answers as %s now", u.Serial)
	}
	r, err := s.redirect(ctx, actor, m, asked{id: u.RedirectID, restores: u.Restores})
	if errors.Is(err, hashyard.Conflict) {
		if _, found := s.store.Redirect(ctx, actor, u.RedirectID); found == nil {
			return nil // another beat made it, and it is over already
		}
	}
	if err != nil {
		return err
	}
	if r.ID != u.RedirectID { // somebody redirects it already: that one counts
		return s.store.PointTo(ctx, actor, p.ID, u.Miner, r.ID)
	}
	return nil
}

// Counts says how many machines of the plan are where; they sum to all.
func (p Plan) Counts() map[PlanRung]int {
	out := map[PlanRung]int{}
	for _, u := range p.Units {
		out[u.Rung()]++
	}
	return out
}

// Cause is why a machine is off the ladder, in words.
func (u PlanUnit) Cause() string {
	switch {
	case u.Problem != "":
		return u.Problem
	case u.Redirect != nil:
		return strings.TrimSpace(u.Redirect.Reason)
	}
	return ""
}
