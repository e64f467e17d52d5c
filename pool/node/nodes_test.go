package node

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hashyard"
)

// stub is a node whose test says what it knows.
type stub struct {
	name string

	mu       sync.Mutex // guards the fields below
	changed  chan struct{}
	t        *Template
	err      error
	info     ChainInfo
	peers    int64
	genesis  Hash
	latency  time.Duration
	tips     chan Hash // nil is a node that does not tell
	headers  map[Hash]Header
	chain    map[int64]Hash
	answers  []func() (string, error) // to SubmitBlock, in order; the last again and again
	precious func()
	handed   int
}

func newStub(name string) *stub {
	return &stub{name: name, changed: make(chan struct{}), peers: 8, headers: map[Hash]Header{}, chain: map[int64]Hash{}}
}

func (s *stub) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	close(s.changed)
	s.changed = make(chan struct{})
}

// at puts the node on a tip: its height and which of several blocks there.
func (s *stub) at(height int64, which byte) {
	s.change(func() {
		s.err = nil
		s.t = &Template{PrevHash: tipAt(height, which), Height: height + 1, Bits: 0x1b0404cb, Version: 0x20000000, LongPollID: s.name + string(rune(height)) + string(rune(which))}
	})
}

func tipAt(height int64, which byte) Hash { return Hash{byte(height), which, 1} }

func (s *stub) away(err error) { s.change(func() { s.err = err }) }

func (s *stub) Name() string { return s.name }

func (s *stub) Template(ctx context.Context, id string) (*Template, error) {
	for {
		s.mu.Lock()
		t, err, changed := s.t, s.err, s.changed
		s.mu.Unlock()
		if err != nil || t == nil {
			return nil, errors.Join(errors.New("no template"), err)
		}
		if t.LongPollID != id {
			return t, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (s *stub) SubmitBlock(context.Context, []byte) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handed++
	answer := s.answers[0]
	if len(s.answers) > 1 {
		s.answers = s.answers[1:]
	}
	return answer()
}

func (s *stub) PreciousBlock(context.Context, Hash) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.precious == nil {
		return hashyard.NotFound.Errorf("not offered")
	}
	s.precious()
	return nil
}

func (s *stub) Tips(ctx context.Context, each func(Hash)) error {
	if s.tips == nil {
		return hashyard.NotFound.Errorf("not offered")
	}
	for {
		select {
		case h := <-s.tips:
			each(h)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *stub) BlockHeader(_ context.Context, hash Hash) (Header, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h, ok := s.headers[hash]
	if !ok {
		return h, hashyard.NotFound.Errorf("no such block")
	}
	return h, nil
}

func (s *stub) BlockHash(_ context.Context, height int64) (Hash, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if height == 0 {
		return s.genesis, s.err
	}
	h, ok := s.chain[height]
	if !ok {
		return h, hashyard.NotFound.Errorf("above the tip")
	}
	return h, nil
}

func (s *stub) ChainInfo(context.Context) (ChainInfo, error) {
	s.mu.Lock()
	info, err, latency := s.info, s.err, s.latency
	s.mu.Unlock()
	time.Sleep(latency) // without the lock: a bubble's time stands while one is waited for
	return info, err
}

func (s *stub) Peers(context.Context) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.peers, nil
}

// watched runs nodes in a bubble of time of their own.
func watched(t *testing.T, network Network, test func(t *testing.T, n *Nodes), stubs ...*stub) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		cfg := NodesConfig{Network: network}
		for _, s := range stubs {
			s.changed = make(chan struct{}) // of this bubble
			if s.tips != nil {
				s.tips = make(chan Hash)
			}
			cfg.Nodes = append(cfg.Nodes, s)
		}
		n, err := NewNodes(cfg)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- n.Run(ctx) }()
		test(t, n)
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("run ended with %v", err)
		}
	})
}

// wants waits until all is quiet and looks at what is worked on.
func wants(t *testing.T, n *Nodes, from string, height int64) {
	t.Helper()
	synctest.Wait()
	work, problem := n.Work()
	for _, s := range n.States() {
		if s.Chosen && (s.Name != from || problem != "" || work.Height != height+1) {
			t.Fatalf("block %d of %s is worked on (%s), want %d of %s", work.Height, s.Name, problem, height+1, from)
		}
		if s.Name == from && !s.Chosen {
			t.Fatalf("%s is not worked for: %+v", from, s)
		}
	}
}

func state(n *Nodes, name string) State {
	for _, s := range n.States() {
		if s.Name == name {
			return s
		}
	}
	return State{}
}

func TestFailover(t *testing.T) {
	a, b := newStub("a"), newStub("b")
	watched(t, Network{}, func(t *testing.T, n *Nodes) {
		synctest.Wait()
		if work, problem := n.Work(); work != nil || !strings.Contains(problem, "a: the node gives no work") || !strings.Contains(problem, "b: ") {
			t.Fatalf("without any node: %+v, %q", work, problem)
		}
		a.at(10, 0)
		b.at(10, 0)
		time.Sleep(10 * time.Second)
		wants(t, n, "a", 10)
		a.away(errors.New("connection refused"))
		wants(t, n, "b", 10)
		a.at(10, 0)
		time.Sleep(10 * time.Second)
		wants(t, n, "b", 10) // no change without a cause
		a.at(11, 0)
		wants(t, n, "a", 11) // a new tip waits for nothing
		b.at(11, 0)
		wants(t, n, "a", 11)
		b.away(errors.New("gone"))
		a.away(errors.New("gone too"))
		synctest.Wait()
		if work, problem := n.Work(); work == nil || work.Height != 12 || !strings.Contains(problem, "a: ") || !strings.Contains(problem, "gone too") {
			t.Fatalf("all are gone: %+v, %q", work, problem)
		}
	}, a, b)
}

func TestANodeThatStaysBehindIsNoSpare(t *testing.T) {
	a, b := newStub("a"), newStub("b")
	watched(t, Network{}, func(t *testing.T, n *Nodes) {
		a.at(100, 0)
		b.at(97, 0)
		wants(t, n, "a", 100)
		if s := state(n, "b"); s.Problem != "" {
			t.Fatalf("it has a moment: %+v", s)
		}
		time.Sleep(31 * time.Second)
		if s := state(n, "b"); s.Problem != "the node is 3 blocks behind a" {
			t.Fatalf("problem %q", s.Problem)
		}
		a.away(errors.New("gone"))
		synctest.Wait()
		if _, problem := n.Work(); !strings.Contains(problem, "3 blocks behind") {
			t.Fatalf("problem %q", problem)
		}
		b.at(99, 0)
		time.Sleep(31 * time.Second)
		wants(t, n, "b", 99) // one block is no reason to stop
		if s := state(n, "b"); s.Doubt != "the node is a block behind a" {
			t.Fatalf("doubt %q", s.Doubt)
		}
		a.at(99, 1) // its block was left: the nodes disagree
		time.Sleep(lastRetry)
		wants(t, n, "b", 99)
		time.Sleep(31 * time.Second)
		if s := state(n, "a"); s.Doubt == "" || s.Chosen {
			t.Fatalf("disagreement: %+v", s)
		}
		a.at(99, 0)
		synctest.Wait()
		if s := state(n, "a"); s.Doubt != "" {
			t.Fatalf("agreed again: %+v", s)
		}
	}, a, b)
}

func TestHealthGate(t *testing.T) {
	main := Network{Name: "main", Genesis: Hash{9}}
	good := func(s *stub) {
		s.genesis = main.Genesis
		s.headers[tipAt(10, 0)] = Header{Hash: tipAt(10, 0), Time: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)} // the bubble's midnight
		s.info.BestHash = tipAt(10, 0)
	}
	for name, tt := range map[string]struct {
		network Network
		break1  func(s *stub)
		wait    time.Duration
		problem string
		doubt   string
	}{
		"healthy":        {main, func(*stub) {}, time.Minute, "", ""},
		"loading":        {main, func(s *stub) { s.info.InitialSync, s.info.Blocks, s.info.Headers = true, 5, 90 }, time.Minute, "at block 5 of 90 and still loads", ""},
		"headers ahead":  {main, func(s *stub) { s.info.Blocks, s.info.Headers = 5, 7 }, time.Minute, "", "at block 5 and knows of 7"},
		"no peers":       {main, func(s *stub) { s.peers = 0 }, time.Minute, "no peers", ""},
		"local, alone":   {Network{Name: LocalChain}, func(s *stub) { s.peers = 0 }, time.Minute, "", ""},
		"another chain":  {main, func(s *stub) { s.genesis = Hash{8} }, time.Minute, "another chain", ""},
		"old tip":        {main, func(*stub) {}, 25 * time.Hour, "tip is of 2000-01-01", ""},
		"local, old tip": {Network{Name: LocalChain}, func(*stub) {}, 25 * time.Hour, "", ""},
		"slow":           {main, func(s *stub) { s.latency = 5 * time.Second }, time.Minute, "", "to answer"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStub("a")
			good(s)
			tt.break1(s)
			watched(t, tt.network, func(t *testing.T, n *Nodes) {
				s.at(10, 0)
				time.Sleep(tt.wait)
				synctest.Wait()
				got := state(n, "a")
				if !strings.Contains(got.Problem, tt.problem) || (tt.problem == "") != (got.Problem == "") ||
					!strings.Contains(got.Doubt, tt.doubt) || (tt.doubt == "") != (got.Doubt == "") {
					t.Fatalf("state %+v", got)
				}
				if got.Chosen != (tt.problem == "") {
					t.Fatalf("chosen is %v", got.Chosen)
				}
			}, s)
		})
	}
}

func TestADoubtfulNodeIsLeftForABetterOne(t *testing.T) {
	a, b := newStub("a"), newStub("b")
	a.latency = 5 * time.Second
	watched(t, Network{}, func(t *testing.T, n *Nodes) {
		a.at(10, 0)
		b.at(10, 0)
		time.Sleep(time.Minute)
		wants(t, n, "b", 10)
		b.away(errors.New("gone"))
		wants(t, n, "a", 10) // better than none
	}, a, b)
}

func TestANewTipIsWorkedOnFromItsHeader(t *testing.T) {
	s := newStub("a")
	s.tips = make(chan Hash)
	network := Network{Name: "main", Subsidy: SubsidyRule{Initial: 5_000_000_000, Halving: 210_000}, Bits: BitsRule{Limit: 0x1d00ffff}}
	header := func(height int64, confirmations int64) {
		s.headers[tipAt(height, 0)] = Header{
			Hash: tipAt(height, 0), Height: height, Bits: 0x1b0404cb, Confirmations: confirmations,
			Time: time.Unix(1_700_000_000, 0), MedianTime: time.Unix(1_700_000_000, 0),
		}
	}
	header(10, 1)
	header(11, 1)
	header(12, 1)
	header(13, 2)
	watched(t, network, func(t *testing.T, n *Nodes) {
		s.tips <- tipAt(10, 0)
		synctest.Wait()
		if work, _ := n.Work(); work != nil {
			t.Fatalf("work before the first template: %+v", work)
		}
		s.at(10, 0)
		time.Sleep(lastRetry)
		wants(t, n, "a", 10)
		s.tips <- tipAt(11, 0)
		wants(t, n, "a", 11)
		if work, _ := n.Work(); !work.HeaderOnly || work.Subsidy != 5_000_000_000 || work.Bits != 0x1b0404cb {
			t.Fatalf("work %+v", work)
		}
		s.change(func() { s.t = &Template{PrevHash: tipAt(10, 0), Height: 11, LongPollID: "late"} })
		wants(t, n, "a", 11) // a template of the old tip was on its way
		s.at(11, 0)
		wants(t, n, "a", 11)
		if work, _ := n.Work(); work.HeaderOnly {
			t.Fatal("the template did not replace the header's work")
		}
		s.tips <- tipAt(11, 0) // told late
		s.tips <- tipAt(13, 0) // not the tip any more
		synctest.Wait()
		if work, _ := n.Work(); work.HeaderOnly || work.Height != 12 {
			t.Fatalf("work %+v", work)
		}
		s.tips <- tipAt(12, 0)
		wants(t, n, "a", 12)
		time.Sleep(lateTemplate)
		s.at(11, 1) // the tip was declared invalid: the node means it
		wants(t, n, "a", 11)
		if !state(n, "a").Tips {
			t.Error("it tells of new tips")
		}
	}, s)
}

func TestHandIn(t *testing.T) {
	block := FoundBlock{Hash: Hash{1, 2}, Height: 7}
	say := func(verdict string, err error) func() (string, error) {
		return func() (string, error) { return verdict, err }
	}
	away := say("", errors.New("connection refused"))
	for name, tt := range map[string]struct {
		a, b []func() (string, error)
		on   string // which nodes have it on their chain
		fond bool   // a takes it when it is told that it is precious
		want Outcome
	}{
		"both take it":          {a: []func() (string, error){say("", nil)}, b: []func() (string, error){say("", nil)}, on: "ab", want: Outcome{Fate: OnChain}},
		"one is down":           {a: []func() (string, error){away}, b: []func() (string, error){say("", nil)}, on: "b", want: Outcome{OnChain, "", "b"}},
		"one was down":          {a: []func() (string, error){away, away, say("", nil)}, b: []func() (string, error){say("bad-diffbits", nil)}, on: "a", want: Outcome{OnChain, "", "a"}},
		"one is behind":         {a: []func() (string, error){say("prev-blk-not-found", nil), say("", nil)}, b: []func() (string, error){say("inconclusive", nil)}, on: "a", want: Outcome{OnChain, "", "a"}},
		"a sibling in silence":  {a: []func() (string, error){say("", nil)}, b: []func() (string, error){say("inconclusive", nil)}, want: Outcome{Fate: Beside, Verdict: Inconclusive}},
		"precious":              {a: []func() (string, error){say("inconclusive", nil)}, b: []func() (string, error){say("inconclusive", nil)}, fond: true, want: Outcome{OnChain, "inconclusive", "a"}},
		"its answer was lost":   {a: []func() (string, error){away, say("duplicate", nil)}, b: []func() (string, error){away, say("duplicate", nil)}, on: "ab", want: Outcome{Fate: OnChain, Verdict: Duplicate}},
		"refused":               {a: []func() (string, error){say("bad-cb-amount", nil)}, b: []func() (string, error){say("bad-cb-amount", nil)}, want: Outcome{Fate: Refused, Verdict: "bad-cb-amount"}},
		"refused, one is down":  {a: []func() (string, error){say("high-hash", nil)}, b: []func() (string, error){away}, want: Outcome{Refused, "high-hash", "a"}},
		"nobody answers":        {a: []func() (string, error){away}, b: []func() (string, error){away}},
		"beside beats refusals": {a: []func() (string, error){say("bad-diffbits", nil)}, b: []func() (string, error){say("inconclusive", nil)}, want: Outcome{Beside, "inconclusive", "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := newStub("a"), newStub("b")
			a.answers, b.answers = tt.a, tt.b
			for _, s := range []*stub{a, b} {
				if strings.Contains(tt.on, s.name) {
					s.chain[block.Height] = block.Hash
				} else if tt.on != "" {
					s.chain[block.Height] = Hash{99}
				}
			}
			if tt.fond {
				a.precious = func() { a.chain[block.Height] = block.Hash }
			}
			watched(t, Network{}, func(t *testing.T, n *Nodes) {
				var told []Outcome
				began := time.Now()
				got := n.HandIn(t.Context(), block, func(o Outcome) { told = append(told, o) })
				if got.Fate != tt.want.Fate || got.Verdict != tt.want.Verdict || (tt.want.Node != "" && got.Node != tt.want.Node) {
					t.Fatalf("outcome %+v, want %+v", got, tt.want)
				}
				if (len(told) == 1) != (tt.want.Fate == OnChain) || (len(told) == 1 && told[0].Node != got.Node) {
					t.Fatalf("told %+v", told)
				}
				if took := time.Since(began); took > handInFor+lastRetry || (got.Fate == OnChain && took > handInAfter+2*lastRetry) {
					t.Fatalf("took %s", took)
				}
				if a.handed == 0 || b.handed == 0 {
					t.Fatal("a node did not get it")
				}
			}, a, b)
		})
	}
}

func TestNodesWantDifferentNames(t *testing.T) {
	if _, err := NewNodes(NodesConfig{}); !errors.Is(err, hashyard.Invalid) {
		t.Errorf("no nodes: %v", err)
	}
	if _, err := NewNodes(NodesConfig{Nodes: []Node{newStub("a"), newStub("a")}}); !errors.Is(err, hashyard.Invalid) {
		t.Errorf("one name twice: %v", err)
	}
}
