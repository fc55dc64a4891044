//go:build linux

package collect

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/facts/collect/journalfile/journaltest"
)

func journalEnv(t *testing.T) *Env {
	t.Helper()
	at := func(minute int) uint64 { return uint64(testNow().Add(time.Duration(minute) * time.Minute).UnixMicro()) }
	old := journaltest.New(t)
	old.Entry(at(0), "_SYSTEMD_UNIT=nginx.service", "MESSAGE=worker died", "_PID=40")
	current := journaltest.New(t)
	current.Compact, current.Pack = true, journaltest.Zstd
	current.Entry(at(10), "_SYSTEMD_UNIT=nginx.service", "MESSAGE=worker died", "_PID=41")
	current.Entry(at(11), "_SYSTEMD_UNIT=init.scope", "_PID=1", "UNIT=nginx.service", "MESSAGE=Started nginx.service")
	current.Entry(at(12), "_SYSTEMD_UNIT=other.service", "_PID=77", "UNIT=nginx.service", "MESSAGE=worker died, says a liar")
	return testEnv(t, map[string]string{
		"var/log/journal/m1/system@1.journal~": string(old.Finish()),
		"run/log/journal/m1/system.journal":    string(current.Finish()),
		"var/log/journal/README":               "no directory",
		"var/log/journal/m1/fss":               "no journal",
	}, nil)
}

func TestJournal(t *testing.T) {
	t.Parallel()
	e := journalEnv(t)
	tests := []struct {
		name, unit string
		params     map[string]any
		count      float64
	}{
		{"all of a unit", "nginx", nil, 3},
		{"by its full name", "nginx.service", nil, 3},
		{"pattern", "nginx", map[string]any{"pattern": "^worker (died|killed)$"}, 2},
		{"since a time", "nginx", map[string]any{"pattern": "died", "since": testNow().Add(5 * time.Minute).Format(time.RFC3339)}, 1},
		{"since unix seconds", "nginx", map[string]any{"since": float64(testNow().Add(11 * time.Minute).Unix())}, 1},
		{"since a checkpoint", "nginx", map[string]any{"since": "faulted"}, 2},
		{"since a checkpoint to come", "nginx", map[string]any{"since": "after"}, 0},
		{"every unit", "*", map[string]any{"pattern": "died"}, 3},
		{"a unit that never said anything", "nope", nil, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			fact := Run(t.Context(), e, facts.Request{
				Queries: []facts.Query{{Noun: facts.NounJournal, Subject: tt.unit, Params: tt.params}},
				Times:   map[facts.Checkpoint]time.Time{facts.Faulted: testNow().Add(5 * time.Minute)},
			}).Facts[0]
			require.Empty(t, fact.Error)
			assert.Equal(t, map[string]any{"count": tt.count}, fact.Attrs, fact.Raw)
		})
	}
	for name, params := range map[string]map[string]any{
		"bad pattern": {"pattern": "("}, "bad time": {"since": "yesterday"}, "bad type": {"since": true},
	} {
		assert.NotEmpty(t, askOne(t, e, facts.Query{Noun: facts.NounJournal, Subject: "x", Params: params}).Error, name)
	}
}

func TestJournalThatCannotBeRead(t *testing.T) {
	t.Parallel()
	q := facts.Query{Noun: facts.NounJournal, Subject: "nginx"}
	assert.Contains(t, askOne(t, testEnv(t, map[string]string{}, nil), q).Error, "no journal file")
	corrupt := testEnv(t, map[string]string{"var/log/journal/m1/system.journal": string(make([]byte, 4096))}, nil)
	assert.Contains(t, askOne(t, corrupt, q).Error, "corrupt journal file", "a journal that was overwritten says nothing, not zero")
}
