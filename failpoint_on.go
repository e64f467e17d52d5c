//go:build failpoints

package hashyard

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// FailpointDir is the environment variable that names the folder in which
// failpoints are armed: a file with the failpoint's name holds how many times
// it is passed until it kills. Without the variable nothing is ever hit. All
// processes of a world share the folder.
const FailpointDir = "HASHYARD_FAILPOINTS"

// Hit kills this process, as a power cut would, when the failpoint is armed
// and its count has come. The kill is on disk, in the file hits, before it
// happens; the failpoint is then not armed any more.
func Hit(p Failpoint) {
	dir := os.Getenv(FailpointDir)
	if dir == "" {
		return
	}
	path := filepath.Join(dir, string(p))
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return // not armed
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return
	}
	b := make([]byte, 32)
	n, _ := f.ReadAt(b, 0)
	left, err := strconv.Atoi(strings.TrimSpace(string(b[:n])))
	if err != nil || left <= 0 {
		return // another process was faster
	}
	left--
	if _, err := f.WriteAt([]byte(fmt.Sprintf("%-20d", left)), 0); err != nil || left > 0 {
		return
	}
	if err := note(dir, p); err != nil {
		return
	}
	_ = os.Remove(path)
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {} // the kill is on its way
}

// note makes the kill durable.
func note(dir string, p Failpoint) error {
	f, err := os.OpenFile(filepath.Join(dir, "hits"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := fmt.Fprintf(f, "%s %d\n", p, os.Getpid()); err != nil {
		return err
	}
	return f.Sync()
}
