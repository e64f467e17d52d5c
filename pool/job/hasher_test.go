package job

import (
	"crypto/sha256"
	"testing"

	"pgregory.net/rapid"
)

func TestHasherIsSHA256d(t *testing.T) {
	fast, plain := newHasher(), newHasher()
	if fast.state == nil {
		t.Error("this build's SHA-256 shows its state in an unknown form: verification runs at the slow pace")
	}
	plain.state = nil
	for n := range hashRoom + 1 {
		message := make([]byte, n)
		for i := range message {
			message[i] = byte(i*7 + n)
		}
		once := sha256.Sum256(message)
		want := sha256.Sum256(once[:])
		for name, k := range map[string]*hasher{"fast": fast, "plain": plain} {
			copy(k.buf[:], message)
			if got := k.double(n); got != want {
				t.Fatalf("%s, %d bytes: %x, want %x", name, n, got, want)
			}
		}
	}
}

// TestVerdictsDoNotDependOnTheLastOne: the hasher is used again and again, for
// messages of many sizes.
func TestVerdictsDoNotDependOnTheLastOne(t *testing.T) {
	jobs := []*Job{make1(t, 0), make1(t, 1), make1(t, 7), benchJob()}
	rapid.Check(t, func(t *rapid.T) {
		var used Verdict
		for range rapid.IntRange(1, 6).Draw(t, "shares") {
			j := rapid.SampledFrom(jobs).Draw(t, "job")
			s := Submit{Nonce: rapid.Uint32().Draw(t, "nonce"), NTime: j.NTime}
			var fresh Verdict
			Verify(j, Mark{}, [4]byte{1}, 0, &s, int64(j.NTime), &used)
			Verify(j, Mark{}, [4]byte{1}, 0, &s, int64(j.NTime), &fresh)
			if used.Hash != fresh.Hash || used.Header != fresh.Header || used.Code != fresh.Code {
				t.Fatalf("%x after others, %x alone", used.Hash, fresh.Hash)
			}
		}
	})
}
