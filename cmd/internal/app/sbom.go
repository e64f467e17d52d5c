package app

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"hashyard/web/ui"
)

// SBOM prints what this program is made of.
type SBOM struct{}

// Run writes CycloneDX JSON to standard output.
func (SBOM) Run() error { return writeSBOM(os.Stdout) }

// writeSBOM lists the Go modules that the linker put into this program and the
// npm packages that its browser app was locked to. Equal programs give equal
// documents: there is no time and no random number in it.
func writeSBOM(w io.Writer) error {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return fmt.Errorf("sbom: this program knows nothing of its modules")
	}
	components := goModules(info)
	packages, err := npmPackages(ui.Lock())
	if err != nil {
		return err
	}
	components = append(components, packages...)
	slices.SortFunc(components, func(a, b cdx.Component) int { return cmp.Compare(a.BOMRef, b.BOMRef) })
	components = slices.CompactFunc(components, func(a, b cdx.Component) bool { return a.BOMRef == b.BOMRef })
	v := Version()
	bom := cdx.NewBOM()
	bom.Metadata = &cdx.Metadata{Component: &cdx.Component{
		BOMRef: "hashyard", Type: cdx.ComponentTypeApplication, Name: "hashyard", Version: v.Version,
		Licenses:   &cdx.Licenses{{License: &cdx.License{ID: "Apache-2.0"}}},
		Properties: &[]cdx.Property{{Name: "hashyard:commit", Value: v.Commit}, {Name: "hashyard:go", Value: v.Go}},
	}}
	bom.Components = &components
	return cdx.NewBOMEncoder(w, cdx.BOMFileFormatJSON).SetPretty(true).EncodeVersion(bom, cdx.SpecVersion1_6)
}

func goModules(info *debug.BuildInfo) []cdx.Component {
	out := []cdx.Component{{
		BOMRef: "pkg:golang/std@" + strings.TrimPrefix(info.GoVersion, "go"), Type: cdx.ComponentTypeLibrary, Name: "std",
		Version: info.GoVersion, PackageURL: "pkg:golang/std@" + strings.TrimPrefix(info.GoVersion, "go"),
	}}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		purl := "pkg:golang/" + m.Path + "@" + m.Version
		out = append(out, cdx.Component{
			BOMRef: purl, Type: cdx.ComponentTypeLibrary, Name: m.Path, Version: m.Version, PackageURL: purl,
			Properties: &[]cdx.Property{{Name: "hashyard:go.sum", Value: m.Sum}},
		})
	}
	return out
}

// npmPackages reads a lock file of npm. Packages that only build or test are
// listed as excluded: no byte of them is in the program.
func npmPackages(lock []byte) ([]cdx.Component, error) {
	var file struct {
		Packages map[string]struct {
			Version   string `json:"version"`
			Integrity string `json:"integrity"`
			License   string `json:"license"`
			Dev       bool   `json:"dev"`
			Optional  bool   `json:"optional"`
		} `json:"packages"`
	}
	if err := json.Unmarshal(lock, &file); err != nil {
		return nil, fmt.Errorf("sbom: npm's lock file: %w", err)
	}
	var out []cdx.Component
	for path, p := range file.Packages {
		i := strings.LastIndex(path, "node_modules/")
		if i < 0 {
			continue // the app itself
		}
		name := path[i+len("node_modules/"):]
		purl := "pkg:npm/" + strings.Replace(name, "@", "%40", 1) + "@" + p.Version
		c := cdx.Component{BOMRef: purl, Type: cdx.ComponentTypeLibrary, Name: name, Version: p.Version, PackageURL: purl, Scope: cdx.ScopeRequired}
		switch {
		case p.Dev:
			c.Scope = cdx.ScopeExcluded
		case p.Optional:
			c.Scope = cdx.ScopeOptional
		}
		if p.License != "" {
			c.Licenses = &cdx.Licenses{{Expression: p.License}}
		}
		if raw, ok := strings.CutPrefix(p.Integrity, "sha512-"); ok {
			sum, err := base64.StdEncoding.DecodeString(raw)
			if err != nil {
				return nil, fmt.Errorf("sbom: integrity of %s: %w", name, err)
			}
			c.Hashes = &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA512, Value: hex.EncodeToString(sum)}}
		}
		out = append(out, c)
	}
	return out, nil
}
