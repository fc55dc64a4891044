package local

import (
	"encoding/binary"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers"
)

func TestParseStartTime(t *testing.T) {
	t.Parallel()
	const rest = " S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20"
	for name, stat := range map[string]string{
		"plain": "42 (sshd)" + rest, "blanks": "42 (a b c)" + rest, "parentheses": "42 (a) S 1 (b))" + rest,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := parseStartTime([]byte(stat))
			require.NoError(t, err)
			assert.EqualValues(t, 4711, got)
		})
	}
	for name, stat := range map[string]string{"empty": "", "short": "42 (sshd) S 1 2", "no name": "42 sshd S"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := parseStartTime([]byte(stat))
			require.ErrorContains(t, err, "short stat")
		})
	}
}

func TestProcessIsNotItsPID(t *testing.T) {
	t.Parallel()
	self, err := processOf(os.Getpid())
	require.NoError(t, err)
	assert.True(t, self.alive())
	other := process{PID: self.PID, Start: self.Start + 1}
	assert.False(t, other.alive())
	require.ErrorIs(t, other.signal(0), errGone)
	require.NoError(t, other.kill(t.Context()), "whoever is gone need not be killed")
	require.ErrorIs(t, process{}.signal(0), errGone)
}

func TestCheckID(t *testing.T) {
	t.Parallel()
	for id, ok := range map[string]bool{
		"benchtest": true, "benchtest-1": true, "a-benchtest-b": true,
		"": false, "web1": false, "Benchtest": false, "benchtest/x": false, "../benchtest": false, "benchtest.": false, "-benchtest": false, "benchtest\n": false,
		"benchtest-0123456789-0123456789-0123456789": false,
	} {
		assert.Equal(t, ok, checkID(id) == nil, "%q", id)
	}
}

func TestShiftedAttributes(t *testing.T) {
	t.Parallel()
	v2 := make([]byte, 20)
	binary.LittleEndian.PutUint32(v2, 0x02000001) // revision 2, effective
	binary.LittleEndian.PutUint32(v2[4:], 1<<13)  // CAP_NET_RAW
	v3 := rootedCapability(v2)
	assert.EqualValues(t, 0x03000001, binary.LittleEndian.Uint32(v3))
	assert.Equal(t, v2[4:], v3[4:20])
	assert.EqualValues(t, idOffset, binary.LittleEndian.Uint32(v3[20:]))

	acl := []byte{2, 0, 0, 0, 0x08, 0, 5, 0, 4, 0, 0, 0, 0x20, 0, 5, 0, 0xff, 0xff, 0xff, 0xff}
	shifted := shiftACL(acl)
	assert.EqualValues(t, idOffset+4, binary.LittleEndian.Uint32(shifted[8:]), "a group that is named")
	assert.Equal(t, acl[12:], shifted[12:], "all others")
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	_, err := New(providers.Options{Home: "relative"})
	require.ErrorContains(t, err, "not absolute")
	_, err = New(providers.Options{Home: "/x", Run: "../y"})
	require.ErrorContains(t, err, "cannot name a cgroup")
}

func TestMountsBelow(t *testing.T) {
	t.Parallel()
	const info = `22 1 254:0 / / rw - ext4 /dev/vda rw
40 22 0:50 / /run/benchtest/a/root rw shared:1 - overlay none rw
41 40 254:0 /p /run/benchtest/a/root/a\040b ro - ext4 /dev/vda rw
42 40 254:0 /q /run/benchtest/a/root/c\134d rw - ext4 /dev/vda rw
43 22 254:0 /r /run/benchtest/a/rootless rw - ext4 /dev/vda rw
torn
`
	assert.Equal(t, []string{`/run/benchtest/a/root/c\d`, "/run/benchtest/a/root/a b"}, mountsBelow(info, "/run/benchtest/a/root"))
	assert.Empty(t, mountsBelow(info, "/run/benchtest/b/root"))
}

func TestIDMap(t *testing.T) {
	t.Parallel()
	for _, user := range []int{0, 1000, idCount - 1} {
		sum := 0
		for _, m := range idMap(501, user) {
			sum += m.Size
			assert.GreaterOrEqual(t, m.HostID, idOffset)
			assert.LessOrEqual(t, m.HostID+m.Size, idOffset+idCount)
		}
		assert.Equal(t, idCount, sum, "the guest's users are all mapped")
		assert.Equal(t, idOffset+user, idMap(501, user)[0].HostID)
	}
}
