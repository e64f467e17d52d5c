package app

import (
	"errors"
	"log/slog"
	"testing"

	"hashyard"
	"hashyard/migrations/pg"
	"hashyard/migrations/testdb"
	"hashyard/web"
	webpg "hashyard/web/postgres"
)

func TestAnOrganisationIsFoundedOnce(t *testing.T) {
	t.Parallel()
	log := slog.New(slog.DiscardHandler)
	url := testdb.AppURL(testdb.Database(t))
	house := &Found{DatabaseURL: url, Name: "The house", Slug: "house", Email: "desk@house.example", House: true}
	farm := &Found{DatabaseURL: url, Name: "A farm", Slug: "farm", Email: "owner@farm.example", Site: "north", CIDR: "10.1.0.0/24"}
	for _, f := range []*Found{house, house, farm, farm} { // again changes nothing
		if err := f.Run(t.Context(), log); err != nil {
			t.Fatal(err)
		}
	}
	farm.CIDR = "everywhere"
	if err := farm.Run(t.Context(), log); !errors.Is(err, hashyard.Invalid) {
		t.Errorf("a network that is none: %v", err)
	}
	db, err := pg.Open(t.Context(), pg.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	people, err := web.NewService(web.ServiceConfig{Store: webpg.New(db)})
	if err != nil {
		t.Fatal(err)
	}
	if org, err := people.House(t.Context()); err != nil || org.Slug != "house" {
		t.Errorf("the house is %+v, %v", org, err)
	}
	if org, err := people.OrgBySlug(t.Context(), "farm"); err != nil || org.House {
		t.Errorf("the farm is %+v, %v", org, err)
	}
}
