package attempt_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/engines"
	"github.com/benchtest-dev/benchtest/benchtest/rescore"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/benchtest/scenario"
	"github.com/benchtest-dev/benchtest/benchtest/verdict"
	"github.com/benchtest-dev/benchtest/reports"
)

// What a person reads first of an attempt: the ask, and what the fault and the
// engine changed.
func TestRecordTellsTicketAndChanges(t *testing.T) {
	t.Parallel()
	h := newHarness(t, func(h *harness) { h.Engine = engines.Solver{} })
	rec, log := h.run(load(t, nil))
	require.Equal(t, rules.Passed, rec.Outcome, log)
	assert.NotEmpty(t, rec.Ticket.Title)
	assert.NotEmpty(t, rec.Ticket.Body)
	var exists []string
	for _, c := range rec.Changes {
		if c.Attr == "exists" {
			exists = append(exists, fmt.Sprintf("%s to %s: %s to %s", c.From, c.To, c.Before, c.After))
		}
	}
	assert.Equal(t, []string{"healthy to faulted: true to false", "faulted to after: false to true"}, exists)
	assert.Zero(t, rec.ChangesLeftOut)
}

// sameAgain: what is on disk, judged again by the same rules, comes to the same.
func sameAgain(t *testing.T, h *harness, sc *scenario.Scenario, rec reports.Attempt) {
	t.Helper()
	e, err := reports.ReadEvidence(os.DirFS(filepath.Join(h.Record.Dir, rec.Dir)), rec.Digests.Evidence, verdict.Asks(sc))
	require.NoError(t, err)
	v, err := rescore.Judge(sc, &rec, e)
	if !rec.Circumstances.Judged {
		require.ErrorIs(t, err, rescore.ErrNotJudged)
		return
	}
	require.NoError(t, err)
	assert.Equal(t, rec.Outcome, v.Outcome)
	assert.Equal(t, rec.Reason, v.Reason)
	assert.Equal(t, rec.Results, v.Results)
	assert.InDelta(t, rec.Score, v.Score, 0)
	assert.False(t, rescore.Compare(rec.Verdict(), v).News())
}

func TestRecordOnDisk(t *testing.T) {
	t.Parallel()
	h := newHarness(t, nil)
	rec, _ := h.run(load(t, nil))
	require.Equal(t, rules.Passed, rec.Outcome, rec.Reason)
	dir := filepath.Join(h.Record.Dir, rec.Dir)
	for _, file := range []string{"facts/healthy.jsonl", "facts/faulted.jsonl", "facts/after.jsonl", "facts/held.jsonl", "job.json", "logs/attempt.log"} {
		info, err := os.Stat(filepath.Join(dir, file))
		require.NoError(t, err)
		assert.Positive(t, info.Size(), file)
	}
	require.NoError(t, reports.VerifyEvidence(os.DirFS(dir), rec.Digests.Evidence))

	events, err := os.Open(filepath.Join(h.Record.Dir, "events.jsonl"))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, events.Close()) })
	attempts, _, err := reports.Attempts(reports.ReadEvents(events))
	require.NoError(t, err)
	require.Len(t, attempts, 1)
	assert.Equal(t, rec.Digests.Evidence, attempts[0].Digests.Evidence)
	assert.Equal(t, rules.Passed, attempts[0].Outcome)
}

func TestWitnessOfValidateIsEvidenceToo(t *testing.T) {
	t.Parallel()
	// The engine repairs the file, and takes the program away that would tell.
	h := newHarness(t, func(h *harness) { h.Engine = sh(`touch "$HOME/ok"; touch "$HOME/mute"`) })
	rec, _ := h.run(load(t, map[string]string{"validate.sh": "#!/bin/sh\ntest -e \"$HOME/mute\" && exit 127\ntest -e \"$HOME/ok\"\n"}))
	assert.Equal(t, rules.Failed, rec.Outcome, rec.Reason)
	assert.Contains(t, rec.Reason, "evidence destroyed")
}
