package lima

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/guest"
)

var update = flag.Bool("update", false, "rewrite the goldens")

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(file, got, 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got))
}

// limactl itself mounts, forwards and installs nothing, in either mode.
func TestConfigOf(t *testing.T) {
	t.Parallel()
	integrated := providers.LimaOptions{
		Mode: providers.LimaIntegrated, Containerd: "system",
		Mounts: []providers.Mount{{Host: "/srv/app", Writable: true}}, Forwards: []providers.Forward{{Guest: 8080}},
	}
	for _, tc := range []struct {
		name string
		qemu bool
		lima providers.LimaOptions
	}{{"plain", true, providers.LimaOptions{}}, {"integrated", true, integrated}, {"vz", false, providers.LimaOptions{}}} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := configOf(providers.Template{VCPU: 2, MemoryMiB: 2048, DiskMiB: 20480, Lima: tc.lima}, "/images/disk.qcow2", tc.qemu)
			require.NoError(t, err)
			if qemuArch() != "x86_64" {
				t.Skip("the goldens name this processor: run this test on amd64")
			}
			golden(t, filepath.Join("testdata", "lima-"+tc.name+".yaml"), got)
		})
	}
}

// The real limactl takes what we write.
func TestConfigOf_validate(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		t.Skip("limactl refuses root: run this test as an ordinary user (scripts/lima.sh makes one)")
	}
	program := os.Getenv("BENCHTEST_LIMACTL")
	if program == "" {
		program = "limactl"
	}
	if _, err := exec.LookPath(program); err != nil {
		t.Skip("there is no limactl: " + limactlRemedy())
	}
	files, err := filepath.Glob("testdata/lima-*.yaml")
	require.NoError(t, err)
	require.Len(t, files, 3)
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), program, "validate", file)
			cmd.Env = append(os.Environ(), "LIMA_HOME="+t.TempDir())
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, string(out))
		})
	}
}

func TestCheckTemplate(t *testing.T) {
	t.Parallel()
	qemu := &Provider{tool: tool{settings: settings{qemu: []string{"qemu-system-x86_64"}}}}
	mine := ownDir(t)
	integrated := func(o providers.LimaOptions) providers.Template {
		o.Mode = providers.LimaIntegrated
		return providers.Template{Lima: o}
	}
	for _, tc := range []struct {
		name string
		t    providers.Template
		err  string
	}{
		{"plain", providers.Template{}, ""},
		{"integrated", integrated(providers.LimaOptions{}), ""},
		{"a container", providers.Template{Type: providers.TypeContainer}, "use -tags incus"},
		{"forwards", integrated(providers.LimaOptions{Forwards: []providers.Forward{{Guest: 80}}}), ""},
		{"forwards in plain mode", providers.Template{Lima: providers.LimaOptions{Forwards: []providers.Forward{{Guest: 80}}}}, "are for mode: integrated"},
		{"containerd", integrated(providers.LimaOptions{Containerd: "system"}), ""},
		{"containerd off in plain mode", providers.Template{Lima: providers.LimaOptions{Containerd: "none"}}, ""},
		{"containerd in plain mode", providers.Template{Lima: providers.LimaOptions{Containerd: "system"}}, "are for mode: integrated"},
		{"containerd of the agent's", integrated(providers.LimaOptions{Containerd: "user"}), "take system"},
		{"a mount in plain mode", providers.Template{Lima: providers.LimaOptions{Mounts: []providers.Mount{{Host: mine}}}}, "are for mode: integrated"},
		{"a mount of nothing", integrated(providers.LimaOptions{Mounts: []providers.Mount{{Host: mine + "/nosuch"}}}), "no such file"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			err := qemu.checkTemplate(tc.t)
			if tc.err == "" {
				require.NoError(t, err)
				return
			}
			assert.ErrorContains(t, err, tc.err)
		})
	}
}

func TestWithContainerd(t *testing.T) {
	t.Parallel()
	with := func(mode, containerd string, packages ...string) []string {
		return withContainerd(providers.Template{Packages: packages, Lima: providers.LimaOptions{Mode: mode, Containerd: containerd}}).Packages
	}
	assert.Equal(t, []string{"nginx", "containerd"}, with(providers.LimaIntegrated, "system", "nginx"))
	assert.Equal(t, []string{"containerd"}, with(providers.LimaIntegrated, "system", "containerd"))
	assert.Empty(t, with(providers.LimaIntegrated, ""))
	assert.Empty(t, with(providers.LimaIntegrated, "none"))
}

func TestCheckShares(t *testing.T) {
	t.Parallel()
	dir := ownDir(t)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "real"), 0o755))
	require.NoError(t, os.Symlink("real", filepath.Join(dir, "link")))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o600))
	require.NoError(t, checkShares([]providers.Mount{{Host: filepath.Join(dir, "real")}, {Host: filepath.Join(dir, "real"), Guest: "/srv", Writable: true}}))
	for _, tc := range []struct {
		name string
		m    providers.Mount
		err  string
	}{
		{"a link", providers.Mount{Host: filepath.Join(dir, "link")}, "goes through a symbolic link: name the directory itself, " + filepath.Join(dir, "real")},
		{"nothing", providers.Mount{Host: filepath.Join(dir, "nosuch")}, "no such file"},
		{"a file", providers.Mount{Host: filepath.Join(dir, "file")}, "it is no directory"},
		{"a relative path", providers.Mount{Host: "real"}, "absolute paths"},
		{"the home directory by its sign", providers.Mount{Host: "~"}, "absolute paths"},
		{"the guest's own", providers.Mount{Host: dir, Guest: "/proc/x"}, "the guest has its own /proc"},
		{"two lines", providers.Mount{Host: dir, Guest: "/srv/a\nb"}, "control characters"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			assert.ErrorContains(t, checkShares([]providers.Mount{tc.m}), tc.err)
		})
	}
}

// Whose a directory is counts, also for an ordinary user who may read it.
func TestCheckShares_owner(t *testing.T) {
	t.Parallel()
	theirs := "/etc"
	if os.Geteuid() == 0 {
		theirs = ownDir(t)
		require.NoError(t, os.Chown(theirs, 1000, 1000))
	}
	assert.ErrorContains(t, checkShares([]providers.Mount{{Host: theirs, Guest: "/srv"}}), "it is not yours")
}

func TestMountsOf(t *testing.T) {
	t.Parallel()
	named, template := []providers.Mount{{Host: "/named"}}, []providers.Mount{{Host: "/template"}}
	tmpl := providers.Template{Lima: providers.LimaOptions{Mode: providers.LimaIntegrated, Mounts: template}}
	assert.Equal(t, template, mountsOf(providers.CloneSpec{Template: tmpl}))
	assert.Equal(t, named, mountsOf(providers.CloneSpec{Template: tmpl, Mounts: named}))
	assert.Empty(t, mountsOf(providers.CloneSpec{Template: tmpl, Mounts: []providers.Mount{}}), "none is what was named")
}

func TestShareScript(t *testing.T) {
	t.Parallel()
	golden(t, "testdata/shares.txt", []byte(shareScript([]providers.Mount{
		{Host: "/srv/app", Writable: true}, {Host: "/srv/docs", Guest: `/mnt/it's here\`},
	})))
}

func TestVirtiofsdArgs(t *testing.T) {
	t.Parallel()
	agent := guest.User{UID: 1000, GID: 1002}
	writable := []string{
		"--socket-path=/x/s", "--shared-dir=.", "--log-level=error",
		fmt.Sprintf("--translate-uid=squash-guest:0:%d:4294967295", os.Getuid()), fmt.Sprintf("--translate-uid=host:%d:1000:1", os.Getuid()),
		fmt.Sprintf("--translate-gid=squash-guest:0:%d:4294967295", os.Getgid()), fmt.Sprintf("--translate-gid=host:%d:1002:1", os.Getgid()),
	}
	assert.Equal(t, writable, virtiofsdArgs("/x/s", providers.Mount{Host: "/srv", Writable: true}, agent))
	assert.Equal(t, append(writable, "--readonly"), virtiofsdArgs("/x/s", providers.Mount{Host: "/srv"}, agent))
}

func TestParseForwards(t *testing.T) {
	t.Parallel()
	const said = "Hub -1 (net0):\r\n" +
		"  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ\r\n" +
		"  TCP[ESTABLISHED]   36       127.0.0.1 36651    192.168.5.15    22     0     0\r\n" +
		"  TCP[HOST_FORWARD]  28       127.0.0.1 40123    192.168.5.15  8080     0     0\r\n" +
		"  TCP[HOST_FORWARD]  14       127.0.0.1 36651    192.168.5.15    22     0     0\r\n" +
		"  UDP[236 sec]       15    192.168.5.15 46432     192.168.5.3    53     0     0\r\n"
	assert.Equal(t, []providers.Forward{{Guest: 8080, Host: 40123}, {Guest: 22, Host: 36651}}, parseForwards(said))
	assert.Empty(t, parseForwards("unknown command: 'info usernet'\r\n"))
}

func TestFits(t *testing.T) {
	t.Parallel()
	m := meta{Booted: true, VCPU: 1, MemoryMiB: 1024, DiskMiB: 10240}
	r := record{VCPU: 1, MemoryMiB: 1024, DiskMiB: 10240, Mode: providers.LimaIntegrated, Forwards: []providers.Forward{{Guest: 80}}}
	assert.True(t, m.fits(r), "a port needs no other machine")
	r.Mounts = []providers.Mount{{Host: "/srv"}}
	assert.False(t, m.fits(r), "the booted guest has no such device")
}

// ownDir is a directory of the user's whose path goes through no link.
func ownDir(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	return dir
}
