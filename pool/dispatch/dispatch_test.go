package dispatch

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"hashyard"
	"hashyard/pool"
	"hashyard/pool/job"
	"hashyard/pool/node"
)

// fakeNode gives the templates that the test sets, and no health to complain of.
type fakeNode struct {
	name     string
	mu       sync.Mutex // guards the fields below
	t        *node.Template
	changed  chan struct{}
	err      error
	refuse   int // hand-ins to answer with an error first
	verdict  string
	handedIn [][]byte
	tips     chan node.Hash // nil is a node that does not tell
	headers  map[node.Hash]node.Header
	onChain  map[int64]node.Hash // by height
	precious []node.Hash
}

func newNode() *fakeNode {
	return &fakeNode{name: "fake", changed: make(chan struct{}), headers: map[node.Hash]node.Header{}, onChain: map[int64]node.Hash{}}
}

func (n *fakeNode) set(t *node.Template, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.t, n.err = t, err
	close(n.changed)
	n.changed = make(chan struct{})
}

func (n *fakeNode) Name() string { return n.name }

func (n *fakeNode) Template(ctx context.Context, longPollID string) (*node.Template, error) {
	for {
		n.mu.Lock()
		t, err, changed := n.t, n.err, n.changed
		n.mu.Unlock()
		if err != nil || t == nil {
			return nil, errors.Join(errors.New("node is away"), err)
		}
		if longPollID != t.LongPollID {
			return t, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-changed:
		}
	}
}

// SubmitBlock knows a block by its first byte, as candidate makes it.
func (n *fakeNode) SubmitBlock(_ context.Context, block []byte) (string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.refuse > 0 {
		n.refuse--
		return "", errors.New("connection reset")
	}
	n.handedIn = append(n.handedIn, block)
	if n.verdict == node.Accepted || n.verdict == node.Duplicate {
		n.onChain[int64(block[0])] = node.Hash{block[0]}
	}
	return n.verdict, nil
}

func (n *fakeNode) PreciousBlock(_ context.Context, hash node.Hash) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.precious = append(n.precious, hash)
	return nil
}

func (n *fakeNode) Tips(ctx context.Context, each func(node.Hash)) error {
	if n.tips == nil {
		return hashyard.NotFound.Errorf("not offered")
	}
	for {
		select {
		case h := <-n.tips:
			each(h)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (n *fakeNode) BlockHeader(_ context.Context, hash node.Hash) (node.Header, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	h, ok := n.headers[hash]
	if !ok {
		return h, hashyard.NotFound.Errorf("no such block")
	}
	return h, nil
}

func (n *fakeNode) BlockHash(_ context.Context, height int64) (node.Hash, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	h, ok := n.onChain[height]
	if !ok {
		return h, hashyard.NotFound.Errorf("above the tip")
	}
	return h, nil
}

func (n *fakeNode) ChainInfo(context.Context) (node.ChainInfo, error) { return node.ChainInfo{}, nil }

func (n *fakeNode) Peers(context.Context) (int64, error) { return 8, nil }

func nodes(t testing.TB, refresh time.Duration, network node.Network, all ...node.Node) *node.Nodes {
	t.Helper()
	n, err := node.NewNodes(node.NodesConfig{Nodes: all, Network: network, Refresh: refresh, ProbeEvery: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func template(tip byte, longPollID string) *node.Template {
	return &node.Template{
		Version: 0x20000000, PrevHash: [32]byte{tip}, Height: int64(tip) + 100, Bits: 0x1d3ba6fe,
		CoinbaseValue: 2500, Subsidy: 2500, LongPollID: longPollID,
	}
}

// fakeEdge collects what miners would get.
type fakeEdge struct {
	mu   sync.Mutex
	jobs []*job.Job
	told []string
}

func (e *fakeEdge) SetJob(j *job.Job) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.jobs = append(e.jobs, j)
}

func (e *fakeEdge) Suspend(reason string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.told = append(e.told, reason)
}

func (e *fakeEdge) all() ([]*job.Job, []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]*job.Job(nil), e.jobs...), append([]string(nil), e.told...)
}

// fakeEpochs prices by period and remembers what it was asked.
type fakeEpochs struct {
	period time.Duration
	mu     sync.Mutex
	facts  []job.EpochFacts
	ids    map[time.Time]hashyard.ID
	err    error
}

func (e *fakeEpochs) Period(t time.Time) (start, end, refuseAfter time.Time) {
	start = t.Truncate(e.period)
	return start, start.Add(e.period), start.Add(e.period + time.Second)
}

func (e *fakeEpochs) EpochFor(_ context.Context, f job.EpochFacts) (pool.Epoch, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.err != nil {
		return pool.Epoch{}, e.err
	}
	e.facts = append(e.facts, f)
	if e.ids == nil {
		e.ids = map[time.Time]hashyard.ID{}
	}
	if e.ids[f.Period].IsZero() {
		e.ids[f.Period] = hashyard.NewID()
	}
	return pool.Epoch{ID: e.ids[f.Period]}, nil
}

func (e *fakeEpochs) id(period time.Time) hashyard.ID {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.ids[period]
}

func (e *fakeEpochs) fail(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.err = err
}

// fakeBlocks keeps candidates as the database would.
type fakeBlocks struct {
	mu       sync.Mutex
	away     bool
	saved    map[[32]byte]job.Candidate
	verdicts map[[32]byte]string
	accepted map[[32]byte]bool
	became   map[[32]byte]pool.BlockEvent
}

func newBlocks() *fakeBlocks {
	return &fakeBlocks{saved: map[[32]byte]job.Candidate{}, verdicts: map[[32]byte]string{}, accepted: map[[32]byte]bool{}, became: map[[32]byte]pool.BlockEvent{}}
}

func (b *fakeBlocks) SaveCandidate(_ context.Context, c job.Candidate) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.away {
		return hashyard.Unavailable.Errorf("database away")
	}
	b.saved[c.Hash] = c
	return nil
}

func (b *fakeBlocks) SaveVerdict(_ context.Context, hash [32]byte, became pool.BlockEvent, reason string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, ok := b.saved[hash]; !ok {
		return hashyard.NotFound.Errorf("block")
	}
	b.verdicts[hash], b.accepted[hash], b.became[hash] = reason, became == pool.BlockTaken, became
	return nil
}

func (b *fakeBlocks) PendingCandidates(context.Context) ([]job.Candidate, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.away {
		return nil, hashyard.Unavailable.Errorf("database away")
	}
	var out []job.Candidate
	for h, c := range b.saved {
		if _, judged := b.verdicts[h]; !judged {
			out = append(out, c)
		}
	}
	return out, nil
}

func (b *fakeBlocks) judged(hash [32]byte) (verdict string, accepted, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	verdict, ok = b.verdicts[hash]
	return verdict, b.accepted[hash], ok
}

type bench struct {
	*Dispatcher
	network node.Network
	others  []node.Node
	node    *fakeNode
	edge    *fakeEdge
	epochs  *fakeEpochs
	blocks  *fakeBlocks
}

func start(t *testing.T, change func(*Config, *bench)) *bench {
	t.Helper()
	b := &bench{node: newNode(), edge: &fakeEdge{}, epochs: &fakeEpochs{period: time.Hour}, blocks: newBlocks()}
	cfg := Config{
		Edge: b.edge, Epochs: b.epochs, Blocks: b.blocks, Script: []byte{0x51},
		Refresh: time.Minute, Calm: 50 * time.Millisecond, Patience: 300 * time.Millisecond,
	}
	if change != nil {
		change(&cfg, b)
	}
	cfg.Nodes = nodes(t, cfg.Refresh, b.network, append([]node.Node{b.node}, b.others...)...)
	d, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	b.Dispatcher = d
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("run ended with %v", err)
		}
	})
	return b
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("never: %s", what)
}

func TestTipsBecomeJobsAtOnce(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.node.set(template(1, "a"), nil)
	eventually(t, "a first job", func() bool { j, _ := b.edge.all(); return len(j) == 1 })
	b.node.set(template(2, "b"), nil)
	eventually(t, "a job on the new tip", func() bool { j, _ := b.edge.all(); return len(j) == 2 })
	more := template(2, "c")
	more.CoinbaseValue = 2600
	b.node.set(more, nil)
	eventually(t, "a job with more fees", func() bool { j, _ := b.edge.all(); return len(j) == 3 })
	jobs, _ := b.edge.all()
	b.epochs.mu.Lock()
	defer b.epochs.mu.Unlock()
	for i, j := range jobs {
		if j.Clean != (i < 2) || j.PrevHash[0] != []byte{1, 2, 2}[i] {
			t.Errorf("job %d: clean %v on tip %d", i, j.Clean, j.PrevHash[0])
		}
		f := b.epochs.facts[i]
		if i > 0 && j.Seq <= jobs[i-1].Seq {
			t.Errorf("job %d is numbered %d after %d", i, j.Seq, jobs[i-1].Seq)
		}
		if j.Epoch != b.epochs.ids[f.Period] || f.Subsidy != 2500 || f.Tip != j.PrevHash || f.NBits != 0x1d3ba6fe || f.Height != j.Height {
			t.Errorf("job %d with epoch %s has facts %+v", i, j.Epoch, f)
		}
	}
	if jobs[2].Value != 2600 {
		t.Errorf("the reward with fees is %d", jobs[2].Value)
	}
	if s := b.Status(); s.Height != 102 || s.Job != jobs[2].Seq || s.Suspended != "" || s.Problem != "" {
		t.Errorf("status %+v", s)
	}
}

func TestANewPeriodBringsANewJob(t *testing.T) {
	t.Parallel()
	b := start(t, func(_ *Config, b *bench) { b.epochs.period = time.Second })
	b.node.set(template(1, "a"), nil)
	eventually(t, "jobs of three periods", func() bool {
		jobs, _ := b.edge.all()
		seen := map[hashyard.ID]bool{}
		for _, j := range jobs {
			seen[j.Epoch] = true
		}
		return len(seen) >= 3
	})
	jobs, _ := b.edge.all()
	for i, j := range jobs {
		begin, _, refuse := b.epochs.Period(time.Unix(int64(j.NTime), 0).UTC())
		if b.epochs.id(begin) != j.Epoch || !j.RefuseAfter.Equal(refuse) {
			t.Errorf("job %d of %d carries another period's epoch", i, j.NTime)
		}
		if i > 0 && j.Clean {
			t.Errorf("job %d throws work of the same tip away", i)
		}
	}
}

func TestRefresh(t *testing.T) {
	t.Parallel()
	b := start(t, func(c *Config, _ *bench) { c.Refresh = 200 * time.Millisecond })
	b.node.set(template(1, "a"), nil)
	eventually(t, "more jobs although nothing changes", func() bool { j, _ := b.edge.all(); return len(j) >= 3 })
	if jobs, told := b.edge.all(); jobs[2].Clean || len(told) != 0 {
		t.Fatalf("clean %v, told %q", jobs[2].Clean, told)
	}
}

func TestNoNodeNoWork(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	eventually(t, "miners are sent away", func() bool { _, told := b.edge.all(); return len(told) == 1 })
	if s := b.Status(); s.Suspended == "" || s.Problem == "" {
		t.Fatalf("status %+v", s)
	}
	b.node.set(template(1, "a"), nil)
	eventually(t, "work again", func() bool { return b.Status().Suspended == "" && b.Status().Height == 101 })
	b.node.set(nil, errors.New("connection refused"))
	eventually(t, "sent away again", func() bool { _, told := b.edge.all(); return len(told) == 2 })
	_, told := b.edge.all()
	if !strings.Contains(told[1], "connection refused") {
		t.Fatalf("told %q", told[1])
	}
	b.node.set(template(1, "a"), nil)
	eventually(t, "work on the same tip again", func() bool { return b.Status().Suspended == "" })
}

func TestNoRateNoJob(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.epochs.fail(hashyard.Unavailable.Errorf("database away"))
	b.node.set(template(1, "a"), nil)
	eventually(t, "miners are sent away", func() bool { _, told := b.edge.all(); return len(told) == 1 })
	if jobs, told := b.edge.all(); len(jobs) != 0 || !strings.Contains(told[0], "database away") {
		t.Fatalf("%d jobs without a rate, told %q", len(jobs), told)
	}
	b.epochs.fail(nil)
	eventually(t, "work", func() bool { j, _ := b.edge.all(); return len(j) > 0 })
}

// candidate is one whose number, height and first byte are the same.
func candidate(n byte) job.Candidate {
	return job.Candidate{Hash: [32]byte{n}, Height: int64(n), Raw: []byte{n}, Value: 2500}
}

func TestFoundBlocksAreKeptAndHandedIn(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		verdict  string
		refuse   int
		accepted bool
	}{
		"accepted":           {"", 0, true},
		"node was away":      {"", 2, true},
		"its answer was":     {node.Duplicate, 1, true},
		"refused":            {"bad-cb-amount", 0, false},
		"not the best chain": {node.Inconclusive, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := start(t, func(_ *Config, b *bench) { b.node.verdict, b.node.refuse = tt.verdict, tt.refuse })
			b.Found(candidate(7))
			eventually(t, "a verdict", func() bool { _, _, ok := b.blocks.judged([32]byte{7}); return ok })
			if v, accepted, _ := b.blocks.judged([32]byte{7}); v != tt.verdict || accepted != tt.accepted {
				t.Fatalf("recorded %q, accepted %v", v, accepted)
			}
		})
	}
}

func TestDatabaseAwayCostsNoBlock(t *testing.T) {
	t.Parallel()
	b := start(t, func(_ *Config, b *bench) { b.blocks.away = true })
	b.Found(candidate(1))
	eventually(t, "the node has it", func() bool {
		b.node.mu.Lock()
		defer b.node.mu.Unlock()
		return len(b.node.handedIn) == 1
	})
	b.blocks.mu.Lock()
	b.blocks.away = false
	b.blocks.mu.Unlock()
	eventually(t, "the verdict is recorded", func() bool { _, ok, _ := b.blocks.judged([32]byte{1}); return ok })
}

func TestLeftoversAreHandedInAgain(t *testing.T) {
	t.Parallel()
	b := start(t, func(_ *Config, b *bench) {
		if err := b.blocks.SaveCandidate(context.Background(), candidate(3)); err != nil {
			t.Fatal(err)
		}
	})
	eventually(t, "the verdict is recorded", func() bool { _, ok, _ := b.blocks.judged([32]byte{3}); return ok })
}

// TestABlockWithoutAVerdictIsTriedAgain: whoever left it, e.g. because no node
// answered for ten minutes.
func TestABlockWithoutAVerdictIsTriedAgain(t *testing.T) {
	t.Parallel()
	b := start(t, func(c *Config, _ *bench) { c.Again = 20 * time.Millisecond })
	if err := b.blocks.SaveCandidate(context.Background(), candidate(4)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the verdict is recorded", func() bool { _, ok, _ := b.blocks.judged([32]byte{4}); return ok })
}

func TestFoundAtTheEnd(t *testing.T) {
	t.Parallel()
	d, err := New(Config{Nodes: nodes(t, 0, node.Network{}, newNode()), Edge: &fakeEdge{}, Epochs: &fakeEpochs{period: time.Hour}, Blocks: newBlocks(), Script: []byte{0x51}})
	if err != nil {
		t.Fatal(err)
	}
	d.Found(candidate(5))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if _, ok, _ := d.cfg.Blocks.(*fakeBlocks).judged([32]byte{5}); !ok {
		t.Fatal("a block found at the last moment was not handed in")
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	if _, err := New(Config{}); !errors.Is(err, hashyard.Invalid) {
		t.Fatal(err)
	}
	if _, err := New(Config{Nodes: nodes(t, 0, node.Network{}, newNode()), Edge: &fakeEdge{}, Epochs: &fakeEpochs{}, Blocks: newBlocks()}); !errors.Is(err, hashyard.Invalid) {
		t.Fatal("no script, and yet:", err)
	}
}
