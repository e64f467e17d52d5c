package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"hashyard"
)

// Set is a folder that goes into an archive.
type Set struct {
	Name string
	Dir  string
	// Keys: it holds key material, and goes only into an encrypted archive.
	Keys bool
	// Skip leaves out what it is true for; slash-separated, relative.
	Skip func(rel string) bool
	// Check, if set, is for a folder that is written while it is read: it opens
	// a copy with the program of its owner. The copy goes into the archive; one
	// that does not pass is made anew.
	Check func(ctx context.Context, dir string, s *Seen) error
}

// Seen is what the database knew when its snapshot was taken: a folder may be
// ahead of it, never behind.
type Seen struct {
	Stream string // share log's incarnation
	Shares uint64 // last message applied
	Height int64  // of the treasury's chain
}

// copies is how often a folder under use is copied before it is given up.
const copies = 5

// writeSet writes a folder's files.
func writeSet(ctx context.Context, a *writer, s Set, seen *Seen, temp string) error {
	if s.Check == nil {
		return writeTree(ctx, a, s.Name, s.Dir, s.Skip)
	}
	var err error
	for range copies {
		var dir string
		if dir, err = os.MkdirTemp(temp, "hashyard-backup-"); err != nil {
			return fmt.Errorf("copy of %s: %w", s.Dir, err)
		}
		if err = copyTree(ctx, dir, s.Dir, s.Skip); err == nil {
			err = s.Check(ctx, dir, seen)
		}
		if err == nil {
			err = writeTree(ctx, a, s.Name, dir, s.Skip)
			return errors.Join(err, os.RemoveAll(dir))
		}
		if rerr := os.RemoveAll(dir); rerr != nil || ctx.Err() != nil {
			return errors.Join(err, rerr)
		}
	}
	return fmt.Errorf("%s changed under every one of %d copies, or is damaged: %w", s.Dir, copies, err)
}

// walk visits the plain files below dir, in order. Locks, sockets and links
// are none of an archive's business.
func walk(ctx context.Context, dir string, skip func(string) bool, fn func(root *os.Root, rel string, mode fs.FileMode) error) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("folder to back up: %w", err)
	}
	defer root.Close()
	return fs.WalkDir(root.FS(), ".", func(rel string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && rel != "." {
			return nil // removed while we walked
		}
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if skip != nil && rel != "." && skip(rel) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() || d.Name() == "lock" {
			return nil
		}
		info, err := d.Info()
		if err == nil {
			err = fn(root, rel, info.Mode().Perm())
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
}

func writeTree(ctx context.Context, a *writer, set, dir string, skip func(string) bool) error {
	return walk(ctx, dir, skip, func(root *os.Root, rel string, mode fs.FileMode) error {
		f, err := root.Open(rel)
		if err != nil {
			return err
		}
		defer f.Close()
		return a.part(filePrefix+set+"/"+rel, mode, func(w io.Writer) (int64, error) {
			_, err := io.Copy(w, f)
			return 0, err
		})
	})
}

func copyTree(ctx context.Context, to, from string, skip func(string) bool) error {
	dst, err := os.OpenRoot(to)
	if err != nil {
		return err
	}
	defer dst.Close()
	return walk(ctx, from, skip, func(root *os.Root, rel string, mode fs.FileMode) error {
		f, err := root.Open(rel)
		if err != nil {
			return err
		}
		defer f.Close()
		return lay(dst, rel, mode|0o600, f, false)
	})
}

// lay writes one file below root.
func lay(root *os.Root, rel string, mode fs.FileMode, body io.Reader, sync bool) error {
	if dir := path.Dir(rel); dir != "." {
		if err := root.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	f, err := root.OpenFile(rel, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode.Perm()&0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, body)
	if err == nil && sync {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// Target is where a set goes at a restore.
type Target struct {
	Set  string
	Root string // made by the restore; absent or empty before
	Sub  string // within it
}

// receipt lies in every folder that a restore has finished.
const receipt = "restored.json"

// placer lays files beside their final places and moves them at the end.
type placer struct {
	id      string
	targets []Target
	done    []string // roots that an earlier run of the same restore finished
	open    map[string]*os.Root
}

func staging(root string) string { return strings.TrimRight(root, "/") + ".restoring" }

// newPlacer refuses targets that hold something, and begins anew beside them.
func newPlacer(id string, targets []Target) (*placer, error) {
	p := &placer{id: id, targets: targets, open: map[string]*os.Root{}}
	for _, t := range targets {
		if p.open[t.Root] != nil || slices.Contains(p.done, t.Root) {
			continue
		}
		entries, err := os.ReadDir(t.Root)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("restore into %s: %w", t.Root, err)
		}
		if p.restored(t.Root) {
			p.done = append(p.done, t.Root)
			continue
		}
		if len(entries) > 0 {
			return nil, hashyard.Conflict.Errorf("%s is not empty: a restore makes its folders itself; move that one away", t.Root)
		}
		dir := staging(t.Root)
		if err := os.RemoveAll(dir); err != nil {
			return nil, fmt.Errorf("restore into %s: %w", t.Root, err)
		}
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("restore into %s: %w", t.Root, err)
		}
		if p.open[t.Root], err = os.OpenRoot(dir); err != nil {
			return nil, fmt.Errorf("restore into %s: %w", t.Root, err)
		}
	}
	return p, nil
}

func (p *placer) close() {
	for _, r := range p.open {
		r.Close()
	}
}

// restored reports whether root was made from this archive already.
func (p *placer) restored(root string) bool {
	var r struct{ Backup string }
	b, err := os.ReadFile(filepath.Join(root, receipt))
	return err == nil && json.Unmarshal(b, &r) == nil && r.Backup == p.id
}

// split takes the name of a file's part apart.
func split(name string) (set, rel string, err error) {
	set, rel, ok := strings.Cut(strings.TrimPrefix(name, filePrefix), "/")
	if !ok || !fs.ValidPath(rel) || rel == "." {
		return "", "", hashyard.Invalid.Errorf("the archive holds a part %.100q that belongs nowhere", name)
	}
	return set, rel, nil
}

// file lays one file of a set; a set without a target is left out.
func (p *placer) file(name string, mode uint32, body io.Reader) error {
	set, rel, err := split(name)
	if err != nil {
		return err
	}
	for _, t := range p.targets {
		if t.Set == set && p.open[t.Root] != nil {
			return lay(p.open[t.Root], path.Join(filepath.ToSlash(t.Sub), rel), fs.FileMode(mode)&0o700|0o600, body, true)
		}
	}
	return nil
}

// place moves everything to where it belongs.
func (p *placer) place() error {
	b, err := json.Marshal(map[string]string{"backup": p.id})
	if err != nil {
		return err
	}
	for root, r := range p.open {
		if err := lay(r, receipt, 0o600, strings.NewReader(string(b)), true); err != nil {
			return fmt.Errorf("restore into %s: %w", root, err)
		}
		if err := os.Remove(root); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("restore into %s: %w", root, err)
		}
		if err := os.Rename(staging(root), root); err != nil {
			return fmt.Errorf("restore into %s: %w", root, err)
		}
	}
	return nil
}

// discard removes what was laid beside.
func (p *placer) discard() {
	for root := range p.open {
		_ = os.RemoveAll(staging(root)) // the next restore does it otherwise
	}
}
