package incus

import (
	"context"
	"fmt"
	"net"

	incus "github.com/lxc/incus/v6/client"
)

// relay joins its standard streams to the guest's SSH server. It is no more
// trusted than the guest: the host key is pinned by whoever dials.
const relay = `exec 3<>/dev/tcp/127.0.0.1/22 || exit 1
cat <&3 & exec >&- 2>&-
cat >&3
kill $! 2>/dev/null`

// Dial connects to the guest's SSH server by a program in the guest that the
// API starts and whose standard streams are the connection. A server that does
// not listen ends the connection at once.
func (m *Machine) Dial(ctx context.Context) (net.Conn, error) {
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
		return nil, fmt.Errorf("dial %s: %w", m.id, err)
	}
	return near, nil
}
