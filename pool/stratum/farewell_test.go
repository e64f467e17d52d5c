package stratum

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"slices"
	"testing"
	"time"

	"hashyard"
	"hashyard/pool/job"
	"hashyard/pool/stratum/stratumtest"
)

// TestDrain: when the server stops, what waits is answered, then miners are
// sent to our own hosts, if there are any, and only then the line closes. Who
// comes meanwhile gets nothing.
func TestDrain(t *testing.T) {
	t.Parallel()
	cert := openPair(t)
	for name, hosts := range map[string][]string{"closed": nil, "sent on": {"one.pool.example:3333", "two.pool.example:443"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log := &memLog{holding: true}
			s, err := Open(Config{
				Listen: "127.0.0.1:0", Ports: []Port{{Listen: "127.0.0.1:0", Certificate: cert.Get}}, Reconnect: hosts,
				Auth: &fakeAuth{grants: map[string]Grant{}}, Log: log, Found: func(job.Candidate) {}, Start: testStart,
			})
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- s.Run(ctx) }()
			w := &world{Server: s, log: log, seq: 1}
			w.newJob(t, 1, hardBits, nil)
			secure := tls.Client(dialTCP(t, s.Addrs()[1]), &tls.Config{InsecureSkipVerify: true})
			miners := []*stratumtest.Client{w.miner(t, "acme.rig"), w.miner(t, "acme.rig"), over(t, secure)}
			if err := miners[2].Handshake(deadline(t), "acme.rig", "x", 0); err != nil {
				t.Fatal(err)
			}
			idle := w.dial(t) // never said who it is
			if err := idle.Subscribe(deadline(t)); err != nil {
				t.Fatal(err)
			}
			answers := make(chan error, len(miners))
			for _, c := range miners {
				share := mine(t, c)
				go func() { answers <- c.Submit(deadline(t), share) }()
			}
			eventually(t, "shares wait", func() bool { a, _ := log.all(); return len(a) == len(miners) })
			stop()
			eventually(t, "no new connections", func() bool {
				conn, err := net.Dial("tcp", s.Addr().String())
				if err == nil {
					_ = conn.Close()
				}
				return err != nil
			})
			log.release()
			var sentTo []string
			for range miners {
				if err := <-answers; err != nil {
					t.Fatalf("a last share got %v", err)
				}
			}
			for _, c := range append(miners, idle) {
				if _, err := c.NextJob(deadline(t)); !errors.Is(err, io.EOF) {
					t.Fatalf("want the end, got %v", err)
				}
				for _, host := range c.Reconnects {
					if !slices.Contains(hosts, host) || c == idle {
						t.Errorf("sent to %q", host)
					}
					sentTo = append(sentTo, host)
				}
			}
			if want := min(len(hosts), 1) * len(miners); len(sentTo) != want {
				t.Errorf("sent to %q, want %d", sentTo, want)
			}
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
		})
	}
}

// TestDrainEnds: not even a share log that never answers, and a client that
// never reads, keep the process.
func TestDrainEnds(t *testing.T) {
	t.Parallel()
	log := &memLog{holding: true}
	s, err := Open(Config{
		Listen: "127.0.0.1:0", Drain: 50 * time.Millisecond, Auth: &fakeAuth{grants: map[string]Grant{}}, Log: log,
		Found: func(job.Candidate) {}, Start: testStart, Reconnect: []string{"one.pool.example:3333"},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	w := &world{Server: s, log: log, seq: 1}
	w.newJob(t, 1, hardBits, nil)
	c := w.miner(t, "acme.rig")
	share := mine(t, c)
	go func() { _ = c.Submit(deadline(t), share) }()
	eventually(t, "the share waits", func() bool { a, _ := log.all(); return len(a) == 1 })
	stop()
	eventually(t, "the client is cut off", func() bool {
		_, err := c.Conn().Write([]byte("\n"))
		return err != nil
	})
	log.release() // the log's own end answers what it holds
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

func TestReconnectOnlyToWhatIsAHost(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"", "pool.example", "pool.example:", ":3333", "pool.example:0", "pool.example:70000", "pool.example:x"} {
		_, err := Open(Config{
			Listen: "127.0.0.1:0", Auth: &fakeAuth{}, Log: &memLog{}, Found: func(job.Candidate) {}, Reconnect: []string{host},
		})
		if !errors.Is(err, hashyard.Invalid) {
			t.Errorf("%q: %v", host, err)
		}
	}
}
