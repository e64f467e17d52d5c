//go:build linux

package bench

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"hashyard"
)

// process is a server that runs beside us and obeys lines.
type process struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines chan string // what it says; closed at its end
	addr  string
}

// start runs the program with arguments and waits until it is ready. It ends
// when its standard input does, so it never outlives us.
func start(ctx context.Context, bin string, errs io.Writer, args ...string) (*process, error) {
	p := &process{cmd: exec.Command(bin, args...), lines: make(chan string, 4)}
	p.cmd.Stderr = errs
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt is ours to pass on
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", bin, err)
	}
	p.in = in
	go func() { // ends with the process
		defer close(p.lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			p.lines <- s.Text()
		}
	}()
	line, err := p.hear(ctx, 30*time.Second)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s %s: %w", bin, args[1], err), p.stop())
	}
	p.addr = strings.TrimPrefix(line, "ready ")
	return p, nil
}

func (p *process) hear(ctx context.Context, limit time.Duration) (string, error) {
	select {
	case line, ok := <-p.lines:
		if !ok {
			return "", hashyard.Unavailable.Errorf("the server ended")
		}
		if text, bad := strings.CutPrefix(line, "error "); bad {
			return "", errors.New(text)
		}
		return line, nil
	case <-time.After(limit):
		return "", hashyard.Unavailable.Errorf("the server does not answer")
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// tell gives a command and waits for its answer.
func (p *process) tell(ctx context.Context, command string) (string, error) {
	if _, err := io.WriteString(p.in, command+"\n"); err != nil {
		return "", fmt.Errorf("command %s: %w", command, err)
	}
	answer, err := p.hear(ctx, 2*time.Minute)
	if err != nil {
		return "", fmt.Errorf("command %s: %w", command, err)
	}
	return answer, nil
}

// stop ends it gently, then by force.
func (p *process) stop() error {
	_ = p.in.Close()
	ended := make(chan error, 1)
	go func() { ended <- p.cmd.Wait() }() // ends with the process
	select {
	case err := <-ended:
		return err
	case <-time.After(20 * time.Second):
		_ = p.cmd.Process.Kill()
		<-ended
		return hashyard.Unavailable.Errorf("the server did not end by itself")
	}
}

// pid is its process number.
func (p *process) pid() int { return p.cmd.Process.Pid }

// tick is the unit of /proc's CPU times: USER_HZ, 100 a second on every Linux.
const tick = 10 * time.Millisecond

// cpuTime is what a process has used so far.
func cpuTime(pid int) (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// The name in brackets may hold anything; utime and stime are fields 14 and
	// 15 of the whole (proc(5)).
	fields := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
	if len(fields) < 13 {
		return 0, hashyard.Invalid.Errorf("/proc/%d/stat has %d fields", pid, len(fields))
	}
	user, err1 := strconv.ParseInt(string(fields[11]), 10, 64)
	system, err2 := strconv.ParseInt(string(fields[12]), 10, 64)
	return time.Duration(user+system) * tick, errors.Join(err1, err2)
}

// familyTime is what the children of a process have used so far, those that
// are gone included.
func familyTime(pid int) (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return 0, err
	}
	sum, err := cpuTime(pid)
	for _, child := range strings.Fields(string(b)) {
		if n, err := strconv.Atoi(child); err == nil {
			t, _ := cpuTime(n) // gone since
			sum += t
		}
	}
	return sum, err
}

// resident is a process's memory in bytes.
func resident(pid int) (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, rest, ok := bytes.Cut(b, []byte("VmRSS:"))
	if fields := bytes.Fields(rest); ok && len(fields) > 0 {
		kib, err := strconv.ParseInt(string(fields[0]), 10, 64)
		return kib << 10, err
	}
	return 0, hashyard.Invalid.Errorf("/proc/%d/status tells no memory", pid)
}

// busy is the machine's load average over the last minute.
func busy() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	one, _, _ := strings.Cut(string(b), " ")
	return one
}
