//go:build linux

package collect

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

func dns(ctx context.Context, _ *session, q facts.Query) (finding, error) {
	if q.Subject == "" {
		return finding{}, errors.New("dns: no name")
	}
	server, err := param[string](q, "server")
	if err != nil {
		return finding{}, err
	}
	ctx, cancel, err := withTimeout(ctx, q)
	if err != nil {
		return finding{}, err
	}
	defer cancel()
	resolver := &net.Resolver{PreferGo: true}
	if server != "" {
		if _, _, err := net.SplitHostPort(server); err != nil {
			server = net.JoinHostPort(server, "53")
		}
		resolver.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, network, server)
		}
	}
	addrs, err := resolver.LookupHost(ctx, q.Subject)
	if err != nil {
		// Also when no server answers: to whoever asks, the name does not resolve.
		return finding{attrs: map[string]any{"resolvable": false, "addrs": []string{}}, raw: err.Error()}, nil
	}
	return finding{attrs: map[string]any{"resolvable": true, "addrs": distinct(addrs)}, raw: fmt.Sprint(addrs)}, nil
}
