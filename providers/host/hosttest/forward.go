package hosttest

import (
	"context"
	"io"
	"net"
	"sync"

	"github.com/benchtest-dev/benchtest/providers"
)

// forward leads every client of l to m's SSH server, until l is closed.
func forward(ctx context.Context, l net.Listener, m providers.Machine) {
	for {
		client, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer client.Close()
			guest, err := m.Dial(ctx)
			if err != nil {
				return // as a host that is booting: the port closes
			}
			defer guest.Close()
			stop := context.AfterFunc(ctx, func() { _, _ = client.Close(), guest.Close() })
			defer stop()
			var ways sync.WaitGroup
			ways.Go(func() { copyWay(guest, client) })
			ways.Go(func() { copyWay(client, guest) })
			ways.Wait()
		}()
	}
}

// copyWay copies to the end and says so on the other side.
func copyWay(dst, src net.Conn) {
	_, err := io.Copy(dst, src)
	if half, ok := dst.(interface{ CloseWrite() error }); ok && err == nil && half.CloseWrite() == nil {
		return
	}
	_, _ = dst.Close(), src.Close()
}
