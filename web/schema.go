package web

import (
	"path"
	"reflect"
	"regexp"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"hashyard"
)

// schemas names the schemas of the OpenAPI document: the Go name where it is
// free, the name with its domain where two domains use the same one.
func schemas() huma.Registry {
	owner := map[string]reflect.Type{}
	r := huma.NewMapRegistry("#/components/schemas/", func(t reflect.Type, hint string) string {
		for t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		name := huma.DefaultSchemaNamer(t, hint)
		if t.Kind() != reflect.Struct {
			return name
		}
		if was, taken := owner[name]; taken && was != t {
			name = qualified(t, name)
		}
		owner[name] = t
		return name
	})
	// Work is a struct that writes itself as a decimal string.
	r.RegisterTypeAlias(reflect.TypeFor[hashyard.Work](), reflect.TypeFor[string]())
	return r
}

// qualified puts the domain in front: fleet.Reading is FleetReading, and
// Page[hashyard/fleet/api.Reading] is PageFleetReading.
func qualified(t reflect.Type, name string) string {
	domain := func(pkg string) string {
		base := path.Base(pkg)
		if base == "api" || base == "postgres" {
			base = path.Base(path.Dir(pkg))
		}
		if base == "." || base == "" {
			return ""
		}
		return strings.ToUpper(base[:1]) + base[1:]
	}
	if !strings.Contains(t.Name(), "[") {
		return domain(t.PkgPath()) + name
	}
	args := regexp.MustCompile(`[\w./-]*/([\w.-]+)\.(\w+)`)
	long := args.ReplaceAllStringFunc(t.Name(), func(arg string) string {
		dot := strings.LastIndex(arg, ".")
		return domain(arg[:dot]) + arg[dot+1:]
	})
	return strings.NewReplacer("[", "", "]", "", "*", "", ",", "").Replace(long)
}
