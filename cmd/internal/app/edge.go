package app

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net/netip"
	"time"

	"hashyard"
	"hashyard/pool"
	"hashyard/pool/edge"
	"hashyard/pool/job"
	"hashyard/pool/share"
	"hashyard/pool/sharelog"
	"hashyard/pool/stratum"
)

// ShareLog are the settings of the yard's share log and of who adds to it from
// elsewhere.
type ShareLog struct {
	SharesNatsURL      string        `name:"shares-nats-url" env:"HASHYARD_SHARES_NATS_URL" help:"NATS cluster that keeps the share log instead of this process: nats:// or tls://, several parted by commas. Its servers must sync every message (sync_interval: always) or keep replicas."`
	SharesNatsCreds    string        `name:"shares-nats-creds" type:"path" env:"HASHYARD_SHARES_NATS_CREDS" help:"File with the cluster's user credentials (JWT and seed)."`
	SharesNatsNkey     string        `name:"shares-nats-nkey" type:"path" env:"HASHYARD_SHARES_NATS_NKEY" help:"File with the nkey seed of the cluster's user."`
	SharesNatsCA       string        `name:"shares-nats-ca" type:"path" env:"HASHYARD_SHARES_NATS_CA" help:"Authorities of the cluster's TLS, PEM; default: the system's."`
	SharesNatsReplicas int           `name:"shares-nats-replicas" default:"3" env:"HASHYARD_SHARES_NATS_REPLICAS" help:"Replicas of the share log on the cluster."`
	EdgeListen         string        `env:"HASHYARD_EDGE_LISTEN" help:"Address for edges, which take shares elsewhere; empty for none."`
	EdgeCert           string        `type:"path" env:"HASHYARD_EDGE_CERT" help:"Certificate for edges with its chain, PEM; needed unless the address is a loopback one."`
	EdgeKey            string        `type:"path" env:"HASHYARD_EDGE_KEY" help:"Key of the edges' certificate, PEM."`
	EdgePatience       time.Duration `default:"10m" env:"HASHYARD_EDGE_PATIENCE" help:"How long settlements and proofs wait for an edge that is away; its shares are settled when they come."`
}

// log is the share log's configuration.
func (s ShareLog) log(dir string, log *slog.Logger) sharelog.Config {
	cfg := sharelog.Config{Dir: dir, Logger: log}
	if s.SharesNatsURL != "" {
		cfg.Cluster = &sharelog.Cluster{URL: s.SharesNatsURL, Credentials: s.SharesNatsCreds, Seed: s.SharesNatsNkey, CA: s.SharesNatsCA, Replicas: s.SharesNatsReplicas}
	}
	return cfg
}

// openHub opens the listener for edges, if there is to be one.
func (h *house) openHub(machines edge.Machines, settings edge.Settings) (err error) {
	f := h.flags.ShareLog
	if f.EdgeListen == "" {
		return nil
	}
	if f.EdgePatience <= 0 {
		return hashyard.Invalid.Errorf("--edge-patience must be above zero")
	}
	cfg := edge.HubConfig{
		Listen: f.EdgeListen, Machines: machines, Accounts: h.pool, Log: h.shares, Settings: settings, Patience: f.EdgePatience,
		Found:     func(c job.Candidate) { h.dispatch.Found(c) },
		CloseHere: func(worker hashyard.ID, reason string) { h.stratum.CloseWorker(worker, reason) },
		Logger:    h.log,
	}
	if (f.EdgeCert == "") != (f.EdgeKey == "") {
		return hashyard.Invalid.Errorf("--edge-cert and --edge-key go together")
	}
	if f.EdgeCert != "" {
		cert, err := stratum.OpenCertificate(f.EdgeCert, f.EdgeKey, h.log)
		if err != nil {
			return err
		}
		cfg.TLS = &tls.Config{MinVersion: tls.VersionTLS13, GetCertificate: cert.Get}
	}
	h.hub, err = edge.OpenHub(cfg)
	return err
}

// everywhere is the Stratum server here and those of all edges, as the pool's
// accounting and its jobs see them; hub is nil without edges.
type everywhere struct {
	server *stratum.Server
	hub    *edge.Hub
}

func (e everywhere) Retarget(worker hashyard.ID, g share.Grant) {
	e.server.Retarget(worker, g)
	if e.hub != nil {
		e.hub.Retarget(worker, g)
	}
}

func (e everywhere) CloseWorker(worker hashyard.ID, reason string) {
	e.server.CloseWorker(worker, reason)
	if e.hub != nil {
		e.hub.CloseWorker(worker, reason)
	}
}

func (e everywhere) Sessions() []pool.Session {
	infos := e.server.Sessions()
	out := make([]pool.Session, len(infos))
	for i, s := range infos {
		out[i] = edge.Session(s)
	}
	if e.hub != nil {
		out = append(out, e.hub.Sessions()...)
	}
	return out
}

func (e everywhere) SetJob(j *job.Job) {
	if e.hub != nil { // first: it has the longer way
		e.hub.SetJob(j)
	}
	e.server.SetJob(j)
}

func (e everywhere) Suspend(reason string) {
	if e.hub != nil {
		e.hub.Suspend(reason)
	}
	e.server.Suspend(reason)
}

// allShares is the end of every share log there is: the edges', and the yard's.
type allShares struct{ h *house }

func (a allShares) Flush(ctx context.Context) (stream string, seq uint64, err error) {
	if a.h.hub != nil {
		return a.h.hub.Flush(ctx)
	}
	return a.h.shares.Flush(ctx)
}

// shedding lets no more miners in while the share log is behind.
type shedding struct {
	stratum.Authorizer
	behind func() error
}

func (s shedding) Authorize(ctx context.Context, user, password, agent string, remote netip.AddrPort) (share.Grant, error) {
	if err := s.behind(); err != nil {
		return share.Grant{}, err
	}
	return s.Authorizer.Authorize(ctx, user, password, agent, remote)
}

// sessionOpened tells the accounts, and the edges that an older session of the
// same machine is over.
func (h *house) sessionOpened(ctx context.Context, s stratum.Info) {
	if h.hub != nil && s.Secret && !s.Unit.IsZero() {
		h.hub.CloseWorker(s.Worker, "replaced by a newer session of the same unit")
	}
	if err := h.pool.SessionOpened(ctx, edge.Session(s)); err != nil {
		h.log.WarnContext(ctx, "session not announced, will be", "user", s.User, "error", err)
	}
}
