// Package minersim simulates ASICs: machines with real cgminer or Antminer
// APIs on loopback addresses of their own, a real Stratum client and real
// SHA256d. It stands in for hardware in the local world, in the journey and in
// tests; the product meets it only over the network.
//
// A Sim owns its machines, their state file and one locked OS thread that
// hashes for all of them, so that a world never takes more than one core. Each
// machine has a mutex over its state and one goroutine that mines; exported
// methods are safe for concurrent use.
//
// Some machines misbehave, by the prefix of the name their owner gave them.
// That name is known to the control port only and shows in no machine's API.
package minersim

import (
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"hashyard"
)

// Dialect is which API a machine speaks.
type Dialect string

// The dialects.
const (
	Antminer Dialect = "antminer" // read-only RPC, CGI with digest sign-in
	CGMiner  Dialect = "cgminer"  // privileged RPC, no web interface
)

// Pool is one pool slot.
type Pool struct {
	URL      string `json:"url"`
	User     string `json:"user"`
	Password string `json:"pass"`
}

// SiteConfig is a place with a network of its own.
type SiteConfig struct {
	Name  string       `json:"name"`
	CIDR  netip.Prefix `json:"cidr"`
	Pools []Pool       `json:"pools,omitempty"` // what machines new at this site mine to
}

// MachineConfig is a machine to make.
type MachineConfig struct {
	Name    string     `json:"name"` // "liar-3"; the prefix is its character
	Model   string     `json:"model"`
	Dialect Dialect    `json:"dialect"`
	Site    string     `json:"site"`
	Address netip.Addr `json:"address,omitzero"` // zero: the site's next free one
	Rate    float64    `json:"rate_hs,omitempty"`
	Pools   []Pool     `json:"pools,omitempty"` // nil: the site's
}

// Config describes a world of machines.
type Config struct {
	Sites    []SiteConfig    `json:"sites"`
	Machines []MachineConfig `json:"machines"`          // made when State does not exist yet
	State    string          `json:"state,omitempty"`   // file; "" keeps nothing
	Control  string          `json:"control,omitempty"` // host:port of the control port; "" has none
	RPCPort  int             `json:"rpc_port"`          // 0 lets the system choose: tests
	WebPort  int             `json:"web_port"`
	Rate     float64         `json:"rate_hs"`    // hashes/s of a healthy machine; 0 means DefaultRate
	Scale    hashyard.Scale  `json:"work_scale"` // what one hash stands for in the APIs; 0 means DefaultScale
	// Timing of what machines do; zero fields mean the defaults.
	Timing Timing       `json:"-"`
	Logger *slog.Logger `json:"-"` // nil discards
}

func (c Config) logger() *slog.Logger {
	if c.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return c.Logger
}

// Defaults of Config.
const (
	DefaultRate    = 100_000
	DefaultScale   = 1_000_000_000
	DefaultRPCPort = 4028
	DefaultWebPort = 18080
)

// Timing is how long machines take for things.
type Timing struct {
	RestartGap   time.Duration // without mining after a change of configuration
	WriteTime    time.Duration // of set_miner_conf.cgi
	BusyAfter    time.Duration // the script's lock outlives its answer
	RetryFirst   time.Duration // after all pools failed; doubles up to RetryMost
	RetryMost    time.Duration
	RetryPrimary time.Duration // between looks whether a better pool is back
	PoolSilence  time.Duration // after which a pool counts as dead
	SlowLeast    time.Duration // of slow machines' answers
	SlowMost     time.Duration
}

func (t Timing) withDefaults() Timing {
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&t.RestartGap, time.Second},
		{&t.WriteTime, 300 * time.Millisecond},
		{&t.BusyAfter, 700 * time.Millisecond},
		{&t.RetryFirst, time.Second},
		{&t.RetryMost, 15 * time.Second},
		{&t.RetryPrimary, 30 * time.Second},
		{&t.PoolSilence, 120 * time.Second},
		{&t.SlowLeast, time.Second},
		{&t.SlowMost, 3 * time.Second},
	} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	return t
}

// DefaultModel is the model of a machine that names none, one a dialect.
func DefaultModel(d Dialect) string {
	if d == CGMiner {
		return "Avalon A1366 100T"
	}
	return "Antminer S19 100T"
}

// DefaultMachines is the population of the local world: nine machines at the
// seller's site, five of which misbehave, and three at the buyer's.
func DefaultMachines(seller, buyer string) []MachineConfig {
	names := []struct {
		name    string
		dialect Dialect
		site    string
	}{
		{"yard-1", Antminer, seller},
		{"yard-2", Antminer, seller},
		{"yard-3", CGMiner, seller},
		{"yard-4", CGMiner, seller},
		{"slow-1", Antminer, seller},
		{"hot-1", CGMiner, seller},
		{"deadboard-1", Antminer, seller},
		{"liar-1", Antminer, seller},
		{"stubborn-1", Antminer, seller},
		{"farm-1", Antminer, buyer},
		{"farm-2", CGMiner, buyer},
		{"farm-3", Antminer, buyer},
	}
	out := make([]MachineConfig, len(names))
	for i, n := range names {
		out[i] = MachineConfig{Name: n.name, Model: DefaultModel(n.dialect), Dialect: n.dialect, Site: n.site}
	}
	return out
}

// OldPools are three slots that lead nowhere: what machines still carry from
// their former life, for a redirect to overwrite.
func OldPools(account string) []Pool {
	return []Pool{
		{"stratum+tcp://127.0.0.1:9", account + ".01", "x"},
		{"stratum+tcp://127.0.0.1:19", account + ".01", "x"},
		{"stratum+tcp://127.0.0.1:29", account + ".backup", "123"},
	}
}

// DefaultSites are the seller's and the buyer's networks.
func DefaultSites(seller, buyer netip.Prefix) []SiteConfig {
	return []SiteConfig{
		{Name: "seller", CIDR: seller, Pools: OldPools("northfield")},
		{Name: "buyer", CIDR: buyer, Pools: OldPools("southbank")},
	}
}

// One is a world of a single machine that mines to one pool, on an address and
// ports of its own: what a test of the pool or of the agent needs.
func One(site netip.Prefix, name string, d Dialect, pool Pool) Config {
	return Config{
		Sites:    []SiteConfig{{Name: "site", CIDR: site}},
		Machines: []MachineConfig{{Name: name, Dialect: d, Site: "site", Pools: []Pool{pool}}},
	}
}

// character is how a machine misbehaves.
type character struct{ slow, hot, deadBoard, liar, stubborn bool }

func characterOf(name string) character {
	has := func(prefix string) bool { return strings.HasPrefix(name, prefix) }
	return character{
		slow: has("slow-"), hot: has("hot-"), deadBoard: has("deadboard-"),
		liar: has("liar-"), stubborn: has("stubborn-"),
	}
}

// effective is the share of its nominal rate that the machine hashes, and
// claimed the share that it reports.
func (c character) effective() float64 {
	switch {
	case c.liar:
		return 0.7
	case c.deadBoard:
		return 2.0 / 3
	}
	return 1
}

func (c character) claimed() float64 {
	if c.liar {
		return 1
	}
	return c.effective()
}
