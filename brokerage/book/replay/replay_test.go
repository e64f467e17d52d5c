package replay

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hashyard"
)

func TestRun(t *testing.T) {
	t.Parallel()
	in := "\xef\xbb\xbf# a story\n" + `
{"op":"new","id":"a1","side":"sell","price":1850000,"qty":10,"owner":"x","aon":true}
{"op":"ADD","id":2,"side":"Buy","price":1.85e6,"qty":"4","owner":"y","tif":"GTC"}
{"op":"new","id":"b2","side":"bid","price":1850000,"qty":10,"stp":"cancel-oldest"}
{"op":"modify","id":2,"qty":3}
{"op":"cancel","id":2,"owner":"z"}
{"op":"mass_cancel","owner":"y"}
{"op":"halt"}
{"op":"new","id":"c","side":"sell","price":90,"qty":1}
{"op":"new","id":"d","side":"buy","price":100,"qty":2,"tif":"gtd","expires":9}
{"op":"resume","reference":95}
{"op":"expire","time":9}
{"op":"new","id":"e","side":"buy","qty":1,"type":"market","tif":"ioc"}`
	want := `{"seq":1,"line":3,"event":"rested","id":"a1","price":1850000,"left":10}
{"seq":2,"line":4,"event":"rested","id":"2","price":1850000,"left":4}
{"seq":3,"line":5,"event":"filled","id":"b2","maker":"a1","price":1850000,"qty":10,"left":0,"maker_left":0}
{"seq":4,"line":6,"event":"replaced","id":"2","price":1850000,"left":3}
{"seq":5,"line":7,"event":"refused","id":"2","reason":"unknown"}
{"seq":6,"line":8,"event":"closed","id":"2","left":3,"reason":"cancelled"}
{"seq":7,"line":9,"event":"halted"}
{"seq":8,"line":10,"event":"rested","id":"c","price":90,"left":1}
{"seq":9,"line":11,"event":"rested","id":"d","price":100,"left":2}
{"seq":10,"line":12,"event":"resumed"}
{"seq":11,"line":12,"event":"auctioned","price":95,"qty":1}
{"seq":12,"line":12,"event":"filled","id":"d","maker":"c","price":95,"qty":1,"left":1,"maker_left":0}
{"seq":13,"line":13,"event":"closed","id":"d","left":1,"reason":"expired"}
{"seq":14,"line":14,"event":"closed","id":"e","left":1,"reason":"unfilled"}
`
	var out bytes.Buffer
	if err := Run(strings.NewReader(in), &out, Config{}); err != nil {
		t.Fatal(err)
	}
	got, last, _ := strings.Cut(out.String(), `{"event":"end"`)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if !strings.Contains(last, `"commands":12,"resting":0,"hash":"`) {
		t.Errorf("end: %s", last)
	}
}

func TestDepth(t *testing.T) {
	t.Parallel()
	in := `{"op":"new","id":1,"side":"sell","price":101,"qty":2}
{"op":"new","id":2,"side":"sell","price":100,"qty":3}`
	var out bytes.Buffer
	if err := Run(strings.NewReader(in), &out, Config{Depth: true}); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out.String(), "\n")
	want := `{"event":"depth","line":2,"best_bid":null,"best_ask":{"price":100,"qty":3,"orders":1},"bids":[],"asks":[{"price":100,"qty":3,"orders":1},{"price":101,"qty":2,"orders":1}]}`
	if d := cmp.Diff(want, lines[3]); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// TestBadLines: whoever wrote the file is told where and what, and what came
// before is played.
func TestBadLines(t *testing.T) {
	t.Parallel()
	good := `{"op":"new","id":1,"side":"sell","price":101,"qty":2}` + "\n"
	for line, says := range map[string]string{
		`{"op":"new","id":1,"side":"sell","price":1.5,"qty":2}`: "whole number",
		`{"op":"new","id":1,"side":"up","price":1,"qty":2}`:     "side",
		`{"op":"new","id":1,"price":1,"qty":2}`:                 "side",
		`{"op":"new","side":"buy","price":1,"qty":2}`:           "id",
		`{"op":"sell"}`: "one of new",
		`{"op":"new","id":1,"side":"buy","price":1,"qty":2,"all":true}`: "all",
		`{"op":"new","id":1,"side":"buy","price":9e99,"qty":2}`:         "fits",
		`{"op":"new","id":1,"side":"buy","price":1e-999999999,"qty":2}`: "whole number",
		`{"op":"new","id":{},"side":"buy","price":1,"qty":2}`:           "text",
		`{"op":"expire"}`:              "time",
		`{"op":"halt"} {"op":"halt"}`:  "more",
		`[]`:                           "no command",
		strings.Repeat("x", maxLine+1): "bytes",
	} {
		var out bytes.Buffer
		err := Run(strings.NewReader(good+line), &out, Config{})
		if !errors.Is(err, hashyard.Invalid) || !strings.Contains(err.Error(), "line 2") || !strings.Contains(err.Error(), says) {
			t.Errorf("%.60s: %v", line, err)
		}
		if !strings.Contains(out.String(), `"rested"`) {
			t.Errorf("%.60s: the line before is lost", line)
		}
	}
}

// FuzzRun: no file breaks it, and every line of the output is JSON.
func FuzzRun(f *testing.F) {
	f.Add([]byte(`{"op":"new","id":"a1","side":"sell","price":1850000,"qty":10,"owner":"x","aon":true}`))
	f.Add([]byte(`{"op":"new","id":2,"side":"Buy","price":1.85e6,"qty":"4","type":"market","collar":0}` + "\n" + `{"op":"resume","reference":-1}`))
	f.Add([]byte(`{"op":"halt"}` + "\n" + `{"op":"new","id":2,"side":"b","price":9223372036854775807,"qty":2147483648,"lot":2147483648}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		var out bytes.Buffer
		if err := Run(bytes.NewReader(in), &out, Config{Depth: true}); err != nil && !errors.Is(err, hashyard.Invalid) {
			t.Fatal(err)
		}
		for l := range bytes.Lines(out.Bytes()) {
			if !json.Valid(l) {
				t.Fatalf("not JSON: %s", l)
			}
		}
	})
}
