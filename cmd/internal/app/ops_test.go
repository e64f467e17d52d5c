package app

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"hashyard"
	"hashyard/cmd/internal/invariants"
	"hashyard/cmd/internal/telemetry"
	"hashyard/pool/stratum/stratumtest"
	"hashyard/web"
)

// states reads a /readyz.
func (y *yard) states(base string) (ready bool, checks map[string]web.State, body string) {
	y.t.Helper()
	code, body := y.get(base+"/readyz", "")
	var doc struct {
		Ready  bool
		Checks map[string]web.State
	}
	if err := json.Unmarshal([]byte(body), &doc); err != nil {
		y.t.Fatalf("%d %s: %v", code, body, err)
	}
	if doc.Ready != (code == http.StatusOK) {
		y.t.Errorf("ready %t with status %d", doc.Ready, code)
	}
	return doc.Ready, doc.Checks, body
}

// become waits until a check of the yard is in a state; what says, to the
// operator, holds the reason.
func (y *yard) become(check string, want web.Condition, what string) {
	y.t.Helper()
	y.await(check, func() error {
		_, inside, _ := y.states(y.ops)
		if s := inside[check]; s.Condition != want || !strings.Contains(s.Reason, what) {
			return fmt.Errorf("%s is %+v, want %s %q", check, s, want, what)
		}
		return nil
	})
	ready, outside, body := y.states(y.web)
	failing := slices.ContainsFunc(outsideStates(outside), func(s web.State) bool { return s.Condition == web.Failing })
	if s := outside[check]; s.Condition != want || s.Since.IsZero() || ready == failing {
		y.t.Errorf("outside %s is %+v, ready %t", check, s, ready)
	}
	if strings.Contains(body, "reason") {
		y.t.Errorf("strangers are told why: %s", body)
	}
}

func outsideStates(m map[string]web.State) []web.State {
	var out []web.State
	for _, s := range m {
		out = append(out, s)
	}
	return out
}

func (y *yard) sql(sql string, args ...any) {
	y.t.Helper()
	if _, err := y.owner.Exec(y.t.Context(), sql, args...); err != nil {
		y.t.Fatal(err)
	}
}

// cut ends the yard's connections, so that the next ones see what changed.
func (y *yard) cut() {
	y.t.Helper()
	y.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
}

// TestReadinessFollowsWhatBreaks breaks everything the yard needs, for real,
// and mends it again.
func TestReadinessFollowsWhatBreaks(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	// Another process takes the orders first.
	y.sql("SELECT pg_advisory_lock(hashtextextended('market', 0))")
	f := y.flags()
	y.serve(f)
	y.become("market", web.Standby, "another process")
	y.sql("SELECT pg_advisory_unlock(hashtextextended('market', 0))")
	for _, c := range []string{"database", "migrations", "market", "sharelog", "jobs", "node", "tip", "signer", "events"} {
		y.become(c, web.Fine, "")
	}

	y.endSigner()
	y.become("signer", web.Degraded, "signer")
	y.startSigner()
	y.become("signer", web.Fine, "")

	shares := filepath.Join(f.Dir, "shares")
	if err := os.Rename(shares, shares+".away"); err != nil {
		t.Fatal(err)
	}
	y.become("sharelog", web.Failing, "share log")
	if err := os.Rename(shares+".away", shares); err != nil {
		t.Fatal(err)
	}
	y.become("sharelog", web.Fine, "")

	y.sql("UPDATE goose_db_version SET is_applied = false WHERE version_id = 130")
	y.become("migrations", web.Failing, "130")
	y.sql("UPDATE goose_db_version SET is_applied = true WHERE version_id = 130")
	y.become("migrations", web.Fine, "")

	// Somebody holds an event and never comes back.
	y.sql(`INSERT INTO outbox (id, kind, ref_kind, at, payload, leased_to)
		VALUES (gen_random_uuid(), 'miner.seen', 'miner', now() - interval '1 minute', '{}', now() + interval '1 hour')`)
	y.become("events", web.Degraded, "1 events are due")
	y.sql("DELETE FROM outbox WHERE leased_to > now() + interval '10 minutes'")
	y.become("events", web.Fine, "")
	y.broken()

	y.sql("ALTER DATABASE " + y.database + " SET default_transaction_read_only = on")
	y.cut()
	y.become("database", web.Failing, "read-only")
	y.sql("SET default_transaction_read_only = off")
	y.sql("ALTER DATABASE " + y.database + " RESET default_transaction_read_only")
	y.cut()
	y.become("database", web.Fine, "")
	y.become("market", web.Fine, "")

	y.chain.Stop()
	y.become("node", web.Failing, "")
}

// broken breaks an invariant, which the figures show, and mends it.
func (y *yard) broken() {
	y.t.Helper()
	shows := func(want string) func() error {
		return func() error {
			if _, body := y.get(y.ops+"/metrics", ""); !strings.Contains(body, want) {
				return fmt.Errorf("no %s", want)
			}
			return nil
		}
	}
	id := hashyard.NewID()
	y.sql("INSERT INTO handled (event_id, handler) VALUES ($1, 'nobody')", id)
	y.await("broken invariant", shows("hashyard_invariant_findings{invariant=\""+orphan(y.t)+"\"} 1"))
	if !strings.Contains(y.log.String(), "invariant broken") {
		y.t.Error("the log does not tell")
	}
	y.sql("DELETE FROM handled WHERE event_id = $1", id)
	y.await("mended invariant", shows("hashyard_invariant_findings{invariant=\""+orphan(y.t)+"\"} 0"))
}

// orphan is the name of the invariant that every handled event exists.
func orphan(t *testing.T) string {
	t.Helper()
	for _, i := range invariants.List() {
		if strings.Contains(i.SQL, "FROM handled h WHERE NOT EXISTS") {
			return i.Name
		}
	}
	t.Fatal("no such invariant")
	return ""
}

// TestOpsIsForThisMachine: the ops listener is never opened to others, and a
// page that has its name resolve here reads nothing.
func TestOpsIsForThisMachine(t *testing.T) {
	t.Parallel()
	for _, addr := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:9600", "localhost:0", "9600"} {
		if l, err := telemetry.Listen(t.Context(), addr); err == nil {
			l.Close()
			t.Errorf("listens on %s", addr)
		}
	}
	y := newYard(t)
	y.serve(y.flags())
	for path, want := range map[string]string{
		"/livez": "ok", "/metrics": "hashyard_build_info", "/debug/pprof/goroutine?debug=1": "goroutine profile", "/dashboards/": "overview.json",
	} {
		if code, body := y.get(y.ops+path, ""); code != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: %d %.200s", path, code, body)
		}
		if code, body := y.get(y.web+path, ""); strings.Contains(body, "goroutine profile") || strings.Contains(body, "hashyard_build_info") {
			t.Errorf("%s is public: %d %.200s", path, code, body)
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, y.ops+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = "evil.example"
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusMisdirectedRequest {
			t.Errorf("%s as evil.example: %d", path, resp.StatusCode)
		}
	}
}

// labels are all that a figure may tell apart. None grows with customers,
// machines or traffic; nodes and ports are those of the settings.
var labels = []string{
	"area", "check", "class", "handler", "invariant", "kind", "le", "method", "node", "part", "peer", "port", "quantile", "reason", "result",
	"role", "route", "state", "version",
}

// most series of one figure: routes times classes of status.
const mostSeries = 1500

var (
	sampleLine = regexp.MustCompile(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$`)
	labelPair  = regexp.MustCompile(`([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"`)
)

// series reads the figures: how many series each has, and what its labels say.
func (y *yard) series() (count map[string]int, says map[string]map[string]bool) {
	y.t.Helper()
	code, body := y.get(y.ops+"/metrics", "")
	if code != http.StatusOK {
		y.t.Fatalf("metrics: %d %s", code, body)
	}
	count, says = map[string]int{}, map[string]map[string]bool{}
	for sc := bufio.NewScanner(strings.NewReader(body)); sc.Scan(); {
		if strings.HasPrefix(sc.Text(), "#") {
			continue
		}
		m := sampleLine.FindStringSubmatch(sc.Text())
		if m == nil {
			y.t.Fatalf("line %q", sc.Text())
		}
		count[m[1]]++
		for _, l := range labelPair.FindAllStringSubmatch(m[2], -1) {
			if says[l[1]] == nil {
				says[l[1]] = map[string]bool{}
			}
			says[l[1]][l[2]] = true
		}
	}
	return count, says
}

// traffic is a crowd whose every name, path and number differs by round.
func (y *yard) traffic(round string, slugs []string) {
	y.t.Helper()
	for i := range 40 {
		odd := fmt.Sprintf("%s-%d", round, i)
		y.get(y.web+"/api/v1/"+odd+"/"+hashyard.NewID().String(), "")
		y.get(y.web+"/"+odd, "")
		y.get(y.web+"/api/v1/trades/"+hashyard.NewID().String(), y.keys["house.desk"])
		y.get(y.web+"/api/v1/units/"+odd, y.keys["seller.owner"])
		y.call(fmt.Sprintf("ODD%s%d", round, i), y.web+"/api/v1/trades", "", "")
		if i < 3 { // each takes its time on purpose
			y.call(http.MethodPost, y.web+"/api/v1/session", "", fmt.Sprintf(`{"email":"%s@x.example","password":"p-%s"}`, odd, odd))
		}
	}
	for _, slug := range slugs {
		for _, path := range []string{"/trades", "/units", "/workers", "/sites", "/orders"} {
			y.get(y.web+"/api/v1"+path, y.keys[slug+".owner"])
		}
	}
	y.mine(round)
}

// mine connects a crowd of machines with names of their own, and sends shares
// of every judgement.
func (y *yard) mine(round string) {
	y.t.Helper()
	ctx, cancel := context.WithTimeout(y.t.Context(), 30*time.Second)
	defer cancel()
	var g errgroup.Group // a refused name is answered slowly
	for i := range 30 {
		g.Go(func() error {
			// Each from an address of its own: one address that sends so much
			// wrong is refused for a while, and the honest machine with it.
			from := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, byte(len(round)), byte(i+2))}}
			c, err := from.DialContext(ctx, "tcp", y.stratum)
			if err != nil {
				return err
			}
			defer c.Close()
			fmt.Fprintf(c, `{"id":1,"method":"mining.subscribe","params":["agent-%s-%d"]}`+"\n", round, i)
			fmt.Fprintf(c, `{"id":2,"method":"mining.authorize","params":["seller.yard.%s%d","x"]}`+"\n", round, i)
			fmt.Fprintf(c, `{"id":3,"method":"mining.submit","params":["seller.yard.%s%d","%d","00000000","00000000","00000000"]}`+"\n", round, i, i)
			sc := bufio.NewScanner(c)
			for answers := 0; answers < 3 && sc.Scan(); {
				if strings.Contains(sc.Text(), `"id":1,`) || strings.Contains(sc.Text(), `"id":2,`) || strings.Contains(sc.Text(), `"id":3,`) {
					answers++
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		y.t.Fatal(err)
	}
	c, err := stratumtest.Dial(ctx, y.stratum)
	if err != nil {
		y.t.Fatal(err)
	}
	defer c.Close()
	if err := c.Handshake(ctx, "seller.yard", "x", 0); err != nil {
		y.t.Fatal(err)
	}
	job := c.Job()
	if job.ID == "" {
		if job, err = c.NextJob(ctx); err != nil {
			y.t.Fatal(err)
		}
	}
	share, err := c.Mine(ctx, job, job.Difficulty, 0)
	if err != nil {
		y.t.Fatal(err)
	}
	if err := c.Submit(ctx, share); err != nil {
		y.t.Fatalf("share: %v", err)
	}
	if err := c.Submit(ctx, share); err == nil {
		y.t.Error("the same share twice")
	}
}

// TestFiguresDoNotGrowWithTraffic: a second crowd, with other names in every
// place where a name fits, makes no new series; and every label is known.
func TestFiguresDoNotGrowWithTraffic(t *testing.T) {
	t.Parallel()
	var first, second []string
	for i := range 12 {
		first, second = append(first, fmt.Sprintf("first%d", i)), append(second, fmt.Sprintf("second%d", i))
	}
	y := newYard(t, slices.Concat(first, second)...)
	y.serve(y.flags())
	y.become("jobs", web.Fine, "")
	y.traffic("alpha", first)
	y.await("booked", func() error {
		if n, _ := y.series(); n["hashyard_share_booked_seconds_count"] == 0 {
			return fmt.Errorf("no share is booked")
		}
		return nil
	})
	y.become("events", web.Fine, "")
	before, _ := y.series()
	y.traffic("beta", second)
	after, says := y.series()
	for name, n := range after {
		if n > mostSeries {
			t.Errorf("%s has %d series", name, n)
		}
		// Handlers and peers are only counted once they did something; those have
		// a bound of their own: the code.
		if strings.HasPrefix(name, "hashyard_") && !strings.Contains(name, "_handler_") && !strings.Contains(name, "_peer_") && n > before[name] {
			t.Errorf("%s grew from %d to %d series", name, before[name], n)
		}
	}
	for label, values := range says {
		if !slices.Contains(labels, label) {
			t.Errorf("label %s is not among the known ones: %v", label, values)
		}
		for v := range values {
			for _, odd := range []string{"alpha", "beta", "second", "ODD", "yard.", "@"} {
				if strings.Contains(v, odd) {
					t.Errorf("label %s says %q", label, v)
				}
			}
			if len(v) > 100 || regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}`).MatchString(v) {
				t.Errorf("label %s says %q", label, v)
			}
		}
	}
	if after["hashyard_http_requests_total"] < 10 || after["hashyard_shares_total"] != 7 || after["hashyard_payouts"] != 7 {
		t.Errorf("figures are missing: %v", after)
	}
}
