package lima

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers"
)

func TestCheckUser(t *testing.T) {
	t.Parallel()
	require.NoError(t, checkUser(1001))
	require.ErrorContains(t, checkUser(0), "useradd -m bench")
}

func TestCheck_missing(t *testing.T) {
	t.Parallel()
	p := &Provider{home: "/h", tool: tool{settings: settings{home: "/h/" + strings.Repeat("x", 100), limactl: "/no/limactl", qemu: []string{"/no/qemu"}}}}
	err := p.Check(t.Context())
	require.ErrorContains(t, err, "provider lima needs limactl: ")
	require.ErrorContains(t, err, "provider lima needs /no/qemu: apt-get install qemu-system-x86")
	require.ErrorContains(t, err, "needs a shorter LIMA_HOME")
	require.ErrorContains(t, err, "set BENCHTEST_LIMA_HOME")
}

// The paths are macOS's, below a directory that stands for its root. What is
// root's there is not when an ordinary user runs the test.
func TestCheckVMNet(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("files of root's are made by root: run this test as root")
	}
	const program, sudoers, dir = "opt/socket_vmnet/bin/socket_vmnet", "private/etc/sudoers.d/lima", "private/var/run/lima"
	for _, tc := range []struct {
		name  string
		spoil func(t *testing.T, root string)
		want  []string
	}{
		{"all there", func(*testing.T, string) {}, nil},
		{"nothing there", func(t *testing.T, root string) {
			t.Helper()
			require.NoError(t, os.RemoveAll(filepath.Join(root, "opt")))
			require.NoError(t, os.RemoveAll(filepath.Join(root, "private")))
		}, []string{"brew install socket_vmnet", "limactl sudoers | sudo tee", "sudo mkdir -p /private/var/run/lima"}},
		{"Homebrew's link", func(t *testing.T, root string) {
			t.Helper()
			require.NoError(t, os.Remove(filepath.Join(root, program)))
			require.NoError(t, os.Symlink("/opt/homebrew/bin/socket_vmnet", filepath.Join(root, program)))
		}, []string{"to be the program itself"}},
		{"anybody may write it", func(t *testing.T, root string) {
			t.Helper()
			require.NoError(t, os.Chmod(filepath.Join(root, program), 0o777))
		}, []string{"sudo chmod 755"}},
		{"somebody else's program", func(t *testing.T, root string) {
			t.Helper()
			require.NoError(t, os.Chown(filepath.Join(root, program), 501, 0))
		}, []string{"sudo chown root:wheel"}},
		{"a directory of the wrong mode", func(t *testing.T, root string) {
			t.Helper()
			require.NoError(t, os.Chmod(filepath.Join(root, dir), 0o755))
		}, []string{"with mode 775"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			for path, mode := range map[string]os.FileMode{program: 0o755, sudoers: 0o440} {
				require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(root, path)), 0o755))
				require.NoError(t, os.WriteFile(filepath.Join(root, path), nil, mode))
			}
			require.NoError(t, os.MkdirAll(filepath.Join(root, dir), 0o775))
			require.NoError(t, os.Chmod(filepath.Join(root, dir), 0o775))
			tc.spoil(t, root)
			errs := checkVMNet(root)
			require.Len(t, errs, len(tc.want), "%v", errs)
			for i, want := range tc.want {
				assert.ErrorContains(t, errs[i], want)
			}
		})
	}
}

func TestReadSettings(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		env  map[string]string
		want settings
		err  string
	}{
		{"nothing said", nil, settings{limactl: "limactl", home: "/h/lima"}, ""},
		{
			"all said",
			map[string]string{"BENCHTEST_LIMACTL": "/opt/limactl", "BENCHTEST_LIMA_HOME": "/l", "BENCHTEST_LIMA_QEMU": "qemu -cpu 'max,-pdpe1gb'"},
			settings{limactl: "/opt/limactl", home: "/l", qemu: []string{"qemu", "-cpu", "max,-pdpe1gb"}, chosen: true},
			"",
		},
		{"a relative home", map[string]string{"BENCHTEST_LIMA_HOME": "l"}, settings{}, "is not absolute"},
		{"an open quote", map[string]string{"BENCHTEST_LIMA_QEMU": "qemu 'x"}, settings{}, "BENCHTEST_LIMA_QEMU: "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := readSettings("/h", func(name string) string { return tc.env[name] })
			if tc.err != "" {
				require.ErrorContains(t, err, tc.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tc.want, got)
		})
	}
}

func TestPace(t *testing.T) {
	t.Parallel()
	for qemu, slow := range map[string]bool{"": false, "qemu-system-x86_64 -accel kvm": false, "qemu-system-x86_64 -accel tcg,thread=multi": true} {
		assert.Equal(t, slow, settings{qemu: strings.Fields(qemu)}.pace() > 1, qemu)
	}
}

// What can be shown here depends on virtiofsd; PATH decides, which this test
// empties.
func TestWarnings(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("virtiofsd and /dev/kvm are Linux's: run this test on Linux")
	}
	t.Setenv("PATH", "")
	for _, tc := range []struct {
		name string
		qemu string
		want []string
	}{
		{"accelerated", "qemu-system-x86_64 -accel kvm", nil},
		{"emulated", "qemu-system-x86_64 -accel tcg", []string{"provider lima emulates the processor"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			lines, err := (&Provider{tool: tool{settings: settings{qemu: strings.Fields(tc.qemu)}}}).Warnings(t.Context())
			require.NoError(t, err)
			want := tc.want
			if _, err := findVirtiofsd(); err != nil { // in /usr/lib, say
				want = append(want, "provider lima shows directories by virtiofsd, which is not here: install virtiofsd 1.13")
			}
			require.Len(t, lines, len(want))
			for i, line := range lines {
				assert.True(t, strings.HasPrefix(line, want[i]), line)
			}
		})
	}
}

func TestCheckSpec(t *testing.T) {
	t.Parallel()
	emulated := &Provider{tool: tool{settings: settings{qemu: []string{"qemu-system-x86_64"}}}}
	require.NoError(t, emulated.checkSpec(providers.CloneSpec{ID: "benchtest-a", Network: providers.NetworkNone}))
	err := emulated.checkSpec(providers.CloneSpec{ID: "benchtest-a", Template: providers.Template{Name: "t"}, Mounts: []providers.Mount{{Host: "/x"}}})
	require.ErrorContains(t, err, "template t is in plain mode, which mounts nothing: copy files in, or use a template with lima: {mode: integrated}")
	require.NoError(t, emulated.checkSpec(providers.CloneSpec{ID: "benchtest-a", Mounts: []providers.Mount{}}))
}
