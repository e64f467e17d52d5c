package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"hashyard"
	"hashyard/brokerage"
	"hashyard/cmd/internal/world"
	"hashyard/fleet"
	"hashyard/inventory"
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
