package bastion_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers/bastion"
	"github.com/benchtest-dev/benchtest/providers/bastion/bastiontest"
)

func TestConfigThatCannotBeServed(t *testing.T) {
	t.Parallel()
	guest := bastiontest.Start(t)
	up := bastion.Upstream{Machine: guest, Access: guest.Access()}
	good := bastion.Config{Dir: t.TempDir(), Binary: "/bin/true", Hosts: map[string]bastion.Upstream{"web1": up}}
	for _, tt := range []struct {
		name, want string
		change     func(*bastion.Config)
	}{
		{"no hosts", "no hosts", func(c *bastion.Config) { c.Hosts = nil }},
		{"relative directory", `"x" is not an absolute path`, func(c *bastion.Config) { c.Dir = "x" }},
		{"no binary", `binary "" is not an absolute path`, func(c *bastion.Config) { c.Binary = "" }},
		{"quote in a path", "quotes", func(c *bastion.Config) { c.Dir = `/tmp/a"b` }},
		{"variable in a path", "${", func(c *bastion.Config) { c.Dir = "/tmp/${HOME}" }},
		{"pattern as a host", `host name "web*"`, func(c *bastion.Config) { c.Hosts = map[string]bastion.Upstream{"web*": up} }},
		{"path as a host", `host name "a/b"`, func(c *bastion.Config) { c.Hosts = map[string]bastion.Upstream{"a/b": up} }},
		{"no machine", "must be set", func(c *bastion.Config) { c.Hosts = map[string]bastion.Upstream{"web1": {Machine: up.Machine}} }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := good
			tt.change(&c)
			_, err := bastion.Start(t.Context(), c)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestFilesArePrivate(t *testing.T) {
	t.Parallel()
	for _, owner := range []*bastion.Owner{nil, {UID: os.Getuid(), GID: os.Getgid()}} {
		w := start(t, func(c *bastion.Config) { c.Owner = owner })
		dir := filepath.Dir(w.SSHConfigPath())
		wantDir := os.FileMode(0o700)
		if owner != nil {
			wantDir = 0o711
		}
		for path, want := range map[string]os.FileMode{
			dir:                               wantDir,
			filepath.Join(dir, "id_ed25519"):  0o600,
			filepath.Join(dir, "known_hosts"): 0o644,
			w.Socket():                        0o600,
		} {
			info, err := os.Stat(path)
			require.NoError(t, err)
			assert.Equal(t, want, info.Mode().Perm(), path)
		}
	}
}

// What OpenSSH makes of the configuration, for each host apart.
func TestSSHConfigIsReadAsMeant(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("ssh"); err != nil {
		t.Skip("ssh is not installed: apt-get install openssh-client")
	}
	guest := bastiontest.Start(t)
	up := bastion.Upstream{Machine: guest, Access: guest.Access()}
	w := start(t, func(c *bastion.Config) { c.Hosts = map[string]bastion.Upstream{"web1": up, "db-1.example": up} })
	for _, host := range []string{"web1", "db-1.example"} {
		out, err := exec.CommandContext(t.Context(), "ssh", "-G", "-F", w.SSHConfigPath(), host).Output()
		require.NoError(t, err)
		for _, want := range []string{
			"user agent", "hostkeyalias " + host, "stricthostkeychecking true", "batchmode yes", "controlmaster false",
			"forwardagent no", "identitiesonly yes", "loglevel ERROR", "updatehostkeys false",
			"userknownhostsfile " + filepath.Join(filepath.Dir(w.SSHConfigPath()), "known_hosts"),
		} {
			assert.Contains(t, strings.Split(string(out), "\n"), want)
		}
		assert.Contains(t, string(out), w.Socket()+"/"+host)
	}
}
