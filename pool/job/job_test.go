package job

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"hashyard"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// txs makes n plausible transactions with their ids.
func txs(t testing.TB, n int) (raw [][]byte, ids [][32]byte) {
	t.Helper()
	for i := range n {
		tx := wire.NewMsgTx(2)
		tx.AddTxIn(wire.NewTxIn(&wire.OutPoint{Hash: chainhash.Hash{byte(i), 1}}, []byte{0x51}, nil))
		tx.AddTxOut(wire.NewTxOut(int64(i), []byte{0x51}))
		var b bytes.Buffer
		if err := tx.Serialize(&b); err != nil {
			t.Fatal(err)
		}
		raw = append(raw, b.Bytes())
		ids = append(ids, [32]byte(tx.TxHash()))
	}
	return raw, ids
}

func template(t testing.TB, nTx int) (Template, Params) {
	raw, ids := txs(t, nTx)
	return Template{
		Version: 0x20000000, PrevHash: [32]byte{1, 2, 3, 4, 5}, Height: 300, NBits: 0x207fffff,
		CurTime: 1_700_000_000, MinTime: 1_699_999_000, Value: 5_000_000_000, Txs: raw, TxIDs: ids,
		WitnessCommitment: append(unhex(t, "6a24aa21a9ed"), make([]byte, 32)...),
	}, Params{
		Seq: 0x123456, Epoch: hashyard.NewID(), Script: append([]byte{0, 20}, make([]byte, 20)...),
		Tag: "/hashyard/", NTime: 1_700_000_000,
	}
}

func make1(t testing.TB, nTx int) *Job {
	t.Helper()
	j, err := New(template(t, nTx))
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// notifyParams decodes what a miner gets.
func notifyParams(t testing.TB, line []byte) []any {
	t.Helper()
	var msg struct {
		ID     any
		Method string
		Params []any
	}
	if err := json.Unmarshal(line, &msg); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	if msg.ID != nil || msg.Method != "mining.notify" || len(msg.Params) != 9 || !bytes.HasSuffix(line, []byte("\n")) {
		t.Fatalf("notify is %s", line)
	}
	return msg.Params
}

func TestNotifyIsWhatMinersRead(t *testing.T) {
	j := make1(t, 3)
	salt := [SaltSize]byte{1, 2, 3, 4, 5, 6, 7, 8}
	p := notifyParams(t, j.AppendNotify(nil, j.Mark(0, salt), false))
	want := []any{
		"12345600", "04030201000000050000000000000000" + "00000000000000000000000000000000",
		hex.EncodeToString(j.Coinb1) + "0000000012345600" + "0102030405060708", hex.EncodeToString(j.Coinb2),
		[]any{hex.EncodeToString(j.Branches[0][:]), hex.EncodeToString(j.Branches[1][:])},
		"20000000", "207fffff", "6553f100", false,
	}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Fatal(diff)
	}
	if p := notifyParams(t, j.AppendNotify(nil, j.Mark(0, salt), true)); p[8] != true || p[0] != want[0] {
		t.Fatalf("restart form is %v", p)
	}
	v := notifyParams(t, j.AppendVariant(nil, j.Mark(2, salt), time.Unix(1_600_000_000, 0)))
	if v[0] != "12345602" || v[7] != "6553f102" || v[8] != false {
		t.Fatalf("variant is %v", v)
	}
}

func TestVersionHasNoBitsThatMinersRoll(t *testing.T) {
	tm, p := template(t, 0)
	tm.Version = 0x30400007 // seen on simnet
	j, err := New(tm, p)
	if err != nil {
		t.Fatal(err)
	}
	if j.Version != 0x20000007 {
		t.Fatalf("version %08x", j.Version)
	}
}

func TestJobIDsAreReadOnlyAsWritten(t *testing.T) {
	for s, want := range map[string]bool{
		"1": true, "12345600": true, "ffffffffffffffff": true,
		"": false, "0": false, "01": false, "1F": false, "0x1": false, "1ffffffffffffffff": false, "1 ": false, "-1": false,
	} {
		if _, ok := ParseID([]byte(s)); ok != want {
			t.Errorf("ParseID(%q) is %v", s, ok)
		}
	}
	j := make1(t, 0)
	id, ok := ParseID([]byte("12345607"))
	seq, v := SplitID(id)
	if !ok || seq != j.Seq || v != 7 || j.ID(7) != id {
		t.Fatalf("id %x is job %x variant %d", id, seq, v)
	}
}

// TestBlocksPassConsensusDecoding lets btcd read what we assemble: height as
// BIP34 wants it at every size of push, merkle root, sizes.
func TestBlocksPassConsensusDecoding(t *testing.T) {
	for _, height := range []int64{1, 2, 15, 16, 17, 127, 128, 255, 256, 32767, 32768, 65535, 8388607, 8388608, 1 << 30} {
		for _, n := range []int{0, 1, 2, 3, 6, 7, 300} {
			tm, p := template(t, n)
			tm.Height = height
			if n == 2 {
				tm.WitnessCommitment = nil
			}
			j, err := New(tm, p)
			if err != nil {
				t.Fatal(err)
			}
			sub := Submit{Extranonce2: [8]byte{1, 2, 3}, NTime: j.NTime, Nonce: 7}
			var v Verdict
			mark := j.Mark(uint8(n), [SaltSize]byte{byte(height)})
			Verify(j, mark, [4]byte{9, 8, 7, 6}, RollMask, &sub, 1_700_000_000, &v)
			block, err := btcutil.NewBlockFromBytes(j.Block(v.Header, mark, [4]byte{9, 8, 7, 6}, sub.Extranonce2))
			if err != nil {
				t.Fatal(err)
			}
			if got := [32]byte(*block.Hash()); got != v.Hash {
				t.Fatalf("hash %x, want %x", got, v.Hash)
			}
			root := blockchain.CalcMerkleRoot(block.Transactions(), false)
			if root != block.MsgBlock().Header.MerkleRoot {
				t.Fatalf("height %d, %d transactions: merkle root %s", height, n, root)
			}
			cb := block.Transactions()[0]
			if got, err := blockchain.ExtractCoinbaseHeight(cb); err != nil || int64(got) != height {
				t.Fatalf("height reads %d, want %d: %v", got, height, err)
			}
			if err := blockchain.CheckTransactionSanity(cb); err != nil {
				t.Fatal(err)
			}
			if has := len(cb.MsgTx().TxIn[0].Witness) == 1; has != (n != 2) {
				t.Fatalf("coinbase witness present is %v", has)
			}
		}
	}
}

func TestBadTemplatesMakeNoJob(t *testing.T) {
	for name, breakIt := range map[string]func(*Template, *Params){
		"no number":        func(_ *Template, p *Params) { p.Seq = 0 },
		"number too big":   func(_ *Template, p *Params) { p.Seq = MaxSeq + 1 },
		"no script":        func(_ *Template, p *Params) { p.Script = nil },
		"tag too long":     func(_ *Template, p *Params) { p.Tag = string(make([]byte, 75)) },
		"coinbase too big": func(_ *Template, p *Params) { p.Script = make([]byte, 250) },
		"height 0":         func(m *Template, _ *Params) { m.Height = 0 },
		"negative value":   func(m *Template, _ *Params) { m.Value = -1 },
		"zero target":      func(m *Template, _ *Params) { m.NBits = 0x20000000 },
		"negative target":  func(m *Template, _ *Params) { m.NBits = 0x20ffffff },
		"target overflow":  func(m *Template, _ *Params) { m.NBits = 0x23000001 },
		"ids missing":      func(m *Template, _ *Params) { m.TxIDs = m.TxIDs[1:] },
		"time too big":     func(_ *Template, p *Params) { p.NTime = 1 << 33 },
	} {
		t.Run(name, func(t *testing.T) {
			tm, p := template(t, 1)
			breakIt(&tm, &p)
			if _, err := New(tm, p); err == nil {
				t.Fatal("made a job")
			}
		})
	}
}

func TestTwoJobsOfOneTemplateShareNoHeader(t *testing.T) {
	tm, p := template(t, 1)
	a, err := New(tm, p)
	if err != nil {
		t.Fatal(err)
	}
	p.Seq++
	b, err := New(tm, p)
	if err != nil {
		t.Fatal(err)
	}
	sub := Submit{NTime: a.NTime}
	var va, vb Verdict
	Verify(a, a.Mark(0, [SaltSize]byte{}), [4]byte{}, 0, &sub, 1_700_000_000, &va)
	Verify(b, b.Mark(0, [SaltSize]byte{}), [4]byte{}, 0, &sub, 1_700_000_000, &vb)
	if va.Hash == vb.Hash {
		t.Fatal("the same header in two jobs: one share would count twice")
	}
	for _, m := range []Mark{a.Mark(1, [SaltSize]byte{}), a.Mark(0, [SaltSize]byte{1})} {
		Verify(a, m, [4]byte{}, 0, &sub, 1_700_000_000, &vb)
		if va.Hash == vb.Hash {
			t.Fatal("two notifies of a job share a header: a miner would choose what it counts")
		}
	}
}

func TestTargetsAgreeWithConsensus(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nbits := rapid.Uint32().Draw(t, "nbits")
		want := blockchain.CompactToBig(nbits)
		got, err := TargetFromBits(nbits)
		bad := want.Sign() <= 0 || want.BitLen() > 256
		if bad != (err != nil) {
			t.Fatalf("%08x: %v, btcd says %s", nbits, err, want)
		}
		if !bad && want.FillBytes(make([]byte, 32)) != nil && !bytes.Equal(want.FillBytes(make([]byte, 32)), got[:]) {
			t.Fatalf("%08x is %x, want %x", nbits, got, want)
		}
	})
}

func TestMeetsComparesNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		target := [32]byte(rapid.SliceOfN(rapid.ByteMax(3), 32, 32).Draw(t, "target"))
		be := [32]byte(rapid.SliceOfN(rapid.ByteMax(3), 32, 32).Draw(t, "hash"))
		if rapid.Bool().Draw(t, "equal") {
			be = target
		}
		hash := be
		slices.Reverse(hash[:])
		if want := bytes.Compare(be[:], target[:]) <= 0; Meets(&hash, &target) != want {
			t.Fatalf("%x meets %x is %v", be, target, !want)
		}
	})
}

func TestDifficultyOfIsTheGreatestThatFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := hashyard.Difficulty(rapid.Uint64Range(1, 1<<62).Draw(t, "d"))
		got := DifficultyOf(d.Target())
		if got < d {
			t.Fatalf("difficulty of the target of %d is %d", d, got)
		}
		if d < 1<<40 && got != d {
			t.Fatalf("difficulty of the target of %d is %d", d, got)
		}
	})
	if DifficultyOf([32]byte{}) != 1<<63 || DifficultyOf([32]byte{0xff}) != 1 {
		t.Fatal("the ends of the scale are wrong")
	}
}

func TestBranchesLeadToTheRoot(t *testing.T) {
	for n := range 40 {
		_, ids := txs(t, n)
		cb := [32]byte{0xcb}
		root := cb
		for _, b := range Branches(ids) {
			root = pairHash(&root, &b)
		}
		all := append([][32]byte{cb}, ids...)
		for len(all) > 1 {
			if len(all)%2 == 1 {
				all = append(all, all[len(all)-1])
			}
			var up [][32]byte
			for i := 0; i < len(all); i += 2 {
				up = append(up, pairHash(&all[i], &all[i+1]))
			}
			all = up
		}
		if root != all[0] {
			t.Fatalf("%d transactions: root %x, want %x", n, root, all[0])
		}
	}
}

func TestEnded(t *testing.T) {
	now := time.Unix(100, 0)
	if (&Job{}).Ended(now) || (&Job{RefuseAfter: now}).Ended(now) || !(&Job{RefuseAfter: now}).Ended(now.Add(1)) {
		t.Fatal("a job ends just after its period and grace")
	}
}
