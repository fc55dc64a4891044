package bastion

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
)

// DialMain is what the ProxyCommand runs: it connects in and out with the
// host that arg, SOCKET/HOST, names, until either side has ended.
func DialMain(arg string, in io.Reader, out io.Writer) error {
	i := strings.LastIndexByte(arg, '/')
	if i <= 0 || i == len(arg)-1 {
		return fmt.Errorf("dial %q: want SOCKET/HOST", arg)
	}
	conn, err := dial(context.Background(), arg[:i], arg[i+1:])
	if err != nil {
		return err
	}
	defer conn.Close()
	go func() {
		// When in ends the host may still have something to say.
		_, _ = io.Copy(conn, in)
		_ = conn.CloseWrite()
	}()
	if _, err := io.Copy(out, conn); err != nil {
		return fmt.Errorf("dial %q: %w", arg, err)
	}
	return nil
}

// dial connects to the bastion behind socket and asks it for host.
func dial(ctx context.Context, socket, host string) (*net.UnixConn, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", host, err)
	}
	conn := c.(*net.UnixConn)
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	err = ask(conn, host)
	if !stop() {
		err = errors.Join(err, context.Cause(ctx))
	}
	if err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("dial %s: %w", host, err)
	}
	return conn, nil
}

func ask(conn net.Conn, host string) error {
	if _, err := fmt.Fprintf(conn, "%s\n", host); err != nil {
		return err
	}
	line, err := readLine(conn, 1024)
	switch refusal, refused := strings.CutPrefix(line, "error: "); {
	case err != nil:
		return err
	case refused:
		return errors.New(refusal)
	case line != "ok":
		return fmt.Errorf("unexpected answer %q", line)
	}
	return nil
}

// readLine reads one line of at most limit bytes and nothing beyond it: the
// next bytes are SSH's.
func readLine(r io.Reader, limit int) (string, error) {
	line := make([]byte, 0, limit)
	for len(line) < limit {
		next := line[len(line) : len(line)+1]
		if _, err := io.ReadFull(r, next); err != nil {
			return "", fmt.Errorf("read line: %w", err)
		}
		if next[0] == '\n' {
			return string(line), nil
		}
		line = line[:len(line)+1]
	}
	return "", errors.New("read line: too long")
}
