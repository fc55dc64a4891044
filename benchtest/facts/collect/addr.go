//go:build linux

package collect

import (
	"context"
	"fmt"
	"net"
	"strings"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

func addr(ctx context.Context, _ *session, q facts.Query) (finding, error) {
	network, address, ok := strings.Cut(q.Subject, "://")
	if !ok || (network != "tcp" && network != "udp") {
		return finding{}, fmt.Errorf("addr %q: want tcp://HOST:PORT or udp://HOST:PORT", q.Subject)
	}
	if _, _, err := net.SplitHostPort(address); err != nil {
		return finding{}, fmt.Errorf("addr %q: %w", q.Subject, err)
	}
	ctx, cancel, err := withTimeout(ctx, q)
	if err != nil {
		return finding{}, err
	}
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, address)
	if err != nil {
		return finding{attrs: map[string]any{"reachable": false}, raw: err.Error()}, nil
	}
	conn.Close()
	return finding{attrs: map[string]any{"reachable": true}}, nil
}
