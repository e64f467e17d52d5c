package dispatch

import (
	"context"
	"errors"
	"log/slog"
	"math/big"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"hashyard"
	"hashyard/pool/job"
	"hashyard/pool/node"
	"hashyard/pool/node/devchain"
	"hashyard/pool/node/devchain/devchaintest"
	"hashyard/pool/share"
	"hashyard/pool/sharelog"
	"hashyard/pool/stratum"
	"hashyard/pool/stratum/stratumtest"
)

// threadBits make a block of about 65,536 hashes, a fraction of a second.
const threadBits = 0x1f00ffff

type oneAccount struct{ grant share.Grant }

func (a oneAccount) Authorize(_ context.Context, user, password, _ string, _ netip.AddrPort) (share.Grant, error) {
	if user != "acme.u1" || password != "secret" {
		return share.Grant{}, hashyard.Denied.Errorf("no")
	}
	return a.grant, nil
}

// thread is the pool as serve wires it: chain, dispatcher, edge and log.
type thread struct {
	chain  *devchaintest.World
	edge   *stratum.Server
	log    *sharelog.Log
	blocks *fakeBlocks
	grant  share.Grant
	disp   *Dispatcher
}

// newThread starts it; through, if not nil, stands between dispatcher and node.
func newThread(t testing.TB, through func(*node.Client) node.Node) *thread {
	t.Helper()
	return threadOn(t, devchaintest.Start(t, devchain.Config{Bits: threadBits}), through)
}

func threadOn(t testing.TB, chain *devchaintest.World, through func(*node.Client) node.Node) *thread {
	t.Helper()
	th := &thread{
		chain:  chain,
		blocks: newBlocks(),
		grant:  share.Grant{Account: hashyard.NewID(), Worker: hashyard.NewID(), Unit: hashyard.NewID(), Secret: true, Start: 1 << 12},
	}
	var err error
	if th.log, err = sharelog.Open(t.Context(), sharelog.Config{Dir: t.TempDir()}); err != nil {
		t.Fatal(err)
	}
	var disp atomic.Pointer[Dispatcher]
	th.edge, err = stratum.Open(stratum.Config{
		Listen: "127.0.0.1:0", Auth: oneAccount{th.grant}, Log: th.log, PerMinute: 6000,
		Found: func(c job.Candidate) { disp.Load().Found(c) },
	})
	if err != nil {
		t.Fatal(err)
	}
	network, err := th.chain.Client.Network(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if through == nil {
		through = func(c *node.Client) node.Node { return c }
	}
	th.disp, err = New(Config{
		Nodes: logged(t, network, through(th.chain.Client)), Edge: th.edge, Epochs: &fakeEpochs{period: time.Hour}, Blocks: th.blocks,
		Script: treasury(), Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	disp.Store(th.disp)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 2)
	go func() { done <- th.edge.Run(ctx) }()
	go func() { done <- th.disp.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		for range 2 {
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Errorf("ended with %v", err)
			}
		}
		if err := th.log.Close(); err != nil {
			t.Error(err)
		}
	})
	return th
}

// treasury is a P2WPKH script.
func treasury() []byte { return append([]byte{0, 20}, make([]byte, 20)...) }

func (th *thread) miner(t testing.TB, ctx context.Context) *stratumtest.Client {
	t.Helper()
	c, err := stratumtest.Dial(ctx, th.edge.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.Handshake(ctx, "acme.u1", "secret", job.RollMask); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestMinedOverTheWireIntoTheChain: shares and blocks of a CPU go through
// TCP, the log, and real consensus.
func TestMinedOverTheWireIntoTheChain(t *testing.T) {
	th := newThread(t, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	c := th.miner(t, ctx)
	first, err := th.chain.Client.BlockCount(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for height := first + 1; height <= first+3; height++ {
		th.mineBlock(t, ctx, c, height)
	}
	th.checkLog(t, ctx, c)
}

// mineBlock submits shares until one is the block of this height.
func (th *thread) mineBlock(t *testing.T, ctx context.Context, c *stratumtest.Client, height int64) {
	t.Helper()
	j := c.Job()
	net, err := job.TargetFromBits(threadBits)
	if err != nil {
		t.Fatal(err)
	}
	old, err := c.Mine(ctx, j, j.Difficulty, job.DifficultyOf(net).Wire())
	if err != nil {
		t.Fatal(err)
	}
	for {
		s, err := c.Mine(ctx, j, j.Difficulty, 0)
		if err != nil {
			t.Fatal(err)
		}
		// A difficulty that changed meanwhile came with a job of its own; shares
		// of this one still count what they did.
		if err := c.Submit(ctx, s); err != nil {
			t.Fatalf("share at height %d: %v", height, err)
		}
		if job.Meets(&s.Hash, &net) {
			eventually(t, "the node's verdict", func() bool { _, _, ok := th.blocks.judged(s.Hash); return ok })
			verdict, accepted, _ := th.blocks.judged(s.Hash)
			if !accepted {
				t.Fatalf("block %d refused: %s", height, verdict)
			}
			th.checkBlock(t, ctx, s.Hash, height)
			break
		}
	}
	for next := c.Job(); next.PrevHash == j.PrevHash; {
		if next, err = c.NextJob(ctx); err != nil {
			t.Fatalf("no job on the new tip: %v", err)
		}
		if next.PrevHash != j.PrevHash && !next.Clean {
			t.Fatal("a new tip leaves old work running")
		}
	}
	var refused *stratumtest.Error
	if err := c.Submit(ctx, old); !errors.As(err, &refused) || refused.Code != int(share.Stale) {
		t.Fatalf("share of the old tip: %v", err)
	}
}

func (th *thread) checkBlock(t testing.TB, ctx context.Context, hash [32]byte, height int64) {
	t.Helper()
	b, err := th.chain.Client.Block(ctx, node.Hash(hash))
	if err != nil {
		t.Fatal(err)
	}
	th.blocks.mu.Lock()
	c := th.blocks.saved[hash]
	th.blocks.mu.Unlock()
	if b.Height != height || c.Height != height || b.Confirmations != 1 {
		t.Fatalf("block %s has height %d, %d confirmations; the candidate %d", node.Hash(hash), b.Height, b.Confirmations, c.Height)
	}
	out := b.Transactions[0].Outputs[0]
	if string(out.Script) != string(treasury()) || out.Value != c.Value || c.Worker != th.grant.Worker || c.Unit != th.grant.Unit {
		t.Fatalf("coinbase pays %d to %x; candidate of worker %s is worth %d", out.Value, out.Script, c.Worker, c.Value)
	}
}

// checkLog replays the log: it must hold what the miner counted, to the unit.
func (th *thread) checkLog(t *testing.T, ctx context.Context, c *stratumtest.Client) {
	t.Helper()
	_, seq, err := th.log.Flush(ctx)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var work hashyard.Work
	var accepted, stale int64
	err = sharelog.NewConsumer(sharelog.ConsumerConfig{
		Log: th.log, Checkpoint: func(context.Context) (string, uint64, error) { return "", 0, nil },
	}).Run(ctx, func(_ context.Context, b share.Batch) error {
		for _, r := range b.Records {
			switch {
			case r.Worker != th.grant.Worker || r.Unit != th.grant.Unit || !r.Secret || r.Epoch.IsZero():
				t.Errorf("record %+v", r)
			case r.Accepted():
				accepted++
				work = work.Add(hashyard.WorkOf(r.Difficulty))
			case r.Code == int(share.Stale):
				stale++
			}
		}
		if b.Seq >= seq {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if accepted != c.Accepted || work.Big().Cmp(c.Work) != 0 || stale != 3 {
		t.Fatalf("log has %d shares of work %s and %d stale; the miner counted %d, %s and 3",
			accepted, work, stale, c.Accepted, new(big.Int).Set(c.Work))
	}
	t.Logf("%d shares, work %s", accepted, work)
}

func logged(t testing.TB, network node.Network, n node.Node) *node.Nodes {
	t.Helper()
	nodes, err := node.NewNodes(node.NodesConfig{Nodes: []node.Node{n}, Network: network, Logger: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	return nodes
}
