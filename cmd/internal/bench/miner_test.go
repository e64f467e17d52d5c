//go:build linux

package bench

import (
	"encoding/hex"
	"testing"
)

// units of a difficulty as Stratum shows it.
func units(difficulty float64) uint64 { return uint64(difficulty * (1 << 32)) }

// The worked share of the Stratum reference: what the load hashes is what a
// miner hashes.
func TestTheLoadHashesWhatMinersHash(t *testing.T) {
	h := func(s string) []byte { return []byte(s) }
	var w work
	err := w.header(
		h("c4d5e6f78091a2b34c5d6e7f08192a3bc4d5e6f70001a2b30000000000000000"),
		h("02000000010000000000000000000000000000000000000000000000000000000000000000ffffffff1803a0bb0d062f41434d452f0c"),
		h("ffffffff02205fa01200000000160014751e76e8199196d454941c45d1b3a323f1433bd60000000000000000266a24aa21a9ede2f61c3f71d1defd3fa999dfa36953755c690689799962b48bebd836974e8cf900000000"),
		[][]byte{h("709b55bd3da0f5a838125bd0ee20c5bfdd7caba173912d4281cae816b79a201b")},
		h("20000000"), h("17023a04"), h("68a7c001"), []byte{0xf0, 0, 0, 0x0f},
	)
	if err != nil {
		t.Fatal(err)
	}
	// Its difficulty is 0.75247: it meets that, and no more.
	w.target = leTarget(units(0.75246))
	w.nonce = 0x0564cd8f - 1
	if nonce := w.mine(); nonce != 0x0564cd8f {
		t.Errorf("nonce %08x is found, want 0564cd8f", nonce)
	}
	const want = "0060c720f7e6d5c4b3a291807f6e5d4c3b2a1908f7e6d5c4b3a20100000000000000000057b77386e3773d3ded43e978d2fedcd36fd9764793d95696149d1bb7a4b12e0e01c0a768043a02178fcd6405"
	if got := hex.EncodeToString(w.head[:]); got != want {
		t.Errorf("header %s\nwant   %s", got, want)
	}
	hash := sha256d(w.head[:])
	if above := leTarget(units(0.75248)); meets(&hash, &above) {
		t.Error("the share meets more than its difficulty")
	}
}

func TestOddNotifiesAreErrors(t *testing.T) {
	for _, line := range []string{
		``, `{"method":"mining.notify"}`, `{"method":"mining.notify","params":[]}`,
		`{"method":"mining.notify","params":["1","00","","",[],"20000000","17023a04","68a7c001",true]}`,
		`{"method":"mining.notify","params":["1","` + zeros + `","zz","",[],"20000000","17023a04","68a7c001",true]}`,
		`{"method":"mining.notify","params":["1","` + zeros + `","","",["00"],"20000000","17023a04","68a7c001",true]}`,
		`{"method":"mining.notify","params":["1","` + zeros + `","","",["` + zeros + `00"],"20000000","17023a04","68a7c001",true]}`,
	} {
		m := miner{notify: []byte(line), units: 4}
		if line == "" {
			m.notify = []byte("?")
		}
		if err := m.take(map[uint64][32]byte{}); err == nil {
			t.Errorf("%s is taken", line)
		}
	}
}
