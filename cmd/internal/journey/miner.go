package journey

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"time"

	"hashyard"
)

// wireMiner is the journey's own Stratum client: it mines real shares and
// counts on the wire what the pool accepted, independently of the pool's code.
// It is for one goroutine.
type wireMiner struct {
	addr, user, password string

	conn net.Conn // nil: not connected
	in   *bufio.Reader
	id   int

	en1     []byte
	en2Size int
	en2     uint64
	next    hashyard.Difficulty // binds from the next notify
	job     *wireJob
	replies map[int]reply

	// accepted is the work answered true, by the job it was done on; shares
	// are its pieces. Both outlive connections.
	accepted map[string]hashyard.Work
	shares   int64
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

// share is one solution; it keeps the job's time.
type share struct {
	job   *wireJob
	en2   string
	nonce uint32
	hash  [32]byte // as SHA256d gives it
}

type reply struct {
	ok   bool
	code int
	text string
}

func newMiner(addr, user, password string) *wireMiner {
	return &wireMiner{
		addr: addr, user: user, password: password,
		accepted: map[string]hashyard.Work{}, jobs: map[string]*wireJob{},
	}
}

// dial connects, subscribes and authorises.
func (m *wireMiner) dial(ctx context.Context) error {
	m.close()
	conn, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "tcp", m.addr)
	if err != nil {
		return fmt.Errorf("stratum: %w", err)
	}
	m.conn, m.in = conn, bufio.NewReader(conn)
	m.next, m.job, m.replies = 1<<32, nil, map[int]reply{}
	if err := m.handshake(ctx, m.user, m.password); err != nil {
		m.close()
		return err
	}
	return nil
}

// ready makes sure that there is a session with work, also after the pool was
// away or has ended an idle one.
func (m *wireMiner) ready(ctx context.Context) error {
	if m.conn != nil && m.poll(ctx) == nil {
		return nil
	}
	var err error
	for deadline := time.Now().Add(patience); time.Now().Before(deadline) && ctx.Err() == nil; pause(ctx, 300*time.Millisecond) {
		if err = m.dial(ctx); err == nil {
			return nil
		}
		var no *wireRefusal
		if errors.As(err, &no) && no.code == 24 {
			return err
		}
	}
	return errors.Join(err, ctx.Err())
}

func (m *wireMiner) close() {
	if m.conn != nil {
		m.conn.Close()
		m.conn = nil
	}
}

// wireRefusal is an answer to a request that says no.
type wireRefusal struct {
	method string
	code   int
	text   string
}

func (r *wireRefusal) Error() string {
	return fmt.Sprintf("%s: refused: %d %s", r.method, r.code, r.text)
}

// agent is what the miner calls itself.
const agent = "journey/1"

// easyStart is the difficulty that the miner asks to begin with, a share in
// some 30 ms on one core.
const easyStart = hashyard.Difficulty(1 << 17)

func (m *wireMiner) handshake(ctx context.Context, user, password string) error {
	var sub []json.RawMessage
	if err := m.call(ctx, "mining.subscribe", []any{agent}, &sub); err != nil {
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
		return fmt.Errorf("extranonce1 %q, extranonce2 of %d bytes make no coinbase", en1, m.en2Size)
	}
	var ok bool
	if err := m.call(ctx, "mining.suggest_difficulty", []any{easyStart.Wire()}, &ok); err != nil {
		return err
	}
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
			Error  []any           `json:"error"`
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
		if len(msg.Error) >= 2 {
			code, _ := msg.Error[0].(float64)
			return &wireRefusal{method, int(code), fmt.Sprint(msg.Error[1])}
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
	if err := errors.Join(errs[:]...); err != nil {
		return fmt.Errorf("mining.notify %s: %w", id, err)
	}
	if len(j.prev) != 32 {
		return fmt.Errorf("mining.notify %s: previous hash of %d bytes", id, len(j.prev))
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
