package journey

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"hashyard"
)

// openapi is as much of the yard's own description as a caller needs that
// knows nothing else.
type openapi struct {
	Paths      map[string]map[string]operation `json:"paths"`
	Components struct {
		Schemas map[string]schema `json:"schemas"`
	} `json:"components"`
}

type operation struct {
	Action     string      `json:"x-action"`
	Parameters []parameter `json:"parameters"`
	Request    struct {
		Content map[string]struct {
			Schema schema `json:"schema"`
		} `json:"content"`
	} `json:"requestBody"`
	Responses map[string]struct {
		Content map[string]any `json:"content"`
	} `json:"responses"`
}

type parameter struct {
	Name     string `json:"name"`
	In       string `json:"in"`
	Required bool   `json:"required"`
	Schema   schema `json:"schema"`
}

// schema is JSON Schema as far as the yard uses it.
type schema struct {
	Ref        string            `json:"$ref"`
	Type       any               `json:"type"` // a name, or a list of names
	Format     string            `json:"format"`
	Pattern    string            `json:"pattern"`
	Enum       []any             `json:"enum"`
	Default    any               `json:"default"`
	Examples   []any             `json:"examples"`
	Required   []string          `json:"required"`
	Properties map[string]schema `json:"properties"`
	Items      *schema           `json:"items"`
	MinItems   int               `json:"minItems"`
	MinLength  int               `json:"minLength"`
	Minimum    *float64          `json:"minimum"`
	OneOf      []schema          `json:"oneOf"`
	AnyOf      []schema          `json:"anyOf"`
}

// route is one operation.
type route struct {
	method, path, action string
	op                   operation
}

func (d openapi) routes() []route {
	var all []route
	for path, methods := range d.Paths {
		for method, op := range methods {
			all = append(all, route{strings.ToUpper(method), path, op.Action, op})
		}
	}
	slices.SortFunc(all, func(a, b route) int { return strings.Compare(a.path+a.method, b.path+b.method) })
	return all
}

func (r route) name() string { return r.method + " " + r.path }

// stream says that the answer does not end.
func (r route) stream() bool {
	for _, resp := range r.op.Responses {
		if _, ok := resp.Content["text/event-stream"]; ok {
			return true
		}
	}
	return false
}

var inBraces = regexp.MustCompile(`\{[^}]*\}`)

// fill puts ids into the path and what is required into its query.
func (r route) fill(id func(name string) string) string {
	path := inBraces.ReplaceAllStringFunc(r.path, func(name string) string {
		if id == nil {
			return hashyard.NewID().String()
		}
		return id(name)
	})
	var query []string
	for _, p := range r.op.Parameters {
		if p.In != "query" {
			continue
		}
		switch {
		case p.Name == "wait": // a long poll asked not to wait
			query = append(query, "wait=0s")
		case p.Required:
			if s, ok := p.Schema.sample(openapi{}, 0).(string); ok {
				query = append(query, p.Name+"="+s)
			}
		}
	}
	if query == nil {
		return path
	}
	return path + "?" + strings.Join(query, "&")
}

// body is the least request body that the description allows, nil for none.
func (r route) body(d openapi) any {
	if r.method == http.MethodGet {
		return nil
	}
	c, ok := r.op.Request.Content["application/json"]
	if !ok {
		return nil
	}
	return c.Schema.sample(d, 0)
}

func (s schema) is(name string) bool {
	if list, ok := s.Type.([]any); ok {
		return slices.Contains(list, any(name))
	}
	return s.Type == name
}

// sample is a least value of the schema.
func (s schema) sample(d openapi, depth int) any {
	if s.Ref != "" && depth < 8 {
		return d.Components.Schemas[s.Ref[strings.LastIndex(s.Ref, "/")+1:]].sample(d, depth+1)
	}
	switch {
	case len(s.Examples) > 0:
		return s.Examples[0]
	case len(s.Enum) > 0:
		return s.Enum[0]
	case s.Default != nil:
		return s.Default
	case len(s.OneOf) > 0:
		return s.OneOf[0].sample(d, depth+1)
	case len(s.AnyOf) > 0:
		return s.AnyOf[0].sample(d, depth+1)
	case s.is("object"):
		o := map[string]any{}
		for _, name := range s.Required {
			if name != "$schema" {
				o[name] = s.Properties[name].sample(d, depth+1)
			}
		}
		return o
	case s.is("array"):
		list := []any{}
		for range s.MinItems {
			list = append(list, s.Items.sample(d, depth+1))
		}
		return list
	case s.is("integer"), s.is("number"):
		if s.Minimum != nil {
			return *s.Minimum
		}
		return 1
	case s.is("boolean"):
		return true
	}
	return s.text()
}

// text is a string of the schema's form.
func (s schema) text() string {
	switch {
	case s.Format == "uuid" || strings.Contains(s.Pattern, "0-9a-f]{8}"):
		return hashyard.NewID().String()
	case s.Format == "date-time":
		return time.Now().UTC().Format(time.RFC3339)
	case s.Format == "email":
		return "nobody@stranger.local"
	}
	return strings.Repeat("x", max(1, s.MinLength))
}
