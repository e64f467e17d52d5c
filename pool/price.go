package pool

import (
	"context"
	"errors"
	"time"

	"hashyard"
	"hashyard/pool/fpps"
)

// pricer knows, before a settlement's transaction, every rate that an account's
// terms may ask for in it.
type pricer struct {
	own   Terms
	terms map[hashyard.ID][]Terms // by account, oldest first
	index map[indexKey]indexed
}

type indexKey struct {
	epoch  hashyard.ID
	method fpps.Method
}

// indexed is a fee index and the block that it was read back from.
type indexed struct {
	fpps.Index
	tip [32]byte
}

// newPricer reads terms and fee indexes of the epochs that a settlement may
// price. It may ask a node; the transaction after it does not.
func (s *Service) newPricer(ctx context.Context, p PeriodKey) (*pricer, error) {
	all, err := s.store.Terms(ctx, hashyard.ID{})
	if err != nil {
		return nil, err
	}
	epochs, err := s.store.DueEpochs(ctx, p)
	if err != nil {
		return nil, err
	}
	out := &pricer{own: s.ownTerms(), terms: map[hashyard.ID][]Terms{}, index: map[indexKey]indexed{}}
	for _, t := range all {
		out.terms[t.Account] = append(out.terms[t.Account], t)
	}
	for _, e := range epochs {
		for _, m := range out.methods(e.Start) {
			if m == e.FeeMethod {
				continue
			}
			// A line that needs an index which cannot be read waits for it; nobody
			// else does.
			ix, err := s.indexFor(ctx, m, e)
			if err != nil {
				if !errors.Is(err, errNotYet) {
					s.log.WarnContext(ctx, "a fee index cannot be read, lines that need it wait", "method", m, "epoch", e.ID, "error", err)
				}
				continue
			}
			out.index[indexKey{e.ID, m}] = ix
		}
	}
	return out, nil
}

// methods are those that some account has at t.
func (p *pricer) methods(t time.Time) []fpps.Method {
	seen := map[fpps.Method]bool{p.own.Method: true}
	out := []fpps.Method{p.own.Method}
	for _, ts := range p.terms {
		if m := termsAt(ts, p.own, t).Method; !seen[m] {
			seen[m] = true
			out = append(out, m)
		}
	}
	return out
}

// indexFor reads an epoch's index by a method that is not the epoch's own: a
// trailing one from the same tip, a daily one from the best chain of now, once
// work was offered after the period's end.
func (s *Service) indexFor(ctx context.Context, m fpps.Method, e Epoch) (indexed, error) {
	tip := e.FeeTip
	if m.Daily() {
		s.mu.Lock()
		var last time.Time
		tip, last = s.tip, s.lastJob
		s.mu.Unlock()
		if last.Before(e.End) {
			return indexed{}, errNotYet
		}
	}
	taken, err := s.feeBlocks(ctx, m, fpps.Span{Window: e.FeeWindow, Start: e.Start, End: e.End}, tip)
	return indexed{m.Sum(taken), tip}, err
}

// price gives a line the rate that its account's terms make of its epoch. Late
// work has the terms of its own period.
func (p *pricer) price(l Line) (Line, error) {
	ts := p.terms[l.Account]
	t := termsAt(ts, p.own, l.Epoch.Start)
	if !t.ID.IsZero() {
		l.Epoch.FeePPM = t.FeePPM
	}
	if t.Method == l.Epoch.FeeMethod {
		return l, nil
	}
	ix, ok := p.index[indexKey{l.Epoch.ID, t.Method}]
	if !ok { // it became due after the indexes were read
		return l, errNotYet
	}
	l.Epoch.FeeMethod, l.Epoch.FeeTip = t.Method, ix.tip
	l.Epoch.FeeSum, l.Epoch.FeeN, l.Epoch.SubsidySum = ix.FeeSum, ix.FeeN, ix.SubsidySum
	return l, nil
}

// settle prices a period's lines by their accounts' terms.
func (p *pricer) settle(k PeriodKey, at time.Time, lines []Line) (Settlement, error) {
	priced := make([]Line, 0, len(lines))
	for _, l := range lines {
		l, err := p.price(l)
		if err != nil {
			return Settlement{}, err
		}
		priced = append(priced, l)
	}
	return SettlePeriod(k, at, priced)
}
