package killtest

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/cmd/internal/invariants"
	"hashyard/cmd/internal/parent"
	"hashyard/cmd/internal/world"
	"hashyard/cmd/internal/world/worldtest"
	"hashyard/migrations/testdb"
	"hashyard/migrations/testdb/soak"
	"hashyard/pool/share"
	"hashyard/pool/sharelog"
	"hashyard/pool/stratum/stratumtest"
	"hashyard/web"
)

// poolPoints are the failpoints of a yard that mines and pays and trades
// nothing. The first ones are the path of a share.
func poolPoints() (shares, rest []hashyard.Failpoint) {
	shares = []hashyard.Failpoint{
		hashyard.AtShareVerified, hashyard.AtSharePublish, hashyard.AtShareDurable, hashyard.AtShareAnswer, hashyard.AtShareAnswered,
		hashyard.AtShareRead, hashyard.AtShareApply, hashyard.AtShareApplied, hashyard.AtBlockFound, hashyard.AtBlockSaved,
		hashyard.AtBlockJudged, hashyard.AtBlockVerdict, hashyard.AtEpochCommitted,
	}
	return shares, []hashyard.Failpoint{
		hashyard.AtBarrierHeld, hashyard.AtPeriodPriced, hashyard.AtPeriodSettled, hashyard.AtEarnings, hashyard.AtLedgerPosted,
		hashyard.AtTxCommit, hashyard.AtTxCommitted, hashyard.AtOutboxClaimed, hashyard.AtOutboxHandled, hashyard.AtOutboxDone,
		hashyard.AtPayoutRequested, hashyard.AtPayoutReserved, hashyard.AtPayoutAsk, hashyard.AtPayoutSignature, hashyard.AtPayoutSigned,
		hashyard.AtPayoutBroadcast, hashyard.AtPayoutSent, hashyard.AtPayoutConfirmed, hashyard.AtScanConnect, hashyard.AtScanConnected,
		hashyard.AtSignerDecided, hashyard.AtSignerKept,
	}
}

// recoveries are passed while a yard starts: the second kill of a pair.
func recoveries() []hashyard.Failpoint {
	return []hashyard.Failpoint{
		hashyard.AtTxCommit, hashyard.AtTxCommitted, hashyard.AtShareRead, hashyard.AtShareApply, hashyard.AtShareApplied,
		hashyard.AtScanConnect, hashyard.AtOutboxClaimed, hashyard.AtOutboxDone, hashyard.AtTakeOver,
	}
}

// minePool is a yard of two real processes, serve and signer, on a real
// Postgres. The test is its miner, and starts again what was killed.
type minePool struct {
	t    *testing.T
	bin  string
	dir  string
	db   string
	arms arms
	env  []string
	port map[string]string // addresses
	key  string            // API key of the miner's owner
	edge *edgeBeside       // nil without an edge
	// under wraps a process in a tool; nil runs it as it is.
	under func(process string) []string

	mu    sync.Mutex // guards all below
	sent  map[string]bool
	acked map[string]*big.Int // work by hash
	dials int
}

func newMinePool(t *testing.T, bin string) *minePool {
	t.Helper()
	p := &minePool{
		t: t, bin: bin, dir: t.TempDir(), db: testdb.Database(t), arms: arms{t.TempDir()},
		port: map[string]string{}, sent: map[string]bool{}, acked: map[string]*big.Int{},
	}
	for _, name := range []string{"web", "stratum", "chain", "signer"} {
		port, err := world.FreePort()
		if err != nil {
			t.Fatal(err)
		}
		p.port[name] = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	}
	p.env = append(os.Environ(), parent.Env+"=1", "HASHYARD_FAILPOINTS="+p.arms.dir,
		"HASHYARD_DATABASE_URL="+testdb.AppURL(p.db), "HASHYARD_CHAIN_PASSWORD=chain", "HASHYARD_STRIPE_KEY=sk_test_none",
		"HASHYARD_STRIPE_WEBHOOK_SECRET=whsec_none", "HASHYARD_SIGNER_SECRET=hush", "HASHYARD_POOL_KEY=0123456789abcdef0123456789abcdef",
		"HASHYARD_SETTLEMENT_PERIOD=2s", "HASHYARD_PAYOUT_THRESHOLD=1000", "HASHYARD_CONFIRMATIONS=1", "HASHYARD_SHARES=6000", "HASHYARD_DEVCHAIN_BITS=1e2fffff",
	)
	return p
}

// seed writes who there is.
func (p *minePool) seed() string {
	p.t.Helper()
	s := world.Seed{Keys: map[string]string{}}
	for _, slug := range []string{"seller", "buyer", "house"} {
		s.Houses = append(s.Houses, world.House{ID: hashyard.NewID(), Name: slug, Slug: slug, House: slug == "house"})
	}
	p.key, _ = web.NewKey()
	s.Keys["buyer.owner"] = p.key
	b, err := json.Marshal(s)
	if err != nil {
		p.t.Fatal(err)
	}
	path := filepath.Join(p.dir, "seed.json")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		p.t.Fatal(err)
	}
	return path
}

// keep starts a process again and again until ctx ends, then asks it to stop.
func (p *minePool) keep(ctx context.Context, args ...string) (ended <-chan struct{}) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			if err := p.once(ctx, args); err != nil {
				p.t.Errorf("%s: %v", args[0], err)
				return
			}
		}
	}()
	return done
}

// once runs a process to its end; an end that is neither a kill nor ours is
// an error.
func (p *minePool) once(ctx context.Context, args []string) error {
	out, err := os.OpenFile(filepath.Join(p.dir, "logs", args[0]+".log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	argv := append([]string{filepath.Join(p.bin, "hashyard")}, args...)
	if p.under != nil {
		argv = append(p.under(args[0]), argv...)
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env, cmd.Stdout, cmd.Stderr = p.env, out, out
	if args[0] == "edge" {
		cmd.Env = append(slices.Clone(p.env), p.edge.env...)
	}
	life, err := cmd.StdinPipe() // it ends when we do
	if err != nil {
		return err
	}
	defer life.Close()
	if err := cmd.Start(); err != nil {
		return err
	}
	// Its standard input is its life; a tool around it may keep signals.
	stop := context.AfterFunc(ctx, func() { _ = life.Close() })
	defer stop()
	err = cmd.Wait()
	var exit *exec.ExitError
	if ctx.Err() != nil || errors.As(err, &exit) && exit.ExitCode() == -1 {
		return nil
	}
	return fmt.Errorf("it ended by itself: %w; see %s", err, worldtest.Log(p.dir, args[0]))
}

// run starts everything and mines: rest ends the mining, ended waits for the
// processes after ctx.
func (p *minePool) run(ctx context.Context) (rest, ended func()) {
	p.t.Helper()
	if err := os.Mkdir(filepath.Join(p.dir, "logs"), 0o700); err != nil {
		p.t.Fatal(err)
	}
	mining, stopMining := context.WithCancel(ctx)
	signer := p.keep(ctx, "signer", "--listen", p.port["signer"], "--dir", filepath.Join(p.dir, "signer"),
		"--per-payout", "1000000000", "--per-day", "1000000000000", "--ops-listen", "off")
	p.answers("signer")
	serve := p.keep(ctx, "serve", "--listen", p.port["web"], "--dir", filepath.Join(p.dir, "serve"), "--seed", p.seed(),
		"--stratum", p.port["stratum"], "--stratum-url", "stratum+tcp://"+p.port["stratum"],
		"--chain-url", "http://"+p.port["chain"], "--chain-user", "hashyard", "--devchain",
		"--stripe-url", "http://127.0.0.1:1", "--ops-listen", "off", "--signer-url", "http://"+p.port["signer"])
	var miners sync.WaitGroup
	for _, user := range []string{"buyer.farm", "seller.yard"} {
		miners.Go(func() { p.mine(mining, user, p.port["stratum"]) })
	}
	sleep := func() {}
	if p.edge != nil {
		sleep = p.beside(ctx)
		for _, user := range []string{"buyer.farm", "seller.yard"} {
			miners.Go(func() { p.mine(mining, user, p.port["edge stratum"]) })
		}
	}
	rest = func() {
		stopMining()
		miners.Wait()
		sleep()
	}
	return rest, func() {
		<-serve
		<-signer
	}
}

// answers waits until somebody listens there.
func (p *minePool) answers(name string) {
	p.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if c, err := net.Dial("tcp", p.port[name]); err == nil {
			c.Close()
			return
		}
	}
	p.t.Fatalf("%s does not answer: %s", name, worldtest.Log(p.dir, name))
}

// mine mines through every cut of the connection.
func (p *minePool) mine(ctx context.Context, user, addr string) {
	for ctx.Err() == nil {
		if err := p.session(ctx, user, addr); err != nil && ctx.Err() == nil {
			select {
			case <-ctx.Done():
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
}

func (p *minePool) session(ctx context.Context, user, addr string) error {
	once, cancel := context.WithTimeout(ctx, 10*time.Second)
	c, err := stratumtest.Dial(once, addr)
	if err != nil {
		cancel()
		return err
	}
	defer func() { _ = c.Close() }()
	err = c.Handshake(once, user, "x", 0)
	cancel()
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.dials++
	p.mu.Unlock()
	for ctx.Err() == nil {
		s, err := c.Mine(ctx, c.Job(), c.Job().Difficulty, 0)
		if err != nil {
			return err
		}
		h := hex.EncodeToString(s.Hash[:])
		p.mu.Lock()
		p.sent[h] = true
		p.mu.Unlock()
		once, cancel := context.WithTimeout(ctx, 10*time.Second)
		before := new(big.Int).Set(c.Work)
		err = c.Submit(once, s)
		cancel()
		var refused *stratumtest.Error
		if errors.As(err, &refused) { // stale: a block came
			continue
		}
		if err != nil {
			return err
		}
		p.mu.Lock()
		p.acked[h] = new(big.Int).Sub(c.Work, before)
		p.mu.Unlock()
		select { // leave the processor to the yard
		case <-ctx.Done():
		case <-time.After(10 * time.Millisecond):
		}
	}
	return ctx.Err()
}

// bePaid enrols an address, as soon as the yard answers.
func (p *minePool) bePaid() {
	p.t.Helper()
	y := yard{p.t, world.World{URL: "http://" + p.port["web"], Keys: map[string]string{"buyer.owner": p.key}}}
	ctx, cancel := context.WithTimeout(p.t.Context(), 30*time.Second)
	defer cancel()
	status, err := y.call(ctx, "buyer.owner", http.MethodPut, "/payout-address", map[string]any{"address": "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"}, nil)
	if err != nil || status >= 300 {
		p.t.Fatalf("payout address: %d %v\n%s", status, err, worldtest.Log(p.dir, "serve"))
	}
}

// killAt arms a failpoint, and another for the start that follows, and waits
// until the first has killed.
func (p *minePool) killAt(point, recovery hashyard.Failpoint, n, m int, limit time.Duration) bool {
	p.t.Helper()
	if recovery != "" && recovery != point {
		if err := p.arms.set(recovery, m); err != nil {
			p.t.Fatal(err)
		}
	}
	if err := p.arms.set(point, n); err != nil {
		p.t.Fatal(err)
	}
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if !slices.Contains(p.arms.armed(), point) {
			return true
		}
	}
	return false
}

// poolSurvives kills a mining and paying yard at every
// failpoint of shares, settlement and payouts, and again while it recovers:
// every share that was answered true is credited once, every payout leaves
// once.
func poolSurvives(t *testing.T, bin string) map[hashyard.Failpoint]int {
	t.Helper()
	p := newMinePool(t, bin)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	rest, ended := p.run(ctx)
	p.bePaid()
	began := time.Now()
	rnd := rand.New(rand.NewPCG(7, 7))
	shares, others := poolPoints()
	rounds := 1
	if n := soak.Times(); n > 0 {
		rounds = 10 * n
	}
	for round := range rounds {
		points := slices.Concat(shares, others)
		switch {
		case round%5 == 4:
			points = slices.Concat(shares, others)
		case round > 0: // mostly shares: those are quick
			points = slices.Concat(shares, shares, shares)
		}
		for i, point := range points {
			r := recoveries()
			recovery := r[(round+i)%len(r)]
			n := 1
			if round > 0 || i%3 == 0 {
				n += rnd.IntN(3)
			}
			if !p.killAt(point, recovery, n, 1+rnd.IntN(4), 30*time.Second) {
				t.Errorf("round %d: %s never hit\n%s", round, point, worldtest.Log(p.dir, "serve"))
			}
		}
		if err := p.arms.clear(); err != nil {
			t.Fatal(err)
		}
	}
	kills, err := p.arms.kills()
	if err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	rest()
	p.sound(stop, ended)
	total, onShares := 0, 0
	for p, n := range kills {
		total += n
		if slices.Contains(shares, p) {
			onShares += n
		}
	}
	soak.Reached(t, "shares: kills on the path of a share, 0 lost, 0 ×2", onShares, 1_000)
	t.Logf("pool: %d kills in %s (%s each), %d sessions\n%s", total, took.Round(time.Second), (took / time.Duration(max(total, 1))).Round(time.Millisecond), p.dials, table(kills))
	return kills
}

// sound checks the invariants on the living yard, and when it has stopped,
// holds what miners heard against the log and the log against the books.
func (p *minePool) sound(stop context.CancelFunc, ended func()) {
	p.t.Helper()
	ctx := p.t.Context()
	conn, err := pgx.Connect(ctx, testdb.OwnerURL(p.db))
	if err != nil {
		p.t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	y := yard{p.t, world.World{
		DatabaseURL: testdb.OwnerURL(p.db), Chain: world.Chain{URL: "http://" + p.port["chain"], User: "hashyard", Password: "chain"},
	}}
	y.sound(30 * time.Second)
	p.quiet(conn)
	stop()
	ended()
	var payouts, paid int
	if err := conn.QueryRow(ctx, "SELECT count(*), count(*) FILTER (WHERE state = 'confirmed') FROM payouts").Scan(&payouts, &paid); err != nil {
		p.t.Fatal(err)
	}
	lost, doubled, logged := p.compare(conn)
	p.t.Logf("shares: %d answered true, %d in the log, lost %d, doubled %d · payouts: %d, %d confirmed", len(p.acked), logged, lost, doubled, payouts, paid)
	if lost+doubled > 0 || len(p.acked) == 0 || paid == 0 {
		p.t.Error("shares were lost or doubled, or nothing happened at all")
	}
}

// quiet waits until the accounts have taken in what the log has: they do not
// grow for a second.
func (p *minePool) quiet(conn *pgx.Conn) {
	p.t.Helper()
	for last, since := int64(-1), time.Now(); time.Since(since) < time.Second; time.Sleep(100 * time.Millisecond) {
		var n int64
		if err := conn.QueryRow(p.t.Context(), "SELECT coalesce(sum(shares), 0)::bigint FROM pool_work").Scan(&n); err != nil {
			p.t.Fatal(err)
		}
		if n != last {
			last, since = n, time.Now()
		}
	}
}

// compare reads the whole log.
func (p *minePool) compare(conn *pgx.Conn) (lost, doubled, logged int) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), time.Minute)
	defer cancel()
	log, err := sharelog.Open(ctx, sharelog.Config{Dir: filepath.Join(p.dir, "serve", "shares")})
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	_, last := log.Position()
	times, work := map[string]int{}, map[hashyard.ID]*big.Int{}
	credit, places := map[string]*big.Int{}, map[byte]share.Run{}
	err = sharelog.NewConsumer(sharelog.ConsumerConfig{
		Log: log, Checkpoint: func(context.Context) (string, uint64, error) { return "", 0, nil },
	}).Run(ctx, func(_ context.Context, b share.Batch) error {
		for _, r := range once(b, places) {
			if !r.Accepted() {
				continue
			}
			h, w := hex.EncodeToString(r.Hash[:]), hashyard.WorkOf(r.Difficulty).Big()
			times[h]++
			credit[h] = w
			if work[r.Worker] == nil {
				work[r.Worker] = new(big.Int)
			}
			work[r.Worker].Add(work[r.Worker], w)
			logged++
		}
		if b.Seq >= last {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		p.t.Fatal(err)
	}
	for h, w := range p.acked {
		if times[h] == 0 || credit[h].Cmp(w) != 0 {
			lost++
			p.t.Errorf("share %.16s was answered true for %s and is in the log %d times with %v", h, w, times[h], credit[h])
		}
	}
	for h, n := range times {
		if n > 1 || !p.sent[h] {
			doubled++
			p.t.Errorf("share %.16s is in the log %d times; sent %t", h, n, p.sent[h])
		}
	}
	for worker, want := range work {
		got, _, err := invariants.Work(p.t.Context(), conn, worker)
		if err != nil || got.Cmp(want) != 0 {
			p.t.Errorf("worker %s is credited %s, the log has %s, %v", worker, got, want, err)
		}
	}
	return lost, doubled, logged
}
