package devchain

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestJournalGivesBackWhatItTook(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		path := filepath.Join(t.TempDir(), journalFile)
		var want [][]byte
		j, err := openJournal(path, func(record) error { return errors.New("a new journal is empty") })
		if err != nil {
			r.Fatal(err)
		}
		for range rapid.IntRange(0, 6).Draw(r, "records") {
			payload := rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(r, "payload")
			if err := j.append(record{kindBlock, payload}); err != nil {
				r.Fatal(err)
			}
			want = append(want, payload)
		}
		if err := j.close(); err != nil {
			r.Fatal(err)
		}
		// A crash may leave any part of one more record.
		torn := encodeRecord(record{kindBlock, []byte("torn")})
		torn = torn[:rapid.IntRange(0, len(torn)-1).Draw(r, "torn")]
		raw, err := os.ReadFile(path)
		if err != nil {
			r.Fatal(err)
		}
		if err := os.WriteFile(path, append(raw, torn...), 0o600); err != nil {
			r.Fatal(err)
		}
		var got [][]byte
		j, err = openJournal(path, func(rec record) error {
			got = append(got, append([]byte{}, rec.payload...))
			return nil
		})
		if err != nil {
			r.Fatal(err)
		}
		if err := j.close(); err != nil {
			r.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			r.Fatal(diff)
		}
		if info, err := os.Stat(path); err != nil || info.Size() != int64(len(raw)) {
			r.Fatalf("torn tail is still there: %v %v", info, err)
		}
	})
}

func TestJournalThatCannotWriteTakesNothingMore(t *testing.T) {
	path := filepath.Join(t.TempDir(), journalFile)
	j, err := openJournal(path, func(record) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	if err := j.close(); err != nil {
		t.Fatal(err)
	}
	first := j.append(record{kindBlock, nil})
	if first == nil || j.append(record{kindBlock, nil}) == nil {
		t.Error("a closed file took a record")
	}
}

func FuzzReadRecord(f *testing.F) {
	f.Add(encodeRecord(record{kindBlock, []byte("block")}))
	f.Add([]byte{255, 255, 255, 255, 1})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, raw []byte) {
		r := bufio.NewReader(bytes.NewReader(raw))
		rec, size, ok, err := readRecord(r)
		if err != nil && !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		if ok && !bytes.Equal(encodeRecord(rec), raw[:size]) {
			t.Fatal("record does not encode to what was read")
		}
	})
}

func FuzzDecodeWorld(f *testing.F) {
	f.Add([]byte(`{"version":1,"genesis_time":1,"salt":"0011223344556677","bits":490446590,"subsidy_sats":2500,"work_scale":1,"bootstrap":[{"script":"6a","sats":0}]}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if w, err := decodeWorld(raw); err == nil {
			chainParams(w) // must not panic on what was accepted
		}
	})
}
