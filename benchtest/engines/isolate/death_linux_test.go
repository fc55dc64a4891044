package isolate_test

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/engines/isolate"
)

// TestDeath: a driver that is killed takes its engine along, and what is left
// of the cell is swept.
func TestDeath(t *testing.T) { //nolint:paralleltest // who comes next takes its user
	requireRoot(t)
	const script = `echo $(id -u); (setsid bash -c 'exec -a death-daemon sleep 600' &); exec -a death-engine sleep 600`
	driver := exec.CommandContext(t.Context(), executable(t), "-drive", script)
	driver.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	driver.WaitDelay = time.Second
	driver.Stderr = t.Output()
	// Its working directory is left behind; here it goes with the test.
	driver.Env = append(os.Environ(), "TMPDIR="+t.TempDir())
	out, err := driver.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, driver.Start())
	reader := bufio.NewReader(out)
	_, err = reader.ReadString('\n')
	require.NoError(t, err)
	line, err := reader.ReadString('\n')
	require.NoError(t, err)
	require.Eventually(t, func() bool { return running("death-daemon\x00") && running("death-engine\x00") }, 10*time.Second, 5*time.Millisecond)
	book, err := os.ReadFile(filepath.Join(isolate.Book, strings.TrimSpace(line)+".lock"))
	require.NoError(t, err)
	var left struct{ Cgroups []string }
	require.NoError(t, json.Unmarshal(book, &left))

	require.NoError(t, driver.Process.Kill())
	assert.Eventually(t, func() bool { return !running("death-daemon\x00") && !running("death-engine\x00") }, 2*time.Second, 5*time.Millisecond)
	require.Error(t, driver.Wait())
	require.NoError(t, isolate.Sweep())
	for _, dir := range left.Cgroups {
		assert.NoDirExists(t, dir)
	}
	assert.NoFileExists(t, filepath.Join(isolate.Book, strings.TrimSpace(line)+".lock"))
}

// TestUsers: no two cells at once have the same one, and nothing is left of
// those that are closed.
func TestUsers(t *testing.T) {
	t.Parallel()
	requireRoot(t)
	seen := map[int]bool{}
	var cells []*isolate.Cell
	for range 5 {
		o := newOffice(t)
		cell := o.confine(t, isolate.Config{})
		uid, gid, own := cell.Owner()
		require.True(t, own)
		assert.Equal(t, uid, gid)
		assert.False(t, seen[uid], "%d twice", uid)
		assert.GreaterOrEqual(t, uid, isolate.FirstUID)
		seen[uid] = true
		cells = append(cells, cell)
	}
	require.NoError(t, isolate.Sweep(), "those in use are left alone")
	for uid := range seen {
		assert.FileExists(t, filepath.Join(isolate.Book, strconv.Itoa(uid)+".lock"))
	}
	for _, c := range cells {
		require.NoError(t, c.Close())
		require.NoError(t, c.Close(), "again")
	}
}

// TestWarden_lacking: what keeps it from confining anything is said, and the
// program runs all the same.
func TestWarden_lacking(t *testing.T) {
	t.Parallel()
	requireRoot(t)
	w := &isolate.Warden{}
	cell, err := w.Open(context.WithoutCancel(t.Context()), isolate.Config{Binary: "/bin/false", Dir: t.TempDir()})
	require.NoError(t, err)
	assert.Equal(t, "none: exit status 1; /bin/false did not take the cell's orders", cell.By())
	assert.False(t, cell.Confines())
	o := newOffice(t)
	o.Work.Cell = cell
	assert.Equal(t, "0\n", o.sh(t, "id -u"))
	assert.Equal(t, []string{cell.By()}, o.Isolated())
	require.NoError(t, cell.Close())
}

// TestWarden_notRoot: a driver that is not root says so, and works.
func TestWarden_notRoot(t *testing.T) {
	t.Parallel()
	requireRoot(t)
	s := newStage(t)
	b, err := os.ReadFile(executable(t))
	require.NoError(t, err)
	s.write("open/driver", string(b), 0o755)
	driver := exec.CommandContext(t.Context(), s.path("open/driver"), "-drive", "id -u")
	driver.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	driver.WaitDelay = time.Second
	out, err := driver.CombinedOutput()
	require.NoError(t, err, string(out))
	assert.Equal(t, "none: the driver does not run as root\n65534\n", string(out))
}
