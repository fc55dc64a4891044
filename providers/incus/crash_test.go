package incus_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/incus"
)

// crashEnv, set to a crashSpec, makes of this binary a driver that does one
// thing and then waits until it is killed.
const crashEnv = "INCUS_TEST_CRASH"

type crashSpec struct {
	Home, ID, Do string
	Keys         providers.Keys
}

func crash(text string) {
	var spec crashSpec
	err := json.Unmarshal([]byte(text), &spec)
	if err == nil {
		err = spec.run(context.Background())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// run journals a machine as fixtures does, says that it begins, and does it.
func (s crashSpec) run(ctx context.Context) error {
	made, err := incus.New(providers.Options{Home: s.Home, Run: "crash"})
	if err != nil {
		return err
	}
	p := made.(provider)
	if s.Do == "build" {
		_, _ = io.WriteString(os.Stdout, "begun\n")
		return p.Build(ctx, crashTemplate(s.ID))
	}
	j, err := fixtures.OpenJournal(s.Home)
	if err != nil {
		return err
	}
	if _, err := j.Create(fixtures.Lease{ID: s.ID, Kind: fixtures.LeaseClone, Provider: "incus", Run: "crash"}); err != nil {
		return err
	}
	begun := func() { _, _ = io.WriteString(os.Stdout, "begun\n") }
	if s.Do == "clone" {
		begun()
	}
	m, err := p.Clone(ctx, providers.CloneSpec{ID: s.ID, Keys: s.Keys, Template: testTemplate()})
	if err != nil || s.Do == "clone" {
		return err
	}
	begun()
	switch s.Do {
	case "exec":
		for {
			if conn, err := m.Dial(ctx); err == nil {
				_ = conn.Close()
			}
		}
	case "snapshot":
		for {
			if err := m.(providers.Snapshotter).Snapshot(ctx, "s"); err != nil {
				return err
			}
		}
	case "delete":
		return m.Destroy(ctx)
	}
	return fmt.Errorf("%q is nothing that can be killed", s.Do)
}

// crashTemplate is a template whose build takes a few seconds and which nobody
// else builds.
func crashTemplate(id string) providers.Template {
	base := testTemplate()
	t := providers.Template{Name: "crash", Base: &base, VCPU: 1, MemoryMiB: 512, DiskMiB: 1024}
	t.Digest = fmt.Sprintf("%x", id)
	t.Digest = t.Digest[len(t.Digest)-8:]
	return t
}

// TestDriverKilled: after a kill at any instant of anything, purge leaves
// nothing, and the templates are whole.
func TestDriverKilled(t *testing.T) { //nolint:tparallel // one step after the other: each purges the one home
	t.Parallel()
	p, tmpl := live(t)
	home := t.TempDir()
	ring, err := providers.NewKeyRing()
	require.NoError(t, err)
	steps := []struct {
		do    string
		after []time.Duration
	}{
		{"build", []time.Duration{50, 300, 900, 2000}},
		{"clone", []time.Duration{0, 20, 60, 100, 150, 200, 300, 500}},
		{"exec", []time.Duration{0, 100}},
		{"snapshot", []time.Duration{10, 80, 200}},
		{"delete", []time.Duration{0, 50, 200, 500}},
	}
	for _, step := range steps {
		t.Run(step.do, func(t *testing.T) {
			for i, after := range step.after {
				id := fmt.Sprintf("benchtest-crash-%d-%s%d", os.Getpid(), step.do, i)
				kill(t, crashSpec{Home: home, ID: id, Do: step.do, Keys: ring.Keys}, after*time.Millisecond)
				purge(t, home)
				assertNothingOf(t, home, id)
				if step.do == "build" {
					assert.NoError(t, p.DeleteTemplate(t.Context(), crashTemplate(id).BuildName()))
				}
			}
		})
	}
	m, err := p.Clone(t.Context(), providers.CloneSpec{ID: fmt.Sprintf("benchtest-crash-%d-whole", os.Getpid()), Template: tmpl, Keys: ring.Keys})
	require.NoError(t, err, "the template is whole")
	require.NoError(t, m.Destroy(t.Context()))
}

// kill starts a driver and kills it some time after it has begun.
func kill(t *testing.T, spec crashSpec, after time.Duration) {
	t.Helper()
	text, err := json.Marshal(spec)
	require.NoError(t, err)
	driver := exec.CommandContext(t.Context(), "/proc/self/exe")
	driver.Env = append(os.Environ(), crashEnv+"="+string(text))
	driver.Stderr = os.Stderr
	stdin, err := driver.StdinPipe()
	require.NoError(t, err)
	stdout, err := driver.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, driver.Start())
	_, err = io.ReadFull(stdout, make([]byte, len("begun\n")))
	require.NoError(t, err)
	<-time.After(after) // the moment of death is what is tried
	require.NoError(t, driver.Process.Kill())
	_ = driver.Wait()
	_ = stdin.Close()
}

func purge(t *testing.T, home string) {
	t.Helper()
	j, err := fixtures.OpenJournal(home)
	require.NoError(t, err)
	_, err = fixtures.Purge(t.Context(), j, func(string) (providers.Provider, error) {
		return incus.New(providers.Options{Home: home})
	}, fixtures.PurgeOptions{Providers: []string{"incus"}, LockDir: home})
	require.NoError(t, err)
}

// assertNothingOf looks for what is not a whole template.
func assertNothingOf(t *testing.T, home, id string) {
	t.Helper()
	p, err := incus.New(providers.Options{Home: home})
	require.NoError(t, err)
	all, err := p.List(t.Context())
	require.NoError(t, err)
	for _, info := range all {
		assert.Equal(t, providers.KindTemplate, info.Kind, "%s is left", info.ID)
		assert.Equal(t, "complete", info.State, info.ID)
	}
	_, err = p.Open(t.Context(), id)
	assert.ErrorIs(t, err, providers.ErrNotFound)
}
