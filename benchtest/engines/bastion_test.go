package engines_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/engines"
	"github.com/benchtest-dev/benchtest/benchtest/engines/enginetest"
	"github.com/benchtest-dev/benchtest/benchtest/rules"
	"github.com/benchtest-dev/benchtest/benchtest/scenario"
	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/bastion"
	"github.com/benchtest-dev/benchtest/providers/bastion/bastiontest"
)

// The test binary is the ProxyCommand of the bastion.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 {
		if arg, ok := strings.CutPrefix(os.Args[1], "-benchtest.dial="); ok {
			if err := bastion.DialMain(arg, os.Stdin, os.Stdout); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(0)
		}
	}
	os.Exit(m.Run())
}

// behindBastion makes work on the host web1 as an attempt does: a guest, the
// bastion before it, and a Sandbox through the bastion.
func behindBastion(t *testing.T) (*enginetest.Desk, *bastion.Bastion) {
	t.Helper()
	binary, err := os.Executable()
	require.NoError(t, err)
	guest := bastiontest.Start(t)
	b, err := bastion.Start(t.Context(), bastion.Config{
		Dir: filepath.Join(t.TempDir(), "ssh"), Binary: binary, Log: t.Output(),
		Hosts: map[string]bastion.Upstream{"web1": {Machine: guest, Access: guest.Access()}},
	})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, b.Close()) })
	sandbox := providers.NewSandbox(b.Machine("web1"), "web1", b.Access(), providers.SandboxOptions{})
	t.Cleanup(func() { assert.NoError(t, sandbox.Close()) })
	d := enginetest.NewDesk(t, "", "web1")
	d.Work.SSHConfig = b.SSHConfigPath()
	d.Work.Sandboxes["web1"] = sandbox
	return d, b
}

func TestSolver_overSSH(t *testing.T) {
	t.Parallel()
	d, b := behindBastion(t)
	solve(d, map[string]string{"solve.sh": "set -e\ncat files/page\necho \"$BENCHTEST_HOST\"\n", "files/page": "hello\n"})
	j, err := engines.Solver{}.Work(t.Context(), d.Work)
	require.NoError(t, err)
	require.Equal(t, rules.Success, j.Resolution, d.Log.String())
	assert.Equal(t, "hello\nweb1", j.Tasks[0].Summary)
	assert.Equal(t, []string{"web1: cat files/page", "web1: echo web1"}, lines(d.Observed()))
	assert.NotEmpty(t, b.Commands(), "the bastion saw it too")
}

func TestSolver_playbook(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("three runs of ansible-playbook take seconds: run without -short")
	}
	for program, remedy := range map[string]string{"ansible-playbook": "ansible-core", "ssh": "openssh-client", "/usr/bin/python3": "python3"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed: apt-get install %s", program, remedy)
		}
	}
	const good = `
- hosts: all
  gather_facts: false
  tasks:
    - {name: put the page back, ansible.builtin.copy: {src: page, dest: PATH}}
    - {name: not now, ansible.builtin.command: "false", when: false}
`
	const bad = good + `
    - {name: check, ansible.builtin.command: ls /nonexistent}
`
	for _, tt := range []struct {
		name, playbook string
		want           rules.Resolution
		summary        string
		observed       []string
	}{
		{"good", good, rules.Success, "solve.yml ran to its end", []string{"copy dest=PATH src="}},
		{"bad", bad, rules.AgenticFailure, "check on web1", []string{"copy dest=PATH src=", "ls /nonexistent"}},
		{"no playbook", "- hosts: [", rules.HardFailure, "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d, _ := behindBastion(t)
			dest := filepath.Join(t.TempDir(), "page")
			d.Work.Solve = scenario.Step{Playbook: "solve.yml"}
			d.Work.Solution = fstest.MapFS{
				"solve.yml":  {Data: []byte(strings.ReplaceAll(tt.playbook, "PATH", dest))},
				"files/page": {Data: []byte("hello\n")},
			}
			j, err := engines.Solver{}.Work(t.Context(), d.Work)
			require.NoError(t, err)
			assert.Equal(t, tt.want, j.Resolution, d.Log.String())
			assert.Contains(t, j.Tasks[0].Summary, tt.summary)
			observed := d.Observed()
			require.Len(t, observed, len(tt.observed))
			for i, c := range observed {
				assert.True(t, strings.HasPrefix(c.String(), strings.ReplaceAll(tt.observed[i], "PATH", dest)), c.String())
				assert.Equal(t, rules.Observed, c.Evidence)
			}
			if tt.want != rules.HardFailure {
				assert.FileExists(t, dest)
			}
		})
	}
}
