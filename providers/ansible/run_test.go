package ansible_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/benchtest-dev/benchtest/providers/ansible"
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
	goleak.VerifyTestMain(m)
}

// hosts is a bastion with guests behind it.
type hosts struct {
	*bastion.Bastion
	guests map[string]*bastiontest.Guest
}

func start(t *testing.T, names ...string) hosts {
	t.Helper()
	for program, remedy := range map[string]string{"ansible-playbook": "ansible-core", "ssh": "openssh-client", "/usr/bin/python3": "python3"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed: apt-get install %s", program, remedy)
		}
	}
	binary, err := os.Executable()
	require.NoError(t, err)
	h := hosts{guests: map[string]*bastiontest.Guest{}}
	c := bastion.Config{
		Dir: filepath.Join(t.TempDir(), "a dir"), Binary: binary, User: "root",
		Hosts: map[string]bastion.Upstream{}, Log: t.Output(),
		Limits: bastion.Limits{Dial: time.Second},
	}
	for _, n := range names {
		g := bastiontest.Start(t)
		h.guests[n] = g
		c.Hosts[n] = bastion.Upstream{Machine: g, Access: g.Access()}
	}
	h.Bastion, err = bastion.Start(t.Context(), c)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, h.Close()) })
	return h
}

func (h hosts) play(playbook string) ansible.Play {
	p := ansible.Play{
		Playbook: "play.yml", User: "root", SSHConfig: h.SSHConfigPath(), Limit: time.Minute,
		Files: fstest.MapFS{
			"play.yml":         {Data: []byte(playbook)},
			"files/motd":       {Data: []byte("hello from files\n")},
			"templates/who.j2": {Data: []byte("{{ inventory_hostname }} {{ colour }}\n")},
		},
	}
	for n := range h.guests {
		p.Hosts = append(p.Hosts, n)
	}
	return p
}

func run(t *testing.T, p ansible.Play) ansible.Report {
	t.Helper()
	r, err := ansible.Run(t.Context(), p)
	require.NoError(t, err)
	if t.Failed() {
		t.Logf("%s", r.Output)
	}
	return r
}

func TestOneTask(t *testing.T) {
	t.Parallel()
	h := start(t, "web1")
	r := run(t, h.play(`
- hosts: all
  gather_facts: false
  tasks:
    - name: say hello
      ansible.builtin.command: echo hello world
`))
	require.Equal(t, 0, r.ExitCode, "%s", r.Output)
	t.Logf("one task: %s", r.Duration)
	assert.True(t, r.Complete)
	assert.Empty(t, r.NoHosts)
	assert.Empty(t, r.Failure())
	assert.Equal(t, map[string]ansible.Stats{"web1": {OK: 1, Changed: 1}}, r.Hosts)
	require.Len(t, r.Tasks, 1)
	task := r.Tasks[0]
	assert.Equal(t, "web1", task.Host)
	assert.Equal(t, "say hello", task.Task)
	assert.Equal(t, "ansible.builtin.command", task.Module)
	assert.Equal(t, []string{"echo", "hello", "world"}, task.Argv())
	assert.Equal(t, 0, *task.ExitStatus)
	assert.Equal(t, "hello world", task.Msg)
	assert.True(t, task.Changed)
	assert.False(t, task.Started.IsZero())
	assert.Contains(t, string(r.Output), "PLAY RECAP")
	assert.NotContains(t, string(r.Output), "\x1b", "no colours")
	assert.NotContains(t, string(r.Output), "WARNING")
	assert.Len(t, h.Commands(), 1, "one task is one command at the bastion")
}

func TestModulesFilesAndVariables(t *testing.T) {
	t.Parallel()
	h := start(t, "web1", "db1")
	p := h.play(`
- hosts: web
  tasks:
    - copy: {src: motd, dest: "{{ ansible_env.HOME }}/motd", mode: "0600"}
    - template: {src: who.j2, dest: "{{ ansible_env.HOME }}/who"}
    - file: {path: "{{ ansible_env.HOME }}/{{ item }}", state: directory}
      loop: [a, b]
      tags: [x]
    - debug: {msg: "{{ secret }}"}
      no_log: true
- hosts: db1
  gather_facts: false
  tasks:
    - shell: exit 3
      ignore_errors: true
    - command: {argv: [echo, "a b"]}
      when: colour == "red"
    - command: echo
      when: false
`)
	p.Groups = map[string][]string{"web": {"web1"}}
	p.ExtraVars = map[string]any{"colour": "red", "secret": "hunter2"}
	r := run(t, p)
	require.Equal(t, 0, r.ExitCode, "%s", r.Output)
	assert.Equal(t, map[string]ansible.Stats{
		"web1": {OK: 5, Changed: 3},
		"db1":  {OK: 2, Changed: 2, Skipped: 1, Ignored: 1},
	}, r.Hosts)
	home := h.guests["web1"].Home
	motd, err := os.ReadFile(filepath.Join(home, "motd"))
	require.NoError(t, err)
	assert.Equal(t, "hello from files\n", string(motd))
	who, err := os.ReadFile(filepath.Join(home, "who"))
	require.NoError(t, err)
	assert.Equal(t, "web1 red\n", string(who))
	assert.NoDirExists(t, filepath.Join(home, ".ansible"), "nothing of Ansible's stays in the guest")

	argv := map[string][]string{}
	for _, task := range r.Tasks {
		key := task.Host + " " + task.Module
		if task.Item != nil {
			key += fmt.Sprint(" ", task.Item)
		}
		argv[key] = task.Argv()
	}
	assert.Equal(t, []string{"copy", "dest=" + home + "/motd", "mode=0600", "src=motd"}, withoutLocal(argv["web1 ansible.builtin.copy"]))
	assert.Equal(t, []string{"file", "path=" + home + "/b", "state=directory"}, argv["web1 ansible.builtin.file b"])
	assert.Equal(t, []string{"debug"}, argv["web1 ansible.builtin.debug"])
	assert.Equal(t, []string{"sh", "-c", "exit 3"}, argv["db1 ansible.builtin.shell"])
	for _, task := range r.Tasks {
		assert.NotContains(t, fmt.Sprint(task), "hunter2")
	}
}

// withoutLocal replaces the path of copy's own staging by what was written.
func withoutLocal(argv []string) []string {
	for i, a := range argv {
		if strings.HasPrefix(a, "src=/") {
			argv[i] = "src=motd"
		}
	}
	return argv
}

func TestHowAPlaybookEnds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, playbook string
		exit           int
		complete       bool
		failure        string
		noHosts        []string
	}{
		{
			name: "a task fails", exit: 2, complete: true, failure: "check on web1: non-zero return code\nnot good",
			playbook: "- hosts: all\n  gather_facts: false\n  tasks:\n    - {name: check, shell: 'echo not good >&2; exit 1'}\n",
		},
		{
			name: "no host is meant", exit: 0, complete: true, noHosts: []string{"nobody"},
			playbook: "- hosts: nobody\n  tasks:\n    - command: id\n",
		},
		{name: "not a playbook", exit: 4, playbook: "- hosts: all\n  tasks: 5\n"},
		{name: "no such module", exit: 4, playbook: "- hosts: all\n  tasks:\n    - nonesuch: {}\n"},
		{name: "not YAML", exit: 4, playbook: "- hosts: [\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := run(t, start(t, "web1").play(tt.playbook))
			assert.Equal(t, tt.exit, r.ExitCode, "%s", r.Output)
			assert.Equal(t, tt.complete, r.Complete)
			assert.Equal(t, tt.failure, r.Failure())
			assert.Equal(t, tt.noHosts, r.NoHosts)
		})
	}
}

func TestUnreachableHost(t *testing.T) {
	t.Parallel()
	h := start(t, "web1")
	h.guests["web1"].SetDown(true)
	r := run(t, h.play("- hosts: all\n  gather_facts: false\n  tasks:\n    - command: id\n"))
	assert.Equal(t, 4, r.ExitCode, "%s", r.Output)
	assert.True(t, r.Complete)
	assert.Equal(t, 1, r.Hosts["web1"].Unreachable)
	assert.Contains(t, r.Failure(), "the guest is down")
}

// The user's own settings must not reach the run, nor the run the user's home.
func TestNothingOfTheUsers(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("ANSIBLE_STDOUT_CALLBACK", "nonesuch")
	t.Setenv("ANSIBLE_BECOME", "true")
	require.NoError(t, os.WriteFile(filepath.Join(home, ".ansible.cfg"), []byte("[defaults]\nremote_user = nobody\nforks = x\n"), 0o600))
	p := start(t, "web1").play("- hosts: all\n  remote_user: nobody\n  connection: local\n  gather_facts: false\n  tasks:\n    - command: id\n")
	p.Files.(fstest.MapFS)["ansible.cfg"] = &fstest.MapFile{Data: []byte("[defaults]\nforks = x\n")}
	r := run(t, p)
	require.Equal(t, 0, r.ExitCode, "%s", r.Output)
	entries, err := os.ReadDir(home)
	require.NoError(t, err)
	assert.Len(t, entries, 1)
}

func TestLimit(t *testing.T) {
	t.Parallel()
	h := start(t, "web1")
	p := h.play("- hosts: all\n  gather_facts: false\n  tasks:\n    - command: sleep 60\n")
	p.Limit = 2 * time.Second
	r := run(t, p)
	assert.True(t, r.TimedOut)
	assert.Equal(t, -1, r.ExitCode)
	assert.False(t, r.Complete)
	assert.Less(t, r.Duration, 8*time.Second)
	assert.Empty(t, processesWith(t, h.Socket()), "a connection outlived the run")
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	h := start(t, "web1")
	p := h.play("- hosts: all\n  gather_facts: false\n  tasks:\n    - command: sleep 60\n")
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for len(h.Commands()) == 0 && ctx.Err() == nil {
			<-time.After(10 * time.Millisecond)
		}
		cancel()
	}()
	_, err := ansible.Run(ctx, p)
	require.ErrorIs(t, err, context.Canceled)
	assert.Empty(t, processesWith(t, h.Socket()))
}

// processesWith names the processes whose command line holds text.
func processesWith(t *testing.T, text string) []string {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	require.NoError(t, err)
	var found []string
	for _, path := range lines {
		if b, err := os.ReadFile(path); err == nil && bytes.Contains(b, []byte(text)) {
			found = append(found, path)
		}
	}
	return found
}

func TestOutputIsBounded(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	p := start(t, "web1").play("- hosts: all\n  gather_facts: false\n  tasks:\n" +
		"    - {command: 'head -c 200000 /dev/zero', register: r}\n" +
		"    - debug: {msg: \"{{ 'x' * 200000 }}\"}\n")
	p.MaxOutput, p.Log = 4096, &log
	r := run(t, p)
	require.Equal(t, 0, r.ExitCode)
	assert.True(t, r.Truncated)
	assert.Len(t, r.Output, 4096)
	assert.Contains(t, string(r.Output), "PLAY RECAP")
	assert.Less(t, log.Len(), 8*4096+100)
	for _, task := range r.Tasks {
		assert.LessOrEqual(t, len(task.Msg), 8192)
	}
}

func TestFilesStayInTheirDirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "play.yml"), []byte("- hosts: all\n"), 0o600))
	require.NoError(t, os.Symlink("/etc/passwd", filepath.Join(dir, "leak")))
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	p := start(t, "web1").play("")
	p.Files = root.FS()
	_, err = ansible.Run(t.Context(), p)
	require.ErrorContains(t, err, "leak")
}

func TestPlayThatCannotBeRun(t *testing.T) {
	t.Parallel()
	good := ansible.Play{Playbook: "p.yml", Files: fstest.MapFS{}, Hosts: []string{"web1"}, SSHConfig: "/x", User: "root"}
	for _, tt := range []struct {
		name, want string
		change     func(*ansible.Play)
	}{
		{"nothing", "no playbook given", func(p *ansible.Play) { *p = ansible.Play{} }},
		{"path that leaves", "not a path in the scenario", func(p *ansible.Play) { p.Playbook = "../p.yml" }},
		{"option", "not a path in the scenario", func(p *ansible.Play) { p.Playbook = "--version" }},
		{"group of strangers", `group g: no host "web9"`, func(p *ansible.Play) { p.Groups = map[string][]string{"g": {"web9"}} }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := good
			tt.change(&p)
			_, err := ansible.Run(t.Context(), p)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestNotInstalled(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := ansible.Run(t.Context(), ansible.Play{Playbook: "p.yml", Files: fstest.MapFS{}, Hosts: []string{"web1"}, SSHConfig: "/x", User: "root"})
	require.ErrorIs(t, err, ansible.ErrNotInstalled)
	require.ErrorContains(t, err, "apt-get install ansible-core")
}
