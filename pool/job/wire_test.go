package job

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hashyard"
)

func wireJob(t testing.TB) *Job {
	t.Helper()
	j, err := New(Template{
		Version: 0x20000000, PrevHash: [32]byte{7}, Height: 101, NBits: 0x207fffff, MinTime: 1000, Value: 5000,
		Txs: [][]byte{{1, 2, 3}, {4}}, TxIDs: [][32]byte{{1}, {2}}, WitnessCommitment: []byte{0x6a, 1, 2},
	}, Params{
		Seq: 77, Epoch: hashyard.NewID(), Script: []byte{0x51}, Tag: "/t/", Clean: true, NTime: 2000,
		RefuseAfter: time.Unix(3000, 0).UTC(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// An edge's copy of a job is the same to its miners and makes the same blocks.
func TestJobsSurviveTheWire(t *testing.T) {
	j := wireJob(t)
	b, err := j.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(j, got, cmp.AllowUnexported(Job{})); diff != "" {
		t.Error(diff)
	}
	m := j.Mark(3, [SaltSize]byte{9})
	en2 := [Extranonce2Size]byte{1, 2}
	if diff := cmp.Diff(j.Block([80]byte{5}, m, [4]byte{6}, en2), got.Block([80]byte{5}, m, [4]byte{6}, en2)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(string(j.AppendNotify(nil, m, true)), string(got.AppendNotify(nil, m, true))); diff != "" {
		t.Error(diff)
	}
}

func FuzzDecodeJob(f *testing.F) {
	b, err := wireJob(f).Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(b[:len(b)/2])
	f.Fuzz(func(t *testing.T, b []byte) {
		j, err := Decode(b)
		if err != nil {
			return
		}
		m := j.Mark(0, [SaltSize]byte{})
		j.AppendNotify(nil, m, false)
		j.Block([80]byte{}, m, [4]byte{}, [Extranonce2Size]byte{})
		var v Verdict
		Verify(j, m, [4]byte{}, 0, &Submit{}, 0, &v)
	})
}
