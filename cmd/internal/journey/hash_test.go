package journey

import (
	"encoding/hex"
	"math"
	"math/big"
	"testing"
	"time"

	"hashyard"
)

// TestNetTarget expands compact bits as consensus does.
func TestNetTarget(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		bits uint32
		want string
	}{
		{0x1d00ffff, "ffff0000000000000000000000000000000000000000000000000000"},
		{0x1d3ba6fe, "3ba6fe0000000000000000000000000000000000000000000000000000"},
		{0x207fffff, "7fffff0000000000000000000000000000000000000000000000000000000000"},
		{0x02123456, "1234"},
	} {
		if got := netTarget(tt.bits).Text(16); got != tt.want {
			t.Errorf("bits %08x expand to %s, want %s", tt.bits, got, tt.want)
		}
	}
}

// TestGenesis: header, merkle root and hash of the one block everybody knows.
func TestGenesis(t *testing.T) {
	t.Parallel()
	coinbase, err := hex.DecodeString("01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4d04ffff001d0104455468652054696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66207365636f6e64206261696c6f757420666f722062616e6b73ffffffff0100f2052a01000000434104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac00000000")
	if err != nil {
		t.Fatal(err)
	}
	// The extranonces may be any eight bytes of the coinbase.
	j := &wireJob{prev: make([]byte, 32), coinb1: coinbase[:50], coinb2: coinbase[58:], version: 1, ntime: 1231006505, bits: 0x1d00ffff}
	h := j.header(coinbase[50:54], coinbase[54:58])
	copy(h[76:], []byte{0x1d, 0xac, 0x2b, 0x7c}) // 2083236893
	sum := doubleSHA(h)
	var shown [32]byte
	for i, b := range sum {
		shown[31-i] = b
	}
	if got, want := hex.EncodeToString(shown[:]), "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"; got != want {
		t.Fatalf("genesis hashes to %s, want %s", got, want)
	}
	var target [32]byte
	netTarget(j.bits).FillBytes(target[:])
	if !meets(&sum, &target) {
		t.Error("the genesis block does not meet its own target")
	}
	small := targetOf(hashyard.Difficulty(2600 << 32)) // its difficulty is 2536
	if meets(&sum, &small) {
		t.Error("the genesis block meets a target above its difficulty")
	}
}

// TestSharesAreFair: of the shares that are found, one in sixteen is sixteen
// times as good.
func TestSharesAreFair(t *testing.T) {
	t.Parallel()
	m := &wireMiner{en1: []byte{1, 2, 3, 4}, en2Size: 8}
	j := &wireJob{prev: make([]byte, 32), coinb1: []byte("a"), coinb2: []byte("b"), diff: 256}
	good, target := 0, targetOf(j.diff*16)
	const n = 4000
	for range n {
		s, err := m.solveFor(t.Context(), j)
		if err != nil {
			t.Fatal(err)
		}
		if meets(&s.hash, &target) {
			good++
		}
	}
	// Five standard deviations of a binomial count.
	if off := math.Abs(float64(good) - n/16.0); off > 5*math.Sqrt(n/16.0*15/16) {
		t.Errorf("%d of %d shares are 16 times as good, expected %d", good, n, n/16)
	}
}

// TestByRate: work is summed by the period of its job's time; forms of one job
// belong to the earliest.
func TestByRate(t *testing.T) {
	t.Parallel()
	one := hashyard.WorkOf(1000)
	m := newMiner("", "", "")
	for id, at := range map[string]uint32{"5a00": 119, "5a01": 121, "5b00": 121, "5c00": 240} {
		m.jobs[id] = &wireJob{id: id, ntime: at, bits: 0x1d00ffff}
		m.accepted[id] = one
	}
	got := m.byRate(2 * time.Minute)
	want := map[int64]hashyard.Work{0: one.Add(one), 120: one, 240: one}
	for start, w := range want {
		if got[rate{start, "1d00ffff"}] != w {
			t.Errorf("period %d has work %s, want %s", start, got[rate{start, "1d00ffff"}], w)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d rates, want %d: %v", len(got), len(want), got)
	}
}

// TestWorth: the price of work, checked against numbers worked out by hand:
// at the difficulty-1 target, 2^32 units are worth one block.
func TestWorth(t *testing.T) {
	t.Parallel()
	e := epochView{NBits: "1d00ffff", SubsidySats: 2500, FeeSumSats: 7, FeeCount: 2, FeePPM: 20_000}
	got, err := e.worth(hashyard.WorkOf(1 << 33))
	if err != nil {
		t.Fatal(err)
	}
	if want := big.NewRat(2*(2*2500+7), 2); got.Cmp(want) != 0 {
		t.Errorf("two blocks' work is worth %s, want %s", got, want)
	}
	if got := floor(big.NewRat(-7, 2)); got != -4 {
		t.Errorf("floor(-3.5) = %d", got)
	}
}
