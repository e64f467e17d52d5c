package api

import (
	"fmt"
	"time"

	"hashyard"
	"hashyard/firmware"
	"hashyard/fleet"
)

// Site is a place with machines and an agent.
type Site struct {
	ID           hashyard.ID `json:"id"`
	OrgID        hashyard.ID `json:"org_id"`
	Name         string      `json:"name"`
	CIDR         string      `json:"cidr"`
	AgentVersion string      `json:"agent_version,omitempty"`
	AgentSeenAt  time.Time   `json:"agent_seen_at,omitzero"`
	AgentOnline  bool        `json:"agent_online"`
}

func siteOf(s fleet.Site, now time.Time) Site {
	return Site{
		ID: s.ID, OrgID: s.Org, Name: s.Name, CIDR: s.CIDR.String(), AgentVersion: s.AgentVersion, AgentSeenAt: s.AgentSeen,
		AgentOnline: !s.AgentSeen.IsZero() && now.Sub(s.AgentSeen) <= s.OfflineAfter(),
	}
}

// Miner is a machine as an agent sees it. Everything it says is its own claim.
type Miner struct {
	ID           hashyard.ID `json:"id"`
	UnitID       hashyard.ID `json:"unit_id,omitzero"`
	SiteID       hashyard.ID `json:"site_id"`
	SiteName     string      `json:"site_name"`
	OrgID        hashyard.ID `json:"org_id"`
	Serial       string      `json:"serial"`
	MAC          string      `json:"mac,omitempty"`
	Model        string      `json:"model,omitempty"`
	Family       string      `json:"family,omitempty"`
	Firmware     string      `json:"firmware,omitempty"`
	Hostname     string      `json:"hostname,omitempty"`
	Address      string      `json:"address"`
	State        string      `json:"state" enum:"online,offline"`
	OfflineSince time.Time   `json:"offline_since,omitzero"`
	Quarantine   string      `json:"quarantine,omitempty" doc:"Why it is not written to."`
	FirstSeen    time.Time   `json:"first_seen"`
	LastSeen     time.Time   `json:"last_seen"`
	Reading      *Reading    `json:"reading,omitempty"`
	Boards       []Board     `json:"boards" nullable:"false"`
	Slots        []Slot      `json:"slots" nullable:"false" doc:"Configured pools as last read."`
}

// Reading is what a machine last reported. What is absent was not read.
type Reading struct {
	At             time.Time `json:"at"`
	ReportedTHs    *float64  `json:"reported_ths,omitempty"`
	AverageTHs     *float64  `json:"average_ths,omitempty"`
	IdealTHs       *float64  `json:"ideal_ths,omitempty"`
	MaxTempC       *float64  `json:"max_temp_c,omitempty"`
	HardwareErrors *int64    `json:"hardware_errors,omitempty"`
	PowerW         *float64  `json:"power_w,omitempty"`
	UptimeS        *float64  `json:"uptime_s,omitempty"`
	FansRPM        []int     `json:"fans_rpm,omitempty"`
	Pools          []Pool    `json:"pools,omitempty" doc:"Pools of the running process."`
	Unread         []string  `json:"unread,omitempty" doc:"Parts that could not be read, and why."`
}

// Pool is a pool the mining process runs with.
type Pool struct {
	Slot               int      `json:"slot" doc:"1 is the first."`
	URL                string   `json:"url"`
	User               string   `json:"user"`
	Status             string   `json:"status,omitempty"`
	StratumActive      bool     `json:"stratum_active"`
	Accepted           *int64   `json:"accepted,omitempty"`
	Rejected           *int64   `json:"rejected,omitempty"`
	DifficultyAccepted *float64 `json:"difficulty_accepted,omitempty"`
}

// Board is one hashboard.
type Board struct {
	Slot           int       `json:"slot" doc:"0 is the first."`
	Serial         string    `json:"serial,omitempty"`
	THs            *float64  `json:"ths,omitempty"`
	Chips          *int      `json:"chips,omitempty"`
	ChipMap        string    `json:"chip_map,omitempty"`
	HardwareErrors *int64    `json:"hardware_errors,omitempty"`
	TempsBoardC    []float64 `json:"temps_board_c,omitempty"`
	TempsChipC     []float64 `json:"temps_chip_c,omitempty"`
}

// Slot is a configured pool slot. Passwords are never shown.
type Slot struct {
	Slot int    `json:"slot" doc:"1 is the first."`
	URL  string `json:"url"`
	User string `json:"user"`
}

func minerOf(m fleet.Miner, site fleet.Site, now time.Time) Miner {
	since, online := m.Offline(now, site.OfflineAfter())
	out := Miner{
		ID: m.ID, UnitID: m.Unit, SiteID: m.Site, SiteName: site.Name, OrgID: m.Org, Serial: m.Identity.Serial, MAC: m.Identity.MAC,
		Model: m.Identity.Model, Family: m.Identity.Family, Firmware: m.Identity.Firmware, Hostname: m.Identity.Hostname,
		Address: m.Address, State: "online", Quarantine: m.Quarantine, FirstSeen: m.FirstSeen, LastSeen: m.LastSeen,
		Boards: []Board{}, Slots: slotsOf(m.Slots),
	}
	if !online {
		out.State, out.OfflineSince = "offline", since
	}
	var read []firmware.BoardReading
	if m.Reading != nil {
		out.Reading = readingOf(*m.Reading)
		read = m.Reading.Boards
	}
	out.Boards = boardsOf(m.Identity.Boards, read)
	return out
}

func readingOf(r firmware.Reading) *Reading {
	out := &Reading{
		At: r.At, ReportedTHs: fleet.THs(r.HashrateReported), AverageTHs: fleet.THs(r.HashrateAverage), IdealTHs: fleet.THs(r.HashrateIdeal),
		HardwareErrors: r.HardwareErrors, PowerW: r.Power, FansRPM: r.Fans, Unread: r.Unread,
	}
	if t, ok := r.MaxTemp(); ok {
		out.MaxTempC = &t
	}
	if r.Uptime != nil {
		s := r.Uptime.Seconds()
		out.UptimeS = &s
	}
	for _, p := range r.Pools {
		out.Pools = append(out.Pools, Pool{
			Slot: p.Slot + 1, URL: p.URL, User: p.User, Status: string(p.Status), StratumActive: p.StratumActive,
			Accepted: p.Accepted, Rejected: p.Rejected, DifficultyAccepted: p.DifficultyAccepted,
		})
	}
	return out
}

// boardsOf joins who the boards are with how they are.
func boardsOf(ids []firmware.Board, read []firmware.BoardReading) []Board {
	at := map[int]int{}
	out := []Board{}
	get := func(slot int) *Board {
		i, ok := at[slot]
		if !ok {
			i = len(out)
			at[slot] = i
			out = append(out, Board{Slot: slot})
		}
		return &out[i]
	}
	for _, b := range ids {
		get(b.Slot).Serial = b.Serial
	}
	for _, b := range read {
		o := get(b.Slot)
		o.THs, o.Chips, o.ChipMap, o.HardwareErrors = fleet.THs(b.Hashrate), b.Chips, b.ChipMap, b.HardwareErrors
		o.TempsBoardC, o.TempsChipC = b.TempsBoard, b.TempsChip
		if o.Serial == "" {
			o.Serial = b.Serial
		}
	}
	return out
}

func slotsOf(slots []firmware.ConfiguredPool) []Slot {
	out := []Slot{}
	for _, s := range slots {
		out = append(out, Slot{Slot: s.Slot + 1, URL: s.URL, User: s.User})
	}
	return out
}

// Redirect is one attempt to point a machine at the pool. Only
// read_back_equal and hashing mean that it is redirected.
type Redirect struct {
	ID          hashyard.ID `json:"id"`
	UnitID      hashyard.ID `json:"unit_id"`
	MinerID     hashyard.ID `json:"miner_id"`
	SiteID      hashyard.ID `json:"site_id"`
	Serial      string      `json:"serial"`
	MAC         string      `json:"mac,omitempty"`
	Address     string      `json:"address"`
	State       string      `json:"state" enum:"requested,sent,identity_checked,snapshotted,acknowledged,read_back_equal,hashing,failed"`
	Redirected  bool        `json:"redirected" doc:"All slots were read back as wanted."`
	Reason      string      `json:"reason,omitempty" doc:"Why it failed, in words."`
	Automatic   bool        `json:"automatic" doc:"Made because the unit was delivered."`
	By          hashyard.ID `json:"by,omitzero"`
	Steps       []Step      `json:"steps" nullable:"false"`
	Wanted      []Slot      `json:"wanted" nullable:"false" doc:"Slots that are not named shall be empty."`
	ReadBack    []Slot      `json:"read_back" nullable:"false"`
	Differences []string    `json:"differences" nullable:"false"`
	OldSlots    []Slot      `json:"old_slots" nullable:"false" doc:"What the machine was set to before."`
	CreatedAt   time.Time   `json:"created_at"`
}

// Step is when a redirect reached a state.
type Step struct {
	State  string    `json:"state"`
	At     time.Time `json:"at"`
	Detail string    `json:"detail,omitempty"`
}

func redirectOf(r fleet.Redirect) Redirect {
	out := Redirect{
		ID: r.ID, UnitID: r.Unit, MinerID: r.Miner, SiteID: r.Site, Serial: r.Serial, MAC: r.MAC, Address: r.Address,
		State: string(r.State), Redirected: r.State == fleet.RedirectEqual || r.State == fleet.RedirectHashing,
		Reason: r.Reason, Automatic: r.Auto, By: r.By, Steps: []Step{}, CreatedAt: r.CreatedAt,
		Wanted: []Slot{{Slot: 1, URL: r.URL, User: r.Worker}}, ReadBack: slotsOf(r.ReadBack),
		Differences: []string{}, OldSlots: slotsOf(r.OldSlots),
	}
	for _, s := range r.Steps {
		out.Steps = append(out.Steps, Step{State: string(s.State), At: s.At, Detail: s.Detail})
	}
	for _, d := range r.Differences {
		out.Differences = append(out.Differences, differenceOf(d))
	}
	return out
}

func differenceOf(d firmware.SlotDifference) string {
	if d.Field == "password" {
		return fmt.Sprintf("slot %d: password differs", d.Slot+1)
	}
	return fmt.Sprintf("slot %d: %s is %q, wanted %q", d.Slot+1, d.Field, d.Got, d.Want)
}

// Point is a step of a reported series.
type Point struct {
	At             time.Time `json:"at"`
	THs            *float64  `json:"ths,omitempty" doc:"Mean of what was reported."`
	MaxTempC       *float64  `json:"max_temp_c,omitempty"`
	HardwareErrors *int64    `json:"hardware_errors,omitempty"`
	Readings       int64     `json:"readings"`
}
