package cgminer

import (
	"slices"
	"strings"
)

// Kind is the kind of a parsed value.
type Kind int

// The kinds. Null also stands for what was there but means nothing: nan, inf,
// an empty value, the half of a number where a reply broke off.
const (
	Null Kind = iota
	Bool
	Number
	String
	Array
	Object
)

// Value is one parsed value. The zero Value is an absent one, of kind Null.
type Value struct {
	Kind    Kind
	text    string // literal of a number, contents of a string, "true"/"false"
	items   []Value
	members []Member
}

// Member is one key and value of an object, in wire order.
type Member struct {
	Key   string
	Value Value
}

// Get returns the member of an object. The last of equal keys wins, as in
// encoding/json; All gives the others.
func (v Value) Get(key string) Value {
	for i := len(v.members) - 1; i >= 0; i-- {
		if v.members[i].Key == key {
			return v.members[i].Value
		}
	}
	return Value{}
}

// First returns the first of the named members that is present and not null.
// Firmware spells the same field differently.
func (v Value) First(keys ...string) Value {
	for _, k := range keys {
		if m := v.Get(k); m.Kind != Null {
			return m
		}
	}
	return Value{}
}

// Fold is Get without regard to case: forks of the API lower keys.
func (v Value) Fold(key string) Value {
	if m := v.Get(key); m.Kind != Null {
		return m
	}
	for i := len(v.members) - 1; i >= 0; i-- {
		if strings.EqualFold(v.members[i].Key, key) {
			return v.members[i].Value
		}
	}
	return Value{}
}

// All returns every member of that key, in wire order.
func (v Value) All(key string) []Value {
	var out []Value
	for _, m := range v.members {
		if m.Key == key {
			out = append(out, m.Value)
		}
	}
	return out
}

// Members are the members of an object in wire order; do not change them.
func (v Value) Members() []Member { return v.members }

// Items are the elements of an array; do not change them. Any other value but
// null counts as an array of itself: STATUS comes both ways.
func (v Value) Items() []Value {
	switch v.Kind {
	case Array:
		return v.items
	case Null:
		return nil
	}
	return []Value{v}
}

// Rows are the objects among Items.
func (v Value) Rows() []Value {
	var out []Value
	for _, item := range v.Items() {
		if item.Kind == Object {
			out = append(out, item)
		}
	}
	return out
}

// Truncated reports whether the reply broke off. What broke off may have held
// anything: such a reply proves nothing to be absent.
func Truncated(defects []Defect) bool {
	return slices.ContainsFunc(defects, func(d Defect) bool { return strings.HasPrefix(d.What, truncated) })
}

// truncated begins every defect of a reply that broke off.
const truncated = "truncated"

// Defect is one way in which a reply was not JSON and how it was read anyway.
type Defect struct {
	Offset int    // byte offset
	What   string // "missing comma", …
}
