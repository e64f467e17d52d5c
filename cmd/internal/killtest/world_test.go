package killtest

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"hashyard"
	"hashyard/cmd/internal/journey"
	"hashyard/cmd/internal/world/worldtest"
	"hashyard/migrations/testdb/soak"
)

// often are passed again and again; which pass kills is the seed's to say. All
// others kill at their first.
func often(p hashyard.Failpoint) bool {
	switch p {
	case hashyard.AtShareVerified, hashyard.AtSharePublish, hashyard.AtShareDurable, hashyard.AtShareAnswer, hashyard.AtShareAnswered,
		hashyard.AtShareRead, hashyard.AtShareApply, hashyard.AtShareApplied, hashyard.AtBlockFound, hashyard.AtBlockSaved,
		hashyard.AtBlockJudged, hashyard.AtBlockVerdict, hashyard.AtTxCommit, hashyard.AtTxCommitted, hashyard.AtLedgerPosted,
		hashyard.AtOutboxClaimed, hashyard.AtOutboxHandled, hashyard.AtOutboxDone, hashyard.AtCustodyCommit, hashyard.AtCustodyAfter,
		hashyard.AtScanConnect, hashyard.AtScanConnected, hashyard.AtMarketCommit, hashyard.AtMarketAck:
		return true
	}
	return false
}

// worldSurvives lets journeys through a world whose
// processes die at every failpoint, in whatever order they come to them, also
// while they recover from the kill before. Then everything must hold.
func worldSurvives(t *testing.T, bin string) map[hashyard.Failpoint]int {
	t.Helper()
	a := arms{t.TempDir()}
	w := worldtest.Start(t, bin, append(worldtest.Fast(), "--restart-wait=200ms"), "HASHYARD_FAILPOINTS="+a.dir, "HASHYARD_COMMAND_PAUSE=1s")
	began := time.Now()
	for seed := range uint64(max(1, soak.Times())) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		for _, p := range hashyard.Failpoints() {
			if (soak.Times() == 0 && ofPool(p)) || ofEdge(p) {
				continue // the other harness has them for less
			}
			n := 1
			if often(p) {
				n += rnd.IntN(4 + 20*soak.Times())
			}
			if err := a.set(p, n); err != nil {
				t.Fatal(err)
			}
		}
		journeyAmongKills(t, a, w)
		if left := a.armed(); len(left) > 0 {
			t.Errorf("seed %d: never hit: %v", seed, left)
		}
		if err := a.clear(); err != nil {
			t.Fatal(err)
		}
		load(t, w.Path).sound(40 * time.Second)
	}
	kills, err := a.kills()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("world: killed at %d of %d failpoints, recovered each time, in %s\n%s", len(kills), len(hashyard.Failpoints()), time.Since(began).Round(time.Second), table(kills))
	return kills
}

// journeyAmongKills plays a journey while traders place and take back orders,
// then has the chain reorganised.
func journeyAmongKills(t *testing.T, a arms, w worldtest.Running) {
	t.Helper()
	y := load(t, w.Path)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	traded := make(chan int, 1)
	go func() { traded <- y.trade(ctx) }()
	go func() { // until the orders' failpoints have killed
		for ctx.Err() == nil && slices.ContainsFunc(a.armed(), ofOrders) {
			time.Sleep(200 * time.Millisecond)
		}
		stop()
	}()
	err := journey.Run(t.Context(), journey.Config{World: w.Path, Out: worldtest.Lines{T: t}, Wait: 2 * time.Minute, Dying: true})
	stop()
	t.Logf("%d orders placed beside it", <-traded)
	if err != nil {
		kills, kerr := a.kills()
		t.Fatalf("%v %v\n%s", err, kerr, table(kills))
	}
	y.reorganise(a)
}

func ofPool(p hashyard.Failpoint) bool {
	shares, rest := poolPoints()
	return slices.Contains(shares, p) || slices.Contains(rest, p)
}

func ofOrders(p hashyard.Failpoint) bool {
	return slices.Contains([]hashyard.Failpoint{
		hashyard.AtOrderStored, hashyard.AtOrderReserved, hashyard.AtMarketCommit, hashyard.AtMarketAck, hashyard.AtOrderRejected, hashyard.AtCancelNoted,
	}, p)
}

// reorganise takes blocks off the chain until the treasury was killed while it
// followed.
func (y yard) reorganise(a arms) {
	y.t.Helper()
	ctx, stop := context.WithTimeout(y.t.Context(), 30*time.Second)
	defer stop()
	for ctx.Err() == nil && slices.Contains(a.armed(), hashyard.AtScanUndone) {
		var tip string
		raw, err := y.rpc(ctx, "getbestblockhash")
		if err == nil {
			err = json.Unmarshal(raw, &tip)
		}
		if err == nil {
			_, err = y.rpc(ctx, "invalidateblock", tip)
		}
		if err != nil {
			y.t.Logf("the node is away: %v", err)
		}
		time.Sleep(time.Second)
	}
	if _, err := y.call(ctx, "house.treasury", http.MethodGet, "/treasury", nil, nil); err != nil {
		y.t.Error(err)
	}
}

// ofEdge are passed by yards with an edge only.
func ofEdge(p hashyard.Failpoint) bool { return strings.HasPrefix(string(p), "edge.") }
