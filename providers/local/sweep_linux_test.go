package local_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/local"
)

// buildAndTell, set to a buildSpec, makes of this binary a driver that builds a
// template, says each step, and waits for a word before it goes on.
const buildAndTell = "LOCAL_TEST_BUILD_AND_TELL"

type buildSpec struct{ Home, Provision string }

func (s buildSpec) template() providers.Template {
	base := baseTemplate()
	files := fstest.MapFS{"provision.sh": {Data: []byte(s.Provision)}}
	return template(providers.Template{Name: "test-swept", Base: &base, Provision: "provision.sh", VCPU: 1, MemoryMiB: 512, DiskMiB: 512}, files)
}

func buildUntilKilled(text string) {
	var spec buildSpec
	err := json.Unmarshal([]byte(text), &spec)
	if err == nil {
		var p providers.Provider
		if p, err = local.New(providers.Options{Home: spec.Home, Run: "swept"}); err == nil {
			tmpl := spec.template()
			tmpl.Progress = func(step string) { _, _ = fmt.Fprintln(os.Stdout, step) }
			err = p.Build(context.Background(), tmpl)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// A build whose maker was killed is swept, with the guest it ran in; one whose
// maker lives is not.
func TestSweep(t *testing.T) { // not parallel: what other tests leave unfinished is theirs
	rootOnly(t) // another user's driver only asks a helper
	p, _ := live(t)
	spec := buildSpec{Home: testHome(t), Provision: "#!/bin/sh\nsleep 60\n"}
	tmpl := spec.template()
	t.Cleanup(func() { require.NoError(t, p.DeleteTemplate(context.Background(), tmpl.BuildName())) })
	text, err := json.Marshal(spec)
	require.NoError(t, err)
	driver := exec.CommandContext(t.Context(), "/proc/self/exe")
	driver.Env = append(os.Environ(), buildAndTell+"="+string(text))
	driver.Stderr = os.Stderr
	out, err := driver.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, driver.Start())
	steps := bufio.NewScanner(out)
	for steps.Scan() && !strings.HasPrefix(steps.Text(), "provisioning") {
	}
	require.NoError(t, steps.Err())
	go func() { _, _ = io.Copy(io.Discard, out) }()

	sweeper := p.(interface {
		Sweep(ctx context.Context) ([]string, error)
	})
	swept, err := sweeper.Sweep(t.Context())
	require.NoError(t, err)
	assert.NotContains(t, swept, tmpl.BuildName(), "its maker lives")
	assert.Equal(t, "broken", stateOf(t, p, tmpl.BuildName()), "it is being built")

	require.NoError(t, driver.Process.Kill())
	_ = driver.Wait() // "signal: killed"
	swept, err = sweeper.Sweep(t.Context())
	require.NoError(t, err)
	assert.Contains(t, swept, tmpl.BuildName())
	assert.Empty(t, stateOf(t, p, tmpl.BuildName()))
	assertNoBuildMachine(t, tmpl)
	swept, err = sweeper.Sweep(t.Context())
	require.NoError(t, err)
	assert.NotContains(t, swept, tmpl.BuildName())
}
