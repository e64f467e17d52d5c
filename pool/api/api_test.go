package api_test

import (
	"strings"
	"testing"

	"hashyard/pool/api"
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
		`"/api/v1/pool"`, `"/api/v1/pool/workers"`, `"/api/v1/pool/workers/{id}"`, `"/api/v1/pool/workers/{id}/work"`,
		`"/api/v1/pool/units/{id}/work"`, `"/api/v1/pool/units/{id}/series"`, `"/api/v1/pool/units/{id}/earnings"`,
		`"/api/v1/pool/sessions"`, `"/api/v1/pool/statements"`, `"/api/v1/pool/statements/{id}"`, `"/api/v1/pool/blocks"`,
	} {
		if !strings.Contains(string(spec), want) {
			t.Errorf("no route %s", want)
		}
	}
}
