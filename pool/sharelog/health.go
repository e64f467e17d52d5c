package sharelog

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"hashyard"
)

// leastFree is how much room the disk must have: the log notices a full disk
// by a failed write, this says so before.
const leastFree = 64 << 20

// nearlyFull is the part of the log's own limit, in percent, from which it is
// said to be full; the last shares before are still taken.
const nearlyFull = 95

// Writable answers whether shares can be stored now: the last group was, the
// log is not nearly full, and its disk has room and takes a write, which this
// tries.
func (l *Log) Writable(ctx context.Context) error {
	l.mu.Lock()
	closed := l.closed
	l.mu.Unlock()
	if closed {
		return hashyard.Unavailable.Errorf("share log is closed")
	}
	if err := l.failing.Load(); err != nil {
		return fmt.Errorf("last write: %w", *err)
	}
	st, err := l.Stats(ctx)
	if err != nil {
		return err
	}
	if int64(st.Bytes) >= st.MaxBytes/100*nearlyFull {
		return hashyard.Exhausted.Errorf("share log holds %d of %d bytes", st.Bytes, st.MaxBytes)
	}
	if st.Free < leastFree {
		return hashyard.Exhausted.Errorf("the share log's disk has %d bytes left", st.Free)
	}
	return l.probe()
}

// probe writes a small file durably beside the log and removes it.
func (l *Log) probe() (err error) {
	f, err := os.OpenFile(filepath.Join(l.cfg.Dir, "probe"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("share log folder: %w", err)
	}
	_, err = f.Write(make([]byte, 4096))
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close(), os.Remove(f.Name()))
	if err != nil {
		return fmt.Errorf("share log folder: %w", err)
	}
	return nil
}

// free is the room on the log's disk for who is not its superuser.
func (l *Log) free() (uint64, error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(l.cfg.Dir, &fs); err != nil {
		return 0, fmt.Errorf("share log disk: %w", err)
	}
	return fs.Bavail * uint64(fs.Bsize), nil
}
