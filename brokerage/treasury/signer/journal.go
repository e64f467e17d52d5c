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
	f *os.File

	allowed map[hashyard.ID]map[string]time.Time // address → enrolled
	signed  map[hashyard.ID]signed               // by payout, the newest
	days    map[string]hashyard.Sats             // signed amounts by UTC day
}

func openJournal(dir string) (*journal, error) {
	path := filepath.Join(dir, "journal.jsonl")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("signer journal: %w", err)
	}
	j := &journal{f: f, allowed: map[hashyard.ID]map[string]time.Time{}, signed: map[hashyard.ID]signed{}, days: map[string]hashyard.Sats{}}
	if err := j.replay(); err != nil {
		f.Close()
		return nil, fmt.Errorf("signer journal %s: %w", path, err)
	}
	return j, syncDir(dir)
}

// replay reads all lines. A last line without its end was cut off by a crash
// before anything was answered: it never happened.
func (j *journal) replay() error {
	r := bufio.NewReader(j.f)
	var good int64
	for n := 1; ; n++ {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			if len(line) > 0 {
				if err := j.f.Truncate(good); err != nil {
					return err
				}
			}
			_, err := j.f.Seek(good, io.SeekStart)
			return err
		}
		if err != nil {
			return err
		}
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			return fmt.Errorf("line %d is damaged; restore the folder from its backup: %w", n, err)
		}
		j.apply(e)
		good += int64(len(line))
	}
}

func (j *journal) apply(e entry) {
	switch {
	case e.Enrol != nil:
		m := j.allowed[e.Enrol.Org]
		if m == nil {
			m = map[string]time.Time{}
			j.allowed[e.Enrol.Org] = m
		}
		if _, known := m[e.Enrol.Address]; !known {
			m[e.Enrol.Address] = e.At
		}
	case e.Signed != nil:
		if _, again := j.signed[e.Signed.Payout]; !again {
			j.days[day(e.At)] += e.Signed.Amount
		}
		j.signed[e.Signed.Payout] = *e.Signed
	}
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// add makes a line durable, then takes it into account.
func (j *journal) add(e entry) error {
	b, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if _, err := j.f.Write(append(b, '\n')); err != nil {
		return fmt.Errorf("signer journal: %w", err)
	}
	if err := j.f.Sync(); err != nil {
		return fmt.Errorf("signer journal: %w", err)
	}
	j.apply(e)
	return nil
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
