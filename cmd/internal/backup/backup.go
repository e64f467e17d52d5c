package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"filippo.io/age"

	"hashyard"
	"hashyard/migrations"
)

// Config says what to back up, and where to.
type Config struct {
	OwnerURL string // logs in as the owner of the tables
	Out      string // the archive; it appears only when it is whole
	Sets     []Set
	Keys     []age.Recipient // none: not encrypted
	Temp     string          // for copies of folders in use; "" is the system's
	Program  string          // version that is written into the archive
	Log      *slog.Logger
}

// Summary is what an archive holds.
type Summary struct {
	Head   Head
	Parts  []Part
	Sealed bool
}

// Rows counts the rows of all tables.
func (s Summary) Rows() (n int64) {
	for _, p := range s.Parts {
		n += p.Rows
	}
	return n
}

// Bytes is the size of everything unpacked.
func (s Summary) Bytes() (n int64) {
	for _, p := range s.Parts {
		n += p.Bytes
	}
	return n
}

// Make writes an archive, reads it back from disk where it can, and only then
// gives it its name.
func Make(ctx context.Context, cfg Config) (Summary, error) {
	if len(cfg.Keys) == 0 {
		for _, s := range cfg.Sets {
			if s.Keys {
				return Summary{}, hashyard.Invalid.Errorf("%s holds keys, which go only into an encrypted archive: name a key with --recipient or a passphrase with --passphrase", s.Dir)
			}
		}
	}
	if _, err := os.Stat(cfg.Out); err == nil {
		return Summary{}, hashyard.Conflict.Errorf("%s is there already: a backup overwrites nothing", cfg.Out)
	}
	partial := cfg.Out + ".partial"
	f, err := os.OpenFile(partial, os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600)
	if err != nil {
		return Summary{}, hashyard.Invalid.Errorf("archive: %w", err)
	}
	sum, err := write(ctx, cfg, f)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(partial, cfg.Out)
	}
	if err != nil {
		return Summary{}, errors.Join(err, os.Remove(partial))
	}
	return sum, syncDir(filepath.Dir(cfg.Out))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func write(ctx context.Context, cfg Config, w io.Writer) (Summary, error) {
	snap, err := openSnapshot(ctx, cfg.OwnerURL)
	if err != nil {
		return Summary{}, err
	}
	defer snap.close()
	snap.head.Program = cfg.Program
	for _, s := range cfg.Sets {
		snap.head.Sets = append(snap.head.Sets, s.Name)
		snap.head.Keys = snap.head.Keys || s.Keys
	}
	a, err := newWriter(w, cfg.Keys, snap.head)
	if err != nil {
		return Summary{}, err
	}
	if err := snap.write(ctx, a); err != nil {
		return Summary{}, err
	}
	seen, err := snap.seen(ctx)
	if err != nil {
		return Summary{}, err
	}
	// The folders after the database: see the package's comment.
	for _, s := range cfg.Sets {
		if err := writeSet(ctx, a, s, seen, cfg.Temp); err != nil {
			return Summary{}, err
		}
	}
	if err := a.close(); err != nil {
		return Summary{}, fmt.Errorf("archive: %w", err)
	}
	return Summary{Head: snap.head, Parts: a.manifest.Parts, Sealed: len(cfg.Keys) > 0}, nil
}

// Verify reads a whole archive and compares it with its manifest.
func Verify(path string, keys []age.Identity, limit int64) (Summary, Manifest, error) {
	f, err := os.Open(path)
	if err != nil {
		return Summary{}, Manifest{}, hashyard.NotFound.Errorf("archive: %w", err)
	}
	defer f.Close()
	r, err := newReader(f, keys, limit)
	if err != nil {
		return Summary{}, Manifest{}, err
	}
	defer r.close()
	m, err := r.each(func(name string, _ io.Reader) error {
		if strings.HasPrefix(name, tablePrefix) {
			return nil
		}
		set, _, err := split(name)
		if err == nil && (!strings.HasPrefix(name, filePrefix) || !slices.Contains(r.Head.Sets, set)) {
			err = hashyard.Invalid.Errorf("the archive holds a part %.100q that its head does not name", name)
		}
		return err
	})
	return Summary{Head: r.Head, Parts: m.Parts, Sealed: r.Sealed}, m, err
}

// RestoreConfig says where an archive goes.
type RestoreConfig struct {
	Archive  string
	Keys     []age.Identity
	OwnerURL string   // an empty database
	Targets  []Target // of the archive's sets
	Leave    []string // sets that are left out on purpose
	MaxSize  int64    // bytes it may unpack to; 0 is a tebibyte
	// Freeze stops payouts in the restored database: what was signed after the
	// backup is unknown to it and would be paid again.
	Freeze bool
	// Check, if set, looks at the restored database, migrated to the newest
	// shape, and says what is wrong with it.
	Check func(ctx context.Context, ownerURL string) error
	Log   *slog.Logger
}

// Restore brings an archive back. It may be run again after it was cut short:
// it goes on or begins anew, and leaves nothing half.
func Restore(ctx context.Context, cfg RestoreConfig) (Summary, error) {
	sum, manifest, err := Verify(cfg.Archive, cfg.Keys, cfg.MaxSize)
	if err != nil {
		return sum, err
	}
	if err := cfg.fits(sum.Head); err != nil {
		return sum, err
	}
	l, err := openLoader(ctx, cfg.OwnerURL, sum.Head)
	if err != nil {
		return sum, err
	}
	defer l.close()
	was, err := l.look(ctx)
	if err != nil {
		return sum, err
	}
	p, err := newPlacer(sum.Head.ID, cfg.Targets)
	if err != nil {
		return sum, err
	}
	defer p.close()
	if was == blank {
		err = l.shape(ctx)
	}
	if err == nil {
		err = unpack(ctx, cfg, l, p, was, manifest)
	}
	if err != nil {
		p.discard()
		return sum, err
	}
	if err := p.place(); err != nil {
		return sum, err
	}
	if err := migrations.Up(ctx, migrations.Config{OwnerURL: cfg.OwnerURL, Log: cfg.Log}); err != nil {
		return sum, fmt.Errorf("the archive is restored, but not brought up to date (`hashyard migrate` does it): %w", err)
	}
	if cfg.Freeze {
		if err := l.freeze(ctx); err != nil {
			return sum, err
		}
	}
	if cfg.Check != nil {
		return sum, cfg.Check(ctx, cfg.OwnerURL)
	}
	return sum, nil
}

// fits refuses what this program or this call has no place for.
func (cfg RestoreConfig) fits(h Head) error {
	known, err := migrations.Known()
	if err != nil {
		return err
	}
	for _, v := range h.Migrations {
		if !slices.Contains(known, v) {
			return hashyard.Conflict.Errorf("the archive was made by a newer program (%s): its database has seen migration %04d, which this one does not know", h.Program, v)
		}
	}
	for _, s := range h.Sets {
		has := slices.ContainsFunc(cfg.Targets, func(t Target) bool { return t.Set == s })
		if !has && !slices.Contains(cfg.Leave, s) {
			return hashyard.Invalid.Errorf("the archive holds a folder %q: say where it goes with --%s-dir, or leave it out with --leave %s", s, s, s)
		}
	}
	return nil
}

// unpack reads the archive a second time, now into database and folders.
func unpack(ctx context.Context, cfg RestoreConfig, l *loader, p *placer, was state, m Manifest) error {
	f, err := os.Open(cfg.Archive)
	if err != nil {
		return hashyard.NotFound.Errorf("archive: %w", err)
	}
	defer f.Close()
	r, err := newReader(f, cfg.Keys, cfg.MaxSize)
	if err != nil {
		return err
	}
	defer r.close()
	if was == blank {
		if err := l.begin(ctx); err != nil {
			return err
		}
	}
	modes := map[string]uint32{}
	for _, part := range m.Parts {
		modes[part.Name] = part.Mode
	}
	again, err := r.each(func(name string, body io.Reader) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if table, ok := strings.CutPrefix(name, tablePrefix); ok {
			if was == ready {
				return nil
			}
			return l.table(ctx, table, body)
		}
		return p.file(name, modes[name], body)
	})
	if err != nil {
		return err
	}
	if again.ID != m.ID {
		return hashyard.Conflict.Errorf("the archive was exchanged while it was read")
	}
	if was == ready {
		return nil
	}
	return l.finish(ctx, m)
}
