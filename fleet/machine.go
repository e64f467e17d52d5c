package fleet

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"hashyard"
)

// Machine is one miner in one line of an overview.
type Machine struct {
	ID, Site, Unit       hashyard.ID
	Serial, MAC, Model   string
	Family, Address      string
	Quarantine           string
	LastSeen, GoneAt     time.Time
	Place                Place
	Vitals               Vitals
	WantURL, WantUser    string // of its last redirect that took
	Verified             *Verified
	SiteName             string
	State                Health
	Since                time.Time // that the state lasts
	Why                  string
	Ratio                *float64 // of the nominal rate
	VerifiedOrReportedHS *hashyard.Hashrate
}

// Verified is what the pool counted of a unit's work in its window.
type Verified struct {
	Estimate, Lower, Upper hashyard.Hashrate
	For                    time.Duration // counted over; shorter than the window for new machines
}

// Place is where a machine stands.
type Place struct {
	Rack  string
	Shelf int
}

func (p Place) String() string {
	if p.Rack == "" {
		return ""
	}
	return fmt.Sprintf("%s-S%02d", p.Rack, p.Shelf)
}

// Check refuses a place that a map could not show.
func (p Place) Check() error {
	if strings.TrimSpace(p.Rack) == "" || len(p.Rack) > 32 || short(p.Rack, 32) != p.Rack {
		return hashyard.Invalid.Errorf("a rack has a name of at most 32 printable characters")
	}
	if p.Shelf < 1 || p.Shelf > 1000 {
		return hashyard.Invalid.Errorf("shelf %d: shelves are 1 to 1000", p.Shelf)
	}
	return nil
}

// shelves is how many machines a rack holds when nobody said where they stand.
const shelves = 24

// PlaceByAddress is the layout of a site whose addresses are given in order.
func PlaceByAddress(network netip.Prefix, address string) Place {
	a, err := netip.ParseAddr(address)
	if err != nil || !network.Contains(a) {
		return Place{}
	}
	first, at := network.Masked().Addr().As16(), a.As16()
	n := int(binary.BigEndian.Uint32(at[12:]) - binary.BigEndian.Uint32(first[12:]))
	n = max(n-1, 0) // the network's own address is no host's
	return Place{Rack: fmt.Sprintf("R%02d", n/shelves+1), Shelf: n%shelves + 1}
}

// Health is how a machine does, in one word: the worst that is found.
type Health string

// The healths, worst first. All but the last three are also kinds of alerts.
const (
	Offline     Health = "offline"
	Elsewhere   Health = "elsewhere"  // mines for another pool than it was pointed at
	DeadBoard   Health = "dead_board" // a board hashes nothing
	Hot         Health = "hot"
	Gap         Health = "gap"  // reports more than the pool sees
	Slow        Health = "slow" // under its nominal rate
	Quarantined Health = "quarantined"
	Unread      Health = "unread" // answers, but told no hashrate
	Fine        Health = "ok"
)

// Healths are all of them, worst first.
func Healths() []Health {
	return []Health{Offline, Elsewhere, DeadBoard, Hot, Gap, Slow, Quarantined, Unread, Fine}
}

// Limits beyond which a machine needs attention.
const (
	hotAt     = 86.0             // degrees Celsius of the hottest sensor
	slowBelow = 0.90             // of the nominal rate
	gapAbove  = 1.05             // reported over the upper bound of what the pool sees
	countFor  = 10 * time.Minute // of pool counting before it is held against a machine
)

// Finding is one thing that is wrong with a machine.
type Finding struct {
	Kind    Health
	Cause   string
	Missing hashyard.Hashrate // against its nominal rate
}

// Findings judges a machine; the worst comes first. What was not read is not
// judged: no figure is no fault.
func (m Machine) Findings(now time.Time, site Site) []Finding {
	v := m.Vitals
	var nominal hashyard.Hashrate
	if v.Ideal != nil {
		nominal = *v.Ideal
	}
	if since, online := (Miner{LastSeen: m.LastSeen, GoneAt: m.GoneAt}).Offline(now, site.OfflineAfter()); !online {
		cause := "no answer at " + m.Address
		switch {
		case m.GoneAt.Equal(since):
			cause = "gone from " + m.Address
		case now.Sub(site.AgentSeen) > site.OfflineAfter():
			cause = "not seen: the agent of " + site.Name + " is silent too"
		}
		return []Finding{{Kind: Offline, Cause: cause, Missing: nominal}}
	}
	var out []Finding
	if m.WantURL != "" && v.URL != "" && (v.URL != m.WantURL || v.User != m.WantUser) {
		out = append(out, Finding{Kind: Elsewhere, Cause: fmt.Sprintf("slot %d is active with %s", v.Slot+1, short(v.URL, 120)), Missing: nominal})
	}
	missing := hashyard.Hashrate(0)
	if rate := m.rate(); rate != nil && nominal > 0 {
		missing = max(nominal-*rate, 0)
	}
	if len(v.Dead) > 0 {
		out = append(out, Finding{Kind: DeadBoard, Cause: deadWords(v), Missing: missing})
	}
	if v.MaxTemp != nil && *v.MaxTemp >= hotAt {
		out = append(out, Finding{Kind: Hot, Cause: fmt.Sprintf("%.0f °C, limit %.0f °C", *v.MaxTemp, hotAt), Missing: missing})
	}
	if p := m.Verified; p != nil && p.For >= countFor && v.Reported != nil && *v.Reported > p.Upper*gapAbove {
		out = append(out, Finding{
			Kind: Gap, Missing: missing,
			Cause: fmt.Sprintf("reports %.1f TH/s, the pool sees %.1f TH/s, at most %.1f", float64(*v.Reported/hashyard.TH), float64(p.Estimate/hashyard.TH), float64(p.Upper/hashyard.TH)),
		})
	}
	if v.Reported != nil && nominal > 0 && *v.Reported < nominal*slowBelow {
		out = append(out, Finding{Kind: Slow, Cause: fmt.Sprintf("reports %.1f of %.1f TH/s", float64(*v.Reported/hashyard.TH), float64(nominal/hashyard.TH)), Missing: missing})
	}
	return out
}

// rate is what the pool counts once it has counted long enough, else what the
// machine reports.
func (m Machine) rate() *hashyard.Hashrate {
	if m.Verified != nil && m.Verified.For >= countFor {
		return &m.Verified.Estimate
	}
	return m.Vitals.Reported
}

func deadWords(v Vitals) string {
	words := make([]string, len(v.Dead))
	for i, slot := range v.Dead {
		words[i] = fmt.Sprint(slot + 1)
	}
	return fmt.Sprintf("board %s of %d hashes nothing", strings.Join(words, ", "), v.Boards)
}

// Judge fills in how the machine does.
func (m Machine) Judge(site Site, now time.Time) Machine {
	m.SiteName = site.Name
	if m.Place.Rack == "" {
		m.Place = PlaceByAddress(site.CIDR, m.Address)
	}
	m.VerifiedOrReportedHS = m.rate()
	if m.VerifiedOrReportedHS != nil && m.Vitals.Ideal != nil && *m.Vitals.Ideal > 0 {
		r := float64(*m.VerifiedOrReportedHS / *m.Vitals.Ideal)
		m.Ratio = &r
	}
	fs := m.Findings(now, site)
	switch {
	case len(fs) > 0:
		m.State, m.Why = fs[0].Kind, fs[0].Cause
		if fs[0].Kind == Offline {
			m.Ratio = nil
		}
	case m.Quarantine != "":
		m.State, m.Why = Quarantined, m.Quarantine
	case m.Vitals.Reported == nil:
		m.State, m.Why = Unread, "told no hashrate"
	default:
		m.State = Fine
	}
	if m.State == Offline {
		m.Since = m.LastSeen
	}
	return m
}

// Compare orders machines by a column; ties by id, so that pages never overlap.
func (m Machine) Compare(o Machine, by string) int {
	var c int
	switch by {
	case "serial":
		c = strings.Compare(m.Serial, o.Serial)
	case "model":
		c = strings.Compare(m.Model, o.Model)
	case "hashrate":
		c = cmp.Compare(orZero(o.VerifiedOrReportedHS), orZero(m.VerifiedOrReportedHS))
	case "temp":
		c = cmp.Compare(orZero(o.Vitals.MaxTemp), orZero(m.Vitals.MaxTemp))
	case "ratio":
		c = cmp.Compare(orZero(m.Ratio), orZero(o.Ratio))
	case "place":
		c = cmp.Or(strings.Compare(m.SiteName, o.SiteName), strings.Compare(m.Place.Rack, o.Place.Rack), cmp.Compare(m.Place.Shelf, o.Place.Shelf))
	default:
		c = cmp.Compare(m.State.rank(), o.State.rank())
	}
	return cmp.Or(c, strings.Compare(m.ID.String(), o.ID.String()))
}

func (c Health) rank() int {
	return slices.Index(Healths(), c)
}

func orZero[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
