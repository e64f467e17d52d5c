package app

import (
	"context"
	"crypto/rand"
	"path/filepath"

	"hashyard"
	"hashyard/brokerage"
	"hashyard/fleet"
	"hashyard/web/relay"
)

// Live are the settings of the processes of one yard among each other.
type Live struct {
	WebOnly    bool   `env:"HASHYARD_WEB_ONLY" help:"Serve the browser app and the API beside the process that leads: no orders, no pool, no jobs. Needs --nats-url."`
	NATSURL    string `name:"nats-url" env:"HASHYARD_NATS_URL" help:"NATS server with JetStream that carries the live stream between processes; empty runs one inside."`
	NATSListen string `name:"nats-listen" env:"HASHYARD_NATS_LISTEN" help:"Loopback address at which the server inside answers other processes of this yard; empty: nobody."`
	NATSToken  string `name:"nats-token" env:"HASHYARD_NATS_TOKEN" help:"Token of the NATS server, at least 16 characters for the one inside."`
}

// check refuses settings that do not go together.
func (l Live) check() error {
	switch {
	case l.WebOnly && l.NATSURL == "":
		return hashyard.Invalid.Errorf("--web-only needs --nats-url, the address that the leading process has in --nats-listen")
	case l.NATSURL != "" && l.NATSListen != "":
		return hashyard.Invalid.Errorf("--nats-url uses a server elsewhere, --nats-listen runs one inside: choose")
	case l.NATSListen != "" && l.NATSToken == "":
		return hashyard.Invalid.Errorf("--nats-listen needs --nats-token: else whoever reaches it could tell browsers anything")
	}
	return nil
}

// openLive joins the broker to those of the yard's other processes.
func (h *house) openLive() (leave func(), err error) {
	f, cfg := h.flags.Live, relay.Config{URL: h.flags.NATSURL, Token: h.flags.NATSToken, Broker: h.broker, Log: h.log}
	stop := func() {}
	if cfg.URL == "" {
		token := f.NATSToken
		if token == "" {
			token = rand.Text() // nobody else needs it
		}
		cfg.Server, err = relay.Serve(relay.ServerConfig{Dir: filepath.Join(h.flags.Dir, "live"), Listen: f.NATSListen, Token: token, Log: h.log})
		if err != nil {
			return nil, err
		}
		stop = cfg.Server.Close
	}
	if h.live, err = relay.Open(cfg); err != nil {
		stop()
		return nil, err
	}
	return func() { h.live.Close(); stop() }, nil
}

// What only the leading process does, as the others have it: they say where it
// is done.

// elsewhere takes no orders.
type elsewhere struct{ terms brokerage.Terms }

func (e elsewhere) Terms() brokerage.Terms { return e.terms.Complete() }

func (e elsewhere) Place(context.Context, brokerage.Order) (brokerage.Order, error) {
	return brokerage.Order{}, e.Closed()
}

func (e elsewhere) Cancel(context.Context, brokerage.Order, hashyard.ID) (brokerage.Order, error) {
	return brokerage.Order{}, e.Closed()
}

func (e elsewhere) Amend(context.Context, brokerage.Order, hashyard.ID, hashyard.MilliCentsPerTH, int64) (brokerage.Order, error) {
	return brokerage.Order{}, e.Closed()
}
func (e elsewhere) Halt(context.Context, hashyard.ID, hashyard.ID) error   { return e.Closed() }
func (e elsewhere) Resume(context.Context, hashyard.ID, hashyard.ID) error { return e.Closed() }

// Closed implements brokerage.Closer: nothing is reserved for an order that is
// not taken.
func (elsewhere) Closed() error {
	return hashyard.Unavailable.Errorf("this process shows the market and takes no orders; the yard's leading process does, ask it with the same key")
}

// noWorkers gives no machine to the pool: whose it was before must be cut off,
// and its connection is the leading process's.
type noWorkers struct{}

func (noWorkers) WorkerFor(context.Context, hashyard.ID, hashyard.ID) (fleet.PoolTarget, error) {
	return fleet.PoolTarget{}, hashyard.Unavailable.Errorf("this process redirects no machines; the yard's leading process does")
}

// noShares has no share log.
type noShares struct{}

func (noShares) Flush(context.Context) (string, uint64, error) {
	return "", 0, hashyard.Unavailable.Errorf("this process keeps no shares; the yard's leading process does")
}
