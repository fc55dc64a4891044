package incus

import (
	"context"
	"errors"
	"fmt"
	"net"

	incus "github.com/lxc/incus/v6/client"
	"github.com/lxc/incus/v6/shared/api"
)

// relay joins its standard streams to the guest's SSH server. It is no more
// trusted than the guest: the host key is pinned by whoever dials.
const relay = `exec 3<>/dev/tcp/127.0.0.1/22 || exit 1
cat <&3 & exec >&- 2>&-
cat >&3
kill $! 2>/dev/null`

// Dial connects to the guest's SSH server. Where the daemon is on this host
// and we are root it does so from within the guest's network namespace, and
// otherwise over the API.
func (m *Machine) Dial(ctx context.Context) (net.Conn, error) {
	conn, err := m.dial(ctx)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", m.id, err)
	}
	return conn, nil
}

func (m *Machine) dial(ctx context.Context) (net.Conn, error) {
	s, err := m.p.look(ctx)
	if err != nil {
		return nil, err
	}
	if s.cluster || m.p.server.remote.url != "" {
		return m.dialOver(ctx) // a number of a process elsewhere says nothing here
	}
	// And that of a virtual machine is its emulator's, which is in the host's
	// own network.
	vm, err := m.isVM(ctx)
	if err != nil {
		return nil, err
	}
	if vm {
		return m.dialOver(ctx)
	}
	// Incus takes its time to say which process it is, and it mostly is the
	// one of before.
	if last := m.init.Load(); last != nil && last.lives() {
		if conn, near, err := dialNear(ctx, last.pid); near {
			return conn, err
		}
	}
	var state *api.InstanceState
	err = m.p.server.do(ctx, func(c incus.InstanceServer) (err error) {
		state, _, err = c.GetInstanceState(m.id)
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case state.Pid <= 0:
		return nil, errors.New("it does not run")
	}
	m.init.Store(seeProcess(state.Pid))
	conn, near, err := dialNear(ctx, state.Pid)
	if !near {
		return m.dialOver(ctx)
	}
	return conn, err
}

// dialOver starts a program in the guest whose standard streams are the
// connection. A server that does not listen ends the connection at once.
func (m *Machine) dialOver(ctx context.Context) (net.Conn, error) {
	near, far := net.Pipe()
	err := m.p.server.do(ctx, func(c incus.InstanceServer) error {
		done := make(chan bool)
		_, err := c.ExecInstance(m.id, execPost([]string{"/bin/bash", "-c", relay}), &incus.InstanceExecArgs{
			Stdin: far, Stdout: far, DataDone: done,
		})
		if err == nil {
			go func() {
				<-done // the relay has said its last
				_ = far.Close()
			}()
		}
		return err
	})
	if err != nil {
		_ = near.Close()
		_ = far.Close()
		return nil, err
	}
	return near, nil
}
