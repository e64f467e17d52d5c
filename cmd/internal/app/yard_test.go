package app

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/cmd/internal/telemetry"
	"hashyard/cmd/internal/world"
	"hashyard/migrations/testdb"
	"hashyard/pool/node/devchain"
	"hashyard/pool/node/devchain/devchaintest"
	"hashyard/web"
)

// yard is a whole yard in this process: the roles as their commands run them,
// over a real database, chain and signer. The payment provider is absent.
type yard struct {
	t         *testing.T
	chain     *devchaintest.World
	database  string
	owner     *pgx.Conn
	signerDir string
	signerAt  string
	seed      world.Seed
	keys      map[string]string
	log       *record

	web, ops, stratum string
	endSigner         func()
}

// record keeps what is logged, for several writers.
type record struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.buf.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.buf.String()
}

// logger logs everything into the yard's record.
func (y *yard) logger() *slog.Logger {
	return telemetry.Logger(y.log, slog.LevelDebug)
}

// freeAddr is a loopback address that was free a moment ago.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// newYard prepares everything around a yard; serve starts it.
func newYard(t *testing.T, orgs ...string) *yard {
	t.Helper()
	y := &yard{t: t, database: testdb.Database(t), log: new(record), signerDir: t.TempDir(), signerAt: freeAddr(t), keys: map[string]string{}}
	y.seed = world.Seed{Keys: y.keys}
	for _, slug := range append([]string{"house", "seller", "buyer"}, orgs...) {
		y.seed.Houses = append(y.seed.Houses, world.House{ID: hashyard.NewID(), Name: "Org " + slug, Slug: slug, House: slug == "house"})
		role := hashyard.Owner
		if slug == "house" {
			role = hashyard.Desk
		}
		y.keys[slug+"."+string(role)], _ = web.NewKey()
	}
	y.keys["seller.trader"], _ = web.NewKey()
	y.startSigner()
	y.chain = devchaintest.Start(t, devchain.Config{})
	conn, err := pgx.Connect(t.Context(), testdb.OwnerURL(y.database))
	if err != nil {
		t.Fatal(err)
	}
	y.owner = conn
	t.Cleanup(func() { conn.Close(context.Background()) })
	return y
}

// background runs a role until end, or the test's end.
func (y *yard) background(run func(ctx context.Context) error) (end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	var once sync.Once
	end = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				y.t.Errorf("a role ended: %v", err)
			}
		})
	}
	y.t.Cleanup(end)
	return end
}

func (y *yard) startSigner() {
	y.t.Helper()
	s := &Signer{Listen: y.signerAt, Dir: y.signerDir, Secret: "signer-secret", Network: "regtest", PerPayout: 100_000, PerDay: 5_000_000, MaxFee: 20_000, OpsListen: freeAddr(y.t)}
	y.endSigner = y.background(func(ctx context.Context) error { return s.Run(ctx, y.logger()) })
	y.await("signer", func() error { return alive(y.t.Context(), http.DefaultClient, "http://"+y.signerAt) })
}

// flags are the settings of a `serve` in front of this yard.
func (y *yard) flags() *Serve {
	y.t.Helper()
	dir := y.t.TempDir()
	seed := filepath.Join(dir, "seed.json")
	b, err := json.Marshal(y.seed)
	if err == nil {
		err = os.WriteFile(seed, b, 0o600)
	}
	if err != nil {
		y.t.Fatal(err)
	}
	return &Serve{
		CheckEvery: time.Second, Listen: freeAddr(y.t), OpsListen: freeAddr(y.t), Dir: filepath.Join(dir, "serve"), DatabaseURL: testdb.AppURL(y.database), Seed: seed,
		Chain: Chain{ChainURL: y.chain.URL, ChainUser: y.chain.User, ChainPassword: y.chain.Password},
		Ports: Ports{Stratum: freeAddr(y.t)},
		Mining: Mining{
			PoolKey: strings.Repeat("pool-key-", 4), SettlementPeriod: time.Hour,
			FeePPM: 20_000, FeeWindow: 144, Shares: 60, ProofShares: 60, MeasureEvery: time.Second,
		},
		Money: Money{
			StripeURL: "http://127.0.0.1:9", StripeKey: "sk_test_0123456789abcdef", StripeWebhookSecret: "whsec_0123456789abcdef",
			SignerURL: "http://" + y.signerAt, SignerSecret: "signer-secret", PayoutThreshold: 300, TreasuryBirth: -1, Confirmations: 1,
		},
	}
}

// serve starts the yard and waits until it answers.
func (y *yard) serve(f *Serve) (end func()) {
	y.t.Helper()
	end = y.background(func(ctx context.Context) error { return f.Run(ctx, y.logger()) })
	y.web, y.ops, y.stratum = "http://"+f.Listen, "http://"+f.OpsListen, f.Stratum
	y.await("serve", func() error { return alive(y.t.Context(), http.DefaultClient, y.web) })
	return end
}

// await tries until it works, for half a minute.
func (y *yard) await(what string, try func() error) {
	y.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		err := try()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			y.t.Fatalf("%s: %v\n%s", what, err, y.log.String())
		}
	}
}

// get reads an address.
func (y *yard) get(url, key string) (int, string) {
	y.t.Helper()
	return y.call(http.MethodGet, url, key, "")
}

func (y *yard) call(method, url, key, body string, header ...string) (int, string) {
	y.t.Helper()
	req, err := http.NewRequestWithContext(y.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		y.t.Fatal(err)
	}
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		y.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		y.t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}
