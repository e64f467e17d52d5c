package job

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"testing"

	"hashyard"
	"hashyard/migrations/testdb/need"
	"hashyard/pool/share"
)

// vector is the worked share of a real layout, hashed again by hand.
func vector(t testing.TB) (*Job, Mark, [4]byte, Submit) {
	t.Helper()
	prev := [32]byte(unhex(t, "c4d5e6f78091a2b34c5d6e7f08192a3bc4d5e6f70001a2b30000000000000000"))
	target, err := TargetFromBits(0x17023a04)
	if err != nil {
		t.Fatal(err)
	}
	j := &Job{
		PrevHash: swapWords(prev), Version: 0x20000000, NBits: 0x17023a04, NTime: 0x68a7c001, MinTime: 0x68a7c001,
		Coinb1:    unhex(t, "02000000010000000000000000000000000000000000000000000000000000000000000000ffffffff1803a0bb0d062f41434d452f0c"),
		Coinb2:    unhex(t, "ffffffff02205fa01200000000160014751e76e8199196d454941c45d1b3a323f1433bd60000000000000000266a24aa21a9ede2f61c3f71d1defd3fa999dfa36953755c690689799962b48bebd836974e8cf900000000"),
		Branches:  [][32]byte{[32]byte(unhex(t, "709b55bd3da0f5a838125bd0ee20c5bfdd7caba173912d4281cae816b79a201b"))},
		NetTarget: target,
	}
	var s Submit
	if !s.Parse([]byte("0000000000000001"), []byte("68a7c001"), []byte("0564cd8f"), []byte("00c76000")) {
		t.Fatal("the vector does not parse")
	}
	// The vector's last bytes before the extranonces stand for our mark.
	cut := len(j.Coinb1) - MarkSize
	mark := Mark(j.Coinb1[cut:])
	j.Coinb1 = j.Coinb1[:cut]
	return j, mark, [4]byte(unhex(t, "f000000f")), s
}

func TestWorkedVector(t *testing.T) {
	j, mark, en1, s := vector(t)
	var v Verdict
	Verify(j, mark, en1, RollMask, &s, 0x68a7c001, &v)
	const header = "0060c720f7e6d5c4b3a291807f6e5d4c3b2a1908f7e6d5c4b3a20100000000000000000057b77386e3773d3ded43e978d2fedcd36fd9764793d95696149d1bb7a4b12e0e01c0a768043a02178fcd6405"
	if got := hex.EncodeToString(v.Header[:]); got != header {
		t.Fatalf("header %s", got)
	}
	shown := v.Hash
	slices.Reverse(shown[:])
	if got := hex.EncodeToString(shown[:]); got != "00000001543551646a2b39a0d80765f94a1ef4d0c0bc263bffc68a97a06063d3" {
		t.Fatalf("hash %s", got)
	}
	if d := v.Difficulty() / (1 << 32); math.Abs(d-0.75247) > 1e-5 {
		t.Fatalf("difficulty %v", d)
	}
	if v.Code != share.Accepted || v.Block {
		t.Fatalf("code %d, block %v", v.Code, v.Block)
	}
	three := hashyard.Difficulty(3 << 30).Target() // 0.75
	more := hashyard.Difficulty(3232392387).Target()
	if !Meets(&v.Hash, &three) || Meets(&v.Hash, &more) {
		t.Fatal("the hash meets 0.75 and not 0.7526")
	}
}

func TestRulesOfTimeAndVersion(t *testing.T) {
	j, mark, en1, base := vector(t)
	j.MinTime = 1000
	const now = 5000
	for name, c := range map[string]struct {
		ntime, bits, mask uint32
		want              share.Code
	}{
		"least time":         {1000, 0, RollMask, share.Accepted},
		"below median":       {999, 0, RollMask, share.Other},
		"two hours ahead":    {now + 7200, 0, RollMask, share.Accepted},
		"further ahead":      {now + 7201, 0, RollMask, share.Other},
		"all bits":           {2000, RollMask, RollMask, share.Accepted},
		"outside the mask":   {2000, 0x20000000, RollMask, share.Other},
		"outside its own":    {2000, 0x00002000, 0x1fff0000, share.Other},
		"nothing negotiated": {2000, 0x00002000, 0, share.Other},
	} {
		t.Run(name, func(t *testing.T) {
			s := base
			s.NTime, s.VersionBits = c.ntime, c.bits
			var v Verdict
			Verify(j, mark, en1, c.mask, &s, now, &v)
			if v.Code != c.want {
				t.Fatalf("code %d, want %d", v.Code, c.want)
			}
			if want := sha256.Sum256(v.Header[:]); v.Hash != sha256.Sum256(want[:]) {
				t.Fatal("a refused share was not hashed")
			}
		})
	}
}

func TestBlocksAreSeenWhateverTheCode(t *testing.T) {
	j := make1(t, 2)
	for nonce := range uint32(64) {
		s := Submit{NTime: 1, Nonce: nonce} // far too old
		var v Verdict
		Verify(j, j.Mark(0, [SaltSize]byte{}), [4]byte{}, 0, &s, 1_700_000_000, &v)
		if v.Block != (v.Hash[31] < 0x80) { // regtest's limit
			t.Fatalf("hash %x is a block: %v", v.Hash, v.Block)
		}
		if v.Block && v.Code == share.Other {
			return
		}
	}
	t.Fatal("no block in 64 tries of one in two")
}

func TestParseIsStrict(t *testing.T) {
	good := [4]string{"0000000000000001", "68a7c001", "0564cd8f", "00c76000"}
	for name, c := range map[string]struct {
		field int
		value string
		want  bool
	}{
		"as is": {0, good[0], true}, "upper case": {2, "0564CD8F", true},
		"short en2": {0, "00000001", false}, "long en2": {0, good[0] + "00", false}, "en2 not hex": {0, "000000000000000g", false},
		"prefix": {1, "0x68a7c0", false}, "short ntime": {1, "8a7c001", false}, "blank": {1, " 68a7c01", false},
		"long nonce": {2, "00564cd8f", false}, "empty nonce": {2, "", false}, "control bytes": {2, "\x10564cd8f", false},
		"at sign": {2, "@564cd8f", false}, "backtick": {2, "`564cd8f", false},
		"bits": {3, "1fffe000", true}, "short bits": {3, "c76000", false},
	} {
		t.Run(name, func(t *testing.T) {
			f := good
			f[c.field] = c.value
			var s Submit
			if got := s.Parse([]byte(f[0]), []byte(f[1]), []byte(f[2]), []byte(f[3])); got != c.want {
				t.Fatalf("parsed is %v", got)
			}
		})
	}
	var s Submit
	if !s.Parse([]byte(good[0]), []byte(good[1]), []byte(good[2]), nil) || s.VersionBits != 0 {
		t.Fatal("version bits are optional")
	}
}

func FuzzParse(f *testing.F) {
	f.Add("0000000000000001", "68a7c001", "0564cd8f", "00c76000")
	f.Add("", "0X", "\xff", "G")
	f.Fuzz(func(t *testing.T, en2, ntime, nonce, bits string) {
		var s Submit
		if !s.Parse([]byte(en2), []byte(ntime), []byte(nonce), []byte(bits)) {
			return
		}
		lower := func(b string) string {
			raw, err := hex.DecodeString(b)
			if err != nil {
				t.Fatalf("%q parsed: %v", b, err)
			}
			return hex.EncodeToString(raw)
		}
		if hex.EncodeToString(s.Extranonce2[:]) != lower(en2) || fmt.Sprintf("%08x", s.NTime) != lower(ntime) ||
			fmt.Sprintf("%08x", s.Nonce) != lower(nonce) || fmt.Sprintf("%08x", s.VersionBits) != lower(bits) {
			t.Fatalf("%q %q %q %q parse to %+v", en2, ntime, nonce, bits, s)
		}
	})
}

// benchJob is the size the target is set for: 500-byte coinbase, 12 branches.
func benchJob() *Job {
	j := &Job{Version: 0x20000000, NBits: 0x17023a04, Branches: make([][32]byte, 12)}
	j.Coinb1, j.Coinb2 = make([]byte, 200-MarkSize), make([]byte, 500-200-extranonceSize)
	return j
}

func BenchmarkVerify(b *testing.B) {
	j, en1, s := benchJob(), [4]byte{1}, Submit{}
	var v Verdict
	b.ReportAllocs()
	for b.Loop() {
		s.Nonce++
		Verify(j, Mark{}, en1, RollMask, &s, 0, &v)
	}
}

// BenchmarkVerifyFloor is as many Sum256 calls on buffers of the same sizes.
func BenchmarkVerifyFloor(b *testing.B) {
	var cb [500]byte
	var pair [64]byte
	var header [80]byte
	b.ReportAllocs()
	for b.Loop() {
		h := sha256.Sum256(cb[:])
		h = sha256.Sum256(h[:])
		for range 12 {
			copy(pair[:], h[:])
			h = sha256.Sum256(pair[:])
			h = sha256.Sum256(h[:])
		}
		copy(header[36:], h[:])
		h = sha256.Sum256(header[:])
		sink = sha256.Sum256(h[:])
	}
}

var sink [32]byte

func TestVerifyDoesNotAllocate(t *testing.T) {
	if raceEnabled {
		need.ByDesign(t, "the race detector's build allocates in crypto/sha256")
	}
	j, en1, s := benchJob(), [4]byte{1}, Submit{}
	var v Verdict
	if n := testing.AllocsPerRun(100, func() { Verify(j, Mark{}, en1, RollMask, &s, 0, &v) }); n != 0 {
		t.Fatalf("%v allocations a share", n)
	}
}
