package app

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"hashyard"
	"hashyard/brokerage"
	"hashyard/brokerage/book"
	"hashyard/cmd/internal/world"
	"hashyard/firmware"
	"hashyard/fleet"
	"hashyard/inventory"
	"hashyard/pool"
	"hashyard/web"
)

// localWorld is what the local world tells its browser app, also before
// anybody signs in: it is on this machine alone.
type localWorld struct {
	Local   bool          `json:"local"`
	SignIns []world.User  `json:"sign_ins"`
	Houses  []world.House `json:"organisations"`
	Sites   []world.Site  `json:"sites"`
	Stratum string        `json:"stratum"`
	Chain   string        `json:"chain"`
	Stripe  string        `json:"stripe"`

	Progress localProgress `json:"progress"`
	Figures  localFigures  `json:"figures"`
	Parts    []localPart   `json:"parts"`
	Odd      []localOdd    `json:"odd"`
}

// localProgress is how far the world is, whoever did it.
type localProgress struct {
	Machines int    `json:"machines"`
	Offered  int    `json:"offered"` // units that rest in the books
	AskMC    int64  `json:"ask_mc,omitempty"`
	Trade    string `json:"trade,omitempty"` // the furthest one: its number, and its first machine
	Unit     string `json:"unit,omitempty"`
	// The states that any trade has reached.
	Reached []brokerage.TradeState `json:"reached"`
}

// localFigures are the world in numbers.
type localFigures struct {
	Height    int64     `json:"height"`
	BlockAt   time.Time `json:"block_at,omitzero"` // of the last one of ours
	Sessions  int       `json:"sessions"`
	HourTHs   float64   `json:"hour_ths"` // pool-verified, with its 95 % interval
	LowerTHs  float64   `json:"lower_ths"`
	UpperTHs  float64   `json:"upper_ths"`
	WorkScale uint64    `json:"work_scale"`
	Network   string    `json:"network"`
}

// localPart is one process or machine of the world.
type localPart struct {
	Name    string        `json:"name"`
	Address string        `json:"address"`
	Note    string        `json:"note"`
	State   web.Condition `json:"state"`
}

// localOdd is a machine that misbehaves on purpose.
type localOdd struct {
	Name    string `json:"name"`
	Serial  string `json:"serial"`
	Unit    string `json:"unit,omitempty"`
	Does    string `json:"does"`
	Reading string `json:"reading"`
}

// localPage is how many rows of a kind the world looks at.
const localPage = 500

func (h *house) world(ctx context.Context) (any, error) {
	seed, err := h.flags.seed()
	if err != nil {
		return nil, err
	}
	out := localWorld{
		Local: true, SignIns: seed.Users, Houses: seed.Houses, Sites: seed.Sites,
		Stratum: h.flags.StratumURL, Chain: h.flags.ChainURL, Stripe: h.flags.StripeURL,
		Parts: []localPart{}, Odd: []localOdd{},
	}
	// The world is told as the house sees it.
	sys := hashyard.Actor{System: "world", House: true, Org: h.id}
	miners, _, err := h.fleet.Miners(ctx, sys, fleet.MinerQuery{Limit: localPage})
	if err != nil {
		return nil, err
	}
	if out.Progress, err = h.localProgress(ctx, sys); err != nil {
		return nil, err
	}
	if out.Figures, err = h.localFigures(ctx, sys); err != nil {
		return nil, err
	}
	if out.Parts, err = h.localParts(ctx, sys, len(miners)); err != nil {
		return nil, err
	}
	out.Odd = localOdds(simulated(ctx, seed.Machines), miners)
	return out, nil
}

func (h *house) localProgress(ctx context.Context, sys hashyard.Actor) (p localProgress, err error) {
	p.Reached = []brokerage.TradeState{}
	units, _, err := h.inventory.Units(ctx, sys, inventory.UnitQuery{Limit: localPage})
	if err != nil {
		return p, err
	}
	p.Machines = len(units)
	orders, _, err := h.brokerage.Orders(ctx, sys, brokerage.OrderQuery{State: brokerage.OrderOpen, Limit: localPage})
	if err != nil {
		return p, err
	}
	for _, o := range orders {
		if o.Side != book.Ask {
			continue
		}
		p.Offered += int(o.Units - o.Filled)
		if price := int64(o.Price); p.AskMC == 0 || price < p.AskMC {
			p.AskMC = price
		}
	}
	trades, _, err := h.brokerage.Trades(ctx, sys, brokerage.TradeQuery{Limit: localPage})
	if err != nil {
		return p, err
	}
	far := -1
	for _, d := range trades {
		for _, s := range d.Trade.History {
			if !slices.Contains(p.Reached, s.State) {
				p.Reached = append(p.Reached, s.State)
			}
		}
		if n := len(d.Trade.History); n > far && len(d.Units) > 0 {
			far, p.Trade, p.Unit = n, d.Trade.Name(), d.Units[0].Unit.String()
		}
	}
	if p.Unit == "" && len(units) > 0 {
		p.Unit = units[0].ID.String()
	}
	return p, nil
}

func (h *house) localFigures(ctx context.Context, sys hashyard.Actor) (f localFigures, err error) {
	f.WorkScale, f.Network, f.Sessions = uint64(h.network.WorkScale), h.network.Name, h.sessions()
	info, err := h.node.ChainInfo(ctx)
	if err != nil {
		return f, err
	}
	f.Height = info.Blocks
	o, err := h.pool.Overview(ctx, sys)
	if err != nil {
		return f, err
	}
	th := func(r hashyard.Hashrate) float64 { return float64(r / hashyard.TH) }
	f.HourTHs, f.LowerTHs, f.UpperTHs = th(o.PoolHour.Estimate), th(o.PoolHour.Lower), min(th(o.PoolHour.Upper), 1e12)
	blocks, _, err := h.pool.Blocks(ctx, sys, pool.Page{Limit: 1})
	if len(blocks) > 0 {
		f.BlockAt = blocks[0].Found
	}
	return f, err
}

func (h *house) localParts(ctx context.Context, sys hashyard.Actor, miners int) ([]localPart, error) {
	states := map[string]web.Condition{}
	for _, s := range h.ops.health.States(ctx) {
		states[s.Check] = s.Condition
	}
	out := []localPart{
		{"Web and API", h.flags.Listen, "this page, /openapi.json, /docs", states["events"]},
		{"Postgres", "on a socket", "private to this world", states["database"]},
		{"JetStream", "inside", "every share, on disk before it counts", states["sharelog"]},
		{"Dev chain", host(h.flags.ChainURL), "JSON-RPC, full consensus checks", states["node"]},
		{"Stratum", host(h.flags.StratumURL), fmt.Sprintf("%d sessions", h.sessions()), states["jobs"]},
		{"Signer", host(h.flags.SignerURL), "the key, its limits and its own list of addresses", states["signer"]},
		{"Stripe double", host(h.flags.StripeURL), "also the buyer's bank", web.Fine},
		{"Simulated machines", "one address each", fmt.Sprintf("%d found by their agents", miners), web.Fine},
	}
	sites, err := h.fleet.Sites(ctx, sys)
	for _, s := range sites {
		state := web.Fine
		if s.AgentSeen.IsZero() || time.Since(s.AgentSeen) > s.OfflineAfter() {
			state = web.Failing
		}
		out = append(out, localPart{"Agent, " + s.Name, s.CIDR.String(), "outbound only", state})
	}
	return out, err
}

// sessions are those of the edge in this process, if it has one.
func (h *house) sessions() int {
	if !h.leads() {
		return 0
	}
	return len(h.stratum.Sessions())
}

func host(url string) string {
	if _, rest, ok := strings.Cut(url, "://"); ok {
		url = rest
	}
	return strings.TrimSuffix(url, "/")
}

// simulated asks the simulator which machine is which; it may be away.
func simulated(ctx context.Context, url string) map[string]string {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil || url == "" {
		return nil
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil
	}
	defer resp.Body.Close()
	var list []struct{ Name, Serial string }
	if json.NewDecoder(http.MaxBytesReader(nil, resp.Body, 1<<20)).Decode(&list) != nil {
		return nil
	}
	out := map[string]string{}
	for _, m := range list {
		out[m.Name] = m.Serial
	}
	return out
}

func localOdds(serials map[string]string, miners []fleet.Miner) []localOdd {
	out := []localOdd{}
	for name, serial := range serials {
		for prefix, does := range world.Odd() {
			if !strings.HasPrefix(name, prefix) {
				continue
			}
			o := localOdd{Name: name, Serial: serial, Does: does, Reading: "not read yet"}
			for _, m := range miners {
				if m.Identity.Serial != serial {
					continue
				}
				o.Unit = m.Unit.String()
				if m.Reading != nil {
					o.Reading = readingWords(*m.Reading)
				}
			}
			out = append(out, o)
		}
	}
	slices.SortFunc(out, func(a, b localOdd) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// readingWords is what a machine says of itself, short.
func readingWords(r firmware.Reading) string {
	var words []string
	if r.HashrateReported != nil {
		words = append(words, fmt.Sprintf("%.1f TH/s reported", float64(*r.HashrateReported/hashyard.TH)))
	}
	if t, ok := r.MaxTemp(); ok {
		words = append(words, fmt.Sprintf("%.0f °C", t))
	}
	if len(words) == 0 {
		return "tells nothing"
	}
	return strings.Join(words, " · ")
}
