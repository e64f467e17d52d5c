package app

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"hashyard"
	"hashyard/migrations/pg"
	webpg "hashyard/web/postgres"
	"hashyard/web/verify"
)

// Sanctions are the commands about sanctions lists.
type Sanctions struct {
	Import SanctionsImport `cmd:"" help:"Import a list in OFAC's SDN format (sdn.csv) and hold every organisation against it."`
}

// SanctionsImport imports one list.
type SanctionsImport struct {
	File        string    `arg:"" type:"existingfile" help:"The file, sdn.csv."`
	Source      string    `default:"OFAC SDN" help:"Whose list it is; the newest of each source counts."`
	Dated       time.Time `required:"" format:"2006-01-02" help:"The day the list is of, as 2026-11-25."`
	DatabaseURL string    `required:"" env:"HASHYARD_DATABASE_URL" help:"Database address that logs in as hashyard_app."`
}

// Run imports the file.
func (s *SanctionsImport) Run(ctx context.Context, log *slog.Logger) error {
	db, err := pg.Open(ctx, pg.Config{URL: s.DatabaseURL, Log: log})
	if err != nil {
		return err
	}
	defer db.Close()
	f, err := os.Open(s.File)
	if err != nil {
		return err
	}
	defer f.Close()
	l, err := verify.New(verify.Config{Store: webpg.New(db), Log: log}).Import(ctx, hashyard.SystemActor("web.sanctions"), s.Source, s.Dated, f)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(os.Stdout, "list %s of %s, %s: %d entries\n", l.ID, l.Source, l.Dated.Format(time.DateOnly), l.Entries)
	return err
}
