package providers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
)

// DialSocket connects to host through the server at the Unix socket path. The
// caller closes the connection; its CloseWrite ends one way.
func DialSocket(ctx context.Context, path, host string) (net.Conn, error) {
	if host == "" || strings.ContainsAny(host, "\n") || len(host) > maxHostLine {
		return nil, fmt.Errorf("dial %q: not a host name", host)
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", host, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	err = greet(conn, host)
	if !stop() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("dial %s: %w", host, err)
	}
	return conn, nil
}

func greet(conn net.Conn, host string) error {
	if _, err := io.WriteString(conn, host+"\n"); err != nil {
		return err
	}
	reply, err := readLine(conn, maxReplyLine)
	switch {
	case err != nil:
		return err
	case reply == "ok":
		return nil
	}
	return errors.New(strings.TrimPrefix(reply, "error: "))
}

// Pipe carries in to conn and conn to out, which is what a ProxyCommand does,
// until conn's way ends or ctx does. It closes conn; it does not wait for a
// Read of in that blocks.
func Pipe(ctx context.Context, conn net.Conn, in io.Reader, out io.Writer) error {
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	go func() {
		_, _ = io.Copy(conn, in)
		if half, ok := conn.(interface{ CloseWrite() error }); ok {
			_ = half.CloseWrite()
		}
	}()
	_, err := io.Copy(out, conn)
	if ctx.Err() != nil {
		return fmt.Errorf("pipe: %w", context.Cause(ctx))
	}
	if err != nil {
		return fmt.Errorf("pipe: %w", err)
	}
	return nil
}
