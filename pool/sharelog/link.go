package sharelog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"hashyard"
)

// link is one run of the embedded server and the connection to it. A stream
// whose disk refused a write takes none ever after, though there be room again:
// then the server is started anew on the same folder.
type link struct {
	srv    *server.Server
	conn   *nats.Conn
	js     jetstream.JetStream
	stream jetstream.Stream
	broken chan struct{} // closed by the server's first failed write
}

func (k *link) close() {
	if k.conn != nil {
		k.conn.Close()
	}
	if k.srv != nil {
		k.srv.Shutdown()
		k.srv.WaitForShutdown()
	}
}

// isBroken says that no write will work any more.
func (k *link) isBroken() bool {
	select {
	case <-k.broken:
		return true
	default:
		return k.conn.IsClosed()
	}
}

// Cluster is a NATS cluster whose JetStream holds the stream. Its servers must
// sync every message (sync_interval: always) or keep several replicas.
type Cluster struct {
	URL         string // nats:// or tls://, several with commas
	Credentials string // file with a user's JWT and seed; "" for none
	Seed        string // file with a user's nkey seed; "" for none
	CA          string // file with the authorities of its TLS; "" for the system's
	Replicas    int    // 0 is 1
}

// options reads the files.
func (c *Cluster) options() ([]nats.Option, error) {
	var out []nats.Option
	if c.Credentials != "" {
		out = append(out, nats.UserCredentials(c.Credentials))
	}
	if c.Seed != "" {
		o, err := nats.NkeyOptionFromSeed(c.Seed)
		if err != nil {
			return nil, hashyard.Invalid.Errorf("nkey seed of the share log's cluster: %w", err)
		}
		out = append(out, o)
	}
	if c.CA != "" {
		out = append(out, nats.RootCAs(c.CA))
	}
	return out, nil
}

// dial connects to the cluster; the connection outlives the servers' restarts.
func (l *Log) dial(k *link) error {
	opts, err := l.cfg.Cluster.options()
	if err != nil {
		return err
	}
	opts = append(opts, nats.Name("hashyard share log"), nats.MaxReconnects(-1), nats.ReconnectWait(100*time.Millisecond))
	if k.conn, err = nats.Connect(l.cfg.Cluster.URL, opts...); err != nil {
		return hashyard.Unavailable.Errorf("share log cluster: %w", err)
	}
	return nil
}

// open starts the server in the log's folder, or reaches the cluster, and
// opens the stream.
func (l *Log) open(ctx context.Context) (*link, error) {
	k := &link{broken: make(chan struct{})}
	begin := l.embed
	if l.cfg.Cluster != nil {
		begin = l.dial
	}
	err := begin(k)
	if err == nil {
		k.js, err = jetstream.New(k.conn)
	}
	if err == nil {
		err = l.openStream(ctx, k)
	}
	if err != nil {
		k.close()
		return nil, err
	}
	return k, nil
}

// embed starts a server in the log's folder and connects to it.
func (l *Log) embed(k *link) error {
	srv, err := server.NewServer(&server.Options{
		ServerName: "hashyard-shares", DontListen: true, NoSigs: true, NoSystemAccount: true,
		JetStream: true, StoreDir: l.cfg.Dir, DisableJetStreamBanner: true,
		// Without this an acknowledged message is synced within two minutes.
		SyncAlways:         true,
		JetStreamMaxMemory: 64 << 20, JetStreamMaxStore: l.cfg.MaxBytes + 64<<20,
	})
	if err != nil {
		return fmt.Errorf("share log server: %w", err)
	}
	k.srv = srv
	srv.SetLoggerV2(&serverLog{log: l.cfg.Logger, link: k}, false, false, false)
	srv.Start()
	if !srv.ReadyForConnections(30*time.Second) || !srv.JetStreamEnabled() {
		return hashyard.Unavailable.Errorf("share log in %s did not start within 30 s", l.cfg.Dir)
	}
	k.conn, err = nats.Connect("", nats.InProcessServer(srv), nats.MaxReconnects(-1), nats.ReconnectWait(100*time.Millisecond))
	if err != nil {
		return fmt.Errorf("share log connection: %w", err)
	}
	return nil
}

func (l *Log) openStream(ctx context.Context, k *link) error {
	want := jetstream.StreamConfig{
		Name: streamName, Subjects: []string{subject}, Storage: jetstream.FileStorage,
		Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardNew, MaxBytes: l.cfg.MaxBytes,
		Replicas: l.replicas(), Duplicates: 2 * time.Minute, Metadata: map[string]string{incarnation: hashyard.NewID().String()},
	}
	stream, err := k.js.Stream(ctx, streamName)
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound) && l.name == "":
		stream, err = k.js.CreateStream(ctx, want)
	case err == nil:
		want.Metadata = stream.CachedInfo().Config.Metadata
		stream, err = k.js.UpdateStream(ctx, want)
	}
	if err != nil {
		return fmt.Errorf("share stream: %w", err)
	}
	info, err := stream.Info(ctx)
	if err != nil {
		return fmt.Errorf("share stream: %w", err)
	}
	k.stream = stream
	name := info.Config.Metadata[incarnation]
	if name == "" || l.name != "" && name != l.name {
		return hashyard.Conflict.Errorf("share stream in %s was not made by hashyard, or is not the one it was", l.where())
	}
	if l.name == "" {
		l.name = name
	}
	if was := l.seq.Load(); info.State.LastSeq < was {
		return hashyard.Conflict.Errorf("share stream in %s ends at %d; %d was durable", l.where(), info.State.LastSeq, was)
	}
	l.seq.Store(info.State.LastSeq)
	return nil
}

func (l *Log) where() string {
	if l.cfg.Cluster == nil {
		return l.cfg.Dir
	}
	return l.cfg.Cluster.URL
}

func (l *Log) replicas() int {
	if l.cfg.Cluster == nil {
		return 1
	}
	return max(l.cfg.Cluster.Replicas, 1)
}

// reopen replaces a broken link. The old server must be gone before: two in
// one folder destroy it.
func (l *Log) reopen(ctx context.Context, old *link) (*link, error) {
	old.close()
	k, err := l.open(ctx)
	if err != nil {
		return old, err
	}
	l.cfg.Logger.Warn("share log server was started anew", "seq", l.seq.Load())
	l.link.Store(k)
	return k, nil
}

// serverLog keeps the embedded server's warnings and nothing of its chatter,
// and hears that a write failed.
type serverLog struct {
	log  *slog.Logger
	link *link
	told atomic.Bool // broken is closed
}

func (s *serverLog) Noticef(string, ...any) {}
func (s *serverLog) Debugf(string, ...any)  {}
func (s *serverLog) Tracef(string, ...any)  {}

func (s *serverLog) Warnf(format string, v ...any) {
	s.log.Warn("share log server warns", "text", fmt.Sprintf(format, v...))
}

func (s *serverLog) Errorf(format string, v ...any) {
	text := fmt.Sprintf(format, v...)
	// The server tells of it in no other way: the message's answer never comes.
	if (strings.Contains(text, "write error") || strings.Contains(text, "failed to store")) && s.told.CompareAndSwap(false, true) {
		close(s.link.broken)
	}
	s.log.Error("share log server fails", "text", text)
}

func (s *serverLog) Fatalf(format string, v ...any) {
	s.log.Error("share log server gives up", "text", fmt.Sprintf(format, v...))
}
