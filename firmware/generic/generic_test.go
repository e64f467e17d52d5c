package generic

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hashyard"
	"hashyard/firmware"
	"hashyard/firmware/cgminer"
	"hashyard/migrations/testdb/need"
)

func read(t *testing.T, name string) cgminer.Reply {
	t.Helper()
	dir := os.Getenv("HASHYARD_CORPUS")
	if dir == "" {
		need.Missing(t, need.Corpus, "HASHYARD_CORPUS is unset: no captured replies to read")
	}
	raw, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	r, err := cgminer.ParseReply(raw)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestIdentityIsNeverGuessed(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]firmware.Identity{
		`{"CGMiner":"4.11.1","API":"3.7"}`: {Family: Name, Firmware: "4.11.1"},
		`{"CGMiner":"4.11.1","API":"3.7","PROD":"AvalonMiner 15-194","MODEL":"15-194","VERSION":"24102401_25462b2_9ddf522","DNA":"020100008c699117","MAC":"b4a2eb123456"}`: {
			Family: Name, Serial: "020100008c699117", MAC: "b4:a2:eb:12:34:56", Model: "AvalonMiner 15-194", Firmware: "24102401_25462b2_9ddf522",
		},
		`{"CGMiner":"4.11.1","DNA":"unknown","MAC":"000000000000"}`: {Family: Name, Firmware: "4.11.1"},
	} {
		v, _, err := cgminer.Parse([]byte(in))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, fromVersion(v)); d != "" {
			t.Errorf("%s: %s", in, d)
		}
	}
}

// The collector's figures: hashrate_hs is the average, temps are the module's
// own and then its boards' means.
func TestCorpusAvalon(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		file   string
		rate   float64
		boards int
		env    float64
	}{
		{"avalon-7xx-stock-poolsplussummaryplusstats.json", 47071128800000, 10, 38},
		{"avalon-8xx-stock-poolsplussummaryplusstats.json", 36588896320000, 3, 36},
		{"avalon-10xx-stock-poolsplussummaryplusstats-2.json", 0, 2, 18},
	} {
		reply := read(t, tc.file)
		var r firmware.Reading
		fromSummary(&r, reply.Parts["summary"])
		fromModules(&r, reply.Parts["stats"])
		switch {
		case tc.rate == 0 && r.HashrateAverage != nil:
			t.Errorf("%s: nan was read as %v", tc.file, *r.HashrateAverage)
		case tc.rate > 0 && (r.HashrateAverage == nil || math.Abs(float64(*r.HashrateAverage)/tc.rate-1) > 1e-9):
			t.Errorf("%s: average %v, want %g", tc.file, r.HashrateAverage, tc.rate)
		}
		if len(r.Boards) != tc.boards || r.EnvironmentTemp == nil || *r.EnvironmentTemp != tc.env {
			t.Errorf("%s: %d boards, environment %v", tc.file, len(r.Boards), r.EnvironmentTemp)
		}
	}
}

func TestCorpusAvalon1566(t *testing.T) {
	t.Parallel()
	var r firmware.Reading
	r.Boards = boards(read(t, "avalon-1566-24102401_25462b2_9ddf522-rpc_devs.json"))
	if len(r.Boards) != 1 || r.Boards[0].TempsBoard != nil {
		t.Errorf("a sensor at -273 °C was believed: %+v", r.Boards)
	}
	fromModules(&r, read(t, "avalon-1566-24102401_25462b2_9ddf522-rpc_stats.json"))
	if len(r.Boards) != 3 || *r.Boards[2].Hashrate != hashyard.Hashrate(63139.66)*hashyard.GH || r.Power == nil || *r.Power != 3731 {
		t.Errorf("%+v", r)
	}
	if d := cmp.Diff([]int{4275, 4282}, r.Fans); d != "" {
		t.Error(d)
	}
}

func TestCorpusBoards(t *testing.T) {
	t.Parallel()
	b := boards(read(t, "whatsminer-m31s-new_firmware-edevs.json"))
	if len(b) != 3 || b[0].Serial != "BJM1FS69630721K31122" || b[0].Chips == nil || *b[0].Chips != 105 {
		t.Errorf("%+v", b)
	}
	var r firmware.Reading
	fromSummary(&r, read(t, "whatsminer-m31s-new_firmware-summary.json"))
	if r.Power == nil || *r.Power != 3552 || *r.EnvironmentTemp != 7 || r.HashrateReported == nil {
		t.Errorf("%+v", r)
	}
	// What was not reported is null in JSON, never 0.
	text, err := json.Marshal(firmware.Reading{})
	if err != nil || string(text) != `{"at":"0001-01-01T00:00:00Z"}` {
		t.Errorf("%s %v", text, err)
	}
}

func TestClaims(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		version map[string]string
		want    int
	}{
		"avalon":   {map[string]string{"API": "3.7", "CGMiner": "4.11.1", "PROD": "p", "MODEL": "m", "DNA": "d", "MAC": "x"}, 90},
		"plain":    {map[string]string{"API": "3.7", "CGMiner": "4.11.1"}, 30},
		"antminer": {map[string]string{"API": "3.1", "BMMiner": "1.0.0", "Type": "Antminer S19"}, 5},
		"no api":   {map[string]string{}, 0},
	} {
		ev := firmware.Evidence{RPC: &firmware.RPCEvidence{Version: tc.version}}
		if got := Claims(ev); got.Score != tc.want {
			t.Errorf("%s: %+v, want %d", name, got, tc.want)
		}
	}
	if got := Claims(firmware.Evidence{}); got.Score != 0 {
		t.Errorf("%+v", got)
	}
}
