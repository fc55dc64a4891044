package lima

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers"
)

func TestParseList(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		file string
		want []instance
	}{
		{"testdata/list-1.2.json", []instance{
			{Name: "benchtest-0a1b2c3d4e", Status: "Running", Dir: "/home/bench/l/benchtest-0a1b2c3d4e", VMType: "qemu", CPUs: 1, Memory: 1 << 30, Disk: 10 << 30, SSHLocalPort: 45389, LimaVersion: "1.2.2"},
			{Name: "tb", Status: "Stopped", Dir: "/home/bench/l/tb", VMType: "qemu", CPUs: 1, Memory: 1 << 30, Disk: 10 << 30, LimaVersion: "1.2.2"},
		}},
		{"testdata/list-2.1.json", []instance{
			{Name: "benchtest-0a1b2c3d4e", Status: "Running", Dir: "/Users/ann/l/benchtest-0a1b2c3d4e", VMType: "vz", CPUs: 2, Memory: 2 << 30, Disk: 10 << 30, SSHLocalPort: 52163, LimaVersion: "2.1.1"},
			{Name: "broken", Status: "Broken", Dir: "/Users/ann/l/broken", Protected: true},
		}},
	} {
		t.Run(tc.file, func(t *testing.T) {
			t.Parallel()
			b, err := os.ReadFile(tc.file)
			require.NoError(t, err)
			got, err := parseList(b)
			require.NoError(t, err)
			assert.Equal(t, tc.want, got)
		})
	}
}

func TestParseList_odd(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, in, err string }{
		{"no instance at all", "", ""},
		{"an array", "[]", "read limactl's list"},
		{"words", "No instance found.", "read limactl's list"},
		{"no name", "{}", "instance 1 has no name"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := parseList([]byte(tc.in))
			assert.Empty(t, got)
			if tc.err == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tc.err)
		})
	}
}

func TestParseEvents(t *testing.T) {
	t.Parallel()
	const port = `{"time":"2026-11-22T10:19:21.4Z","status":{"sshLocalPort":45357}}` + "\n"
	for _, tc := range []struct {
		name, in string
		want     tale
	}{
		{"nothing yet", "", tale{}},
		{"its port", port, tale{port: 45357}},
		{"it runs", port + `{"time":"x","status":{"running":true,"sshLocalPort":45357}}` + "\n", tale{port: 45357, running: true}},
		{"2.x has more to say", port + `{"time":"x","status":{"cloudInitProgress":{"active":true,"logLine":"x"}}}` + "\n", tale{port: 45357}},
		{"it ends", port + `{"status":{"exiting":true,"errors":["no QEMU"]}}` + "\n", tale{port: 45357, exiting: true, errors: []string{"no QEMU"}}},
		{"half a line", port + `{"status":{"sshLoc`, tale{port: 45357}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tc.want, parseEvents([]byte(tc.in)))
		})
	}
}

func TestParseSnapshots(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 10, 23, 38, 0, time.Local)
	for _, tc := range []struct {
		name, in string
		want     []providers.SnapshotInfo
	}{
		{"none", "", nil},
		{
			"QEMU's monitor", `ID      TAG               VM_SIZE                DATE        VM_CLOCK     ICOUNT
--      booted            209 MiB 2026-11-22 10:23:38  0000:01:23.864         --
`,
			[]providers.SnapshotInfo{{Tag: "booted", Created: at, Bytes: 209 << 20}},
		},
		{
			"qemu-img", `ID        TAG               VM SIZE                DATE     VM CLOCK     ICOUNT
1         benchtest-ready      1.5 GiB 2026-11-22 10:23:38 00:01:23.864          0
2         off                      0 B 2026-11-22 10:23:38 00:00:00.000          0
`,
			[]providers.SnapshotInfo{{Tag: "benchtest-ready", Created: at, Bytes: 3 << 29}, {Tag: "off", Created: at}},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tc.want, parseSnapshots([]byte(tc.in)))
		})
	}
}

func TestComplaint(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, log, want string }{
		{"nothing", "", ""},
		{"limactl's", "time=\"x\" level=info msg=\"a\"\ntime=\"x\" level=fatal msg=\"b\"\n", `time="x" level=fatal msg="b"`},
		{"a host agent's", `{"level":"info","msg":"a"}` + "\n" + `{"level":"fatal","msg":"no such disk"}` + "\n", `{"level":"fatal","msg":"no such disk"}`},
		{
			"QEMU's", `{"level":"debug","msg":"qemu[stderr]: qemu-system-x86_64: warning: hub 7 is not connected to host network"}` + "\n" +
				`{"level":"debug","msg":"qemu[stderr]: qemu-system-x86_64: cannot set up guest memory 'pc.ram': Cannot allocate memory"}` + "\n",
			`{"level":"debug","msg":"qemu[stderr]: qemu-system-x86_64: cannot set up guest memory 'pc.ram': Cannot allocate memory"}`,
		},
		{"the last ones", "1\n2\n\n3\n4\nlevel=warning msg=5\n", "2; 3; 4"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, complaint([]byte(tt.log)))
		})
	}
}
