package bastion_test

import (
	"context"
	"errors"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/bastion"
)

// A rootDialer has a way in for root, which whoever is behind a bastion must not
// be led by: it has commands and files alone.
type rootDialer struct {
	providers.Machine
	t *testing.T
}

func (m rootDialer) DialRoot(context.Context) (net.Conn, error) {
	assert.Fail(m.t, "a client of the bastion goes by root's own way")
	return nil, errors.New("not for you")
}

func TestRootGoesByTheServer(t *testing.T) {
	t.Parallel()
	w := start(t, func(c *bastion.Config) {
		up := c.Hosts["web1"]
		up.Machine, up.Access.User = rootDialer{Machine: up.Machine, t: t}, "root"
		c.Hosts["web1"] = up
	})
	ses, err := w.mustClient(t).NewSession()
	require.NoError(t, err)
	require.NoError(t, ses.Run("true"))
}
