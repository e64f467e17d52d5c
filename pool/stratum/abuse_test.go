package stratum

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hashyard"
	"hashyard/pool/share"
	"hashyard/pool/stratum/stratumtest"
)

// dialFrom connects from a loopback address: each is a source of its own.
func dialFrom(ctx context.Context, w *world, host string) (net.Conn, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(host)}, Timeout: 10 * time.Second}
	return d.DialContext(ctx, "tcp", w.Addr().String())
}

// minerFrom connects a miner that is ready.
func minerFrom(t *testing.T, w *world, host, user string) *stratumtest.Client {
	t.Helper()
	conn, err := dialFrom(t.Context(), w, host)
	if err != nil {
		t.Fatal(err)
	}
	c := over(t, conn)
	if err := c.Handshake(deadline(t), user, "secret", 0); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestFloodHurtsNobodyElse: connections without end, invalid shares and garbage
// from one address, and at the others nobody loses a share or his connection.
func TestFloodHurtsNobodyElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.MaxBlame, c.Start, c.MaxPerAddr = 0, 1<<6, 32 })
	w.newJob(t, 1, hardBits, nil)
	honest := make([]*stratumtest.Client, 4)
	for i := range honest {
		honest[i] = minerFrom(t, w, fmt.Sprintf("127.0.0.%d", 20+i), fmt.Sprintf("acme.rig%d", i))
	}
	ctx, stop := context.WithCancel(t.Context())
	var flood sync.WaitGroup
	hello := `{"id":1,"method":"mining.subscribe","params":[]}` + "\n" + `{"id":2,"method":"mining.authorize","params":["acme.bad","x"]}` + "\n"
	for _, attack := range []string{
		"", // connects and goes
		hello + strings.Repeat(`{"id":4,"method":"mining.submit","params":["acme.bad","6500","0000000000000001","68a7c001","0564cd8f"]}`+"\n", 50),
		strings.Repeat("GET / HTTP/1.1\r\n", 5),
		strings.Repeat("x", 9000),
		`{"id":1,"method":"mining.authorize","params":["nobody.x","x"]}` + "\n",
	} {
		for range 2 {
			flood.Go(func() {
				for ctx.Err() == nil {
					conn, err := dialFrom(ctx, w, "127.0.0.9")
					if err != nil {
						continue
					}
					_, _ = io.WriteString(conn, attack)
					if attack != "" {
						_ = conn.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
						_, _ = io.Copy(io.Discard, conn)
					}
					_ = conn.Close()
				}
			})
		}
	}
	var mining sync.WaitGroup
	var done atomic.Int64
	const shares = 60
	for _, c := range honest {
		mining.Go(func() {
			// They go on until the flood was turned away for a while.
			for n := 0; n < shares || w.refused[refusedConduct].Load() < 200; n++ {
				j := c.Job()
				s, err := c.Mine(ctx, j, j.Difficulty, 0)
				if err == nil {
					err = c.Submit(ctx, s)
				}
				if err != nil {
					t.Errorf("an honest share after %d: %v", n, err)
					return
				}
				done.Add(1)
			}
		})
	}
	mining.Wait()
	stop()
	flood.Wait()
	accepted := int64(0)
	for _, s := range w.Sessions() {
		if s.User != "acme.bad" {
			accepted += s.Accepted
		}
	}
	if accepted != done.Load() || done.Load() < 4*shares {
		t.Errorf("%d shares sent, %d counted in live sessions", done.Load(), accepted)
	}
	t.Logf("%d honest shares while refused: %v", done.Load(), w.Stats().Refused)
}

// TestReconnectStorm: a thousand honest miners behind one address, all at once,
// and once more when their line broke, are all served.
func TestReconnectStorm(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.MaxBlame, c.Start = 0, 1<<4 })
	w.newJob(t, 1, hardBits, nil)
	const miners, rounds = 1000, 2
	for round := range rounds {
		var storm sync.WaitGroup
		var served atomic.Int64
		for i := range miners {
			storm.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				conn, err := dialFrom(ctx, w, "127.0.0.30")
				if err != nil {
					t.Error(err)
					return
				}
				c := stratumtest.New(conn)
				defer c.Close()
				if err := c.Handshake(ctx, fmt.Sprintf("acme.rig%d", i%20), "x", 0); err != nil {
					t.Errorf("miner %d: %v", i, err)
					return
				}
				if i%2 == round%2 { // half find something before it breaks
					j := c.Job()
					s, err := c.Mine(ctx, j, j.Difficulty, 0)
					if err == nil {
						err = c.Submit(ctx, s)
					}
					if err != nil {
						t.Errorf("miner %d: %v", i, err)
						return
					}
				}
				served.Add(1)
			})
		}
		storm.Wait()
		if served.Load() != miners {
			t.Fatalf("round %d: %d of %d served", round, served.Load(), miners)
		}
	}
	for why, n := range w.Stats().Refused {
		if n != 0 {
			t.Errorf("%d refused: %s", n, why)
		}
	}
}

// sameAccount gives all these workers to one account.
func (w *world) sameAccount(users ...string) {
	account := hashyard.NewID()
	w.auth.mu.Lock()
	defer w.auth.mu.Unlock()
	for _, u := range users {
		g := Grant{Account: account, Worker: hashyard.NewID()}
		if strings.HasPrefix(u, "acme.unit") {
			g.Unit = hashyard.NewID()
		}
		w.auth.grants[u] = g
	}
}

// spoil makes submits that nothing is right with, until the line closes.
func spoil(t *testing.T, c *stratumtest.Client, user string, most int) (sent int) {
	t.Helper()
	for sent < most {
		if _, err := c.Call(deadline(t), "mining.submit", user, c.Job().ID, "", "", ""); err != nil && !strings.Contains(err.Error(), "stratum error") {
			return sent
		}
		sent++
	}
	return sent
}

// TestOneBrokenMachineAmongMany: it is sent away when it costs too much, and
// the rest of its farm, who mines, stays and may come again.
func TestOneBrokenMachineAmongMany(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.MaxBlame, c.Start, c.MaxRefused = 0, 1<<4, 1<<30 })
	w.newJob(t, 1, hardBits, nil)
	w.sameAccount("acme.rig", "acme.broken")
	farm := minerFrom(t, w, "127.0.0.40", "acme.rig")
	for range 150 {
		if err := farm.Submit(deadline(t), mine(t, farm)); err != nil {
			t.Fatal(err)
		}
	}
	broken := minerFrom(t, w, "127.0.0.40", "acme.broken")
	if sent := spoil(t, broken, "acme.broken", 400); sent != 400 {
		t.Fatalf("sent away after %d, while the farm has earned more", sent)
	}
	if sent := spoil(t, broken, "acme.broken", 400); sent == 400 {
		t.Fatal("may go on for ever")
	}
	if err := farm.Submit(deadline(t), mine(t, farm)); err != nil {
		t.Fatalf("the farm is cut off: %v", err)
	}
	if conn, err := dialFrom(t.Context(), w, "127.0.0.40"); err == nil {
		if _, err := over(t, conn).Call(deadline(t), "mining.ping"); err == nil {
			t.Fatal("new connections are taken")
		}
	}
	w.advance(refuseFirst + time.Second)
	minerFrom(t, w, "127.0.0.40", "acme.rig")
}

// TestAccountConduct: wrong shares for an account from many sources keep out
// who is unknown, for a while, and neither its machines with a secret nor who
// mined for real.
func TestAccountConduct(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.MaxBlame, c.MaxRefused, c.Start, c.MaxPerAccount = 0, 1<<30, 1<<4, 12 })
	w.newJob(t, 1, hardBits, nil)
	w.sameAccount("acme.rig", "acme.bad", "acme.unit1")
	farm := minerFrom(t, w, "127.0.0.50", "acme.rig")
	for range 10 {
		if err := farm.Submit(deadline(t), mine(t, farm)); err != nil {
			t.Fatal(err)
		}
	}
	for source, spoilt := 60, 0; spoilt < 220; source++ { // fewer than the farm earned, and the limit
		spoilt += spoil(t, minerFrom(t, w, fmt.Sprintf("127.0.0.%d", source), "acme.bad"), "acme.bad", 60)
	}
	stranger := func() error {
		conn, err := dialFrom(t.Context(), w, "127.0.0.70")
		if err != nil {
			t.Fatal(err)
		}
		return over(t, conn).Handshake(deadline(t), "acme.rig", "x", 0)
	}
	if err := stranger(); err == nil || !strings.Contains(err.Error(), "try again later") {
		t.Fatalf("a stranger comes in: %v", err)
	}
	if w.refused[refusedConduct+refusedAccount].Load() == 0 {
		t.Error("not counted")
	}
	minerFrom(t, w, "127.0.0.50", "acme.rig")
	minerFrom(t, w, "127.0.0.71", "acme.unit1")
	if err := farm.Submit(deadline(t), mine(t, farm)); err != nil {
		t.Fatal(err)
	}
	w.advance(refuseFirst + time.Second)
	if err := stranger(); err != nil {
		t.Fatalf("refused for ever: %v", err)
	}
	for range 12 { // as many as an account may have
		conn, err := dialFrom(t.Context(), w, "127.0.0.72")
		if err != nil {
			t.Fatal(err)
		}
		if err := over(t, conn).Handshake(deadline(t), "acme.rig", "x", 0); err != nil {
			wantCode(t, err, share.Other)
			minerFrom(t, w, "127.0.0.73", "acme.unit1")
			return
		}
	}
	t.Fatal("no end of an account's connections")
}

// TestOneByteAtATime: who never finishes a line has no more time than others,
// before and after the login.
func TestOneByteAtATime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.MaxBlame, c.Handshake, c.Idle = 0, 300*time.Millisecond, 400*time.Millisecond })
	w.newJob(t, 1, hardBits, nil)
	trickle := func(conn net.Conn) {
		began := time.Now()
		go func() {
			for {
				if _, err := conn.Write([]byte("{")); err != nil {
					return
				}
				time.Sleep(10 * time.Millisecond)
			}
		}()
		gone(t, conn)
		if d := time.Since(began); d > 8*time.Second {
			t.Errorf("stayed %v", d)
		}
	}
	trickle(dialTCP(t, w.Addr()))
	c := w.miner(t, "acme.rig")
	trickle(c.Conn())
	eventually(t, "the source pays for it", func() bool {
		w.sources.mu.Lock()
		defer w.sources.mu.Unlock()
		for _, c := range w.sources.all {
			c.mu.Lock()
			defer c.mu.Unlock()
			return c.points > blameNobody-1
		}
		return false
	})
}
