package stratum

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const ordinary = `{"params": ["acme.rig", "1bf400", "0000000000000001", "68a7c001", "0564cd8f"], "id": 4, "method": "mining.submit"}`

func texts(r submitRequest) []string {
	out := make([]string, 0, 7)
	for _, f := range [][]byte{r.id, r.user, r.job, r.extranonce2, r.ntime, r.nonce, r.bits} {
		out = append(out, string(f))
	}
	return out
}

func TestSubmitSpellings(t *testing.T) {
	want := []string{"4", "acme.rig", "1bf400", "0000000000000001", "68a7c001", "0564cd8f", ""}
	for name, c := range map[string]struct {
		line string
		fast bool
		want []string
	}{
		"cgminer":   {ordinary, true, want},
		"compact":   {`{"id":4,"method":"mining.submit","params":["acme.rig","1bf400","0000000000000001","68a7c001","0564cd8f"]}`, true, want},
		"carriage":  {ordinary + "\r", true, want},
		"text id":   {`{"method":"mining.submit","id":"a b","params":["u","j","e","t","n","b"]}`, true, []string{`"a b"`, "u", "j", "e", "t", "n", "b"}},
		"bits":      {`{"id":0,"method":"mining.submit","params":["u","j","e","t","n","00002000"]}`, true, []string{"0", "u", "j", "e", "t", "n", "00002000"}},
		"jsonrpc":   {`{"jsonrpc":"2.0","id":1,"method":"mining.submit","params":["u","j","e","t","n"]}`, true, []string{"1", "u", "j", "e", "t", "n", ""}},
		"other key": {`{"id":1,"method":"mining.submit","params":["u","j","e","t","n"],"worker":"w"}`, false, []string{"1", "u", "j", "e", "t", "n", ""}},
		"escape":    {`{"id":1,"method":"mining.submit","params":["\u0075","j","e","t","n"]}`, false, []string{"1", "u", "j", "e", "t", "n", ""}},
		"null id":   {`{"id":null,"method":"mining.submit","params":["u","j","e","t","n"]}`, false, []string{"null", "u", "j", "e", "t", "n", ""}},
		"no id":     {`{"method":"mining.submit","params":["u","j","e","t","n"]}`, false, []string{"null", "u", "j", "e", "t", "n", ""}},
		"float id":  {`{"id":1.5e3,"method":"mining.submit","params":["u","j","e","t","n"]}`, false, []string{"1.5e3", "u", "j", "e", "t", "n", ""}},
		"list id":   {`{"id":[1],"method":"mining.submit","params":["u","j","e","t","n"]}`, false, []string{"[1]", "u", "j", "e", "t", "n", ""}},
		"null bits": {`{"id":1,"method":"mining.submit","params":["u","j","e","t","n",null]}`, false, []string{"1", "u", "j", "e", "t", "n", ""}},
		"seven":     {`{"id":1,"method":"mining.submit","params":["u","j","e","t","n","b","x"]}`, false, []string{"1", "u", "j", "e", "t", "n", "b"}},
		"object":    {`{"id":1,"method":"mining.submit","params":{"a":1}}`, false, []string{"1", "", "", "", "", "", ""}},
		"twice":     {`{"id":1,"id":2,"method":"mining.submit","params":["u","j","e","t","n"]}`, false, []string{"2", "u", "j", "e", "t", "n", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			var got submitRequest
			if fast := parseSubmit([]byte(c.line), &got); fast != c.fast {
				t.Fatalf("read fast is %v", fast)
			}
			if c.fast {
				if diff := cmp.Diff(c.want, texts(got)); diff != "" {
					t.Fatal(diff)
				}
			}
			r, err := parseRequest([]byte(c.line))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, texts(r.submit())); diff != "" {
				t.Fatal(diff)
			}
		})
	}
}

// FuzzLine: neither reader crashes, and what the fast one understands the slow
// one understands alike.
func FuzzLine(f *testing.F) {
	f.Add([]byte(ordinary))
	f.Add([]byte(`{"id":1,"id":2,"method":"mining.submit","params":["u","j","e","t","n","b"]}`))
	f.Add([]byte(`{"id":01,"method":"mining.submit","params":["u","j","e","t","n"]} x`))
	f.Add([]byte(`{"ID":1,"Method":"mining.submit","PARAMS":["u"]}`))
	f.Add([]byte(`[]`))
	f.Add([]byte("{\"id\":1,\"method\":\"mining.submit\",\"params\":[\"\xff\",\"\\u0000\",\"e\",\"t\",\"n\"]}"))
	f.Add([]byte(`{"id":{"a":[1,2]},"method":"mining.suggest_difficulty(5)","params":["1e3"]}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		var fast submitRequest
		ok := parseSubmit(line, &fast)
		r, err := parseRequest(line)
		if err != nil {
			if ok {
				t.Fatalf("%q: read fast, but %v", line, err)
			}
			return
		}
		slow := r.submit()
		_, _ = r.number(0)
		if !ok {
			return
		}
		if r.method != submitMethod {
			t.Fatalf("%q: read fast, but the method is %q", line, r.method)
		}
		if diff := cmp.Diff(texts(slow), texts(fast)); diff != "" {
			t.Fatalf("%q: %s", line, diff)
		}
		if (fast.bits == nil) != (slow.bits == nil) {
			t.Fatalf("%q: bits are nil: %v, %v", line, fast.bits == nil, slow.bits == nil)
		}
	})
}

func TestParseSubmitDoesNotAllocate(t *testing.T) {
	line := []byte(ordinary)
	var r submitRequest
	if n := testing.AllocsPerRun(100, func() {
		if !parseSubmit(line, &r) {
			t.Fatal("not read")
		}
	}); n != 0 {
		t.Fatalf("%v allocations", n)
	}
}

func BenchmarkParseSubmit(b *testing.B) {
	line := []byte(`{"params": ["acme.S19-0000000001", "1bf4001bf400", "0000000000000001", "68a7c001", "0564cd8f", "00c76000"], "id": 4, "method": "mining.submit"}`)
	var r submitRequest
	b.ReportAllocs()
	for b.Loop() {
		if !parseSubmit(line, &r) {
			b.Fatal("not read")
		}
	}
}

// The eight bytes at once say the same as each byte alone, up to the first one
// that is not plain.
func TestPlainTextEightAtATime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		edge := rapid.OneOf(rapid.Byte(), rapid.SampledFrom([]byte{0, 0x1f, 0x20, '"', '"' + 1, '\\', '\\' - 1, 0x7e, 0x7f, 0x80, 0xff}))
		b := rapid.SliceOfN(edge, 8, 8).Draw(t, "bytes")
		want := slices.IndexFunc(b, func(c byte) bool { return !plain(c) })
		got := -1
		if m := special(binary.LittleEndian.Uint64(b)); m != 0 {
			got = bits.TrailingZeros64(m) / 8
		}
		if got != want {
			t.Fatalf("%x: first special byte at %d, want %d", b, got, want)
		}
	})
}
