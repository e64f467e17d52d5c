package devchain_test

import (
	"os"
	"path/filepath"
	"testing"

	"hashyard/pool/node/devchain"
	"hashyard/pool/node/devchain/devchaintest"
)

// A given block is the new tip at a difficulty that nobody could mine here, and
// is still there when the process dies right after.
func TestGivenBlocksAreTipsAndStay(t *testing.T) {
	t.Parallel()
	ctx := deadline(t)
	dir := filepath.Join(t.TempDir(), "chain")
	w := devchaintest.Start(t, devchain.Config{Dir: dir, Bits: 0x1b0404cb})
	before, _ := w.Chain.Tip()
	asked, err := w.Client.Template(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	told := make(chan error, 1)
	go func() {
		_, err := w.Client.Template(ctx, asked.LongPollID)
		told <- err
	}()
	for range 15 { // more in one second than the median of times has blocks
		if err := w.Chain.Give(); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-told; err != nil {
		t.Errorf("long poll: %v", err)
	}
	height, hash := w.Chain.Tip()
	if height != before+15 {
		t.Errorf("tip at %d, want %d", height, before+15)
	}
	crashed := filepath.Join(t.TempDir(), "chain")
	if err := os.CopyFS(crashed, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	again := devchaintest.Start(t, devchain.Config{Dir: crashed})
	if h, at := again.Chain.Tip(); h != height || at != hash {
		t.Errorf("after a crash the tip is %s at %d, want %s at %d", at, h, hash, height)
	}
}
