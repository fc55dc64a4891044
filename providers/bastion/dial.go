package bastion

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/benchtest-dev/benchtest/providers"
)

// DialMain is what the ProxyCommand runs: it connects in and out with the
// host that arg, SOCKET/HOST, names, until that host's side has ended. The
// socket may be a bastion's or one of providers.ServeDial.
func DialMain(arg string, in io.Reader, out io.Writer) error {
	i := strings.LastIndexByte(arg, '/')
	if i <= 0 || i == len(arg)-1 {
		return fmt.Errorf("dial %q: want SOCKET/HOST", arg)
	}
	// No context: OpenSSH ends its ProxyCommand by closing the pipes.
	ctx := context.Background()
	conn, err := providers.DialSocket(ctx, arg[:i], arg[i+1:])
	if err != nil {
		return err
	}
	return providers.Pipe(ctx, conn, in, out)
}
