// Command hashyard is the whole house in one binary: the local world, each
// role of a real installation, and the tools beside them.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"hashyard/cmd/internal/app"
	"hashyard/cmd/internal/parent"
	"hashyard/cmd/internal/telemetry"
)

// cli is the command line; every flag may come from the environment instead.
type cli struct {
	Run             runCmd             `cmd:"" help:"Run the local world: everything, on this machine, on embedded defaults."`
	Reset           resetCmd           `cmd:"" help:"Forget the local world."`
	Serve           app.Serve          `cmd:"" help:"Web, market, pool and jobs."`
	Agent           app.Agent          `cmd:"" help:"Find, read and redirect the machines of one site."`
	Edge            app.Edge           `cmd:"" help:"Take shares on a machine elsewhere, for a yard."`
	EdgeKey         app.EdgeKey        `cmd:"" help:"Make the key of an edge."`
	Edges           app.Edges          `cmd:"" help:"Say which edges may come to this yard."`
	Signer          app.Signer         `cmd:"" help:"Hold the treasury's key and sign what it allows."`
	StripeDouble    app.StripeFake     `cmd:"" help:"A stateful double of the Stripe API, for the local world."`
	Found           app.Found          `cmd:"" help:"Make an organisation and its first person in a real installation."`
	Audit           app.Audit          `cmd:"" help:"The audit trail."`
	Statement       app.Statement      `cmd:"" help:"Statements of the pool, checked by whoever was paid."`
	Sanctions       app.Sanctions      `cmd:"" help:"Sanctions lists."`
	Migrate         app.Migrate        `cmd:"" help:"Bring a database up to date."`
	Journey         journeyCmd         `cmd:"" help:"Play one machine the whole way and check each step from outside."`
	Bench           benchCmd           `cmd:"" help:"Measure this program on this machine."`
	Book            bookCmd            `cmd:"" help:"Try the order book."`
	Dashboards      app.Dashboards     `cmd:"" help:"Write the Grafana dashboards into a folder."`
	Openapi         app.OpenAPI        `cmd:"" name:"openapi" help:"Print the OpenAPI document."`
	Backup          backupCmd          `cmd:"" help:"Write an installation, or a local world, into one archive; nothing has to stop."`
	Restore         restoreCmd         `cmd:"" help:"Bring an archive back into an empty database and new folders."`
	BackupKey       backupKeyCmd       `cmd:"" help:"Make a key that backups are encrypted for."`
	Version         app.VersionCommand `cmd:"" help:"Print version, commit, Go and schema."`
	ConfigReference referenceCmd       `cmd:"" help:"Print the reference of all settings."`
	Sbom            app.SBOM           `cmd:"" name:"sbom" help:"Print what this program is made of, as CycloneDX JSON."`
	Systemd         systemdCmd         `cmd:"" help:"Write systemd units for a real installation into a folder."`
	Doctor          doctorCmd          `cmd:"" help:"Look at an installation or the local world and say what is wrong and what to do."`

	LogLevel slog.Level `default:"info" env:"HASHYARD_LOG_LEVEL" help:"Least level that is logged: debug, info, warn, error."`
}

func main() {
	var c cli
	p, err := parser(&c)
	if err != nil {
		panic(err) // the struct above is not one
	}
	k, err := p.Parse(os.Args[1:])
	p.FatalIfErrorf(err)
	log := telemetry.Logger(os.Stderr, c.LogLevel)
	slog.SetDefault(log) // also for what libraries print by themselves
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := parent.Watch(ctx)
	defer cancel()
	k.BindTo(ctx, (*context.Context)(nil))
	if err := k.Run(log); err != nil {
		fmt.Fprintf(os.Stderr, "hashyard: %s\n", telemetry.Redact(err.Error()))
		os.Exit(1)
	}
}
