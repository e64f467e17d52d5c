package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"hashyard"
	"hashyard/brokerage"
	"hashyard/cmd/internal/world"
	"hashyard/fleet"
	"hashyard/inventory"
	"hashyard/pool/node"
	"hashyard/web"
)

// localSeed is the seed of a local world, or nothing.
type localSeed struct {
	world.Seed
	given bool
}

func (s *Serve) seed() (localSeed, error) {
	if s.Seed == "" {
		return localSeed{}, nil
	}
	seed, err := world.LoadSeed(s.Seed)
	return localSeed{seed, true}, err
}

// checkLocal keeps a local world on this machine: it tells its own passwords to
// whoever asks, and a Host header says only what the caller wants it to say.
func (s *Serve) checkLocal() error {
	if s.Seed == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(s.Listen)
	if a, perr := netip.ParseAddr(host); err == nil && (host == "localhost" || perr == nil && a.Unmap().IsLoopback()) {
		return nil
	}
	return hashyard.Invalid.Errorf("--listen %s with --seed: a local world tells its passwords and is served on a loopback address only, such as 127.0.0.1:8080", s.Listen)
}

// checkChain keeps seeds, whose passwords and keys are no secrets, from yards
// that handle real bitcoin.
func (s *Serve) checkChain(n node.Network) error {
	switch {
	case s.Seed != "" && n.Name == "main":
		return hashyard.Invalid.Errorf("--seed is for local worlds, and the node is on the network main")
	case s.Seed == "" && n.WorkScale != 1:
		return hashyard.Invalid.Errorf("network %s has a work scale of %d, which only a local world may have", n.Name, n.WorkScale)
	}
	return nil
}

// house is the organisation that runs the yard.
func (s localSeed) house() hashyard.ID {
	for _, h := range s.Houses {
		if h.House {
			return h.ID
		}
	}
	return hashyard.ID{}
}

// plant puts the seed into an empty yard and leaves what is there.
func (h *house) plant(ctx context.Context, seed localSeed) error {
	if err := h.inventory.SeedModels(ctx, inventory.StandardModels()); err != nil {
		return fmt.Errorf("seed models: %w", err)
	}
	for _, m := range inventory.StandardModels() {
		// An instrument takes its model's id: one hub and one incoterm so far.
		i := brokerage.Instrument{
			ID: m.ID, Name: m.Name, Model: m.Name, Region: "EU", Incoterm: "FCA", Currency: hashyard.USD, NominalGHs: m.NominalGHs,
		}
		if err := h.brokerage.SeedInstrument(ctx, i); err != nil {
			return fmt.Errorf("seed instrument %s: %w", i.Name, err)
		}
	}
	if !seed.given {
		return nil
	}
	return errors.Join(h.plantPeople(ctx, seed), h.plantSites(ctx, seed))
}

func (h *house) plantPeople(ctx context.Context, seed localSeed) error {
	slugs := map[string]hashyard.ID{}
	for _, o := range seed.Houses {
		slugs[o.Slug] = o.ID
		if err := h.web.SeedOrg(ctx, web.Org{ID: o.ID, Name: o.Name, Slug: o.Slug, House: o.House}); err != nil {
			return err
		}
		if err := h.verify.SeedVerified(ctx, o.ID); err != nil {
			return fmt.Errorf("seed verification of %s: %w", o.Slug, err)
		}
		if _, err := h.pool.SeedAccount(ctx, o.ID, o.Slug); err != nil {
			return err
		}
	}
	for _, u := range seed.Users {
		if err := h.web.SeedUser(ctx, u.Org, u.Email, u.Name, u.Password, []hashyard.Role{u.Role}); err != nil {
			return err
		}
		if u.TOTP == "" {
			continue
		}
		if err := h.web.SeedTOTP(ctx, u.Email, u.TOTP); err != nil {
			return err
		}
	}
	for name, key := range seed.Keys {
		slug, role, _ := strings.Cut(name, ".")
		roles := []hashyard.Role{hashyard.Role(role)}
		if err := h.web.SeedKey(ctx, slugs[slug], key, name, roles, web.NeedsFactor(roles)); err != nil {
			return err
		}
	}
	for _, w := range []struct{ slug, name string }{{"seller", "yard"}, {"buyer", "farm"}} {
		actor := hashyard.SystemActor("seed")
		actor.Org = slugs[w.slug]
		if _, err := h.pool.AddWorker(ctx, actor, w.name); err != nil && !errors.Is(err, hashyard.Conflict) {
			return fmt.Errorf("seed worker %s.%s: %w", w.slug, w.name, err)
		}
	}
	return nil
}

func (h *house) plantSites(ctx context.Context, seed localSeed) error {
	for _, s := range seed.Sites {
		err := h.fleet.SeedSite(ctx, fleet.Site{
			ID: s.ID, Org: s.Org, Name: s.Name, CIDR: s.CIDR, ScanEvery: 2 * time.Second, ReadEvery: 5 * time.Second,
		})
		if err != nil {
			return fmt.Errorf("seed site %s: %w", s.Name, err)
		}
	}
	return nil
}
