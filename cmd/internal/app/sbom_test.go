package app

import (
	"bytes"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

func TestTheBillOfMaterials(t *testing.T) {
	t.Parallel()
	var a, b bytes.Buffer
	if err := writeSBOM(&a); err != nil {
		t.Fatal(err)
	}
	if err := writeSBOM(&b); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("two looks at one program differ")
	}
	var bom cdx.BOM
	if err := cdx.NewBOMDecoder(&a, cdx.BOMFileFormatJSON).Decode(&bom); err != nil {
		t.Fatal(err)
	}
	seen := map[string]cdx.Component{}
	for _, c := range *bom.Components {
		if _, twice := seen[c.BOMRef]; twice {
			t.Errorf("%s is listed twice", c.BOMRef)
		}
		seen[c.BOMRef] = c
		if c.Version == "" || c.PackageURL == "" {
			t.Errorf("%+v lacks its version or address", c)
		}
	}
	var react, vite bool
	for ref, c := range seen {
		react = react || strings.HasPrefix(ref, "pkg:npm/react@") && c.Scope == cdx.ScopeRequired && c.Hashes != nil
		vite = vite || strings.HasPrefix(ref, "pkg:npm/vite@") && c.Scope == cdx.ScopeExcluded
	}
	if !react || !vite {
		t.Errorf("react is required: %t; vite is excluded: %t", react, vite)
	}
	if _, err := npmPackages([]byte("{")); err == nil {
		t.Error("a damaged lock file: no error")
	}
}
