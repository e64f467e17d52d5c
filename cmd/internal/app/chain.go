package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"time"

	"hashyard"
	"hashyard/pool"
	"hashyard/pool/node"
	"hashyard/pool/node/devchain"
)

// Chain is how `serve` reaches its Bitcoin nodes.
type Chain struct {
	Nodes         []string `name:"node" sep:" " env:"HASHYARD_NODES" placeholder:"URL" help:"A Bitcoin node (Core or btcd); repeat for more, the preferred first. Address with options: http://127.0.0.1:8332?name=core1&cookie-file=/var/lib/bitcoind/.cookie&zmq=tcp://127.0.0.1:28332, or user= with password-file=. Replaces --chain-url, or comes after it with --devchain."`
	ChainURL      string   `env:"HASHYARD_CHAIN_URL" default:"http://127.0.0.1:8332" help:"JSON-RPC address of the Bitcoin node."`
	ChainUser     string   `env:"HASHYARD_CHAIN_USER" help:"JSON-RPC user."`
	ChainPassword string   `env:"HASHYARD_CHAIN_PASSWORD" help:"JSON-RPC password."`
	Devchain      bool     `env:"HASHYARD_DEVCHAIN" help:"Run the local world's chain inside, answering at --chain-url."`
	DevchainBits  string   `env:"HASHYARD_DEVCHAIN_BITS" default:"1d3ba6fe" help:"Network difficulty of a new local chain, as compact bits in hex."`
}

// The local chain's first blocks: what the treasury and its reserve begin
// with. Infinite-horizon ruin at a fee of 2 % below 1 % needs 113.6 block
// rewards, 284,000 sat; this is nearly nine times that.
const (
	bootstrapBlocks = 8
	bootstrapSats   = hashyard.Sats(312_500)
)

// openDevchain opens the local chain and serves its JSON-RPC; the pool reaches
// it like any other node.
func (c *Chain) openDevchain(ctx context.Context, dir, treasury string, log *slog.Logger) (run func(context.Context) error, err error) {
	bits, err := strconv.ParseUint(c.DevchainBits, 16, 32)
	if err != nil {
		return nil, hashyard.Invalid.Errorf("--devchain-bits %q is not compact bits in hex, like 1d3ba6fe", c.DevchainBits)
	}
	u, err := url.Parse(c.ChainURL)
	if err != nil || u.Host == "" {
		return nil, hashyard.Invalid.Errorf("--chain-url %q is not like http://127.0.0.1:8332", c.ChainURL)
	}
	cfg := devchain.Config{Dir: filepath.Join(dir, "chain"), Bits: uint32(bits), Logger: log}
	for range bootstrapBlocks {
		cfg.Bootstrap = append(cfg.Bootstrap, devchain.Output{Address: treasury, Value: bootstrapSats})
	}
	chain, err := devchain.Open(cfg)
	if err != nil {
		return nil, fmt.Errorf("local chain: %w", err)
	}
	l, err := listen(ctx, u.Host, "--chain-url")
	if err != nil {
		chain.Close()
		return nil, err
	}
	return func(ctx context.Context) error {
		err := chain.Serve(ctx, l, c.ChainUser, c.ChainPassword)
		if cerr := chain.Close(); err == nil {
			err = cerr
		}
		return err
	}, nil
}

// nodes are the configured ones, the preferred first.
func (c *Chain) nodes(wrap func(http.RoundTripper) http.RoundTripper) ([]*node.Client, error) {
	var all []*node.Client
	add := func(cfg node.Config) error {
		cfg.Wrap = wrap
		client, err := node.New(cfg)
		all = append(all, client)
		return err
	}
	if c.Devchain || len(c.Nodes) == 0 {
		if err := add(node.Config{URL: c.ChainURL, User: c.ChainUser, Password: c.ChainPassword}); err != nil {
			return nil, fmt.Errorf("--chain-url: %w", err)
		}
	}
	for _, line := range c.Nodes {
		cfg, err := node.ParseConfig(line)
		if err == nil {
			err = add(cfg)
		}
		if err != nil {
			return nil, fmt.Errorf("--node: %w", err)
		}
	}
	return all, nil
}

// network reads what the pool must know of the chain from the first node that
// answers. Nodes that are only starting are waited for.
func (c *Chain) network(ctx context.Context, nodes []*node.Client) (node.Network, error) {
	for deadline := time.Now().Add(30 * time.Second); ; {
		var failed []error
		for _, n := range nodes {
			net, err := n.Network(ctx)
			if err == nil {
				return net, nil
			}
			err = fmt.Errorf("bitcoin node %s: %w", n.Name(), err)
			// What is wrong for good with a node is told even if another answers.
			if !errors.Is(err, hashyard.Unavailable) && !errors.Is(err, hashyard.Unauthenticated) {
				return net, err
			}
			failed = append(failed, err)
		}
		if ctx.Err() != nil || time.Now().After(deadline) {
			return node.Network{}, errors.Join(failed...)
		}
		select {
		case <-ctx.Done():
		case <-time.After(300 * time.Millisecond):
		}
	}
}

// openNodes reaches the nodes; they are watched once the jobs run.
func (h *house) openNodes(ctx context.Context) error {
	clients, err := h.flags.nodes(h.ops.to("node"))
	if err != nil {
		return err
	}
	h.closeNodes = func() {
		for _, c := range clients {
			c.Close()
		}
	}
	if h.network, err = h.flags.network(ctx, clients); err != nil {
		return err
	}
	cfg := node.NodesConfig{Network: h.network, Logger: h.log}
	for _, c := range clients {
		cfg.Nodes = append(cfg.Nodes, c)
	}
	if h.nodes, err = node.NewNodes(cfg); err != nil {
		return err
	}
	h.node = h.nodes.Any()
	return nil
}

// work tells the accounts whether work is offered; nil where no jobs are made.
func (h *house) work() func() pool.WorkState {
	if !h.leads() {
		return nil
	}
	return func() pool.WorkState {
		s := h.dispatch.Status()
		w := pool.WorkState{Offered: s.Suspended == "" && s.Job != 0, Why: s.Suspended, Height: s.Height, JobAt: s.JobAt}
		if w.Why == "" {
			w.Why = s.Problem
		}
		for _, n := range h.nodes.States() {
			w.Nodes = append(w.Nodes, pool.NodeState{
				Name: n.Name, Chosen: n.Chosen, Problem: n.Problem, Doubt: n.Doubt, Height: n.TipHeight, TipSince: n.TipSince, Seen: n.Seen,
				Peers: n.Peers, Latency: n.Latency, Errors: n.Errors, QuickTips: n.Tips,
			})
		}
		return w
	}
}
