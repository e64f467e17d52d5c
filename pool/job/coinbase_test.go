package job

import (
	"bytes"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"pgregory.net/rapid"
)

// TestHeightsAreAsConsensusWantsThem compares every push with btcd's: opcodes
// of their own up to 16, then minimal numbers with a sign.
func TestHeightsAreAsConsensusWantsThem(t *testing.T) {
	check := func(h int64) {
		want, err := txscript.NewScriptBuilder().AddInt64(h).Script()
		if err != nil {
			t.Fatal(err)
		}
		if got := heightPush(nil, h); !bytes.Equal(got, want) {
			t.Fatalf("height %d is %x, want %x", h, got, want)
		}
	}
	for h := int64(1); h < 70_000; h++ {
		check(h)
	}
	for _, edge := range []int64{1 << 23, 1 << 24, 1 << 30, 1<<31 - 1} {
		check(edge - 1)
		check(edge)
	}
}

// TestCoinbasesStaySmall: whatever the height, the tag, the script and the
// commitment, a coinbase that is made has at most MaxCoinbase bytes and is one
// that consensus takes, with one output that pays and at most one beside it.
func TestCoinbasesStaySmall(t *testing.T) {
	made, refused := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		tm, p := template(t, 0)
		tm.Height = rapid.OneOf(rapid.Int64Range(1, 300), rapid.Int64Range(1, 1<<31-1)).Draw(rt, "height")
		p.Tag = strings.Repeat("/t", rapid.IntRange(0, 45).Draw(rt, "tag"))
		p.Script = make([]byte, rapid.IntRange(1, 260).Draw(rt, "script"))
		if rapid.Bool().Draw(rt, "no commitment") {
			tm.WitnessCommitment = nil
		}
		j, err := New(tm, p)
		if err != nil {
			refused++
			return
		}
		made++
		raw := j.appendCoinbase(nil, new(Mark), [4]byte{1}, [8]byte{2})
		var tx wire.MsgTx
		if err := tx.Deserialize(bytes.NewReader(raw)); err != nil {
			rt.Fatal(err)
		}
		outputs := 1
		if tm.WitnessCommitment != nil {
			outputs++
		}
		switch n := tx.SerializeSizeStripped(); {
		case n > MaxCoinbase, n != len(j.Coinb1)+holeSize+len(j.Coinb2):
			rt.Fatalf("%d bytes", n)
		case len(tx.TxOut) != outputs || tx.TxOut[0].Value != int64(tm.Value) || !bytes.Equal(tx.TxOut[0].PkScript, p.Script):
			rt.Fatalf("outputs %+v", tx.TxOut)
		case !bytes.Contains(tx.TxIn[0].SignatureScript, []byte(p.Tag)):
			rt.Fatalf("no tag %q in %x", p.Tag, tx.TxIn[0].SignatureScript)
		}
		if err := blockchain.CheckTransactionSanity(btcutil.NewTx(&tx)); err != nil {
			rt.Fatal(err)
		}
		if got, err := blockchain.ExtractCoinbaseHeight(btcutil.NewTx(&tx)); err != nil || int64(got) != tm.Height {
			rt.Fatalf("height reads %d, want %d: %v", got, tm.Height, err)
		}
	})
	if made == 0 || refused == 0 {
		t.Fatalf("%d made, %d refused: one of them was never tried", made, refused)
	}
}
