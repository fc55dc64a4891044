package providertest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/benchtest-dev/benchtest/providers"
)

// testRootDial: root is reached where the guest's SSH server, its network and
// the files of its keys are gone, and nobody else by the same way.
func (s *suite) testRootDial(t *testing.T) {
	s.need(t, "RootDial", s.Caps.RootDial)
	t.Parallel()
	m, keys := s.clone(t, s.New(t), "web1")
	access := providers.AccessTo(m, keys, "root")
	first := s.open(t, m, "web1", access)
	require.NoError(t, first.WaitReady(s.patience(t)))
	s.shell(t, first, `systemctl stop ssh; ip link set eth0 down; mv /root/.ssh /root/gone`)

	s.shell(t, first, `echo still here`)
	second := s.open(t, m, "web1", access)
	assert.Equal(t, "root", s.output(t, second, "id", "-un"))
	s.shell(t, second, `mv /root/gone /root/.ssh; ip link set eth0 up; systemctl start ssh`)

	for _, who := range []providers.Access{
		{User: "agent", Key: keys.Agent.Signer},
		{User: "root", Key: keys.Agent.Signer},
		{User: "agent", Key: access.Key},
	} {
		conn, err := m.(providers.RootDialer).DialRoot(s.patience(t))
		require.NoError(t, err)
		_, _, _, err = ssh.NewClientConn(conn, "web1", &ssh.ClientConfig{
			User: who.User, Auth: []ssh.AuthMethod{ssh.PublicKeys(who.Key)}, HostKeyCallback: ssh.FixedHostKey(access.HostKey), Timeout: time.Minute,
		})
		require.ErrorContains(t, err, "unable to authenticate", "%s with a key", who.User)
		_ = conn.Close()
	}
}
