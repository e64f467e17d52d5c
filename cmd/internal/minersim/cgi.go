package minersim

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	webRealm    = "antMiner Configuration"
	webUser     = "root"
	webPassword = "root"
)

// webHandler is the vendor's web interface behind digest sign-in.
func (m *machine) webHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /cgi-bin/get_system_info.cgi", m.systemInfo)
	mux.HandleFunc("GET /cgi-bin/get_miner_conf.cgi", m.getConf)
	mux.HandleFunc("POST /cgi-bin/set_miner_conf.cgi", m.setConf)
	mux.HandleFunc("GET /cgi-bin/stats.cgi", m.webStats)
	mux.HandleFunc("GET /cgi-bin/summary.cgi", m.webSummary)
	mux.HandleFunc("GET /cgi-bin/pools.cgi", func(w http.ResponseWriter, _ *http.Request) {
		w.Write(m.encode(m.do("pools", "", time.Now()), true, time.Now()))
	})
	mux.HandleFunc("GET /cgi-bin/pool_protect.cgi", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"status": "warning", "message": "Suppot pool protect, but disable"}`+"\n")
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "<html><head><title>Ant Miner</title></head><body></body></html>\n")
	})
	gate := &digestGate{user: webUser, password: webPassword, next: mux}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if m.is.slow && !wait(r.Context(), m.slowness()) {
			return
		}
		w.Header().Set("Server", "lighttpd/1.4.32")
		gate.ServeHTTP(w, r)
	})
}

// digestGate lets signed requests through (RFC 7616, MD5, qop=auth).
type digestGate struct {
	user, password string
	next           http.Handler
	nonces         nonceBook
}

func (g *digestGate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if g.signed(r) {
		g.next.ServeHTTP(w, r)
		return
	}
	var raw [16]byte
	_, _ = rand.Read(raw[:]) // never fails
	nonce := hex.EncodeToString(raw[:])
	g.nonces.issue(nonce)
	w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Digest realm="%s", nonce="%s", qop="auth"`, webRealm, nonce))
	http.Error(w, "401 - Unauthorized", http.StatusUnauthorized)
}

func (g *digestGate) signed(r *http.Request) bool {
	rest, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Digest ")
	if !ok {
		return false
	}
	p := map[string]string{}
	for _, part := range splitQuoted(rest) {
		k, v, _ := strings.Cut(strings.TrimSpace(part), "=")
		p[k] = strings.Trim(v, `"`)
	}
	if p["username"] != g.user || p["realm"] != webRealm || p["uri"] != r.RequestURI || !g.nonces.known(p["nonce"]) {
		return false
	}
	ha1 := md5hex(g.user + ":" + webRealm + ":" + g.password)
	ha2 := md5hex(r.Method + ":" + p["uri"])
	return p["qop"] == "auth" &&
		p["response"] == md5hex(strings.Join([]string{ha1, p["nonce"], p["nc"], p["cnonce"], "auth", ha2}, ":"))
}

func (m *machine) writeJSON(w http.ResponseWriter, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		m.log.Error("cgi answer does not encode", "error", err)
		http.Error(w, "500 - Internal Server Error", http.StatusInternalServerError)
		return
	}
	// The scripts print a blank line too many, and lighttpd no content type.
	w.Header()["Content-Type"] = nil
	w.Write(append([]byte("\n"), append(b, '\n')...))
}

func (m *machine) systemInfo(w http.ResponseWriter, _ *http.Request) {
	m.mu.Lock()
	address := m.st.Address.String()
	m.mu.Unlock()
	m.writeJSON(w, row{
		{"minertype", m.st.Model},
		{"nettype", "DHCP"},
		{"netdevice", "eth0"},
		{"macaddr", strings.ToUpper(m.st.MAC)},
		{"hostname", "Antminer"},
		{"ipaddress", address},
		{"netmask", "255.255.255.0"},
		{"gateway", ""},
		{"dnsservers", ""},
		{"system_mode", "GNU/Linux"},
		{"system_kernel_version", "Linux 4.6.0-xilinx-gff8137b-dirty #25 SMP PREEMPT Fri Nov 23 15:30:52 CST 2018"},
		{"system_filesystem_version", compileTime},
		{"firmware_type", "Release"},
		{"serinum", m.st.Serial},
	})
}

func (m *machine) getConf(w http.ResponseWriter, _ *http.Request) {
	m.mu.Lock()
	pools := append([]Pool(nil), m.st.Saved...)
	m.mu.Unlock()
	for len(pools) < 3 {
		pools = append(pools, Pool{})
	}
	m.writeJSON(w, row{
		{"pools", pools},
		{"api-listen", true},
		{"api-network", true},
		{"api-groups", "A:stats:pools:devs:summary:version"},
		{"api-allow", "A:0/0,W:*"},
		{"bitmain-fan-ctrl", false},
		{"bitmain-fan-pwm", "100"},
		{"bitmain-use-vil", true},
		{"bitmain-freq", "675"},
		{"bitmain-voltage", "1400"},
		{"bitmain-ccdelay", "0"},
		{"bitmain-pwth", "0"},
		{"bitmain-work-mode", "0"},
		{"bitmain-freq-level", "100"},
	})
}

// setConf does what the vendor's shell script does with the body, mistakes
// included.
func (m *machine) setConf(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequest))
	if err != nil {
		return
	}
	now := time.Now()
	m.mu.Lock()
	if now.Before(m.busyUntil) {
		m.mu.Unlock()
		m.writeJSON(w, row{{"stats", "error"}, {"code", "M001"}, {"msg", "request busy"}})
		return
	}
	m.busyUntil = now.Add(m.sim.timing.WriteTime + m.sim.timing.BusyAfter)
	m.mu.Unlock()
	update, ok := readConfBody(body)
	if !ok {
		m.writeJSON(w, row{{"stats", "error"}, {"code", "M001"}, {"msg", "Illegal request!"}})
		return
	}
	if !wait(r.Context(), m.sim.timing.WriteTime) {
		return
	}
	m.mu.Lock()
	m.applyConf(update)
	m.reload(true)
	m.sim.changed()
	m.mu.Unlock()
	m.writeJSON(w, row{{"stats", "success"}, {"code", "M000"}, {"msg", "OK!"}})
}

// confUpdate is the three slots as the script understood them; nil keeps.
type confUpdate [3]struct{ URL, User, Pass *string }

// readConfBody reads as "read -n" does, up to the first newline, then as jq.
// The words are unquoted: one blank inside a string cuts the text short, jq
// fails on it and every field reads as empty, which is not the same as absent.
func readConfBody(body []byte) (u confUpdate, ok bool) {
	line, _, _ := strings.Cut(string(body), "\n")
	var conf struct {
		Pools []struct {
			URL  *string `json:"url"`
			User *string `json:"user"`
			Pass *string `json:"pass"`
		} `json:"pools"`
	}
	if line == "" || json.Unmarshal([]byte(line), &conf) != nil {
		return u, false
	}
	empty, blank := "", false
	for _, p := range conf.Pools {
		for _, s := range []*string{p.URL, p.User, p.Pass} {
			blank = blank || s != nil && strings.ContainsAny(*s, " \t")
		}
	}
	for i := range u {
		switch {
		case blank:
			u[i].URL, u[i].User, u[i].Pass = &empty, &empty, &empty
		case i < len(conf.Pools):
			u[i].URL, u[i].User, u[i].Pass = conf.Pools[i].URL, conf.Pools[i].User, conf.Pools[i].Pass
		}
	}
	return u, true
}

// applyConf writes the stored configuration; absent fields keep their value. A
// stubborn machine keeps its second and third slot. Callers hold mu.
func (m *machine) applyConf(u confUpdate) {
	saved := make([]Pool, 3)
	copy(saved, m.st.Saved)
	for i := range saved {
		if i > 0 && m.is.stubborn {
			break
		}
		for _, f := range []struct{ to, from *string }{
			{&saved[i].URL, u[i].URL}, {&saved[i].User, u[i].User}, {&saved[i].Password, u[i].Pass},
		} {
			if f.from != nil && *f.from != "null" { // what jq prints for absent
				*f.to = *f.from
			}
		}
	}
	m.st.Saved = saved
}

func (m *machine) webStats(w http.ResponseWriter, _ *http.Request) {
	now := time.Now()
	m.mu.Lock()
	f := m.look(now)
	m.mu.Unlock()
	var chain []row
	for i, b := range f.boards {
		chain = append(chain, row{
			{"index", i},
			{"freq_avg", fixed(b.frequency, 0)},
			{"rate_ideal", fixed(b.ideal, 2)},
			{"rate_real", fixed(b.rate, 2)},
			{"asic_num", b.chips},
			{"temp_pic", below(b, 20)},
			{"temp_pcb", below(b, 15)},
			{"temp_chip", below(b, 0)},
			{"hw", b.hwErrors},
			{"eeprom_loaded", !b.dead},
			{"sn", b.serial},
			{"hwp", fixed(0, 4)},
		})
	}
	m.writeJSON(w, row{
		{"STATUS", row{{"STATUS", "S"}, {"when", now.Unix()}, {"Msg", "stats"}, {"api_version", "1.0.0"}}},
		{"INFO", m.info()},
		{"STATS", []row{{
			{"elapsed", f.elapsed},
			{"rate_5s", fixed(f.recent, 2)},
			{"rate_30m", fixed(f.average, 2)},
			{"rate_avg", fixed(f.average, 2)},
			{"rate_ideal", fixed(f.ideal, 2)},
			{"rate_unit", "GH/s"},
			{"chain_num", len(chain)},
			{"fan_num", len(f.fans)},
			{"fan", f.fans},
			{"hwp_total", fixed(0, 4)},
			{"miner-mode", 0},
			{"freq-level", 100},
			{"chain", chain},
		}}},
	})
}

func below(b boardFigures, degrees float64) [4]int {
	var out [4]int
	for i, t := range b.temps {
		if !b.dead {
			out[i] = int(t - degrees)
		}
	}
	return out
}

func (m *machine) info() row {
	return row{{"miner_version", minerVersion}, {"CompileTime", compileTime}, {"type", m.st.Model}}
}

func (m *machine) webSummary(w http.ResponseWriter, _ *http.Request) {
	now := time.Now()
	m.mu.Lock()
	f := m.look(now)
	m.mu.Unlock()
	ok := func(kind string) row { return row{{"type", kind}, {"status", "s"}, {"code", 0}, {"msg", ""}} }
	m.writeJSON(w, row{
		{"STATUS", row{{"STATUS", "S"}, {"when", now.Unix()}, {"Msg", "summary"}, {"api_version", "1.0.0"}}},
		{"INFO", m.info()},
		{"SUMMARY", []row{{
			{"elapsed", f.elapsed},
			{"rate_5s", fixed(f.recent, 2)},
			{"rate_30m", fixed(f.average, 2)},
			{"rate_avg", fixed(f.average, 2)},
			{"rate_ideal", fixed(f.ideal, 2)},
			{"rate_unit", "GH/s"},
			{"hw_all", f.hwErrors},
			{"bestshare", strconv.FormatFloat(f.best, 'f', 0, 64)},
			{"status", []row{ok("rate"), ok("network"), ok("fans"), ok("temp")}},
		}}},
	})
}
