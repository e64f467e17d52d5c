package journey

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard/cmd/internal/world"
	"hashyard/cmd/internal/world/worldtest"
	"hashyard/pool/node"
)

// TestFaults: something under the yard fails before almost every step of a
// journey: the database freezes, dies, runs out of disk, the share log runs out
// of disk, the chain loses six blocks after earnings were credited and again
// after they were paid. The yard says so while it lasts, comes back by itself,
// and the journey finds every share, cent and satoshi at its place.
func TestFaults(t *testing.T) {
	worldtest.Needs(t)
	dir := filepath.Join(t.TempDir(), "world")
	// Postgres, which root runs as another user, must get to its disk.
	if err := os.Chmod(filepath.Dir(filepath.Dir(dir)), 0o755); err != nil {
		t.Fatal(err)
	}
	disks := smallDisks(t, map[string]int{filepath.Join(dir, "pg"): 512, filepath.Join(dir, "serve", "shares"): 256})
	f := &faults{t: t, path: worldtest.StartIn(t, worldtest.Build(t, ""), dir, worldtest.Fast()).Path}
	before := map[int]func(context.Context) error{
		2:  f.frozenDatabase,
		4:  f.killedDatabase,
		12: f.sixBlocksLost,
		13: f.sixBlocksLost,
	}
	if disks {
		before[6] = func(ctx context.Context) error { return f.fullDisk(ctx, filepath.Join(dir, "pg"), f.useUpTheLog) }
		before[9] = func(ctx context.Context) error {
			return f.fullDisk(ctx, filepath.Join(dir, "serve", "shares"), func(context.Context) error { return nil })
		}
	}
	err := Run(t.Context(), Config{
		World: f.path, Out: worldtest.Lines{T: t}, Wait: 3 * time.Minute, Dying: true,
		Between: func(ctx context.Context, step int) error {
			if before[step] == nil {
				return nil
			}
			return before[step](ctx)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	f.ledgerIsChainAgain(t.Context())
}

// faults breaks what a world stands on.
type faults struct {
	t      *testing.T
	path   string
	height int64 // of the chain before it lost blocks for the last time
}

// smallDisks lays folders of the world on file systems of some MiB, which only
// root may mount; without them the faults of full disks are left out.
func smallDisks(t *testing.T, mib map[string]int) bool {
	t.Helper()
	for link, size := range mib {
		dir := filepath.Join(t.TempDir(), "disk")
		if err := errors.Join(os.MkdirAll(filepath.Dir(link), 0o755), os.Mkdir(dir, 0o755), os.Symlink(dir, link)); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dm,mode=0777", size)); err != nil {
			t.Logf("no small file systems here (%v): the faults of full disks are left out", err)
			if err := os.Remove(link); err != nil {
				t.Fatal(err)
			}
			return false
		}
		t.Cleanup(func() {
			if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
				t.Errorf("unmount %s: %v", dir, err)
			}
		})
	}
	return true
}

// answers says what /readyz says, and how long it took.
func (f *faults) answers(ctx context.Context) (status int, body string, took time.Duration) {
	w, err := world.Load(f.path)
	if err != nil {
		return 0, err.Error(), 0
	}
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.URL+"/readyz", nil)
	if err != nil {
		return 0, err.Error(), 0
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error(), time.Since(began)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error(), time.Since(began)
	}
	return resp.StatusCode, string(b), time.Since(began)
}

// saysSo waits until the yard says that it is not ready.
func (f *faults) saysSo(ctx context.Context, what string) error {
	return until(ctx, 20*time.Second, func() error {
		status, body, took := f.answers(ctx)
		if status == http.StatusServiceUnavailable {
			f.t.Logf("%s: /readyz says so after %.1f s: %s", what, took.Seconds(), strings.TrimSpace(body))
			return nil
		}
		return notYet("%s: /readyz answers %d %s", what, status, body)
	})
}

// comesBack waits until the yard is ready again.
func (f *faults) comesBack(ctx context.Context, what string) error {
	began := time.Now()
	err := until(ctx, time.Minute, func() error {
		if status, body, _ := f.answers(ctx); status != http.StatusOK {
			return notYet("after %s: /readyz answers %d %s", what, status, body)
		}
		return nil
	})
	if err == nil {
		f.t.Logf("%s: ready again after %.1f s", what, time.Since(began).Seconds())
	}
	return err
}

// frozenDatabase: every process of Postgres stands still for a while. Commands
// are answered in time, with an error, instead of piling up.
func (f *faults) frozenDatabase(ctx context.Context) error {
	pids, err := f.postgres()
	if err != nil {
		return err
	}
	thaw := func() error {
		var errs []error
		for _, pid := range pids {
			if err := syscall.Kill(pid, syscall.SIGCONT); err != nil && !errors.Is(err, syscall.ESRCH) {
				errs = append(errs, err)
			}
		}
		return errors.Join(errs...)
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil && !errors.Is(err, syscall.ESRCH) {
			return errors.Join(err, thaw())
		}
	}
	err = f.saysSo(ctx, "frozen database")
	return errors.Join(err, thaw(), f.comesBack(ctx, "a frozen database"))
}

// postgres are the process ids of the server and its children.
func (f *faults) postgres() ([]int, error) {
	w, err := world.Load(f.path)
	if err != nil {
		return nil, err
	}
	root := w.PIDs["postgres"]
	if root <= 0 {
		return nil, errors.New("world.json names no pid of postgres")
	}
	pids := []int{root}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	for _, path := range stats {
		b, err := os.ReadFile(path)
		if err != nil {
			continue // it has just ended
		}
		// pid (name) state ppid …; the name may hold spaces.
		_, rest, ok := strings.Cut(string(b), ") ")
		if fields := strings.Fields(rest); ok && len(fields) > 1 && fields[1] == strconv.Itoa(root) {
			if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids, nil
}

// killedDatabase: SIGKILL of Postgres; its supervisor starts it again.
func (f *faults) killedDatabase(ctx context.Context) error {
	w, err := world.Load(f.path)
	if err != nil {
		return err
	}
	if err := syscall.Kill(w.PIDs["postgres"], syscall.SIGKILL); err != nil {
		return fmt.Errorf("kill postgres: %w", err)
	}
	err = until(ctx, time.Minute, func() error {
		now, err := world.Load(f.path)
		if err != nil {
			return err
		}
		if pid := now.PIDs["postgres"]; pid <= 0 || pid == w.PIDs["postgres"] {
			return notYet("postgres is not started again")
		}
		return nil
	})
	return errors.Join(err, f.comesBack(ctx, "a killed database"))
}

// fullDisk: nothing can be written below dir until somebody makes room; press
// makes its user want to.
func (f *faults) fullDisk(ctx context.Context, dir string, press func(context.Context) error) error {
	path := filepath.Join(dir, "filler")
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	for _, size := range []int{1 << 20, 4096, 1} {
		for chunk := make([]byte, size); err == nil; {
			_, err = file.Write(chunk)
		}
		if !errors.Is(err, syscall.ENOSPC) {
			return fmt.Errorf("filling %s: %w", dir, err)
		}
		err = nil
	}
	what := "full disk of " + filepath.Base(dir)
	if err = press(ctx); err == nil {
		err = f.saysSo(ctx, what)
	}
	return errors.Join(err, file.Close(), os.Remove(path), f.comesBack(ctx, "a "+what))
}

// useUpTheLog makes Postgres begin new segments of its log until it has no
// room for one, which ends it.
func (f *faults) useUpTheLog(ctx context.Context) error {
	w, err := world.Load(f.path)
	if err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, w.DatabaseURL)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for range 200 {
		if _, err := conn.Exec(ctx, "CREATE TEMP TABLE IF NOT EXISTS press (i int); SELECT txid_current(); SELECT pg_switch_wal()"); err != nil {
			f.t.Logf("the database's log is full: %v", err)
			return nil
		}
	}
	return errors.New("the database's log takes no end")
}

// sixBlocksLost: the six newest blocks are no longer part of the chain, with
// every payout and reward in them.
func (f *faults) sixBlocksLost(ctx context.Context) error {
	var height int64
	if err := f.rpc(ctx, &height, "getblockcount"); err != nil {
		return err
	}
	var hash string
	if err := f.rpc(ctx, &hash, "getblockhash", height-5); err != nil {
		return err
	}
	if err := f.rpc(ctx, nil, "invalidateblock", hash); err != nil {
		return err
	}
	var now int64
	if err := f.rpc(ctx, &now, "getblockcount"); err != nil {
		return err
	}
	if now > height-4 {
		return fmt.Errorf("the chain is at block %d, was at %d before six were lost", now, height)
	}
	f.height = height
	f.t.Logf("six blocks lost: from %d to %d", height, now)
	return f.comesBack(ctx, "six lost blocks")
}

func (f *faults) rpc(ctx context.Context, out any, method string, params ...any) error {
	w, err := world.Load(f.path)
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]any{"id": 1, "method": method, "params": append([]any{}, params...)})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.Chain.URL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.SetBasicAuth(w.Chain.User, w.Chain.Password)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	defer resp.Body.Close()
	var reply struct {
		Result json.RawMessage `json:"result"`
		Error  any             `json:"error"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&reply); err != nil || reply.Error != nil {
		return fmt.Errorf("%s: %v %w", method, reply.Error, err)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(reply.Result, out)
}

// mined says where a confirmed payout's transaction is.
func (f *faults) mined(ctx context.Context, v payoutView) error {
	var tx struct {
		Confirmations int64 `json:"confirmations"`
	}
	if err := f.rpc(ctx, &tx, "getrawtransaction", v.TxID, 1); err != nil {
		return fmt.Errorf("payout %s is confirmed, its transaction is nowhere: %w", v.ID, err)
	}
	if tx.Confirmations < 1 {
		return notYet("payout %s is confirmed and its transaction waits for a block again", v.ID)
	}
	return nil
}

// ledgerIsChainAgain: after the last six blocks were lost, every payout is
// mined again, in one block each, and the ledger has what the chain has.
func (f *faults) ledgerIsChainAgain(ctx context.Context) {
	w, err := world.Load(f.path)
	if err != nil {
		f.t.Fatal(err)
	}
	p := &play{cfg: Config{World: f.path, Wait: 2 * time.Minute}, w: w, as: map[string]hand{}}
	for role, key := range w.Keys {
		p.as[role] = bearer(w.URL, key)
	}
	if p.chain, err = node.New(node.Config{URL: w.Chain.URL, User: w.Chain.User, Password: w.Chain.Password}); err != nil {
		f.t.Fatal(err)
	}
	defer p.chain.Close()
	p.blocks = newBlocks(p.chain)
	if p.house, err = w.Org("house"); err != nil {
		f.t.Fatal(err)
	}
	sent := 0
	err = until(ctx, p.cfg.Wait, func() error {
		// The chain is longer again than before it lost its blocks, so what was
		// in them has had its time.
		var height int64
		if err := f.rpc(ctx, &height, "getblockcount"); err != nil {
			return err
		}
		if height < f.height+3 {
			return notYet("the chain is at block %d, was at %d before it lost six", height, f.height)
		}
		all, err := p.payouts(ctx)
		if err != nil {
			return err
		}
		sent = 0
		for _, v := range all {
			if v.State == "signed" || v.State == "broadcast" {
				return notYet("payout %s is %s with %d confirmations", v.ID, v.State, v.Confirmations)
			}
			if v.State == "confirmed" {
				sent++
				if err := f.mined(ctx, v); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		f.t.Fatal(err)
	}
	sum, coins, height, err := p.ledgerIsChain(ctx)
	if err != nil {
		f.t.Fatal(err)
	}
	if sent == 0 {
		f.t.Error("no payout was sent: the reorganisation said nothing")
	}
	f.t.Logf("after all faults: %d payouts confirmed, ledger = chain: %d sat in %d coins at block %d", sent, sum, coins, height)
}
