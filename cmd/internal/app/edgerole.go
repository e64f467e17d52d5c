package app

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"text/tabwriter"
	"time"

	"github.com/nats-io/nkeys"

	"hashyard"
	"hashyard/cmd/internal/telemetry"
	"hashyard/migrations/pg"
	"hashyard/pool"
	"hashyard/pool/edge"
	"hashyard/pool/node"
	poolpg "hashyard/pool/postgres"
	"hashyard/pool/stratum"
	"hashyard/web"
)

// Edge takes shares on a machine elsewhere.
type Edge struct {
	Dir      string        `required:"" type:"path" env:"HASHYARD_EDGE_DIR" help:"Folder of its share log, known workers and found blocks."`
	Yard     string        `required:"" env:"HASHYARD_EDGE_YARD" help:"The yard's address for edges, tls://host:port (nats:// on a loopback address)."`
	Seed     string        `required:"" env:"HASHYARD_EDGE_SEED" help:"Its secret key, from 'hashyard edge-key'."`
	CA       string        `name:"ca" type:"path" env:"HASHYARD_EDGE_CA" help:"Authorities of the yard's TLS, PEM; default: the system's."`
	CutOff   time.Duration `default:"10m" env:"HASHYARD_EDGE_CUT_OFF" help:"For how long work is offered while the yard is away."`
	MaxBytes int64         `default:"4294967296" env:"HASHYARD_EDGE_MAX_BYTES" help:"Size of the share log at which shares are refused."`
	Nodes    []string      `name:"node" sep:" " env:"HASHYARD_NODES" placeholder:"URL" help:"A Bitcoin node here that gets found blocks, too; as the yard's --node."`
	Ports    `embed:""`

	OpsListen string `default:"127.0.0.1:9604" env:"HASHYARD_OPS_LISTEN" help:"Loopback address of figures, readiness and profiles; off for none."`
	Traces    `embed:""`
}

// Run takes shares until ctx ends.
func (c *Edge) Run(ctx context.Context, log *slog.Logger) error {
	if c.CutOff <= 0 || c.MaxBytes < 1<<20 {
		return hashyard.Invalid.Errorf("--cut-off must be above zero and --max-bytes at least 1048576")
	}
	o, err := openOps(ctx, "edge", c.Traces, log)
	if err != nil {
		return err
	}
	defer o.close()
	cfg := edge.Config{
		Dir: c.Dir, Yard: c.Yard, Seed: []byte(c.Seed), CA: c.CA, CutOff: c.CutOff, MaxBytes: c.MaxBytes, Version: version, Logger: log,
		Stratum: stratum.Config{Hooks: stratum.Hooks{Judged: telemetry.Shares(o.Registry)}},
	}
	if err := c.Ports.set(&cfg.Stratum, log); err != nil {
		return err
	}
	if cfg.Submit, err = c.submit(o); err != nil {
		return err
	}
	e, err := edge.Open(ctx, cfg)
	if err != nil {
		return err
	}
	o.check(
		web.Check{Name: "yard", Ask: func(ctx context.Context) error { return atYard(ctx, e) }, Degrades: true},
		web.Check{Name: "sharelog", Ask: e.Writable},
		web.Check{Name: "jobs", Ask: func(ctx context.Context) error { return offers(ctx, e) }},
	)
	telemetry.Edge(o.Registry, e)
	log.InfoContext(ctx, "edge serves", "stratum", c.Stratum, "yard", c.Yard)
	return o.beside(ctx, c.OpsListen, e.Run)
}

// submit hands blocks to the nodes here, if there are any.
func (c *Edge) submit(o *ops) (func(ctx context.Context, block []byte) (string, error), error) {
	if len(c.Nodes) == 0 {
		return nil, nil
	}
	nodes, err := (&Chain{Nodes: c.Nodes}).nodes(o.to("node"))
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, block []byte) (verdict string, err error) {
		for _, n := range nodes {
			if verdict, err = n.SubmitBlock(ctx, block); err == nil && verdict == node.Accepted {
				return verdict, nil
			}
		}
		return verdict, err
	}, nil
}

// The limits of an edge's readiness.
const (
	cutOff    = 15 * time.Second // three hellos
	clockSkew = 2 * time.Second  // of what the yard's clock may differ
)

func atYard(ctx context.Context, e *edge.Edge) error {
	st, err := e.Status(ctx)
	switch {
	case err != nil:
		return err
	case st.Cut > cutOff:
		return hashyard.Unavailable.Errorf("the yard has been away for %s; %d messages wait for it", st.Cut.Round(time.Second), st.Log.Backlog)
	case st.Clock.Abs() > clockSkew:
		return hashyard.Unavailable.Errorf("the yard's clock differs by %s", st.Clock.Round(time.Millisecond))
	}
	return nil
}

func offers(ctx context.Context, e *edge.Edge) error {
	st, err := e.Status(ctx)
	if err == nil && st.Suspended != "" {
		err = hashyard.Unavailable.Errorf("no work is offered: %s", st.Suspended)
	}
	return err
}

// EdgeKey makes the key of an edge.
type EdgeKey struct{}

// Run prints the secret half and what the yard needs to know.
func (*EdgeKey) Run() error {
	pair, err := nkeys.CreateUser()
	if err != nil {
		return fmt.Errorf("edge key: %w", err)
	}
	seed, err := pair.Seed()
	if err != nil {
		return fmt.Errorf("edge key: %w", err)
	}
	key, err := pair.PublicKey()
	if err != nil {
		return fmt.Errorf("edge key: %w", err)
	}
	_, err = fmt.Fprintf(os.Stdout, "for this edge only, as HASHYARD_EDGE_SEED: %s\nfor the yard: hashyard edges add --name NAME --key %s\n", seed, key)
	return err
}

// Edges says which edges may come.
type Edges struct {
	Add    EdgesAdd    `cmd:"" help:"Let an edge come, and give it its number."`
	List   EdgesList   `cmd:"" help:"Show all edges that may come."`
	Revoke EdgesRevoke `cmd:"" help:"Keep an edge out from now on."`
}

// inPool is the pool's database.
type inPool struct {
	DatabaseURL string `required:"" env:"HASHYARD_DATABASE_URL" help:"Database address that logs in as hashyard_app."`
}

func (p inPool) open(ctx context.Context, log *slog.Logger) (pool.EdgeStore, func(), error) {
	db, err := pg.Open(ctx, pg.Config{URL: p.DatabaseURL, Log: log})
	if err != nil {
		return nil, nil, err
	}
	return poolpg.New(db), db.Close, nil
}

// EdgesAdd enrols an edge.
type EdgesAdd struct {
	inPool `embed:""`
	Name   string `required:"" help:"What people call it: letters, digits and -."`
	Key    string `required:"" help:"The public half of its key, from 'hashyard edge-key'."`
}

// Run enrols; the same again changes nothing.
func (c *EdgesAdd) Run(ctx context.Context, log *slog.Logger) error {
	if err := pool.CheckEdgeName(c.Name); err != nil {
		return err
	}
	if !nkeys.IsValidPublicUserKey(c.Key) {
		return hashyard.Invalid.Errorf("--key is not the public half of an edge's key: those begin with U")
	}
	s, done, err := c.open(ctx, log)
	if err != nil {
		return err
	}
	defer done()
	e, err := s.AddEdge(ctx, pool.EdgeMachine{ID: hashyard.NewID(), Name: c.Name, Key: c.Key, Since: time.Now().UTC()})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(os.Stdout, "edge %s is number %d\n", e.Name, e.Number)
	return err
}

// EdgesList shows edges.
type EdgesList struct {
	inPool `embed:""`
}

// Run prints one line an edge.
func (c *EdgesList) Run(ctx context.Context, log *slog.Logger) error {
	s, done, err := c.open(ctx, log)
	if err != nil {
		return err
	}
	defer done()
	all, err := s.Edges(ctx)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "number\tname\tseen\tmay hold shares\tbooked up to\tmissing")
	for _, e := range all {
		seen := "never"
		if !e.Seen.IsZero() {
			seen = e.Seen.UTC().Format(time.RFC3339)
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%t\t%d\t%d\n", e.Number, e.Name, seen, e.Awake, e.Seq, e.Missing)
	}
	return w.Flush()
}

// EdgesRevoke keeps an edge out.
type EdgesRevoke struct {
	inPool `embed:""`
	Name   string `arg:"" help:"Name of the edge."`
	Lost   bool   `help:"It never comes back, whatever shares it holds."`
}

// Run revokes; connections end within seconds.
func (c *EdgesRevoke) Run(ctx context.Context, log *slog.Logger) error {
	s, done, err := c.open(ctx, log)
	if err != nil {
		return err
	}
	defer done()
	e, err := s.RevokeEdge(ctx, c.Name, c.Lost, time.Now().UTC())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(os.Stdout, "edge %s, number %d, may not come any more\n", e.Name, e.Number)
	return err
}
