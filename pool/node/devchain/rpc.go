package devchain

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"hashyard"
)

const (
	maxRequest = 10 << 20 // a 4 MB block in hex, with room
	maxBatch   = 100
)

// Core's error codes (src/rpc/protocol.h).
const (
	codeMisc           = -1
	codeType           = -3
	codeNotFound       = -5
	codeParameter      = -8
	codeDatabase       = -20
	codeDeserialize    = -22
	codeVerify         = -25
	codeRejected       = -26
	codeInChain        = -27
	codeInvalidRequest = -32600
	codeMethodNotFound = -32601
	codeParse          = -32700
)

// rpcError is an answer that says no.
type rpcError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func (e *rpcError) Error() string { return e.Message }

func fail(code int, format string, args ...any) error {
	return &rpcError{Code: code, Message: fmt.Sprintf(format, args...)}
}

type rpcRequest struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
}

type rpcReply struct {
	Result any             `json:"result"`
	Error  *rpcError       `json:"error"`
	ID     json.RawMessage `json:"id"`
}

// Serve answers JSON-RPC on the listener until ctx ends, then finishes the
// requests that run. Its error is nil after an ordinary end. A password is
// demanded also on loopback: any web page can make a browser post there.
func (c *Chain) Serve(ctx context.Context, ln net.Listener, user, password string) error {
	if password == "" {
		return errors.Join(hashyard.Invalid.Errorf("devchain rpc: set a password for the chain's RPC"), ln.Close())
	}
	requests, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	srv := &http.Server{
		Handler:           c.Handler(user, password),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		BaseContext:       func(net.Listener) context.Context { return requests },
	}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ln) }()
	select {
	case err := <-done:
		return fmt.Errorf("devchain rpc: %w", err)
	case <-ctx.Done():
	}
	end() // long polls return
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err := srv.Shutdown(stop)
	if err != nil {
		err = errors.Join(err, srv.Close())
	}
	<-done // http.ErrServerClosed
	return err
}

// Handler answers JSON-RPC like Bitcoin Core: POST with basic authentication,
// one request or a batch.
func (c *Chain) Handler(user, password string) http.Handler {
	want := sha256.Sum256([]byte(user + ":" + password))
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		u, p, _ := r.BasicAuth()
		got := sha256.Sum256([]byte(u + ":" + p))
		if subtle.ConstantTimeCompare(want[:], got[:]) != 1 {
			rw.Header().Set("WWW-Authenticate", `Basic realm="jsonrpc"`)
			http.Error(rw, "wrong user or password", http.StatusUnauthorized)
			return
		}
		if r.Method != http.MethodPost {
			http.Error(rw, "JSON-RPC server handles only POST requests", http.StatusMethodNotAllowed)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, maxRequest))
		if err != nil {
			http.Error(rw, "request is too large or broken", http.StatusRequestEntityTooLarge)
			return
		}
		status, reply := c.answer(r.Context(), body)
		raw, err := json.Marshal(reply)
		if err != nil {
			c.log.Error("rpc reply does not encode", "err", err)
			http.Error(rw, "internal error", http.StatusInternalServerError)
			return
		}
		// One line, one write, newline at the end: ckpool reads no other way.
		rw.Header().Set("Content-Type", "application/json")
		rw.WriteHeader(status)
		_, _ = rw.Write(append(raw, '\n')) // a client that hung up needs no answer
	})
}

// answer runs one request or a batch and chooses the HTTP status as Core does.
func (c *Chain) answer(ctx context.Context, body []byte) (int, any) {
	requests, batch, err := decodeRequests(body)
	if err != nil {
		return httpStatus(err), rpcReply{Error: err}
	}
	replies := make([]rpcReply, 0, len(requests))
	for _, req := range requests {
		replies = append(replies, c.run(ctx, req))
	}
	if batch {
		return http.StatusOK, replies
	}
	return httpStatus(replies[0].Error), replies[0]
}

func httpStatus(err *rpcError) int {
	switch {
	case err == nil:
		return http.StatusOK
	case err.Code == codeMethodNotFound:
		return http.StatusNotFound
	case err.Code == codeInvalidRequest:
		return http.StatusBadRequest
	}
	return http.StatusInternalServerError
}

// decodeRequests reads a request or an array of them. Neither "jsonrpc" nor
// "id" is demanded: old pool software sends neither.
func decodeRequests(body []byte) (requests []rpcRequest, batch bool, fault *rpcError) {
	body = bytes.TrimSpace(body)
	if batch = len(body) > 0 && body[0] == '['; batch {
		if err := json.Unmarshal(body, &requests); err != nil {
			return nil, true, &rpcError{codeParse, "Parse error"}
		}
		if len(requests) == 0 || len(requests) > maxBatch {
			return nil, true, &rpcError{codeInvalidRequest, fmt.Sprintf("A batch has 1 to %d requests", maxBatch)}
		}
		return requests, true, nil
	}
	var one rpcRequest
	if err := json.Unmarshal(body, &one); err != nil {
		return nil, false, &rpcError{codeParse, "Parse error"}
	}
	return []rpcRequest{one}, false, nil
}

func (c *Chain) run(ctx context.Context, req rpcRequest) rpcReply {
	result, err := c.dispatch(ctx, req)
	if err == nil {
		return rpcReply{Result: result, ID: req.ID}
	}
	var rpc *rpcError
	if !errors.As(err, &rpc) {
		c.log.ErrorContext(ctx, "rpc call failed", "method", req.Method, "err", err)
		rpc = &rpcError{codeDatabase, err.Error()}
	}
	return rpcReply{Error: rpc, ID: req.ID}
}

func (c *Chain) dispatch(ctx context.Context, req rpcRequest) (any, error) {
	m, ok := c.methods[req.Method]
	if !ok {
		return nil, fail(codeMethodNotFound, "Method not found")
	}
	p, err := decodeParams(req.Params, m.params)
	if err != nil {
		return nil, err
	}
	if m.own {
		return m.run(c, ctx, p)
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.closed {
		return nil, fail(-9, "The chain is closed")
	}
	return m.run(c, ctx, p)
}
