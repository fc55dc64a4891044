package local

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	mountsV1 = `30 23 0:26 / /sys/fs/cgroup ro,nosuid - tmpfs none ro,mode=755
31 30 0:27 / /sys/fs/cgroup/systemd rw,nosuid shared:9 - cgroup none rw,xattr,name=systemd
32 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:10 - cgroup none rw,cpu,cpuacct
33 30 0:29 / /sys/fs/cgroup/memory rw,nosuid - cgroup none rw,memory
34 30 0:30 / /sys/fs/cgroup/pids rw,nosuid - cgroup none rw,pids
`
	mountsHybrid = mountsV1 + "35 30 0:31 / /sys/fs/cgroup/unified rw,nosuid - cgroup2 none rw,nsdelegate\n"
	mountsV2     = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 none rw,nsdelegate\n"
)

func TestParseHierarchies(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		mountinfo string
		unified   []string // what the unified tree's cgroup.controllers holds
		version   string
		memory    bool
		delegated []string
		tracking  []string
	}{
		{
			name: "v1", mountinfo: mountsV1, version: "v1", memory: true,
			delegated: []string{"/sys/fs/cgroup/systemd"}, tracking: []string{"/sys/fs/cgroup/systemd"},
		},
		{
			name: "hybrid", mountinfo: mountsHybrid, version: "hybrid", memory: true,
			delegated: []string{"/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified"},
			tracking:  []string{"/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified"},
		},
		{
			name: "v2", mountinfo: mountsV2, unified: []string{"cpu", "memory", "pids"}, version: "v2", memory: true,
			delegated: []string{"/sys/fs/cgroup"}, tracking: []string{"/sys/fs/cgroup"},
		},
		{
			name: "v2 without memory", mountinfo: mountsV2, unified: []string{"hugetlb"}, version: "v2",
			delegated: []string{"/sys/fs/cgroup"}, tracking: []string{"/sys/fs/cgroup"},
		},
		{
			name: "hybrid with memory in the unified tree", version: "hybrid", unified: []string{"memory"},
			mountinfo: "31 30 0:27 / /sys/fs/cgroup/pids rw - cgroup none rw,pids\n35 30 0:31 / /sys/fs/cgroup/unified rw - cgroup2 none rw\n",
			delegated: []string{"/sys/fs/cgroup/unified"}, tracking: []string{"/sys/fs/cgroup/unified"},
		},
		{
			name: "v1 without systemd", version: "v1", tracking: []string{"/sys/fs/cgroup/pids"},
			mountinfo: "31 30 0:27 / /sys/fs/cgroup/pids rw - cgroup none rw,pids\n",
		},
		{name: "none", mountinfo: "22 1 254:0 / / rw - ext4 /dev/vda rw\n", version: "none"},
		{name: "somebody's mount of their own", mountinfo: "30 23 0:26 / /mnt/cgroup rw - cgroup2 none rw\n", version: "none"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			hs, err := parseHierarchies(strings.NewReader(tt.mountinfo))
			require.NoError(t, err)
			for i := range hs {
				if hs[i].unified {
					hs[i].controllers = tt.unified
				}
			}
			assert.Equal(t, tt.version, hs.version())
			assert.Equal(t, tt.memory, hs.has("memory"))
			assert.Equal(t, tt.delegated, hs.delegated())
			assert.Equal(t, tt.tracking, hs.tracking())
			assert.Equal(t, tt.memory, enforced(hs).Memory)
			assert.Equal(t, hs.has("cpu") && hs.has("memory") && hs.has("pids"), enforced(hs).Reason == "")
		})
	}
}
