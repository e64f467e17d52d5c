package relay

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"hashyard"
)

// ServerConfig says where an embedded server keeps the line and who reaches it.
type ServerConfig struct {
	Dir string // made when absent; one process at a time
	// Listen is a loopback address for the yard's other processes; empty: none.
	Listen string
	Token  string // what every client must present, at least 16 characters
	Log    *slog.Logger
}

// Server is a NATS server in this process. A message that it has acknowledged
// is on disk.
type Server struct {
	cfg  ServerConfig
	srv  *server.Server
	lock *os.File
}

// minToken is the least length of a token.
const minToken = 16

// Serve starts a server.
func Serve(cfg ServerConfig) (*Server, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if len(cfg.Token) < minToken {
		return nil, hashyard.Invalid.Errorf("live stream: the token has %d characters, %d are needed", len(cfg.Token), minToken)
	}
	opts := &server.Options{
		ServerName: "hashyard-live", NoSigs: true, NoSystemAccount: true, Authorization: cfg.Token,
		JetStream: true, StoreDir: cfg.Dir, DisableJetStreamBanner: true,
		// Numbers that browsers know are never given twice, whatever loses power.
		SyncAlways: true, JetStreamMaxMemory: 16 << 20, JetStreamMaxStore: 2 * maxBytes,
		MaxPayload: 1 << 20, DontListen: cfg.Listen == "",
	}
	if cfg.Listen != "" {
		host, port, err := net.SplitHostPort(cfg.Listen)
		n, nerr := strconv.Atoi(port)
		if err != nil || nerr != nil {
			return nil, hashyard.Invalid.Errorf("live stream: address %q is not like 127.0.0.1:4222", cfg.Listen)
		}
		if ip, err := netip.ParseAddr(host); err != nil || !ip.Unmap().IsLoopback() {
			return nil, hashyard.Invalid.Errorf("live stream: %s is not a loopback address; for processes on other machines run a NATS server with TLS and name it to all of them", cfg.Listen)
		}
		if opts.Host, opts.Port = host, n; n == 0 {
			opts.Port = server.RANDOM_PORT
		}
	}
	s := &Server{cfg: cfg}
	var err error
	if s.lock, err = lockDir(cfg.Dir); err != nil {
		return nil, err
	}
	if s.srv, err = server.NewServer(opts); err != nil {
		return nil, errors.Join(fmt.Errorf("live stream server: %w", err), s.lock.Close())
	}
	s.srv.SetLoggerV2(serverLog{cfg.Log}, false, false, false)
	s.srv.Start()
	if !s.srv.ReadyForConnections(30 * time.Second) {
		s.Close()
		return nil, hashyard.Unavailable.Errorf("live stream server in %s did not start within 30 s (is %s taken?)", cfg.Dir, cfg.Listen)
	}
	return s, nil
}

// lockDir keeps a second process out: two servers in one folder destroy it.
func lockDir(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("live stream folder: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("live stream folder: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(hashyard.Conflict.Errorf("live stream folder %s is in use by another process: %w", dir, err), f.Close())
	}
	return f, nil
}

// URL is where other processes reach the server, without its token; empty when
// it does not listen.
func (s *Server) URL() string {
	if s.cfg.Listen == "" {
		return ""
	}
	return "nats://" + s.srv.Addr().String()
}

// client are the options of a connection within this process.
func (s *Server) client() []nats.Option {
	return []nats.Option{nats.InProcessServer(s.srv), nats.Token(s.cfg.Token)}
}

// Close stops the server.
func (s *Server) Close() {
	s.srv.Shutdown()
	s.srv.WaitForShutdown()
	_ = s.lock.Close() // a lock file: nothing is written to it
}

// serverLog keeps the embedded server's warnings and nothing of its chatter.
type serverLog struct{ log *slog.Logger }

func (s serverLog) Noticef(string, ...any) {}
func (s serverLog) Debugf(string, ...any)  {}
func (s serverLog) Tracef(string, ...any)  {}

func (s serverLog) Warnf(format string, v ...any) {
	s.log.Warn("live stream server warns", "text", fmt.Sprintf(format, v...))
}

func (s serverLog) Errorf(format string, v ...any) {
	s.log.Error("live stream server fails", "text", fmt.Sprintf(format, v...))
}

func (s serverLog) Fatalf(format string, v ...any) {
	s.log.Error("live stream server gives up", "text", fmt.Sprintf(format, v...))
}
