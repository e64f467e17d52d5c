package hashyard

import "slices"

// Role is what a person or key may do inside an organisation. web.Can maps
// roles to actions.
type Role string

// The roles. Treasury and desk belong to the house organisation; Agent is the
// role of an agent's key at a site.
const (
	Owner     Role = "owner"
	Trader    Role = "trader"
	Operator  Role = "operator"
	Logistics Role = "logistics"
	Treasury  Role = "treasury"
	Desk      Role = "desk"
	Viewer    Role = "viewer"
	Agent     Role = "agent"
)

// Valid reports whether r is a known role.
func (r Role) Valid() bool {
	return slices.Contains([]Role{Owner, Trader, Operator, Logistics, Treasury, Desk, Viewer, Agent}, r)
}

// Actor is who does something: a user or a key, in one organisation, with
// roles there. A system actor has no user and names its reason.
type Actor struct {
	User  ID     `json:"user,omitzero"`
	Key   ID     `json:"key,omitzero"`
	Org   ID     `json:"org,omitzero"`
	House bool   `json:"house,omitempty"` // Org is the house that runs hashyard
	Roles []Role `json:"roles,omitempty"`
	// System is why the house itself acts, e.g. "dispatcher"; empty for people.
	System string `json:"system,omitempty"`
}

// SystemActor is the house acting by itself for the named reason.
func SystemActor(reason string) Actor { return Actor{System: reason} }

// Has reports whether the actor holds any of the roles.
func (a Actor) Has(roles ...Role) bool {
	return slices.ContainsFunc(roles, func(r Role) bool { return slices.Contains(a.Roles, r) })
}

// Ref points at one thing of one kind in any domain: "unit", "trade", …
type Ref struct {
	Kind string `json:"kind"`
	ID   ID     `json:"id"`
}
