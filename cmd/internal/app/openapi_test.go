package app

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"hashyard/web"
)

// TestTheBrowsersTypesAreOfThisAPI holds the committed document, from which
// the browser app's types are generated, to the routes as they are.
func TestTheBrowsersTypesAreOfThisAPI(t *testing.T) {
	t.Parallel()
	want, err := web.Spec(version, new(house).register)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join("..", "..", "..", "web", "ui", "openapi.json"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(bytes.TrimSpace(got), bytes.TrimSpace(want)) {
		t.Error("the API has changed: hashyard openapi > web/ui/openapi.json && (cd web/ui && npm run gen)")
	}
}
