package app

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"time"

	"hashyard"
	"hashyard/firmware"
	"hashyard/firmware/antminer"
	"hashyard/firmware/generic"
	"hashyard/firmware/identify"
	"hashyard/fleet/agent"
	"hashyard/web"
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
	Yard          string `required:"" env:"HASHYARD_YARD" help:"Address of the yard, https://…"`
	Key           string `required:"" env:"HASHYARD_AGENT_KEY" help:"API key with the role agent."`
	Site          string `required:"" help:"Name or id of the site."`
	CIDR          string `name:"cidr" help:"Network this agent may touch at most, whatever the yard says."`
	AllowLoopback bool   `help:"The site may be this computer itself: for simulated machines only."`
	Dir           string `required:"" type:"path" help:"Folder where results wait for the yard."`
	WebPort       uint16 `default:"80" help:"Port of the machines' web pages."`
	User          string `default:"root" help:"User of the machines' web pages."`
	Password      string `default:"root" env:"HASHYARD_MINER_PASSWORD" help:"Password of the machines' web pages."`

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
	o, err := openOps(ctx, "agent", a.Traces, log)
	if err != nil {
		return err
	}
	defer o.close()
	yard := &http.Client{
		Transport:     o.to("yard")(http.DefaultTransport),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	o.check(web.Check{Name: "yard", Ask: func(ctx context.Context) error { return alive(ctx, yard, a.Yard) }})
	ag, err := agent.New(agent.Config{
		HTTP: yard,
		Yard: a.Yard, Key: a.Key, Site: a.Site, State: a.Dir, CIDR: net, Loopback: a.AllowLoopback, WebPort: a.WebPort,
		Credentials: firmware.Credentials{User: a.User, Password: a.Password},
		Families:    tamperFamilies(families()), Probe: identify.Probe, Version: version, Now: time.Now, Log: log,
	})
	if err != nil {
		return err
	}
	return o.beside(ctx, a.OpsListen, ag.Run)
}

// alive asks a process of ours whether it lives.
func alive(ctx context.Context, c *http.Client, base string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(base, "/")+"/livez", nil)
	if err != nil {
		return fmt.Errorf("%s: %w", base, err)
	}
	resp, err := c.Do(req)
	if err != nil {
		return hashyard.Unavailable.Errorf("%s does not answer: %w", base, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode >= http.StatusMultipleChoices {
		return hashyard.Unavailable.Errorf("%s answers %s", base, resp.Status)
	}
	return nil
}
