// Package stratumtest is a Stratum V1 miner for tests and journeys: it speaks
// the wire as firmware does, hashes for real on one CPU, and keeps its own
// count of what the pool accepted. It is written from the wire up and shares
// no code with the server, so that the two check each other.
//
// A Client is for one goroutine.
package stratumtest

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net"
	"strings"
	"time"
)

// Job is a mining.notify as received, with the difficulty that binds to it.
type Job struct {
	ID                             string
	PrevHash                       string // Stratum's order
	Coinb1, Coinb2                 string
	Branches                       []string
	Version, NBits, NTime          string
	Clean                          bool
	Difficulty                     float64 // in force when it came
	versionBits, ntimeInt, nbitsIn uint32
}

// Error is a Stratum error reply.
type Error struct {
	Code int
	Text string
}

func (e *Error) Error() string { return fmt.Sprintf("stratum error %d: %s", e.Code, e.Text) }

// Client is a connection to a pool.
type Client struct {
	User string

	conn    net.Conn
	in      *bufio.Reader
	nextID  int
	en1     []byte
	en2size int
	mask    uint32
	diff    float64
	nonce2  uint64

	// Jobs are all notifies received, oldest first.
	Jobs []Job
	// Masks are the version masks that the pool set unasked.
	Masks []string
	// Reconnects are the hosts, host:port, to which the pool sent this miner.
	Reconnects []string
	// Accepted counts shares answered true; Work is the sum of their
	// difficulties in 2^-32 units.
	Accepted int64
	Work     *big.Int
}

// Dial connects.
func Dial(ctx context.Context, addr string) (*Client, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return New(conn), nil
}

// New speaks over a connection that is there already, as one by TLS.
func New(conn net.Conn) *Client {
	return &Client{conn: conn, in: bufio.NewReaderSize(conn, 64<<10), Work: new(big.Int)}
}

// Close hangs up.
func (c *Client) Close() error { return c.conn.Close() }

// Conn is the bare connection, for tests of odd framing.
func (c *Client) Conn() net.Conn { return c.conn }

// Extranonce1 is what the pool gave.
func (c *Client) Extranonce1() string { return hex.EncodeToString(c.en1) }

// Difficulty is the last one the pool set.
func (c *Client) Difficulty() float64 { return c.diff }

// message is anything the pool sends.
type message struct {
	ID     json.RawMessage   `json:"id"`
	Method string            `json:"method"`
	Params []json.RawMessage `json:"params"`
	Result json.RawMessage   `json:"result"`
	Error  json.RawMessage   `json:"error"`
}

// Call sends a request and gives its result; other messages on the way are
// taken in. A Stratum error is an *Error.
func (c *Client) Call(ctx context.Context, method string, params ...any) (json.RawMessage, error) {
	c.nextID++
	if params == nil {
		params = []any{}
	}
	b, err := json.Marshal(map[string]any{"id": c.nextID, "method": method, "params": params})
	if err != nil {
		return nil, err
	}
	if _, err := c.conn.Write(append(b, '\n')); err != nil {
		return nil, err
	}
	return c.Answer(ctx, fmt.Sprint(c.nextID))
}

// Answer reads on until the reply to the request with this id, as JSON.
func (c *Client) Answer(ctx context.Context, id string) (json.RawMessage, error) {
	for {
		m, err := c.read(ctx)
		if err != nil {
			return nil, err
		}
		if m.Method != "" || string(m.ID) != id {
			continue
		}
		if len(m.Error) > 0 && string(m.Error) != "null" {
			return nil, parseError(m.Error)
		}
		return m.Result, nil
	}
}

func parseError(raw json.RawMessage) error {
	var parts []json.RawMessage
	e := &Error{}
	if err := json.Unmarshal(raw, &parts); err != nil || len(parts) != 3 {
		return fmt.Errorf("stratum error is not [code, text, null]: %s", raw)
	}
	return errors.Join(json.Unmarshal(parts[0], &e.Code), json.Unmarshal(parts[1], &e.Text), e)
}

// read takes in one message.
func (c *Client) read(ctx context.Context) (message, error) {
	m, _, err := c.readLine(ctx)
	return m, err
}

// Line takes in one message and gives it as it came.
func (c *Client) Line(ctx context.Context) (string, error) {
	_, line, err := c.readLine(ctx)
	return line, err
}

// readLine is read that also gives the line as it came, without its end.
func (c *Client) readLine(ctx context.Context) (message, string, error) {
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(time.Minute)
	}
	if err := c.conn.SetReadDeadline(deadline); err != nil {
		return message{}, "", err
	}
	stop := context.AfterFunc(ctx, func() { _ = c.conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	line, err := c.in.ReadBytes('\n')
	if err != nil {
		return message{}, "", errors.Join(err, ctx.Err())
	}
	var m message
	if err := json.Unmarshal(line, &m); err != nil {
		return m, "", fmt.Errorf("pool sends %.200q: %w", line, err)
	}
	return m, strings.TrimSuffix(string(line), "\n"), c.take(m)
}

func (c *Client) take(m message) error {
	switch m.Method {
	case "mining.set_difficulty":
		if len(m.Params) != 1 {
			return errors.New("set_difficulty without one parameter")
		}
		return json.Unmarshal(m.Params[0], &c.diff)
	case "mining.set_version_mask":
		var s string
		if len(m.Params) != 1 || json.Unmarshal(m.Params[0], &s) != nil {
			return errors.New("set_version_mask without one text")
		}
		c.Masks = append(c.Masks, s)
	case "client.reconnect":
		var host string
		var port, wait int
		if len(m.Params) != 3 || json.Unmarshal(m.Params[0], &host) != nil || json.Unmarshal(m.Params[1], &port) != nil || json.Unmarshal(m.Params[2], &wait) != nil {
			return errors.New("client.reconnect is not host, port and seconds")
		}
		c.Reconnects = append(c.Reconnects, net.JoinHostPort(host, fmt.Sprint(port)))
	case "mining.notify":
		j, err := parseJob(m.Params)
		if err != nil {
			return err
		}
		j.Difficulty = c.diff
		c.Jobs = append(c.Jobs, j)
	}
	return nil
}

func parseJob(p []json.RawMessage) (Job, error) {
	var j Job
	into := []any{&j.ID, &j.PrevHash, &j.Coinb1, &j.Coinb2, &j.Branches, &j.Version, &j.NBits, &j.NTime, &j.Clean}
	if len(p) != len(into) {
		return j, fmt.Errorf("notify has %d parameters", len(p))
	}
	for i := range p {
		if err := json.Unmarshal(p[i], into[i]); err != nil {
			return j, fmt.Errorf("notify parameter %d: %w", i, err)
		}
	}
	for hexed, v := range map[string]*uint32{j.Version: &j.versionBits, j.NTime: &j.ntimeInt, j.NBits: &j.nbitsIn} {
		b, err := hex.DecodeString(hexed)
		if err != nil || len(b) != 4 {
			return j, fmt.Errorf("notify word %q", hexed)
		}
		*v = binary.BigEndian.Uint32(b)
	}
	return j, nil
}

// Handshake does configure (when mask is not 0), subscribe and authorize, and
// waits for the first job.
func (c *Client) Handshake(ctx context.Context, user, password string, mask uint32) error {
	if mask != 0 {
		res, err := c.Call(ctx, "mining.configure", []string{"version-rolling"},
			map[string]any{"version-rolling.mask": fmt.Sprintf("%08x", mask), "version-rolling.min-bit-count": 2})
		if err != nil {
			return fmt.Errorf("configure: %w", err)
		}
		if err := c.readMask(res); err != nil {
			return err
		}
	}
	if err := c.Subscribe(ctx); err != nil {
		return err
	}
	if _, err := c.Call(ctx, "mining.authorize", user, password); err != nil {
		return fmt.Errorf("authorize: %w", err)
	}
	c.User = user
	_, err := c.NextJob(ctx)
	return err
}

func (c *Client) readMask(res json.RawMessage) error {
	var ext struct {
		Rolling bool   `json:"version-rolling"`
		Mask    string `json:"version-rolling.mask"`
	}
	if err := json.Unmarshal(res, &ext); err != nil || !ext.Rolling {
		return fmt.Errorf("configure answers %s", res)
	}
	b, err := hex.DecodeString(ext.Mask)
	if err != nil || len(b) != 4 {
		return fmt.Errorf("configure answers mask %q", ext.Mask)
	}
	c.mask = binary.BigEndian.Uint32(b)
	return nil
}

// Subscribe subscribes and keeps the extranonce.
func (c *Client) Subscribe(ctx context.Context) error {
	res, err := c.Call(ctx, "mining.subscribe", "hashyard-test/1.0")
	if err != nil {
		return fmt.Errorf("subscribe: %w", err)
	}
	return c.readSubscription(res)
}

func (c *Client) readSubscription(res json.RawMessage) (err error) {
	var parts []json.RawMessage
	var en1 string
	if err := json.Unmarshal(res, &parts); err != nil || len(parts) != 3 {
		return fmt.Errorf("subscribe answers %s", res)
	}
	if err := errors.Join(json.Unmarshal(parts[1], &en1), json.Unmarshal(parts[2], &c.en2size)); err != nil {
		return fmt.Errorf("subscribe answers %s: %w", res, err)
	}
	c.en1, err = hex.DecodeString(en1)
	return err
}

// NextJob waits for a notify that has not been waited for yet and gives the
// newest.
func (c *Client) NextJob(ctx context.Context) (Job, error) {
	for had := len(c.Jobs); len(c.Jobs) == had; {
		if _, err := c.read(ctx); err != nil {
			return Job{}, err
		}
	}
	return c.Job(), nil
}

// Job is the newest job; the zero one before the first.
func (c *Client) Job() Job {
	if len(c.Jobs) == 0 {
		return Job{}
	}
	return c.Jobs[len(c.Jobs)-1]
}

// Submit sends a share and keeps count when it is accepted.
func (c *Client) Submit(ctx context.Context, s Share) error {
	res, err := c.Call(ctx, "mining.submit", s.Params(c.User)...)
	if err != nil {
		return err
	}
	if string(res) != "true" {
		return fmt.Errorf("submit answers %s", res)
	}
	c.Accepted++
	units, _ := new(big.Float).SetFloat64(s.Job.Difficulty * (1 << 32)).Int(nil)
	c.Work.Add(c.Work, units)
	return nil
}
