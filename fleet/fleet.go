// Package fleet owns sites, the miners their agents see, what the miners
// report, and redirects: the proof, step by step, that a machine's pool slots
// are what they should be. Agents call in; nothing here ever calls a miner.
//
// What an agent or a miner says is evidence, never a verdict: identities and
// pool slots are compared here. Service is safe for concurrent use; each
// change is one transaction, and no transaction is open during a call to
// another part.
package fleet

import (
	"cmp"
	"net/netip"
	"time"

	"hashyard"
	"hashyard/firmware"
)

// Site is one place with machines and an agent.
type Site struct {
	ID, Org   hashyard.ID
	Name      string
	CIDR      netip.Prefix  // the only addresses its agent may touch
	ScanEvery time.Duration // how often the agent looks for machines
	ReadEvery time.Duration // how often it reads the ones it knows

	AgentVersion string
	AgentSeen    time.Time // zero: never
}

// OfflineAfter is how long a miner or an agent may be silent before it is
// shown as offline.
func (s Site) OfflineAfter() time.Duration {
	return max(3*max(s.ScanEvery, s.ReadEvery), 10*time.Second)
}

// Check refuses a site that an agent could not work in.
func (s Site) Check() error {
	switch {
	case s.Org.IsZero() || s.ID.IsZero() || s.Name == "":
		return hashyard.Invalid.Errorf("site %q needs an id, an organisation and a name", s.Name)
	case !s.CIDR.IsValid():
		return hashyard.Invalid.Errorf("site %s has no network", s.Name)
	case !ownNetwork(s.CIDR):
		return hashyard.Invalid.Errorf("network %s of site %s is not a private one", s.CIDR, s.Name)
	case s.CIDR.Addr().Is4() && s.CIDR.Bits() < 16, s.CIDR.Addr().Is6() && s.CIDR.Bits() < 112:
		return hashyard.Invalid.Errorf("network %s of site %s has more than 65536 addresses", s.CIDR, s.Name)
	case s.ScanEvery <= 0 || s.ReadEvery <= 0:
		return hashyard.Invalid.Errorf("site %s needs a scan and a read interval", s.Name)
	}
	return nil
}

// ownNetwork takes networks in which machines of one's own stand: private ones,
// and loopback for simulated machines (agents refuse it unless told). Never
// link-local ones, where clouds answer with their instances' secrets.
func ownNetwork(n netip.Prefix) bool {
	a := n.Masked().Addr()
	if a.Is4In6() {
		return false
	}
	return (a.IsPrivate() && n.Bits() >= 7 || a.IsLoopback() || sharedNetwork().Overlaps(n)) && !a.IsUnspecified()
}

// sharedNetwork is the carriers' own range, which some sites use inside.
func sharedNetwork() netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64, 0, 0}), 10)
}

// Miner is a machine as one organisation's agents see it.
type Miner struct {
	ID, Org, Site, Unit hashyard.ID
	Key                 string // what tells it apart: the serial where it gives one
	Identity            firmware.Identity
	Address             string
	Score               int                       // of the family's claim
	Slots               []firmware.ConfiguredPool // as last read, passwords left out
	Reading             *firmware.Reading         // the last one
	Quarantine          string                    // why it must not be written to; empty: nothing is wrong

	FirstSeen, LastSeen time.Time
	ReadAt, GoneAt      time.Time // zero: never
}

// Offline reports since when the miner is offline; online is true when it is not.
func (m Miner) Offline(now time.Time, after time.Duration) (since time.Time, online bool) {
	if m.GoneAt.After(m.LastSeen) {
		return m.GoneAt, false
	}
	if now.Sub(m.LastSeen) > after {
		return m.LastSeen, false
	}
	return time.Time{}, true
}

// Over is the miner after a newer sighting m of what was known as old; what m
// did not read stays known. stale says that m is older than what is known and
// only its reading counts.
func (m Miner) Over(old Miner) (merged Miner, stale bool) {
	if !m.LastSeen.After(old.LastSeen) {
		return old, true
	}
	m.ID, m.FirstSeen, m.GoneAt = old.ID, old.FirstSeen, old.GoneAt
	if m.Unit.IsZero() {
		m.Unit = old.Unit
	}
	if m.Reading == nil {
		m.Reading, m.ReadAt = old.Reading, old.ReadAt
	}
	if m.Slots == nil {
		m.Slots = old.Slots
	}
	if len(m.Identity.Boards) == 0 {
		m.Identity.Boards = old.Identity.Boards
	}
	m.Identity.MAC = cmp.Or(m.Identity.MAC, old.Identity.MAC)
	m.Identity.Model = cmp.Or(m.Identity.Model, old.Identity.Model)
	m.Identity.Family = cmp.Or(m.Identity.Family, old.Identity.Family)
	return m, false
}

// Point is a step of a reported-hashrate series: what the machine claims.
type Point struct {
	At       time.Time
	Readings int64
	Hashrate *hashyard.Hashrate // mean of the reported ones
	MaxTemp  *float64           // degrees Celsius
	Errors   *int64             // hardware errors since the process started
}

// Expected is a delivered unit that waits to be seen and redirected.
type Expected struct {
	Unit, Org, Trade hashyard.ID
	Serial           string
	DeliveredAt      time.Time
	Redirect         hashyard.ID // none: to be made
	Attempts         int
}

// MaxAttempts bounds automatic redirects of one delivered unit after failures
// that may pass.
const MaxAttempts = 3
