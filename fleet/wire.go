package fleet

import (
	"time"

	"hashyard"
	"hashyard/firmware"
)

// What agents and the yard tell each other. Agents call by HTTP with a key of
// their organisation; passwords of a machine's pools travel in both directions
// and are kept only sealed.

// Hello introduces an agent.
type Hello struct {
	Site    string `json:"site" minLength:"1" maxLength:"100" doc:"Name or id of the site."`
	Version string `json:"version" maxLength:"100"`
}

// Welcome tells an agent what it works on.
type Welcome struct {
	SiteID      hashyard.ID `json:"site_id"`
	OrgID       hashyard.ID `json:"org_id"`
	CIDR        string      `json:"cidr"`
	ScanEveryMS int64       `json:"scan_every_ms"`
	ReadEveryMS int64       `json:"read_every_ms"`
}

// Sighting is one machine as seen at one moment.
type Sighting struct {
	At       time.Time                 `json:"at"`
	Address  string                    `json:"address"`
	Identity firmware.Identity         `json:"identity"`
	Score    int                       `json:"score,omitempty"`
	Because  []string                  `json:"because,omitempty" doc:"The evidence for the family."`
	Slots    []firmware.ConfiguredPool `json:"slots,omitempty" doc:"Configured pools, passwords left out."`
	Reading  *firmware.Reading         `json:"reading,omitempty"`
}

// Gone is a machine that no longer answers at its address.
type Gone struct {
	At      time.Time `json:"at"`
	Address string    `json:"address"`
	Serial  string    `json:"serial,omitempty"`
}

// Sightings is one report of an agent. Sending it again changes nothing.
type Sightings struct {
	SiteID    hashyard.ID `json:"site_id"`
	Sightings []Sighting  `json:"sightings,omitempty" maxItems:"256"`
	Gone      []Gone      `json:"gone,omitempty" maxItems:"1024"`
}

// MaxSightings is how many machines one report may carry.
const MaxSightings = 256

// Received answers a report.
type Received struct {
	Miners   int      `json:"miners"`
	Problems []string `json:"problems,omitempty" doc:"Machines that could not be taken over, and why."`
}

// Command is something an agent shall do. It is leased: without a result until
// then it is given out again, with a higher epoch.
type Command struct {
	ID          hashyard.ID    `json:"id"`
	Kind        string         `json:"kind" enum:"redirect"`
	Epoch       int64          `json:"epoch"`
	LeasedUntil time.Time      `json:"leased_until"`
	Redirect    *RedirectOrder `json:"redirect,omitempty"`
}

// RedirectOrder says which machine, and no other, gets which pools.
type RedirectOrder struct {
	Redirect hashyard.ID            `json:"redirect_id"`
	Unit     hashyard.ID            `json:"unit_id"`
	Address  string                 `json:"address"`
	Family   string                 `json:"family"`
	Serial   string                 `json:"serial"`
	MAC      string                 `json:"mac,omitempty"`
	Boards   []string               `json:"boards,omitempty"`
	Slots    []firmware.PoolSetting `json:"slots" doc:"Slots beyond these are written as empty."`
}

// Result is what happened, as evidence: each part with its own time. Nothing
// in it says "done".
type Result struct {
	SiteID     hashyard.ID               `json:"site_id"`
	Epoch      int64                     `json:"epoch"`
	Address    string                    `json:"address,omitempty"`
	Identity   *firmware.Identity        `json:"identity,omitempty"`
	IdentityAt time.Time                 `json:"identity_at,omitzero"`
	Lock       *firmware.PoolLock        `json:"lock,omitempty"`
	Snapshot   []firmware.ConfiguredPool `json:"snapshot,omitempty"`
	SnapshotAt time.Time                 `json:"snapshot_at,omitzero"`
	SlotCount  int                       `json:"slot_count,omitempty"`
	Ack        *firmware.Acknowledgement `json:"ack,omitempty"`
	ReadBack   []firmware.ConfiguredPool `json:"read_back,omitempty"`
	ReadBackAt time.Time                 `json:"read_back_at,omitzero"`
	Running    []firmware.Pool           `json:"running,omitempty"`
	Error      string                    `json:"error,omitempty" maxLength:"4000"`
	Refused    bool                      `json:"refused,omitempty" doc:"The whole result was refused; this stands for it."`
	Transient  bool                      `json:"transient,omitempty" doc:"The same might work later."`
}
