package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/cmd/internal/app"
	"hashyard/cmd/internal/backup"
	"hashyard/cmd/internal/invariants"
	"hashyard/cmd/internal/world"
)

// backupCmd writes everything into one file.
type backupCmd struct {
	World            string   `xor:"what" placeholder:"DIR" env:"HASHYARD_BACKUP_WORLD" help:"Folder of a local world to back up, running or stopped."`
	DatabaseOwnerURL string   `xor:"what" env:"HASHYARD_DATABASE_OWNER_URL" help:"Database address that logs in as the owner of the tables."`
	ServeDir         string   `type:"path" env:"HASHYARD_SERVE_DIR" help:"Folder of serve, with the share log; it may be in use."`
	AgentDir         string   `type:"path" env:"HASHYARD_AGENT_DIR" help:"Folder of an agent on this machine."`
	SignerDir        string   `type:"path" env:"HASHYARD_SIGNER_DIR" help:"Folder of the signer. It holds the treasury's key, so the archive must be encrypted; left out unless named."`
	Out              string   `type:"path" help:"The archive; default: a new name in --dir."`
	Dir              string   `type:"path" default:"." env:"HASHYARD_BACKUP_DIR" help:"Where archives go that have no name."`
	Keep             int      `default:"0" env:"HASHYARD_BACKUP_KEEP" help:"Afterwards remove all but this many newest archives from --dir; 0 removes none."`
	Recipient        []string `env:"HASHYARD_BACKUP_RECIPIENT" help:"Public key, age1…, to encrypt for; the machine that makes backups then cannot read them."`
	Passphrase       string   `env:"HASHYARD_BACKUP_PASSPHRASE" help:"Passphrase to encrypt with instead."`
	Temp             string   `type:"path" env:"HASHYARD_BACKUP_TEMP" help:"Where copies of folders in use are made and checked; default: the system's temporary folder."`
}

const (
	archivePrefix = "hashyard-"
	archiveSuffix = ".backup"
)

// Run makes the archive and says what it holds.
func (b *backupCmd) Run(ctx context.Context, log *slog.Logger) error {
	keys, err := b.keys()
	if err != nil {
		return err
	}
	out := b.Out
	if out == "" {
		if err := os.MkdirAll(b.Dir, 0o700); err != nil {
			return hashyard.Invalid.Errorf("--dir: %w", err)
		}
		out = filepath.Join(b.Dir, archivePrefix+time.Now().UTC().Format("20060102-150405")+archiveSuffix)
	}
	cfg := backup.Config{OwnerURL: b.DatabaseOwnerURL, Out: out, Keys: keys, Temp: b.Temp, Program: app.Version().String(), Log: log}
	var sum backup.Summary
	switch {
	case b.World != "":
		sum, err = world.Backup(ctx, b.place(log), cfg)
	case b.DatabaseOwnerURL != "":
		cfg.Sets = b.sets()
		sum, err = backup.Make(ctx, cfg)
	default:
		err = hashyard.Invalid.Errorf("say what to back up: --database-owner-url, or --world for a local world")
	}
	if err != nil {
		return err
	}
	fmt.Printf("%s\n", out)
	describe(sum)
	if !sum.Sealed {
		fmt.Println("  It is not encrypted: whoever has the file has every row in it. --recipient or --passphrase encrypts.")
	}
	return b.prune()
}

func (b *backupCmd) place(log *slog.Logger) world.Place {
	return world.Place{Dir: worldDir(b.World), Search: postgresSearch(), Log: log}
}

// worldDir takes a world's folder or the world.json in it.
func worldDir(path string) string {
	if filepath.Base(path) == world.FileName {
		return filepath.Dir(path)
	}
	return path
}

// sets are the folders of this machine that were named.
func (b *backupCmd) sets() (sets []backup.Set) {
	if b.ServeDir != "" {
		sets = append(sets, backup.Set{Name: "serve", Dir: b.ServeDir, Check: backup.Shares, Skip: func(rel string) bool { return rel == "chain" }})
	}
	if b.AgentDir != "" {
		sets = append(sets, backup.Set{Name: "agent", Dir: b.AgentDir})
	}
	if b.SignerDir != "" {
		sets = append(sets, backup.Set{Name: "signer", Dir: b.SignerDir, Keys: true})
	}
	return sets
}

// keys are whom the archive is encrypted for. A local world holds keys in the
// clear, so it gets a key of its own, kept outside of it.
func (b *backupCmd) keys() ([]age.Recipient, error) {
	if b.Passphrase != "" {
		if len(b.Recipient) > 0 {
			return nil, hashyard.Invalid.Errorf("--passphrase and --recipient exclude each other")
		}
		r, err := backup.Passphrase(b.Passphrase, 0)
		return []age.Recipient{r}, err
	}
	if len(b.Recipient) == 0 && b.World != "" {
		path, err := worldKey()
		if err != nil {
			return nil, err
		}
		public, made, err := backup.Key(path)
		if err != nil {
			return nil, err
		}
		if made {
			fmt.Printf("%s is the new key of this user's backups: without it nobody can read them, so keep a copy elsewhere.\n", path)
		}
		b.Recipient = []string{public}
	}
	var keys []age.Recipient
	for _, text := range b.Recipient {
		r, err := backup.Recipient(text)
		if err != nil {
			return nil, err
		}
		keys = append(keys, r)
	}
	return keys, nil
}

// worldKey is where the key of local worlds' backups lies.
func worldKey() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", hashyard.Invalid.Errorf("no place for a backup key; name one with --recipient or a passphrase with --passphrase: %w", err)
	}
	return filepath.Join(dir, "hashyard", "backup.key"), nil
}

// prune removes old archives of ours, by the time in their names.
func (b *backupCmd) prune() error {
	if b.Keep <= 0 || b.Out != "" {
		return nil
	}
	names, err := filepath.Glob(filepath.Join(b.Dir, archivePrefix+"????????-??????"+archiveSuffix))
	if err != nil {
		return err
	}
	slices.Sort(names)
	for _, n := range names[:max(0, len(names)-b.Keep)] {
		if err := os.Remove(n); err != nil {
			return fmt.Errorf("old backup: %w", err)
		}
		fmt.Printf("  removed %s\n", n)
	}
	return nil
}

func describe(sum backup.Summary) {
	tables := len(sum.Head.Tables)
	fmt.Printf("  of %s · %d tables, %d rows · %d files of %s · %.1f MB unpacked · migration %04d of %d · encrypted: %t\n",
		sum.Head.TakenAt.Format("2006-01-02 15:04:05 UTC"), tables, sum.Rows(), len(sum.Parts)-tables, folders(sum.Head.Sets),
		float64(sum.Bytes())/1e6, slices.Max(append(sum.Head.Migrations, 0)), len(sum.Head.Migrations), sum.Sealed)
}

func folders(sets []string) string {
	if len(sets) == 0 {
		return "no folder"
	}
	return strings.Join(sets, ", ")
}

// restoreCmd brings an archive back, or only reads it.
type restoreCmd struct {
	Archive          string   `arg:"" type:"path" help:"The archive."`
	Check            bool     `help:"Read the whole archive, compare it with its manifest and change nothing."`
	World            string   `type:"path" placeholder:"DIR" help:"Make a local world in this empty folder."`
	DatabaseOwnerURL string   `env:"HASHYARD_DATABASE_OWNER_URL" help:"Address of an empty database that logs in as its owner."`
	ServeDir         string   `type:"path" env:"HASHYARD_SERVE_DIR" help:"Folder to make for serve."`
	AgentDir         string   `type:"path" env:"HASHYARD_AGENT_DIR" help:"Folder to make for an agent."`
	SignerDir        string   `type:"path" env:"HASHYARD_SIGNER_DIR" help:"Folder to make for the signer. Keep the live one if you have it: its journal knows every payout that was signed."`
	Leave            []string `enum:"serve,agent,signer" help:"Folders of the archive to leave out."`
	Identity         string   `type:"path" env:"HASHYARD_BACKUP_IDENTITY" help:"File with the secret key that opens the archive."`
	Passphrase       string   `env:"HASHYARD_BACKUP_PASSPHRASE" help:"Passphrase that opens the archive."`
	MaxSize          int64    `default:"1099511627776" help:"Most bytes an archive may unpack to."`
}

// Run restores.
func (r *restoreCmd) Run(ctx context.Context, log *slog.Logger) error {
	keys, err := r.keys()
	if err != nil {
		return err
	}
	if r.Check {
		sum, _, err := backup.Verify(r.Archive, keys, r.MaxSize)
		if err == nil {
			describe(sum)
		}
		return err
	}
	cfg := backup.RestoreConfig{Archive: r.Archive, Keys: keys, OwnerURL: r.DatabaseOwnerURL, Leave: r.Leave, MaxSize: r.MaxSize, Check: booksHold, Log: log}
	var sum backup.Summary
	switch {
	case r.World != "":
		sum, err = world.Restore(ctx, world.Place{Dir: r.World, Search: postgresSearch(), Log: log}, cfg)
	case r.DatabaseOwnerURL != "":
		for set, dir := range map[string]string{"serve": r.ServeDir, "agent": r.AgentDir, "signer": r.SignerDir} {
			if dir != "" && !slices.Contains(r.Leave, set) {
				cfg.Targets = append(cfg.Targets, backup.Target{Set: set, Root: dir, Sub: "."})
			}
		}
		cfg.Freeze = true
		sum, err = backup.Restore(ctx, cfg)
	default:
		err = hashyard.Invalid.Errorf("say where to restore to: --database-owner-url, or --world for a local world; --check only reads")
	}
	if err != nil {
		return err
	}
	fmt.Println("restored:")
	describe(sum)
	if cfg.Freeze {
		fmt.Println("  Payouts are frozen: those signed since then are unknown to this database. Start serve with the signer's\n" +
			"  newest folder, let the treasury reconcile, and end the freeze there.")
	}
	return nil
}

// booksHold looks at what must always be true. What waited when the backup was
// made waits still, so lateness says nothing.
func booksHold(ctx context.Context, ownerURL string) error {
	conn, err := pgx.Connect(ctx, ownerURL)
	if err != nil {
		return hashyard.Unavailable.Errorf("restored, but not looked at: %w", err)
	}
	defer conn.Close(ctx)
	found, err := invariants.Check(ctx, invariants.Sources{DB: conn, Late: 50 * 365 * 24 * time.Hour})
	if err != nil {
		return fmt.Errorf("restored, but not looked at: %w", err)
	}
	var wrong []error
	for _, f := range found {
		wrong = append(wrong, hashyard.Conflict.Errorf("restored as it was, and it was not sound: %s", f))
	}
	return errors.Join(wrong...)
}

// keys open the archive: those that were named, or this user's own.
func (r *restoreCmd) keys() ([]age.Identity, error) {
	if r.Passphrase != "" {
		id, err := backup.WordsIdentity(r.Passphrase)
		return []age.Identity{id}, err
	}
	path := r.Identity
	if path == "" {
		own, err := worldKey()
		if err != nil {
			return nil, nil
		}
		if _, err := os.Stat(own); err != nil {
			return nil, nil // an encrypted archive says that it needs one
		}
		path = own
	}
	return backup.Identities(path)
}

// backupKeyCmd makes the pair of keys that backups are encrypted with.
type backupKeyCmd struct {
	File string `arg:"" type:"path" help:"Where the secret key goes; keep it off the machine that makes the backups."`
}

// Run prints the public key.
func (k *backupKeyCmd) Run() error {
	public, made, err := backup.Key(k.File)
	if err != nil {
		return err
	}
	if !made {
		return errors.Join(hashyard.Conflict.Errorf("%s holds a key already; its public key is %s", k.File, public))
	}
	fmt.Println(public)
	return nil
}
