package treasury

import (
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/psbt/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"pgregory.net/rapid"

	"hashyard"
)

// TestEveryPairOfStateAndStep names the whole machine a second time.
func TestEveryPairOfStateAndStep(t *testing.T) {
	t.Parallel()
	want := map[string]State{
		"requested reserve": Reserved, "requested refuse": Refused,
		"reserved silence": AwaitingSignature, "reserved sign": Signed, "reserved refuse": Refused,
		"awaiting_signature silence": AwaitingSignature, "awaiting_signature sign": Signed, "awaiting_signature refuse": Refused,
		"signed send": Broadcast, "signed mine": Broadcast,
		"broadcast send": Broadcast, "broadcast mine": Broadcast, "broadcast unmine": Broadcast, "broadcast bury": Confirmed,
		"confirmed unmine": Broadcast,
	}
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	pairs := 0
	for _, s := range States() {
		for _, step := range Steps() {
			pairs++
			p, err := Payout{State: s, Reason: "waited"}.After(step, now)
			to, ok := want[string(s)+" "+string(step)]
			switch {
			case ok && (err != nil || p.State != to || p.Reason != ""):
				t.Errorf("%s %s: %s %q, %v; want %s", s, step, p.State, p.Reason, err, to)
			case !ok && (!errors.Is(err, hashyard.Conflict) || p.State != s):
				t.Errorf("%s %s: %s, %v; want a conflict", s, step, p.State, err)
			}
		}
	}
	if pairs != 56 {
		t.Errorf("%d pairs", pairs)
	}
	for _, s := range States() {
		if s.Open() != (s != Confirmed && s != Refused) {
			t.Errorf("%s open: %t", s, s.Open())
		}
	}
}

func TestUnminedIsAsIfItNeverWas(t *testing.T) {
	t.Parallel()
	now := time.Now()
	p := Payout{State: Broadcast, Mined: Place{5, Hash{1}}}
	if p.Confirmations(4) != 0 || p.Confirmations(5) != 1 || p.Confirmations(7) != 3 {
		t.Error("confirmations count the block itself")
	}
	p, err := p.After(StepBury, now)
	if err != nil || p.ConfirmedAt != now {
		t.Fatalf("%+v, %v", p, err)
	}
	if p, err = p.After(StepUnmine, now); err != nil || p.Mined != (Place{}) || !p.ConfirmedAt.IsZero() || p.Confirmations(100) != 0 {
		t.Fatalf("%+v, %v", p, err)
	}
}

func script(n byte) []byte { return append([]byte{0, 20}, slices.Repeat([]byte{n}, 20)...) }

// TestDraftsKeepEverySatoshi draws coins and payments at random.
func TestDraftsKeepEverySatoshi(t *testing.T) {
	t.Parallel()
	ours := script(1)
	kinds := [][]byte{script(2), append([]byte{0x51, 32}, make([]byte, 32)...), slices.Concat([]byte{0x76, 0xa9, 20}, make([]byte, 20), []byte{0x88, 0xac})}
	rapid.Check(t, func(t *rapid.T) {
		var coins []Coin
		var have hashyard.Sats
		for i, v := range rapid.SliceOfN(rapid.Int64Range(1, 1_000_000), 0, 30).Draw(t, "coins") {
			coins = append(coins, Coin{Value: hashyard.Sats(v), Point: OutPoint{Hash: chainhash.Hash{byte(i)}}})
			have += hashyard.Sats(v)
		}
		to := rapid.SampledFrom(kinds).Draw(t, "to")
		amount := hashyard.Sats(rapid.Int64Range(1, 2_000_000).Draw(t, "amount"))
		rate := hashyard.Sats(rapid.Int64Range(0, 300).Draw(t, "rate"))
		d, err := Compose(ours, coins, to, amount, rate)
		switch {
		case amount < Dust(to) || rate < 1:
			if !errors.Is(err, hashyard.Invalid) {
				t.Fatalf("dust of %d at %d: %v", amount, rate, err)
			}
			return
		case err != nil:
			if !errors.Is(err, hashyard.Conflict) || have >= amount+hashyard.Sats(vsize(len(coins), to))*rate+1 && len(coins) > 0 {
				t.Fatalf("%d sat in %d coins for %d at %d: %v", have, len(coins), amount, rate, err)
			}
			return
		}
		checkDraft(t, d, ours, to, amount, rate)
	})
}

func checkDraft(t *rapid.T, d Draft, ours, to []byte, amount, rate hashyard.Sats) {
	pkt, err := psbt.NewFromRawBytes(strings.NewReader(d.PSBT), true)
	if err != nil {
		t.Fatal(err)
	}
	var in, out hashyard.Sats
	seen := map[OutPoint]bool{}
	for i, c := range d.Coins {
		in += c.Value
		if seen[c.Point] || pkt.UnsignedTx.TxIn[i].PreviousOutPoint != c.Point || pkt.Inputs[i].WitnessUtxo.Value != int64(c.Value) {
			t.Fatalf("input %d", i)
		}
		seen[c.Point] = true
	}
	outs := [][]byte{}
	for _, o := range pkt.UnsignedTx.TxOut {
		out += hashyard.Sats(o.Value)
		outs = append(outs, o.PkScript)
		if hashyard.Sats(o.Value) < Dust(o.PkScript) {
			t.Fatalf("output of %d is dust", o.Value)
		}
	}
	if in != out+d.Fee || hashyard.Sats(pkt.UnsignedTx.TxOut[0].Value) != amount || string(outs[0]) != string(to) {
		t.Fatalf("%d in, %d out, fee %d", in, out, d.Fee)
	}
	least := hashyard.Sats(vsize(len(d.Coins), outs...)) * rate
	if d.Fee < least || d.Fee > least+Dust(ours)+rate*31 {
		t.Fatalf("fee %d, the rate asks for %d", d.Fee, least)
	}
}

func TestSizesAreThoseOfTheNetwork(t *testing.T) {
	t.Parallel()
	if v := vsize(1, script(1), script(2)); v != 141 {
		t.Errorf("1 in, 2 out: %d vB, known to be 141", v)
	}
	if v := vsize(1, script(1)); v != 110 {
		t.Errorf("1 in, 1 out: %d vB, known to be 110", v)
	}
	for _, tt := range []struct {
		script []byte
		dust   hashyard.Sats
	}{
		{script(1), 294},
		{append([]byte{0, 32}, make([]byte, 32)...), 330},
		{append([]byte{0x51, 32}, make([]byte, 32)...), 330},
		{make([]byte, 25), 546},
		{make([]byte, 23), 540},
	} {
		if d := Dust(tt.script); d != tt.dust {
			t.Errorf("dust of %x: %d, Core says %d", tt.script, d, tt.dust)
		}
	}
}

func TestAnswersOfTheSignerAreHeldAgainstTheDraft(t *testing.T) {
	t.Parallel()
	coins := []Coin{{Value: 10_000, Point: OutPoint{Hash: Hash{1}}}}
	d, err := Compose(script(1), coins, script(2), 1_000, 1)
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := Compose(script(1), coins, script(3), 1_000, 1)
	if err != nil {
		t.Fatal(err)
	}
	raw := func(packet string) string {
		pkt, err := psbt.NewFromRawBytes(strings.NewReader(packet), true)
		if err != nil {
			t.Fatal(err)
		}
		pkt.UnsignedTx.TxIn[0].Witness = wire.TxWitness{{1}, {2}}
		var b strings.Builder
		if err := pkt.UnsignedTx.Serialize(&b); err != nil {
			t.Fatal(err)
		}
		return hex.EncodeToString([]byte(b.String()))
	}
	if got, id, err := signedFor(d.PSBT, raw(d.PSBT)); err != nil || len(id) != 64 || len(got) == 0 {
		t.Errorf("the drafted one: %v", err)
	}
	for _, bad := range []string{raw(foreign.PSBT), "", "zz", "00"} {
		if _, _, err := signedFor(d.PSBT, bad); !errors.Is(err, hashyard.Invalid) {
			t.Errorf("%.20q: %v", bad, err)
		}
	}
}

func FuzzSignedFor(f *testing.F) {
	d, err := Compose(script(1), []Coin{{Value: 10_000, Point: OutPoint{Hash: Hash{1}}}}, script(2), 1_000, 1)
	if err != nil {
		f.Fatal(err)
	}
	f.Add("0200000001")
	f.Fuzz(func(t *testing.T, signed string) {
		raw, id, err := signedFor(d.PSBT, signed)
		if err == nil && (len(raw) == 0 || len(id) != 64) {
			t.Fatalf("%q gives %x, %q", signed, raw, id)
		}
	})
}

func FuzzParseAddress(f *testing.F) {
	for _, s := range []string{"", "bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", "mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn", "1", "bcrt1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := ParseAddress(text, &chaincfg.RegressionNetParams)
		if err != nil {
			if !errors.Is(err, hashyard.Invalid) {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		again, err := ParseAddress(d.Address, &chaincfg.RegressionNetParams)
		if err != nil || again.Address != d.Address || !slices.Equal(again.Script, d.Script) || Dust(d.Script) < 294 {
			t.Fatalf("%q is %+v and then %+v, %v", text, d, again, err)
		}
	})
}
