package isolate_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/engines"
	"github.com/benchtest-dev/benchtest/benchtest/engines/enginetest"
	"github.com/benchtest-dev/benchtest/benchtest/engines/isolate"
)

// An office is an attempt's desk in a cell.
type office struct {
	*enginetest.Desk
	cell *isolate.Cell
}

// newOffice opens one; change may change the cell's configuration.
func newOffice(t *testing.T, change func(*isolate.Config)) *office {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("confining a program takes root: run the tests as root")
	}
	binary, err := os.Executable()
	require.NoError(t, err)
	o := &office{Desk: enginetest.NewDesk(t, "the ask\n", "web1")}
	config := isolate.Config{Binary: binary, Dir: o.Work.Dir}
	if change != nil {
		change(&config)
	}
	warden := &isolate.Warden{}
	o.cell, err = warden.Open(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, o.cell.Close()) })
	require.True(t, o.cell.Confines(), "%s: the tests need a kernel and a container that allow namespaces", o.cell.By())
	o.Work.Cell = o.cell
	return o
}

// run lets a shell script be the engine and returns what it wrote.
func (o *office) run(t *testing.T, script string) string {
	t.Helper()
	c := &engines.Command{Argv: []string{"/bin/bash", "-c", script}}
	_, err := c.Work(t.Context(), o.Work)
	require.NoError(t, err, o.Log.String())
	return o.Transcript.String() + o.Log.String()
}
