package isolate_test

import (
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/engines"
	"github.com/benchtest-dev/benchtest/benchtest/engines/enginetest"
	"github.com/benchtest-dev/benchtest/benchtest/engines/isolate"
)

// warden is shared as an attempt's runner shares it.
var warden = &isolate.Warden{}

// requireRoot skips where nothing can be confined.
func requireRoot(tb testing.TB) {
	tb.Helper()
	if os.Geteuid() != 0 {
		tb.Skip("confining a program takes root: run the tests as root")
	}
}

func executable(tb testing.TB) string {
	tb.Helper()
	binary, err := os.Executable()
	require.NoError(tb, err)
	return binary
}

// An office is an attempt's desk, in a cell or not.
type office struct {
	*enginetest.Desk
	grace time.Duration
}

// newOffice makes one without a cell.
func newOffice(tb testing.TB) *office {
	tb.Helper()
	return &office{Desk: enginetest.NewDesk(tb, "the ask\n", "web1"), grace: 300 * time.Millisecond}
}

// confine puts it into a cell.
func (o *office) confine(t *testing.T, c isolate.Config) *isolate.Cell {
	t.Helper()
	if c.Binary == "" {
		c.Binary = executable(t)
	}
	c.Dir = o.Work.Dir
	cell, err := warden.Open(t.Context(), c)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, cell.Close()) })
	require.True(t, cell.Confines(), "%s: run the tests where namespaces are allowed", cell.By())
	o.Work.Cell = cell
	return cell
}

// run lets argv be the engine and returns what it wrote.
func (o *office) run(t *testing.T, argv ...string) string {
	t.Helper()
	c := &engines.Command{Argv: argv, Grace: o.grace}
	_, err := c.Work(t.Context(), o.Work)
	require.NoError(t, err, o.Log.String())
	return o.Transcript.String() + o.Log.String()
}

func (o *office) sh(t *testing.T, script string) string {
	t.Helper()
	return o.run(t, "/bin/bash", "-c", script)
}

// needs skips where a program is not installed.
func needs(t *testing.T, program, debianPackage string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("%s is not installed: apt-get install %s", program, debianPackage)
	}
}

// running reports whether a process has mark in its command line.
func running(mark string) bool {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		b, err := os.ReadFile("/proc/" + e.Name() + "/cmdline")
		if err == nil && strings.Contains(string(b), mark) {
			return true
		}
	}
	return false
}

// processesOf names the processes of a user.
func processesOf(uid int) []string {
	entries, _ := os.ReadDir("/proc")
	return slices.DeleteFunc(names(entries), func(pid string) bool {
		info, err := os.Stat("/proc/" + pid)
		_, numeric := strconv.Atoi(pid)
		return err != nil || numeric != nil || int(info.Sys().(*syscall.Stat_t).Uid) != uid
	})
}

func names(entries []os.DirEntry) []string {
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

// killMarked kills what running would find: processes of this test.
func killMarked(t *testing.T, mark string) {
	t.Helper()
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if b, _ := os.ReadFile("/proc/" + e.Name() + "/cmdline"); strings.HasPrefix(string(b), mark) {
			assert.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
		}
	}
}
