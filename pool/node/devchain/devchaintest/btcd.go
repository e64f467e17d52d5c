package devchaintest

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"hashyard/pool/node"
)

// StartBtcd runs another program's node, a btcd on simnet, until the test
// ends: the one that HASHYARD_BTCD names, or the one of go.mod's tools. It is
// started by its own path, not through the go command, so that ending it ends
// it. The World has no Chain. missing ends the test on a machine without btcd.
func StartBtcd(t testing.TB, missing func(how string)) *World {
	t.Helper()
	path := btcdPath(t, missing)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var output bytes.Buffer
	cmd := exec.Command(path, "--simnet", "--datadir="+dir+"/data", "--logdir="+dir+"/logs", "--configfile="+dir+"/none.conf",
		"--rpcuser=u", "--rpcpass=p", "--notls", "--rpclisten="+addr, "--nolisten", "--nodnsseed", "--txindex")
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	w := &World{URL: "http://" + addr, User: "u", Password: "p"}
	w.stop = func() {
		if cmd == nil {
			return
		}
		_ = cmd.Process.Signal(os.Interrupt)
		select {
		case <-ended:
		case <-time.After(20 * time.Second): // it syncs its disk at the end
			_ = cmd.Process.Kill()
			<-ended
		}
		cmd = nil
	}
	t.Cleanup(w.stop)
	if w.Client, err = node.New(node.Config{Name: "btcd", URL: w.URL, User: w.User, Password: w.Password}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Client.Close)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		if _, err = w.Client.BlockCount(ctx); err == nil {
			return w
		}
		select {
		case werr := <-ended:
			ended <- werr
			t.Fatalf("btcd ended: %v\n%s", werr, output.String())
		case <-ctx.Done():
			t.Fatalf("btcd does not answer: %v", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func btcdPath(t testing.TB, missing func(how string)) string {
	t.Helper()
	if path := os.Getenv("HASHYARD_BTCD"); path != "" {
		return path
	}
	// Built once and kept in the build cache. Without a module cache it cannot
	// be had.
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "go", "tool", "-n", "btcd").Output()
	path := strings.TrimSpace(string(out))
	if err != nil || path == "" {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = errors.Join(err, errors.New(string(exit.Stderr)))
		}
		missing("`go tool -n btcd` gives no program, and HASHYARD_BTCD names none: " + errors.Join(err, errors.New("no path")).Error())
	}
	return path
}
