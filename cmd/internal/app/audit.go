package app

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"hashyard"
	"hashyard/migrations/pg"
	"hashyard/web/audit"
	webpg "hashyard/web/postgres"
)

// Trail are the settings of the audit trail's export.
type Trail struct {
	AuditHeads string        `type:"path" env:"HASHYARD_AUDIT_HEADS" help:"File to which the heads of the audit chains are appended; put it where who can change the database cannot. Default: audit-heads.jsonl in the serve folder."`
	AuditEvery time.Duration `default:"1h" env:"HASHYARD_AUDIT_EVERY" help:"How often they are."`
}

func (s *Serve) auditHeads() string {
	if s.AuditHeads != "" {
		return s.AuditHeads
	}
	return filepath.Join(s.Dir, "audit-heads.jsonl")
}

// Audit are the commands about the audit trail.
type Audit struct {
	Verify AuditVerify `cmd:"" help:"Check every organisation's audit chain, link by link, and against exported heads."`
}

// AuditVerify checks the trail.
type AuditVerify struct {
	Heads       string `type:"existingfile" help:"Exported heads to hold the chains against; without them a cut-off end is not found."`
	DatabaseURL string `required:"" env:"HASHYARD_DATABASE_URL" help:"Database address that logs in as hashyard_app."`
}

// Run prints one line a chain and fails if one is bad.
func (a *AuditVerify) Run(ctx context.Context, log *slog.Logger) error {
	db, err := pg.Open(ctx, pg.Config{URL: a.DatabaseURL, Log: log})
	if err != nil {
		return err
	}
	defer db.Close()
	var known []audit.Head
	if a.Heads != "" {
		if known, err = audit.ReadHeads(a.Heads); err != nil {
			return err
		}
	}
	reports, err := audit.VerifyAll(ctx, webpg.New(db), hashyard.SystemActor("web.audit"), known, time.Now().UTC())
	if err != nil {
		return err
	}
	bad := 0
	for _, r := range reports {
		name := r.Chain.String()
		if r.Chain.IsZero() {
			name = "the house, for nobody in particular"
		}
		if r.Bad == nil {
			fmt.Fprintf(os.Stdout, "good  %s: %d rows, head %x\n", name, r.Rows, r.Head.Hash)
			continue
		}
		bad++
		fmt.Fprintf(os.Stdout, "BAD   %s: %d rows are good, then link %d, row %s: %s\n", name, r.Rows, r.Bad.Seq, r.Bad.Row, r.Bad.What)
	}
	if bad > 0 {
		return hashyard.Conflict.Errorf("%d of %d audit chains were tampered with", bad, len(reports))
	}
	return nil
}
