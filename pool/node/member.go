package node

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"hashyard"
)

// Node is what Nodes asks of each node; *Client is one.
type Node interface {
	TemplateSource
	Name() string
	SubmitBlock(ctx context.Context, block []byte) (verdict string, err error)
	// PreciousBlock and Tips may answer hashyard.NotFound: not offered.
	PreciousBlock(ctx context.Context, hash Hash) error
	Tips(ctx context.Context, each func(Hash)) error
	BlockHeader(ctx context.Context, hash Hash) (Header, error)
	BlockHash(ctx context.Context, height int64) (Hash, error)
	ChainInfo(ctx context.Context) (ChainInfo, error)
	Peers(ctx context.Context) (int64, error)
}

// State is how one node is seen.
type State struct {
	Name   string
	Chosen bool // miners work on its templates
	// Problem is why no work is taken from it; Doubt is why another one is
	// preferred. Both empty is healthy.
	Problem, Doubt string

	TipHash   Hash
	TipHeight int64
	TipSince  time.Time // when this tip was first seen here
	TipTime   time.Time // the tip's own time; zero when not known yet
	Seen      time.Time // when the node last gave work
	Peers     int64     // -1 when not known
	Latency   time.Duration
	Errors    int64 // failed calls since the start
	Tips      bool  // tells new tips ahead of its template
}

// member is one node, watched. Its goroutines are those of run.
type member struct {
	node    Node
	cfg     *NodesConfig
	watcher *Watcher
	room    chan struct{} // one token a block being handed in
	fresh   func()        // called when there is other work

	mu     sync.Mutex // guards the fields below
	work   *Template
	workAt time.Time
	state  State
	probe  probe
}

// probe is what the node last said of itself.
type probe struct {
	at      time.Time
	err     string
	loading bool
	blocks  int64
	headers int64
	genesis Hash // of its chain, once read
}

const (
	// lateTemplate is how long after a new tip a template of the one before may
	// still be on its way.
	lateTemplate = 5 * time.Second
	// atOnce bounds how many blocks one node gets at one time: on an easy chain
	// every share can be one.
	atOnce = 8
)

func newMember(n Node, cfg *NodesConfig, fresh func()) *member {
	m := &member{node: n, cfg: cfg, fresh: fresh, room: make(chan struct{}, atOnce)}
	m.state = State{Name: n.Name(), Peers: -1}
	m.watcher = NewWatcher(WatcherConfig{
		Source: n, Refresh: cfg.Refresh, Now: cfg.Now, Logger: cfg.Logger.With("node", n.Name()),
		OnTemplate: func(_ context.Context, t *Template) { m.offer(t) },
	})
	return m
}

func (m *member) run(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { _ = m.watcher.Run(ctx) })
	wg.Go(func() { m.followTips(ctx) })
	wg.Go(func() { m.probeAgain(ctx) })
}

// offer takes work from the long poll or from a header.
func (m *member) offer(t *Template) {
	now := m.cfg.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	old := m.work
	if old != nil && t.HeaderOnly && t.Height <= old.Height {
		return // the template was quicker, or it is a reorganisation: templates tell
	}
	if old != nil && old.HeaderOnly && t.Height < old.Height && now.Sub(m.workAt) < lateTemplate {
		return // it was on its way when the tip came
	}
	if old == nil || old.PrevHash != t.PrevHash {
		m.state.TipHash, m.state.TipHeight, m.state.TipSince = t.PrevHash, t.Height-1, now
		m.state.TipTime = time.Time{}
	}
	m.work, m.workAt = t, now
	m.fresh()
}

// followTips makes work from headers alone, where the node tells of new tips.
func (m *member) followTips(ctx context.Context) {
	for pause := firstRetry; ctx.Err() == nil; pause = min(2*pause, lastRetry) {
		began := m.cfg.Now()
		err := m.node.Tips(ctx, func(h Hash) {
			m.tell(func(s *State) { s.Tips = true })
			if err := m.onTip(ctx, h); err != nil && ctx.Err() == nil {
				m.cfg.Logger.WarnContext(ctx, "no quick work for a new tip", "node", m.node.Name(), "block", h, "err", err)
			}
		})
		if ctx.Err() != nil {
			return
		}
		m.tell(func(s *State) { s.Tips = false })
		switch {
		case errors.Is(err, hashyard.NotFound):
			pause = m.cfg.ProbeEvery // another version of the node may answer after its restart
		case m.cfg.Now().Sub(began) > lastRetry:
			pause = firstRetry // it worked for a while
		}
		if !sleep(ctx, pause) {
			return
		}
	}
}

// onTip offers a block without transactions on a new tip at once.
func (m *member) onTip(ctx context.Context, hash Hash) error {
	m.mu.Lock()
	old := m.work
	m.mu.Unlock()
	// Before the first template nobody knows whether the network wants more of
	// a block than we can build (signet's signature, say).
	if old == nil || hash == Hash(old.PrevHash) {
		return nil
	}
	tip, err := m.node.BlockHeader(ctx, hash)
	if err != nil {
		return err
	}
	if tip.Confirmations != 1 {
		return nil // not the tip any more
	}
	rules, height := m.cfg.Network, tip.Height+1
	var first Header
	if rules.Bits.Retargets(height) {
		at, err := m.node.BlockHash(ctx, height-rules.Bits.Window)
		if err != nil {
			return fmt.Errorf("first block of the window: %w", err)
		}
		if first, err = m.node.BlockHeader(ctx, at); err != nil {
			return fmt.Errorf("first block of the window: %w", err)
		}
	}
	if t, ok := rules.After(tip, first, old.Version, m.cfg.Now()); ok {
		m.offer(t)
	}
	return nil
}

func (m *member) tell(change func(*State)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(&m.state)
}

// probeAgain asks the node about itself until ctx ends.
func (m *member) probeAgain(ctx context.Context) {
	for {
		began := m.cfg.Now()
		p, peers, tip, err := m.ask(ctx)
		if ctx.Err() != nil {
			return
		}
		m.mu.Lock()
		if m.state.Peers = peers; err != nil {
			m.state.Errors++
			p.err = err.Error()
		} else {
			m.state.Latency = (m.state.Latency + m.cfg.Now().Sub(began)) / 2
		}
		if tip.Hash == m.state.TipHash && tip.Hash != (Hash{}) {
			m.state.TipTime = tip.Time
		}
		m.probe = p
		m.mu.Unlock()
		if !sleep(ctx, m.cfg.ProbeEvery) {
			return
		}
	}
}

func (m *member) ask(ctx context.Context) (p probe, peers int64, tip Header, err error) {
	peers = -1
	m.mu.Lock()
	p.genesis = m.probe.genesis
	had, known := m.state.TipHash, m.state.TipTime
	m.mu.Unlock()
	info, err := m.node.ChainInfo(ctx)
	p.at = m.cfg.Now()
	if err != nil {
		return p, peers, tip, err
	}
	p.loading, p.blocks, p.headers = info.InitialSync, info.Blocks, info.Headers
	if peers, err = m.node.Peers(ctx); err != nil {
		return p, -1, tip, err
	}
	if p.genesis == (Hash{}) {
		if p.genesis, err = m.node.BlockHash(ctx, 0); err != nil {
			return p, peers, tip, err
		}
	}
	if known.IsZero() && info.BestHash == had {
		tip, err = m.node.BlockHeader(ctx, info.BestHash)
	}
	return p, peers, tip, err
}

// judged is a copy of the state with what speaks against the node by itself.
func (m *member) judged(now time.Time) (s State, work *Template) {
	h := m.watcher.Health()
	m.mu.Lock()
	defer m.mu.Unlock()
	s = m.state
	s.Seen, s.Errors = h.Seen, s.Errors+h.Failures
	p, cfg := m.probe, m.cfg
	foreign := cfg.Network.Genesis != (Hash{}) && p.genesis != (Hash{}) && p.genesis != cfg.Network.Genesis
	switch {
	case h.LastError != "":
		s.Problem = fmt.Sprintf("the node gives no work since %s: %s", h.FailingAt.UTC().Format(time.TimeOnly), h.LastError)
	case h.Seen.IsZero() || m.work == nil:
		s.Problem = "the node has given no work yet"
	case now.Sub(h.Seen) > 2*cfg.Refresh+cfg.Patience:
		s.Problem = fmt.Sprintf("the node has been silent since %s", h.Seen.UTC().Format(time.TimeOnly))
	case foreign:
		s.Problem = "the node is on another chain"
	case p.loading:
		s.Problem = fmt.Sprintf("the node is at block %d of %d and still loads", p.blocks, p.headers)
	case s.Peers == 0 && cfg.Network.Public():
		s.Problem = "the node has no peers: nobody would hear of its blocks"
	case cfg.Network.Public() && !s.TipTime.IsZero() && now.Sub(s.TipTime) > cfg.MaxTipAge:
		s.Problem = fmt.Sprintf("the node's tip is of %s", s.TipTime.UTC().Format(time.RFC3339))
	case p.headers > p.blocks+1:
		s.Doubt = fmt.Sprintf("the node is at block %d and knows of %d", p.blocks, p.headers)
	case p.err != "":
		s.Doubt = p.err
	case s.Latency > cfg.MaxLatency:
		s.Doubt = fmt.Sprintf("the node takes %s to answer", s.Latency.Round(time.Millisecond))
	}
	return s, m.work
}
