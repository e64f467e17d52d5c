package web

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/danielgtaylor/huma/v2"

	"hashyard"
)

func TestShapes(t *testing.T) {
	t.Parallel()
	api := New(Config{})
	mixed := func() {
		Handle(api, huma.Operation{OperationID: "mixed", Method: "PUT", Path: "/api/v1/mixed/{id}"}, UnitsWrite,
			func(context.Context, hashyard.Actor, *struct {
				ID   hashyard.ID `path:"id"`
				Name string      `json:"name"`
			},
			) (*struct{}, error) {
				return nil, nil
			})
	}
	embedded := func() {
		type cursor struct {
			After string `query:"after"`
		}
		Handle(api, huma.Operation{OperationID: "embedded", Method: "GET", Path: "/api/v1/embedded"}, UnitsRead,
			func(context.Context, hashyard.Actor, *struct{ cursor }) (*struct{}, error) { return nil, nil })
	}
	noAction := func() {
		Handle(api, huma.Operation{OperationID: "x", Method: "GET", Path: "/api/v1/x"}, "units.burn",
			func(context.Context, hashyard.Actor, *struct{}) (*struct{}, error) { return nil, nil })
	}
	noPath := func() {
		Public(api, huma.Operation{OperationID: "y", Method: "GET", Path: "/y"},
			func(context.Context, *struct{}) (*struct{}, error) { return nil, nil })
	}
	for name, fn := range map[string]func(){"mixed input": mixed, "unexported embedded input": embedded, "unknown action": noAction, "path outside the API": noPath} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s was accepted", name)
				}
			}()
			fn()
		}()
	}
}

func TestSpec(t *testing.T) {
	t.Parallel()
	b, err := Spec("1.2.3", func(api *API) {
		Handle(api, huma.Operation{OperationID: "get-work", Method: "GET", Path: "/api/v1/work"}, PoolRead,
			func(context.Context, hashyard.Actor, *struct{}) (*Page[hashyard.Work], error) { return nil, nil })
		Handle(api, huma.Operation{OperationID: "get-thing", Method: "GET", Path: "/api/v1/thing"}, PoolRead,
			func(context.Context, hashyard.Actor, *struct{}) (*thing, error) { return nil, nil })
		// The same name from another package.
		Handle(api, huma.Operation{OperationID: "get-page", Method: "GET", Path: "/api/v1/page"}, PoolRead,
			func(context.Context, hashyard.Actor, *struct{}) (*Page[Page[fstest.MapFile]], error) { return nil, nil })
	})
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		OpenAPI string
		Info    struct{ Version string }
		Paths   map[string]map[string]struct {
			Action string `json:"x-action"`
		}
		Components struct {
			Schemas map[string]json.RawMessage
		}
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	if doc.OpenAPI != "3.1.0" || doc.Info.Version != "1.2.3" || doc.Paths["/api/v1/thing"]["get"].Action != "pool.read" {
		t.Errorf("document: %+v", doc)
	}
	if !strings.Contains(string(doc.Components.Schemas["PageWork"]), `"string"`) {
		t.Errorf("work is not a string: %s", doc.Components.Schemas["PageWork"])
	}
	if !strings.Contains(string(doc.Components.Schemas["ErrorModel"]), "request_id") {
		t.Error("problems are described without their request id")
	}
}

func TestSchemaNamesOfTwoDomains(t *testing.T) {
	t.Parallel()
	type Key struct{ Length int }
	r := schemas()
	for _, tt := range []struct {
		t    reflect.Type
		want string
	}{
		{reflect.TypeFor[Page[hashyard.Ref]](), "PageRef"},
		{reflect.TypeFor[huma.Schema](), "Schema"},
		{reflect.TypeFor[Key](), "Key"},
		{reflect.TypeFor[webKey](), "WebKey"},
	} {
		if got := strings.TrimPrefix(r.Schema(tt.t, true, "").Ref, "#/components/schemas/"); got != tt.want {
			t.Errorf("%s is named %s, want %s", tt.t, got, tt.want)
		}
	}
	if got := qualified(reflect.TypeFor[Page[webKey]](), "PageKey"); got != "PageWebKey" {
		t.Errorf("a qualified generic is named %s", got)
	}
}

// webKey is Key where a test has its own.
type webKey = Key
