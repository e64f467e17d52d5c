package minersim

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"hashyard"
)

const (
	dialTimeout  = 5 * time.Second
	writeTimeout = 10 * time.Second
	maxLine      = 1 << 20
)

var (
	errSilent     = errors.New("pool is silent")
	errRefused    = errors.New("pool refused the user")
	errBetterPool = errors.New("a better pool is back")
)

// sessionEvents is what a machine wants to know of its session. All calls come
// from the goroutine that runs it.
type sessionEvents interface {
	work(j *job)                                      // hash this; nil stops
	judged(s share, accepted bool, code int)          // the pool's answer
	dropped()                                         // a share of a job gone stale
	active(difficulty hashyard.Difficulty, mask bool) // first job arrived, or difficulty changed
}

// session is one connection to one pool. It is used by one goroutine.
type session struct {
	pool    Pool
	agent   string
	rolling bool // ask for version rolling
	silence time.Duration
	found   <-chan share
	events  sessionEvents

	conn       net.Conn
	ids        int
	calls      map[int]string // method by id, until answered
	pending    map[int]share  // submitted, not yet judged
	extra1     []byte
	extra2Size int
	next1      []byte // set_extranonce, from the next job on
	next2Size  int
	mask       uint32
	difficulty hashyard.Difficulty // of the next job
	seq        uint64
	epoch      int // counts clean jobs: work of an earlier one is void
	job        *job
	authorized bool
}

// run speaks Stratum until the connection or ctx ends, or better reports that
// a preferred pool is back.
func (s *session) run(ctx context.Context, conn net.Conn, better <-chan struct{}) error {
	s.conn = conn
	s.calls, s.pending = map[int]string{}, map[int]share{}
	s.difficulty = 1 << 32 // 1 until the pool says otherwise
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	lines := make(chan []byte)
	readErr := make(chan error, 1)
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		readErr <- readLines(ctx, conn, lines)
	}()
	defer func() {
		s.events.work(nil)
		cancel()
		stop()
		conn.Close()
		<-done
	}()
	if err := s.greet(); err != nil {
		return err
	}
	quiet := time.NewTimer(s.silence)
	defer quiet.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-better:
			return errBetterPool
		case <-quiet.C:
			return errSilent
		case err := <-readErr:
			return err
		case line := <-lines:
			quiet.Reset(s.silence)
			if err := s.line(line); err != nil {
				return err
			}
		case sh := <-s.found:
			if err := s.submit(sh); err != nil {
				return err
			}
		}
	}
}

func readLines(ctx context.Context, conn net.Conn, out chan<- []byte) error {
	sc := bufio.NewScanner(conn)
	sc.Buffer(make([]byte, 4096), maxLine)
	for sc.Scan() {
		select {
		case out <- append([]byte(nil), sc.Bytes()...):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if err := sc.Err(); err != nil {
		return err
	}
	return errors.New("pool closed the connection")
}

// greet begins in the order real miners do: configure before subscribe.
func (s *session) greet() error {
	if s.rolling {
		return s.call("mining.configure", []any{[]string{"version-rolling"}, map[string]any{
			"version-rolling.mask": fmt.Sprintf("%08x", uint32(versionMask)), "version-rolling.min-bit-count": 2,
		}})
	}
	return s.call("mining.subscribe", []any{s.agent})
}

func (s *session) call(method string, params any) error {
	s.ids++
	s.calls[s.ids] = method
	return s.write(map[string]any{"id": s.ids, "method": method, "params": params})
}

func (s *session) write(msg any) error {
	b, err := json.Marshal(msg)
	if err != nil {
		return fmt.Errorf("encode stratum: %w", err)
	}
	if err := s.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	_, err = s.conn.Write(append(b, '\n'))
	return err
}

// message is any line of a pool.
type message struct {
	ID     json.RawMessage   `json:"id"`
	Method string            `json:"method"`
	Params []json.RawMessage `json:"params"`
	Result json.RawMessage   `json:"result"`
	Error  json.RawMessage   `json:"error"`
}

// line handles one line; an error ends the session.
func (s *session) line(b []byte) error {
	var m message
	if err := json.Unmarshal(b, &m); err != nil {
		return fmt.Errorf("pool sent no stratum: %w", err)
	}
	if m.Method != "" {
		return s.notification(m)
	}
	id, err := strconv.Atoi(strings.Trim(string(m.ID), `"`))
	if err != nil {
		return nil // an answer to nobody
	}
	if sh, ok := s.pending[id]; ok {
		delete(s.pending, id)
		s.judge(sh, m)
		return nil
	}
	method, ok := s.calls[id]
	if !ok {
		return nil
	}
	delete(s.calls, id)
	return s.answer(method, m)
}

func (s *session) answer(method string, m message) error {
	switch method {
	case "mining.configure":
		s.configured(m)
		return s.call("mining.subscribe", []any{s.agent})
	case "mining.subscribe":
		if err := s.subscribed(m.Result); err != nil {
			return err
		}
		return s.call("mining.authorize", []any{s.pool.User, s.pool.Password})
	case "mining.authorize":
		if string(m.Result) != "true" {
			return fmt.Errorf("%w: %.200s", errRefused, m.Error)
		}
		s.authorized = true
		s.start()
	}
	return nil
}

func (s *session) configured(m message) {
	var got struct {
		Rolling json.RawMessage `json:"version-rolling"`
		Mask    string          `json:"version-rolling.mask"`
	}
	if json.Unmarshal(m.Result, &got) != nil || string(got.Rolling) != "true" {
		return // this pool rolls no versions
	}
	s.setMask(got.Mask)
}

func (s *session) setMask(text string) {
	if v, err := strconv.ParseUint(text, 16, 32); err == nil {
		s.mask = uint32(v) & versionMask
	}
}

func (s *session) subscribed(result json.RawMessage) error {
	var fields []json.RawMessage
	if err := json.Unmarshal(result, &fields); err != nil || len(fields) < 3 {
		return fmt.Errorf("subscribe was answered %.200s", result)
	}
	extra1, size, err := extranonce(fields[1], fields[2])
	if err != nil {
		return err
	}
	s.extra1, s.extra2Size = extra1, size
	s.next1, s.next2Size = extra1, size
	return nil
}

func (s *session) notification(m message) error {
	switch m.Method {
	case "mining.set_difficulty":
		return s.setDifficulty(m.Params)
	case "mining.notify":
		return s.notify(m.Params)
	case "mining.set_extranonce":
		if len(m.Params) < 2 {
			return nil
		}
		extra1, size, err := extranonce(m.Params[0], m.Params[1])
		if err != nil {
			return err
		}
		s.next1, s.next2Size = extra1, size
	case "mining.set_version_mask":
		var text string
		if len(m.Params) > 0 && json.Unmarshal(m.Params[0], &text) == nil && s.rolling {
			s.setMask(text)
		}
	case "mining.ping":
		return s.write(map[string]any{"id": m.ID, "result": "pong", "error": nil})
	case "client.get_version":
		return s.write(map[string]any{"id": m.ID, "result": s.agent, "error": nil})
	case "client.reconnect":
		return errors.New("pool asked to reconnect")
	}
	return nil // client.show_message and whatever else
}

// setDifficulty takes effect with the next job, as in cgminer.
func (s *session) setDifficulty(params []json.RawMessage) error {
	var wire float64
	if len(params) == 0 {
		return nil
	}
	if err := json.Unmarshal(params[0], &wire); err != nil {
		return fmt.Errorf("set_difficulty: %w", err)
	}
	d, err := hashyard.DifficultyFromWire(wire)
	if err != nil {
		return fmt.Errorf("set_difficulty: %w", err)
	}
	s.difficulty = d
	return nil
}

func (s *session) notify(params []json.RawMessage) error {
	j, clean, err := parseNotify(params)
	if err != nil {
		return fmt.Errorf("notify: %w", err)
	}
	if s.extra2Size == 0 && s.next2Size == 0 {
		return errors.New("notify before subscribe")
	}
	s.extra1, s.extra2Size = s.next1, s.next2Size
	s.seq++
	j.extra1, j.extra2Size, j.extra2 = s.extra1, s.extra2Size, s.seq*16
	j.mask, j.difficulty = s.mask, s.difficulty
	if clean {
		s.epoch++
	}
	j.owner, j.epoch = s, s.epoch
	s.job = j
	s.start()
	return nil
}

// start hands the latest job to the machine once the pool knows the user.
func (s *session) start() {
	if s.authorized && s.job != nil {
		s.events.active(s.job.difficulty, s.job.mask != 0)
		s.events.work(s.job)
	}
}

// submit sends a share, unless it is of another session or the pool has since
// voided its job.
func (s *session) submit(sh share) error {
	if sh.job.owner != s || sh.job.epoch != s.epoch {
		s.events.dropped()
		return nil
	}
	params := []string{
		s.pool.User, sh.job.id, hex.EncodeToString(sh.extra2),
		fmt.Sprintf("%08x", sh.job.ntime), fmt.Sprintf("%08x", sh.nonce),
	}
	if sh.job.mask != 0 {
		params = append(params, fmt.Sprintf("%08x", sh.version&sh.job.mask))
	}
	if err := s.call("mining.submit", params); err != nil {
		return err
	}
	delete(s.calls, s.ids)
	s.pending[s.ids] = sh
	return nil
}

// judge reads the answer to a submit: true, or false with [code, "why", null].
func (s *session) judge(sh share, m message) {
	if string(m.Result) == "true" {
		s.events.judged(sh, true, 0)
		return
	}
	var fields []json.RawMessage
	code := 20
	if json.Unmarshal(m.Error, &fields) == nil && len(fields) > 0 {
		if n, err := strconv.Atoi(string(fields[0])); err == nil {
			code = n
		}
	}
	s.events.judged(sh, false, code)
}
