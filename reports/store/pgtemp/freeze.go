package pgtemp

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"
)

// Freeze stops all processes of the server where they are. Its connections stay
// open, and it answers nothing until Thaw.
func (s *Server) Freeze(ctx context.Context) (err error) {
	conn, err := pgx.Connect(ctx, s.url("postgres"))
	if err != nil {
		return fmt.Errorf("freeze: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	first, err := s.pid()
	if err != nil {
		return fmt.Errorf("freeze: %w", err)
	}
	// The first process is the only one that makes others.
	s.frozen = []int{first}
	if err := syscall.Kill(first, syscall.SIGSTOP); err != nil {
		return fmt.Errorf("freeze: %w", err)
	}
	rows, err := conn.Query(ctx, "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
	if err != nil {
		return fmt.Errorf("freeze: %w", err)
	}
	others, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil {
		return fmt.Errorf("freeze: %w", err)
	}
	for _, pid := range others {
		if err := syscall.Kill(pid, syscall.SIGSTOP); err == nil { // one may have ended by itself
			s.frozen = append(s.frozen, pid)
		}
	}
	return nil
}

// Thaw lets the processes go on that Freeze stopped.
func (s *Server) Thaw() error {
	var errs []error
	for _, pid := range s.frozen {
		errs = append(errs, syscall.Kill(pid, syscall.SIGCONT))
	}
	s.frozen = nil
	return errors.Join(errs...)
}

// pid is that of the server's first process.
func (s *Server) pid() (int, error) {
	text, err := os.ReadFile(filepath.Join(s.data(), "postmaster.pid"))
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(text), "\n")
	return strconv.Atoi(first)
}
