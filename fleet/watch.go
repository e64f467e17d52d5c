package fleet

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"hashyard"
)

// Counted is what fleet needs of the pool's books.
type Counted interface {
	// UnitRates is what the pool counted of each unit's work within the window;
	// units without work in it are left out.
	UnitRates(ctx context.Context, actor hashyard.Actor, units []hashyard.ID, window time.Duration) (map[hashyard.ID]Verified, error)
	// SatPerTHDay is what a displayed TH/s earns in a day now; 0 when unknown.
	SatPerTHDay(ctx context.Context) (float64, error)
	// PoolURL is where our pool is reached.
	PoolURL(ctx context.Context) (string, error)
}

// Watched keeps what is derived from readings. It is part of Store.
type Watched interface {
	// Machines lists every miner the actor may see, in one line each.
	Machines(ctx context.Context, actor hashyard.Actor, site hashyard.ID) ([]Machine, error)
	// AddSite keeps a new site, with an audit entry; its name is new too.
	AddSite(ctx context.Context, actor hashyard.Actor, s Site) error
	SetPlace(ctx context.Context, actor hashyard.Actor, miner hashyard.ID, p Place) error
	// SiteOrgs lists the organisations that have sites.
	SiteOrgs(ctx context.Context) ([]hashyard.ID, error)
	// ChangeAlerts locks the organisation's live alerts and writes what rule
	// makes of them.
	ChangeAlerts(ctx context.Context, org hashyard.ID, rule func(live []Alert) ([]Alert, error)) error
	// ChangeAlert does so for one, with an audit entry.
	ChangeAlert(ctx context.Context, actor hashyard.Actor, id hashyard.ID, rule func(Alert) (Alert, error)) (Alert, error)
	Alerts(ctx context.Context, actor hashyard.Actor, q AlertQuery) ([]Alert, string, error)
	// Thin sums readings before the instant up by the hour and drops them, and
	// drops hours before oldest. At most limit readings at once; it returns how
	// many it dropped.
	Thin(ctx context.Context, before, oldest time.Time, limit int) (int64, error)
}

// AlertQuery selects alerts, newest first.
type AlertQuery struct {
	Miner  hashyard.ID
	All    bool // also those that are over
	Cursor string
	Limit  int
}

// MachineQuery selects machines.
type MachineQuery struct {
	Site      hashyard.ID
	Rack      string
	State     string // one of Healths
	Model     string
	Attention bool   // only those with a fault
	Text      string // part of serial, MAC, address or place
	Sort      string // serial, model, hashrate, temp, ratio or place; else the worst first
	Cursor    string // the offset of the next page
	Limit     int
}

func (q MachineQuery) takes(m Machine) bool {
	if q.Rack != "" && m.Place.Rack != q.Rack || q.Model != "" && m.Model != q.Model ||
		q.State != "" && string(m.State) != q.State || q.Attention && m.State == Fine {
		return false
	}
	if q.Text == "" {
		return true
	}
	t := strings.ToLower(q.Text)
	for _, s := range []string{m.Serial, m.MAC, m.Address, m.Place.String()} {
		if strings.Contains(strings.ToLower(s), t) {
			return true
		}
	}
	return false
}

// verifiedWindow is what "pool-verified" stands for in overviews.
const verifiedWindow = time.Hour

// machines reads and judges all machines of the actor.
func (s *Service) machines(ctx context.Context, actor hashyard.Actor, site hashyard.ID) ([]Machine, map[hashyard.ID]Site, error) {
	sites, err := s.store.Sites(ctx, actor)
	if err != nil {
		return nil, nil, err
	}
	byID := map[hashyard.ID]Site{}
	for _, x := range sites {
		byID[x.ID] = x
	}
	ms, err := s.store.Machines(ctx, actor, site)
	if err != nil {
		return nil, nil, err
	}
	var units []hashyard.ID
	for _, m := range ms {
		if !m.Unit.IsZero() {
			units = append(units, m.Unit)
		}
	}
	counted, err := s.counted.UnitRates(ctx, actor, units, verifiedWindow)
	if err != nil {
		return nil, nil, fmt.Errorf("what the pool counted of %d machines: %w", len(units), err)
	}
	now := s.now().UTC()
	for i, m := range ms {
		if v, ok := counted[m.Unit]; ok {
			m.Verified = &v
		}
		ms[i] = m.Judge(byID[m.Site], now)
	}
	return ms, byID, nil
}

// Machines lists machines as the overview shows them. total counts all that
// match.
func (s *Service) Machines(ctx context.Context, actor hashyard.Actor, q MachineQuery) (page []Machine, next string, total int, err error) {
	from := 0
	if q.Cursor != "" {
		if _, err := fmt.Sscanf(q.Cursor, "%d", &from); err != nil || from < 0 || fmt.Sprint(from) != q.Cursor {
			return nil, "", 0, hashyard.Invalid.Errorf("cursor %.40q is none of ours", q.Cursor)
		}
	}
	all, err := s.AllMachines(ctx, actor, q)
	if err != nil {
		return nil, "", 0, err
	}
	n := pageSize(q.Limit)
	end := min(from+n, len(all))
	if end < len(all) {
		next = fmt.Sprint(end)
	}
	return all[min(from, end):end], next, len(all), nil
}

// AllMachines are all that match, at one moment; q's cursor and limit say
// nothing here.
func (s *Service) AllMachines(ctx context.Context, actor hashyard.Actor, q MachineQuery) ([]Machine, error) {
	all, _, err := s.machines(ctx, actor, q.Site)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(m Machine) bool { return !q.takes(m) })
	slices.SortFunc(all, func(a, b Machine) int { return a.Compare(b, q.Sort) })
	return all, nil
}

// Machine is one of them.
func (s *Service) Machine(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (Machine, error) {
	m, err := s.store.Miner(ctx, actor, id)
	if err != nil {
		return Machine{}, err
	}
	ms, _, err := s.machines(ctx, actor, m.Site)
	if err != nil {
		return Machine{}, err
	}
	i := slices.IndexFunc(ms, func(m Machine) bool { return m.ID == id })
	if i < 0 {
		return Machine{}, hashyard.NotFound.Errorf("miner %s moved to another site just now", id)
	}
	return ms[i], nil
}

// Summary is a fleet in a few figures. Sums are over what was read.
type Summary struct {
	At                time.Time
	Machines, Online  int
	Reported, Nominal hashyard.Hashrate
	Verified          hashyard.Hashrate
	// Shares of the nominal rate, of those machines that tell one.
	VerifiedOfNominal, ReportedOfNominal float64
	Counted                              int     // machines the pool counted work of
	PowerW                               float64 // of those that tell it
	PowerOf                              int     // machines that tell their power
	PoweredRate                          hashyard.Hashrate
	ByState                              map[Health]int
	Alerts                               int
	LostSat                              hashyard.Sats // of live alerts
	SatPerTHDay                          float64
	Models                               []string
	Racks                                []string
}

// Summary adds the fleet of a site, or of all, up.
func (s *Service) Summary(ctx context.Context, actor hashyard.Actor, site hashyard.ID) (Summary, []Machine, error) {
	ms, _, err := s.machines(ctx, actor, site)
	if err != nil {
		return Summary{}, nil, err
	}
	sat, err := s.counted.SatPerTHDay(ctx)
	if err != nil {
		return Summary{}, nil, fmt.Errorf("present hashprice: %w", err)
	}
	out := sum(ms)
	out.At, out.SatPerTHDay = s.now().UTC(), sat
	ofSite := map[hashyard.ID]bool{}
	for _, m := range ms {
		ofSite[m.ID] = true
	}
	for q := (AlertQuery{Limit: 500}); ; {
		as, next, err := s.store.Alerts(ctx, actor, q)
		if err != nil {
			return out, nil, err
		}
		for _, a := range as {
			if ofSite[a.Miner] {
				out.Alerts++
				out.LostSat += a.LostSat(sat)
			}
		}
		if q.Cursor = next; next == "" {
			return out, ms, nil
		}
	}
}

func sum(ms []Machine) Summary {
	out := Summary{ByState: map[Health]int{}}
	models, racks := map[string]bool{}, map[string]bool{}
	var verified, reported hashyard.Hashrate // of machines that tell a nominal rate
	for _, m := range ms {
		out.Machines++
		out.ByState[m.State]++
		models[m.Model], racks[m.Place.Rack] = true, true
		if m.Vitals.Ideal != nil {
			out.Nominal += *m.Vitals.Ideal
			if m.Verified != nil {
				verified += m.Verified.Estimate
			}
			if m.State != Offline {
				reported += orZero(m.Vitals.Reported)
			}
		}
		if m.Verified != nil {
			out.Verified += m.Verified.Estimate
			out.Counted++
		}
		if m.State == Offline {
			continue // its last reading is of the past
		}
		out.Online++
		if m.Vitals.Reported != nil {
			out.Reported += *m.Vitals.Reported
		}
		if m.Vitals.Power != nil {
			out.PowerW += *m.Vitals.Power
			out.PowerOf++
			out.PoweredRate += orZero(m.VerifiedOrReportedHS)
		}
	}
	if out.Nominal > 0 {
		out.VerifiedOfNominal, out.ReportedOfNominal = float64(verified/out.Nominal), float64(reported/out.Nominal)
	}
	out.Models, out.Racks = named(models), named(racks)
	return out
}

func named(set map[string]bool) []string {
	out := []string{}
	for s := range set {
		if s != "" {
			out = append(out, s)
		}
	}
	slices.Sort(out)
	return out
}

// Alerts lists alerts, newest first, with what a displayed TH/s earns a day.
func (s *Service) Alerts(ctx context.Context, actor hashyard.Actor, q AlertQuery) ([]Alert, string, float64, error) {
	q.Limit = pageSize(q.Limit)
	as, next, err := s.store.Alerts(ctx, actor, q)
	if err != nil {
		return nil, "", 0, err
	}
	sat, err := s.counted.SatPerTHDay(ctx)
	if err != nil {
		return nil, "", 0, fmt.Errorf("present hashprice: %w", err)
	}
	return as, next, sat, nil
}

// AcknowledgeAlert notes who knows of it.
func (s *Service) AcknowledgeAlert(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (Alert, float64, error) {
	now := s.now().UTC()
	a, err := s.store.ChangeAlert(ctx, actor, id, func(a Alert) (Alert, error) { return a.Acknowledge(actor.User, now) })
	if err != nil {
		return a, 0, err
	}
	sat, err := s.counted.SatPerTHDay(ctx)
	return a, sat, err
}

// Put says where a machine stands.
func (s *Service) Put(ctx context.Context, actor hashyard.Actor, miner hashyard.ID, p Place) error {
	if err := p.Check(); err != nil {
		return err
	}
	return s.store.SetPlace(ctx, actor, miner, p)
}

// AddSite makes a site of the actor's organisation.
func (s *Service) AddSite(ctx context.Context, actor hashyard.Actor, site Site) (Site, error) {
	site.Org = actor.Org
	if site.ScanEvery <= 0 {
		site.ScanEvery = time.Minute
	}
	if site.ReadEvery <= 0 {
		site.ReadEvery = 20 * time.Second
	}
	if site.Name = strings.TrimSpace(short(site.Name, 60)); site.Name == "" {
		return site, hashyard.Invalid.Errorf("a site needs a name")
	}
	if err := site.Check(); err != nil {
		return site, err
	}
	return site, s.store.AddSite(ctx, actor, site)
}

// watchEvery is how often alerts are derived anew.
const watchEvery = 15 * time.Second

// keepReadings and keepHours bound the history.
const (
	keepReadings = 48 * time.Hour
	keepHours    = 90 * 24 * time.Hour
)

// Run derives alerts and thins the history until ctx ends. One process at a
// time needs to; two do no harm.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		if err := s.Watch(ctx); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "alerts not derived, will retry", "error", err)
		}
		now := s.now().UTC()
		if _, err := s.store.Thin(ctx, now.Add(-keepReadings), now.Add(-keepHours), 20_000); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "readings not thinned, will retry", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// Watch derives the alerts of every organisation once. One that fails does not
// hold up the others.
func (s *Service) Watch(ctx context.Context) error {
	orgs, err := s.store.SiteOrgs(ctx)
	if err != nil {
		return err
	}
	var failed error
	for _, org := range orgs {
		if err := s.watchOrg(ctx, org); err != nil {
			failed = fmt.Errorf("alerts of organisation %s: %w", org, err)
		}
	}
	return failed
}

func (s *Service) watchOrg(ctx context.Context, org hashyard.ID) error {
	ms, sites, err := s.machines(ctx, hashyard.Actor{Org: org, System: "fleet.watch"}, hashyard.ID{})
	if err != nil {
		return err
	}
	now := s.now().UTC()
	return s.store.ChangeAlerts(ctx, org, func(live []Alert) ([]Alert, error) { return Reconcile(org, live, ms, sites, now) })
}
