package guest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers"
)

const debianPasswd = `root:x:0:0:root:/root:/bin/bash
broken
agent:x:1000:1001::/home/agent:/bin/bash
`

func TestIdentity(t *testing.T) {
	t.Parallel()
	ring, err := providers.NewKeyRing()
	require.NoError(t, err)
	files, err := Identity("web1", "127.0.0.1 localhost\n", debianPasswd, ring.Keys)
	require.NoError(t, err)
	byName := map[string]File{}
	for _, f := range files {
		byName[f.Name] = f
	}
	assert.Regexp(t, `^[0-9a-f]{32}\n$`, string(byName["etc/machine-id"].Data))
	assert.Equal(t, "web1\n", string(byName["etc/hostname"].Data))
	assert.Contains(t, string(byName["etc/hosts"].Data), "127.0.1.1\tweb1\n")
	assert.EqualValues(t, 0o600, byName["etc/ssh/ssh_host_ed25519_key"].Mode)
	assert.Contains(t, string(byName["etc/ssh/ssh_host_ed25519_key.pub"].Data), "ssh-ed25519 ")
	agent := byName["home/agent/.ssh/authorized_keys"]
	assert.Equal(t, []int{1000, 1001}, []int{agent.UID, agent.GID})
	assert.Equal(t, ring.Keys.Agent, agent.Data)
	assert.Equal(t, ring.Keys.Root, byName["root/.ssh/authorized_keys"].Data)
}

func TestIdentity_refused(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, passwd, want string
		keys               providers.Keys
	}{
		{"no agent", "root:x:0:0::/root:/bin/sh\n", "look up user agent: not in the template's /etc/passwd", providers.Keys{Agent: []byte("k")}},
		{"no number", "agent:x:a:b::/home/agent:/bin/sh\n", "look up user agent: ", providers.Keys{Agent: []byte("k")}},
		{"no key", debianPasswd, "host key: ", providers.Keys{HostKey: []byte("k")}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := Identity("web1", "", tc.passwd, tc.keys)
			require.ErrorContains(t, err, tc.want)
		})
	}
}
