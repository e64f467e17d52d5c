package app

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"strings"
	"time"

	"hashyard"
	"hashyard/fleet"
	fleetpg "hashyard/fleet/postgres"
	"hashyard/migrations/pg"
	"hashyard/pool"
	poolpg "hashyard/pool/postgres"
	"hashyard/web"
	webpg "hashyard/web/postgres"
)

// Found makes an organisation with its pool account and a first person, in a
// real installation; the local world has its seed instead. The first one made
// must be the house.
type Found struct {
	DatabaseURL string `required:"" env:"HASHYARD_DATABASE_URL" help:"Database address that logs in as hashyard_app."`
	Name        string `required:"" help:"Name of the organisation."`
	Slug        string `required:"" help:"Short name; it leads the organisation's usernames at the pool for ever."`
	Email       string `required:"" help:"E-mail of its first person."`
	Site        string `help:"Name of a site with machines to make, too; its id is printed for the agent."`
	CIDR        string `name:"cidr" help:"Network of that site, the only one its agent may touch."`
	House       bool   `help:"This organisation runs the yard; its first person is desk and treasury."`
}

// Run makes what is missing and prints the first password once.
func (f *Found) Run(ctx context.Context, log *slog.Logger) error {
	db, err := pg.Open(ctx, pg.Config{URL: f.DatabaseURL, Log: log})
	if err != nil {
		return err
	}
	defer db.Close()
	people, err := web.NewService(web.ServiceConfig{Store: webpg.New(db), Log: log})
	if err != nil {
		return err
	}
	id := hashyard.NewID()
	if old, err := people.OrgBySlug(ctx, f.Slug); err == nil {
		id = old.ID
	}
	if err := people.SeedOrg(ctx, web.Org{ID: id, Name: f.Name, Slug: f.Slug, House: f.House}); err != nil {
		return err
	}
	if _, err := poolpg.New(db).SeedAccount(ctx, pool.Account{ID: hashyard.NewID(), Org: id, Name: f.Slug}); err != nil {
		return fmt.Errorf("pool account: %w", err)
	}
	if err := f.site(ctx, db, id); err != nil {
		return err
	}
	roles := []hashyard.Role{hashyard.Owner}
	if f.House {
		roles = []hashyard.Role{hashyard.Desk, hashyard.Treasury}
	}
	var raw [15]byte
	if _, err := rand.Read(raw[:]); err != nil {
		return err
	}
	password := strings.ToLower(base32.StdEncoding.EncodeToString(raw[:]))
	if err := people.SeedUser(ctx, id, f.Email, f.Name, password, roles); err != nil {
		return err
	}
	code, err := people.SeedEnrolmentCode(ctx, f.Email)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(os.Stdout, "organisation %s (%s): %s\nfirst sign-in, unless %s was known already: %s\nChange it after signing in.\n", f.Slug, f.Name, id, f.Email, password)
	if err == nil && code != "" {
		_, err = fmt.Fprintf(os.Stdout, "one-time code for enrolling a passkey or an authenticator app, asked for after the password: %s\n", code)
	}
	return err
}

// site makes the site that was asked for, if any.
func (f *Found) site(ctx context.Context, db *pg.DB, org hashyard.ID) error {
	if f.Site == "" {
		return nil
	}
	net, err := netip.ParsePrefix(f.CIDR)
	if err != nil {
		return hashyard.Invalid.Errorf("--cidr %q is not like 10.0.0.0/24", f.CIDR)
	}
	site := fleet.Site{ID: hashyard.NewID(), Org: org, Name: f.Site, CIDR: net, ScanEvery: 30 * time.Second, ReadEvery: 30 * time.Second}
	if err := site.Check(); err != nil {
		return err
	}
	store, actor := fleetpg.New(db), hashyard.SystemActor("found")
	actor.Org = org
	sites, err := store.Sites(ctx, actor)
	if err != nil {
		return err
	}
	for _, old := range sites {
		if old.Name == f.Site {
			site.ID = old.ID
		}
	}
	if err := store.PutSite(ctx, site); err != nil {
		return err
	}
	_, err = fmt.Fprintf(os.Stdout, "site %s: %s\n", f.Site, site.ID)
	return err
}
