package killtest

import (
	"context"
	"math/rand/v2"
	"net"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/nats-io/nkeys"

	"hashyard"
	"hashyard/cmd/internal/world"
	"hashyard/cmd/internal/world/worldtest"
	"hashyard/migrations/testdb"
	"hashyard/migrations/testdb/soak"
	"hashyard/pool/share"
)

// edgeBeside is a third process of the yard: an edge, with failpoints of its own.
type edgeBeside struct {
	arms arms
	key  string
	env  []string
}

// withEdge gives the yard an edge, before it runs.
func (p *minePool) withEdge() {
	p.t.Helper()
	pair, err := nkeys.CreateUser()
	if err != nil {
		p.t.Fatal(err)
	}
	seed, err := pair.Seed()
	if err != nil {
		p.t.Fatal(err)
	}
	key, err := pair.PublicKey()
	if err != nil {
		p.t.Fatal(err)
	}
	for _, name := range []string{"edges", "edge stratum"} {
		port, err := world.FreePort()
		if err != nil {
			p.t.Fatal(err)
		}
		p.port[name] = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	}
	a := arms{p.t.TempDir()}
	p.edge = &edgeBeside{arms: a, key: key, env: []string{"HASHYARD_FAILPOINTS=" + a.dir, "HASHYARD_EDGE_SEED=" + string(seed)}}
	p.env = append(p.env, "HASHYARD_EDGE_LISTEN="+p.port["edges"])
}

// beside enrols the edge and runs it; sleep stops it, when everything that it
// has is at the yard.
func (p *minePool) beside(ctx context.Context) (sleep func()) {
	p.t.Helper()
	add := exec.Command(filepath.Join(p.bin, "hashyard"), "edges", "add", "--name", "beside", "--key", p.edge.key)
	add.Env = append(slices.Clone(p.env), "HASHYARD_FAILPOINTS="+p.t.TempDir())
	life, err := add.StdinPipe() // it ends when we do
	if err != nil {
		p.t.Fatal(err)
	}
	defer life.Close()
	if out, err := add.CombinedOutput(); err != nil {
		p.t.Fatalf("edges add: %v\n%s", err, out)
	}
	ctx, stop := context.WithCancel(ctx)
	ended := p.keep(ctx, "edge", "--dir", filepath.Join(p.dir, "edge"), "--yard", "nats://"+p.port["edges"],
		"--stratum", p.port["edge stratum"], "--ops-listen", "off")
	return func() {
		// The last kill may have been a moment ago: who is stopped while it
		// starts keeps what it has for the next time.
		p.answers("edges")
		p.answers("edge stratum")
		stop()
		<-ended
	}
}

// untilPaid waits for a first payout that is final.
func (p *minePool) untilPaid() {
	p.t.Helper()
	conn, err := pgx.Connect(p.t.Context(), testdb.OwnerURL(p.db))
	if err != nil {
		p.t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(p.t.Context()))
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		var paid int
		if err := conn.QueryRow(p.t.Context(), "SELECT count(*) FROM payouts WHERE state = 'confirmed'").Scan(&paid); err != nil {
			p.t.Fatal(err)
		}
		if paid > 0 {
			return
		}
	}
	p.t.Error("nobody was paid")
}

// asleep reports whether the edge has said goodbye: it has nothing left.
func (p *minePool) asleep() bool {
	p.t.Helper()
	conn, err := pgx.Connect(p.t.Context(), testdb.OwnerURL(p.db))
	if err != nil {
		p.t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(p.t.Context()))
	var awake, seen bool
	var missing int64
	err = conn.QueryRow(p.t.Context(), `SELECT awake, seen_at IS NOT NULL, coalesce((SELECT sum(missing) FROM pool_checkpoints), 0)::bigint
		FROM pool_edges WHERE name = 'beside'`).Scan(&awake, &seen, &missing)
	if err != nil {
		p.t.Fatal(err)
	}
	if missing != 0 {
		p.t.Errorf("%d messages of the edge never came", missing)
	}
	return seen && !awake
}

// once is a batch's records without those that the edge had forwarded before,
// by the rule of the books.
func once(b share.Batch, places map[byte]share.Run) (out []share.Record) {
	records := b.Records
	for _, r := range b.Runs {
		at := places[r.Edge]
		if r.Edge == 0 || at.Stream != r.Stream || r.Seq > at.Seq {
			out = append(out, records[:r.N]...)
			places[r.Edge] = r
		}
		records = records[r.N:]
	}
	return out
}

// edgePoints are the failpoints on the path of a share through an edge: those
// that kill the edge, and those that kill the yard.
func edgePoints() (edge, yard []hashyard.Failpoint) {
	return []hashyard.Failpoint{
		hashyard.AtEdgeGrant, hashyard.AtEdgeJob, hashyard.AtShareVerified, hashyard.AtSharePublish, hashyard.AtShareDurable,
		hashyard.AtShareAnswer, hashyard.AtShareAnswered, hashyard.AtShareRead, hashyard.AtEdgeForward, hashyard.AtEdgeForwarded,
		hashyard.AtShareApplied, hashyard.AtBlockFound, hashyard.AtEdgeFound, hashyard.AtEdgeHanded, hashyard.AtEdgeFlush,
	}, []hashyard.Failpoint{
		hashyard.AtEdgeArrived, hashyard.AtSharePublish, hashyard.AtShareDurable, hashyard.AtEdgeKept,
		hashyard.AtShareRead, hashyard.AtShareApply, hashyard.AtShareApplied, hashyard.AtBlockSaved, hashyard.AtPeriodPriced,
	}
}

// edgeSurvives kills an edge and its yard, by turns and both at once: every
// share that either answered true is credited once.
func edgeSurvives(t *testing.T, bin string) map[hashyard.Failpoint]int {
	t.Helper()
	p := newMinePool(t, bin)
	p.withEdge()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	rest, ended := p.run(ctx)
	p.bePaid()
	began := time.Now()
	rnd := rand.New(rand.NewPCG(11, 11))
	atEdge, atYard := edgePoints()
	rounds := 1
	if n := soak.Times(); n > 0 {
		rounds = 5 * n
	}
	kill := func(a arms, point hashyard.Failpoint, round int) {
		n := 1
		// Workers log in only after a kill, and periods end when they end.
		if round > 0 && point != hashyard.AtPeriodPriced && point != hashyard.AtEdgeGrant {
			n += rnd.IntN(4)
		}
		login, over := context.WithCancel(ctx)
		var miner sync.WaitGroup
		if point == hashyard.AtEdgeGrant { // those who mine have logged in before
			miner.Go(func() {
				for login.Err() == nil { // again and again: a yard that is away is not asked
					once, cancel := context.WithTimeout(login, 500*time.Millisecond)
					_ = p.session(once, "buyer.farm", p.port["edge stratum"])
					<-once.Done()
					cancel()
				}
			})
		}
		hit := killAt(t, a, point, n, 40*time.Second)
		over()
		miner.Wait()
		if !hit {
			t.Errorf("round %d: %s never hit\n%s\n%s", round, point, worldtest.Log(p.dir, "edge"), worldtest.Log(p.dir, "serve"))
		}
	}
	for round := range rounds {
		for i, point := range atEdge {
			kill(p.edge.arms, point, round)
			if yard := atYard[(i+round)%len(atYard)]; i%3 == round%3 || round == 0 && i < len(atYard) {
				kill(p.arms, yard, round)
			}
		}
		for _, a := range []arms{p.arms, p.edge.arms} {
			if err := a.clear(); err != nil {
				t.Fatal(err)
			}
		}
	}
	kills, err := p.edge.arms.kills()
	if err != nil {
		t.Fatal(err)
	}
	own, err := p.arms.kills()
	if err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	p.untilPaid()
	rest()
	if !p.asleep() {
		t.Errorf("the edge stopped with shares that the yard has not\n%s", worldtest.Log(p.dir, "edge"))
	}
	p.sound(stop, ended)
	onEdge, onYard := 0, 0
	for _, n := range kills {
		onEdge += n
	}
	for point, n := range own {
		kills[point] += n
		onYard += n
	}
	soak.Reached(t, "edge: kills on the path of a share through an edge, 0 lost, 0 ×2", onEdge+onYard, 1_000)
	t.Logf("edge: %d kills of the edge, %d of the yard in %s, %d sessions\n%s", onEdge, onYard, took.Round(time.Second), p.dials, table(kills))
	return kills
}

// killAt arms a failpoint and waits until it has killed.
func killAt(t *testing.T, a arms, point hashyard.Failpoint, n int, limit time.Duration) bool {
	t.Helper()
	if err := a.set(point, n); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if !slices.Contains(a.armed(), point) {
			return true
		}
	}
	return false
}
