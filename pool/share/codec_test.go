package share

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"hashyard"
)

func anyID(t *rapid.T, label string) hashyard.ID {
	var id hashyard.ID
	copy(id[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, label))
	return id
}

func anyRecord(t *rapid.T) Record {
	r := Record{
		Session: anyID(t, "session"), Account: anyID(t, "account"), Worker: anyID(t, "worker"),
		Unit: anyID(t, "unit"), Epoch: anyID(t, "epoch"),
		At:         time.UnixMilli(rapid.Int64Range(0, 1<<45).Draw(t, "at")).UTC(),
		Difficulty: hashyard.Difficulty(rapid.Uint64().Draw(t, "difficulty")),
		Code:       rapid.SampledFrom([]int{0, 20, 21, 22, 23, 24, 25}).Draw(t, "code"),
		Secret:     rapid.Bool().Draw(t, "secret"),
		Fresh:      rapid.Bool().Draw(t, "fresh"),
	}
	if r.Accepted() {
		if ms := rapid.Int64Range(0, 1<<45).Draw(t, "sent"); ms > 0 {
			r.Sent = time.UnixMilli(ms).UTC()
		}
		copy(r.Hash[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "hash"))
	} else {
		r.Cause = rapid.SampledFrom(Causes()).Draw(t, "cause")
		r.Late = time.Duration(rapid.Uint32().Draw(t, "late")) * time.Millisecond
	}
	return r
}

func TestRecordsSurviveTheCodec(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(rapid.Custom(anyRecord), 0, 20).Draw(t, "records")
		msg := Encode(want)
		if len(msg) > HeaderSize+len(want)*MaxRecordSize {
			t.Fatalf("%d records take %d bytes", len(want), len(msg))
		}
		got, err := Decode([]Record{}, msg)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestDecodeRefusesWhatEncodeCannotWrite(t *testing.T) {
	whole := Encode([]Record{{Code: 0, At: time.UnixMilli(5)}})
	badCode, badFlags := bytes.Clone(whole), bytes.Clone(whole)
	badCode[HeaderSize+96] = 19
	badFlags[HeaderSize+97] = 4
	badCause := Encode([]Record{{Code: 21, Cause: lastOfCauses}})
	cutCause := Encode([]Record{{Code: 21, Cause: TipMoved}})
	cutCause = cutCause[:len(cutCause)-1]
	oldFlags := bytes.Clone(whole[:len(whole)-sentSize])
	oldFlags[0], oldFlags[HeaderSize+97] = sentlessCodec, flagFresh
	for name, msg := range map[string][]byte{
		"empty": {}, "other version": {9}, "cut record": whole[:50], "cut hash": whole[:len(whole)-1],
		"unknown code": badCode, "unknown flag": badFlags, "flag of a later version": oldFlags,
		"unknown cause": badCause, "cut cause": cutCause,
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Decode(nil, msg); err == nil {
				t.Fatal("decoded")
			}
		})
	}
}

// asBefore is what an earlier version made of records.
func asBefore(version byte, records []Record) []byte {
	b := []byte{version}
	for _, r := range records {
		if version == sentlessCodec {
			r.Fresh = false
		}
		one := Append(nil, r)
		switch {
		case !r.Accepted():
			one = one[:len(one)-causeSize]
		case version == sentlessCodec:
			one = one[:len(one)-sentSize]
		}
		b = append(b, one...)
	}
	return b
}

// Shares that wait in a log of the versions before are not lost; what those
// did not write is not known.
func TestOlderMessagesAreRead(t *testing.T) {
	for _, version := range []byte{sentlessCodec, causelessCodec} {
		rapid.Check(t, func(t *rapid.T) {
			want := rapid.SliceOfN(rapid.Custom(anyRecord), 0, 20).Draw(t, "records")
			got, err := Decode([]Record{}, asBefore(version, want))
			if err != nil {
				t.Fatal(err)
			}
			for i := range want {
				want[i].Cause, want[i].Late = NoCause, 0
				if version == sentlessCodec {
					want[i].Sent, want[i].Fresh = time.Time{}, false
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatal(diff)
			}
		})
	}
}

func TestCausesHaveNames(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range Causes() {
		if seen[c.String()] {
			t.Fatalf("two causes are called %s", c)
		}
		seen[c.String()] = true
	}
	if len(seen) != int(lastOfCauses) {
		t.Fatalf("%d causes have %d names", lastOfCauses, len(seen))
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(Encode(nil))
	f.Add(Encode([]Record{{Code: 0, Difficulty: 1 << 20, Secret: true}, {Code: 23}}))
	f.Add(Encode([]Record{{Sent: time.UnixMilli(1 << 40), Fresh: true}}))
	f.Add(Encode([]Record{{Code: 21, Cause: TipMoved, Late: time.Second}}))
	f.Add(asBefore(causelessCodec, []Record{{Code: 0, Fresh: true}, {Code: 23}}))
	f.Add(asBefore(sentlessCodec, []Record{{Code: 0, Difficulty: 1 << 20, Secret: true}, {Code: 23}}))
	f.Add([]byte{1, 2, 3})
	f.Fuzz(func(t *testing.T, msg []byte) {
		got, err := Decode(nil, msg)
		if err != nil {
			return
		}
		again := Encode(got)
		if msg[0] < codecVersion {
			again = asBefore(msg[0], got)
		}
		if !bytes.Equal(again, msg) {
			t.Fatalf("%x decodes to something that encodes differently", msg)
		}
	})
}

func TestCodesHaveText(t *testing.T) {
	seen := map[string]Code{}
	for _, c := range []Code{Accepted, Other, Stale, Duplicate, LowDifficulty, Unauthorised, NotSubscribed} {
		if other, ok := seen[c.String()]; ok {
			t.Fatalf("codes %d and %d read the same", c, other)
		}
		seen[c.String()] = c
	}
}
