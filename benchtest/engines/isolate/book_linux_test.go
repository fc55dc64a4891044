package isolate

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSlot: a user is passed over while it is in use, given out again
// afterwards, and cleared of what was left when it was not freed.
func TestSlot(t *testing.T) {
	t.Parallel()
	book := t.TempDir()
	a, err := takeSlot(book)
	require.NoError(t, err)
	b, err := takeSlot(book)
	require.NoError(t, err)
	assert.Equal(t, []int{FirstUID, FirstUID + 1}, []int{a.uid, b.uid})

	left := filepath.Join(t.TempDir(), "cgroup")
	require.NoError(t, os.Mkdir(left, 0o700))
	require.NoError(t, a.note(leavings{Cgroups: []string{left, "/nonexistent/" + strings.Repeat("x", 100)}}))
	require.NoError(t, sweep(book))
	assert.DirExists(t, left, "its owner lives")

	require.NoError(t, a.file.Close()) // as the kernel does for a process that dies
	c, err := takeSlot(book)
	require.NoError(t, err)
	assert.Equal(t, FirstUID, c.uid)
	assert.NoDirExists(t, left)
	require.NoError(t, c.note(leavings{Cgroups: []string{}}))

	require.NoError(t, c.file.Close())
	require.NoError(t, b.free())
	require.NoError(t, sweep(book))
	files, err := os.ReadDir(book)
	require.NoError(t, err)
	assert.Empty(t, files)
}

func TestSlot_halfWritten(t *testing.T) {
	t.Parallel()
	book := t.TempDir()
	path := filepath.Join(book, strconv.Itoa(FirstUID)+slotSuffix)
	require.NoError(t, os.WriteFile(path, []byte(`{"cgroups":["/sys`), 0o600))
	s, err := takeSlot(book)
	require.NoError(t, err)
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Empty(t, b)
	require.NoError(t, s.free())
}

func TestSubordinates(t *testing.T) {
	t.Parallel()
	r := parseSubordinates("alice:100000:65536\n\n# none\nbob:x:5\nwide:2099999990:20\n")
	for uid, want := range map[int]bool{99_999: false, 100_000: true, 165_535: true, 165_536: false, FirstUID: true, FirstUID + 10: false} {
		assert.Equal(t, want, r.has(uid), uid)
	}
}

func TestParseMounts(t *testing.T) {
	t.Parallel()
	mounts, err := parseMounts(strings.NewReader(
		"22 27 0:21 / /proc rw,relatime shared:5 - proc none rw\n" +
			`33 31 0:30 / /mnt/a\040b\134c\ rw - cgroup none rw,cpu,cpuacct` + "\n"))
	require.NoError(t, err)
	assert.Equal(t, []mount{
		{"/proc", "proc", []string{"rw"}},
		{`/mnt/a b\c\`, "cgroup", []string{"rw", "cpu", "cpuacct"}},
	}, mounts)
	_, err = parseMounts(strings.NewReader("22 27\n"))
	require.ErrorContains(t, err, "read mount")
}

// TestPlanCgroup: which hierarchies a cell joins, whatever the host has.
func TestPlanCgroup(t *testing.T) {
	t.Parallel()
	v1 := func(path string, options ...string) mount { return mount{path, "cgroup", options} }
	for _, tt := range []struct {
		name   string
		mounts []mount
		want   []string
	}{
		{"none", []mount{{"/", "ext4", []string{"rw"}}}, nil},
		{"v2", []mount{{"/sys/fs/cgroup", "cgroup2", []string{"rw"}}}, []string{"/sys/fs/cgroup/benchtest/engines/7"}},
		{
			"v1, mounted together and twice",
			[]mount{v1("/cg/cpu,cpuacct", "rw", "cpu", "cpuacct"), v1("/cg/memory", "rw", "memory"), v1("/cg/memory", "rw", "memory"), v1("/cg/devices", "rw", "devices")},
			[]string{"/cg/cpu,cpuacct/benchtest/engines/7", "/cg/memory/benchtest/engines/7"},
		},
		{
			"hybrid",
			[]mount{v1("/cg/pids", "rw", "pids"), {"/cg/unified", "cgroup2", []string{"rw"}}},
			[]string{"/cg/pids/benchtest/engines/7", "/cg/unified/benchtest/engines/7"},
		},
	} {
		assert.Equal(t, tt.want, planCgroup(tt.mounts, 7).dirs, tt.name)
	}
}
