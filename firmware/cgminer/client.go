package cgminer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"hashyard"
	"hashyard/firmware"
)

// Client asks one machine. It is safe for concurrent use; each request is its
// own connection, as the API demands.
type Client struct {
	addr    string
	dial    firmware.DialFunc
	timeout time.Duration
}

// NewClient makes a client for the target's RPC port.
func NewClient(t firmware.Target) (*Client, error) {
	t, err := t.Ready()
	if err != nil {
		return nil, err
	}
	return &Client{addr: t.RPC(), dial: t.Dial, timeout: t.Timeout}, nil
}

// Do sends one command and reads its reply. A reply that says the command
// failed is returned together with its *StatusError. A machine that does not
// answer, or answers nonsense, is hashyard.Unavailable.
func (c *Client) Do(ctx context.Context, command string, parameters ...string) (Reply, error) {
	raw, err := c.Raw(ctx, command, parameters...)
	if err != nil {
		return Reply{}, err
	}
	r, err := ParseReply(raw)
	if err != nil {
		return Reply{}, hashyard.Unavailable.Errorf("%s to %s: %w", command, c.addr, err)
	}
	return r, r.Err(command)
}

// Raw is Do without reading the reply.
func (c *Client) Raw(ctx context.Context, command string, parameters ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	request, err := Request(command, parameters...)
	if err != nil {
		return nil, err
	}
	conn, err := c.dial(ctx, "tcp", c.addr)
	if err != nil {
		return nil, unavailable(command, c.addr, err)
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return nil, unavailable(command, c.addr, err)
		}
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	// No newline behind the request: cgminer takes it for part of the command.
	if _, err := conn.Write(request); err != nil {
		return nil, unavailable(command, c.addr, err)
	}
	raw, err := ReadReply(conn)
	if err != nil {
		return nil, unavailable(command, c.addr, err)
	}
	return raw, nil
}

func unavailable(command, addr string, err error) error {
	if errors.Is(err, hashyard.Denied) {
		return fmt.Errorf("%s to %s: %w", command, addr, err)
	}
	return hashyard.Unavailable.Errorf("%s to %s: %w", command, addr, err)
}

// Request encodes a command with its parameters, which are joined by commas;
// commas and backslashes inside one are escaped as the API demands.
func Request(command string, parameters ...string) ([]byte, error) {
	req := struct {
		Command   string `json:"command"`
		Parameter string `json:"parameter,omitempty"`
	}{Command: command}
	escape := strings.NewReplacer(`\`, `\\`, `,`, `\,`)
	escaped := make([]string, len(parameters))
	for i, p := range parameters {
		escaped[i] = escape.Replace(p)
	}
	req.Parameter = strings.Join(escaped, ",")
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // the machine's parser need not know < and friends
	if err := enc.Encode(req); err != nil {
		return nil, fmt.Errorf("encode %s: %w", command, err)
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// idle is how long a whole reply without a terminator may wait for one.
const idle = 300 * time.Millisecond

// ReadReply reads up to the reply's terminator: NUL, a newline behind which
// nothing is open, or the end of the stream. Some firmware sends none and never
// closes; a reply that is whole by its brackets then ends after a short idle.
func ReadReply(r io.Reader) ([]byte, error) {
	var (
		buf   []byte
		chunk [4096]byte
	)
	for {
		n, err := r.Read(chunk[:])
		if i := bytes.IndexByte(chunk[:n], 0); i >= 0 {
			return append(buf, chunk[:i]...), nil
		}
		buf = append(buf, chunk[:n]...)
		switch {
		case len(buf) > firmware.MaxReply:
			return nil, fmt.Errorf("reply exceeds %d bytes", firmware.MaxReply)
		case err == nil:
			if !whole(buf) {
				continue
			}
			if buf[len(buf)-1] == '\n' {
				return buf, nil
			}
			if d, ok := r.(interface{ SetReadDeadline(time.Time) error }); ok {
				if err := d.SetReadDeadline(time.Now().Add(idle)); err != nil {
					return nil, err
				}
			}
		case errors.Is(err, io.EOF) && len(buf) > 0, isTimeout(err) && whole(buf):
			return buf, nil
		case errors.Is(err, io.EOF):
			return nil, io.ErrUnexpectedEOF
		default:
			return nil, err
		}
	}
}

func isTimeout(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}

// whole reports whether b, outside strings, closed all it opened, or is a text
// reply that ended with its bar.
func whole(b []byte) bool {
	b = bytes.TrimSpace(b)
	if len(b) == 0 {
		return false
	}
	last := b[len(b)-1]
	if b[0] != '{' && b[0] != '[' {
		return last == '|'
	}
	if last != '}' && last != ']' && last != '"' {
		return false
	}
	depth, quoted := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		}
	}
	return depth <= 0
}
