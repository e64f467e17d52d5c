package killtest

import (
	"math/rand/v2"
	"testing"
	"time"

	"hashyard"
	"hashyard/cmd/internal/journey"
	"hashyard/cmd/internal/world/worldtest"
)

// rare are passed only a few times in one journey: their first pass kills.
func rare(p hashyard.Failpoint) bool {
	switch p {
	case hashyard.AtTransfer, hashyard.AtTransferred, hashyard.AtFundOpened, hashyard.AtFundCalled, hashyard.AtPartyMade,
		hashyard.AtOrderStored, hashyard.AtOrderReserved, hashyard.AtProofStarted, hashyard.AtRedirectMade, hashyard.AtRedirectLeased,
		hashyard.AtRedirectResult, hashyard.AtAgentSnapshot, hashyard.AtAgentWrite, hashyard.AtAgentWritten, hashyard.AtAgentReadBack,
		hashyard.AtAgentResult, hashyard.AtAgentPosted, hashyard.AtSignerEnrolled, hashyard.AtSignerDecided, hashyard.AtSignerKept,
		hashyard.AtWebhookVerified, hashyard.AtWebhookRead, hashyard.AtWebhookCommit, hashyard.AtWebhookDone, hashyard.AtShipmentMoved:
		return true
	}
	return false
}

// TestWorldSurvivesEveryFailpoint lets a journey through a world whose
// processes die once at every failpoint that the journey passes, in whatever
// order it comes to them, also while they recover from the kill before.
func TestWorldSurvivesEveryFailpoint(t *testing.T) {
	worldtest.Needs(t)
	a := arms{t.TempDir()}
	w := worldtest.Start(t, worldtest.Build(t, "failpoints"), append(worldtest.Fast(), "--restart-wait=200ms"), "HASHYARD_FAILPOINTS="+a.dir)
	rnd := rand.New(rand.NewPCG(1, 2))
	began := time.Now()
	for _, p := range hashyard.Failpoints() {
		n := 1
		if !rare(p) {
			n += rnd.IntN(3)
		}
		if err := a.set(p, n); err != nil {
			t.Fatal(err)
		}
	}
	err := journey.Run(t.Context(), journey.Config{World: w.Path, Out: worldtest.Lines{T: t}, Wait: 3 * time.Minute, Dying: true})
	kills, kerr := a.kills()
	t.Logf("%s after %s\n%s", w.Dir, time.Since(began).Round(time.Second), table(kills))
	if err != nil || kerr != nil {
		t.Fatal(err, kerr)
	}
	t.Logf("never: %v", a.armed())
}
