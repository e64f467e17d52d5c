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
	"hashyard/pool/node"
	"hashyard/pool/node/devchain"
)

// Chain is how `serve` reaches its Bitcoin node.
type Chain struct {
	ChainURL      string `env:"HASHYARD_CHAIN_URL" default:"http://127.0.0.1:8332" help:"JSON-RPC address of the Bitcoin node."`
	ChainUser     string `env:"HASHYARD_CHAIN_USER" help:"JSON-RPC user."`
	ChainPassword string `env:"HASHYARD_CHAIN_PASSWORD" help:"JSON-RPC password."`
	Devchain      bool   `env:"HASHYARD_DEVCHAIN" help:"Run the local world's chain inside, answering at --chain-url."`
	DevchainBits  string `env:"HASHYARD_DEVCHAIN_BITS" default:"1d3ba6fe" help:"Network difficulty of a new local chain, as compact bits in hex."`
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

// client is the pool's and the treasury's way to the node.
func (c *Chain) client(wrap func(http.RoundTripper) http.RoundTripper) (*node.Client, error) {
	return node.New(node.Config{URL: c.ChainURL, User: c.ChainUser, Password: c.ChainPassword, Wrap: wrap})
}

// network reads what the pool must know of the chain. A node that is only
// starting is waited for.
func (c *Chain) network(ctx context.Context, n *node.Client) (node.Network, error) {
	for deadline := time.Now().Add(30 * time.Second); ; {
		net, err := n.Network(ctx)
		if err == nil || !errors.Is(err, hashyard.Unavailable) || ctx.Err() != nil || time.Now().After(deadline) {
			if err != nil {
				return net, fmt.Errorf("bitcoin node at %s: %w", c.ChainURL, err)
			}
			return net, nil
		}
		select {
		case <-ctx.Done():
		case <-time.After(300 * time.Millisecond):
		}
	}
}
