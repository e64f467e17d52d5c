package api_test

import (
	"strings"
	"testing"

	"hashyard/fleet/api"
	inventoryapi "hashyard/inventory/api"
	"hashyard/web"
)

// TestSpec registers every route and describes it without a service.
func TestSpec(t *testing.T) {
	t.Parallel()
	spec, err := web.Spec("test", func(a *web.API) { api.Register(a, nil); inventoryapi.Register(a, nil) })
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"/api/v1/agent/hello"`, `"/api/v1/agent/sightings"`, `"/api/v1/agent/commands"`, `"/api/v1/agent/commands/{id}/result"`,
		`"/api/v1/sites"`, `"/api/v1/miners"`, `"/api/v1/miners/{id}"`, `"/api/v1/miners/{id}/redirect"`,
		`"/api/v1/redirects"`, `"/api/v1/redirects/{id}"`, `"/api/v1/units/{id}/readings"`,
		`"/api/v1/fleet/machines"`, `"/api/v1/exports/fleet.csv"`, `"/api/v1/fleet/machines/{id}"`, `"/api/v1/fleet/summary"`, `"/api/v1/fleet/map"`, `"/api/v1/fleet/alerts"`,
		`"/api/v1/fleet/alerts/{id}/acknowledge"`, `"/api/v1/miners/{id}/place"`, `"/api/v1/redirect-plans"`, `"/api/v1/redirect-plans/dry-run"`,
		`"/api/v1/redirect-plans/{id}"`, `"/api/v1/redirect-plans/{id}/halt"`, `"/api/v1/redirect-plans/{id}/resume"`, `"/api/v1/redirect-plans/{id}/roll-back"`,
	} {
		if !strings.Contains(string(spec), want) {
			t.Errorf("no route %s", want)
		}
	}
}
