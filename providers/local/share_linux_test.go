package local_test

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers"
)

// someone is an ordinary user of this machine.
const someone = 1000

// share is a directory of someone's, with a file that only they may read.
func share(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "a project")
	require.NoError(t, os.Mkdir(dir, 0o755))
	file := filepath.Join(dir, "mine")
	require.NoError(t, os.WriteFile(file, []byte("mine\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "roots"), nil, 0o600))
	require.NoError(t, os.Chown(dir, someone, someone))
	require.NoError(t, os.Chown(file, someone, someone))
	return dir
}

func ownerOf(t *testing.T, path string) int {
	t.Helper()
	info, err := os.Lstat(path)
	require.NoError(t, err)
	return int(info.Sys().(*syscall.Stat_t).Uid)
}

// sharing makes a machine that sees these directories.
func sharing(t *testing.T, p provider, id string, mounts ...providers.Mount) (providers.Machine, *providers.Sandbox) {
	t.Helper()
	_, tmpl := live(t)
	ring, err := providers.NewKeyRing()
	require.NoError(t, err)
	m, err := p.Clone(t.Context(), providers.CloneSpec{ID: id, Template: tmpl, HostName: "h", Keys: ring.Keys, Mounts: mounts})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Destroy(context.WithoutCancel(t.Context()))) })
	return m, shell(t, m, "h", ring)
}

// status is a command's exit status, as the guest's agent.
func status(t *testing.T, s *providers.Sandbox, argv ...string) int {
	t.Helper()
	r, err := s.Exec(t.Context(), providers.Command{Argv: append([]string{"runuser", "-u", "agent", "--"}, argv...)})
	require.NoError(t, err)
	return r.ExitStatus
}

//nolint:tparallel // its subtests share one machine
func TestShare(t *testing.T) {
	t.Parallel()
	rootOnly(t)
	const id = "benchtest-share-both" // no other machine's name begins so
	p := own(t)
	dir, fixed := share(t), share(t)
	m, s := sharing(t, p, id, providers.Mount{Host: dir, Writable: true}, providers.Mount{Host: fixed})

	t.Run("what is the owner's is the agent's", func(t *testing.T) {
		assert.Zero(t, status(t, s, "cat", dir+"/mine"))
		assert.Zero(t, status(t, s, "touch", dir+"/agents"))
		assert.Equal(t, someone, ownerOf(t, dir+"/agents"))
		assert.Equal(t, "agent", run(t, s, "stat", "-c", "%U", dir+"/mine"))
	})
	t.Run("what is root's is nobody's", func(t *testing.T) {
		assert.NotZero(t, status(t, s, "cat", dir+"/roots"))
		r, err := s.Exec(t.Context(), providers.Command{Argv: []string{"cat", dir + "/roots"}})
		require.NoError(t, err)
		assert.NotZero(t, r.ExitStatus, "for root there too")
		run(t, s, "touch", dir+"/guests")
		assert.Equal(t, 0x6fff0000, ownerOf(t, dir+"/guests"), "an ID that nobody has here")
	})
	t.Run("what is not writable stays so", func(t *testing.T) {
		for _, argv := range [][]string{
			{"touch", fixed + "/new"},
			{"rm", fixed + "/mine"},
			{"umount", fixed},
			{"mount", "-o", "remount,rw", fixed},
			{"mount", "-o", "remount,bind,rw", fixed},
			{"mount", "-o", "remount,bind,suid", dir},
		} {
			r, err := s.Exec(t.Context(), providers.Command{Argv: argv})
			require.NoError(t, err)
			assert.NotZero(t, r.ExitStatus, "%v", argv)
		}
	})
	t.Run("across reboots and restarts", func(t *testing.T) {
		require.NoError(t, m.(providers.Rebooter).Reboot(t.Context()))
		waitReady(t, s)
		assert.Zero(t, status(t, s, "cat", dir+"/mine"))
		run(t, s, "sync") // what is not on the disk is lost with the power
		restartHost(t, id)
		require.NoError(t, m.(providers.Starter).Start(t.Context()))
		waitReady(t, s)
		assert.Zero(t, status(t, s, "cat", fixed+"/mine"))
		assert.NotZero(t, status(t, s, "touch", fixed+"/new"))
	})
	require.NoError(t, s.Close())
	require.NoError(t, m.Destroy(t.Context()))
	assertGone(t, p, id)
	assert.FileExists(t, dir+"/mine", "what was shared is still there")
}

// A directory that is gone keeps the machine from starting, and says how to go on.
func TestShare_gone(t *testing.T) {
	t.Parallel()
	rootOnly(t)
	dir := share(t)
	m, s := sharing(t, own(t), "benchtest-share-gone", providers.Mount{Host: dir})
	on := m.(providers.Starter)
	require.NoError(t, on.Stop(t.Context()))
	require.NoError(t, os.RemoveAll(dir))
	require.ErrorContains(t, on.Start(t.Context()), "mount "+dir+": no such file or directory")
	require.NoError(t, m.(providers.Remounter).Remount(t.Context(), nil))
	require.NoError(t, on.Start(t.Context()))
	waitReady(t, s)
}

//nolint:tparallel // its subtests are of one ID
func TestShare_refused(t *testing.T) {
	t.Parallel()
	rootOnly(t)
	p, tmpl := live(t)
	ring, err := providers.NewKeyRing()
	require.NoError(t, err)
	dir, roots := share(t), t.TempDir()
	link := filepath.Join(roots, "link")
	require.NoError(t, os.Symlink(dir, link))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "sub"), 0o755))
	for _, tt := range []struct {
		name   string
		mounts []providers.Mount
		want   string
	}{
		{"a link", []providers.Mount{{Host: link}}, "goes through a symbolic link: name the directory itself, " + dir},
		{"below a link", []providers.Mount{{Host: link + "/sub"}}, "name the directory itself, " + dir + "/sub"},
		{"a file", []providers.Mount{{Host: dir + "/mine"}}, "not a directory"},
		{"none", []providers.Mount{{Host: dir + "/nosuch"}}, "no such file or directory"},
		{"everything", []providers.Mount{{Host: "/"}}, "and not /"},
		{"relative", []providers.Mount{{Host: "project"}}, "absolute paths"},
		{"root's, to write", []providers.Mount{{Host: roots, Writable: true}}, "it is root's, and no guest writes there"},
		{"over the guest's own", []providers.Mount{{Host: dir, Guest: "/etc"}}, "the guest has files of its own at /etc"},
		{"where it would be hidden", []providers.Mount{{Host: dir, Guest: "/run/project"}}, "the guest has its own /run"},
		{"one in another", []providers.Mount{{Host: dir}, {Host: dir + "/sub"}}, "it overlaps the mount at " + dir},
		{"no ID mapping", []providers.Mount{{Host: "/proc/sys", Guest: "/mnt"}}, "maps no IDs with this kernel"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			const id = "benchtest-share-refused"
			_, err := p.Clone(t.Context(), providers.CloneSpec{ID: id, Template: tmpl, Keys: ring.Keys, Mounts: tt.mounts})
			require.ErrorContains(t, err, tt.want)
			assertGone(t, p, id)
		})
	}
}
