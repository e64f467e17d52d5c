package fleet

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"hashyard"
)

// Hello introduces an agent to its site.
func (s *Service) Hello(ctx context.Context, actor hashyard.Actor, h Hello) (Welcome, error) {
	site, err := s.store.Site(ctx, actor, h.Site)
	if errors.Is(err, hashyard.NotFound) {
		return Welcome{}, s.noSuchSite(ctx, actor, h.Site)
	}
	if err != nil {
		return Welcome{}, err
	}
	if err := s.store.SawAgent(ctx, actor, site.ID, short(h.Version, 100), s.now().UTC()); err != nil {
		return Welcome{}, err
	}
	return Welcome{
		SiteID: site.ID, OrgID: site.Org, CIDR: site.CIDR.String(),
		ScanEveryMS: site.ScanEvery.Milliseconds(), ReadEveryMS: site.ReadEvery.Milliseconds(),
	}, nil
}

// noSuchSite names the sites that the agent's organisation has instead.
func (s *Service) noSuchSite(ctx context.Context, actor hashyard.Actor, name string) error {
	sites, err := s.store.Sites(ctx, actor)
	if err != nil {
		return err
	}
	if len(sites) == 0 {
		return hashyard.NotFound.Errorf("the organisation of this key has no site %.100q, and no other yet; check that the key is of the right organisation, or have the site made", name)
	}
	names := make([]string, 0, len(sites))
	for _, site := range sites[:min(len(sites), 10)] {
		names = append(names, strconv.Quote(short(site.Name, 60)))
	}
	return hashyard.NotFound.Errorf("the organisation of this key has no site %.100q; start the agent with one of its sites: %s", name, strings.Join(names, ", "))
}

// Sight takes in an agent's report. A machine that cannot be taken in is told
// to the agent and does not hold up the others.
func (s *Service) Sight(ctx context.Context, actor hashyard.Actor, in Sightings) (Received, error) {
	site, err := s.store.Site(ctx, actor, in.SiteID.String())
	if err != nil {
		return Received{}, err
	}
	now := s.now().UTC()
	var out Received
	var miners []Miner
	for _, g := range in.Sightings {
		m, err := minerOf(site, g, now)
		if err != nil {
			out.Problems = append(out.Problems, err.Error())
			continue
		}
		miners = append(miners, m)
	}
	miners = newestOfEach(miners, &out)
	if err := s.identify(ctx, actor, site, miners, &out); err != nil {
		return out, err
	}
	kept, err := s.store.PutMiners(ctx, actor, miners, func(seen []Miner) ([]hashyard.Event, error) { return seenEvents(seen, now) })
	if err != nil {
		return out, err
	}
	out.Miners = len(kept)
	if gone := slices.Clone(in.Gone); len(gone) > 0 {
		for i := range gone {
			gone[i].At = stamp(gone[i].At, now).UTC()
			gone[i].Address, gone[i].Serial = short(gone[i].Address, 60), short(gone[i].Serial, 64)
		}
		if err := s.store.MinersGone(ctx, actor, site.ID, gone); err != nil {
			return out, err
		}
	}
	if err := s.store.SawAgent(ctx, actor, site.ID, "", now); err != nil {
		return out, err
	}
	if err := s.settle(ctx, actor, kept); err != nil {
		// The machines are taken in; what is due is tried at the next sighting.
		s.log.WarnContext(ctx, "redirect of a delivered unit not made, will retry", "site", site.ID, "error", err)
	}
	return out, nil
}

// minerOf checks a sighting; the address must be the site's own.
func minerOf(site Site, g Sighting, now time.Time) (Miner, error) {
	addr, err := netip.ParseAddr(g.Address)
	if err != nil || !site.CIDR.Contains(addr) {
		return Miner{}, hashyard.Invalid.Errorf("address %.40q is not in the site's network %s", g.Address, site.CIDR)
	}
	at := stamp(g.At, now).UTC()
	id := cleanIdentity(g.Identity)
	m := Miner{
		Org: site.Org, Site: site.ID, Identity: id, Address: addr.String(), Score: min(max(g.Score, 0), 1000),
		Slots: withoutPasswords(g.Slots), FirstSeen: at, LastSeen: at,
	}
	if g.Reading != nil {
		r := cleanReading(*g.Reading)
		r.At = stamp(r.At, now).UTC()
		m.Reading, m.ReadAt = &r, r.At
	}
	switch {
	case id.Serial != "":
		m.Key = id.Serial
	case id.MAC != "":
		m.Key = "mac " + id.MAC
	default:
		m.Key = "address " + site.ID.String() + " " + m.Address
	}
	return m, nil
}

// newestOfEach keeps the last sighting of each machine. Two addresses that
// answer with one serial in the same report are told.
func newestOfEach(ms []Miner, out *Received) []Miner {
	at := map[string]int{}
	var kept []Miner
	for _, m := range ms {
		i, twice := at[m.Key]
		if !twice {
			at[m.Key] = len(kept)
			kept = append(kept, m)
			continue
		}
		if kept[i].Address != m.Address {
			out.Problems = append(out.Problems, fmt.Sprintf("%s answers at %s and at %s", m.Key, kept[i].Address, m.Address))
		}
		if m.LastSeen.After(kept[i].LastSeen) {
			kept[i] = m
		}
	}
	return kept
}

// identify asks inventory about machines that are new or not as last time.
func (s *Service) identify(ctx context.Context, actor hashyard.Actor, site Site, miners []Miner, out *Received) error {
	keys := make([]string, len(miners))
	for i, m := range miners {
		keys[i] = m.Key
	}
	known, err := s.store.KnownMiners(ctx, actor, keys)
	if err != nil {
		return err
	}
	for i := range miners {
		m := &miners[i]
		k, ok := known[m.Key]
		if ok {
			m.ID, m.Unit, m.Quarantine, m.FirstSeen = k.ID, k.Unit, k.Quarantine, k.FirstSeen
		}
		if m.Identity.Serial == "" {
			m.Quarantine = "the machine gives no serial"
			continue
		}
		// A machine that was not ours to touch is asked about each time: custody
		// moves without a change of the machine.
		if ok && !k.Unit.IsZero() && k.Quarantine != notInCustody && sameIdentity(k, *m) {
			continue
		}
		if _, err := s.claim(ctx, site.ID, m); err != nil {
			if !errors.Is(err, hashyard.Invalid) {
				return err
			}
			m.Quarantine = err.Error()
			out.Problems = append(out.Problems, fmt.Sprintf("%s at %s: %v", m.Key, m.Address, err))
		}
	}
	return nil
}

// sameIdentity also compares the site: moving a machine is news to inventory.
func sameIdentity(a, b Miner) bool {
	return a.Site == b.Site && a.Identity.MAC == b.Identity.MAC && a.Identity.Model == b.Identity.Model &&
		a.Identity.Family == b.Identity.Family && slices.Equal(a.Identity.Boards, b.Identity.Boards)
}

// notInCustody is all that an organisation is told of a machine at its site
// that is in other hands.
const notInCustody = "not in your custody"

// claim asks inventory about one machine and notes what is wrong with it.
func (s *Service) claim(ctx context.Context, site hashyard.ID, m *Miner) (Claimed, error) {
	seen := Seen{
		Serial: m.Identity.Serial, MAC: m.Identity.MAC, Model: m.Identity.Model, Family: m.Identity.Family,
		Boards: boardSerials(m.Identity),
	}
	if m.Reading != nil && m.Reading.HashrateIdeal != nil {
		seen.IdealHS = *m.Reading.HashrateIdeal
	}
	c, err := s.units.Claim(ctx, m.Org, site, seen)
	if err != nil {
		return c, err
	}
	if c.Foreign {
		// How it differs from what was registered, and which unit it is, is for
		// those to know who have it. A unit that was the organisation's stays so.
		m.Quarantine, c.Mismatches = notInCustody, nil
		return c, nil
	}
	m.Unit, m.Quarantine = c.Unit, strings.Join(c.Mismatches, "; ")
	return c, nil
}

// seenEvents tells of machines that are new or at a new address; the store
// passes only those.
func seenEvents(miners []Miner, now time.Time) ([]hashyard.Event, error) {
	var out []hashyard.Event
	for _, m := range miners {
		p := hashyard.MinerSeen{
			Miner: m.ID, Unit: m.Unit, Org: m.Org, Site: m.Site, Serial: m.Identity.Serial, MAC: m.Identity.MAC,
			Address: m.Address, Model: m.Identity.Model, Boards: boardSerials(m.Identity),
		}
		if m.Reading != nil && m.Reading.HashrateReported != nil {
			p.ReportedHS = *m.Reading.HashrateReported
		}
		ev, err := hashyard.NewEvent(hashyard.EvMinerSeen, hashyard.Ref{Kind: "miner", ID: m.ID}, now, p)
		if err != nil {
			return nil, err
		}
		ev.Orgs = []hashyard.ID{m.Org}
		if !m.Unit.IsZero() {
			ev.Units = []hashyard.ID{m.Unit}
		}
		out = append(out, ev)
	}
	return out, nil
}
