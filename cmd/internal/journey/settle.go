package journey

import (
	"context"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"time"

	"hashyard"
)

// settled: the statements of the periods that we mined in say what the wire
// counted, at rates that the blocks give, and pay exactly what follows.
func (p *play) settled(ctx context.Context) (string, error) {
	wire := p.wire.byRate(p.params.period())
	starts := map[int64]bool{}
	for k := range wire {
		starts[k.start] = true
	}
	var net, residue hashyard.Sats
	var inputs string
	seen := map[rate]hashyard.Work{}
	for _, start := range slices.Sorted(maps.Keys(starts)) {
		st, err := p.statement(ctx, start)
		if err != nil {
			return "", err
		}
		for k, w := range p.ours(st) {
			seen[k] = seen[k].Add(w)
		}
		if inputs, err = p.recompute(ctx, st); err != nil {
			return "", err
		}
		period, err := p.recomputePeriod(ctx, st)
		if err != nil {
			return "", err
		}
		net, residue = net+st.NetSats, residue+period
	}
	for k, w := range wire {
		if seen[k] != w {
			return "", fmt.Errorf("the statements have %s of our worker in rate %v; the wire counted %s", seen[k], k, w)
		}
	}
	return fmt.Sprintf("%d statement(s), %d sat net, residue %d sat · %s · our worker: wire = statement, work %s", len(starts), net, residue, inputs, p.wire.total()), nil
}

// statement waits for the buyer's statement of the period.
func (p *play) statement(ctx context.Context, start int64) (statementView, error) {
	var st statementView
	err := until(ctx, p.params.period()+p.cfg.Wait, func() error {
		all, err := p.statements(ctx, "buyer.owner", start)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			return notYet("no statement of the period of %s", time.Unix(start, 0).UTC().Format(time.RFC3339))
		}
		if len(all) > 1 {
			return fmt.Errorf("there are %d statements of one period", len(all))
		}
		st = all[0]
		return p.as["buyer.owner"].get(ctx, "/api/v1/pool/statements/"+st.ID.String(), &st)
	})
	return st, err
}

// statements are those of a period that a role may see.
func (p *play) statements(ctx context.Context, role string, start int64) ([]statementView, error) {
	var out []statementView
	for cursor := ""; ; {
		var page list[statementView]
		if err := p.as[role].get(ctx, "/api/v1/pool/statements?limit=200&cursor="+cursor, &page); err != nil {
			return nil, err
		}
		for _, s := range page.Items {
			if s.From.Unix() == start {
				out = append(out, s)
			}
		}
		// Newest first: what follows is older.
		if n := len(page.Items); n == 0 || page.Next == "" || page.Items[n-1].From.Unix() < start {
			return out, nil
		}
		cursor = page.Next
	}
}

// ours is our worker's work on a statement, by rate.
func (p *play) ours(st statementView) map[rate]hashyard.Work {
	out := map[rate]hashyard.Work{}
	for _, w := range st.Workers {
		if w.WorkerID != p.worker {
			continue
		}
		for _, l := range w.Lines {
			if e, ok := st.epoch(l.Epoch); ok {
				out[e.rate()] = out[e.rate()].Add(l.Work)
			}
		}
	}
	return out
}

// recompute works the statement out anew: the rates' inputs from the blocks,
// the work from the lines, one rounding at the end.
func (p *play) recompute(ctx context.Context, st statementView) (string, error) {
	if err := p.blocks.follow(ctx); err != nil {
		return "", err
	}
	var said string
	for _, e := range st.Epochs {
		if err := p.checkRate(e); err != nil {
			return "", fmt.Errorf("statement of %s: %w", st.From.Format(time.RFC3339), err)
		}
		said = fmt.Sprintf("subsidy %d + fees %d/%d blocks from the blocks", e.SubsidySats, e.FeeSumSats, e.FeeCount)
	}
	gross, net, err := st.worth()
	if err != nil {
		return "", err
	}
	if g, n := floor(gross), floor(net); g != st.GrossSats || n != st.NetSats || st.FeeSats != g-n {
		return "", fmt.Errorf("the statement pays %d sat of %d; its work at its rates is worth %s and %s", st.NetSats, st.GrossSats, net.FloatString(6), gross.FloatString(6))
	}
	return said, until(ctx, p.cfg.Wait, func() error { return p.credited(ctx, st) })
}

// credited is a look at whether the ledger owes the buyer what the statement
// says, once.
func (p *play) credited(ctx context.Context, st statementView) error {
	got, err := p.posted(ctx, "buyer.owner", "statement:"+st.ID.String(), p.buyer.ID, "earnings")
	switch {
	case err != nil:
		return err
	case len(got) == 0 && st.NetSats != 0:
		return notYet("the ledger has no entry for the statement")
	case st.NetSats != 0 && !slices.Equal(got, []int64{-int64(st.NetSats)}):
		return fmt.Errorf("the ledger credits %v sat for a statement of %d", got, st.NetSats)
	}
	return nil
}

// checkRate compares a rate's inputs with the chain itself.
func (p *play) checkRate(e epochView) error {
	sum, n, err := p.blocks.feesBefore(e.FeeTipHash, e.FeeWindow)
	if err != nil {
		return err
	}
	tip := p.blocks.height(e.FeeTipHash)
	switch next := tip + 1; {
	case e.FeeMethod != p.params.FeeMethod || e.FeeWindow != p.params.FeeWindow || e.FeePPM != p.params.FeePPM:
		return fmt.Errorf("rate %s is %s over %d blocks less %d ppm; the pool's terms are %s, %d, %d", e.ID, e.FeeMethod, e.FeeWindow, e.FeePPM, p.params.FeeMethod, p.params.FeeWindow, p.params.FeePPM)
	case e.FeeSumSats != sum || e.FeeCount != n:
		return fmt.Errorf("rate %s has fees of %d sat in %d blocks; the blocks give %d in %d", e.ID, e.FeeSumSats, e.FeeCount, sum, n)
	case e.SubsidySats != p.blocks.subsidy.At(next):
		return fmt.Errorf("rate %s has a subsidy of %d sat; block %d has %d", e.ID, e.SubsidySats, next, p.blocks.subsidy.At(next))
	case int(next) < len(p.blocks.best) && fmt.Sprintf("%08x", p.blocks.best[next].bits) != e.NBits:
		return fmt.Errorf("rate %s has bits %s; block %d has %08x", e.ID, e.NBits, next, p.blocks.best[next].bits)
	}
	return nil
}

// worth is the statement's exact value before and after the fee:
// work × target × (subsidy + mean fees) ÷ (difficulty-1 target × 2^32).
func (st statementView) worth() (gross, net *big.Rat, err error) {
	gross, net = new(big.Rat), new(big.Rat)
	for _, w := range st.Workers {
		for _, l := range w.Lines {
			e, ok := st.epoch(l.Epoch)
			if !ok {
				return nil, nil, fmt.Errorf("the statement does not show rate %s, which it uses", l.Epoch)
			}
			g, err := e.worth(l.Work)
			if err != nil {
				return nil, nil, err
			}
			gross.Add(gross, g)
			net.Add(net, new(big.Rat).Mul(g, big.NewRat(1_000_000-e.FeePPM, 1_000_000)))
		}
	}
	return gross, net, nil
}

// worth is what work at the rate is worth before the fee, exactly.
func (e epochView) worth(w hashyard.Work) (*big.Rat, error) {
	var bits uint32
	if _, err := fmt.Sscanf(e.NBits, "%x", &bits); err != nil {
		return nil, fmt.Errorf("bits %q: %w", e.NBits, err)
	}
	n := max(e.FeeCount, 1)
	reward := big.NewRat(int64(e.SubsidySats)*n+int64(e.FeeSumSats), n)
	diff1 := new(big.Int).Lsh(big.NewInt(0xffff), 208) // target of difficulty 1
	v := new(big.Rat).SetFrac(new(big.Int).Mul(w.Big(), netTarget(bits)), diff1.Lsh(diff1, 32))
	return v.Mul(v, reward), nil
}

func floor(v *big.Rat) hashyard.Sats {
	return hashyard.Sats(new(big.Int).Div(v.Num(), v.Denom()).Int64())
}

// recomputePeriod adds all accounts' statements of the period up, as the house
// sees them: the residue is what their roundings leave of the whole.
func (p *play) recomputePeriod(ctx context.Context, of statementView) (hashyard.Sats, error) {
	all, err := p.statements(ctx, "house.treasury", of.From.Unix())
	if err != nil {
		return 0, err
	}
	whole := new(big.Rat)
	var paid, residue hashyard.Sats
	for _, st := range all {
		if err := p.as["house.treasury"].get(ctx, "/api/v1/pool/statements/"+st.ID.String(), &st); err != nil {
			return 0, err
		}
		gross, _, err := st.worth()
		if err != nil {
			return 0, err
		}
		whole.Add(whole, gross)
		paid, residue = paid+st.GrossSats, residue+st.ResidueSats
	}
	if want := floor(whole) - paid; residue != want || want < 0 || want > hashyard.Sats(len(all)) {
		return 0, fmt.Errorf("%d statements of the period of %s leave a residue of %d sat; %s less %d paid leave %d", len(all), of.From.Format(time.RFC3339), residue, whole.FloatString(6), paid, want)
	}
	return residue, nil
}
