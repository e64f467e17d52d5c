package dispatch

import (
	"context"
	"encoding/hex"
	"errors"
	"testing"
	"time"

	"github.com/btcsuite/btcd/wire/v2"

	"hashyard/migrations/testdb/need"
	"hashyard/pool/job"
	"hashyard/pool/node"
	"hashyard/pool/node/devchain/devchaintest"
	"hashyard/pool/stratum/stratumtest"
)

// TestMinedOverTheWireIntoBtcd is the thread with another program's node: its
// template becomes our job, a mined share is a block that it takes and
// confirms, and a longer chain of somebody else's makes everybody start anew.
func TestMinedOverTheWireIntoBtcd(t *testing.T) {
	t.Parallel()
	th := threadOn(t, devchaintest.StartBtcd(t, func(how string) { need.Missing(t, need.Btcd, how) }), nil)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	theirs := devchaintest.NewKey("another pool").Script()
	th.chain.Mine(t, 17, theirs)
	c := th.miner(t, ctx)
	height, err := th.chain.Client.BlockCount(ctx)
	if err != nil {
		t.Fatal(err)
	}
	tip, err := th.chain.Client.Template(ctx, "") // what somebody else works on
	if err != nil {
		t.Fatal(err)
	}
	s := th.solve(t, ctx, c, node.Hash(tip.PrevHash))
	eventually(t, "btcd's verdict", func() bool { _, _, ok := th.blocks.judged(s.Hash); return ok })
	if verdict, accepted, _ := th.blocks.judged(s.Hash); !accepted {
		t.Fatalf("btcd refused: %s", verdict)
	}
	th.checkBlock(t, ctx, s.Hash, height+1)
	th.chain.Mine(t, 2, theirs)
	if n, err := th.chain.Client.Confirmations(ctx, s.Hash, height+1); err != nil || n != 3 {
		t.Fatalf("%d confirmations, %v", n, err)
	}
	branch := th.overtake(t, tip, theirs, 4)
	if n, err := th.chain.Client.Confirmations(ctx, s.Hash, height+1); err != nil || n != -1 {
		t.Fatalf("left behind, it has %d confirmations, %v", n, err)
	}
	eventually(t, "work on the longer chain", func() bool { return th.disp.Status().PrevHash == [32]byte(branch) })
	if j := th.jobOn(t, ctx, c, branch); !j.Clean {
		t.Fatal("work of the shorter chain goes on")
	}
}

// jobOn reads jobs until the miner has the first one on a tip.
func (th *thread) jobOn(t *testing.T, ctx context.Context, c *stratumtest.Client, tip node.Hash) stratumtest.Job {
	t.Helper()
	var order [32]byte // Stratum's: each word the other way round
	for i := range order {
		order[i] = tip[i/4*4+3-i%4]
	}
	var err error
	j := c.Job()
	for err == nil && j.PrevHash != hex.EncodeToString(order[:]) {
		j, err = c.NextJob(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// solve submits shares of the job on a tip until one is a block.
func (th *thread) solve(t *testing.T, ctx context.Context, c *stratumtest.Client, tip node.Hash) stratumtest.Share {
	t.Helper()
	j := th.jobOn(t, ctx, c, tip)
	net, err := job.TargetFromBits(devchaintest.InstantBits) // simnet's
	if err != nil {
		t.Fatal(err)
	}
	for {
		s, err := c.Mine(ctx, j, j.Difficulty, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Submit(ctx, s); err != nil {
			t.Fatal(err)
		}
		if job.Meets(&s.Hash, &net) {
			return s
		}
	}
}

// overtake builds n blocks beside the chain from where tip's template began,
// so that the last one is the best, and returns its hash.
func (th *thread) overtake(t *testing.T, tip *node.Template, script []byte, n int) node.Hash {
	t.Helper()
	var last *wire.MsgBlock
	work := *tip
	for range n {
		last = devchaintest.Build(t, &work, script)
		devchaintest.Solve(last)
		if v := th.chain.Submit(t, last); v != node.Accepted {
			t.Fatalf("block %d of the other branch: %s", work.Height, v)
		}
		work.PrevHash, work.Height = last.BlockHash(), work.Height+1
		work.MinTime, work.CurTime = work.MinTime+1, max(work.CurTime, work.MinTime)+1
		work.Transactions = nil
	}
	best, err := th.chain.Client.BestBlockHash(t.Context())
	if err != nil || best != last.BlockHash() {
		t.Fatal(errors.Join(errors.New("the longer branch is not the best"), err))
	}
	return best
}
