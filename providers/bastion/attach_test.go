package bastion_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers/bastion"
	"github.com/benchtest-dev/benchtest/providers/bastion/bastiontest"
)

// A bastion may be started before its machines are there.
func TestAttach(t *testing.T) {
	t.Parallel()
	guest := bastiontest.Start(t)
	w := start(t, func(c *bastion.Config) { c.Hosts = map[string]bastion.Upstream{"web1": {}} })
	assert.Empty(t, w.Machine("web1").ID())
	_, err := w.client(t, nil)
	require.Error(t, err, "nobody is let in before there is something behind the door")

	require.EqualError(t, w.Attach("web2", bastion.Upstream{Machine: guest, Access: guest.Access()}), `attach host: "web2" is no host of this attempt`)
	require.ErrorContains(t, w.Attach("web1", bastion.Upstream{Machine: guest}), "must be set")
	require.NoError(t, w.Attach("web1", bastion.Upstream{Machine: guest, Access: guest.Access()}))
	session, err := w.mustClient(t).NewSession()
	require.NoError(t, err)
	out, err := session.Output("echo here")
	require.NoError(t, err)
	assert.Equal(t, "here\n", string(out))
	assert.Equal(t, guest.ID(), w.Machine("web1").ID())
}
