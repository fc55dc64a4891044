//go:build linux

package collect

import (
	"context"
	"maps"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

// TestProgramTellsCodeThatWasBrought: a library that came after healthy.
func TestProgramTellsCodeThatWasBrought(t *testing.T) {
	t.Parallel()
	libraries, err := filepath.Glob("/usr/lib/*/libm.so.6")
	require.NoError(t, err)
	if len(libraries) == 0 {
		t.Skip("no shared library of libc6 is here to preload: run the tests on a machine with glibc")
	}
	before := time.Now().Add(-time.Minute)
	library := filepath.Join(t.TempDir(), "brought.so")
	copyFile(t, libraries[0], library)
	ctx, cancel := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, "/bin/sleep", "1000")
	cmd.Env = []string{"LD_PRELOAD=" + library}
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		cancel()
		require.Error(t, cmd.Wait())
	})
	program := func(healthy time.Time) string {
		s := newTestSession(testEnv(t, nil, nil), 0)
		if !healthy.IsZero() {
			s.req.Times = map[facts.Checkpoint]time.Time{facts.Healthy: healthy}
		}
		all, err := s.listProcesses(t.Context())
		require.NoError(t, err)
		for _, p := range all {
			if p.pid == cmd.Process.Pid {
				return s.program(t.Context(), p)
			}
		}
		return "gone"
	}
	// Just started, it may not have loaded its libraries yet.
	require.Eventually(t, func() bool { return program(before) == "/usr/bin/sleep with "+library }, 10*time.Second, 10*time.Millisecond)
	assert.Equal(t, "/usr/bin/sleep", program(time.Now().Add(time.Second)), "it was there before")
	assert.Equal(t, "/usr/bin/sleep", program(time.Time{}), "this is the healthy machine")
}

// TestProgramTellsATracer: who is traced does what its tracer wants.
func TestProgramTellsATracer(t *testing.T) {
	t.Parallel()
	runtime.LockOSThread() // the tracer is a thread
	defer runtime.UnlockOSThread()
	cmd := exec.CommandContext(t.Context(), "/bin/sleep", "1000")
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	require.NoError(t, cmd.Start())
	defer func() {
		require.NoError(t, cmd.Process.Kill())
		require.Error(t, cmd.Wait())
	}()
	s := newTestSession(testEnv(t, nil, nil), 0)
	all, err := s.listProcesses(t.Context())
	require.NoError(t, err)
	at := slices.IndexFunc(all, func(p *proc) bool { return p.pid == cmd.Process.Pid })
	require.GreaterOrEqual(t, at, 0)
	assert.Equal(t, "/usr/bin/sleep (traced)", s.program(t.Context(), all[at]))
}

func TestCodeMappings(t *testing.T) {
	t.Parallel()
	got := maps.Collect(codeMappings("" +
		"55d0-55d1 r--p 00000000 08:01 77                         /usr/sbin/x\n" +
		"55d1-55d2 r-xp 00001000 08:01 77                         /usr/sbin/x\n" +
		"7f00-7f01 rwxp 00000000 00:00 0 \n" +
		"7f02-7f03 r-xp 00000000 00:01 2052                       /memfd:a b (deleted)\n" +
		"7ffe-7fff r-xp 00000000 00:00 0                          [vdso]\nnonsense\n"))
	assert.Equal(t, map[string]string{"55d1-55d2": "/usr/sbin/x", "7f02-7f03": "/memfd:a b (deleted)"}, got)
}

func TestIsInterpreter(t *testing.T) {
	t.Parallel()
	for exe, want := range map[string]bool{"/usr/bin/python3.11": true, "/bin/dash": true, "/usr/sbin/nginx": false, "/opt/shop/server": false} {
		assert.Equal(t, want, isInterpreter(exe), exe)
	}
}
