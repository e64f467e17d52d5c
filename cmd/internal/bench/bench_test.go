//go:build linux

package bench

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/alecthomas/kong"
)

// serverEnv makes the test binary one of the servers.
const serverEnv = "HASHYARD_BENCH_SERVER"

func TestMain(m *testing.M) {
	if os.Getenv(serverEnv) != "" {
		if err := beServer(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func beServer() error {
	var c struct {
		Bench struct {
			Server Server `cmd:""`
			Sink   Sink   `cmd:""`
		} `cmd:""`
		LogLevel slog.Level
	}
	p, err := kong.New(&c)
	if err != nil {
		return err
	}
	k, err := p.Parse(os.Args[1:])
	if err != nil {
		return err
	}
	k.BindTo(context.Background(), (*context.Context)(nil))
	return k.Run(slog.New(slog.DiscardHandler))
}

// A small run through everything that a large one has: real shares, new
// blocks, books that agree with what clients heard, and the sink.
func TestSmallRun(t *testing.T) {
	t.Setenv(serverEnv, "1")
	var out bytes.Buffer
	b := Pool{
		Conns: 50, Seconds: 2, SinkSeconds: 1, Fans: 1, Txs: 20, Difficulty: 4, Threads: 1, GOGC: 100, BlocksEvery: 500 * time.Millisecond,
		Search: []string{filepath.Join("..", "..", "..", "web", "ui")}, Out: &out,
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if err := b.Run(ctx, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatalf("%v\n%s", err, out.Bytes())
	}
	t.Logf("\n%s", out.Bytes())
}

func TestBooksThatDifferFailTheRun(t *testing.T) {
	for _, tt := range []struct {
		name         string
		work, shares int64
		wrong        bool
	}{
		{"equal", 40, 10, false}, {"a share lost", 36, 9, true}, {"a share doubled", 44, 11, true}, {"other work for as many", 41, 10, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := Figures{Server: Side{Accepted: 10, Work: 40}, BookedWork: tt.work, BookedShares: tt.shares}
			if err := f.honest(); (err != nil) != tt.wrong {
				t.Error(err)
			}
		})
	}
}

func TestNumbersAreReadFromAnswers(t *testing.T) {
	for line, want := range map[string]int{
		`{"id":12,"result":true,"error":null}`: 12, `{"id":null}`: -1, `{}`: -1, `{"result":true,"id":7}`: 7,
	} {
		if got := number([]byte(line), []byte(`"id":`)); got != want {
			t.Errorf("%s: %d, want %d", line, got, want)
		}
	}
}
