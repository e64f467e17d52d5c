package statement

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strconv"
	"time"

	"hashyard"
)

// Problem is something in a file that is not as it should be.
type Problem struct {
	Where string // "worker buyer.u1, rate …"
	Says  string
}

func (p Problem) String() string { return p.Where + ": " + p.Says }

// MaxFile bounds a file in bytes.
const MaxFile = 256 << 20

// Verify checks a file: its signature, by the public key that the caller has
// from elsewhere or, with none, by the file's own; every fee index from the
// blocks; every line, worker and total; and the receipts' root. An error means
// that the file is none.
func Verify(file []byte, key ed25519.PublicKey) (Statement, []Problem, error) {
	f, st, err := Parse(file)
	if err != nil {
		return st, nil, err
	}
	c := &checker{st: st, rates: map[hashyard.ID]Rate{}}
	c.signature(f, key)
	c.fees(f.Blocks)
	c.sums()
	c.receipts()
	return st, c.found, nil
}

// Parse reads a file strictly: what is not known is refused.
func Parse(file []byte) (f File, st Statement, err error) {
	if len(file) > MaxFile {
		return f, st, hashyard.Invalid.Errorf("statement file has more than %d bytes", MaxFile)
	}
	if err := strict(file, &f); err != nil {
		return f, st, err
	}
	if err := strict(f.Statement, &st); err != nil {
		return f, st, err
	}
	if st.Format != Format {
		return f, st, hashyard.Invalid.Errorf("format %.40q is not %q", st.Format, Format)
	}
	return f, st, nil
}

func strict(b []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return hashyard.Invalid.Errorf("not a statement file: %w", err)
	}
	if _, err := d.Token(); err != io.EOF { //nolint:errorlint // the decoder returns it bare
		return hashyard.Invalid.Errorf("not a statement file: something follows it")
	}
	return nil
}

// checker gathers what is wrong.
type checker struct {
	st    Statement
	rates map[hashyard.ID]Rate
	found []Problem
}

func (c *checker) bad(where, format string, args ...any) {
	c.found = append(c.found, Problem{where, fmt.Sprintf(format, args...)})
}

func (c *checker) signature(f File, key ed25519.PublicKey) {
	public, err1 := hex.DecodeString(f.Signature.PublicKey)
	value, err2 := hex.DecodeString(f.Signature.Value)
	body, err3 := signed(f.Statement)
	switch {
	case f.Signature.Algorithm != "ed25519" || err1 != nil || err2 != nil || err3 != nil || len(public) != ed25519.PublicKeySize:
		c.bad("signature", "cannot be read")
	case key != nil && !bytes.Equal(key, public):
		c.bad("signature", "is by key %x, not by %x", public, []byte(key))
	case !ed25519.Verify(public, body, value):
		c.bad("signature", "is not of this statement: something in it was changed")
	}
}

// fees works out every rate's fee index from the blocks.
func (c *checker) fees(blocks []Block) {
	by := make(map[string]Block, len(blocks))
	for _, b := range blocks {
		by[b.Hash] = b
	}
	for _, r := range c.st.Rates {
		where := "rate " + r.ID.String()
		if _, again := c.rates[r.ID]; again {
			c.bad(where, "is there twice")
		}
		c.rates[r.ID] = r
		in, err := r.indexBlocks(by)
		if err != nil {
			c.bad(where, "%s", err)
			continue
		}
		var fees, subsidies hashyard.Sats
		for _, b := range in {
			fees, subsidies = fees+b.FeesSats, subsidies+b.SubsidySats
		}
		if !r.daily() {
			subsidies = 0
		}
		if fees != r.FeeSumSats || int64(len(in)) != r.FeeCount || subsidies != r.SubsidySumSats {
			c.bad(where, "its blocks pay %d sat in %d blocks (subsidies %d), it says %d in %d (%d)", fees, len(in), subsidies, r.FeeSumSats, r.FeeCount, r.SubsidySumSats)
		}
	}
}

func (r Rate) daily() bool { return r.FeeMethod == "day/1" || r.FeeMethod == "day-trim3/1" }

// indexBlocks walks back from the rate's tip and applies its method.
func (r Rate) indexBlocks(by map[string]Block) ([]Block, error) {
	trimmed := r.FeeMethod == "sma-trim3/1" || r.FeeMethod == "day-trim3/1"
	if !trimmed && r.FeeMethod != "sma/1" && r.FeeMethod != "day/1" {
		return nil, fmt.Errorf("fee index %.40q is not known", r.FeeMethod)
	}
	// The day that the period lies in, up to its end.
	dayFrom := r.PeriodEnd.Add(-1).UTC().Truncate(24 * time.Hour)
	if r.PeriodStart.Before(dayFrom) {
		dayFrom = r.PeriodStart
	}
	var in []Block
	steps, early := 0, 0 // early: blocks in a row before the day
	for hash := r.FeeTipHash; ; {
		if !r.daily() && int64(len(in)) >= r.FeeWindow || early == 11 {
			break
		}
		b, ok := by[hash]
		if !ok {
			return nil, fmt.Errorf("block %s of its fee index is not in the file", hash)
		}
		if b.Height == 0 {
			break // the genesis block is in no index
		}
		switch {
		case !r.daily():
			in = append(in, b)
		case b.Time.Before(dayFrom):
			early++
		default:
			early = 0
			if b.Time.Before(r.PeriodEnd) {
				in = append(in, b)
			}
		}
		if hash, steps = b.Prev, steps+1; steps > len(by) {
			return nil, fmt.Errorf("its blocks go round in a circle")
		}
	}
	if trimmed && len(in) > 6 {
		slices.SortFunc(in, func(a, b Block) int {
			if a.FeesSats != b.FeesSats {
				return int(max(-1, min(1, a.FeesSats-b.FeesSats)))
			}
			return int(max(-1, min(1, a.Height-b.Height)))
		})
		in = in[3 : len(in)-3]
	}
	return in, nil
}

// target expands compact bits; ok is false for what is no positive target of at
// most 256 bits.
func target(nbits string) (*big.Int, bool) {
	v, err := strconv.ParseUint(nbits, 16, 32)
	if err != nil || len(nbits) != 8 || v&0x00800000 != 0 {
		return nil, false
	}
	t, exponent := big.NewInt(int64(v&0x007fffff)), int(v>>24)
	if exponent >= 3 {
		t.Lsh(t, uint(8*(exponent-3)))
	} else {
		t.Rsh(t, uint(8*(3-exponent)))
	}
	return t, t.Sign() > 0 && t.BitLen() <= 256
}

// worth is what work earns at the rate, before and after the fee.
func (r Rate) worth(w hashyard.Work) (gross, net *big.Rat, err error) {
	t, ok := target(r.NBits)
	if !ok || r.SubsidySats < 0 || r.FeeSumSats < 0 || r.FeeCount < 0 || r.SubsidySumSats < 0 || r.FeePPM < 0 || r.FeePPM > 1_000_000 {
		return nil, nil, fmt.Errorf("the rate cannot price anything")
	}
	reward := new(big.Rat).SetInt64(int64(r.SubsidySats))
	switch {
	case r.SubsidySumSats > 0:
		part := big.NewRat(int64(r.FeeSumSats), int64(r.SubsidySumSats))
		reward.Add(reward, part.Mul(part, big.NewRat(int64(r.SubsidySats), 1)))
	case r.FeeCount > 0:
		reward.Add(reward, big.NewRat(int64(r.FeeSumSats), r.FeeCount))
	}
	one := new(big.Int).Lsh(big.NewInt(0xffff), 208+32)
	gross = new(big.Rat).SetFrac(new(big.Int).Mul(w.Big(), t), one)
	gross.Mul(gross, reward)
	return gross, new(big.Rat).Mul(gross, big.NewRat(1_000_000-r.FeePPM, 1_000_000)), nil
}

// sums recomputes lines, workers and totals.
func (c *checker) sums() {
	st := c.st
	gross, net := new(big.Rat), new(big.Rat)
	var work hashyard.Work
	var shares int64
	for i, w := range st.Workers {
		where := "worker " + w.User
		if i > 0 && bytes.Compare(st.Workers[i-1].ID[:], w.ID[:]) >= 0 {
			c.bad(where, "is not in the order of ids")
		}
		g, n := c.worker(w, where)
		gross.Add(gross, g)
		net.Add(net, n)
		work, shares = work.Add(w.Work), shares+w.Shares
	}
	if work != st.Work || shares != st.Shares {
		c.bad("total", "the workers did %s in %d shares, it says %s in %d", work, shares, st.Work, st.Shares)
	}
	for _, x := range []struct{ what, says, is string }{{"gross", st.GrossExact, gross.String()}, {"net", st.NetExact, net.String()}} {
		if x.says != x.is {
			c.bad("total", "%s is %s, it says %s", x.what, x.is, x.says)
		}
	}
	g, n := floor(gross), floor(net)
	if g.Cmp(big.NewInt(int64(st.GrossSats))) != 0 || n.Cmp(big.NewInt(int64(st.NetSats))) != 0 || st.FeeSats != st.GrossSats-st.NetSats {
		c.bad("total", "rounded down once it is %s gross and %s net; it says %d, less a fee of %d, %d", g, n, st.GrossSats, st.FeeSats, st.NetSats)
	}
}

func (c *checker) worker(w Worker, where string) (gross, net *big.Rat) {
	gross, net = new(big.Rat), new(big.Rat)
	var work hashyard.Work
	var shares int64
	once := map[hashyard.ID]bool{}
	for _, l := range w.Lines {
		at := where + ", rate " + l.Rate.String()
		if once[l.Rate] {
			c.bad(at, "is there twice")
		}
		once[l.Rate] = true
		work, shares = work.Add(l.Work), shares+l.Shares
		r, ok := c.rates[l.Rate]
		if !ok {
			c.bad(at, "is not among the rates")
			continue
		}
		g, n, err := r.worth(l.Work)
		if err != nil {
			c.bad(at, "%s", err)
			continue
		}
		if g.String() != l.GrossExact || n.String() != l.NetExact {
			c.bad(at, "work %s is worth %s gross and %s net, it says %s and %s", l.Work, g, n, l.GrossExact, l.NetExact)
		}
		gross.Add(gross, g)
		net.Add(net, n)
	}
	if work != w.Work || shares != w.Shares || net.String() != w.NetExact {
		c.bad(where, "its lines are %s in %d shares and earn %s, it says %s, %d and %s", work, shares, net, w.Work, w.Shares, w.NetExact)
	}
	return gross, net
}

// floor is the largest whole number that is not above v.
func floor(v *big.Rat) *big.Int { return new(big.Int).Div(v.Num(), v.Denom()) }

func (c *checker) receipts() {
	again := c.st
	again.ReceiptRoot = ""
	if err := again.Seal(); err != nil {
		c.bad("receipts", "%s", err)
		return
	}
	if again.ReceiptRoot != c.st.ReceiptRoot {
		c.bad("receipts", "the workers' receipts have root %s, it says %s", again.ReceiptRoot, c.st.ReceiptRoot)
	}
}

// VerifyProof checks that a worker's minutes are in the statement: they make
// the worker's receipt, and its leaf leads to the statement's root.
func VerifyProof(st Statement, p Proof) []Problem {
	c := &checker{st: st}
	at := slices.IndexFunc(st.Workers, func(w Worker) bool { return w.ID == p.WorkerID })
	if p.Format != Format || p.StatementID != st.ID || at < 0 {
		c.bad("proof", "is of another statement or worker")
		return c.found
	}
	w := st.Workers[at]
	where := "proof of " + w.User
	var t Tree
	by := map[hashyard.ID]hashyard.Work{}
	var shares int64
	for i, m := range p.Minutes {
		if i > 0 && (m.At.Before(p.Minutes[i-1].At) || m.At.Equal(p.Minutes[i-1].At) && bytes.Compare(p.Minutes[i-1].Rate[:], m.Rate[:]) >= 0) {
			c.bad(where, "minute %s is out of order", m.At.UTC().Format(time.RFC3339))
		}
		t.Add(m.Leaf(w.ID))
		by[m.Rate], shares = by[m.Rate].Add(m.Work), shares+m.Shares
	}
	root := t.Root()
	if hex.EncodeToString(root[:]) != w.Receipt.Root || t.Len() != w.Receipt.Minutes {
		c.bad(where, "its %d minutes have root %x, the receipt says %s over %d", t.Len(), root, w.Receipt.Root, w.Receipt.Minutes)
	}
	for _, l := range w.Lines {
		if by[l.Rate] != l.Work {
			c.bad(where, "its minutes at rate %s are %s, the line says %s", l.Rate, by[l.Rate], l.Work)
		}
		delete(by, l.Rate)
	}
	for _, m := range p.Minutes {
		if unpaid, ok := by[m.Rate]; ok {
			c.bad(where, "its minutes at rate %s are %s, and no line pays them", m.Rate, unpaid)
			delete(by, m.Rate)
		}
	}
	if shares != w.Shares {
		c.bad(where, "its minutes have %d shares, the statement says %d", shares, w.Shares)
	}
	leaf, err := w.leaf()
	var path []Hash
	for _, s := range p.Path {
		h, perr := parseHash(s)
		if perr != nil {
			err = perr
		}
		path = append(path, h)
	}
	up, ok := Climb(leaf, p.Index, p.Size, path)
	if err != nil || !ok || hex.EncodeToString(up[:]) != st.ReceiptRoot {
		c.bad(where, "its path does not lead to the statement's root")
	}
	return c.found
}
