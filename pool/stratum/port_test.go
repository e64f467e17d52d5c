package stratum

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hashyard"
	"hashyard/pool/stratum/stratumtest"
)

// writePair writes a new self-signed certificate and its key.
func writePair(t *testing.T, dir string, serial int64) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(serial), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"pool.example"},
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	write := func(name, kind string, b []byte) {
		if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(certFile, "CERTIFICATE", der)
	write(keyFile, "PRIVATE KEY", pkcs8)
	return certFile, keyFile
}

// openPair gives a new certificate in files.
func openPair(t *testing.T) *Certificate {
	t.Helper()
	certFile, keyFile := writePair(t, t.TempDir(), 1)
	c, err := OpenCertificate(certFile, keyFile, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// over makes a client of a connection.
func over(t *testing.T, conn net.Conn) *stratumtest.Client {
	t.Helper()
	c := stratumtest.New(conn)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func dialTCP(t *testing.T, addr netip.AddrPort) net.Conn {
	t.Helper()
	conn, err := net.DialTimeout("tcp", addr.String(), 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// TestPortsHaveTheirOwnDifficulties: each its floor and its start.
func TestPortsHaveTheirOwnDifficulties(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) {
		c.Ports = []Port{{Listen: "127.0.0.1:0", Floor: 1 << 12, Start: 1 << 13}, {Listen: "127.0.0.1:0", Floor: 1 << 14}}
	})
	w.newJob(t, 1, hardBits, nil)
	for i, want := range []struct{ start, floor hashyard.Difficulty }{{testStart, 1}, {1 << 13, 1 << 12}, {1 << 14, 1 << 14}} {
		c := over(t, dialTCP(t, w.Addrs()[i]))
		if err := c.Handshake(deadline(t), "acme.rig", "x", 0); err != nil {
			t.Fatal(err)
		}
		if got := c.Job().Difficulty; got != want.start.Wire() {
			t.Errorf("port %d starts at %v, want %v", i, got, want.start.Wire())
		}
		if err := c.Submit(deadline(t), mine(t, c)); err != nil {
			t.Errorf("port %d: %v", i, err)
		}
		if _, err := c.Call(deadline(t), "mining.suggest_difficulty", 1e-9); err != nil {
			t.Fatal(err)
		}
		for _, s := range w.list() {
			s.mu.Lock()
			if d := s.diff.Current(); s.door == w.doors[i] && d != max(want.floor, 4) {
				t.Errorf("port %d lets a miner have %d, floor %d", i, d, want.floor)
			}
			s.mu.Unlock()
		}
	}
}

// TestTLS: a whole session by TLS, at least 1.2; what is no TLS is told so and
// ends, and one that never shakes hands does not live longer than the others.
func TestTLS(t *testing.T) {
	t.Parallel()
	cert := openPair(t)
	w := newWorld(t, func(c *Config) {
		c.Handshake = time.Second
		c.Ports = []Port{{Listen: "127.0.0.1:0", Certificate: cert.Get}}
	})
	w.newJob(t, 1, hardBits, nil)
	at := w.Addrs()[1]
	silent := dialTCP(t, at)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		conn := tls.Client(dialTCP(t, at), &tls.Config{InsecureSkipVerify: true, MaxVersion: version})
		c := over(t, conn)
		if err := c.Handshake(deadline(t), "acme.rig", "x", 0); err != nil {
			t.Fatal(err)
		}
		for range 20 {
			if err := c.Submit(deadline(t), mine(t, c)); err != nil {
				t.Fatal(err)
			}
		}
		had := c.Job().ID
		w.newJob(t, 2, hardBits, nil)
		if j, err := c.NextJob(deadline(t)); err != nil || j.ID == had || !j.Clean {
			t.Fatalf("new tip: %+v %v", j, err)
		}
		w.newJob(t, 1, hardBits, nil)
		if got := conn.ConnectionState().Version; got != version {
			t.Fatalf("TLS %x", got)
		}
	}
	old := tls.Client(dialTCP(t, at), &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
	if err := old.HandshakeContext(deadline(t)); err == nil {
		t.Fatal("TLS 1.1 is taken")
	}
	plain := over(t, dialTCP(t, at))
	if err := plain.Subscribe(deadline(t)); err == nil {
		t.Fatal("a TLS port speaks plainly")
	}
	_ = silent.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.ReadAll(silent); err != nil {
		t.Fatalf("who shakes no hands stays: %v", err)
	}
}

// TestCertificateIsReadAgain: a renewed pair serves the next connection, a
// broken one changes nothing, and sessions go on.
func TestCertificateIsReadAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	certFile, keyFile := writePair(t, dir, 1)
	var told bytes.Buffer
	cert, err := OpenCertificate(certFile, keyFile, slog.New(slog.NewTextHandler(&told, nil)))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	cert.now = func() time.Time { return now }
	w := newWorld(t, func(c *Config) {
		c.Listen, c.Ports = "", []Port{{Listen: "127.0.0.1:0", Certificate: cert.Get}}
	})
	w.newJob(t, 1, hardBits, nil)
	connect := func() (*stratumtest.Client, int64) {
		conn := tls.Client(dialTCP(t, w.Addr()), &tls.Config{InsecureSkipVerify: true})
		c := over(t, conn)
		if err := c.Handshake(deadline(t), "acme.rig", "x", 0); err != nil {
			t.Fatal(err)
		}
		return c, conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	first, serial := connect()
	if serial != 1 {
		t.Fatalf("serves %d", serial)
	}
	writePair(t, dir, 22)
	if _, serial = connect(); serial != 1 {
		t.Fatalf("looks at its files at every connection: %d", serial)
	}
	now = now.Add(lookEvery)
	if _, serial = connect(); serial != 22 {
		t.Fatalf("serves %d after a renewal", serial)
	}
	if err := os.WriteFile(keyFile, []byte("half a ke"), 0o600); err != nil {
		t.Fatal(err)
	}
	now = now.Add(lookEvery)
	if _, serial = connect(); serial != 22 || !strings.Contains(told.String(), "the one before stays") {
		t.Fatalf("serves %d with a broken key, says %q", serial, told.String())
	}
	if err := first.Submit(deadline(t), mine(t, first)); err != nil {
		t.Fatalf("a session from before: %v", err)
	}
	if _, err := OpenCertificate(certFile, keyFile, nil); err == nil {
		t.Fatal("starts with a broken key")
	}
}

// TestBalancer: who comes through a balancer is who it says, a balancer that
// says nothing gets nowhere, and nobody else may say anything.
func TestBalancer(t *testing.T) {
	t.Parallel()
	cert := openPair(t)
	trusted := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	w := newWorld(t, func(c *Config) {
		c.Handshake = 500 * time.Millisecond
		c.Ports = []Port{
			{Listen: "127.0.0.1:0", Balancers: trusted},
			{Listen: "127.0.0.1:0", Balancers: trusted, Certificate: cert.Get},
			{Listen: "127.0.0.1:0", Balancers: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}},
		}
	})
	w.newJob(t, 1, hardBits, nil)
	for i, from := range []string{"203.0.113.9:5000", "[2001:db8::9]:5000"} {
		conn := dialTCP(t, w.Addrs()[1+i])
		for _, b := range proxied(netip.MustParseAddrPort(from)) { // one byte at a time
			if _, err := conn.Write([]byte{b}); err != nil {
				t.Fatal(err)
			}
		}
		if i == 1 {
			conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
		}
		c := over(t, conn)
		if err := c.Handshake(deadline(t), "acme.rig", "x", 0); err != nil {
			t.Fatal(err)
		}
		if err := c.Submit(deadline(t), mine(t, c)); err != nil {
			t.Fatal(err)
		}
		found := false
		for _, s := range w.Sessions() {
			found = found || s.Remote.String() == from
		}
		if !found {
			t.Fatalf("%s is not among %v", from, w.Sessions())
		}
	}
	// A balancer's own look whether the port is open.
	conn := dialTCP(t, w.Addrs()[1])
	if _, err := conn.Write(proxyHeader(proxyLocal, 0, nil)); err != nil {
		t.Fatal(err)
	}
	if _, err := over(t, conn).Call(deadline(t), "mining.ping"); err != nil {
		t.Fatalf("the balancer itself: %v", err)
	}
	for name, first := range map[string]string{
		"no header":  `{"id":1,"method":"mining.ping"}` + "\n",
		"version 1":  "PROXY TCP4 203.0.113.9 127.0.0.1 5000 3333\r\n",
		"half of it": string(proxied(netip.MustParseAddrPort("203.0.113.9:5000"))[:20]),
		"nothing":    "",
	} {
		conn := dialTCP(t, w.Addrs()[1])
		if _, err := io.WriteString(conn, first); err != nil {
			t.Fatal(err)
		}
		if gone(t, conn); w.refused[refusedHeader].Load() == 0 {
			t.Errorf("%s: not counted", name)
		}
	}
	// From elsewhere the port is an ordinary one, and a header is refused.
	c := over(t, dialTCP(t, w.Addrs()[3]))
	if err := c.Handshake(deadline(t), "acme.direct", "x", 0); err != nil {
		t.Fatal(err)
	}
	liar := dialTCP(t, w.Addrs()[3])
	if _, err := liar.Write(append(proxied(netip.MustParseAddrPort("203.0.113.66:5000")), `{"id":1,"method":"mining.ping"}`+"\n"...)); err != nil {
		t.Fatal(err)
	}
	if got := gone(t, liar); strings.Contains(got, "pong") || !strings.Contains(got, "PROXY") {
		t.Fatalf("a stranger's header: %q", got)
	}
	for _, s := range w.list() {
		if s.remote.Addr() == netip.MustParseAddr("203.0.113.66") {
			t.Fatal("a stranger's header is believed")
		}
	}
}

// gone reads until the server hangs up and gives what came.
func gone(t *testing.T, conn net.Conn) string {
	t.Helper()
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	b, err := io.ReadAll(conn)
	if ne, ok := err.(net.Error); ok && ne.Timeout() {
		t.Fatal("still connected")
	}
	return string(b)
}

// TestNoNumbersLeft: who finds no extranonce1 free takes its next pool, and the
// next one has one when a session ended.
func TestNoNumbersLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.newJob(t, 1, hardBits, nil)
	w.Server.mu.Lock()
	w.en1.count, w.en1.next = 2, 0
	w.Server.mu.Unlock()
	first, second := w.miner(t, "acme.a"), w.miner(t, "acme.b")
	gone(t, dialTCP(t, w.Addr()))
	if n := w.Stats().Refused["numbers"]; n != 1 {
		t.Fatalf("%d refused", n)
	}
	number := first.Extranonce1()
	_ = first.Close()
	eventually(t, "a number is free", func() bool { return len(w.list()) == 1 })
	third := w.miner(t, "acme.c")
	if third.Extranonce1() != number || third.Extranonce1() == second.Extranonce1() {
		t.Fatalf("has %s, %s was free", third.Extranonce1(), number)
	}
	if err := third.Submit(deadline(t), mine(t, third)); err != nil {
		t.Fatal(err)
	}
}
