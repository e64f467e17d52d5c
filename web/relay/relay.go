// Package relay carries the live stream between the processes of a yard, by a
// stream of NATS JetStream: every process sends what it publishes there and
// reads all of it back in one order, so that a browser sees the same at each
// and resumes at any. It owns the stream, which is bounded by number, bytes and
// age; what fell out of it a browser loads anew.
//
// The server is embedded in the yard's leading process, or an external one. All
// methods are safe for concurrent use; Run belongs to its caller.
package relay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"hashyard"
	"hashyard/web"
)

const (
	streamName  = "LIVE"
	subject     = "live.messages"
	incarnation = "hashyard_incarnation" // stream metadata
)

// The stream's bounds. The oldest are dropped: the database has the truth.
const (
	maxMessages = 16 << 10
	maxBytes    = 64 << 20
	maxAge      = time.Hour
	// duplicates is how long the same event is taken once; who receives it later
	// again notices too.
	duplicates = 10 * time.Minute
)

// The pace of a relay.
const (
	sendWait  = 5 * time.Second
	lookEvery = 2 * time.Second
	firstWait = 100 * time.Millisecond
	lastWait  = 2 * time.Second
)

// Config says which server, and whose messages.
type Config struct {
	Server *Server // in this process
	URL    string  // or elsewhere; may carry a token: nats://token@host:4222
	Token  string  // for URL
	Broker *web.Broker
	// Behind is how many messages a starting process reads back for its broker;
	// 0 is 4,096.
	Behind uint64
	Log    *slog.Logger
}

// Relay is a process's end of the line.
type Relay struct {
	cfg  Config
	conn *nats.Conn
	js   jetstream.JetStream
	poke chan struct{} // has room for one: the connection came back

	// Of Run's goroutine alone.
	name string // incarnation of the stream that last counts in
	last uint64
	seen uint64 // the stream's newest message at the last look

	mu      sync.Mutex // guards trouble
	trouble error      // why nothing is received, if nothing is
}

var _ web.Line = (*Relay)(nil)

// Open connects, now or as soon as the server is there, and joins the broker.
func Open(cfg Config) (*Relay, error) {
	if cfg.Behind == 0 {
		cfg.Behind = 4096
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	r := &Relay{cfg: cfg, poke: make(chan struct{}, 1), trouble: hashyard.Unavailable.Errorf("the live stream is not there yet")}
	opts := []nats.Option{
		nats.Name("hashyard live stream"), nats.MaxReconnects(-1), nats.ReconnectWait(firstWait), nats.ReconnectJitter(firstWait, firstWait),
		nats.RetryOnFailedConnect(true), nats.Timeout(2 * time.Second), nats.PingInterval(5 * time.Second), nats.MaxPingsOutstanding(2),
		nats.IgnoreAuthErrorAbort(), // a token may be changed on one side first
		nats.ReconnectHandler(func(*nats.Conn) { r.wake() }),
		nats.ConnectHandler(func(*nats.Conn) { r.wake() }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			r.cfg.Log.Warn("live stream connection", "error", err)
		}),
	}
	if cfg.Server != nil {
		opts = append(opts, cfg.Server.client()...)
	} else if cfg.Token != "" {
		opts = append(opts, nats.Token(cfg.Token))
	}
	var err error
	if r.conn, err = nats.Connect(cfg.URL, opts...); err != nil {
		return nil, hashyard.Invalid.Errorf("live stream: %w", err)
	}
	if r.js, err = jetstream.New(r.conn); err != nil {
		r.conn.Close()
		return nil, fmt.Errorf("live stream: %w", err)
	}
	cfg.Broker.Join(r)
	return r, nil
}

// Close leaves the line.
func (r *Relay) Close() { r.conn.Close() }

func (r *Relay) wake() {
	select {
	case r.poke <- struct{}{}:
	default:
	}
}

// Send implements web.Line.
func (r *Relay) Send(ctx context.Context, id string, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, sendWait)
	defer cancel()
	_, err := r.js.PublishMsg(ctx, &nats.Msg{Subject: subject, Data: body}, jetstream.WithMsgID(id))
	if err != nil {
		return hashyard.Unavailable.Errorf("live stream does not take message %s: %w", id, err)
	}
	return nil
}

// Post implements web.Line.
func (r *Relay) Post(body []byte) error {
	if err := r.conn.Publish(subject, body); err != nil {
		return hashyard.Unavailable.Errorf("live stream does not take a message: %w", err)
	}
	return nil
}

// Ready is why the broker receives nothing, or nil.
func (r *Relay) Ready(context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.trouble
}

func (r *Relay) setTrouble(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trouble = err
}

// Run hands the line's messages to the broker until ctx ends.
func (r *Relay) Run(ctx context.Context) error {
	wait, said := firstWait, ""
	for ctx.Err() == nil {
		began := time.Now()
		err := r.follow(ctx)
		if ctx.Err() != nil {
			break
		}
		r.setTrouble(err)
		if err.Error() != said { // not every moment anew
			said = err.Error()
			r.cfg.Log.WarnContext(ctx, "live stream is interrupted", "error", err)
		}
		if time.Since(began) > lastWait {
			wait, said = firstWait, ""
		}
		select {
		case <-ctx.Done():
		case <-r.poke:
		case <-time.After(wait):
		}
		wait = min(2*wait, lastWait)
	}
	return nil
}

// follow reads until something is wrong.
func (r *Relay) follow(ctx context.Context) error {
	stream, info, err := r.open(ctx)
	if err != nil {
		return err
	}
	if err := r.begin(ctx, info); err != nil {
		return err
	}
	reader, stop, err := r.reader(ctx, stream)
	if err != nil {
		return err
	}
	defer stop()
	r.setTrouble(nil)
	for {
		if err := r.receive(ctx, reader); err != nil {
			return err
		}
		if err := r.unchanged(ctx, stream); err != nil {
			return err
		}
	}
}

// reader is a pull consumer of what follows; stop removes it.
func (r *Relay) reader(ctx context.Context, stream jetstream.Stream) (c jetstream.Consumer, stop func(), err error) {
	wait, cancel := context.WithTimeout(ctx, sendWait)
	defer cancel()
	c, err = stream.CreateConsumer(wait, jetstream.ConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: r.last + 1,
		AckPolicy: jetstream.AckNonePolicy, InactiveThreshold: time.Minute, MemoryStorage: true, Replicas: 1,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("live stream reader: %w", err)
	}
	name := c.CachedInfo().Name
	return c, func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		// It ends by itself when this fails.
		if err := stream.DeleteConsumer(ctx, name); err != nil {
			r.cfg.Log.DebugContext(ctx, "live stream reader stays", "error", err)
		}
	}, nil
}

// receive hands over what comes until it is time to look at the stream.
func (r *Relay) receive(ctx context.Context, reader jetstream.Consumer) error {
	ctx, cancel := context.WithTimeout(ctx, lookEvery)
	defer cancel()
	batch, err := reader.Fetch(256, jetstream.FetchContext(ctx))
	if err != nil {
		return fmt.Errorf("live stream: %w", err)
	}
	for msg := range batch.Messages() {
		meta, err := msg.Metadata()
		if err != nil {
			return fmt.Errorf("live stream: %w", err)
		}
		if err := r.cfg.Broker.Receive(meta.Sequence.Stream, msg.Data()); err != nil {
			return fmt.Errorf("live stream: %w", err)
		}
		r.last = meta.Sequence.Stream
	}
	if err := batch.Error(); err != nil && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, nats.ErrTimeout) {
		return fmt.Errorf("live stream: %w", err)
	}
	return nil
}

// open finds the stream or makes it.
func (r *Relay) open(ctx context.Context) (jetstream.Stream, *jetstream.StreamInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, sendWait)
	defer cancel()
	want := jetstream.StreamConfig{
		Name: streamName, Subjects: []string{subject}, Storage: jetstream.FileStorage, Retention: jetstream.LimitsPolicy,
		Discard: jetstream.DiscardOld, MaxMsgs: maxMessages, MaxBytes: maxBytes, MaxAge: maxAge, Duplicates: duplicates,
		Metadata: map[string]string{incarnation: web.StreamName()},
	}
	stream, err := r.js.Stream(ctx, streamName)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		stream, err = r.js.CreateStream(ctx, want)
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) { // by another process of ours, just now
			stream, err = r.js.Stream(ctx, streamName)
		}
	}
	if err != nil {
		return nil, nil, fmt.Errorf("live stream: %w", err)
	}
	info, err := stream.Info(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("live stream: %w", err)
	}
	if info.Config.Metadata[incarnation] == "" {
		return nil, nil, hashyard.Conflict.Errorf("stream %s of this NATS server was not made by hashyard", streamName)
	}
	return stream, info, nil
}

// begin decides from where to read, and tells the broker when that is not where
// it stopped.
func (r *Relay) begin(ctx context.Context, info *jetstream.StreamInfo) error {
	name, st := info.Config.Metadata[incarnation], info.State
	first := max(st.FirstSeq, 1)
	switch {
	case name == r.name && st.LastSeq < r.last:
		// It was set back, and would give numbers again that browsers know: a new
		// one with new names takes its place.
		err := r.js.DeleteStream(ctx, streamName)
		return errors.Join(hashyard.Conflict.Errorf("the live stream ends at %d and %d was received", st.LastSeq, r.last), err)
	case name == r.name && first <= r.last+1:
		return nil
	case name != r.name && st.LastSeq >= r.cfg.Behind:
		first = max(first, st.LastSeq-r.cfg.Behind+1)
	}
	r.name, r.last = name, first-1
	r.cfg.Broker.Begin(r.name, r.last)
	return nil
}

// unchanged looks whether the stream is still the one that is read.
func (r *Relay) unchanged(ctx context.Context, stream jetstream.Stream) error {
	ctx, cancel := context.WithTimeout(ctx, sendWait)
	defer cancel()
	info, err := stream.Info(ctx)
	if err != nil {
		return fmt.Errorf("live stream: %w", err)
	}
	if name := info.Config.Metadata[incarnation]; name != r.name || info.State.LastSeq < r.last {
		return hashyard.Conflict.Errorf("the live stream was made anew")
	}
	if r.seen > r.last { // sent to a request that was over, perhaps
		r.seen = 0
		return hashyard.Unavailable.Errorf("message %d is in the live stream and does not come", r.last+1)
	}
	r.seen = info.State.LastSeq
	return nil
}
