package lima_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/lima"
)

// cloneAndWait, set to a crashSpec, makes of this binary a driver that clones
// one machine, takes a snapshot of it and goes back to that until it is killed.
const cloneAndWait = "LIMA_TEST_CLONE_AND_WAIT"

type crashSpec struct {
	Home, ID string
	Template crashTemplate
	Keys     providers.Keys
}

type crashTemplate struct {
	Name, Digest             string
	VCPU, MemoryMiB, DiskMiB int
	Lima                     providers.LimaOptions
}

func waitAfterClone(text string) {
	if err := cloneAndReset(text); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func cloneAndReset(text string) error {
	var spec crashSpec
	if err := json.Unmarshal([]byte(text), &spec); err != nil {
		return err
	}
	p, err := lima.New(providers.Options{Home: spec.Home, Run: "crash"})
	if err != nil {
		return err
	}
	_, _ = io.WriteString(os.Stdout, "cloning\n")
	t := spec.Template
	ctx := context.Background()
	m, err := p.Clone(ctx, providers.CloneSpec{
		ID: spec.ID, Network: providers.NetworkNone, Keys: spec.Keys,
		Template: providers.Template{Name: t.Name, Digest: t.Digest, VCPU: t.VCPU, MemoryMiB: t.MemoryMiB, DiskMiB: t.DiskMiB, Lima: t.Lima},
	})
	if err != nil {
		return err
	}
	_, _ = io.WriteString(os.Stdout, "cloned\n")
	for {
		s := m.(providers.Snapshotter)
		if err := errors.Join(s.Snapshot(ctx, "clean"), s.Restore(ctx, "clean")); err != nil {
			return err
		}
	}
}

// A driver that is killed while it copies, starts, resets or destroys leaves
// nothing that Destroy does not find by the machine's record and mark, and its
// template is whole.
func TestDriverKilled(t *testing.T) {
	t.Parallel()
	p, tmpl := live(t)
	ring, err := providers.NewKeyRing()
	require.NoError(t, err)
	for i, after := range []time.Duration{0, 100, 500, 1500, 4000} {
		kill(t, p, tmpl, ring.Keys, fmt.Sprintf("benchtest-crash-%d-%d", os.Getpid(), i), "cloning\n", after*time.Millisecond)
	}
	kill(t, p, tmpl, ring.Keys, fmt.Sprintf("benchtest-crash-%d-cloned", os.Getpid()), "cloning\ncloned\n", 700*time.Millisecond)
	require.NoError(t, p.Build(t.Context(), tmpl), "the template is whole")
	_, sb := clone(t, p, tmpl, fmt.Sprintf("benchtest-crash-%d-after", os.Getpid()))
	run(t, sb, "true")
}

// What serves a machine's directories goes with it, and the directories stay.
func TestDriverKilled_mounts(t *testing.T) {
	t.Parallel()
	p, tmpl := integrated(t)
	if _, err := lima.FindVirtiofsd(); err != nil {
		t.Skip(err)
	}
	ring, err := providers.NewKeyRing()
	require.NoError(t, err)
	dir := ownDir(t)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), []byte("theirs"), 0o600))
	tmpl.Lima.Mounts = []providers.Mount{{Host: dir, Writable: true}}
	for i, after := range []time.Duration{1, 2, 4, 8} { // it copies, serves, boots
		kill(t, p, tmpl, ring.Keys, fmt.Sprintf("benchtest-crash-%d-mounts-%d", os.Getpid(), i), "cloning\n", after*time.Second)
		require.Eventually(t, func() bool { return len(orphans(t)) == 0 }, 10*time.Second, 100*time.Millisecond, "%v", orphans(t))
	}
	got, err := os.ReadFile(filepath.Join(dir, "file"))
	require.NoError(t, err)
	assert.Equal(t, "theirs", string(got))
}

// orphans are the programs that serve a machine which is no more.
func orphans(t *testing.T) (list []string) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	require.NoError(t, err)
	for _, name := range files {
		b, _ := os.ReadFile(name) // some have ended since
		for word := range strings.SplitSeq(string(b), "\x00") {
			socket, found := strings.CutPrefix(word, "--socket-path="+filepath.Join(testHome(t), "lima")+"/")
			if _, err := os.Stat(filepath.Join(testHome(t), "lima", filepath.Dir(socket))); found && err != nil {
				list = append(list, strings.ReplaceAll(string(b), "\x00", " "))
			}
		}
	}
	return list
}

// kill kills a driver some time after it has said so much, and cleans up after
// it as purge does.
func kill(t *testing.T, p provider, tmpl providers.Template, keys providers.Keys, id, said string, after time.Duration) {
	t.Helper()
	spec, err := json.Marshal(crashSpec{Home: testHome(t), ID: id, Keys: keys, Template: crashTemplate{
		Name: tmpl.Name, Digest: tmpl.Digest, VCPU: tmpl.VCPU, MemoryMiB: tmpl.MemoryMiB, DiskMiB: tmpl.DiskMiB, Lima: tmpl.Lima,
	}})
	require.NoError(t, err)
	driver := exec.CommandContext(t.Context(), "/proc/self/exe")
	driver.Env = append(os.Environ(), cloneAndWait+"="+string(spec))
	driver.Stderr = os.Stderr
	stdout, err := driver.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, driver.Start())
	_, err = io.ReadFull(stdout, make([]byte, len(said)))
	require.NoError(t, err)
	<-time.After(after) // the moment of death is what is tried
	require.NoError(t, driver.Process.Kill())
	_ = driver.Wait()

	m, err := p.Open(t.Context(), id)
	if !errors.Is(err, providers.ErrNotFound) {
		require.NoError(t, err)
		require.NoError(t, m.Destroy(t.Context()))
	}
	_, err = p.Open(t.Context(), id)
	require.ErrorIs(t, err, providers.ErrNotFound)
	infos, err := p.List(t.Context())
	require.NoError(t, err)
	known := 0
	for _, info := range infos {
		assert.NotEqual(t, id, info.ID)
		if info.Kind != providers.KindNetwork {
			known++
		}
	}
	instances, err := filepath.Glob(filepath.Join(testHome(t), "lima", "benchtest-*"))
	require.NoError(t, err)
	assert.LessOrEqual(t, len(instances), known, "instances without a record: %s", strings.Join(instances, " "))
}
