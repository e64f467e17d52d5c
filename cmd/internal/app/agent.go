package app

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"time"

	"hashyard"
	"hashyard/firmware"
	"hashyard/firmware/antminer"
	"hashyard/firmware/generic"
	"hashyard/firmware/identify"
	"hashyard/fleet/agent"
)

// version is what our processes call themselves; a release build sets it.
const version = "hashyard/0"

// families are the firmware families an agent knows.
func families() map[string]firmware.Family {
	return map[string]firmware.Family{
		"antminer": antminer.Family(),
		"generic":  generic.Family(),
	}
}

// Agent runs at one site and touches only that site's machines.
type Agent struct {
	Yard     string `required:"" env:"HASHYARD_YARD" help:"Address of the yard, https://…"`
	Key      string `required:"" env:"HASHYARD_AGENT_KEY" help:"API key with the role agent."`
	Site     string `required:"" help:"Name or id of the site."`
	CIDR     string `name:"cidr" help:"Network this agent may touch at most, whatever the yard says."`
	Dir      string `required:"" type:"path" help:"Folder where results wait for the yard."`
	WebPort  uint16 `default:"80" help:"Port of the machines' web pages."`
	User     string `default:"root" help:"User of the machines' web pages."`
	Password string `default:"root" env:"HASHYARD_MINER_PASSWORD" help:"Password of the machines' web pages."`

	OpsListen string `default:"127.0.0.1:9602" env:"HASHYARD_OPS_LISTEN" help:"Loopback address of figures, readiness and profiles; off for none."`
	Traces    `embed:""`
}

// Run works until ctx ends.
func (a *Agent) Run(ctx context.Context, log *slog.Logger) error {
	var net netip.Prefix
	if a.CIDR != "" {
		var err error
		if net, err = netip.ParsePrefix(a.CIDR); err != nil {
			return hashyard.Invalid.Errorf("--cidr %q is not like 10.0.0.0/24", a.CIDR)
		}
	}
	if err := os.MkdirAll(a.Dir, 0o700); err != nil {
		return fmt.Errorf("agent folder: %w", err)
	}
	ag, err := agent.New(agent.Config{
		Yard: a.Yard, Key: a.Key, Site: a.Site, State: a.Dir, CIDR: net, WebPort: a.WebPort,
		Credentials: firmware.Credentials{User: a.User, Password: a.Password},
		Families:    tamperFamilies(families()), Probe: identify.Probe, Version: version, Now: time.Now, Log: log,
	})
	if err != nil {
		return err
	}
	return ag.Run(ctx)
}
