package share

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestForwardsSurviveTheCodec(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := Forward{
			Edge: rapid.ByteRange(1, 255).Draw(t, "edge"), Stream: rapid.StringN(1, 40, 255).Draw(t, "stream"),
			After: rapid.Uint64Range(0, 1<<60).Draw(t, "after"),
		}
		var records []Record
		var runs []Run
		for i := range rapid.IntRange(1, 5).Draw(t, "messages") {
			rs := rapid.SliceOfN(rapid.Custom(anyRecord), 0, 4).Draw(t, "records")
			want.Messages, records = append(want.Messages, Encode(rs)), append(records, rs...)
			runs = append(runs, Run{Edge: want.Edge, Stream: want.Stream, Seq: want.After + uint64(i) + 1, N: len(rs)})
		}
		b := want.Encode()
		if len(b) != want.Size() || !IsForward(b) {
			t.Fatalf("%d bytes, said to be %d", len(b), want.Size())
		}
		got, gotRecords, gotRuns, err := DecodeForward(b)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got) + cmp.Diff(records, gotRecords) + cmp.Diff(runs, gotRuns); diff != "" {
			t.Fatal(diff)
		}
		if _, err := Decode(nil, b); err == nil {
			t.Fatal("it reads as records, too")
		}
		if _, _, _, err := DecodeForward(b[:len(b)-1]); err == nil {
			t.Fatal("cut short, it is read")
		}
	})
}

func FuzzDecodeForward(f *testing.F) {
	f.Add(Forward{Edge: 1, Stream: "s", After: 4, Messages: [][]byte{Encode(nil), Encode([]Record{{Code: 0}, {Code: 21, Cause: TipMoved}})}}.Encode())
	f.Add([]byte{forwardVersion, 1, 200})
	f.Fuzz(func(t *testing.T, b []byte) {
		got, records, runs, err := DecodeForward(b)
		if err != nil {
			return
		}
		if !bytes.Equal(got.Encode(), b) {
			t.Fatal("it encodes differently")
		}
		n := 0
		for _, r := range runs {
			n += r.N
		}
		if n != len(records) || len(runs) != len(got.Messages) {
			t.Fatalf("%d records in runs of %d", len(records), n)
		}
	})
}
