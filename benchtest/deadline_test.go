package benchtest

import (
	"flag"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTakeDeadline(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, tc := range []struct {
		name  string
		limit time.Duration
		want  time.Time
	}{
		{"no limit is no deadline", 0, time.Time{}},
		{"the default leaves thirty seconds", 10 * time.Minute, now.Add(9*time.Minute + 30*time.Second)},
		{"a short limit leaves ten seconds", time.Minute, now.Add(50 * time.Second)},
		{"a tiny one is halved", 4 * time.Second, now.Add(2 * time.Second)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			fs := flag.NewFlagSet("", flag.ContinueOnError)
			limit := fs.Duration("test.timeout", tc.limit, "")
			got, err := takeDeadline(fs, now)
			require.NoError(t, err)
			assert.Equal(t, tc.want, got)
			assert.Zero(t, *limit, "the alarm is off")
		})
	}
}

func TestRaiseParallel(t *testing.T) {
	t.Parallel()
	fs := flag.NewFlagSet("", flag.ContinueOnError)
	n := fs.Int("test.parallel", 2, "")
	raiseParallel(fs)
	assert.Equal(t, 4096, *n)

	fs = flag.NewFlagSet("", flag.ContinueOnError)
	n = fs.Int("test.parallel", 2, "")
	require.NoError(t, fs.Parse([]string{"-test.parallel=3"}))
	raiseParallel(fs)
	assert.Equal(t, 3, *n, "the user's own number stays")
}
