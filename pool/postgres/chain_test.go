package postgres_test

import (
	"crypto/sha256"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hashyard"
	"hashyard/pool"
	"hashyard/pool/job"
)

func TestEpochIsFixedByItsFirstJob(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.chain.mine(1, 100)
	h.chain.mine(1, 200)
	e := h.epoch()
	if e.FeeSum != 300 || e.FeeN != 2 || e.FeeWindow != 6 || e.FeePPM != 20_000 || e.Height != 3 {
		t.Fatalf("epoch %+v", e)
	}
	h.chain.mine(1, 999)
	asked := h.chain.asked
	if again := h.epoch(); again.ID != e.ID || again.FeeSum != 300 {
		t.Errorf("second job has another rate: %+v", again)
	}
	if h.chain.asked != asked {
		t.Error("a known epoch asked the node")
	}
	// Another process finds the same one.
	other := h.service(func(c *pool.Config) { c.FeePPM = 0 })
	start, _, _ := other.Period(h.clock())
	facts := job.EpochFacts{Period: start, NBits: bits, Subsidy: 2500, Tip: h.chain.tip(), Height: 4}
	got, err := other.EpochFor(t.Context(), facts)
	e.Created = got.Created // to the microsecond in the database
	if diff := cmp.Diff(e, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	facts.Subsidy = 1250
	if half, err := other.EpochFor(t.Context(), facts); err != nil || half.ID == e.ID || half.FeeSum != 1299 || half.FeePPM != 0 {
		t.Errorf("another subsidy: %+v, %v", half, err)
	}
	facts.Period = start.Add(1)
	if _, err := other.EpochFor(t.Context(), facts); !errors.Is(err, hashyard.Invalid) {
		t.Errorf("period that does not begin there: %v", err)
	}
	facts.Period, facts.NBits = start, 0
	if _, err := other.EpochFor(t.Context(), facts); !errors.Is(err, hashyard.Invalid) {
		t.Errorf("no target: %v", err)
	}
	facts.NBits, facts.Tip = 0x1d00ffff, [32]byte{1}
	if _, err := other.EpochFor(t.Context(), facts); !errors.Is(err, hashyard.NotFound) {
		t.Errorf("unknown tip: %v", err)
	}
}

// Fees are remembered by hash: after a reorganisation the index is that of the
// new chain, and only the new blocks are read.
func TestFeeIndexFollowsAReorg(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for i := range 10 {
		h.chain.mine(1, hashyard.Sats(100+i))
	}
	if e := h.epoch(); e.FeeSum != 104+105+106+107+108+109 || e.FeeN != 6 || h.chain.asked != 6 {
		t.Fatalf("sum %d of %d, %d asked", e.FeeSum, e.FeeN, h.chain.asked)
	}
	h.chain.undo(2)
	for range 3 {
		h.chain.mine(2, 1000)
	}
	h.pass(period)
	if e := h.epoch(); e.FeeSum != 105+106+107+3000 || e.FeeN != 6 || h.chain.asked != 9 {
		t.Errorf("sum %d of %d, %d asked", e.FeeSum, e.FeeN, h.chain.asked)
	}
	// New tips are read as they come, before a period needs them.
	h.chain.mine(2, 7)
	h.epoch() // a job on the new tip
	h.run(h.svc, "the new block's fees", func() bool { return h.count("SELECT count(*) FROM pool_block_fees WHERE fees_sats = 7") == 1 })
}

func (h *house) candidate(m machine, hash [32]byte, height int64) job.Candidate {
	return job.Candidate{
		Hash: hash, PrevHash: [32]byte{1}, Height: height, NBits: bits, Value: 2500, Raw: []byte("block"), Epoch: hashyard.NewID(),
		Session: m.session, Account: m.Account, Worker: m.Worker, Unit: m.unit, At: h.clock(),
	}
}

func TestBlocksAreKeptAndFollowed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a, b := h.tenant("alpha"), h.tenant("beta")
	m := h.machine(a, hashyard.NewID())
	ctx := t.Context()
	good := h.candidate(m, h.chain.mine(1, 0), 1)
	bad := h.candidate(m, sha256.Sum256([]byte("bad")), 1)
	for _, c := range []job.Candidate{good, bad, good} {
		if err := h.svc.SaveCandidate(ctx, c); err != nil {
			t.Fatal(err)
		}
	}
	pending, err := h.svc.PendingCandidates(ctx)
	if diff := cmp.Diff([]job.Candidate{good, bad}, pending); err != nil || diff != "" {
		t.Fatal(err, diff)
	}
	for range 2 { // verdicts may come twice
		if err := errors.Join(h.svc.SaveVerdict(ctx, good.Hash, pool.BlockTaken, ""), h.svc.SaveVerdict(ctx, bad.Hash, pool.BlockRefused, "bad-cb-amount")); err != nil {
			t.Fatal(err)
		}
	}
	if pending, err := h.svc.PendingCandidates(ctx); err != nil || len(pending) != 0 {
		t.Errorf("%d pending, %v", len(pending), err)
	}
	states := func(actor hashyard.Actor) map[[32]byte]pool.Block {
		t.Helper()
		bs, _, err := h.svc.Blocks(ctx, actor, pool.Page{})
		if err != nil {
			t.Fatal(err)
		}
		out := map[[32]byte]pool.Block{}
		for _, b := range bs {
			out[b.Hash] = b
		}
		return out
	}
	wait := func(want pool.BlockState) {
		t.Helper()
		h.run(h.svc, "block "+string(want), func() bool { return states(a.actor)[good.Hash].State == want })
	}
	if s := states(a.actor); s[good.Hash].State != pool.BlockAccepted || s[bad.Hash].State != pool.BlockRejected || s[bad.Hash].Verdict != "bad-cb-amount" || s[good.Hash].Unit != m.unit {
		t.Errorf("blocks %+v", s)
	}
	if s := states(b.actor)[good.Hash]; !s.Unit.IsZero() || !s.Worker.IsZero() || s.State != pool.BlockAccepted {
		t.Errorf("another organisation sees the finder: %+v", s)
	}
	h.chain.undo(1)
	h.chain.mine(2, 0)
	wait(pool.BlockOrphaned)
	h.chain.undo(1)
	h.chain.mine(1, 0)
	wait(pool.BlockAccepted)
	for range 4 {
		h.chain.mine(1, 0)
	}
	wait(pool.BlockConfirmed)
	if n := states(a.actor)[good.Hash].Confirmations; n != 5 {
		t.Errorf("%d confirmations", n)
	}
}

func TestListsContinue(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a := h.tenant("alpha")
	m := h.machine(a, hashyard.NewID())
	for i := range 5 {
		if err := h.svc.SaveCandidate(t.Context(), h.candidate(m, sha256.Sum256([]byte{byte(i)}), int64(i/2))); err != nil {
			t.Fatal(err)
		}
		if _, err := h.svc.AddWorker(t.Context(), a.actor, string(rune('a'+i))); err != nil {
			t.Fatal(err)
		}
	}
	blocks, workers := 0, 0
	for q := (pool.Page{Limit: 2}); ; {
		bs, next, err := h.svc.Blocks(t.Context(), a.actor, q)
		if err != nil {
			t.Fatal(err)
		}
		if blocks += len(bs); next == "" {
			break
		}
		q.Cursor = next
	}
	for q := (pool.WorkerQuery{Page: pool.Page{Limit: 4}}); ; {
		ws, next, err := h.svc.Workers(t.Context(), a.actor, q)
		if err != nil {
			t.Fatal(err)
		}
		if workers += len(ws); next == "" {
			break
		}
		q.Cursor = next
	}
	if blocks != 5 || workers != 6 {
		t.Errorf("%d blocks, %d workers", blocks, workers)
	}
	for _, cursor := range []string{"x", "1-00", "-1-", "9"} {
		if _, _, err := h.svc.Blocks(t.Context(), a.actor, pool.Page{Cursor: cursor}); !errors.Is(err, hashyard.Invalid) {
			t.Errorf("cursor %q: %v", cursor, err)
		}
	}
	if _, _, err := h.svc.Statements(t.Context(), a.actor, pool.Page{Cursor: "x"}); !errors.Is(err, hashyard.Invalid) {
		t.Errorf("cursor of statements: %v", err)
	}
}

func TestTermsNameTheRate(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if p, err := h.svc.Params(t.Context()); err != nil || !p.Epoch.ID.IsZero() || p.URL == "" {
		t.Fatalf("%+v, %v", p, err)
	}
	e := h.epoch()
	p, err := h.svc.Params(t.Context())
	if err != nil || p.Epoch.ID != e.ID || p.Hashprice < 2999 || p.Hashprice > 3001 || p.Difficulty < 0.0167 || p.Difficulty > 0.0168 {
		t.Errorf("%+v, %v", p, err)
	}
}
