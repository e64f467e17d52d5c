package node

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"hashyard"
)

// Limits of one call. A block of 4 MB as verbose JSON stays below 40 MiB.
const (
	defaultTimeout  = 15 * time.Second
	defaultMaxReply = 64 << 20
	longPollTimeout = 90 * time.Second
)

// Config says where the node is and how to be let in.
type Config struct {
	// Name is what screens and figures call the node; "" is its host and port.
	Name     string
	URL      string // http://host:port
	User     string
	Password string
	// PasswordFile holds the password instead; CookieFile is Core's .cookie,
	// user and password in one line. Both are read anew whenever the node does
	// not take what was read before: a cookie changes with every start.
	PasswordFile string
	CookieFile   string
	// ZMQ is where the node publishes hashblock, tcp://host:port; "" is nowhere.
	ZMQ string
	// Timeout bounds each ordinary call; 0 is 15 s. A long poll has its own.
	Timeout time.Duration
	// MaxReply bounds the bytes read of one reply; 0 is 64 MiB.
	MaxReply int64
	// Wrap, if set, is around the transport: to count or to follow calls.
	Wrap func(http.RoundTripper) http.RoundTripper
}

// Client calls one node.
type Client struct {
	cfg  Config
	http *http.Client
	id   atomic.Uint64
	pass atomic.Pointer[credentials] // as last read from a file; nil before that

	// route, if set, picks the client to call instead: see Nodes.Any.
	route func() *Client
}

// New makes a client; it does not connect yet.
func New(cfg Config) (*Client, error) {
	u, err := url.Parse(cfg.URL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, hashyard.Invalid.Errorf("node address %q is not like http://127.0.0.1:8332", cfg.URL)
	}
	if u.User != nil {
		return nil, hashyard.Invalid.Errorf("node address must not contain credentials; set user and password")
	}
	if cfg.CookieFile != "" && (cfg.User != "" || cfg.Password != "" || cfg.PasswordFile != "") {
		return nil, hashyard.Invalid.Errorf("node %s: a cookie file holds user and password, give no others", u.Host)
	}
	if cfg.Password != "" && cfg.PasswordFile != "" {
		return nil, hashyard.Invalid.Errorf("node %s: a password or a file with it, not both", u.Host)
	}
	if cfg.ZMQ != "" {
		if z, err := url.Parse(cfg.ZMQ); err != nil || z.Scheme != "tcp" || z.Port() == "" {
			return nil, hashyard.Invalid.Errorf("node %s: %q is not like tcp://127.0.0.1:28332", u.Host, cfg.ZMQ)
		}
	}
	if cfg.Name == "" {
		cfg.Name = u.Host
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = defaultTimeout
	}
	if cfg.MaxReply == 0 {
		cfg.MaxReply = defaultMaxReply
	}
	// A node is never behind a web proxy, and a proxy must never see its password.
	transport := &http.Transport{MaxIdleConnsPerHost: 8, IdleConnTimeout: time.Minute}
	client := &http.Client{Transport: transport}
	if cfg.Wrap != nil {
		client.Transport = cfg.Wrap(transport)
	}
	return &Client{cfg: cfg, http: client}, nil
}

// Name is what the node is called.
func (c *Client) Name() string { return c.cfg.Name }

// Close drops idle connections.
func (c *Client) Close() {
	if c.route == nil {
		c.http.CloseIdleConnections()
	}
}

// RPCError is what the node itself answered: a Bitcoin Core error code and text.
type RPCError struct {
	Method  string `json:"-"`
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// Core's codes that this package gives a meaning (src/rpc/protocol.h).
const (
	codeNotFound       = -5 // RPC_INVALID_ADDRESS_OR_KEY: also "no such block, transaction"
	codeOutOfRange     = -8 // RPC_INVALID_PARAMETER: also "block height out of range"
	codeNotConnected   = -9
	codeDownloading    = -10
	codeWarmingUp      = -28
	codeMethodNotFound = -32601
	codeInternal       = -32603
	codeMisc           = -1 // btcd: "Command unimplemented"; Core: a wrong use
)

func (e *RPCError) Error() string {
	return fmt.Sprintf("node answered %s with %q (code %d)", e.Method, e.Message, e.Code)
}

// Is gives the codes that have one a kind.
func (e *RPCError) Is(target error) bool {
	switch e.Code {
	case codeNotFound:
		return target == hashyard.NotFound
	case codeNotConnected, codeDownloading, codeWarmingUp:
		return target == hashyard.Unavailable
	}
	return false
}

func isCode(err error, codes ...int) bool {
	var rpc *RPCError
	if !errors.As(err, &rpc) {
		return false
	}
	for _, code := range codes {
		if rpc.Code == code {
			return true
		}
	}
	return false
}

type request struct {
	// btcd answers a request without "jsonrpc" with an empty body.
	JSONRPC string `json:"jsonrpc"`
	ID      uint64 `json:"id"`
	Method  string `json:"method"`
	Params  []any  `json:"params"`
}

type reply struct {
	ID     *uint64         `json:"id"`
	Result json.RawMessage `json:"result"`
	Error  *RPCError       `json:"error"`
}

// call runs one method within the ordinary timeout and decodes into out.
func (c *Client) call(ctx context.Context, out any, method string, params ...any) error {
	return c.callWithin(ctx, c.cfg.Timeout, out, method, params...)
}

func (c *Client) callWithin(ctx context.Context, limit time.Duration, out any, method string, params ...any) error {
	if c.route != nil {
		return c.route().callWithin(ctx, limit, out, method, params...)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if params == nil {
		params = []any{}
	}
	id := c.id.Add(1)
	body, err := json.Marshal(request{JSONRPC: "1.0", ID: id, Method: method, Params: params})
	if err != nil {
		return fmt.Errorf("node %s: encode: %w", method, err)
	}
	raw, status, err := c.post(ctx, body)
	if errors.Is(err, hashyard.Unauthenticated) && c.forget() {
		raw, status, err = c.post(ctx, body) // with what the file holds now
	}
	if err != nil {
		return fmt.Errorf("node %s: %w", method, err)
	}
	return decodeReply(raw, status, id, method, out)
}

func (c *Client) post(ctx context.Context, body []byte) (raw []byte, status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.cfg.URL, bytes.NewReader(body))
	if err != nil {
		return nil, 0, hashyard.Invalid.Errorf("request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	who, err := c.credentials()
	if err != nil {
		return nil, 0, err
	}
	if who != (credentials{}) {
		req.SetBasicAuth(who.user, who.password)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, 0, hashyard.Unavailable.Errorf("node is not reachable: %w", err)
	}
	defer res.Body.Close() //nolint:errcheck // nothing is lost by a failed close of a read body
	raw, err = io.ReadAll(io.LimitReader(res.Body, c.cfg.MaxReply+1))
	if err != nil {
		return nil, 0, hashyard.Unavailable.Errorf("read reply: %w", err)
	}
	if int64(len(raw)) > c.cfg.MaxReply {
		return nil, 0, hashyard.Exhausted.Errorf("reply exceeds %d bytes", c.cfg.MaxReply)
	}
	if res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusForbidden {
		return nil, 0, hashyard.Unauthenticated.Errorf("node refused the RPC user or password (HTTP %d)", res.StatusCode)
	}
	return raw, res.StatusCode, nil
}

func decodeReply(raw []byte, status int, id uint64, method string, out any) error {
	var r reply
	if err := json.Unmarshal(raw, &r); err != nil {
		return hashyard.Unavailable.Errorf("node %s: HTTP %d with a reply that is not JSON-RPC: %q", method, status, excerpt(raw))
	}
	if r.Error != nil {
		r.Error.Method = method
		return r.Error
	}
	if r.ID == nil || *r.ID != id {
		return hashyard.Unavailable.Errorf("node %s: reply is for another request", method)
	}
	if status != http.StatusOK {
		return hashyard.Unavailable.Errorf("node %s: HTTP %d", method, status)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(r.Result, out); err != nil {
		return hashyard.Invalid.Errorf("node %s: decode result: %w", method, err)
	}
	return nil
}

func excerpt(raw []byte) string {
	const most = 120
	s := strings.ToValidUTF8(string(raw[:min(len(raw), most)]), "?")
	if len(raw) > most {
		s += "…"
	}
	return s
}
