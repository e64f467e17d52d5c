package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"

	"hashyard"
	"hashyard/cmd/internal/doctor"
	"hashyard/cmd/internal/world"
)

// doctorCmd looks at an installation and says what is wrong with it. Its
// settings are those of serve; without any it looks at the local world here.
type doctorCmd struct {
	World               string `placeholder:"DIR" env:"HASHYARD_WORLD" help:"Folder, or world.json, of a local world; default without any other setting: .hashyard."`
	JSON                bool   `name:"json" help:"Write what was found as JSON."`
	Stopped             bool   `help:"The installation is stopped on purpose: nothing is expected to run, ports should be free."`
	DatabaseURL         string `env:"HASHYARD_DATABASE_URL" help:"Database address that logs in as hashyard_app."`
	DatabaseOwnerURL    string `env:"HASHYARD_DATABASE_OWNER_URL" help:"Database address of the owner; only it may read which migrations were made."`
	ServeDir            string `type:"path" env:"HASHYARD_SERVE_DIR" help:"Folder of serve."`
	SignerDir           string `type:"path" env:"HASHYARD_SIGNER_DIR" help:"Folder of the signer."`
	AgentDir            string `type:"path" env:"HASHYARD_AGENT_DIR" help:"Folder of an agent."`
	Listen              string `env:"HASHYARD_LISTEN" help:"Address of the browser app."`
	TLS                 bool   `env:"HASHYARD_TLS" help:"Callers come by https."`
	PublicURL           string `env:"HASHYARD_PUBLIC_URL" help:"Where people reach the browser app."`
	Stratum             string `env:"HASHYARD_STRATUM" help:"Address of the Stratum server."`
	OpsListen           string `env:"HASHYARD_OPS_LISTEN" help:"Address of figures and profiles."`
	PoolKey             string `env:"HASHYARD_POOL_KEY" help:"Secret from which machines' secrets derive; only its length is looked at."`
	ChainURL            string `env:"HASHYARD_CHAIN_URL" help:"JSON-RPC address of the Bitcoin node."`
	ChainUser           string `env:"HASHYARD_CHAIN_USER" help:"JSON-RPC user."`
	ChainPassword       string `env:"HASHYARD_CHAIN_PASSWORD" help:"JSON-RPC password."`
	SignerURL           string `env:"HASHYARD_SIGNER_URL" help:"Address of the signer."`
	SignerSecret        string `env:"HASHYARD_SIGNER_SECRET" help:"What the signer wants to hear."`
	StripeURL           string `env:"HASHYARD_STRIPE_URL" help:"Address of the payment double; empty for Stripe itself."`
	StripeKey           string `env:"HASHYARD_STRIPE_KEY" help:"Stripe's secret key."`
	StripeWebhookSecret string `env:"HASHYARD_STRIPE_WEBHOOK_SECRET" help:"Secret that signs Stripe's events."`
	StripeLive          bool   `env:"HASHYARD_STRIPE_LIVE" help:"Real money is moved."`
	SMTPURL             string `env:"HASHYARD_SMTP_URL" help:"Mail server."`
}

// Run looks, reports, and ends with an error if anything is wrong.
func (d *doctorCmd) Run(ctx context.Context, log *slog.Logger) error {
	report, err := d.examine(ctx, log)
	if err != nil {
		return err
	}
	show := report.Write
	if d.JSON {
		show = report.JSON
	}
	if err := show(os.Stdout); err != nil {
		return err
	}
	if n := report.Wrong(); n > 0 {
		return hashyard.Conflict.Errorf("%d findings must be put right", n)
	}
	return nil
}

func (d *doctorCmd) examine(ctx context.Context, log *slog.Logger) (doctor.Report, error) {
	if d.World == "" && d.DatabaseURL == "" && d.ServeDir == "" && d.SignerDir == "" && d.AgentDir == "" {
		d.World = ".hashyard"
	}
	if d.World != "" {
		// The database's log lines would stand between the findings.
		dir, err := filepath.Abs(worldDir(d.World))
		if err != nil {
			return doctor.Report{}, err
		}
		return world.Examine(ctx, world.Place{Dir: dir, Search: postgresSearch(), Log: slog.New(slog.DiscardHandler)})
	}
	return doctor.Examine(ctx, doctor.Config{
		DatabaseURL: d.DatabaseURL, OwnerURL: d.DatabaseOwnerURL, ServeDir: d.ServeDir, SignerDir: d.SignerDir, KeyDirs: []string{d.AgentDir},
		Listen: d.Listen, TLS: d.TLS, PublicURL: d.PublicURL, Stratum: d.Stratum, Ops: d.OpsListen, PoolKey: d.PoolKey,
		ChainURL: d.ChainURL, ChainUser: d.ChainUser, ChainPassword: d.ChainPassword, SignerURL: d.SignerURL, SignerSecret: d.SignerSecret,
		StripeURL: d.StripeURL, StripeKey: d.StripeKey, StripeWebhookSecret: d.StripeWebhookSecret, StripeLive: d.StripeLive,
		SMTPURL: d.SMTPURL, Stopped: d.Stopped, Log: log,
	}), nil
}
