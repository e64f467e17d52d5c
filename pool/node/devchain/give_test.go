package devchain_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"hashyard/pool/node"
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
	again := devchaintest.Start(t, devchain.Config{Dir: crashed, Bits: 0x1b0404cb})
	if h, at := again.Chain.Tip(); h != height || at != hash {
		t.Errorf("after a crash the tip is %s at %d, want %s at %d", at, h, hash, height)
	}
}

// Whoever waits for a new tip hears of it without waiting for a template.
func TestNewTipsAreTold(t *testing.T) {
	t.Parallel()
	ctx := deadline(t)
	w := devchaintest.Start(t, devchain.Config{})
	told := make(chan node.Hash, 1)
	go func() {
		_ = w.Client.Tips(ctx, func(h node.Hash) {
			select {
			case told <- h:
			default:
			}
		})
	}()
	given := map[string]bool{}
	for {
		if err := w.Chain.Give(); err != nil { // the first may come before anybody waits
			t.Fatal(err)
		}
		_, tip := w.Chain.Tip()
		given[tip] = true
		select {
		case h := <-told:
			if !given[h.String()] {
				t.Errorf("told of %s, which was no tip", h)
			}
			return
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			t.Fatal("nobody was told")
		}
	}
}
