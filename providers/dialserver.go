package providers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

// The dial protocol: the client sends "HOST\n", the server answers "ok\n" or
// "error: WHY\n", and from then on bytes flow both ways, each way until its
// end. It is what a ProxyCommand speaks to the driver.

const (
	maxHostLine  = 256
	maxReplyLine = 4 << 10
	dialPatience = 10 * time.Second // for the client's line
)

// ServeDial connects the clients of l to machines until ctx ends; it then
// closes l and all connections and returns nil when they are done. machines
// says what host is; its error is told to the client.
func ServeDial(ctx context.Context, l net.Listener, machines func(host string) (Machine, error)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	var clients sync.WaitGroup
	defer clients.Wait()
	defer cancel() // before Wait: whoever is connected ends too
	for {
		conn, err := l.Accept()
		switch {
		case err == nil:
			clients.Go(func() { serveDial(ctx, conn, machines) })
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("serve dial: %w", err)
		default: // out of descriptors, for a moment
			if Pause(ctx, 10*time.Millisecond) != nil {
				return nil
			}
		}
	}
}

func serveDial(ctx context.Context, client net.Conn, machines func(host string) (Machine, error)) {
	defer func() { _ = client.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = client.Close() })
	defer stop()
	_ = client.SetReadDeadline(time.Now().Add(dialPatience))
	host, err := readLine(client, maxHostLine)
	if err != nil {
		return
	}
	_ = client.SetReadDeadline(time.Time{})
	machine, err := dialMachine(ctx, host, machines)
	if err != nil {
		why := strings.ReplaceAll(err.Error(), "\n", " ")
		_, _ = fmt.Fprintf(client, "error: %.2000s\n", why)
		return
	}
	defer func() { _ = machine.Close() }()
	if _, err := io.WriteString(client, "ok\n"); err != nil {
		return
	}
	relay(ctx, client, machine)
}

func dialMachine(ctx context.Context, host string, machines func(host string) (Machine, error)) (net.Conn, error) {
	m, err := machines(host)
	if err != nil {
		return nil, err
	}
	return m.Dial(ctx)
}

// relay carries bytes both ways until both ways have ended or ctx does.
func relay(ctx context.Context, a, b net.Conn) {
	stop := context.AfterFunc(ctx, func() {
		_ = a.Close()
		_ = b.Close()
	})
	defer stop()
	var ways sync.WaitGroup
	ways.Go(func() { oneWay(a, b) })
	ways.Go(func() { oneWay(b, a) })
	ways.Wait()
}

// oneWay copies and then says so: by a half-close, or by a whole one where the
// connection has no halves.
func oneWay(dst, src net.Conn) {
	_, err := io.Copy(dst, src)
	half, ok := dst.(interface{ CloseWrite() error })
	if err != nil || !ok || half.CloseWrite() != nil {
		_ = dst.Close()
		_ = src.Close()
	}
}

// readLine reads up to a newline and not a byte beyond it.
func readLine(r io.Reader, most int) (string, error) {
	var line []byte
	for one := make([]byte, 1); ; line = append(line, one[0]) {
		if _, err := io.ReadFull(r, one); err != nil {
			return "", fmt.Errorf("read line: %w", err)
		}
		switch {
		case one[0] == '\n':
			return string(line), nil
		case len(line) == most:
			return "", fmt.Errorf("read line: %w: over %d bytes", ErrTooLarge, most)
		}
	}
}
