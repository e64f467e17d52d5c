package cgminer

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"hashyard"
	"hashyard/migrations/testdb/need"
)

// plain turns a value into what encoding/json would make of it.
func plain(v Value) any {
	switch v.Kind {
	case Null:
		return nil
	case Bool:
		return v.text == "true"
	case Number:
		f, _ := v.Float()
		return f
	case String:
		return v.text
	case Array:
		out := []any{}
		for _, item := range v.items {
			out = append(out, plain(item))
		}
		return out
	}
	out := map[string]any{}
	for _, m := range v.members {
		out[m.Key] = plain(m.Value)
	}
	return out
}

func TestParseForgivesEachDefect(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, in, want, defect string }{
		{"missing comma between objects", `{"S":[{"a":1}{"b":2}]}`, `{"S":[{"a":1},{"b":2}]}`, "missing comma"},
		{"missing comma between members", `{"a":"x""temp0":3}`, `{"a":"x","temp0":3}`, "missing comma"},
		{"doubled quote before a key", `{"a":1,""temp0":3}`, `{"a":1,"temp0":3}`, "doubled quote"},
		{"nan", `{"a":nan,"b":1}`, `{"a":null,"b":1}`, "not a number"},
		{"minus inf", `{"a":-inf,"b":1}`, `{"a":null,"b":1}`, "not a number"},
		{"poolbinance survives", `{"URL":"stratum+tcp://poolbinance.com:443","info":"inf nan"}`, `{"URL":"stratum+tcp://poolbinance.com:443","info":"inf nan"}`, ""},
		{"invalid escape", `{"v":"\'2020\'"}`, `{"v":"'2020'"}`, "invalid escape"},
		{"newline in a string", "{\"t\":\"a\nb\"}", `{"t":"a\nb"}`, "control character in string"},
		{"empty value", `{"f" : ,"g":1}`, `{"f":null,"g":1}`, "empty value"},
		{"trailing comma in object", `{"a":1,}`, `{"a":1}`, "stray comma"},
		{"leading comma in array", `{"S":[,{"a":1}]}`, `{"S":[{"a":1}]}`, "stray comma"},
		{"leading comma of the reply", `,"id":1}`, `{"id":1}`, "missing opening brace"},
		{"truncated number", `{"a":1,"b":12`, `{"a":1,"b":null}`, "truncated value"},
		{"truncated string", `{"a":1,"b":"poo`, `{"a":1,"b":null}`, "truncated string"},
		{"truncated list", `{"a":[{"b":1},`, `{"a":[{"b":1}]}`, "truncated array"},
		{"list written as dictionary", `{"error_code":["131":"2020-01-01"],"x":1}`, `{"error_code":[{"131":"2020-01-01"}],"x":1}`, "list written as dictionary"},
		{"rubbish behind", `{"id":1}"}`, `{"id":1}`, "bytes after the reply"},
		{"missing bracket", `{"S":[{"a":1},"id":1}`, `{"S":[{"a":1},{"id":1}]}`, "list written as dictionary"},
		{"unquoted key", `{a:1}`, `{"a":1}`, "unquoted key"},
		{"escapes that are right", `{"u":"stratum+tcp:\/\/x \u00e9 \ud83d\ude00"}`, `{"u":"stratum+tcp://x é 😀"}`, ""},
		{"lone surrogate", `{"u":"\ud83dx"}`, `{"u":"\ufffdx"}`, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			v, defects, err := Parse([]byte(tc.in))
			if err != nil {
				t.Fatal(err)
			}
			var want any
			if err := json.Unmarshal([]byte(tc.want), &want); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, plain(v)); d != "" {
				t.Error(d)
			}
			if tc.defect == "" && len(defects) > 0 {
				t.Errorf("defects in sound input: %v", defects)
			}
			if tc.defect != "" && !strings.Contains(fmt.Sprint(defects), tc.defect) {
				t.Errorf("defects %v, want %q among them", defects, tc.defect)
			}
		})
	}
}

func TestParseRefusesWhatIsNoReply(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"", "  ", "Socket connect failed: Connection refused", "<html>", "12", strings.Repeat("[", 1000)} {
		if v, _, err := Parse([]byte(in)); err == nil {
			t.Errorf("Parse(%.20q) = %v, want an error", in, v)
		}
	}
}

func TestDuplicateKeys(t *testing.T) {
	t.Parallel()
	v, _, err := Parse([]byte(`{"a":1,"b":2,"a":3}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := v.Get("a").Text(); got != "3" {
		t.Errorf("Get(a) = %s, want the last", got)
	}
	if got := len(v.All("a")); got != 2 {
		t.Errorf("All(a) has %d, want 2", got)
	}
}

// Sound JSON must mean exactly what encoding/json reads in it, without defects.
func TestParseAgreesWithJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in, err := json.Marshal(drawJSON(t, 3, true))
		if err != nil {
			t.Fatal(err)
		}
		var want any
		if err := json.Unmarshal(in, &want); err != nil {
			t.Fatal(err)
		}
		v, defects, err := Parse(in)
		if err != nil || len(defects) > 0 {
			t.Fatalf("Parse(%s): %v, defects %v", in, err, defects)
		}
		if d := cmp.Diff(want, plain(v)); d != "" {
			t.Fatalf("%s: %s", in, d)
		}
	})
}

func drawJSON(t *rapid.T, depth int, container bool) any {
	kind := rapid.IntRange(0, 5).Draw(t, "kind")
	if container {
		kind = 4 + kind%2
	}
	switch {
	case kind == 4 && depth > 0:
		n := rapid.IntRange(0, 4).Draw(t, "n")
		out := make([]any, n)
		for i := range out {
			out[i] = drawJSON(t, depth-1, false)
		}
		return out
	case kind == 5 && depth > 0:
		out := map[string]any{}
		for range rapid.IntRange(0, 4).Draw(t, "n") {
			out[rapid.String().Draw(t, "key")] = drawJSON(t, depth-1, false)
		}
		return out
	case kind == 0:
		return rapid.Float64Range(-1e300, 1e300).Draw(t, "f")
	case kind == 1:
		return rapid.Bool().Draw(t, "b")
	case kind == 2:
		return nil
	}
	return rapid.String().Draw(t, "s")
}

func TestFloat(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		in   Value
		want float64
		ok   bool
	}{
		{Value{Kind: Number, text: "13630.55"}, 13630.55, true},
		{Value{Kind: String, text: "13630.55"}, 13630.55, true},
		{Value{Kind: String, text: "524K"}, 524e3, true},
		{Value{Kind: String, text: "8.19K"}, 8190, true},
		{Value{Kind: String, text: "1600M"}, 1.6e9, true},
		{Value{Kind: String, text: "3250 W"}, 3250, true},
		{Value{Kind: String, text: "58.94W"}, 58.94, true},
		{Value{Kind: String, text: "4052.00 RPM"}, 4052, true},
		{Value{Kind: String, text: "82.0 °C"}, 82, true},
		{Value{Kind: Number, text: "1.5e10"}, 1.5e10, true},
		{Value{Kind: Number, text: "-273"}, -273, true},
		{Value{Kind: String, text: ""}, 0, false},
		{Value{Kind: String, text: "-"}, 0, false},
		{Value{Kind: String, text: "14-39-15-40"}, 0, false},
		{Value{Kind: String, text: "1e999"}, 0, false},
		{Value{}, 0, false},
	} {
		if got, ok := tc.in.Float(); got != tc.want || ok != tc.ok {
			t.Errorf("%q: %g %v, want %g %v", tc.in.text, got, ok, tc.want, tc.ok)
		}
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	for in, want := range map[string][]float64{
		"14-39-15-40": {14, 39, 15, 40}, "-": nil, "": nil, "-40--39": {-40, -39}, "55": {55},
	} {
		if d := cmp.Diff(want, (Value{Kind: String, text: in}).Numbers()); d != "" {
			t.Errorf("%q: %s", in, d)
		}
	}
}

func TestTime(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		in   string
		want time.Time
		ok   bool
	}{
		{"1592273789", time.Unix(1592273789, 0).UTC(), true},
		{"0", time.Time{}, false},
		{"975", time.Time{}, false},
		{"0:00:27", now.Add(-27 * time.Second), true},
		{"3:20:33", now.Add(-(3*time.Hour + 20*time.Minute + 33*time.Second)), true},
		{"Tue Jun 16 10:16:42 2020\n", time.Date(2020, 6, 16, 10, 16, 42, 0, time.UTC), true},
		{"Tue Oct 16 02:35:08 2018n", time.Date(2018, 10, 16, 2, 35, 8, 0, time.UTC), true},
		{"", time.Time{}, false},
	} {
		got, ok := (Value{Kind: String, text: tc.in}).Time(now)
		if ok != tc.ok || ok && !got.Equal(tc.want) {
			t.Errorf("%q: %v %v, want %v %v", tc.in, got, ok, tc.want, tc.ok)
		}
	}
}

// A difficulty printed in full comes back to the unit.
func TestWorkIsExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		units := rapid.Uint64Range(0, 1<<53).Draw(t, "units")
		text := fmt.Sprintf("%.32f", math.Ldexp(float64(units), -32))
		w, ok := (Value{Kind: Number, text: text}).Work()
		if !ok || w != hashyard.WorkOf(hashyard.Difficulty(units)) {
			t.Fatalf("%s is %s, want %d", text, w, units)
		}
	})
	for in, want := range map[string]string{"1": "4294967296", "1.5e10": "64424509440000000000", "1e-999999999": "0"} {
		if w, ok := (Value{Kind: Number, text: in}).Work(); !ok || w.String() != want {
			t.Errorf("%s: %s %v, want %s", in, w, ok, want)
		}
	}
}

func TestBrackets(t *testing.T) {
	t.Parallel()
	v := Value{Kind: String, text: "Ver[1047-2005] DNA[02010000cb231da8] SYSTEMSTATU[Work: In Work, Hash Board: 2 ] Temp[18] GHSmm[37470.98] MGHS[1.5 2.5]"}.Brackets()
	if got := v.Get("DNA").Text(); got != "02010000cb231da8" {
		t.Errorf("DNA %q", got)
	}
	if f, ok := v.Get("GHSmm").Float(); !ok || f != 37470.98 {
		t.Errorf("GHSmm %v %v", f, ok)
	}
	if d := cmp.Diff([]float64{1.5, 2.5}, v.Get("MGHS").Fields()); d != "" {
		t.Error(d)
	}
}

func corpus(t testing.TB) string {
	dir := os.Getenv("HASHYARD_CORPUS")
	if dir == "" {
		need.Missing(t, need.Corpus, "HASHYARD_CORPUS is unset: no captured replies to read")
	}
	return dir
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`{"STATUS":[{"STATUS":"S","When":1,"Code":22,"Msg":"m"}],"VERSION":[{"API":"3.7"}{"x":nan}],"id":1}`,
		`STATUS=S,When=1,Code=22,Msg=x|VERSION,CGMiner=4.11.1,API=3.7|`, `,"id":1}`, `{"a":[":`, `{"a":"\u12`, `{]`, `[}`,
	} {
		f.Add([]byte(s))
	}
	if dir := os.Getenv("HASHYARD_CORPUS"); dir != "" {
		names, _ := filepath.Glob(filepath.Join(dir, "antminer-*-stats*.json"))
		for _, n := range names {
			if b, err := os.ReadFile(n); err == nil {
				f.Add(b)
			}
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<16 {
			return
		}
		r, err := ParseReply(b)
		if err != nil {
			return
		}
		for _, s := range r.Sections {
			for _, row := range s.Rows {
				for _, m := range row.Members() {
					m.Value.Float()
					m.Value.Work()
					m.Value.Time(time.Unix(0, 0))
					m.Value.Numbers()
					m.Value.Brackets()
				}
			}
		}
		// Sound JSON keeps its meaning.
		var want any
		if json.Valid(b) && json.Unmarshal(b, &want) == nil && (b[0] == '{' || b[0] == '[') {
			v, _, err := Parse(b)
			if err != nil {
				return // too deep
			}
			if d := cmp.Diff(want, plain(v)); d != "" && !strings.Contains(string(b), `\u0000`) {
				t.Fatalf("%s: %s", b, d)
			}
		}
	})
}
