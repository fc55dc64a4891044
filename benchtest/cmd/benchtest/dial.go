package main

import (
	"context"
	"errors"
	"flag"
	"fmt"

	"github.com/benchtest-dev/benchtest/providers"
)

func dialCommand() command {
	return command{
		name: "dial", args: "ID", summary: "Connect standard input and output to the SSH server of a machine or sandbox (a ProxyCommand)",
		flags: func(fs *flag.FlagSet) runFunc {
			mode := modeFlag(fs)
			return func(ctx context.Context, e *env, args []string) error { return e.dial(ctx, *mode, args) }
		},
	}
}

func (e *env) dial(ctx context.Context, mode string, args []string) error {
	if len(args) != 1 {
		return usagef("want one machine's ID: benchtest sandbox list shows them")
	}
	k, err := e.keeper()
	if err != nil {
		return err
	}
	defer k.Store.Close()
	id := args[0]
	if r, err := k.Store.Find(id); err == nil {
		id, mode = r.ID, r.Provider
	}
	p, err := k.Open(mode)
	if err != nil {
		return err
	}
	m, err := p.Open(ctx, id)
	switch {
	case errors.Is(err, providers.ErrNotFound):
		return usagef("there is no machine %s: benchtest sandbox list shows them", args[0])
	case err != nil:
		return fmt.Errorf("open %s: %w", args[0], err)
	}
	conn, err := m.Dial(ctx)
	if err != nil {
		return fmt.Errorf("dial %s: %w", args[0], err)
	}
	return providers.Pipe(ctx, conn, e.stdin, e.stdout)
}
