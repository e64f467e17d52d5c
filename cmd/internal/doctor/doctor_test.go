package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"

	"hashyard/brokerage/treasury/signer"
	"hashyard/migrations/testdb"
	"hashyard/pool/node/devchain"
	"hashyard/pool/node/devchain/devchaintest"
	"hashyard/pool/share"
	"hashyard/pool/sharelog"
)

func TestMain(m *testing.M) { testdb.Main(m) }

// patient is an installation in good health, real in every part that runs on
// one machine.
func patient(t *testing.T) Config {
	t.Helper()
	name, dir := testdb.Database(t), t.TempDir()
	cfg := Config{
		DatabaseURL: testdb.AppURL(name), OwnerURL: testdb.OwnerURL(name),
		ServeDir: filepath.Join(dir, "serve"), SignerDir: filepath.Join(dir, "signer"),
		Listen: free(t), Stratum: free(t), Ops: "off", PoolKey: strings.Repeat("k", 32), Stopped: true,
		ChainUser: "u", ChainPassword: "p", SignerSecret: "s", LocalChain: true, Temp: t.TempDir(),
		StripeKey: "sk_test_1", StripeWebhookSecret: "whsec_1", StripeURL: "http://127.0.0.1:1",
	}
	ctx := t.Context()
	log, err := sharelog.Open(ctx, sharelog.Config{Dir: filepath.Join(cfg.ServeDir, "shares")})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(cfg.ServeDir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := log.Append(ctx, share.Record{At: time.Now().UTC().Truncate(time.Millisecond), Difficulty: 1 << 32}); err != nil {
		t.Fatal(err)
	}
	stream, seq := log.Position()
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	owner(t, cfg, "UPDATE pool_checkpoints SET stream = $1, seq = $2", stream, int64(seq))
	s, err := signer.New(signer.Config{Dir: cfg.SignerDir, Network: &chaincfg.RegressionNetParams, Now: time.Now, Limits: signer.Limits{PerPayout: 1000, PerDay: 2000, MaxFee: 500}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	ss := httptest.NewServer(signer.Handler(s, "s", slog.New(slog.DiscardHandler)))
	t.Cleanup(ss.Close)
	cfg.SignerURL = ss.URL
	c, err := devchain.Open(devchain.Config{Dir: filepath.Join(dir, "chain"), Bits: devchaintest.InstantBits})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	cs := httptest.NewServer(c.Handler("u", "p"))
	t.Cleanup(cs.Close)
	cfg.ChainURL = cs.URL
	return cfg
}

func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func owner(t *testing.T, cfg Config, sql string, args ...any) {
	t.Helper()
	conn := connect(t.Context(), cfg.OwnerURL, new(part))
	if conn == nil {
		t.Fatal("no database")
	}
	defer closeConn(conn)
	if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

// look runs one part.
func look(t *testing.T, cfg Config, check func(context.Context, Config, *part)) string {
	t.Helper()
	p := new(part)
	check(t.Context(), cfg, p)
	var b bytes.Buffer
	for _, f := range p.out {
		fmt.Fprintf(&b, "%s: %s → %s\n", f.Status, f.Says, f.Do)
	}
	return b.String()
}

func TestAHealthyInstallation(t *testing.T) {
	t.Parallel()
	r := Examine(t.Context(), patient(t))
	var b bytes.Buffer
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	if r.Wrong() > 0 {
		t.Errorf("%s", b.String())
	}
	for _, want := range []string{"bound by row-level security", "invariants hold", "1 messages, 1 counted", "is free", "Nothing is wrong"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in:\n%s", want, b.String())
		}
	}
	b.Reset()
	if err := r.JSON(&b); err != nil {
		t.Fatal(err)
	}
	var again Report
	if err := json.Unmarshal(b.Bytes(), &again); err != nil || len(again.Findings) != len(r.Findings) {
		t.Errorf("JSON: %v", err)
	}
	empty := Examine(t.Context(), Config{})
	for _, f := range empty.Findings {
		if f.Status == Bad && f.Part != "machine" {
			t.Errorf("nothing known, and yet %+v", f)
		}
	}
}

// TestWhatIsBrokenIsNamed breaks one thing after the other, for real.
func TestWhatIsBrokenIsNamed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		spoil func(*testing.T, *Config)
		look  func(context.Context, Config, *part)
		says  string
	}{
		{"a wrong password", func(_ *testing.T, c *Config) { c.DatabaseURL = strings.Replace(c.DatabaseURL, ":test-app@", ":no@", 1) }, database, "does not let hashyard_app in"},
		{"nobody at the address", func(t *testing.T, c *Config) { c.DatabaseURL = "postgres://u:p@" + free(t) + "/x" }, database, "start Postgres"},
		{"the owner's role", func(_ *testing.T, c *Config) { c.DatabaseURL = c.OwnerURL }, database, "read past the row-level security"},
		{"a foreign database", func(t *testing.T, c *Config) { c.DatabaseURL = testdb.AppURL(testdb.Empty(t)) }, database, "no marker"},
		{"a migration missing", func(t *testing.T, c *Config) { owner(t, *c, "DELETE FROM goose_db_version WHERE version_id = 600") }, database, "lacks migrations [600]"},
		{"a newer database", func(t *testing.T, c *Config) {
			owner(t, *c, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)")
		}, database, "newer program"},
		{"books that do not balance", func(t *testing.T, c *Config) {
			owner(t, *c, "INSERT INTO ledger_accounts VALUES (gen_random_uuid(), 'BTC', 'earnings', -5)")
		}, books, "wrong: "},
		{"a share log that was set back", func(t *testing.T, c *Config) { owner(t, *c, "UPDATE pool_checkpoints SET seq = 7") }, shares, "ends at 1, the database has counted up to 7"},
		{"another share log", func(t *testing.T, c *Config) { owner(t, *c, "UPDATE pool_checkpoints SET stream = 'other'") }, shares, "not the one"},
		{"a key for everybody", func(t *testing.T, c *Config) { chmod(t, filepath.Join(c.SignerDir, "key"), 0o644) }, folders, "key can be read by others"},
		{"an open folder", func(t *testing.T, c *Config) { chmod(t, c.ServeDir, 0o755) }, folders, "can be entered by others"},
		{"a port that is taken", func(t *testing.T, c *Config) {
			l, err := net.Listen("tcp", c.Stratum)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { l.Close() })
		}, ports, fmt.Sprintf("is taken by process %d", os.Getpid())},
		{"nobody serves", func(_ *testing.T, c *Config) { c.Stopped = false }, ports, "nobody listens"},
		{"no yard", func(_ *testing.T, c *Config) { c.Stopped = false }, yard, "not ready"},
		{"the node's password", func(_ *testing.T, c *Config) { c.Stopped, c.ChainPassword = false, "x" }, chain, "put its address"},
		{"no node", func(t *testing.T, c *Config) { c.Stopped, c.ChainURL = false, "http://"+free(t) }, chain, "start the node"},
		{"the signer's secret", func(_ *testing.T, c *Config) { c.Stopped, c.SignerSecret = false, "x" }, signing, "same HASHYARD_SIGNER_SECRET"},
		{"a short pool key", func(_ *testing.T, c *Config) { c.PoolKey = "short" }, settings, "has 5 characters"},
		{"open without https", func(_ *testing.T, c *Config) { c.Listen = "0.0.0.0:80" }, settings, "in the clear"},
		{"cookies for http", func(_ *testing.T, c *Config) { c.PublicURL = "https://yard.example" }, settings, "HASHYARD_TLS"},
		{"links for http", func(_ *testing.T, c *Config) { c.TLS, c.PublicURL = true, "http://yard.example" }, settings, "begin with http://"},
		{"a live key by mistake", func(_ *testing.T, c *Config) { c.StripeKey = "sk_live_1" }, payments, "moves real money, the settings say"},
		{"a test key by mistake", func(_ *testing.T, c *Config) { c.StripeLive = true }, payments, "key is for tests"},
		{"no key of Stripe's", func(_ *testing.T, c *Config) { c.StripeKey = "pk_test_1" }, payments, "no secret key"},
		{"no secret of a webhook", func(_ *testing.T, c *Config) { c.StripeWebhookSecret = "secret" }, payments, "every event would be refused"},
		{"no double", func(t *testing.T, c *Config) { c.Stopped, c.StripeURL = false, "http://"+free(t) }, payments, "stripe-double"},
		{"no mail server", func(t *testing.T, c *Config) { c.SMTPURL = "smtp://" + free(t) }, mail, "firewall"},
		{"something else", func(t *testing.T, c *Config) { c.SMTPURL = "smtp://" + strings.TrimPrefix(c.SignerURL, "http://") }, mail, "does not greet"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg := patient(t)
			if before := look(t, cfg, tt.look); strings.Contains(before, tt.says) {
				t.Fatalf("said before anything is broken: %s", before)
			}
			tt.spoil(t, &cfg)
			if said := look(t, cfg, tt.look); !strings.Contains(said, tt.says) {
				t.Errorf("no %q in:\n%s", tt.says, said)
			}
		})
	}
}

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}
