package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"

	"github.com/benchtest-dev/benchtest/fixtures/sandboxes"
	"github.com/benchtest-dev/benchtest/providers"
)

func sandboxForward() command {
	return command{
		name: "sandbox forward", args: "NAME [LOCAL:]PORT...", summary: "Make ports of a sandbox reachable on this machine's loopback, until interrupted; LOCAL 0 is any free one",
		flags: func(*flag.FlagSet) runFunc {
			return func(ctx context.Context, e *env, args []string) error {
				if len(args) < 2 {
					return usagef("want a sandbox's name and ports")
				}
				var ports []portPair
				for _, arg := range args[1:] {
					p, err := parsePorts(arg)
					if err != nil {
						return err
					}
					ports = append(ports, p)
				}
				return e.withSandbox(args[:1], func(k *sandboxes.Keeper, r sandboxes.Record) error {
					return e.forward(ctx, k, r, ports)
				})
			}
		},
	}
}

// A portPair is a port of this machine and one of the guest's.
type portPair struct{ local, guest int }

func parsePorts(arg string) (portPair, error) {
	local, guest, both := strings.Cut(arg, ":")
	if !both {
		guest = local
	}
	l, err1 := strconv.ParseUint(local, 10, 16)
	g, err2 := strconv.ParseUint(guest, 10, 16)
	if errors.Join(err1, err2) != nil || g == 0 {
		return portPair{}, usagef("%q: want PORT or LOCAL:PORT", arg)
	}
	return portPair{int(l), int(g)}, nil
}

// forward listens until ctx ends, which is how it is meant to end.
func (e *env) forward(ctx context.Context, k *sandboxes.Keeper, r sandboxes.Record, ports []portPair) error {
	box, err := e.reach(ctx, k, r, "agent")
	if err != nil {
		return err
	}
	defer func() { _ = box.Close() }() // what it carried has ended
	var work sync.WaitGroup
	defer work.Wait()
	for _, p := range ports {
		var lc net.ListenConfig
		l, err := lc.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(p.local)))
		if err != nil {
			return err
		}
		defer l.Close()
		e.printf(e.stdout, "forwarding %s to port %d of %s\n", l.Addr(), p.guest, r.Name)
		work.Go(func() { e.relay(ctx, l, box, p.guest) })
	}
	<-ctx.Done()
	return nil
}

// relay accepts until l is closed.
func (e *env) relay(ctx context.Context, l net.Listener, box *providers.Sandbox, port int) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			if err := carry(ctx, conn, box, port); err != nil && ctx.Err() == nil {
				e.printf(e.stderr, "port %d: %v\n", port, err)
			}
		}()
	}
}

// carry connects conn with the guest's port. The SSH connection is made anew
// where it was lost: a guest may restart.
func carry(ctx context.Context, conn net.Conn, box *providers.Sandbox, port int) error {
	client, err := box.Client(ctx)
	if err != nil {
		return err
	}
	far, err := client.DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer far.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close(); _ = far.Close() })
	defer stop()
	var both sync.WaitGroup
	both.Go(func() { pass(far, conn) })
	both.Go(func() { pass(conn, far) })
	both.Wait()
	return nil
}

// pass copies one way, and then says that there is no more.
func pass(to, from net.Conn) {
	_, _ = io.Copy(to, from) // its end is all there is to know
	if half, ok := to.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
}
