package storetest

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/reports/store/pgtemp"
)

// A Server is a PostgreSQL of the test's own.
type Server struct{ server *pgtemp.Server }

// StartPostgres makes a cluster in a temporary directory and starts it. It ends
// with the test. Where PostgreSQL is not installed the test is skipped.
func StartPostgres(t *testing.T) *Server {
	t.Helper()
	if testing.Short() {
		t.Skip("short: it starts a PostgreSQL: run without -short")
	}
	s, err := pgtemp.New(t.Context())
	if errors.Is(err, pgtemp.ErrMissing) {
		t.Skip(err)
	}
	require.NoError(t, err)
	// The test's own context is over when it cleans up.
	t.Cleanup(func() { assert.NoError(t, s.Remove(context.Background())) })
	return &Server{s}
}

// Start starts it, and returns when it answers.
func (s *Server) Start(t *testing.T) {
	t.Helper()
	require.NoError(t, s.server.Start(t.Context()))
}

// Stop ends it, and every session of it. One that is stopped may be started again.
func (s *Server) Stop(t *testing.T) {
	t.Helper()
	require.NoError(t, s.server.Stop(t.Context()))
}

// Freeze stops it where it is: it answers nothing, and hangs up on nobody.
func (s *Server) Freeze(t *testing.T) {
	t.Helper()
	require.NoError(t, s.server.Freeze(t.Context()))
}

// Thaw lets it go on.
func (s *Server) Thaw(t *testing.T) {
	t.Helper()
	require.NoError(t, s.server.Thaw())
}

// NewDatabase makes an empty database and returns its URL.
func (s *Server) NewDatabase(t *testing.T) string {
	t.Helper()
	url, err := s.server.NewDatabase(t.Context())
	require.NoError(t, err)
	return url
}
