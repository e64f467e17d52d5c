package web

import (
	"context"
	"fmt"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

// huma wants bodies in a field named Body. Handlers may say so themselves, or
// pass plain structs with json tags: those are the body.
type (
	bodyIn[I any]  struct{ Body I }
	bodyOut[O any] struct{ Body O }
)

func register[I, O any](api huma.API, op huma.Operation, fn func(context.Context, *I) (*O, error)) {
	in, out := bodyOnly(op, reflect.TypeFor[I](), true), bodyOnly(op, reflect.TypeFor[O](), false)
	wrap := func(o *O, err error) (*bodyOut[O], error) {
		if err != nil || o == nil {
			return nil, err
		}
		return &bodyOut[O]{Body: *o}, nil
	}
	switch {
	case in && out:
		huma.Register(api, op, func(ctx context.Context, i *bodyIn[I]) (*bodyOut[O], error) {
			return wrap(fn(ctx, &i.Body))
		})
	case in:
		huma.Register(api, op, func(ctx context.Context, i *bodyIn[I]) (*O, error) {
			return fn(ctx, &i.Body)
		})
	case out:
		huma.Register(api, op, func(ctx context.Context, i *I) (*bodyOut[O], error) {
			return wrap(fn(ctx, i))
		})
	default:
		huma.Register(api, op, fn)
	}
}

// bodyOnly reports whether t is a body itself, not huma's envelope of one. A
// struct that mixes both would lose its fields silently, so it is refused.
func bodyOnly(op huma.Operation, t reflect.Type, input bool) bool {
	if t.Kind() != reflect.Struct {
		return true
	}
	envelope, body := marks(op, t, input)
	if envelope && body {
		panic(fmt.Sprintf("%s: %s mixes parameters and body fields: put the body in a field named Body", op.OperationID, t))
	}
	return body
}

func marks(op huma.Operation, t reflect.Type, input bool) (envelope, body bool) {
	for f := range fields(t) {
		switch {
		case f.Anonymous && !f.IsExported():
			// huma passes over it, and its fields would never be set.
			panic(fmt.Sprintf("%s: %s embeds %s: only exported types can be embedded", op.OperationID, t, f.Type))
		case f.Name == "Body" || f.Name == "RawBody":
			envelope = true
		case !input && f.Name == "Status" && f.Type.Kind() == reflect.Int && f.Tag.Get("json") == "":
			envelope = true
		case f.Anonymous && f.Tag.Get("json") == "" && f.Type.Kind() == reflect.Struct:
			e, b := marks(op, f.Type, input)
			envelope, body = envelope || e, body || b
		case parameter(f):
			envelope = true
		case f.Tag.Get("json") != "" && f.IsExported():
			body = true
		}
	}
	return envelope, body
}

func fields(t reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			if !yield(t.Field(i)) {
				return
			}
		}
	}
}

func parameter(f reflect.StructField) bool {
	for _, tag := range []string{"path", "query", "header", "cookie"} {
		if f.Tag.Get(tag) != "" {
			return true
		}
	}
	return false
}
