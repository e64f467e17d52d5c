package audit

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"time"

	"hashyard"
)

// HeadStore tells the heads.
type HeadStore interface {
	Heads(ctx context.Context) ([]Head, error)
}

// ExporterConfig is what an Exporter needs.
type ExporterConfig struct {
	Store HeadStore
	File  string
	Every time.Duration // default an hour
	Now   func() time.Time
	Log   *slog.Logger
}

// Exporter appends the heads of all chains to a file, which belongs on another
// machine or medium than the database. One process writes a file.
type Exporter struct {
	cfg  ExporterConfig
	last map[hashyard.ID]Head // as they stand in the file
}

// NewExporter makes an exporter that goes on with a known file.
func NewExporter(cfg ExporterConfig) (*Exporter, error) {
	if cfg.Every == 0 {
		cfg.Every = time.Hour
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	known, err := ReadHeads(cfg.File)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	e := &Exporter{cfg: cfg, last: map[hashyard.ID]Head{}}
	for _, h := range known {
		e.last[h.Chain] = h
	}
	return e, nil
}

// Run exports until ctx ends, and once more then.
func (e *Exporter) Run(ctx context.Context) error {
	tick := time.NewTicker(e.cfg.Every)
	defer tick.Stop()
	for {
		if err := e.Export(ctx); err != nil && ctx.Err() == nil {
			e.cfg.Log.ErrorContext(ctx, "audit heads not exported", "file", e.cfg.File, "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Export appends the heads that moved since the last time and syncs them. A
// head that went back is no head: it is told in the log and not written.
func (e *Exporter) Export(ctx context.Context) error {
	heads, err := e.cfg.Store.Heads(ctx)
	if err != nil {
		return fmt.Errorf("audit heads: %w", err)
	}
	now := e.cfg.Now().UTC().Truncate(time.Second)
	var b bytes.Buffer
	moved := map[hashyard.ID]Head{}
	for _, h := range heads {
		h.At = now
		was, known := e.last[h.Chain]
		switch {
		case known && (h.Seq < was.Seq || h.Seq == was.Seq && h.Hash != was.Hash):
			e.cfg.Log.ErrorContext(ctx, "audit chain is shorter than its exported head or another one: it was tampered with",
				"org_id", h.Chain, "seq", h.Seq, "exported_seq", was.Seq)
			continue
		case known && h.Seq == was.Seq:
			continue
		}
		line, err := json.Marshal(h)
		if err != nil {
			return err
		}
		b.Write(append(line, '\n'))
		moved[h.Chain] = h
	}
	if b.Len() == 0 {
		return nil
	}
	if err := appendSynced(e.cfg.File, b.Bytes()); err != nil {
		return fmt.Errorf("audit heads: %w", err)
	}
	for chain, h := range moved {
		e.last[chain] = h
	}
	return nil
}

// appendSynced ends a line that a crash left half, which ReadHeads skips.
func appendSynced(path string, b []byte) (err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if at, err := f.Seek(0, 2); err == nil && at > 0 {
		end := make([]byte, 1)
		if _, err := f.ReadAt(end, at-1); err == nil && end[0] != '\n' {
			b = slices.Concat([]byte{'\n'}, b)
		}
	}
	if _, err := f.Write(b); err != nil {
		return err
	}
	return f.Sync()
}

// ReadHeads reads an exported file. A last line without an end, as a crash
// leaves it, is no line; any other that cannot be read is an error.
func ReadHeads(path string) ([]Head, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("audit heads: %w", err)
	}
	return parseHeads(raw)
}

func parseHeads(raw []byte) ([]Head, error) {
	var out []Head
	sc := bufio.NewScanner(bytes.NewReader(raw))
	for n := 1; sc.Scan(); n++ {
		line := bytes.TrimSpace(sc.Bytes())
		if len(line) == 0 {
			continue
		}
		var h Head
		if err := json.Unmarshal(line, &h); err != nil || h.Seq <= 0 {
			if !bytes.HasSuffix(line, []byte("}")) {
				continue // cut off in the writing
			}
			return nil, hashyard.Invalid.Errorf("audit heads, line %d: not a head", n)
		}
		out = append(out, h)
	}
	if err := sc.Err(); err != nil {
		return nil, hashyard.Invalid.Errorf("audit heads: %w", err)
	}
	return out, nil
}
