package minersim

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"
	"testing"

	"hashyard"
)

// testPool is a tiny scripted Stratum server that checks every share itself.
type testPool struct {
	t  *testing.T
	ln net.Listener

	mu         sync.Mutex // guards all below
	difficulty hashyard.Difficulty
	mask       string // "" refuses version rolling
	password   string // "" takes any
	verdicts   []int  // codes to answer with, 0 is true; then always true
	methods    []string
	submits    []submit
	work       hashyard.Work // accepted
	accepted   int
	conns      []net.Conn
	jobs       int
	authorized []string
}

type submit struct {
	user, job, ntime, bits string
	difficulty             hashyard.Difficulty
	code                   int
}

func newTestPool(t *testing.T, d hashyard.Difficulty) *testPool {
	t.Helper()
	return newTestPoolAt(t, "127.0.0.1:0", d)
}

// newTestPoolAt listens where another pool may have listened before.
func newTestPoolAt(t *testing.T, address string, d hashyard.Difficulty) *testPool {
	t.Helper()
	ln, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	p := &testPool{t: t, ln: ln, difficulty: d, mask: "1fffe000"}
	var wg sync.WaitGroup
	wg.Go(func() {
		for n := 1; ; n++ {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			p.mu.Lock()
			p.conns = append(p.conns, c)
			p.mu.Unlock()
			wg.Go(func() { p.serve(c, fmt.Sprintf("%08x", n)) })
		}
	})
	t.Cleanup(func() { p.stop(); wg.Wait() })
	return p
}

func (p *testPool) url() string { return "stratum+tcp://" + p.ln.Addr().String() }

// stop closes the listener and every session.
func (p *testPool) stop() {
	p.ln.Close()
	p.drop()
}

func (p *testPool) drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		c.Close()
	}
	p.conns = nil
}

type testJob struct {
	job  *job
	mask uint32
}

func (p *testPool) serve(c net.Conn, extra1 string) {
	defer c.Close()
	jobs := map[string]testJob{}
	rolling := false
	write := func(v any) {
		b, _ := json.Marshal(v)
		_, _ = c.Write(append(b, '\n'))
	}
	sc := bufio.NewScanner(c)
	for sc.Scan() {
		var m struct {
			ID     json.RawMessage   `json:"id"`
			Method string            `json:"method"`
			Params []json.RawMessage `json:"params"`
		}
		if err := json.Unmarshal(sc.Bytes(), &m); err != nil {
			p.t.Errorf("miner sent %q", sc.Bytes())
			return
		}
		p.mu.Lock()
		p.methods = append(p.methods, m.Method)
		switch m.Method {
		case "mining.configure":
			if p.mask == "" {
				write(map[string]any{"id": m.ID, "result": nil, "error": []any{20, "unknown method", nil}})
			} else {
				rolling = true
				write(map[string]any{"id": m.ID, "result": map[string]any{"version-rolling": true, "version-rolling.mask": p.mask}, "error": nil})
			}
		case "mining.subscribe":
			write(map[string]any{"id": m.ID, "result": []any{[]any{}, extra1, 4}, "error": nil})
		case "mining.authorize":
			var user, pass string
			_ = json.Unmarshal(m.Params[0], &user)
			_ = json.Unmarshal(m.Params[1], &pass)
			if p.password != "" && pass != p.password {
				write(map[string]any{"id": m.ID, "result": false, "error": []any{24, "Unauthorized worker", nil}})
				break
			}
			p.authorized = append(p.authorized, user)
			write(map[string]any{"id": m.ID, "result": true, "error": nil})
			p.notify(write, jobs, extra1, true)
		case "mining.submit":
			p.judge(m.ID, m.Params, jobs, rolling, write, extra1)
		}
		p.mu.Unlock()
	}
}

// notify sends the difficulty and a new job. Callers hold mu.
func (p *testPool) notify(write func(any), jobs map[string]testJob, extra1 string, clean bool) {
	p.jobs++
	id := strconv.Itoa(p.jobs)
	params := fmt.Sprintf(`[%q,"c4d5e6f78091a2b34c5d6e7f08192a3bc4d5e6f70001a2b30000000000000000","0200%04x","ffff",[],"20000000","17023a04","68a7c001",%v]`,
		id, p.jobs, clean)
	var raw []json.RawMessage
	if err := json.Unmarshal([]byte(params), &raw); err != nil {
		p.t.Error(err)
	}
	j, _, err := parseNotify(raw)
	if err != nil {
		p.t.Error(err)
	}
	j.extra1, _ = hex.DecodeString(extra1)
	j.difficulty = p.difficulty
	jobs[id] = testJob{j, versionMask}
	write(map[string]any{"id": nil, "method": "mining.set_difficulty", "params": []any{p.difficulty.Wire()}})
	write(map[string]any{"id": nil, "method": "mining.notify", "params": json.RawMessage(params)})
}

// judge rebuilds the header from what was submitted. Callers hold mu.
func (p *testPool) judge(id json.RawMessage, params []json.RawMessage, jobs map[string]testJob, rolling bool, write func(any), extra1 string) {
	f := make([]string, 6)
	for i, raw := range params {
		_ = json.Unmarshal(raw, &f[i])
	}
	tj, ok := jobs[f[1]]
	if !ok {
		p.t.Errorf("share of unknown job %q", f[1])
		return
	}
	version := tj.job.version
	if rolling {
		bits, err := strconv.ParseUint(f[5], 16, 32)
		if err != nil || uint32(bits)&^uint32(versionMask) != 0 {
			p.t.Errorf("version bits %q", f[5])
		}
		version |= uint32(bits)
	} else if len(params) != 5 {
		p.t.Errorf("%d parameters without version rolling", len(params))
	}
	extra2, _ := hex.DecodeString(f[2])
	nonce, _ := strconv.ParseUint(f[4], 16, 32)
	h := tj.job.header(extra2, version, uint32(nonce))
	sum := sha256d(h[:])
	slices.Reverse(sum[:])
	target := tj.job.difficulty.Target()
	if len(extra2) != 4 || bytes.Compare(sum[:], target[:]) > 0 {
		p.t.Errorf("share %v hashes to %x, target %x", f, sum, target)
	}
	code := 0
	if len(p.verdicts) > 0 {
		code, p.verdicts = p.verdicts[0], p.verdicts[1:]
	}
	p.submits = append(p.submits, submit{f[0], f[1], f[3], f[5], tj.job.difficulty, code})
	if code != 0 {
		write(map[string]any{"id": id, "result": false, "error": []any{code, "no", nil}})
		return
	}
	p.accepted++
	p.work = p.work.Add(hashyard.WorkOf(tj.job.difficulty))
	write(map[string]any{"id": id, "result": true, "error": nil})
	if p.accepted%10 == 0 { // a harder job now and then
		p.difficulty += p.difficulty / 4
		p.notify(write, jobs, extra1, p.accepted%20 == 0)
	}
}

func (p *testPool) tally() (int, hashyard.Work) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.accepted, p.work
}
