package devchain_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hashyard/pool/node"
	"hashyard/pool/node/devchain"
	"hashyard/pool/node/devchain/devchaintest"
)

// childDir tells the test binary to be the process that gets killed.
const childDir = "HASHYARD_DEVCHAIN_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := serveUntilKilled(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

func serveUntilKilled(dir string) error {
	chain, err := devchain.Open(devchain.Config{Dir: dir, Bits: devchaintest.InstantBits})
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println("http://" + ln.Addr().String())
	return chain.Serve(context.Background(), ln, "yard", "secret")
}

// child starts the process and returns a world over it, and how to kill it.
func child(t *testing.T, dir string) (*devchaintest.World, func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	killed := false
	kill := func() {
		if !killed {
			killed = true
			_ = cmd.Process.Kill() // SIGKILL: nothing is flushed
			_ = cmd.Wait()
		}
	}
	t.Cleanup(kill)
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("child said nothing: %v", err)
	}
	w := &devchaintest.World{URL: strings.TrimSpace(url), User: "yard", Password: "secret"}
	if w.Client, err = node.New(node.Config{URL: w.URL, User: w.User, Password: w.Password}); err != nil {
		t.Fatal(err)
	}
	return w, kill
}

func TestKillLosesNothing(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "chain")
	var want []node.Hash
	for range 3 {
		w, kill := child(t, dir)
		ctx := deadline(t)
		for i, hash := range want {
			if got := must(t)(w.Client.BlockHash(ctx, int64(17+i))); got != hash {
				t.Fatalf("block %d is %s after a kill, was answered as %s", 17+i, got, hash)
			}
		}
		if n, err := w.Client.BlockCount(ctx); err != nil || n != int64(16+len(want)) {
			t.Fatalf("height %d %v, want %d", n, err, 16+len(want))
		}
		mined := w.Mine(t, 5, alice)
		// A withdrawn tip must stay withdrawn, too.
		call(t, w, nil, "invalidateblock", mined[4].String())
		want = append(want, mined[:4]...)
		kill()
	}
	// A block answered in the moment of the kill may be there or not, but one
	// that was answered must be.
	w, kill := child(t, dir)
	last := w.Mine(t, 1, bob)[0]
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for ctx.Err() == nil {
			tmpl, err := w.Client.Template(ctx, "")
			if err != nil {
				return
			}
			block := devchaintest.Build(t, tmpl, bob)
			devchaintest.Solve(block)
			if verdict, err := w.Client.SubmitBlock(ctx, devchaintest.Bytes(t, block)); err != nil || verdict != node.Accepted {
				return
			}
			last = block.BlockHash()
		}
	}()
	time.Sleep(200 * time.Millisecond) // the kill falls anywhere in the loop
	kill()
	cancel()
	<-stopped
	again := devchaintest.Start(t, devchain.Config{Dir: dir})
	h, err := again.Client.BlockHeader(deadline(t), last)
	if err != nil || h.Confirmations < 1 {
		t.Errorf("the last answered block: %+v, %v", h, err)
	}
	again.Stop()
	if info, err := os.Stat(filepath.Join(dir, "accepted.journal")); err != nil || info.Size() != 0 {
		t.Errorf("journal after a clean stop: %v %v, want empty", info, err)
	}
}

func TestTornJournalTailIsCut(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "chain")
	w, kill := child(t, dir)
	hashes := w.Mine(t, 2, alice)
	kill()
	path := filepath.Join(dir, "accepted.journal")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// As if the machine had stopped in the middle of the next append.
	if err := os.WriteFile(path, append(raw, raw[:len(raw)/3]...), 0o600); err != nil {
		t.Fatal(err)
	}
	again := devchaintest.Start(t, devchain.Config{Dir: dir})
	if got := must(t)(again.Client.BestBlockHash(deadline(t))); got != hashes[1] {
		t.Errorf("tip is %s, want %s", got, hashes[1])
	}
	again.Mine(t, 1, alice)
}

func TestDamagedWorldFileIsRefused(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "chain")
	devchaintest.Start(t, devchain.Config{Dir: dir}).Stop()
	path := filepath.Join(dir, "world.json")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"cut":           string(raw[:len(raw)/2]),
		"other genesis": strings.Replace(string(raw), `"genesis_time": 1`, `"genesis_time": 2`, 1),
		"free money":    strings.Replace(string(raw), `"subsidy_sats": 2500`, `"subsidy_sats": 99999999999`, 1),
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if c, err := devchain.Open(devchain.Config{Dir: dir}); err == nil {
			t.Errorf("%s: opened", name)
			_ = c.Close()
		}
	}
}
