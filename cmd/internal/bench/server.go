//go:build linux

package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"hashyard"
	"hashyard/cmd/internal/telemetry"
	"hashyard/migrations/pg"
	"hashyard/pool"
	"hashyard/pool/dispatch"
	"hashyard/pool/fpps"
	"hashyard/pool/job"
	"hashyard/pool/node"
	poolpg "hashyard/pool/postgres"
	"hashyard/pool/sharelog"
	"hashyard/pool/stratum"
)

// Server is the pool under measurement: the real Stratum server, the synced
// share log and the accounting, without the rest of the house.
type Server struct {
	DatabaseURL string `required:"" help:"Database address that logs in as hashyard_app."`
	Dir         string `required:"" type:"path" help:"Folder of the share log."`
	ChainURL    string `required:"" help:"JSON-RPC address of the Bitcoin node."`
	Difficulty  uint64 `default:"4" help:"Difficulty of every share, in expected hashes."`
	GOGC        int    `name:"gogc" default:"100" help:"Growth of the heap, in percent, after which garbage is collected."`
}

// The node's login of a run.
const (
	chainUser     = "bench"
	chainPassword = "bench"
)

// Run serves until standard input ends; a line there is a command, and gets a
// line as answer.
func (s *Server) Run(ctx context.Context, log *slog.Logger) error {
	debug.SetGCPercent(s.GOGC)
	db, err := pg.Open(ctx, pg.Config{URL: s.DatabaseURL, Log: log})
	if err != nil {
		return err
	}
	defer db.Close()
	shares, err := sharelog.Open(ctx, sharelog.Config{Dir: filepath.Join(s.Dir, "shares"), Logger: log})
	if err != nil {
		return err
	}
	err = s.serve(ctx, db, shares, log)
	return errors.Join(err, shares.Close())
}

func (s *Server) serve(ctx context.Context, db *pg.DB, shares *sharelog.Log, log *slog.Logger) error {
	p, err := s.build(ctx, db, shares, log)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	consumer := sharelog.NewConsumer(sharelog.ConsumerConfig{Log: shares, Checkpoint: p.accounts.Checkpoint, Logger: log})
	parts, ctx := errgroup.WithContext(ctx)
	for _, part := range []func(context.Context) error{
		p.stratum.Run, p.dispatch.Run, p.accounts.Run,
		func(ctx context.Context) error { return consumer.Run(ctx, p.accounts.Apply) },
		func(ctx context.Context) error {
			defer stop()
			return p.obey(ctx, os.Stdin, os.Stdout)
		},
	} {
		parts.Go(func() error {
			if err := part(ctx); err != nil && !errors.Is(err, context.Canceled) {
				return err
			}
			return nil
		})
	}
	return parts.Wait()
}

// parts are what a command may be about.
type parts struct {
	shares   *sharelog.Log
	accounts *pool.Service
	stratum  *stratum.Server
	dispatch *dispatch.Dispatcher
	profile  bytes.Buffer
}

func (s *Server) build(ctx context.Context, db *pg.DB, shares *sharelog.Log, log *slog.Logger) (*parts, error) {
	n, err := node.New(node.Config{URL: s.ChainURL, User: chainUser, Password: chainPassword})
	if err != nil {
		return nil, err
	}
	network, err := n.Network(ctx)
	if err != nil {
		return nil, err
	}
	nodes, err := node.NewNodes(node.NodesConfig{Nodes: []node.Node{n}, Network: network, Logger: log})
	if err != nil {
		return nil, err
	}
	p := &parts{shares: shares}
	p.accounts, err = pool.New(pool.Config{
		Store: poolpg.New(db), Log: shares, Chain: feeless{n}, ServerKey: bytes.Repeat([]byte{1}, 32), Network: node.LocalChain, Logger: log,
	})
	if err != nil {
		return nil, err
	}
	const noLimit = 1 << 30
	p.stratum, err = stratum.Open(stratum.Config{
		Listen: "127.0.0.1:0", Auth: p.accounts, Log: shares, Found: func(c job.Candidate) { p.dispatch.Found(c) },
		// A rate that no client reaches keeps the difficulty where it is. A real
		// miner sends a share every few seconds: what bounds one that sends
		// hundreds a second would end the measurement.
		Start: hashyard.Difficulty(s.Difficulty), Floor: hashyard.Difficulty(s.Difficulty), PerMinute: 1e12,
		MaxSeen: noLimit, MaxTaken: noLimit, MaxSessions: noLimit, MaxPerAddr: noLimit, MaxPerAccount: noLimit, MaxBlame: noLimit,
		Hooks:  stratum.Hooks{Interrupted: p.accounts.Interrupt, Judged: telemetry.Shares(telemetry.New("bench", ""))},
		Logger: log,
	})
	if err != nil {
		return nil, err
	}
	p.dispatch, err = dispatch.New(dispatch.Config{
		Nodes: nodes, Edge: p.stratum, Epochs: p.accounts, Blocks: p.accounts, Script: witnessScript(), Logger: log,
	})
	return p, err
}

// witnessScript pays to a witness program of 20 bytes, like most pools do.
func witnessScript() []byte {
	s, _ := hex.DecodeString("0014751e76e8199196d454941c45d1b3a323f1433bd6")
	return s
}

// feeless is a chain whose transactions paid nothing.
type feeless struct{ node *node.Client }

func (f feeless) BlockFees(ctx context.Context, hash [32]byte) (fpps.Block, error) {
	h, err := f.node.BlockHeader(ctx, hash)
	return fpps.Block{Hash: hash, Prev: h.PrevHash, Height: h.Height, NBits: h.Bits, Time: h.Time}, err
}

func (f feeless) Confirmations(ctx context.Context, hash [32]byte, _ int64) (int64, error) {
	h, err := f.node.BlockHeader(ctx, hash)
	return h.Confirmations, err
}

// obey answers commands until they end.
func (p *parts) obey(ctx context.Context, in io.Reader, out io.Writer) error {
	fmt.Fprintln(out, "ready", p.stratum.Addr())
	lines := make(chan string)
	go func() { // ends with in; a process that ends before does not wait for it
		defer close(lines)
		for s := bufio.NewScanner(in); s.Scan(); {
			lines <- s.Text()
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return nil
		case line, more := <-lines:
			if !more {
				return nil
			}
			answer, err := p.command(ctx, line)
			if err != nil {
				answer = "error " + err.Error()
			}
			fmt.Fprintln(out, answer)
		}
	}
}

func (p *parts) command(ctx context.Context, line string) (string, error) {
	verb, arg, _ := strings.Cut(line, " ")
	switch verb {
	case "settle": // wait until everything that was answered is booked
		return "settled", p.settle(ctx)
	case "profile":
		p.profile.Reset()
		return "profiling", pprof.StartCPUProfile(&p.profile)
	case "profiled":
		pprof.StopCPUProfile()
		return "written", os.WriteFile(arg, p.profile.Bytes(), 0o644)
	case "heap":
		var b bytes.Buffer
		if err := pprof.Lookup("heap").WriteTo(&b, 0); err != nil {
			return "", err
		}
		return "written", os.WriteFile(arg, b.Bytes(), 0o644)
	case "collect": // as two minutes of rest do
		for range 4 { // stacks shrink by half at each
			runtime.GC()
		}
		debug.FreeOSMemory()
		return "collected", nil
	case "memory":
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return fmt.Sprintf("%.1f MiB of heap and %.1f of stacks in use, %.1f of the system, %d collections, %d goroutines",
			mib(m.HeapInuse), mib(m.StackInuse), mib(m.Sys-m.HeapReleased), m.NumGC, runtime.NumGoroutine()), nil
	}
	return "", hashyard.Invalid.Errorf("unknown command %q", verb)
}

func (p *parts) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	stream, seq, err := p.shares.Flush(ctx)
	if err != nil {
		return err
	}
	for {
		at, applied, err := p.accounts.Checkpoint(ctx)
		if err != nil {
			return err
		}
		if at == stream && applied >= seq {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("applied up to %d of %d: %w", applied, seq, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func mib(n uint64) float64 { return float64(n) / (1 << 20) }
