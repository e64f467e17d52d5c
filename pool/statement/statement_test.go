package statement

import (
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hashyard"
	"hashyard/pool/fpps"
)

// A tree of n leaves has the root of the definition, every leaf has a path to
// it, and no other leaf, place or size has that path.
func TestTree(t *testing.T) {
	t.Parallel()
	var empty Tree
	if r := empty.Root(); hex.EncodeToString(r[:]) != "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" {
		t.Errorf("empty root %x", r)
	}
	// RFC 6962's own example data (section 2.1.3 of its tests): leaves "" and 00.
	var two Tree
	two.Add(leafHash(nil))
	if r := two.Root(); hex.EncodeToString(r[:]) != "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d" {
		t.Errorf("root of one empty leaf %x", r)
	}
	two.Add(leafHash([]byte{0}))
	if r := two.Root(); hex.EncodeToString(r[:]) != "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125" {
		t.Errorf("root of two leaves %x", r)
	}
	for n := 1; n <= 40; n++ {
		var tree Tree
		var leaves []Hash
		for i := range n {
			leaves = append(leaves, leafHash([]byte{byte(i)}))
			tree.Add(leaves[i])
		}
		root := byDefinition(leaves)
		if tree.Root() != root || tree.Len() != int64(n) {
			t.Fatalf("%d leaves: %x, want %x", n, tree.Root(), root)
		}
		for i := range n {
			path := Path(leaves, i)
			if got, ok := Climb(leaves[i], i, n, path); !ok || got != root {
				t.Fatalf("leaf %d of %d does not climb", i, n)
			}
			if got, ok := Climb(leafHash([]byte("x")), i, n, path); ok && got == root {
				t.Fatalf("another leaf climbs as %d of %d", i, n)
			}
			if got, ok := Climb(leaves[i], i, n, append(path, Hash{})); ok && got == root {
				t.Fatalf("a longer path climbs")
			}
		}
	}
	if _, ok := Climb(Hash{}, 3, 3, nil); ok {
		t.Error("a place outside the tree climbs")
	}
}

func byDefinition(leaves []Hash) Hash {
	if len(leaves) == 1 {
		return leaves[0]
	}
	k := 1
	for k*2 < len(leaves) {
		k *= 2
	}
	return nodeHash(byDefinition(leaves[:k]), byDefinition(leaves[k:]))
}

// made is a file over G3's nine blocks by one of the methods, with two workers.
func made(t interface{ Fatal(...any) }, method fpps.Method, work [2]uint64) (key ed25519.PrivateKey, file []byte, minutes map[hashyard.ID][]Minute) {
	start := time.Date(2025, 4, 2, 0, 0, 0, 0, time.UTC)
	chain := []fpps.Block{{Height: 0, Hash: [32]byte{0xff}}}
	for i, f := range []hashyard.Sats{7338750, 2771317, 5557766, 2612344, 6208524, 3117086, 5476882, 1935106, 2998786} {
		b := fpps.Block{Height: int64(i + 1), Hash: [32]byte{byte(i + 1)}, Prev: chain[i].Hash, NBits: 386038124, Time: start.Add(time.Duration(i) * time.Hour), Subsidy: 312_500_000, Fees: f}
		chain = append(chain, b)
	}
	newest := make([]fpps.Block, 0, len(chain))
	var blocks []Block
	for i := len(chain) - 1; i >= 0; i-- {
		b := chain[i]
		newest = append(newest, b)
		blocks = append(blocks, Block{Hash: hex.EncodeToString(b.Hash[:]), Prev: hex.EncodeToString(b.Prev[:]), Height: b.Height, NBits: "1702756c", Time: b.Time, SubsidySats: b.Subsidy, FeesSats: b.Fees})
	}
	span := fpps.Span{Window: 9, Start: start, End: start.Add(24 * time.Hour)}
	taken, done := method.Take(span, newest)
	if !done {
		t.Fatal("the index is not complete")
	}
	ix := method.Sum(taken)
	rate := fpps.Rate{NBits: 386038124, Subsidy: 312_500_000, FeeSum: ix.FeeSum, FeeN: ix.FeeN, SubsidySum: ix.SubsidySum, FeePPM: 20_000}
	st := Statement{Format: Format, ID: hashyard.NewID(), Account: hashyard.NewID(), From: span.Start, To: span.End}
	r := Rate{
		ID: hashyard.NewID(), PeriodStart: span.Start, PeriodEnd: span.End, SubsidySats: rate.Subsidy, FeeMethod: string(method), FeeWindow: 9,
		FeeTipHash: blocks[0].Hash, FeeSumSats: ix.FeeSum, FeeCount: ix.FeeN, SubsidySumSats: ix.SubsidySum, FeePPM: 20_000,
	}
	r.NBits = hex.EncodeToString([]byte{byte(rate.NBits >> 24), byte(rate.NBits >> 16 & 0xff), byte(rate.NBits >> 8 & 0xff), byte(rate.NBits & 0xff)})
	st.Rates = []Rate{r}
	gross, net := new(big.Rat), new(big.Rat)
	minutes = map[hashyard.ID][]Minute{}
	for i, w := range work {
		id := hashyard.NewID()
		var tree Tree
		var sum hashyard.Work
		for m := range 5 {
			x := Minute{Rate: r.ID, At: start.Add(time.Duration(m) * time.Minute), Work: hashyard.WorkOf(hashyard.Difficulty(w)), Shares: 3}
			minutes[id] = append(minutes[id], x)
			tree.Add(x.Leaf(id))
			sum = sum.Add(x.Work)
		}
		root := tree.Root()
		g, n := rate.Gross(sum), rate.Net(sum)
		st.Workers = append(st.Workers, Worker{
			ID: id, User: "farm.w" + string(rune('1'+i)), Work: sum, Shares: 15, NetExact: n.String(), Receipt: Receipt{tree.Len(), hex.EncodeToString(root[:])},
			Lines: []Line{{r.ID, sum, 15, g.String(), n.String()}},
		})
		st.Work, st.Shares = st.Work.Add(sum), st.Shares+15
		gross.Add(gross, g)
		net.Add(net, n)
	}
	st.GrossExact, st.NetExact = gross.String(), net.String()
	st.GrossSats, _ = fpps.Floor(gross)
	st.NetSats, _ = fpps.Floor(net)
	st.FeeSats = st.GrossSats - st.NetSats
	if err := st.Seal(); err != nil {
		t.Fatal(err)
	}
	body, err := st.Body()
	if err != nil {
		t.Fatal(err)
	}
	key = ed25519.NewKeyFromSeed(make([]byte, 32))
	sig, err := Sign(key, body)
	if err != nil {
		t.Fatal(err)
	}
	file, err = json.MarshalIndent(File{body, blocks, SignatureOf(key.Public().(ed25519.PublicKey), sig)}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return key, file, minutes
}

// What the pool's arithmetic says is what the checker's own says, by every
// method and whatever the work; white space does not matter.
func TestStatementsVerify(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		method := rapid.SampledFrom(fpps.Methods()).Draw(t, "method")
		key, file, minutes := made(t, method, [2]uint64{rapid.Uint64Range(1, 1<<60).Draw(t, "a"), rapid.Uint64Range(1, 1<<60).Draw(t, "b")})
		st, bad, err := Verify(file, key.Public().(ed25519.PublicKey))
		if err != nil || len(bad) != 0 {
			t.Fatal(err, bad)
		}
		for _, w := range st.Workers {
			p, err := st.Prove(w.ID, minutes[w.ID])
			if err != nil {
				t.Fatal(err)
			}
			if bad := VerifyProof(st, p); len(bad) != 0 {
				t.Fatal(bad)
			}
			p.Minutes[2].Work = p.Minutes[2].Work.Add(hashyard.WorkOf(1))
			if len(VerifyProof(st, p)) == 0 {
				t.Fatal("a changed minute verifies")
			}
			unpaid(t, st, w, minutes[w.ID][:4])
		}
	})
}

// unpaid: a minute at a rate that no line pays is found, though receipt, root,
// path and count of shares hold.
func unpaid(t *rapid.T, st Statement, w Worker, minutes []Minute) {
	st.Workers = slices.Clone(st.Workers)
	at := slices.IndexFunc(st.Workers, func(x Worker) bool { return x.ID == w.ID })
	minutes = append(slices.Clone(minutes), Minute{Rate: hashyard.NewID(), At: minutes[3].At.Add(time.Minute), Work: hashyard.WorkOf(1), Shares: 3})
	var tree Tree
	var paid hashyard.Work
	for _, m := range minutes {
		tree.Add(m.Leaf(w.ID))
		if m.Rate == w.Lines[0].Rate {
			paid = paid.Add(m.Work)
		}
	}
	root := tree.Root()
	forged := &st.Workers[at]
	forged.Receipt, forged.Work = Receipt{tree.Len(), hex.EncodeToString(root[:])}, paid
	forged.Lines = []Line{{w.Lines[0].Rate, paid, 15, "0", "0"}}
	st.ReceiptRoot = ""
	if err := st.Seal(); err != nil {
		t.Fatal(err)
	}
	p, err := st.Prove(w.ID, minutes)
	if err != nil {
		t.Fatal(err)
	}
	if bad := VerifyProof(st, p); len(bad) != 1 || !strings.Contains(bad[0].String(), "no line pays") {
		t.Fatalf("minutes that nobody pays: %v", bad)
	}
}

// Every figure that is changed is found, and named.
func TestChangesAreFound(t *testing.T) {
	t.Parallel()
	key, file, _ := made(t, fpps.SMATrim, [2]uint64{1 << 50, 1 << 51})
	_, st, err := Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	f, _, _ := Parse(file)
	forge := func(change func(*Statement, *File)) []Problem {
		t.Helper()
		var s Statement
		if err := json.Unmarshal(f.Statement, &s); err != nil {
			t.Fatal(err)
		}
		g := f
		g.Blocks = append([]Block(nil), f.Blocks...)
		change(&s, &g)
		if g.Statement, err = s.Body(); err != nil {
			t.Fatal(err)
		}
		sig, err := Sign(key, g.Statement) // the house itself may be wrong
		if err != nil {
			t.Fatal(err)
		}
		g.Signature = SignatureOf(key.Public().(ed25519.PublicKey), sig)
		b, err := json.Marshal(g)
		if err != nil {
			t.Fatal(err)
		}
		_, bad, err := Verify(b, nil)
		if err != nil {
			t.Fatal(err)
		}
		return bad
	}
	if bad := forge(func(*Statement, *File) {}); len(bad) != 0 {
		t.Fatalf("unchanged: %v", bad)
	}
	for name, tt := range map[string]struct {
		change func(*Statement, *File)
		where  string
	}{
		"a block's fees":       {func(_ *Statement, f *File) { f.Blocks[2].FeesSats += 9_000_000 }, "rate " + st.Rates[0].ID.String()},
		"a missing block":      {func(_ *Statement, f *File) { f.Blocks = f.Blocks[:4] }, "rate " + st.Rates[0].ID.String()},
		"the sum":              {func(s *Statement, _ *File) { s.Rates[0].FeeSumSats++ }, "rate " + st.Rates[0].ID.String()},
		"the fee":              {func(s *Statement, _ *File) { s.Rates[0].FeePPM++ }, "worker farm.w1, rate " + st.Rates[0].ID.String()},
		"a method":             {func(s *Statement, _ *File) { s.Rates[0].FeeMethod = "sma/1" }, "rate " + st.Rates[0].ID.String()},
		"an unknown method":    {func(s *Statement, _ *File) { s.Rates[0].FeeMethod = "sma/9" }, "rate " + st.Rates[0].ID.String()},
		"a line's work":        {func(s *Statement, _ *File) { s.Workers[1].Lines[0].Work = hashyard.WorkOf(1) }, "worker farm.w2"},
		"a line's net":         {func(s *Statement, _ *File) { s.Workers[1].Lines[0].NetExact = "1" }, "worker farm.w2, rate " + st.Rates[0].ID.String()},
		"a line twice":         {func(s *Statement, _ *File) { s.Workers[0].Lines = append(s.Workers[0].Lines, s.Workers[0].Lines[0]) }, "worker farm.w1, rate " + st.Rates[0].ID.String()},
		"a worker's net":       {func(s *Statement, _ *File) { s.Workers[0].NetExact = "1" }, "worker farm.w1"},
		"the net amount":       {func(s *Statement, _ *File) { s.NetSats++ }, "total"},
		"the exact gross":      {func(s *Statement, _ *File) { s.GrossExact = "1/2" }, "total"},
		"the shares":           {func(s *Statement, _ *File) { s.Shares++ }, "total"},
		"a receipt":            {func(s *Statement, _ *File) { s.Workers[0].Receipt.Minutes++ }, "receipts"},
		"the root":             {func(s *Statement, _ *File) { s.ReceiptRoot = strings.Repeat("0", 64) }, "receipts"},
		"the order of workers": {func(s *Statement, _ *File) { s.Workers[0], s.Workers[1] = s.Workers[1], s.Workers[0] }, "worker farm.w1"},
		"bits that are none":   {func(s *Statement, _ *File) { s.Rates[0].NBits = "1d800001" }, "worker farm.w1, rate " + st.Rates[0].ID.String()},
	} {
		bad, named := forge(tt.change), false
		for _, b := range bad {
			named = named || b.Where == tt.where
		}
		if !named {
			t.Errorf("%s: found %v, want %s", name, bad, tt.where)
		}
	}
	// What somebody else changes breaks the signature; another key's is not ours.
	other := strings.Replace(string(file), `"farm.w1"`, `"farm.w9"`, 1)
	if _, bad, err := Verify([]byte(other), nil); err != nil || len(bad) != 1 || bad[0].Where != "signature" {
		t.Errorf("a changed name: %v, %v", bad, err)
	}
	if _, bad, err := Verify(file, make([]byte, 32)); err != nil || len(bad) != 1 || bad[0].Where != "signature" {
		t.Errorf("another key: %v, %v", bad, err)
	}
}

// The checker reads compact bits as the pool does, and refuses what are none.
func TestTarget(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		bits string
		ok   bool
	}{{"1702355e", true}, {"1d00ffff", true}, {"00000000", false}, {"1d800001", false}, {"ff7fffff", false}, {"1d00fff", false}, {"xxxxxxxx", false}} {
		if _, ok := target(tt.bits); ok != tt.ok {
			t.Errorf("%s: %t", tt.bits, ok)
		}
	}
	for _, bits := range []uint32{0x1702355e, 0x1d00ffff, 386038124, 0x207fffff, 0x03123456} {
		got, ok := target(hex.EncodeToString([]byte{byte(bits >> 24), byte(bits >> 16 & 0xff), byte(bits >> 8 & 0xff), byte(bits & 0xff)}))
		if !ok || got.Cmp(fpps.Target(bits)) != 0 {
			t.Errorf("%08x: %x, the pool says %x", bits, got, fpps.Target(bits))
		}
	}
}

func FuzzVerify(f *testing.F) {
	_, file, _ := made(f, fpps.DayTrim, [2]uint64{1 << 40, 1 << 41})
	f.Add(file)
	f.Add([]byte(`{"statement":{"format":"hashyard statement 1","rates":[{"fee_method":"day/1"}],"workers":[{}]},"blocks":[{"height":1}],"signature":{}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		st, bad, err := Verify(b, nil)
		if err == nil && len(bad) == 0 && st.Format != Format {
			t.Error("a file without a format verifies")
		}
	})
}
