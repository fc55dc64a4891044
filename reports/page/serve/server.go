package serve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/benchtest-dev/benchtest/reports/page"
)

// DefaultAddress is where nobody but this machine reaches a server.
const DefaultAddress = "127.0.0.1:7250"

// closeLimit bounds how long the end waits for pages that are being sent.
const closeLimit = 3 * time.Second

// Listen takes an address, HOST:PORT. Port 0 takes a free one.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("listen on %s: something else does: choose another with --listen HOST:PORT, or --listen 127.0.0.1:0 for any that is free", address)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	return l, nil
}

// Hosts are the names under which a server on l may be asked for: those of this
// machine itself, the address that was given, and what else the user names.
func Hosts(l net.Listener, more ...string) []string {
	hosts := append([]string{"localhost", "127.0.0.1", "::1"}, more...)
	if a, ok := l.Addr().(*net.TCPAddr); ok && !a.IP.IsUnspecified() && !a.IP.IsLoopback() {
		hosts = append(hosts, a.IP.String())
	}
	return hosts
}

// Serve serves s on l until ctx ends, and lets pages that are being sent
// finish. It closes l.
func Serve(ctx context.Context, l net.Listener, s page.Source, hosts []string) error {
	h, err := Handler(s, hosts)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	server := &http.Server{
		Handler:           http.TimeoutHandler(h, 30*time.Second, "this page took too long to make"),
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 40 * time.Second, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 32 << 10,
		BaseContext:    func(net.Listener) context.Context { return context.WithoutCancel(ctx) }, // who is being served is served
	}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeLimit)
		defer cancel()
		stopped <- server.Shutdown(end)
	})
	err = server.Serve(l)
	if !stop() && errors.Is(err, http.ErrServerClosed) {
		err = <-stopped
	}
	if err != nil {
		return fmt.Errorf("serve pages: %w", err)
	}
	return nil
}
