package agent

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"hashyard"
	"hashyard/firmware"
	"hashyard/fleet"
)

// entry is what the agent knows of one command. It is on disk before the
// machine is written to, so that the old pools survive a crash, and until the
// yard has the result.
type entry struct {
	Command  hashyard.ID               `json:"command"`
	Epoch    int64                     `json:"epoch"`
	Serial   string                    `json:"serial"`
	Snapshot []firmware.ConfiguredPool `json:"snapshot,omitempty"` // from before the first write
	Result   *fleet.Result             `json:"result,omitempty"`   // done, not yet taken by the yard
}

// journal keeps entries as files in one folder, each replaced as a whole and
// synced. Files hold pool passwords: only the agent's user may read them.
type journal struct {
	dir   string
	agent hashyard.ID // made at the first start
	mu    sync.Mutex  // one writer at a time
}

func openJournal(state string) (*journal, error) {
	dir := filepath.Join(state, "commands")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("agent state: %w", err)
	}
	j := &journal{dir: dir}
	path := filepath.Join(dir, "agent-id")
	b, err := os.ReadFile(path)
	if err == nil {
		j.agent, err = hashyard.ParseID(strings.TrimSpace(string(b)))
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, hashyard.Invalid) {
		j.agent = hashyard.NewID()
		err = j.replace(path, []byte(j.agent.String()+"\n"))
	}
	if err != nil {
		return nil, fmt.Errorf("agent state: %w", err)
	}
	return j, nil
}

func (j *journal) path(id hashyard.ID) string { return filepath.Join(j.dir, id.String()+".json") }

// refused is where what the yard did not take is kept.
func (j *journal) refused(id hashyard.ID) string { return j.path(id) + ".refused" }

// load finds the entry of a command; a missing one is empty. A file that was
// never finished is as good as missing: it is replaced whole or not at all. Of
// a refused entry the old pools stay known: they are not read a second time
// from a machine that was written to.
func (j *journal) load(id hashyard.ID) (entry, error) {
	e, err := j.read(id, j.path(id))
	if !errors.Is(err, fs.ErrNotExist) {
		return e, err
	}
	old, err := j.read(id, j.refused(id))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return entry{Command: id, Snapshot: old.Snapshot}, err
}

func (j *journal) read(id hashyard.ID, path string) (entry, error) {
	e := entry{Command: id}
	b, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(b, &e)
	}
	if err != nil {
		return entry{Command: id}, fmt.Errorf("journal of command %s: %w", id, err)
	}
	return e, nil
}

// save is durable when it returns.
func (j *journal) save(e entry) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	b, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("journal of command %s: %w", e.Command, err)
	}
	if err := j.replace(j.path(e.Command), b); err != nil {
		return fmt.Errorf("journal of command %s: %w", e.Command, err)
	}
	return nil
}

func (j *journal) replace(path string, b []byte) error {
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	d, err := os.Open(j.dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// drop forgets a command that the yard has settled.
func (j *journal) drop(id hashyard.ID) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := os.Remove(j.path(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("journal of command %s: %w", id, err)
	}
	return nil
}

// setAside keeps a result that the yard can never take, out of the way.
func (j *journal) setAside(id hashyard.ID) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := os.Rename(j.path(id), j.refused(id)); err != nil {
		return fmt.Errorf("journal of command %s: %w", id, err)
	}
	return nil
}

// waiting lists the entries whose result the yard does not have yet. Files
// that cannot be read are reported and passed over.
func (j *journal) waiting() (out []entry, err error) {
	files, err := os.ReadDir(j.dir)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	var bad []error
	for _, f := range files {
		name, ok := strings.CutSuffix(f.Name(), ".json")
		if !ok {
			continue
		}
		id, err := hashyard.ParseID(name)
		if err != nil {
			continue
		}
		e, err := j.load(id)
		if err != nil {
			bad = append(bad, err)
			continue
		}
		if e.Result != nil {
			out = append(out, e)
		}
	}
	return out, errors.Join(bad...)
}
