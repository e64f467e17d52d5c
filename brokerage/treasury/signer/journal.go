package signer

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"hashyard"
)

// journal is the signer's memory: lines of JSON, synced one by one.
type journal struct {
	f      file
	good   int64 // where the last whole line ends
	broken error // why nothing is decided until the journal is opened again

	allowed map[hashyard.ID]string   // by organisation, the address enrolled last
	signed  map[hashyard.ID][]signed // by payout, oldest first
	days    map[string]hashyard.Sats // signed amounts and fees by UTC day
	freeze  Freeze                   // as it was set last
}

// file is what a journal needs of an *os.File.
type file interface {
	io.ReadWriteSeeker
	io.Closer
	Sync() error
	Truncate(size int64) error
}

func openJournal(dir string) (*journal, error) {
	path := filepath.Join(dir, "journal.jsonl")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("signer journal: %w", err)
	}
	j, err := readJournal(f)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("signer journal %s: %w", path, err)
	}
	return j, syncDir(dir)
}

func readJournal(f file) (*journal, error) {
	j := &journal{f: f, allowed: map[hashyard.ID]string{}, signed: map[hashyard.ID][]signed{}, days: map[string]hashyard.Sats{}}
	return j, j.replay()
}

// replay reads all lines. A last line without its end was cut off by a crash
// before anything was answered: it never happened.
func (j *journal) replay() error {
	r := bufio.NewReader(j.f)
	for n := 1; ; n++ {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return j.cut()
		}
		if err != nil {
			return err
		}
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			return fmt.Errorf("line %d is damaged; restore the folder from its backup: %w", n, err)
		}
		j.apply(e)
		j.good += int64(len(line))
	}
}

func (j *journal) apply(e entry) {
	switch {
	case e.Enrol != nil:
		j.allowed[e.Enrol.Org] = e.Enrol.Address
	case e.Freeze != nil:
		j.freeze = *e.Freeze
	case e.Signed != nil:
		j.days[day(e.At)] += j.adds(*e.Signed)
		j.signed[e.Signed.Payout] = append(j.signed[e.Signed.Payout], *e.Signed)
	}
}

// adds is what a signature may take beyond what was signed for its payout
// before: only one of a payout's transactions can confirm.
func (j *journal) adds(n signed) hashyard.Sats {
	var most hashyard.Sats
	for _, o := range j.signed[n.Payout] {
		most = max(most, o.Amount+o.Fee)
	}
	return max(n.Amount+n.Fee-most, 0)
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// usable says why nothing may be decided.
func (j *journal) usable() error {
	if j.broken == nil {
		return nil
	}
	return hashyard.Unavailable.Errorf("the signer's journal failed and it signs and enrols nothing until it is started again, with room on a sound disk: %w", j.broken)
}

// add makes a line durable, then takes it into account. What could not be
// written is taken off again, so that the next line begins where one must.
func (j *journal) add(e entry) error {
	if err := j.usable(); err != nil {
		return err
	}
	b, err := json.Marshal(e)
	if err != nil {
		return err
	}
	n, err := j.f.Write(append(b, '\n'))
	if err != nil {
		if cerr := j.cut(); cerr != nil {
			j.broken = errors.Join(err, cerr)
		}
		return hashyard.Unavailable.Errorf("signer journal: %w", err)
	}
	if err := j.f.Sync(); err != nil {
		// What is on the disk now is unknown, also after a sync that succeeds:
		// only reading it again tells.
		j.broken = errors.Join(err, j.cut())
		return hashyard.Unavailable.Errorf("signer journal: %w", err)
	}
	j.good += int64(n)
	j.apply(e)
	return nil
}

// cut takes off what follows the last whole line and goes on from there.
func (j *journal) cut() error {
	if err := j.f.Truncate(j.good); err != nil {
		return err
	}
	if _, err := j.f.Seek(j.good, io.SeekStart); err != nil {
		return err
	}
	return j.f.Sync()
}

// once reads a file, or makes it durable with what make gives.
func once(path string, make func() ([]byte, error)) ([]byte, error) {
	b, err := os.ReadFile(path)
	if err == nil {
		return bytes.TrimSpace(b), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if b, err = make(); err != nil {
		return nil, err
	}
	tmp := path + ".new"
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	_, werr := f.Write(append(b, '\n'))
	if err := errors.Join(werr, f.Sync(), f.Close()); err != nil {
		return nil, err
	}
	if err := os.Rename(tmp, path); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(b), syncDir(filepath.Dir(path))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
