package api_test

import (
	"strings"
	"testing"

	"hashyard/inventory/api"
	"hashyard/web"
)

// TestSpec registers every route and describes it without a service.
func TestSpec(t *testing.T) {
	t.Parallel()
	spec, err := web.Spec("test", func(a *web.API) { api.Register(a, nil) })
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"/api/v1/models"`, `"/api/v1/units"`, `"/api/v1/units/{id}"`, `"/api/v1/units/{id}/events"`,
		`"/api/v1/units/{id}/custody"`, `"/api/v1/shipments"`, `"/api/v1/shipments/{id}"`,
		`"/api/v1/shipments/{id}/scans"`, `"/api/v1/shipments/{id}/dispatch"`, `"/api/v1/shipments/{id}/arrive"`,
	} {
		if !strings.Contains(string(spec), want) {
			t.Errorf("no route %s", want)
		}
	}
}
