package enginetest

import (
	"context"
	"encoding/json"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/engines"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// promptly is how long an engine may take that has no time at all.
const promptly = 10 * time.Second

var engineName = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// Run checks what holds of every engine. body is a ticket that e can work on
// the host web1 in a few seconds.
func Run(t *testing.T, e engines.Engine, body string) {
	t.Helper()
	t.Run("name", func(t *testing.T) {
		t.Parallel()
		assert.Regexp(t, engineName, e.Name())
		assert.Equal(t, e.Name(), e.Name())
	})
	t.Run("works", func(t *testing.T) {
		t.Parallel()
		j, err := work(t, t.Context(), e, body)
		require.NoError(t, err)
		requireValid(t, j)
		assert.NotEmpty(t, j.Resolution)
	})
	t.Run("works concurrently", func(t *testing.T) {
		t.Parallel()
		results := make(chan error)
		for range 4 {
			go func() {
				_, err := e.Work(t.Context(), NewDesk(t, body, "web1").Work)
				results <- err
			}()
		}
		for range 4 {
			assert.NoError(t, <-results)
		}
	})
	t.Run("has no time", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		start := time.Now()
		j, err := work(t, ctx, e, body)
		assert.Less(t, time.Since(start), promptly)
		requireValid(t, j)
		if err != nil {
			assert.ErrorIs(t, err, engines.ErrNotStarted, "nothing was done")
		}
	})
	t.Run("leaves its inputs alone", func(t *testing.T) {
		t.Parallel()
		d := NewDesk(t, body, "web1")
		_, err := e.Work(t.Context(), d.Work)
		require.NoError(t, err)
		assert.Equal(t, []string{"web1"}, d.Work.Hosts)
		for _, c := range d.Observed() {
			assert.Equal(t, "web1", c.Host)
			assert.NotEmpty(t, c.Argv)
		}
	})
}

func work(t *testing.T, ctx context.Context, e engines.Engine, body string) (rules.Job, error) { //nolint:revive // t first, as in testify
	t.Helper()
	return e.Work(ctx, NewDesk(t, body, "web1").Work)
}

// requireValid: the record can be stored and read again.
func requireValid(t *testing.T, j rules.Job) {
	t.Helper()
	b, err := json.Marshal(j)
	require.NoError(t, err)
	_, err = rules.ParseJob(b)
	require.NoError(t, err)
}
