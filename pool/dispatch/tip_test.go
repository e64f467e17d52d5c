package dispatch

import (
	"context"
	"slices"
	"testing"
	"time"

	"hashyard/pool/node"
	"hashyard/pool/stratum/stratumtest"
)

// slow is a node whose templates come late, as with a full mempool; its
// headers do not.
type slow struct {
	*node.Client
	late chan struct{} // one value a template after the first
	once bool          // of the watcher's goroutine
}

func (s *slow) Template(ctx context.Context, longPollID string) (*node.Template, error) {
	if s.once {
		select {
		case <-s.late:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	t, err := s.Client.Template(ctx, longPollID)
	s.once = err == nil
	return t, err
}

// TestANewTipIsMinedBeforeItsTemplate: the job from a header is clean, empty
// and pays the subsidy, the full one after it is not clean, and a block found
// on the first is one that consensus takes, priced by the same epoch.
func TestANewTipIsMinedBeforeItsTemplate(t *testing.T) {
	t.Parallel()
	var held *slow
	th := newThread(t, func(c *node.Client) node.Node {
		held = &slow{Client: c, late: make(chan struct{}, 8)}
		return held
	})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	c := th.miner(t, ctx)
	height, err := th.chain.Client.BlockCount(ctx)
	if err != nil {
		t.Fatal(err)
	}
	th.mineBlock(t, ctx, c, height+1) // after the bootstrap's easy blocks: by template
	for range 2 {                     // and two on headers alone
		height++
		bare := c.Job()
		if !bare.Clean || len(bare.Branches) != 0 {
			t.Fatalf("job on the new tip %+v", bare)
		}
		th.mineBlock(t, ctx, c, height+1)
		th.blocks.mu.Lock()
		for _, b := range th.blocks.saved {
			if b.Height == height+1 && b.Value != 2500 {
				t.Errorf("an empty block is worth %d", b.Value)
			}
		}
		th.blocks.mu.Unlock()
	}
	bare := c.Job()
	held.late <- struct{}{}
	full, err := c.NextJob(ctx)
	for err == nil && full.Coinb2 == bare.Coinb2 { // the same again at another difficulty
		full, err = c.NextJob(ctx)
	}
	if err != nil || full.Clean || full.PrevHash != bare.PrevHash {
		t.Fatalf("after the template: %+v, %v", full, err)
	}
	epochs := th.disp.cfg.Epochs.(*fakeEpochs)
	epochs.mu.Lock()
	defer epochs.mu.Unlock()
	for _, f := range epochs.facts {
		if f.NBits != threadBits || f.Subsidy != 2500 {
			t.Errorf("a job's rate is by %+v", f)
		}
	}
}

func TestAHeaderOnlyJobGivesWay(t *testing.T) {
	t.Parallel()
	b := start(t, func(_ *Config, b *bench) {
		b.network = node.Network{Name: "main", Subsidy: node.SubsidyRule{Initial: 2500}, Bits: node.BitsRule{Limit: 0x207fffff}}
		b.node.tips = make(chan node.Hash)
		now := time.Now()
		b.node.headers[node.Hash{2}] = node.Header{Hash: node.Hash{2}, Height: 101, Bits: 0x1d3ba6fe, Confirmations: 1, Time: now, MedianTime: now.Add(-time.Hour)}
	})
	b.node.set(template(1, "a"), nil)
	eventually(t, "a first job", func() bool { j, _ := b.edge.all(); return len(j) == 1 })
	b.node.tips <- node.Hash{2}
	eventually(t, "a job from the header", func() bool { j, _ := b.edge.all(); return len(j) == 2 })
	full := template(2, "b")
	full.Transactions, full.TxIDs, full.WTxIDs = [][]byte{{1}}, [][32]byte{{1}}, [][32]byte{{1}}
	full.CoinbaseValue = 2600
	b.node.set(full, nil)
	eventually(t, "the full job", func() bool { j, _ := b.edge.all(); return len(j) == 3 })
	jobs, _ := b.edge.all()
	if bare := jobs[1]; !bare.Clean || bare.Transactions() != 0 || bare.Value != 2500 || bare.Height != 102 || bare.NBits != 0x1d3ba6fe || bare.PrevHash != [32]byte{2} {
		t.Errorf("from the header: %+v", bare)
	}
	if f := jobs[2]; f.Clean || f.Transactions() != 1 || f.Value != 2600 || f.Epoch != jobs[1].Epoch {
		t.Errorf("full: %+v", f)
	}
}

// BenchmarkTipToWire is the time from a node that gets a new block (its
// consensus checks and its disk included) to a miner that holds a clean job on
// it, through JSON-RPC, the dispatcher and TCP.
func BenchmarkTipToWire(b *testing.B) {
	th := newThread(b, nil)
	ctx, cancel := context.WithTimeout(b.Context(), 5*time.Minute)
	defer cancel()
	c := th.miner(b, ctx)
	var took []time.Duration
	for b.Loop() {
		before := c.Job()
		got := make(chan struct {
			stratumtest.Job
			at  time.Time
			err error
		})
		go func() {
			j, err := c.NextJob(ctx)
			for err == nil && j.PrevHash == before.PrevHash {
				j, err = c.NextJob(ctx)
			}
			got <- struct {
				stratumtest.Job
				at  time.Time
				err error
			}{j, time.Now(), err}
		}()
		began := time.Now()
		if err := th.chain.Chain.Give(); err != nil {
			b.Fatal(err)
		}
		known := time.Now()
		j := <-got
		if j.err != nil || !j.Clean {
			b.Fatalf("job %+v, %v", j.Job, j.err)
		}
		took = append(took, j.at.Sub(began))
		b.ReportMetric(float64(j.at.Sub(known).Microseconds())/1000, "last-ms-after-the-node's-answer")
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}
