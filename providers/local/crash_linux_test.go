package local_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/local"
)

// cloneAndWait, set to a crashSpec, makes of this binary a driver that clones
// one machine and then waits until it is killed.
const cloneAndWait = "LOCAL_TEST_CLONE_AND_WAIT"

type crashSpec struct {
	Home, ID, Template, Digest string
	Keys                       providers.Keys
}

func waitAfterClone(text string) {
	var spec crashSpec
	err := json.Unmarshal([]byte(text), &spec)
	if err == nil {
		var p providers.Provider
		if p, err = local.New(providers.Options{Home: spec.Home, Run: "crash"}); err == nil {
			_, _ = io.WriteString(os.Stdout, "cloning\n")
			_, err = p.Clone(context.Background(), providers.CloneSpec{
				ID: spec.ID, Keys: spec.Keys, Template: providers.Template{Name: spec.Template, Digest: spec.Digest, DiskMiB: 512},
			})
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func TestDriverKilled(t *testing.T) {
	t.Parallel()
	rootOnly(t) // another user's driver only asks a helper
	p, tmpl := live(t)
	ring, err := providers.NewKeyRing()
	require.NoError(t, err)
	// From before the machine's directory exists until after its guest runs.
	for i, after := range []time.Duration{0, 1, 3, 6, 10, 15, 20, 25, 30, 35, 40, 50, 60, 80, 120, 200} {
		// No ID is the beginning of another one, nor that of another run of this test.
		id := fmt.Sprintf("benchtest-crash-%d-%02d", os.Getpid(), i)
		spec, err := json.Marshal(crashSpec{Home: testHome(t), ID: id, Template: tmpl.Name, Digest: tmpl.Digest, Keys: ring.Keys})
		require.NoError(t, err)
		driver := exec.CommandContext(t.Context(), "/proc/self/exe")
		driver.Env = append(os.Environ(), cloneAndWait+"="+string(spec))
		driver.Stderr = os.Stderr
		stdin, err := driver.StdinPipe()
		require.NoError(t, err)
		stdout, err := driver.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, driver.Start())
		_, err = io.ReadFull(stdout, make([]byte, len("cloning\n")))
		require.NoError(t, err)
		<-time.After(after * time.Millisecond) // the moment of death is what is tried
		require.NoError(t, driver.Process.Kill())
		_ = driver.Wait()
		_ = stdin.Close()

		m, err := p.Open(t.Context(), id)
		if errors.Is(err, providers.ErrNotFound) {
			assertGone(t, p, id)
			continue
		}
		require.NoError(t, err)
		require.NoError(t, m.Destroy(t.Context()))
		assertGone(t, p, id)
		assert.NoDirExists(t, "/run/benchtest/.new-"+id)
	}
}
