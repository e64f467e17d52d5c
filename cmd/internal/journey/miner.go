package journey

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net"
	"time"

	"hashyard"
)

// wireMiner is the journey's own Stratum client: it mines real shares and
// counts on the wire what the pool accepted, independently of the pool's code.
type wireMiner struct {
	conn net.Conn
	in   *bufio.Reader
	id   int

	en1     []byte
	en2Size int
	en2     uint64
	next    hashyard.Difficulty // binds from the next notify
	job     *wireJob
	replies map[int]reply

	// accepted is the work answered true, by the job it was done on.
	accepted map[string]hashyard.Work
	jobs     map[string]*wireJob
}

// wireJob is one mining.notify, as it came.
type wireJob struct {
	id            string
	prev          []byte // header order
	coinb1        []byte
	coinb2        []byte
	branch        [][]byte
	version, bits uint32
	ntime         uint32
	clean         bool
	diff          hashyard.Difficulty
}

// share is one solution.
type share struct {
	job   *wireJob
	en2   string
	ntime uint32
	nonce uint32
	hash  *big.Int
}

type reply struct {
	ok   bool
	code int
	text string
}

// dialMiner connects, subscribes and authorises.
func dialMiner(ctx context.Context, addr, user, password string) (*wireMiner, error) {
	conn, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("stratum: %w", err)
	}
	m := &wireMiner{
		conn: conn, in: bufio.NewReader(conn), next: 1 << 32,
		replies: map[int]reply{}, accepted: map[string]hashyard.Work{}, jobs: map[string]*wireJob{},
	}
	if err := m.handshake(ctx, user, password); err != nil {
		conn.Close()
		return nil, err
	}
	return m, nil
}

func (m *wireMiner) close() { m.conn.Close() }

func (m *wireMiner) handshake(ctx context.Context, user, password string) error {
	var sub []json.RawMessage
	if err := m.call(ctx, "mining.subscribe", []any{"journey/1"}, &sub); err != nil {
		return err
	}
	if len(sub) < 3 {
		return fmt.Errorf("mining.subscribe answered %s", sub)
	}
	var en1 string
	if err := errors.Join(json.Unmarshal(sub[1], &en1), json.Unmarshal(sub[2], &m.en2Size)); err != nil {
		return fmt.Errorf("mining.subscribe: %w", err)
	}
	var err error
	if m.en1, err = hex.DecodeString(en1); err != nil || m.en2Size < 2 || m.en2Size > 8 {
		return fmt.Errorf("extranonce1 %q, extranonce2 of %d bytes: %w", en1, m.en2Size, err)
	}
	var ok bool
	if err := m.call(ctx, "mining.authorize", []any{user, password}, &ok); err != nil {
		return fmt.Errorf("authorise as %s: %w", user, err)
	}
	for m.job == nil {
		if err := m.read(ctx); err != nil {
			return fmt.Errorf("waiting for a job: %w", err)
		}
	}
	return nil
}

// call sends a request and waits for its result.
func (m *wireMiner) call(ctx context.Context, method string, params []any, out any) error {
	id, err := m.write(method, params)
	if err != nil {
		return err
	}
	for {
		line, err := m.readLine(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", method, err)
		}
		var msg struct {
			ID     any             `json:"id"`
			Method string          `json:"method"`
			Result json.RawMessage `json:"result"`
			Error  json.RawMessage `json:"error"`
		}
		if err := json.Unmarshal(line, &msg); err != nil {
			return fmt.Errorf("%s: line %.200q: %w", method, line, err)
		}
		if msg.Method != "" {
			if err := m.take(line); err != nil {
				return err
			}
			continue
		}
		if fmt.Sprint(msg.ID) != fmt.Sprint(id) {
			continue
		}
		if len(msg.Error) > 0 && string(msg.Error) != "null" {
			return fmt.Errorf("%s: refused: %s", method, msg.Error)
		}
		return json.Unmarshal(msg.Result, out)
	}
}

func (m *wireMiner) write(method string, params []any) (int, error) {
	m.id++
	b, err := json.Marshal(map[string]any{"id": m.id, "method": method, "params": params})
	if err != nil {
		return 0, err
	}
	_ = m.conn.SetWriteDeadline(time.Now().Add(10 * time.Second))
	_, err = m.conn.Write(append(b, '\n'))
	return m.id, err
}

func (m *wireMiner) readLine(ctx context.Context) ([]byte, error) {
	deadline := time.Now().Add(45 * time.Second) // a pool is never silent for longer
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	_ = m.conn.SetReadDeadline(deadline)
	return m.in.ReadBytes('\n')
}

// read takes one line, whatever it is.
func (m *wireMiner) read(ctx context.Context) error {
	line, err := m.readLine(ctx)
	if err != nil {
		return err
	}
	return m.take(line)
}

// poll takes the lines that are there already.
func (m *wireMiner) poll(ctx context.Context) error {
	for {
		if m.in.Buffered() == 0 {
			_ = m.conn.SetReadDeadline(time.Now().Add(time.Millisecond))
			if _, err := m.in.Peek(1); err != nil {
				var ne net.Error
				if errors.As(err, &ne) && ne.Timeout() {
					return nil
				}
				return err
			}
		}
		if err := m.read(ctx); err != nil {
			return err
		}
	}
}

func (m *wireMiner) take(line []byte) error {
	var msg struct {
		ID     json.RawMessage   `json:"id"`
		Method string            `json:"method"`
		Params []json.RawMessage `json:"params"`
		Result json.RawMessage   `json:"result"`
		Error  []any             `json:"error"`
	}
	if err := json.Unmarshal(line, &msg); err != nil {
		return fmt.Errorf("line %.200q: %w", line, err)
	}
	switch {
	case msg.Method == "mining.set_difficulty" && len(msg.Params) == 1:
		var d float64
		if err := json.Unmarshal(msg.Params[0], &d); err != nil {
			return err
		}
		next, err := hashyard.DifficultyFromWire(d)
		m.next = next
		return err
	case msg.Method == "mining.notify":
		return m.notify(msg.Params)
	case msg.Method == "":
		var id int
		if json.Unmarshal(msg.ID, &id) != nil {
			return nil
		}
		r := reply{ok: string(msg.Result) == "true"}
		if len(msg.Error) >= 2 {
			code, _ := msg.Error[0].(float64)
			r.code, r.text = int(code), fmt.Sprint(msg.Error[1])
		}
		m.replies[id] = r
	}
	return nil
}

func (m *wireMiner) notify(p []json.RawMessage) error {
	if len(p) < 9 {
		return fmt.Errorf("mining.notify with %d parameters", len(p))
	}
	var id, prev, c1, c2, version, bits, ntime string
	var branch []string
	j := &wireJob{diff: m.next}
	for i, v := range []any{&id, &prev, &c1, &c2, &branch, &version, &bits, &ntime, &j.clean} {
		if err := json.Unmarshal(p[i], v); err != nil {
			return fmt.Errorf("mining.notify parameter %d: %w", i, err)
		}
	}
	j.id = id
	var errs [4]error
	j.prev, errs[0] = hex.DecodeString(prev)
	j.coinb1, errs[1] = hex.DecodeString(c1)
	j.coinb2, errs[2] = hex.DecodeString(c2)
	for _, b := range branch {
		h, err := hex.DecodeString(b)
		errs[3] = errors.Join(errs[3], err)
		j.branch = append(j.branch, h)
	}
	if err := errors.Join(errs[:]...); err != nil || len(j.prev) != 32 {
		return fmt.Errorf("mining.notify %s: %w", id, err)
	}
	for i := 0; i < 32; i += 4 { // each word is sent byte-reversed
		w := j.prev[i : i+4]
		w[0], w[1], w[2], w[3] = w[3], w[2], w[1], w[0]
	}
	for _, f := range []struct {
		s string
		v *uint32
	}{{version, &j.version}, {bits, &j.bits}, {ntime, &j.ntime}} {
		b, err := hex.DecodeString(f.s)
		if err != nil || len(b) != 4 {
			return fmt.Errorf("mining.notify %s: field %q", id, f.s)
		}
		*f.v = binary.BigEndian.Uint32(b)
	}
	m.job, m.jobs[id] = j, j
	return nil
}

func doubleSHA(b []byte) [32]byte {
	h := sha256.Sum256(b)
	return sha256.Sum256(h[:])
}

// header builds the 80 bytes for an extranonce2; the nonce is left zero.
func (j *wireJob) header(en1, en2 []byte) []byte {
	root := doubleSHA(bytes.Join([][]byte{j.coinb1, en1, en2, j.coinb2}, nil))
	for _, b := range j.branch {
		root = doubleSHA(append(root[:], b...))
	}
	h := make([]byte, 80)
	binary.LittleEndian.PutUint32(h, j.version)
	copy(h[4:], j.prev)
	copy(h[36:], root[:])
	binary.LittleEndian.PutUint32(h[68:], j.ntime)
	binary.LittleEndian.PutUint32(h[72:], j.bits)
	return h
}

// number reads a header hash as the integer that targets bound.
func number(h [32]byte) *big.Int {
	for i, k := 0, 31; i < k; i, k = i+1, k-1 {
		h[i], h[k] = h[k], h[i]
	}
	return new(big.Int).SetBytes(h[:])
}

func targetOf(d hashyard.Difficulty) *big.Int {
	t := d.Target()
	return new(big.Int).SetBytes(t[:])
}

// mine hashes the newest job until a solution at or below target, or, with
// over set, one above it, looking at the wire all the time.
func (m *wireMiner) mine(ctx context.Context, target *big.Int, over bool) (share, error) {
	for ctx.Err() == nil {
		if err := m.poll(ctx); err != nil {
			return share{}, err
		}
		j := m.job
		m.en2++
		var raw [8]byte
		binary.BigEndian.PutUint64(raw[:], m.en2)
		en2 := raw[8-m.en2Size:]
		h := j.header(m.en1, en2)
		for nonce := range uint32(1 << 18) {
			binary.LittleEndian.PutUint32(h[76:], nonce)
			// Cheap look first: a solution's last byte is zero at any
			// difficulty of 2^8 units or more.
			sum := doubleSHA(h)
			if !over && sum[31] != 0 {
				continue
			}
			n := number(sum)
			if (n.Cmp(target) <= 0) != over {
				return share{job: j, en2: hex.EncodeToString(en2), ntime: j.ntime, nonce: nonce, hash: n}, nil
			}
		}
	}
	return share{}, ctx.Err()
}

// submit sends a solution and waits for the answer; an accepted one is counted
// at the difficulty of its job.
func (m *wireMiner) submit(ctx context.Context, user string, s share) (reply, error) {
	id, err := m.write("mining.submit", []any{user, s.job.id, s.en2, fmt.Sprintf("%08x", s.ntime), fmt.Sprintf("%08x", s.nonce)})
	if err != nil {
		return reply{}, err
	}
	for {
		if r, ok := m.replies[id]; ok {
			delete(m.replies, id)
			if r.ok {
				m.accepted[s.job.id] = m.accepted[s.job.id].Add(hashyard.WorkOf(s.job.diff))
			}
			return r, nil
		}
		if err := m.read(ctx); err != nil {
			return reply{}, fmt.Errorf("waiting for the answer to a share: %w", err)
		}
	}
}

// total is all work answered true.
func (m *wireMiner) total() hashyard.Work {
	var w hashyard.Work
	for _, v := range m.accepted {
		w = w.Add(v)
	}
	return w
}
