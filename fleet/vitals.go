package fleet

import (
	"hashyard"
	"hashyard/firmware"
)

// Vitals are the few figures of a reading that an overview of many machines
// needs. What was not read is nil or zero counts.
type Vitals struct {
	Reported *hashyard.Hashrate `json:"reported_hs,omitempty"`
	Ideal    *hashyard.Hashrate `json:"ideal_hs,omitempty"`
	MaxTemp  *float64           `json:"max_temp_c,omitempty"`
	Power    *float64           `json:"power_w,omitempty"`
	Boards   int                `json:"boards,omitempty"` // that the machine has or had
	Dead     []int              `json:"dead,omitempty"`   // slots of boards that do not hash; 0 is the first
	Slot     int                `json:"slot,omitempty"`   // of the active pool; 0 is the first
	URL      string             `json:"url,omitempty"`    // of the active pool
	User     string             `json:"user,omitempty"`
}

// VitalsOf reads them from what a machine said.
func VitalsOf(id firmware.Identity, r *firmware.Reading) Vitals {
	if r == nil {
		return Vitals{}
	}
	v := Vitals{Reported: r.HashrateReported, Ideal: r.HashrateIdeal, Power: r.Power}
	if t, ok := r.MaxTemp(); ok {
		v.MaxTemp = &t
	}
	for _, p := range r.Pools {
		if p.StratumActive && p.URL != "" {
			v.Slot, v.URL, v.User = p.Slot, p.URL, p.User
			break
		}
	}
	if len(r.Boards) == 0 {
		return v // unread boards are not dead
	}
	v.Boards = max(len(r.Boards), len(id.Boards))
	read := map[int]bool{}
	for _, b := range r.Boards {
		read[b.Slot] = true
		if b.Chips != nil && *b.Chips == 0 || b.Hashrate != nil && *b.Hashrate <= 0 {
			v.Dead = append(v.Dead, b.Slot)
		}
	}
	for _, b := range id.Boards {
		if !read[b.Slot] {
			v.Dead = append(v.Dead, b.Slot)
		}
	}
	return v
}
