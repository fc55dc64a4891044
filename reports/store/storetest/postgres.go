package storetest

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver pgx
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A Server is a PostgreSQL of the test's own, on a Unix socket.
type Server struct {
	dir  string
	bin  string // directory of its programs
	cred *syscall.Credential
}

const databaseUser = "bench"

// StartPostgres makes a cluster in a temporary directory and starts it. It ends
// with the test. Where PostgreSQL is not installed the test is skipped.
func StartPostgres(t *testing.T) *Server {
	t.Helper()
	if testing.Short() {
		t.Skip("short: it starts a PostgreSQL: run without -short")
	}
	bin := postgresPrograms()
	if bin == "" {
		t.Skip("PostgreSQL is not installed: SETUP_TEST=1 scripts/setup.sh installs it")
	}
	dir, err := os.MkdirTemp("", "bt-pg-") //nolint:usetesting // a short path, for the socket
	require.NoError(t, err)
	s := &Server{dir: dir, bin: bin, cred: ordinary(t)}
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(dir)) })
	if s.cred != nil {
		require.NoError(t, os.Chown(dir, int(s.cred.Uid), int(s.cred.Gid)))
	}
	s.must(t, "initdb", "--no-sync", "--auth=trust", "--encoding=UTF8", "--no-locale", "--username="+databaseUser, "-D", s.data())
	s.Start(t)
	t.Cleanup(func() { s.Stop(t) })
	return s
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// Start starts it, and returns when it answers.
func (s *Server) Start(t *testing.T) {
	t.Helper()
	s.must(t, "pg_ctl", "-D", s.data(), "-w", "-l", filepath.Join(s.dir, "log"), "-o", "-c listen_addresses='' -c unix_socket_directories="+s.dir, "start")
}

// Stop ends it, and every session of it. One that is stopped may be started again.
func (s *Server) Stop(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(s.data(), "postmaster.pid")); os.IsNotExist(err) {
		return
	}
	s.must(t, "pg_ctl", "-D", s.data(), "-w", "-m", "immediate", "stop")
}

// NewDatabase makes an empty database and returns its URL.
func (s *Server) NewDatabase(t *testing.T) string {
	t.Helper()
	name := fmt.Sprintf("bench_%d", time.Now().UnixNano())
	db, err := sql.Open("pgx", s.url("postgres"))
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	_, err = db.ExecContext(t.Context(), "CREATE DATABASE "+name)
	require.NoError(t, err)
	return s.url(name)
}

func (s *Server) url(database string) string {
	return "postgres://" + databaseUser + "@/" + database + "?host=" + url.QueryEscape(s.dir)
}

func (s *Server) must(t *testing.T, program string, args ...string) {
	t.Helper()
	// The test's own context is over when it cleans up.
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	log, err := os.CreateTemp(t.TempDir(), program)
	require.NoError(t, err)
	defer log.Close()
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin, program), args...)
	// A file, since the server keeps what pg_ctl gives it.
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.dir, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.cred, Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	err = cmd.Run()
	said, _ := os.ReadFile(log.Name())
	require.NoErrorf(t, err, "%s: %s", program, said)
}

// ordinary is a user who is not root: PostgreSQL refuses to run as root. It is
// nil for whom the test may run as.
func ordinary(t *testing.T) *syscall.Credential {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		require.NoError(t, err)
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		require.NoError(t, err)
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	t.Skip("there is no user postgres or nobody to run PostgreSQL as: run as an ordinary user")
	return nil
}

// postgresPrograms is where initdb and pg_ctl are; empty: nowhere.
func postgresPrograms() string {
	found, _ := fs.Glob(os.DirFS("/"), "usr/lib/postgresql/*/bin/initdb")
	if len(found) > 0 {
		return filepath.Dir("/" + found[len(found)-1])
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			return filepath.Dir(path)
		}
	}
	return ""
}
