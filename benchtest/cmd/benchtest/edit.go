package main

import (
	"context"
	"flag"
	"slices"

	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/fixtures/sandboxes"
	"github.com/benchtest-dev/benchtest/providers"
)

func sandboxEdit() command {
	return command{
		name: "sandbox edit", args: "NAME", summary: "Change a sandbox's limits, from its next start on at the latest",
		flags: func(fs *flag.FlagSet) runFunc {
			shape := shapeFlags(fs)
			return func(ctx context.Context, e *env, args []string) error {
				if err := shape.check(); err != nil {
					return err
				}
				if len(args) == 1 && shape.limits() == (providers.Limits{}) && !shape.mountNone && len(shape.mountOnly) == 0 {
					return usagef("nothing to change: want --cpus, --memory, --mount-only or --mount-none")
				}
				return e.withHeld(ctx, args, func(k *sandboxes.Keeper, h *sandboxes.Held) error {
					return e.edit(ctx, k, h, shape)
				})
			}
		},
	}
}

func (e *env) edit(ctx context.Context, k *sandboxes.Keeper, h *sandboxes.Held, shape *shape) error {
	if err := h.There(); err != nil {
		return err
	}
	if !slices.Equal(shape.mounts(h.Record.Mounts), h.Record.Mounts) {
		return canRemount.lacks(h.Record)
	}
	if shape.limits() == (providers.Limits{}) {
		return nil // it has these mounts
	}
	m, ok := h.Machine.(providers.Resizer)
	if !ok {
		return canResize.lacks(h.Record)
	}
	if err := m.Resize(ctx, shape.limits()); err != nil {
		return err
	}
	h.Record.Limits = merged(h.Record.Limits, shape.limits())
	if err := k.Store.Update(h.Record); err != nil {
		return err
	}
	if mib := shape.limits().MemoryMiB; mib != 0 {
		if _, err := k.Journal.Update(h.Record.ID, func(l *fixtures.Lease) { l.Reserved.MemoryMiB = mib }); err != nil {
			return err
		}
	}
	e.printf(e.stdout, "changed; it holds from the next start at the latest: benchtest sandbox stop %s, then start\n", h.Record.Name)
	return nil
}
