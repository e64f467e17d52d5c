package node

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"hashyard"
)

// NodesConfig sets up Nodes. Nodes is required, in the order of preference.
type NodesConfig struct {
	Nodes   []Node
	Network Network // that all must be on

	Refresh    time.Duration // longest life of a template; 0 is 30 s
	ProbeEvery time.Duration // between questions about a node's health; 0 is 5 s
	Patience   time.Duration // of silence beyond two refreshes; 0 is 60 s
	MaxTipAge  time.Duration // of a public network; 0 is 24 h
	MaxLatency time.Duration // that is not held against a node; 0 is 2 s
	// BehindFor is how long nodes may differ about the tip; 0 is 30 s.
	BehindFor time.Duration

	Logger *slog.Logger
	Now    func() time.Time
}

// Nodes are several nodes as one: work comes from the best of them, and a block
// goes to all. It needs one that is healthy.
//
// Run owns the goroutines; everything else may be called from anywhere.
type Nodes struct {
	cfg     NodesConfig
	members []*member
	fresh   chan struct{} // has room for one: there is other work

	mu      sync.Mutex // guards the fields below
	chosen  int        // in members; -1 before the first choice
	differs []time.Time
}

// NewNodes checks the settings. Nothing happens before Run.
func NewNodes(cfg NodesConfig) (*Nodes, error) {
	if len(cfg.Nodes) == 0 {
		return nil, hashyard.Invalid.Errorf("nodes: at least one is required")
	}
	for v, def := range map[*time.Duration]time.Duration{
		&cfg.Refresh: 30 * time.Second, &cfg.ProbeEvery: 5 * time.Second, &cfg.Patience: time.Minute,
		&cfg.MaxTipAge: 24 * time.Hour, &cfg.MaxLatency: 2 * time.Second, &cfg.BehindFor: 30 * time.Second,
	} {
		if *v == 0 {
			*v = def
		}
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	n := &Nodes{cfg: cfg, fresh: make(chan struct{}, 1), chosen: -1, differs: make([]time.Time, len(cfg.Nodes))}
	names := map[string]bool{}
	for _, node := range cfg.Nodes {
		if names[node.Name()] {
			return nil, hashyard.Invalid.Errorf("nodes: two are called %q", node.Name())
		}
		names[node.Name()] = true
		n.members = append(n.members, newMember(node, &n.cfg, n.signal))
	}
	return n, nil
}

func (n *Nodes) signal() {
	select {
	case n.fresh <- struct{}{}:
	default:
	}
}

// Run watches all nodes until ctx ends, which is its only error.
func (n *Nodes) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	for _, m := range n.members {
		wg.Go(func() { m.run(ctx) })
	}
	wg.Wait()
	return ctx.Err()
}

// Fresh has a value after there was other work. It is for one reader.
func (n *Nodes) Fresh() <-chan struct{} { return n.fresh }

// Work is the newest work of the best node, or nil before the first. problem
// says why it is not to be trusted: no node is healthy.
func (n *Nodes) Work() (t *Template, problem string) {
	states, works, best := n.choose()
	if best >= 0 {
		return works[best], ""
	}
	n.mu.Lock()
	last := n.chosen
	n.mu.Unlock()
	if last >= 0 {
		t = works[last]
	}
	if len(states) == 1 {
		return t, states[0].Problem
	}
	var all []string
	for _, s := range states {
		all = append(all, s.Name+": "+s.Problem)
	}
	return t, "no node is healthy: " + strings.Join(all, "; ")
}

// States are all nodes as they are seen now, in the configured order.
func (n *Nodes) States() []State {
	states, _, _ := n.choose()
	return states
}

// choose judges all nodes, by themselves and against each other; best is -1
// when none is fit.
func (n *Nodes) choose() (states []State, works []*Template, best int) {
	now := n.cfg.Now()
	n.mu.Lock()
	defer n.mu.Unlock()
	top := -1
	for i, m := range n.members {
		s, w := m.judged(now)
		states, works = append(states, s), append(works, w)
		// Also one that has died tells how high the chain is. Among equals the
		// one that is worked for is the measure.
		if w != nil && (top < 0 || s.TipHeight > states[top].TipHeight || (i == n.chosen && s.TipHeight == states[top].TipHeight)) {
			top = i
		}
	}
	n.compare(states, top, now)
	best = -1
	for i := range states {
		if states[i].Problem == "" && (best < 0 || n.better(states, i, best)) {
			best = i
		}
	}
	if best < 0 {
		return states, works, best
	}
	states[best].Chosen = true
	if best != n.chosen {
		if n.chosen >= 0 {
			n.cfg.Logger.Warn("work is taken from another node", "node", states[best].Name, "before", states[n.chosen].Name,
				"because", states[n.chosen].Problem+states[n.chosen].Doubt)
		}
		n.chosen = best
	}
	return states, works, best
}

// compare notes how far nodes are from the highest tip any of them told of:
// one that stays behind is no place to fail over to. The caller holds mu.
func (n *Nodes) compare(states []State, top int, now time.Time) {
	for i := range states {
		s := &states[i]
		if top < 0 || s.TipHash == states[top].TipHash || s.TipHeight == 0 {
			n.differs[i] = time.Time{}
			continue
		}
		if n.differs[i].IsZero() {
			n.differs[i] = now
		}
		behind := states[top].TipHeight - s.TipHeight
		if s.Problem != "" || now.Sub(n.differs[i]) < n.cfg.BehindFor {
			continue
		}
		switch {
		case behind > 1:
			s.Problem = fmt.Sprintf("the node is %d blocks behind %s", behind, states[top].Name)
		case behind == 1:
			s.Doubt = "the node is a block behind " + states[top].Name
		default:
			s.Doubt = fmt.Sprintf("the node has another block %d than %s", s.TipHeight, states[top].Name)
		}
	}
}

// better reports whether a is to be preferred to b: the higher chain first (a
// new tip waits for nothing), then the one without doubts, then the one that
// is used already, then the order of the configuration.
func (n *Nodes) better(states []State, a, b int) bool {
	x, y := states[a], states[b]
	switch {
	case x.TipHeight != y.TipHeight:
		return x.TipHeight > y.TipHeight
	case (x.Doubt == "") != (y.Doubt == ""):
		return x.Doubt == ""
	case a == n.chosen || b == n.chosen:
		return a == n.chosen
	}
	return a < b
}

// Any is a client that calls whichever node is best at the moment, for those
// who ask about the chain. It fails as that node does; the next call may go to
// another.
func (n *Nodes) Any() *Client {
	var clients []*Client
	for _, m := range n.members {
		if c, ok := m.node.(*Client); ok {
			clients = append(clients, c)
		}
	}
	if len(clients) != len(n.members) || len(clients) == 1 {
		return clients[0] // one node: nothing to choose
	}
	return &Client{cfg: Config{Name: "any", Timeout: clients[0].cfg.Timeout}, route: func() *Client {
		if _, _, best := n.choose(); best >= 0 {
			return clients[best]
		}
		n.mu.Lock()
		defer n.mu.Unlock()
		return clients[max(n.chosen, 0)]
	}}
}
