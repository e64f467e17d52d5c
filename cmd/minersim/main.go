// Command minersim runs a world of simulated ASICs on loopback addresses: see
// package cmd/internal/minersim. It owns its state file and ends on SIGINT or
// SIGTERM.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"hashyard"
	"hashyard/cmd/internal/minersim"
	"hashyard/cmd/internal/parent"
)

type flags struct {
	Config  string  `help:"JSON file with sites, machines and ports; flags below then only fill what it leaves out." type:"existingfile"`
	State   string  `help:"State file; the world continues from it. Empty keeps nothing."`
	Control string  `help:"Control port (people's hands)." default:"127.0.0.1:18090"`
	Seller  string  `help:"Network of the seller's site." default:"127.77.1.0/24"`
	Buyer   string  `help:"Network of the buyer's site." default:"127.77.2.0/24"`
	RPCPort int     `help:"RPC port of every machine." default:"4028"`
	WebPort int     `help:"Web port of the Antminers." default:"18080"`
	Rate    float64 `help:"Real hashes/s of a healthy machine." default:"100000"`
	Scale   int64   `help:"Work scale: hashes that one hash stands for in the APIs." default:"1000000000"`
	Verbose bool    `help:"Log every pool session and refused share."`
}

func main() {
	var f flags
	kong.Parse(&f, kong.Name("minersim"), kong.Description("Simulated ASICs with real APIs, real Stratum and real SHA256d."))
	if err := run(f); err != nil {
		fmt.Fprintln(os.Stderr, "minersim:", err)
		os.Exit(1)
	}
}

func run(f flags) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := parent.Watch(ctx)
	defer cancel()
	cfg, err := config(f)
	if err != nil {
		return err
	}
	sim, err := minersim.Start(ctx, cfg)
	if err != nil {
		return err
	}
	cfg.Logger.InfoContext(ctx, "miners are up", "count", len(sim.Machines()), "control", sim.ControlURL())
	return sim.Wait()
}

func config(f flags) (minersim.Config, error) {
	var cfg minersim.Config
	if f.Config != "" {
		b, err := os.ReadFile(f.Config)
		if err != nil {
			return cfg, fmt.Errorf("read config: %w", err)
		}
		if err := json.Unmarshal(b, &cfg); err != nil {
			return cfg, fmt.Errorf("read config %s: %w", f.Config, err)
		}
	}
	if len(cfg.Sites) == 0 {
		seller, err := netip.ParsePrefix(f.Seller)
		if err != nil {
			return cfg, fmt.Errorf("--seller: %w", err)
		}
		buyer, err := netip.ParsePrefix(f.Buyer)
		if err != nil {
			return cfg, fmt.Errorf("--buyer: %w", err)
		}
		cfg.Sites = minersim.DefaultSites(seller, buyer)
		cfg.Machines = minersim.DefaultMachines("seller", "buyer")
	}
	orElse(&cfg.State, f.State)
	orElse(&cfg.Control, f.Control)
	orElse(&cfg.RPCPort, f.RPCPort)
	orElse(&cfg.WebPort, f.WebPort)
	orElse(&cfg.Rate, f.Rate)
	orElse(&cfg.Scale, hashyard.Scale(f.Scale))
	level := slog.LevelInfo
	if f.Verbose {
		level = slog.LevelDebug
	}
	cfg.Logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	return cfg, nil
}

// orElse fills a field that is still zero.
func orElse[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
