package attempt_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/engines"
	"github.com/benchtest-dev/benchtest/benchtest/helper"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// The test binary is PID 1 of cells and the ProxyCommand, as a user's is.
func TestMain(m *testing.M) {
	if code, handled := helper.Run(os.Args[1:], nil); handled {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// TestCell: a program that works the ticket is confined, reaches the machine
// and finds neither the reference fix nor the record.
func TestCell(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("confining a program takes root: run the tests as root")
	}
	h := newHarness(t, func(h *harness) {
		h.Engine = &engines.Command{Argv: []string{"/bin/sh", "-c", `
ssh -F "$BENCHTEST_SSH_CONFIG" h1 'touch "$HOME/ok"' </dev/null && echo reached
echo "user $(id -u)"
for dir in "$0" "$1" "$2"; do ls -A "$dir"; done`}}
	})
	here, err := os.Getwd()
	require.NoError(t, err)
	command := h.Engine.(*engines.Command)
	command.Argv = append(command.Argv, here, h.Journal.Home(), h.Record.Dir)
	rec, log := h.run(load(t, nil))
	assert.Equal(t, rules.Passed, rec.Outcome, log)
	assert.True(t, strings.HasPrefix(rec.EngineIsolation, "own user, namespaces (pid, mount, ipc, uts)"), rec.EngineIsolation)
	transcript, err := os.ReadFile(filepath.Join(h.Record.Dir, rec.Dir, "transcript", "engine.log"))
	require.NoError(t, err)
	assert.Regexp(t, `^reached\nuser 21\d{8}\n$`, string(transcript), "and nothing in any of the directories")
}

// TestCell_none: an engine that starts no program needs no cell.
func TestCell_none(t *testing.T) {
	t.Parallel()
	h := newHarness(t, nil)
	rec, log := h.run(load(t, nil))
	assert.Equal(t, rules.Passed, rec.Outcome, log)
	assert.Equal(t, "none", rec.EngineIsolation)
}
