// Package world is the local world: the whole of hashyard on one machine, with
// its own Postgres, chain, payment double and simulated miners. It owns the
// world's folder, starts every process of it as a child, starts one again that
// ends, and stops them all. world.json tells tools where everything is.
package world

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"

	"hashyard"
)

// World is world.json: what a tool needs to use the running world from
// outside.
type World struct {
	URL     string  `json:"url"`     // browser app and HTTP API
	Stratum string  `json:"stratum"` // host:port of the pool
	Chain   Chain   `json:"chain"`
	Stripe  Stripe  `json:"stripe"`
	Miners  Miners  `json:"miners"`
	Sites   []Site  `json:"sites"`
	SignIns []User  `json:"sign_ins"`
	Houses  []House `json:"organisations"`
	// Keys hold one API key per role, "seller.trader" and so on.
	Keys map[string]string `json:"keys"`
	// DatabaseURL logs in as the owner of the tables: the hand of somebody who
	// has taken the database, for the check that this alone cannot pay.
	DatabaseURL string         `json:"database_url"`
	PIDs        map[string]int `json:"pids"`
	// Ops are the addresses of figures, readiness and profiles, by process.
	Ops map[string]string `json:"ops"`
	// NATS carries the live stream: another process of the yard joins it.
	NATS NATS `json:"nats"`
	// Opened says that the market has its opening orders: from then on the
	// world does nothing by itself.
	Opened bool   `json:"opened"`
	Logs   string `json:"logs"`
}

// NATS is how to reach the server of the live stream.
type NATS struct {
	URL   string `json:"url"`
	Token string `json:"token"`
}

// Chain is how to reach the chain's JSON-RPC.
type Chain struct {
	URL      string `json:"url"`
	User     string `json:"user"`
	Password string `json:"password"`
}

// Stripe is how to reach the payment double, which is also a buyer's bank.
type Stripe struct {
	URL string `json:"url"`
	Key string `json:"key"`
}

// Miners is how to reach the hands that plug machines in, and the machines.
type Miners struct {
	Control  string `json:"control"`
	WebPort  int    `json:"web_port"` // of the vendor's pages, on each machine's address
	User     string `json:"user"`     // of the vendor's pages
	Password string `json:"password"`
}

// Site is a building with machines.
type Site struct {
	ID   hashyard.ID  `json:"id"`
	Org  hashyard.ID  `json:"org"`
	Name string       `json:"name"`
	CIDR netip.Prefix `json:"cidr"`
}

// User is a person who may sign in.
type User struct {
	Org      hashyard.ID   `json:"org"`
	OrgName  string        `json:"org_name"`
	Role     hashyard.Role `json:"role"`
	Name     string        `json:"name"`
	Email    string        `json:"email"`
	Password string        `json:"password"`
	// TOTP is the secret of the authenticator app, for roles that need a factor.
	TOTP string `json:"totp,omitempty"`
	Look string `json:"look"` // what to look at first
}

// House is an organisation of the world.
type House struct {
	ID    hashyard.ID `json:"id"`
	Name  string      `json:"name"`
	Slug  string      `json:"slug"`
	House bool        `json:"house"`
}

// FileName is the world's description within its folder.
const FileName = "world.json"

// Load reads a world.json.
func Load(path string) (World, error) {
	var w World
	b, err := os.ReadFile(path)
	if err != nil {
		return w, hashyard.NotFound.Errorf("no world at %s: start one with `make run`: %w", path, err)
	}
	if err := json.Unmarshal(b, &w); err != nil {
		return w, hashyard.Invalid.Errorf("%s is not a world.json: %w", path, err)
	}
	return w, nil
}

// Org finds an organisation by its slug.
func (w World) Org(slug string) (House, error) {
	for _, h := range w.Houses {
		if h.Slug == slug {
			return h, nil
		}
	}
	return House{}, hashyard.NotFound.Errorf("the world has no organisation %q", slug)
}

// SiteOf finds the first site of an organisation.
func (w World) SiteOf(org hashyard.ID) (Site, error) {
	for _, s := range w.Sites {
		if s.Org == org {
			return s, nil
		}
	}
	return Site{}, hashyard.NotFound.Errorf("the world has no site of organisation %s", org)
}

// writeJSON replaces a file in one step, readable by its owner only: these
// files hold keys.
func writeJSON(path string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	tmp := path + ".new"
	if err := os.WriteFile(tmp, append(b, '\n'), 0o600); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return os.Rename(tmp, path)
}

func logPath(dir, name string) string { return filepath.Join(dir, "logs", name+".log") }
