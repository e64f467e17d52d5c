package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"hashyard"
	"hashyard/firmware"
)

// Store keeps the fleet. Each method is one whole transaction. An actor with
// an organisation sees and changes that organisation's rows only; the house
// may read all.
type Store interface {
	Watched
	Planned
	PutSite(ctx context.Context, s Site) error
	Sites(ctx context.Context, actor hashyard.Actor) ([]Site, error)
	Site(ctx context.Context, actor hashyard.Actor, nameOrID string) (Site, error)
	SawAgent(ctx context.Context, actor hashyard.Actor, site hashyard.ID, version string, at time.Time) error

	// KnownMiners finds miners by key.
	KnownMiners(ctx context.Context, actor hashyard.Actor, keys []string) (map[string]Miner, error)
	// PutMiners keeps miners by (organisation, key), appends their readings and
	// emits the events. It returns them with their ids.
	PutMiners(ctx context.Context, actor hashyard.Actor, miners []Miner, events func([]Miner) ([]hashyard.Event, error)) ([]Miner, error)
	MinersGone(ctx context.Context, actor hashyard.Actor, site hashyard.ID, gone []Gone) error
	Miner(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (Miner, error)
	// Turns counts the present machines of the actor's organisation that wait for
	// a person: quarantined, or with a last redirect that failed.
	Turns(ctx context.Context, actor hashyard.Actor) (int, error)
	Miners(ctx context.Context, actor hashyard.Actor, q MinerQuery) ([]Miner, string, error)
	Points(ctx context.Context, actor hashyard.Actor, unit hashyard.ID, q SeriesQuery) ([]Point, error)

	// Expect keeps delivered units, once per event. The units' open redirects
	// of other organisations are ended by rule, and their commands are done.
	Expect(ctx context.Context, event hashyard.ID, units []Expected, rule func(Redirect) (Redirect, []hashyard.Event, error)) error
	// ExpectedOf lists those of the units that the organisation still expects.
	ExpectedOf(ctx context.Context, actor hashyard.Actor, units []hashyard.ID) ([]Expected, error)

	// CreateRedirect keeps a new redirect with a command for the agent if it is
	// open, or returns the unit's open one. It also answers the expectation of
	// the unit when the redirect is automatic.
	CreateRedirect(ctx context.Context, actor hashyard.Actor, r Redirect, events []hashyard.Event) (Redirect, bool, error)
	// ChangeRedirect locks the redirect, lets rule decide and writes it. When
	// done is set the agent's command is done.
	ChangeRedirect(ctx context.Context, actor hashyard.Actor, id hashyard.ID, done bool, rule func(Redirect) (Redirect, []hashyard.Event, error)) (Redirect, error)
	// SawSession changes the newest redirect of the unit that may take it, once per event.
	SawSession(ctx context.Context, event, unit, org hashyard.ID, rule func(Redirect) (Redirect, error)) error
	Redirect(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (Redirect, error)
	Redirects(ctx context.Context, actor hashyard.Actor, q RedirectQuery) ([]Redirect, string, error)
	// Lease takes up to n commands of the poll's site until then, to be given out.
	Lease(ctx context.Context, actor hashyard.Actor, p Poll, n int, t LeaseTimes) ([]Leased, error)
	// Defer puts a leased command back until then.
	Defer(ctx context.Context, actor hashyard.Actor, command hashyard.ID, until time.Time) error
	CommandRedirect(ctx context.Context, actor hashyard.Actor, command hashyard.ID) (redirect hashyard.ID, done bool, err error)
}

// MinerQuery selects miners.
type MinerQuery struct {
	Site   hashyard.ID
	Unit   hashyard.ID
	Text   string // part of serial, MAC or address
	Cursor string
	Limit  int
}

// SeriesQuery selects steps of a series.
type SeriesQuery struct {
	Since time.Time
	Step  time.Duration
	Limit int
}

// RedirectQuery selects redirects.
type RedirectQuery struct {
	Unit   hashyard.ID
	Cursor string
	Limit  int
}

// LeaseTimes are the moments of a lease: now, its end, and before when a
// command that the agent lost for the second time is not given to it again.
type LeaseTimes struct{ Now, Until, Again time.Time }

// Leased is a command to be given out, with its redirect.
type Leased struct {
	Command     hashyard.ID
	Epoch       int64
	LeasedUntil time.Time
	Redirect    Redirect
	Address     string // where the miner is now
}

// Units is what fleet needs of inventory.
type Units interface {
	// Claim registers or matches a machine that org's agent sees at the site.
	Claim(ctx context.Context, org, site hashyard.ID, seen Seen) (Claimed, error)
	// Custodian is the organisation that has the unit in hand, or none.
	Custodian(ctx context.Context, unit hashyard.ID) (hashyard.ID, error)
}

// Seen is a machine's identity as inventory wants it.
type Seen struct {
	Serial, MAC, Model, Family string
	Boards                     []string
	IdealHS                    hashyard.Hashrate
}

// Claimed is inventory's answer to a sighting.
type Claimed struct {
	Unit       hashyard.ID
	Foreign    bool     // somebody else has custody: hands off
	Mismatches []string // what is not as known of this serial
}

// Workers is what fleet needs of the pool.
type Workers interface {
	// WorkerFor is the pool, user and secret of the unit's own worker.
	WorkerFor(ctx context.Context, unit, org hashyard.ID) (PoolTarget, error)
}

// PoolTarget is where a unit shall mine.
type PoolTarget struct{ URL, User, Password string }

// Config is what a Service needs.
type Config struct {
	Store   Store
	Units   Units
	Workers Workers
	Counted Counted
	SealKey [32]byte         // seals the old pools' passwords; kept outside the database
	Lease   time.Duration    // of a command; 0 means 180 s
	Answer  time.Duration    // within which a redirect must be answered; 0 means 15 min
	Pause   time.Duration    // of a command that cannot be given out, or that its agent lost again; 0 means 30 s
	Now     func() time.Time // nil means time.Now
	Log     *slog.Logger     // nil discards
}

// Service is the fleet as the other parts see it.
type Service struct {
	store   Store
	units   Units
	workers Workers
	counted Counted
	sealer  sealer
	lease   time.Duration
	answer  time.Duration
	pause   time.Duration
	now     func() time.Time
	log     *slog.Logger
	bells   bells
}

// New makes the service.
func New(cfg Config) (*Service, error) {
	seal, err := newSealer(cfg.SealKey)
	if err != nil {
		return nil, err
	}
	s := &Service{
		store: cfg.Store, units: cfg.Units, workers: cfg.Workers, counted: cfg.Counted, sealer: seal,
		lease: cfg.Lease, answer: cfg.Answer, pause: cfg.Pause, now: cfg.Now, log: cfg.Log,
	}
	if s.answer <= 0 {
		s.answer = 15 * time.Minute
	}
	if s.pause <= 0 {
		s.pause = 30 * time.Second
	}
	if s.lease <= 0 {
		s.lease = 180 * time.Second
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	return s, nil
}

// SeedSite makes the site known, or as given if it is.
func (s *Service) SeedSite(ctx context.Context, site Site) error {
	if err := site.Check(); err != nil {
		return err
	}
	return s.store.PutSite(ctx, site)
}

// Now is the service's clock.
func (s *Service) Now() time.Time { return s.now() }

// Sites lists the actor's sites.
func (s *Service) Sites(ctx context.Context, actor hashyard.Actor) ([]Site, error) {
	return s.store.Sites(ctx, actor)
}

// SiteNames tells how the sites are called that the actor may know.
func (s *Service) SiteNames(ctx context.Context, actor hashyard.Actor, ids []hashyard.ID) (map[hashyard.ID]string, error) {
	sites, err := s.store.Sites(ctx, actor)
	if err != nil {
		return nil, err
	}
	out := make(map[hashyard.ID]string, len(sites))
	for _, site := range sites {
		out[site.ID] = site.Name
	}
	return out, nil
}

// Miners lists the actor's miners.
func (s *Service) Miners(ctx context.Context, actor hashyard.Actor, q MinerQuery) ([]Miner, string, error) {
	q.Limit = pageSize(q.Limit)
	return s.store.Miners(ctx, actor, q)
}

// Miner reads one miner.
func (s *Service) Miner(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (Miner, error) {
	return s.store.Miner(ctx, actor, id)
}

// Redirects lists redirects, newest first.
func (s *Service) Redirects(ctx context.Context, actor hashyard.Actor, q RedirectQuery) ([]Redirect, string, error) {
	q.Limit = pageSize(q.Limit)
	return s.store.Redirects(ctx, actor, q)
}

// Redirect reads one redirect.
func (s *Service) Redirect(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (Redirect, error) {
	return s.store.Redirect(ctx, actor, id)
}

// Points is the series of what the unit reported to the actor's agents.
func (s *Service) Points(ctx context.Context, actor hashyard.Actor, unit hashyard.ID, q SeriesQuery) ([]Point, error) {
	if q.Since.IsZero() {
		q.Since = s.now().Add(-time.Hour)
	}
	if q.Step <= 0 {
		q.Step = time.Minute
	}
	if q.Step < time.Second || q.Step > 24*time.Hour {
		return nil, hashyard.Invalid.Errorf("a step is one second to one day, not %s", q.Step)
	}
	q.Limit = 2000
	return s.store.Points(ctx, actor, unit, q)
}

// Condition is the newest reading of a unit by the organisation's agents, as
// it goes on a listing: without anything that tells where it is or for whom
// it works.
func (s *Service) Condition(ctx context.Context, org, unit hashyard.ID) (json.RawMessage, error) {
	ms, _, err := s.store.Miners(ctx, hashyard.Actor{Org: org, System: "fleet.condition"}, MinerQuery{Unit: unit, Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(ms) == 0 || ms[0].Reading == nil {
		return nil, hashyard.NotFound.Errorf("no agent of this organisation has read unit %s", unit)
	}
	b, err := json.Marshal(conditionOf(ms[0]))
	if err != nil {
		return nil, fmt.Errorf("condition of unit %s: %w", unit, err)
	}
	return b, nil
}

// condition is a reading fit for strangers' eyes.
type condition struct {
	At             time.Time               `json:"at"`
	Serial         string                  `json:"serial"`
	MAC            string                  `json:"mac,omitempty"`
	Model          string                  `json:"model,omitempty"`
	Family         string                  `json:"family,omitempty"`
	Firmware       string                  `json:"firmware,omitempty"`
	ReportedTHs    *float64                `json:"reported_ths,omitempty"`
	AverageTHs     *float64                `json:"average_ths,omitempty"`
	IdealTHs       *float64                `json:"ideal_ths,omitempty"`
	MaxTempC       *float64                `json:"max_temp_c,omitempty"`
	HardwareErrors *int64                  `json:"hardware_errors,omitempty"`
	PowerW         *float64                `json:"power_w,omitempty"`
	UptimeS        *float64                `json:"uptime_s,omitempty"`
	Fans           []int                   `json:"fans_rpm,omitempty"`
	Boards         []firmware.BoardReading `json:"boards,omitempty"`
	Pools          []string                `json:"pools,omitempty"`
	Unread         []string                `json:"unread,omitempty"`
}

func conditionOf(m Miner) condition {
	r := *m.Reading
	c := condition{
		At: r.At, Serial: NormalSerial(m.Identity.Serial), MAC: m.Identity.MAC, Model: m.Identity.Model,
		Family: m.Identity.Family, Firmware: m.Identity.Firmware,
		ReportedTHs: THs(r.HashrateReported), AverageTHs: THs(r.HashrateAverage), IdealTHs: THs(r.HashrateIdeal),
		HardwareErrors: r.HardwareErrors, PowerW: r.Power, Fans: r.Fans, Boards: r.Boards, Unread: r.Unread,
	}
	if t, ok := r.MaxTemp(); ok {
		c.MaxTempC = &t
	}
	if r.Uptime != nil {
		sec := r.Uptime.Seconds()
		c.UptimeS = &sec
	}
	for _, p := range r.Pools {
		if p.URL != "" {
			c.Pools = append(c.Pools, p.URL)
		}
	}
	return c
}

// THs is a rate in displayed TH/s; what was not read stays nil.
func THs(h *hashyard.Hashrate) *float64 {
	if h == nil {
		return nil
	}
	v := float64(*h / hashyard.TH)
	return &v
}

func pageSize(n int) int {
	if n <= 0 {
		return 100
	}
	return min(n, 500)
}

// Turns counts the present machines of the actor's organisation that wait for
// a person.
func (s *Service) Turns(ctx context.Context, actor hashyard.Actor) (int, error) {
	return s.store.Turns(ctx, actor)
}
