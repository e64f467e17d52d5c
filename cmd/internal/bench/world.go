//go:build linux

package bench

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/migrations"
	"hashyard/migrations/cluster"
	"hashyard/pool/node"
	"hashyard/pool/node/devchain"
)

// surroundings are what the server under measurement needs: a database of its
// own with an account and a worker for every client, and a Bitcoin node.
type surroundings struct {
	cluster *cluster.Cluster
	owner   *pgx.Conn
	app     string // the database's address for the server
	chain   *devchain.Chain
	url     string // the node's address
	stop    func() error
}

// bits of the chain: no share of a run is a block by luck.
const chainBits = 0x1b0404cb

func surround(ctx context.Context, dir string, search []string, workers, txs int, log *slog.Logger) (*surroundings, error) {
	s := &surroundings{}
	var err error
	if s.cluster, err = cluster.Start(ctx, cluster.Config{Dir: filepath.Join(dir, "pg"), Search: search, Log: log}); err != nil {
		return nil, err
	}
	s.stop = func() error { return s.cluster.Stop(context.WithoutCancel(ctx)) }
	err = s.database(ctx, workers)
	if err == nil {
		err = s.startChain(ctx, dir, txs, log)
	}
	if err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

// database makes the schema and the workers. Making ten thousand one by one
// through the pool would take longer than the measurement.
func (s *surroundings) database(ctx context.Context, workers int) error {
	const name, password = "bench", "bench"
	admin, err := pgx.Connect(ctx, s.cluster.URL("postgres"))
	if err != nil {
		return fmt.Errorf("bench database: %w", err)
	}
	defer admin.Close(ctx)
	if _, err := admin.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		return fmt.Errorf("bench database: %w", err)
	}
	if err := migrations.Up(ctx, migrations.Config{OwnerURL: s.cluster.URL(name), AppPassword: password}); err != nil {
		return err
	}
	s.app = s.cluster.RoleURL("hashyard_app", password, name)
	if s.owner, err = pgx.Connect(ctx, s.cluster.URL(name)); err != nil {
		return fmt.Errorf("bench database: %w", err)
	}
	org, account := hashyard.NewID(), hashyard.NewID()
	if _, err = s.owner.Exec(ctx, "INSERT INTO pool_accounts (id, org_id, name, created_at) VALUES ($1, $2, 'bench', now())", account, org); err != nil {
		return fmt.Errorf("bench account: %w", err)
	}
	_, err = s.owner.Exec(ctx, `INSERT INTO pool_workers (id, org_id, account_id, name, created_at)
		SELECT gen_random_uuid(), $1, $2, 'w' || n, now() FROM generate_series(0, $3::int - 1) n`, org, account, workers)
	if err != nil {
		return fmt.Errorf("bench workers: %w", err)
	}
	return nil
}

// startChain runs the node in this process: its time is not the server's.
func (s *surroundings) startChain(ctx context.Context, dir string, txs int, log *slog.Logger) error {
	chain, err := devchain.Open(devchain.Config{
		Dir: filepath.Join(dir, "chain"), Bits: chainBits, Logger: log,
		Bootstrap: []devchain.Output{{Script: anyone(), Value: fund}},
	})
	if err != nil {
		return err
	}
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return errors.Join(err, chain.Close())
	}
	s.chain, s.url = chain, "http://"+ln.Addr().String()
	serving, halt := context.WithCancel(context.WithoutCancel(ctx))
	served := make(chan error, 1)
	go func() { served <- chain.Serve(serving, ln, chainUser, chainPassword) }() // ends by halt
	database := s.stop
	s.stop = func() error {
		halt()
		return errors.Join(<-served, chain.Close(), s.owner.Close(context.WithoutCancel(ctx)), database())
	}
	n, err := node.New(node.Config{URL: s.url, User: chainUser, Password: chainPassword})
	if err != nil {
		return err
	}
	defer n.Close()
	return fillMempool(ctx, n, txs)
}

// booked is the work in the books, also what could not be booked on anybody.
func (s *surroundings) booked(ctx context.Context) (units, shares int64, err error) {
	err = s.owner.QueryRow(ctx, `SELECT coalesce(sum(work), 0)::bigint, coalesce(sum(shares), 0)::bigint FROM
		(SELECT work, shares FROM pool_work UNION ALL SELECT work, shares FROM pool_unbooked) w`).Scan(&units, &shares)
	if err != nil {
		return 0, 0, fmt.Errorf("booked work: %w", err)
	}
	return units, shares, nil
}

// databaseTime is the processor time that Postgres has used.
func (s *surroundings) databaseTime() (time.Duration, error) { return familyTime(s.cluster.PID()) }
