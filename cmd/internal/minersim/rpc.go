package minersim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"time"
)

const (
	rpcDeadline = 10 * time.Second
	maxRequest  = 64 << 10
	// maxConns is how many RPC connections a control board serves at once.
	maxConns = 16
)

// serveRPC answers on ln until it closes, then waits for what is open.
func (m *machine) serveRPC(ctx context.Context, ln net.Listener) {
	var wg sync.WaitGroup
	defer wg.Wait()
	slots := make(chan struct{}, maxConns)
	for {
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			conn.Close()
			return
		}
		wg.Go(func() {
			defer func() { conn.Close(); <-slots }()
			stop := context.AfterFunc(ctx, func() { conn.Close() })
			defer stop()
			m.answerRPC(ctx, conn)
		})
	}
}

// answerRPC reads one request and writes one reply, ended by NUL.
func (m *machine) answerRPC(ctx context.Context, conn net.Conn) {
	if err := conn.SetDeadline(time.Now().Add(rpcDeadline)); err != nil {
		return
	}
	request, err := readRequest(conn)
	if err != nil {
		return
	}
	if m.is.slow && !wait(ctx, m.slowness()) {
		return
	}
	out := m.rpc(request, time.Now())
	_, _ = conn.Write(append(out, 0))
}

func (m *machine) slowness() time.Duration {
	t := m.sim.timing
	return t.SlowLeast + rand.N(t.SlowMost-t.SlowLeast+1)
}

// readRequest takes what arrives at once, as cgminer does, and waits for more
// only where JSON is not complete.
func readRequest(r io.Reader) ([]byte, error) {
	var buf []byte
	chunk := make([]byte, 4096)
	for {
		n, err := r.Read(chunk)
		buf = append(buf, chunk[:n]...)
		switch {
		case n > 0 && (buf[0] != '{' || json.Valid(buf) || strings.ContainsAny(string(buf), "\x00\n")):
			return buf, nil
		case err != nil && len(buf) > 0 && errors.Is(err, io.EOF):
			return buf, nil
		case err != nil:
			return nil, err
		case len(buf) > maxRequest:
			return nil, errors.New("request is too long")
		}
	}
}

// rpc answers one request.
func (m *machine) rpc(request []byte, now time.Time) []byte {
	asJSON := len(request) > 0 && request[0] == '{'
	command, parameter := "", ""
	if asJSON {
		var req struct {
			Command   string `json:"command"`
			Parameter any    `json:"parameter"`
		}
		if err := json.Unmarshal([]byte(strings.TrimRight(string(request), "\x00\n")), &req); err != nil {
			return m.encode(failure(23, "Invalid JSON"), true, now)
		}
		command = req.Command
		if req.Parameter != nil {
			parameter = fmt.Sprint(req.Parameter)
		}
	} else {
		command, parameter, _ = strings.Cut(strings.TrimRight(string(request), "\x00"), "|")
	}
	if strings.Contains(command, "+") && m.st.Dialect == CGMiner {
		return m.joined(strings.Split(command, "+"), asJSON, now)
	}
	return m.encode(m.do(command, parameter, now), asJSON, now)
}

// joined answers "summary+pools": each part whole, parameters ignored.
func (m *machine) joined(commands []string, asJSON bool, now time.Time) []byte {
	if !asJSON {
		var b strings.Builder
		for _, c := range commands {
			fmt.Fprintf(&b, "CMD=%s|%s", c, m.encode(m.do(c, "", now), false, now))
		}
		return []byte(b.String())
	}
	out := row{}
	for _, c := range commands {
		out = append(out, field{c, []json.RawMessage{m.encode(m.do(c, "", now), true, now)}})
	}
	out = append(out, field{"id", 1})
	text, err := json.Marshal(out)
	if err != nil {
		return m.encode(failure(23, "Invalid JSON"), true, now)
	}
	return text
}

func (m *machine) encode(r reply, asJSON bool, now time.Time) []byte {
	description := "cgminer 4.11.1"
	if m.st.Dialect == Antminer {
		description = "bmminer"
	}
	if !asJSON {
		return r.text(description, now)
	}
	out, err := r.json(description, now)
	if err != nil {
		m.log.Error("rpc reply does not encode", "error", err)
		return []byte(`{"STATUS":[{"STATUS":"F"}],"id":1}`)
	}
	return out
}

// do carries one command out.
func (m *machine) do(command, parameter string, now time.Time) reply {
	m.mu.Lock()
	defer m.mu.Unlock()
	f := m.look(now)
	if m.st.Dialect == Antminer {
		return m.antminerRPC(command, f)
	}
	if r, ok := m.cgminerRead(command, f); ok {
		return r
	}
	return m.cgminerWrite(command, parameter)
}
