package stratum

import (
	"context"
	"log/slog"
	"net/netip"
	"time"

	"hashyard"
	"hashyard/pool/job"
	"hashyard/pool/share"
)

// Grant is what an authorised session may submit as; see package share.
type Grant = share.Grant

// Authorizer decides who may mine. hashyard.NotFound, Denied and Invalid mean
// no (code 24); any other error means not now (code 20).
type Authorizer interface {
	Authorize(ctx context.Context, user, password, agent string, remote netip.AddrPort) (Grant, error)
}

// Log makes accepted shares durable. done is called exactly once and may come
// from another goroutine; hashyard.Exhausted means the share surely is not in
// the log.
type Log interface {
	Submit(rec share.Record, done func(error))
	AppendLater(rec share.Record)
}

// Hooks tell the accounts about sessions. They run on the session's own
// goroutine and may take their time; nil ones are skipped.
type Hooks struct {
	Opened func(ctx context.Context, s Info)
	Closed func(ctx context.Context, s Info, reason string)
	// Interrupted tells that the pool itself turned work away: it offers none,
	// or could not store a share. It may come from any goroutine, often, and
	// must return at once.
	Interrupted func(reason string)
	// Judged is told of every share that was answered, what it counts and how
	// long its answer took. It is on the way of every share: it must be quick.
	Judged func(code share.Code, counts hashyard.Difficulty, took time.Duration)
}

// Config sets the server up. Auth, Log, Found and an address are required.
type Config struct {
	// Listen is a plain port with the difficulties below; Ports are more.
	Listen string // host:port; port 0 takes a free one
	Ports  []Port
	Auth   Authorizer
	Log    Log
	// Found gets every block candidate, once, before its share is judged. It
	// must return at once.
	Found func(c job.Candidate)
	Hooks Hooks

	Floor     hashyard.Difficulty // least difficulty ever assigned; 0 is 1
	Start     hashyard.Difficulty // first difficulty of unknown machines; 0 is 2^32·1024
	PerMinute float64             // wanted shares a minute; 0 is 12
	Mask      uint32              // version bits offered; 0 is job.RollMask
	Region    byte                // first byte of every extranonce1
	// Reconnect are our own hosts, host:port, to which miners are sent when the
	// server stops. With none the connection is only closed.
	Reconnect []string

	MaxLine       int           // bytes; 0 is 8,192
	MaxQueue      int           // bytes that may wait to be sent to one client; 0 is 64 KiB
	MaxInFlight   int           // shares of one client waiting for the log; 0 is 64
	MaxSessions   int           // 0 is 16,000
	MaxPerAddr    int           // sessions of one source; 0 is 4,096
	MaxRefused    int           // refused submits in a row before the connection is closed; 0 is 512
	MaxPerAccount int           // sessions of one account without a machine's secret; 0 is 8,192
	MaxBlame      float64       // points at which a source is refused for a while, see score.go; 0 is 200
	MaxSources    int           // whose conduct is remembered, and as many accounts; 0 is 65,536
	MaxSeen       int           // shares remembered of one job; 0 is 2^20
	MaxTaken      int           // shares of one job that one session may have; 0 is 8,192
	MaxJobs       int           // jobs remembered; 0 is 256
	JobLife       time.Duration // how long; 0 is 10 min
	Handshake     time.Duration // to be authorised; 0 is 15 s
	Idle          time.Duration // without a line from the client; 0 is 10 min
	Write         time.Duration // for one write; 0 is 10 s
	NotifyEvery   time.Duration // at most between two notifies; 0 is 30 s
	Tick          time.Duration // of difficulty and notify upkeep; 0 is 2 s
	Drain         time.Duration // for open answers at the end; 0 is 5 s

	Logger *slog.Logger
	Now    func() time.Time
}

func (c Config) withDefaults() Config {
	defaultTo(&c.Floor, 1)
	defaultTo(&c.Start, 1024<<32)
	defaultTo(&c.PerMinute, 12)
	defaultTo(&c.Mask, job.RollMask)
	defaultTo(&c.MaxLine, 8192)
	defaultTo(&c.MaxQueue, 64<<10)
	defaultTo(&c.MaxInFlight, 64)
	defaultTo(&c.MaxSessions, 16_000)
	defaultTo(&c.MaxPerAddr, 4096)
	defaultTo(&c.MaxRefused, 512)
	defaultTo(&c.MaxPerAccount, 8192)
	defaultTo(&c.MaxBlame, 200)
	defaultTo(&c.MaxSources, 1<<16)
	defaultTo(&c.MaxSeen, 1<<20)
	defaultTo(&c.MaxTaken, 8192)
	defaultTo(&c.MaxJobs, 256)
	defaultTo(&c.JobLife, 10*time.Minute)
	defaultTo(&c.Handshake, 15*time.Second)
	defaultTo(&c.Idle, 10*time.Minute)
	defaultTo(&c.Write, 10*time.Second)
	defaultTo(&c.NotifyEvery, 30*time.Second)
	defaultTo(&c.Tick, 2*time.Second)
	defaultTo(&c.Drain, 5*time.Second)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

func defaultTo[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}
