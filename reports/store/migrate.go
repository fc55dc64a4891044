package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
)

// migrations are numbered and go forward only. One that was released is never
// changed: what is wrong with it is mended by the next. They are written in SQL
// that both databases take; SQLite keeps bytes in a column of any type.
//
//go:embed migrations/*.sql
var migrations embed.FS

// lockPoll is how often a lock is asked for that somebody else holds.
const lockPoll = 10 * time.Millisecond

// migrate brings a database to the newest version. One that is newer is an error.
func migrate(ctx context.Context, d goose.Dialect, db *sql.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	return migrateWith(ctx, d, db, files)
}

func migrateWith(ctx context.Context, d goose.Dialect, db *sql.DB, files fs.FS) error {
	p, err := goose.NewProvider(d, db, files)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	has, knows, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read the version of the tables: %w", err)
	}
	if has > knows {
		return fmt.Errorf("its tables are of version %d and this benchtest knows %d: use a newer benchtest", has, knows)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}
