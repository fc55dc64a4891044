package image_test

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/image"
)

// killedIn is the directory of a maker that is to be killed.
const killedIn = "BENCHTEST_TEST_KILLED_IN"

func TestMain(m *testing.M) {
	if dir := os.Getenv(killedIn); dir != "" {
		tmpl := providers.Template{Name: "killed", Suite: "bookworm", Progress: func(string) { _, _ = os.Stdout.WriteString("begun\n") }}
		_, err := image.Store{Dir: dir, System: dir}.Rootfs(context.Background(), tmpl)
		_, _ = os.Stderr.WriteString(err.Error())
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// Whoever makes an image is killed: what he started ends with him, nothing
// looks finished, and the next one is not in its way.
func TestKilledMaker(t *testing.T) {
	t.Parallel()
	needsDebian(t)
	oncePerContent(t)
	dir := filepath.Join(t.TempDir(), "images")
	exe, err := os.Executable()
	require.NoError(t, err)
	maker := exec.CommandContext(t.Context(), exe)
	maker.Env = append(os.Environ(), killedIn+"="+dir)
	out, err := maker.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, maker.Start())
	_, err = bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	at := filepath.Join(dir, ".staging-")
	require.Eventually(t, func() bool { return running(at) > 1 }, 20*time.Second, 20*time.Millisecond, "mmdebstrap works")
	require.NoError(t, maker.Process.Kill())
	require.Error(t, maker.Wait())
	require.Eventually(t, func() bool { return running(at) == 0 }, 20*time.Second, 20*time.Millisecond, "all of it has ended")

	s := image.Store{Dir: dir, System: dir}
	infos, err := s.List()
	require.NoError(t, err)
	assert.Empty(t, infos)
	swept, err := s.Sweep()
	require.NoError(t, err)
	assert.Len(t, swept, 1)
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	require.NoError(t, err)
	assert.NotContains(t, string(mounts), dir)
}

// running counts the processes whose command line has text in it.
func running(text string) (n int) {
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, line := range lines {
		if b, err := os.ReadFile(line); err == nil && strings.Contains(string(b), text) {
			n++
		}
	}
	return n
}
