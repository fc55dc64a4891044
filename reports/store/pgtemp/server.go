// Package pgtemp starts a PostgreSQL of one's own in a temporary directory, for
// tests and measurements.
package pgtemp

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver pgx
)

// A Server is a PostgreSQL that listens on a Unix socket of its own. Its methods
// are called one at a time; the caller removes it.
type Server struct {
	dir  string
	bin  string // directory of its programs
	cred *syscall.Credential
	// frozen are the processes that Freeze stopped.
	frozen []int
}

// ErrMissing says that no PostgreSQL can be started here, and what would help.
var ErrMissing = errors.New("no PostgreSQL")

const databaseUser = "bench"

// limit bounds one program of PostgreSQL's.
const limit = 2 * time.Minute

// New makes a cluster and starts it. The error wraps ErrMissing where PostgreSQL
// is not installed, or there is nobody to run it as.
func New(ctx context.Context) (s *Server, err error) {
	s = &Server{bin: programs()}
	if s.bin == "" {
		return nil, fmt.Errorf("%w: it is not installed: SETUP_TEST=1 scripts/setup.sh installs it", ErrMissing)
	}
	if s.cred, err = ordinary(); err != nil {
		return nil, err
	}
	if s.dir, err = os.MkdirTemp("", "bt-pg-"); err != nil { // a short path, for the socket
		return nil, err
	}
	if s.cred != nil {
		err = os.Chown(s.dir, int(s.cred.Uid), int(s.cred.Gid))
	}
	if err == nil {
		err = s.run(ctx, "initdb", "--no-sync", "--auth=trust", "--encoding=UTF8", "--no-locale", "--username="+databaseUser, "-D", s.data())
	}
	if err == nil {
		err = s.Start(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.Remove(ctx))
	}
	return s, nil
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// Start starts it, and returns when it answers.
func (s *Server) Start(ctx context.Context) error {
	return s.run(ctx, "pg_ctl", "-D", s.data(), "-w", "-l", filepath.Join(s.dir, "log"), "-o", "-c listen_addresses='' -c unix_socket_directories="+s.dir, "start")
}

// Stop ends it at once, and every session of it, as a lost power would. One that
// is stopped may be started again.
func (s *Server) Stop(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join(s.data(), "postmaster.pid")); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return s.run(ctx, "pg_ctl", "-D", s.data(), "-w", "-m", "immediate", "stop")
}

// Remove stops it, and removes all that it kept, also when ctx has ended.
func (s *Server) Remove(ctx context.Context) error {
	return errors.Join(s.Thaw(), s.Stop(context.WithoutCancel(ctx)), os.RemoveAll(s.dir))
}

// NewDatabase makes an empty database and returns its URL.
func (s *Server) NewDatabase(ctx context.Context) (string, error) {
	name := fmt.Sprintf("bench_%d", time.Now().UnixNano())
	db, err := sql.Open("pgx", s.url("postgres"))
	if err != nil {
		return "", err
	}
	_, err = db.ExecContext(ctx, "CREATE DATABASE "+name)
	return s.url(name), errors.Join(err, db.Close())
}

func (s *Server) url(database string) string {
	return "postgres://" + databaseUser + "@/" + database + "?host=" + url.QueryEscape(s.dir)
}

func (s *Server) run(ctx context.Context, program string, args ...string) (err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	// A file, since the server keeps what pg_ctl gives it.
	said, err := os.CreateTemp("", "bt-"+program+"-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, said.Close(), os.Remove(said.Name())) }()
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin, program), args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.dir, said, said
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.cred, Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Run(); err != nil {
		text, _ := os.ReadFile(said.Name())
		return fmt.Errorf("%s: %w: %s", program, err, text)
	}
	return nil
}
