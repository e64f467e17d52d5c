package antminer

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hashyard"
	"hashyard/firmware"
	"hashyard/firmware/cgminer"
	"hashyard/migrations/testdb/need"
)

// The example of RFC 7616, section 3.9.1.
func TestDigestAnswersTheRFCsExample(t *testing.T) {
	t.Parallel()
	c, ok := parseChallenge(`Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5, ` +
		`nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`)
	if !ok {
		t.Fatal("the challenge was not understood")
	}
	c.count = 1
	got := c.answer(firmware.Credentials{User: "Mufasa", Password: "Circle of Life"}, "GET", "/dir/index.html",
		"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ")
	for _, want := range []string{`response="8ca523f5e9506fed4657c9700eebdbec"`, "nc=00000001", "qop=auth", `opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s lacks %s", got, want)
		}
	}
}

func TestParseChallengeRefuses(t *testing.T) {
	t.Parallel()
	for _, h := range []string{"", "Basic realm=x", `Digest realm="x"`, `Digest realm="x", nonce="y", algorithm=SHA-256`} {
		if _, ok := parseChallenge(h); ok {
			t.Errorf("%q was taken", h)
		}
	}
}

func FuzzChallenge(f *testing.F) {
	for _, s := range []string{`Digest realm="a\"b", nonce="n", qop="auth"`, `Digest a=b,c`, `Digest =`, `Digest nonce="`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if c, ok := parseChallenge(s); ok {
			c.authorize(firmware.Credentials{User: "u"}, "GET", "/")
		}
	})
}

func TestConfBodyNamesEverySlot(t *testing.T) {
	t.Parallel()
	conf, _, err := cgminer.Parse([]byte(`{"pools":[],"bitmain-fan-ctrl":true,"bitmain-fan-pwm":"80","bitmain-work-mode":"1","bitmain-freq-level":"100"}`))
	if err != nil {
		t.Fatal(err)
	}
	body, err := confBody(conf, []firmware.PoolSetting{{URL: "stratum+tcp://127.0.0.1:3333", User: "a.b", Password: "s<e>c"}})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"bitmain-fan-ctrl":true,"bitmain-fan-pwm":"80","freq-level":"100","miner-mode":1,"pools":[` +
		`{"url":"stratum+tcp://127.0.0.1:3333","user":"a.b","pass":"s<e>c"},{"url":"","user":"","pass":""},{"url":"","user":"","pass":""}]}`
	if string(body) != want {
		t.Errorf("%s\nwant %s", body, want)
	}
	// Missing settings stay missing, pools never do.
	conf, _, _ = cgminer.Parse([]byte(`{"pools":[],"bitmain-fan-ctrl" : ,}`))
	body, err = confBody(conf, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"pools":[{"url":"","user":"","pass":""},{"url":"","user":"","pass":""},{"url":"","user":"","pass":""}]}`; string(body) != want {
		t.Errorf("%s", body)
	}
}

func TestAcknowledgement(t *testing.T) {
	t.Parallel()
	d := &Device{now: func() time.Time { return time.Unix(0, 0) }}
	for _, tc := range []struct {
		in   string
		kind error
	}{
		{`{"stats":"success","code":"M000","msg":"OK!"}`, nil},
		{`{"success":true}`, nil},
		{`{"stats":"error","code":"M001","msg":"request busy"}`, hashyard.Unavailable},
		{`{"stats":"error","code":"M001","msg":"Illegal request!"}`, hashyard.Conflict},
		{`{"stats":"error","code":"M003","msg":"load conf err"}`, hashyard.Conflict},
		{`{}`, hashyard.Conflict},
	} {
		v, _, err := cgminer.Parse([]byte(tc.in))
		if err != nil {
			t.Fatal(err)
		}
		_, err = d.acknowledgement(v)
		if kind, ok := hashyard.KindOf(err); (tc.kind == nil) != (err == nil) || ok && kind != tc.kind {
			t.Errorf("%s: %v, want %v", tc.in, err, tc.kind)
		}
	}
}

func TestClaims(t *testing.T) {
	t.Parallel()
	rpc := func(kv ...string) *firmware.RPCEvidence {
		ev := &firmware.RPCEvidence{Version: map[string]string{}}
		for i := 0; i < len(kv); i += 2 {
			ev.Version[kv[i]] = kv[i+1]
		}
		return ev
	}
	web := &firmware.WebEvidence{Status: 401, Realm: "antMiner Configuration"}
	for _, tc := range []struct {
		name string
		ev   firmware.Evidence
		want int
	}{
		{"stock, both signals", firmware.Evidence{RPC: rpc("BMMiner", "1.0.0", "Type", "Antminer S19"), Web: web}, 100},
		{"stock, rpc only", firmware.Evidence{RPC: rpc("BMMiner", "1.0.0", "Type", "Antminer S19")}, 50},
		{"older stock", firmware.Evidence{RPC: rpc("CGMiner", "4.9.0", "Type", "Antminer S9k")}, 40},
		{"web only", firmware.Evidence{Web: web}, 50},
		{"luxos keeps the type", firmware.Evidence{RPC: rpc("LUXminer", "2025.4", "Type", "Antminer S19k Pro"), Web: web}, 0},
		{"vnish says so in the type", firmware.Evidence{RPC: rpc("CGMiner", "4.11", "Type", "Antminer S19 XP (Vnish 1.2.7)")}, 0},
		{"avalon", firmware.Evidence{RPC: rpc("CGMiner", "4.11.1", "PROD", "AvalonMiner 15-194")}, 0},
		{"nothing", firmware.Evidence{}, 0},
	} {
		if got := Claims(tc.ev); got.Score != tc.want {
			t.Errorf("%s: %+v, want %d", tc.name, got, tc.want)
		}
	}
}

func corpus(t *testing.T) string {
	dir := os.Getenv("HASHYARD_CORPUS")
	if dir == "" {
		need.Missing(t, need.Corpus, "HASHYARD_CORPUS is unset: no captured replies to read")
	}
	return dir
}

// The expectations are the collector's own assertions on these captures.
func TestCorpusStats(t *testing.T) {
	dir := corpus(t)
	index, err := os.ReadFile(filepath.Join(dir, "INDEX.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, line := range strings.Split(string(index), "\n") {
		f := strings.Split(line, "\t")
		if len(f) < 8 || !strings.HasPrefix(f[0], "antminer-") || !strings.Contains(f[0], "-stats") || strings.Contains(f[0], "chipless") {
			continue // chipless: modified firmware that counts in another unit
		}
		var want struct {
			Hashrate string    `json:"hashrate_hs"`
			Boards   int       `json:"boards"`
			Temps    []float64 `json:"temps"`
			Fans     []int     `json:"fans"`
		}
		if json.Unmarshal([]byte(strings.ReplaceAll(strings.Trim(f[5], `"`), `""`, `"`)), &want) != nil {
			continue
		}
		raw, err := os.ReadFile(filepath.Join(dir, f[0]))
		if err != nil {
			t.Fatal(err)
		}
		reply, err := cgminer.ParseReply(raw)
		if err != nil {
			t.Errorf("%s: %v", f[0], err)
			continue
		}
		checked++
		r := FromStats(reply)
		rate, _ := strconv.ParseFloat(want.Hashrate, 64)
		if r.HashrateReported == nil || math.Abs(float64(*r.HashrateReported)-rate) > 1+rate*1e-9 {
			t.Errorf("%s: hashrate %v, want %s", f[0], r.HashrateReported, want.Hashrate)
		}
		if len(r.Boards) != want.Boards {
			t.Errorf("%s: %d boards, want %d", f[0], len(r.Boards), want.Boards)
		}
		var board, chip []float64
		for _, b := range r.Boards {
			board, chip = append(board, b.TempsBoard...), append(chip, b.TempsChip...)
		}
		if d := cmp.Diff(want.Temps, append(board, chip...)); d != "" {
			t.Errorf("%s temps: %s", f[0], d)
		}
		if d := cmp.Diff(want.Fans, r.Fans); d != "" {
			t.Errorf("%s fans: %s", f[0], d)
		}
	}
	if checked < 8 {
		t.Errorf("only %d captures checked", checked)
	}
	t.Logf("%d captures checked", checked)
}

func TestCorpusWeb(t *testing.T) {
	dir := corpus(t)
	raw, err := os.ReadFile(filepath.Join(dir, "antminer-s19-stock-web_stats.json"))
	if err != nil {
		t.Fatal(err)
	}
	v, _, err := cgminer.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	boards := webBoards(v)
	if len(boards) != 3 || boards[1].Serial != "HASH02" || *boards[1].Chips != 88 || *boards[1].Hashrate != 29600*hashyard.GH {
		t.Errorf("boards %+v", boards)
	}
	var r firmware.Reading
	mergeWeb(&r, v)
	if r.HashrateReported == nil || *r.HashrateReported != 88422*hashyard.GH || *r.HashrateIdeal != 95000*hashyard.GH {
		t.Errorf("reading %+v", r)
	}
	for _, name := range []string{"antminer-s19-stock-web_get_miner_conf.json", "antminer-s19_pro-new-http_cgi_bin_get_miner_conf.json"} {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		conf, _, err := cgminer.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		pools, err := configured(conf)
		if err != nil || len(pools) != Slots {
			t.Errorf("%s: %d slots, %v", name, len(pools), err)
		}
	}
}
