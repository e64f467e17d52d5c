package killtest

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hashyard"
	"hashyard/cmd/internal/world/worldtest"
	"hashyard/migrations/testdb/soak"
	"hashyard/pool/sharelog"
)

// syncedBeforeTold counts the completed syncs of a mining and paying yard:
// at least one for every message of the share log, of which each true was
// answered after its own, and one for every line of the signer's journal, with
// the folder's when the file was made.
func syncedBeforeTold(t *testing.T, bin string) map[hashyard.Failpoint]int {
	t.Helper()
	strace := worldtest.Strace(t)
	p := newMinePool(t, bin)
	p.withEdge()
	trace := filepath.Join(p.dir, "trace.")
	p.under = func(process string) []string {
		return append([]string{strace}, worldtest.StraceArgs(trace+process)...)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	rest, ended := p.run(ctx)
	p.bePaid()
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline) && p.lines() < 5; time.Sleep(100 * time.Millisecond) {
		continue // until the signer has signed a few times
	}
	rest()
	stop()
	ended()
	log, err := sharelog.Open(t.Context(), sharelog.Config{Dir: filepath.Join(p.dir, "serve", "shares")})
	if err != nil {
		t.Fatal(err)
	}
	_, messages := log.Position()
	if err := log.Close(); err != nil {
		t.Error(err)
	}
	serve, signer := worldtest.ReadSyncs(t, trace+"serve"), worldtest.ReadSyncs(t, trace+"signer")
	shares := serve.Of(func(path string) bool {
		return strings.Contains(path, "/serve/shares/") && strings.HasSuffix(path, ".blk")
	})
	if len(p.acked) < 20 || uint64(shares) < messages {
		t.Errorf("%d shares were answered true; the log has %d messages, its files were synced %d times", len(p.acked), messages, shares)
	}
	edgeLog, err := sharelog.Open(t.Context(), sharelog.Config{Dir: filepath.Join(p.dir, "edge", "shares")})
	if err != nil {
		t.Fatal(err)
	}
	_, taken := edgeLog.Position()
	if err := edgeLog.Close(); err != nil {
		t.Error(err)
	}
	edge := worldtest.ReadSyncs(t, trace+"edge").Of(func(path string) bool {
		return strings.Contains(path, "/edge/shares/") && strings.HasSuffix(path, ".blk")
	})
	if taken < 10 || uint64(edge) < taken {
		t.Errorf("the edge's log has %d messages, its files were synced %d times", taken, edge)
	}
	lines := p.lines()
	journal := signer.Of(func(path string) bool { return strings.HasSuffix(path, "/signer/journal.jsonl") })
	folder := signer.Of(func(path string) bool { return strings.HasSuffix(path, "/signer") })
	if lines < 5 || journal < lines || folder == 0 {
		t.Errorf("the signer's journal has %d lines and was synced %d times, its folder %d times", lines, journal, folder)
	}
	soak.Reached(t, "syncs: completed, of messages answered for", shares+edge, int(messages+taken))
	t.Logf("edge: %d messages, %d syncs", taken, edge)
	t.Logf("%d shares answered true in %d messages, %d syncs · signer: %d lines, %d syncs, folder %d", len(p.acked), messages, shares, lines, journal, folder)
	return nil
}

// lines counts the signer's decisions.
func (p *minePool) lines() int {
	b, err := os.ReadFile(filepath.Join(p.dir, "signer", "journal.jsonl"))
	if err != nil {
		return 0
	}
	return bytes.Count(b, []byte("\n"))
}
