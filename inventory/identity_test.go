package inventory

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hashyard"
)

func TestNormalSerial(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, in, want string }{
		{"as printed", "SMTTEZUBDJAJG0417", "SMTTEZUBDJAJG0417"},
		{"lower case with space around", " smttezubdjajg0417\r\n", "SMTTEZUBDJAJG0417"},
		{"full-width letters of a phone keyboard", "ＳＭＴＴ－０４１７", "SMTT-0417"},
		{"dashes stay", "AB-12-34", "AB-12-34"},
		{"cyrillic look-alike is refused", "SМTTEZUB0417", ""},
		{"inner space is refused", "SMTT EZUB", ""},
		{"empty", "", ""},
		{"spaces", "   ", ""},
		{"not programmed", "0000000000", ""},
		{"erased flash", "ffffffff", ""},
		{"word for nothing", "n/a", ""},
		{"unknown", "Unknown", ""},
		{"too short", "A1", ""},
		{"too long", strings.Repeat("AB", 33), ""},
		{"huge", strings.Repeat("AB", 10_000), ""},
		{"sql", "A'; DROP TABLE units;--", ""},
		{"nul", "SMTT\x000417", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := NormalSerial(tt.in)
			if tt.want == "" {
				if !errors.Is(err, hashyard.Invalid) {
					t.Fatalf("%q gave %q, %v, want invalid", tt.in, got, err)
				}
				return
			}
			if err != nil || got != tt.want {
				t.Fatalf("%q gave %q, %v, want %q", tt.in, got, err, tt.want)
			}
		})
	}
}

func FuzzNormalSerial(f *testing.F) {
	for _, s := range []string{"SMTTEZUBDJAJG0417", "ＳＭＴＴ", "ﬃ12", "ß123", "ǆABC", "\x00", "İ1234"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := NormalSerial(s)
		if err != nil {
			return
		}
		if strings.Trim(n, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != "" || len(n) < 4 || len(n) > 64 {
			t.Fatalf("%q became %q", s, n)
		}
		if again, err := NormalSerial(n); err != nil || again != n {
			t.Fatalf("%q is not stable: %q, %v", n, again, err)
		}
	})
}

func TestNormalMAC(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"02:AB:cd:00:11:22":    "02:ab:cd:00:11:22",
		"02-AB-CD-00-11-22":    "02:ab:cd:00:11:22",
		"02ab.cd00.1122":       "02:ab:cd:00:11:22",
		"02abcd001122":         "02:ab:cd:00:11:22",
		"00:00:00:00:00:00":    "",
		"ff:ff:ff:ff:ff:ff":    "",
		"02:ab:cd:00:11":       "",
		"02:ab:cd:00:11:22:33": "",
		"zz:ab:cd:00:11:22":    "",
		"":                     "",
	} {
		if got := NormalMAC(in); got != want {
			t.Errorf("%q gave %q, want %q", in, got, want)
		}
	}
}

func FuzzNormalMAC(f *testing.F) {
	f.Add("02:ab:cd:00:11:22")
	f.Add("02ab.cd00.1122")
	f.Fuzz(func(t *testing.T, s string) {
		m := NormalMAC(s)
		if m != "" && (len(m) != 17 || NormalMAC(m) != m) {
			t.Fatalf("%q became %q", s, m)
		}
	})
}

func TestMatchModel(t *testing.T) {
	t.Parallel()
	models := append(StandardModels(), Model{Name: "Antminer S19 95T", Base: "Antminer S19", NominalGHs: 95_000})
	for _, tt := range []struct {
		name, said string
		ideal      hashyard.Hashrate
		want       string
	}{
		{"full name", "Antminer S19 100T", 0, "Antminer S19 100T"},
		{"other spelling", "ANTMINER-S19 (100T)", 0, "Antminer S19 100T"},
		{"base with rate", "Antminer S19", 100.4 * hashyard.TH, "Antminer S19 100T"},
		{"base with the other rate", "Antminer S19", 95 * hashyard.TH, "Antminer S19 95T"},
		{"base without a rate", "Antminer S19", 0, ""},
		{"base with a rate between", "Antminer S19", 80 * hashyard.TH, ""},
		{"another model", "Antminer S19 Pro", 100 * hashyard.TH, ""},
		{"nothing", "", 100 * hashyard.TH, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m, ok := MatchModel(models, tt.said, tt.ideal)
			if ok != (tt.want != "") || m.Name != tt.want {
				t.Fatalf("got %q, %v, want %q", m.Name, ok, tt.want)
			}
		})
	}
}

func TestSight(t *testing.T) {
	t.Parallel()
	org, other, site, now := hashyard.NewID(), hashyard.NewID(), hashyard.NewID(), time.Unix(1_800_000_000, 0)
	id := Identity{Serial: "SMTT0417", MAC: "02:00:00:00:00:01", Model: "Antminer S19", IdealHS: 100 * hashyard.TH, Boards: []string{"B1", "B2B2", "B3B3"}}
	id, err := id.normal()
	if err != nil {
		t.Fatal(err)
	}
	u, c := register(org, hashyard.ID{}, id, StandardModels(), now)
	if err := CheckChain(u, []Custody{c}); err != nil {
		t.Fatal(err)
	}
	if u.Model != "Antminer S19 100T" || u.NominalGHs != 100_000 {
		t.Errorf("model %q, nominal %d", u.Model, u.NominalGHs)
	}
	for _, tt := range []struct {
		name    string
		by      hashyard.ID
		change  func(*Identity)
		foreign bool
		fields  []string
	}{
		{"the same", org, func(*Identity) {}, false, nil},
		{"boards in other slots", org, func(i *Identity) { i.Boards = []string{"B3B3", "", "B2B2"} }, false, nil},
		{"another control board", org, func(i *Identity) { i.MAC = "02:00:00:00:00:02" }, false, []string{"mac"}},
		{"a swapped hashboard", org, func(i *Identity) { i.Boards = []string{"B2B2", "B9B9"} }, false, []string{"boards"}},
		{"mac not reported", org, func(i *Identity) { i.MAC = "" }, false, nil},
		{"another model", org, func(i *Identity) { i.Model = "Avalon A1366" }, false, []string{"model"}},
		{"at somebody else's site", other, func(*Identity) {}, true, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			seen := id
			tt.change(&seen)
			after, got := u.sight(tt.by, site, seen, StandardModels(), now.Add(time.Hour))
			var fields []string
			for _, m := range got.Mismatches {
				fields = append(fields, m.Field)
			}
			if d := cmp.Diff(tt.fields, fields); d != "" {
				t.Errorf("mismatches: %s", d)
			}
			if got.Foreign != tt.foreign || after.Owner != org || after.Custodian != org {
				t.Errorf("foreign %v, owner %s", got.Foreign, after.Owner)
			}
			if moved := after.Site == site; moved == tt.foreign {
				t.Errorf("site moved: %v", moved)
			}
		})
	}
}
