// Package testdb gives a test its own database: a private Postgres for each
// test process, started at the first New and ended by Main, and a database
// cloned from a migrated template for each test. It holds no product code.
package testdb

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/migrations"
	"hashyard/migrations/cluster"
	"hashyard/migrations/pg"
)

const appPassword = "test-app"

// server is the one Postgres of this test process.
type server struct {
	once sync.Once
	err  error
	c    *cluster.Cluster
	dir  string
	n    atomic.Int64
	mu   sync.Mutex // one CREATE DATABASE at a time: the template must be idle
}

// shared is the process's server; a test binary has no other place for it.
var shared server

// Main runs the tests and ends the Postgres they started.
func Main(m *testing.M) {
	code := m.Run()
	shared.stop()
	os.Exit(code)
}

func (s *server) stop() {
	if s.c != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		s.c.Stop(ctx)
	}
	if s.dir != "" {
		os.RemoveAll(s.dir)
	}
}

func (s *server) start() error {
	s.once.Do(func() { s.err = s.boot() })
	return s.err
}

func (s *server) boot() error {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "hashyard-test-pg-")
	if err != nil {
		return err
	}
	s.dir = dir
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	_, file, _, _ := runtime.Caller(0)
	ui := filepath.Join(filepath.Dir(file), "..", "..", "web", "ui")
	if s.c, err = cluster.Start(ctx, cluster.Config{Dir: filepath.Join(dir, "pg"), Search: []string{ui}, Fast: true}); err != nil {
		return err
	}
	if err := s.exec(ctx, "CREATE DATABASE template_hashyard"); err != nil {
		return err
	}
	return migrations.Up(ctx, migrations.Config{OwnerURL: s.c.URL("template_hashyard"), AppPassword: appPassword})
}

func (s *server) exec(ctx context.Context, sql string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	conn, err := pgx.Connect(ctx, s.c.URL("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sql)
	return err
}

// databases remembers which database belongs to which test, for Owner.
var databases sync.Map // *pg.DB → database name

// New gives the test a fresh, migrated database and drops it at the end.
func New(t testing.TB) *pg.DB {
	t.Helper()
	name := Database(t)
	db, err := pg.Open(t.Context(), pg.Config{URL: AppURL(name)})
	if err != nil {
		t.Fatalf("open test database: %v", err)
	}
	databases.Store(db, name)
	t.Cleanup(func() {
		db.Close()
		databases.Delete(db)
	})
	return db
}

// Database makes a fresh, migrated database and returns its name: for tests
// that hand its address to another process.
func Database(t testing.TB) string {
	t.Helper()
	return database(t, "template_hashyard")
}

// Empty makes a database without anything in it and returns its name.
func Empty(t testing.TB) string {
	t.Helper()
	return database(t, "template1")
}

func database(t testing.TB, template string) string {
	t.Helper()
	if err := shared.start(); err != nil {
		t.Fatalf("test Postgres: %v", err)
	}
	name := fmt.Sprintf("test_%d", shared.n.Add(1))
	if err := shared.exec(t.Context(), "CREATE DATABASE "+name+" TEMPLATE "+template); err != nil {
		t.Fatalf("test database: %v", err)
	}
	t.Cleanup(func() {
		if err := shared.exec(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Logf("drop %s: %v", name, err)
		}
	})
	return name
}

// AppURL is the application role's address of a database made by Database.
func AppURL(name string) string { return shared.c.RoleURL("hashyard_app", appPassword, name) }

// OwnerURL is the owner's address of a database made by Database.
func OwnerURL(name string) string { return shared.c.URL(name) }

// Owner is a connection that sees everything, for assertions only.
func Owner(t testing.TB, db *pg.DB) *pgx.Conn {
	t.Helper()
	name, ok := databases.Load(db)
	if !ok {
		t.Fatal("testdb.Owner: not a database of testdb.New")
	}
	conn, err := pgx.Connect(t.Context(), shared.c.URL(name.(string)))
	if err != nil {
		t.Fatalf("owner connection: %v", err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// Org is a fresh organisation id.
func Org(testing.TB, *pg.DB) hashyard.ID { return hashyard.NewID() }
