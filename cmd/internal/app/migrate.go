package app

import (
	"context"
	"log/slog"

	"hashyard/migrations"
)

// Migrate brings a database up to date.
type Migrate struct {
	DatabaseOwnerURL string `required:"" env:"HASHYARD_DATABASE_OWNER_URL" help:"Database address that logs in as the owner of the tables."`
	AppPassword      string `env:"HASHYARD_APP_PASSWORD" help:"New password of the role hashyard_app."`
}

// Run applies what is missing.
func (m *Migrate) Run(ctx context.Context, log *slog.Logger) error {
	return migrations.Up(ctx, migrations.Config{OwnerURL: m.DatabaseOwnerURL, AppPassword: m.AppPassword, Log: log})
}
