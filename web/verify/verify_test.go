package verify

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hashyard"
)

// TestEveryPair enumerates the state machine.
func TestEveryPair(t *testing.T) {
	t.Parallel()
	want := map[State]map[Event]State{
		Unverified: {Submit: Submitted, Suspend: Suspended},
		Submitted:  {Submit: Submitted, Verify: Verified, Refuse: Refused, Suspend: Suspended},
		Verified:   {Submit: Submitted, Suspend: Suspended},
		Refused:    {Submit: Submitted, Suspend: Suspended},
		Suspended:  {Reopen: Submitted, Reinstate: Verified, Suspend: Suspended},
	}
	for _, from := range States() {
		for _, e := range Events() {
			r, err := Record{State: from, Version: 7}.Apply(e)
			to, ok := want[from][e]
			switch {
			case !ok && (!errors.Is(err, hashyard.Conflict) || r.State != from || r.Version != 7):
				t.Errorf("%s by %s: %+v, %v", from, e, r, err)
			case ok && (err != nil || r.State != to || r.Version != 8):
				t.Errorf("%s by %s: %+v, %v; want %s", from, e, r, err, to)
			}
			if slices.Contains(Open(from), e) && (!ok || e == Submit) {
				t.Errorf("the desk may %s from %s", e, from)
			}
		}
	}
	// Nobody gets to trade by their own doing.
	for _, from := range States() {
		if r, err := (Record{State: from}).Apply(Submit); err == nil && r.State == Verified {
			t.Errorf("submitting from %s verifies", from)
		}
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		a, b         string
		close, exact bool
	}{
		{"PETROV, Ivan Sergeevich", "Ivan Sergeevich Petrov", true, true},
		{"Pétrov Ivan Sergéevich", "PETROV, Ivan Sergeevich", true, true},
		{"ＡＣＭＥ Mining", "acme mining", true, true}, // full width, NFKD
		{"ACME MINING, LLC", "Acme Mining GmbH", true, true},
		{"S.A. Holding Minera", "SA Holding Minera", true, true},
		{"Ivan Sergeevich Petrof", "PETROV, Ivan Sergeevich", true, false},
		{"Ivan Sergeyevich Petrov", "PETROV, Ivan Sergeevich", true, false},
		{"Ivan Petrov", "PETROV, Ivan Sergeevich", false, false},
		{"Ivan Ivanov", "PETROV, Ivan", false, false},
		{"Baltic Rigs", "North Hash", false, false},
		{"North Hash", "NORTH HASH MARITIME SHIPPING", false, false},
		{"Al Rashid Trading", "AL-RASHID TRADING EST", true, false},
		{"LLC", "LLC", true, true},
		{"", "x", false, false},
		{"???", "x", false, false},
	} {
		for _, pair := range [][2]string{{tt.a, tt.b}, {tt.b, tt.a}} {
			ppm, exact := Fold(pair[0]).Compare(Fold(pair[1]))
			if (ppm >= CloseFrom) != tt.close || exact != tt.exact {
				t.Errorf("%q and %q: %d ppm, exact %v", pair[0], pair[1], ppm, exact)
			}
		}
	}
}

func TestCompareIsBounded(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.String().Draw(t, "a"), rapid.String().Draw(t, "b")
		f, g := Fold(a), Fold(b)
		x, exact := f.Compare(g)
		y, _ := g.Compare(f)
		if x < 0 || x > whole || y < 0 || y > whole || exact != (len(f.tokens) > 0 && slices.Equal(f.tokens, g.tokens)) {
			t.Fatalf("%q and %q: %d, %d, %v", a, b, x, y, exact)
		}
		if len(f.tokens) > maxTokens || Fold(f.String()).String() != f.String() {
			t.Fatalf("folding %q: %q, then %q", a, f, Fold(f.String()))
		}
		if p, e := f.Compare(f); len(f.tokens) > 0 && (p != whole || !e) {
			t.Fatalf("%q is not like itself: %d", a, p)
		}
	})
}

const sdn = `36,"AEROCARIBBEAN AIRLINES",-0- ,"CUBA",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- 
306,"BANCO NACIONAL DE CUBA",-0- ,"CUBA",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,"a.k.a. 'BNC'."
2674,"ABBAS, Abu","individual","SDGT","Director of PALESTINE LIBERATION FRONT",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,"DOB 10 Dec 1948."
` + "\x1a\n"

func TestParseSDN(t *testing.T) {
	t.Parallel()
	got, err := ParseSDN(strings.NewReader(sdn))
	if err != nil || len(got) != 3 {
		t.Fatalf("%+v, %v", got, err)
	}
	want := Entry{EntNum: 2674, Name: "ABBAS, Abu", Kind: "individual", Program: "SDGT", Remarks: "DOB 10 Dec 1948."}
	if got[2] != want || got[0].Kind != "" || got[0].Remarks != "" {
		t.Errorf("%+v", got)
	}
	latin := strings.ReplaceAll(sdn, "BANCO", "BA\xd1CO")
	if got, err = ParseSDN(strings.NewReader(latin)); err != nil || got[1].Name != "BAÑCO NACIONAL DE CUBA" {
		t.Errorf("Windows-1252: %+v, %v", got, err)
	}
	line := strings.SplitAfter(sdn, "\n")[0]
	for name, bad := range map[string]string{
		"empty": "", "only the mark": "\x1a\n", "no list": "a,b,c\n", "html": "<html>\n<p>404</p>",
		"twice": line + line, "no number": strings.Replace(line, "36", "x", 1), "number below": strings.Replace(line, "36", "-3", 1),
		"no name": strings.Replace(line, "AEROCARIBBEAN AIRLINES", "-0-", 1), "cut": sdn[:len(sdn)/2],
		"long": strings.Replace(line, "AERO", strings.Repeat("A", maxField), 1),
	} {
		if got, err := ParseSDN(strings.NewReader(bad)); !errors.Is(err, hashyard.Invalid) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func FuzzParseSDN(f *testing.F) {
	f.Add([]byte(sdn))
	f.Add([]byte("1,\"a\"\"b\",,,,,,,,,,\n"))
	f.Add([]byte("1,\"never closed"))
	f.Fuzz(func(t *testing.T, b []byte) {
		entries, err := ParseSDN(bytes.NewReader(b))
		if err != nil {
			if !errors.Is(err, hashyard.Invalid) {
				t.Fatalf("not a kind: %v", err)
			}
			return
		}
		for _, e := range entries {
			if e.EntNum <= 0 || len(Fold(e.Name).tokens) == 0 || strings.Contains(e.Name, "\x00") {
				t.Fatalf("%+v", e)
			}
		}
	})
}

func TestDetails(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)
	good := Details{LegalName: " North  Hash Oy ", Country: "fi", Registration: "1234567-8", Owners: []Owner{{Name: "Ann Berg", Country: "se", Born: "1970-02-28", SharePPM: 600_000}}}
	d, err := good.Check(now)
	if err != nil || d.LegalName != "North Hash Oy" || d.Country != "FI" || d.Owners[0].Country != "SE" {
		t.Errorf("%+v, %v", d, err)
	}
	for name, change := range map[string]func(*Details){
		"no name":       func(d *Details) { d.LegalName = " ?! " },
		"long name":     func(d *Details) { d.LegalName = strings.Repeat("a", 201) },
		"control":       func(d *Details) { d.Registration = "1\x002" },
		"country":       func(d *Details) { d.Country = "FIN" },
		"digits":        func(d *Details) { d.Country = "F1" },
		"nobody":        func(d *Details) { d.Owners = nil },
		"crowd":         func(d *Details) { d.Owners = make([]Owner, 51) },
		"owner country": func(d *Details) { d.Owners[0].Country = "" },
		"birthday":      func(d *Details) { d.Owners[0].Born = "1970-02-30" },
		"not born":      func(d *Details) { d.Owners[0].Born = "2027-01-01" },
		"share":         func(d *Details) { d.Owners[0].SharePPM = -1 },
		"more than all": func(d *Details) { d.Owners = append(d.Owners, Owner{Name: "B", Country: "SE", SharePPM: 500_000}) },
	} {
		bad := good
		bad.Owners = slices.Clone(good.Owners)
		change(&bad)
		if _, err := bad.Check(now); !errors.Is(err, hashyard.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
