//go:build linux

package collect

import (
	"crypto/md5"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

func md5Line(name, text string) string { return fmt.Sprintf("%x  %s\n", md5.Sum([]byte(text)), name) }

// layered is a guest of two template layers and an upper one.
func layered(t *testing.T, upper map[string]string) (*Env, string) {
	t.Helper()
	base := tree(t, map[string]string{
		"bin":                                 "->usr/bin",
		"usr/bin/ls":                          "ls",
		"usr/sbin/cron":                       "cron",
		"usr/share/doc/cron/copyright":        "free",
		"var/lib/dpkg/info/coreutils.md5sums": md5Line("bin/ls", "ls"),
		"var/lib/dpkg/info/cron.md5sums":      md5Line("usr/sbin/cron", "cron") + md5Line("usr/share/doc/cron/copyright", "free"),
	})
	layer := tree(t, map[string]string{
		"usr/sbin/nginx": "nginx", "etc/nginx/nginx.conf": "conf",
		"var/lib/dpkg/info/nginx:amd64.md5sums": md5Line("usr/sbin/nginx", "nginx"),
	})
	top := tree(t, upper)
	e := testEnv(t, map[string]string{}, nil)
	var err error
	e.Layers, err = Layers{Upper: top, Lower: []string{layer, base}}.open()
	require.NoError(t, err)
	return e, top
}

func changedIn(t *testing.T, e *Env, req facts.Request) []any {
	t.Helper()
	req.Queries = []facts.Query{{Noun: facts.NounIntegrity, Subject: facts.SubjectPackages}}
	fact := Run(t.Context(), e, req).Facts[0]
	require.Empty(t, fact.Error)
	return fact.Attrs["changed"].([]any)
}

func TestIntegrityOfLayers(t *testing.T) {
	t.Parallel()
	fakeMD5 := fmt.Sprintf("%x", md5.Sum([]byte("fake")))
	for _, c := range []struct {
		name  string
		upper map[string]string
		want  []any
	}{
		{"nothing", nil, list()},
		{"what no package owns", map[string]string{"usr/local/bin/nginx": "fake", "etc/nginx/nginx.conf": "mine", "usr/bin/mine": "x"}, list()},
		{"a program", map[string]string{"usr/sbin/nginx": "fake"}, list("nginx /usr/sbin/nginx: " + fakeMD5)},
		{"by its merged name", map[string]string{"usr/bin/ls": "fake"}, list("coreutils /usr/bin/ls: " + fakeMD5)},
		{"written again as it was", map[string]string{"usr/sbin/nginx": "nginx"}, list()},
		{"a symlink in its place", map[string]string{"usr/sbin/nginx": "->/bin/true"}, list("nginx /usr/sbin/nginx: symlink")},
		{"a directory in its place", map[string]string{"usr/sbin/nginx/": ""}, list("nginx /usr/sbin/nginx: directory")},
		{"a file in a directory's place", map[string]string{"usr/share/doc/cron": "x"}, list("cron /usr/share/doc/cron/copyright: gone")},
		{"digests that fit the fake", map[string]string{
			"usr/sbin/nginx": "fake", "var/lib/dpkg/info/nginx:amd64.md5sums": md5Line("usr/sbin/nginx", "fake"),
		}, list("nginx /usr/sbin/nginx: " + fakeMD5)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e, _ := layered(t, c.upper)
			assert.Equal(t, c.want, changedIn(t, e, facts.Request{}))
		})
	}
}

// TestIntegritySeesWhatIsPreloaded: no package has the list, and all need it to
// be as it was.
func TestIntegritySeesWhatIsPreloaded(t *testing.T) {
	t.Parallel()
	e, _ := layered(t, nil)
	e.Root.Close()
	var err error
	e.Root, err = OpenRoot(tree(t, map[string]string{"etc/ld.so.preload": "/opt/x.so"}))
	require.NoError(t, err)
	at := func(healthy time.Time) facts.Request {
		return facts.Request{Times: map[facts.Checkpoint]time.Time{facts.Healthy: healthy}}
	}
	assert.Equal(t, list("libc6 /etc/ld.so.preload: it is new, and every program loads what it says"), changedIn(t, e, at(time.Now().Add(-time.Minute))))
	assert.Equal(t, list(), changedIn(t, e, at(time.Now().Add(time.Minute))), "it was there at healthy")
	assert.Equal(t, list(), changedIn(t, e, facts.Request{}), "this is healthy")
}

func TestIntegritySeesWhatIsGone(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("whiteouts are device files: run the tests as root")
	}
	e, top := layered(t, map[string]string{"usr/sbin/": "", "usr/share/": ""})
	for _, name := range []string{"usr/sbin/cron", "usr/share/doc"} {
		if err := unix.Mknod(filepath.Join(top, name), unix.S_IFCHR, 0); err != nil {
			t.Skipf("no device files on this file system (%v): set TMPDIR to another one", err)
		}
	}
	assert.Equal(t, list("cron /usr/sbin/cron: gone", "cron /usr/share/doc/cron/copyright: gone"), changedIn(t, e, facts.Request{}))
}

func TestIntegrityByTime(t *testing.T) {
	t.Parallel()
	top := tree(t, map[string]string{
		"usr/sbin/nginx": "fake", "usr/sbin/cron": "cron",
		"var/lib/dpkg/info/nginx.md5sums": md5Line("usr/sbin/nginx", "nginx"),
		"var/lib/dpkg/info/cron.md5sums":  md5Line("usr/sbin/cron", "cron") + md5Line("usr/share/gone", "x"),
	})
	e := testEnv(t, nil, nil)
	e.Root.Close()
	var err error
	e.Root, err = OpenRoot(top)
	require.NoError(t, err)
	since := func(d time.Duration) facts.Request {
		return facts.Request{Times: map[facts.Checkpoint]time.Time{facts.Healthy: time.Now().Add(d)}}
	}
	assert.Equal(t, list(), changedIn(t, e, facts.Request{}), "the healthy machine is as it is")
	assert.Equal(t, list("cron /usr/share/gone: gone"), changedIn(t, e, since(time.Hour)), "nothing was touched since")
	assert.Equal(t, list("cron /usr/share/gone: gone", fmt.Sprintf("nginx /usr/sbin/nginx: %x", md5.Sum([]byte("fake")))), changedIn(t, e, since(-time.Hour)))
}

func TestIntegrityNeedsDigests(t *testing.T) {
	t.Parallel()
	e := testEnv(t, map[string]string{"etc/alpine-release": "3"}, nil)
	assert.Contains(t, askOne(t, e, facts.Query{Noun: facts.NounIntegrity, Subject: facts.SubjectPackages}).Error, "no dpkg database")
	assert.Contains(t, askOne(t, e, facts.Query{Noun: facts.NounIntegrity, Subject: "x"}).Error, "unknown subject")
}
