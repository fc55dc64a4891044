//go:build linux

package collect

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"golang.org/x/sys/unix"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

const passwdFile = `root:x:0:0:root:/root:/bin/bash
# no line
broken:x:1
web:x:33:33:Web Server:/var/www:/usr/sbin/nologin
web:x:99:99:second:/:/bin/sh
`

const groupFile = `root:x:0:
adm:x:4:syslog,web
web:x:33:
docker:x:998:root,web
`

func TestUserAndGroup(t *testing.T) {
	t.Parallel()
	e := testEnv(t, map[string]string{"etc/passwd": passwdFile, "etc/group": groupFile}, nil)
	assert.Equal(t, map[string]any{
		"exists": true, "uid": 33.0, "gid": 33.0, "groups": list("adm", "docker", "web"),
		"home": "/var/www", "shell": "/usr/sbin/nologin",
	}, attrsOf(t, e, facts.Query{Noun: facts.NounUser, Subject: "web"}))
	assert.Equal(t, map[string]any{
		"exists": false, "uid": nil, "gid": nil, "groups": list(), "home": nil, "shell": nil,
	}, attrsOf(t, e, facts.Query{Noun: facts.NounUser, Subject: "broken"}))
	assert.Equal(t, map[string]any{"exists": true, "gid": 4.0},
		attrsOf(t, e, facts.Query{Noun: facts.NounGroup, Subject: "adm"}))
	assert.Equal(t, map[string]any{"exists": false, "gid": nil},
		attrsOf(t, e, facts.Query{Noun: facts.NounGroup, Subject: "nope"}))
}

const dpkgStatus = `Package: nginx
Status: install ok installed
Architecture: amd64
Version: 1.22.1-9+deb12u3
Description: a server
 Package: not-a-package

Package: libc6
Status: install ok installed
Architecture: amd64
Version: 2.36-9

Package: libc6
Status: install ok installed
Architecture: i386
Version: 2.36-8

Package: apache2
Status: deinstall ok config-files
Version: 2.4

Package: half
Status: install ok half-configured
Version: 1

Package: held
Status: hold ok installed
Version: 3
`

func TestPackage(t *testing.T) {
	t.Parallel()
	dpkg := map[string]string{"var/lib/dpkg/status": dpkgStatus}
	apk := map[string]string{"lib/apk/db/installed": "C:Q1\nP:nginx\nV:1.24.0-r1\nA:x86_64\n\nP:musl\nV:1.2\n"}
	tests := []struct {
		name     string
		root     map[string]string
		subject  string
		versions []any
	}{
		{"installed", dpkg, "nginx", list("1.22.1-9+deb12u3")},
		{"two architectures", dpkg, "libc6", list("2.36-8", "2.36-9")},
		{"removed, configuration left", dpkg, "apache2", list()},
		{"half configured", dpkg, "half", list()},
		{"on hold", dpkg, "held", list("3")},
		{"not there", dpkg, "not-a-package", list()},
		{"alpine", apk, "nginx", list("1.24.0-r1")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, map[string]any{"installed": len(tt.versions) > 0, "versions": tt.versions},
				attrsOf(t, testEnv(t, tt.root, nil), facts.Query{Noun: facts.NounPackage, Subject: tt.subject}))
		})
	}
	unknown := askOne(t, testEnv(t, map[string]string{}, nil), facts.Query{Noun: facts.NounPackage, Subject: "x"})
	assert.Contains(t, unknown.Error, "neither a dpkg nor an apk database")
}

func TestKernelParam(t *testing.T) {
	t.Parallel()
	e := testEnv(t, nil, map[string]string{
		"sys/net/ipv4/ip_forward":                "1\n",
		"sys/net/ipv4/tcp_rmem":                  "4096\t131072\t6291456\n",
		"sys/net/ipv4/conf/eth0.100/forwarding":  "0\n",
		"1/environ":                              "SECRET=x",
		"sys/kernel/core_pattern/not/a/file/at/": "",
	})
	tests := []struct {
		subject string
		want    any
	}{
		{"net.ipv4.ip_forward", "1"},
		{"net/ipv4/ip_forward", "1"},
		{"net.ipv4.tcp_rmem", "4096 131072 6291456"},
		{"net.ipv4.conf.eth0/100.forwarding", "0"},
		{"net/ipv4/conf/eth0.100/forwarding", "0"},
		{"net.ipv4.nope", nil},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, attrsOf(t, e, facts.Query{Noun: facts.NounKernelParam, Subject: tt.subject})["value"], tt.subject)
	}
	assert.Contains(t, askOne(t, e, facts.Query{Noun: facts.NounKernelParam, Subject: "a/../../1/environ"}).Error, "no sysctl name")
}

const mountInfo = `22 27 0:21 / /proc rw,relatime shared:5 - proc none rw
36 22 8:1 / /srv/my\040data rw,noatime master:1 - ext4 /dev/sda1 rw,errors=remount-ro
37 36 0:50 / /data rw - ext4 /dev/sdb1 rw
38 36 0:51 / /data ro,nosuid - tmpfs scratch rw,size=64k
`

func TestParseMountInfo(t *testing.T) {
	t.Parallel()
	all := parseMountInfo(mountInfo)
	assert.Equal(t, mountEntry{36, "/", "/srv/my data", "ext4", "/dev/sda1", []string{"errors=remount-ro", "noatime", "rw"}}, all[1])
	assert.Len(t, all, 4)
}

func TestMount(t *testing.T) {
	t.Parallel()
	e := testEnv(t, map[string]string{"data/": ""}, map[string]string{"self/mountinfo": mountInfo})
	got := attrsOf(t, e, facts.Query{Noun: facts.NounMount, Subject: "/data/"})
	assert.Equal(t, "tmpfs", got["filesystem"], "the last mount covers the first")
	assert.Equal(t, list("nosuid", "ro", "rw", "size=64k"), got["options"])
	assert.Greater(t, got["usage"], 0.0)
	assert.Equal(t, map[string]any{
		"exists": false, "source": nil, "filesystem": nil, "options": list(), "usage": nil, "inodes": nil,
	}, attrsOf(t, e, facts.Query{Noun: facts.NounMount, Subject: "/dat"}))
}

func TestUsage(t *testing.T) {
	t.Parallel()
	// 100 blocks, 50 in use, 10 of the free ones for root alone.
	space, inodes := usage(unix.Statfs_t{Blocks: 100, Bfree: 50, Bavail: 40, Files: 3, Ffree: 2})
	assert.InDelta(t, 55.6, space, 0.001)
	assert.InDelta(t, 33.3, inodes, 0.001)
	space, inodes = usage(unix.Statfs_t{})
	assert.Zero(t, space)
	assert.Zero(t, inodes)
}

func TestInterface(t *testing.T) {
	t.Parallel()
	e := testEnv(t, nil, nil)
	lo := attrsOf(t, e, facts.Query{Noun: facts.NounInterface, Subject: "lo"})
	assert.Greater(t, lo["mtu"], 1000.0)
	assert.Equal(t, map[string]any{"addresses": list(), "mtu": nil},
		attrsOf(t, e, facts.Query{Noun: facts.NounInterface, Subject: "nope0"}))
}

const crontabText = `# a comment
SHELL=/bin/sh
MAILTO = ops@example.test

*/5 * * * *   root   /usr/bin/backup --all=yes
@daily web	rotate
  17 *	* * *	root    cd / && run-parts /etc/cron.hourly
`

func TestCron(t *testing.T) {
	t.Parallel()
	e := testEnv(t, map[string]string{
		"etc/crontab":                  crontabText,
		"etc/cron.d/zz":                "0 1 * * * root zz\n",
		"etc/cron.d/backup":            "0 2 * * * root backup\n",
		"etc/cron.d/backup.dpkg-old":   "0 3 * * * root old\n",
		"var/spool/cron/crontabs/web":  "0 4 * * * mine\n",
		"var/spool/cron/crontabs/dir/": "",
	}, nil)
	tests := []struct {
		subject string
		want    []any
	}{
		{"system", list("*/5 * * * * root /usr/bin/backup --all=yes", "@daily web rotate",
			"17 * * * * root cd / && run-parts /etc/cron.hourly", "0 2 * * * root backup", "0 1 * * * root zz")},
		{"web", list("0 4 * * * mine")},
		{"nobody", list()},
		{"dir", list()},
		{"/etc/cron.d/zz", list("0 1 * * * root zz")},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, attrsOf(t, e, facts.Query{Noun: facts.NounCron, Subject: tt.subject})["entries"], tt.subject)
	}
	assert.NotEmpty(t, askOne(t, e, facts.Query{Noun: facts.NounCron, Subject: "../../etc/crontab"}).Error)
}
