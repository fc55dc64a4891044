package main

import (
	"context"
	"errors"
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
	err := remount(ctx, h, shape.mounts(h.Record.Mounts))
	if err == nil {
		err = resize(ctx, k, h, shape.limits())
	}
	if err := errors.Join(err, k.Store.Update(h.Record)); err != nil {
		return err
	}
	e.printf(e.stdout, "changed; it holds from the next start at the latest: benchtest sandbox stop %s, then start\n", h.Record.Name)
	return nil
}

// remount gives the machine these mounts, unless it has them.
func remount(ctx context.Context, h *sandboxes.Held, mounts []providers.Mount) error {
	if slices.Equal(mounts, h.Record.Mounts) {
		return nil
	}
	m, ok := h.Machine.(providers.Remounter)
	if !ok {
		return canRemount.lacks(h.Record)
	}
	if err := m.Remount(ctx, mounts); err != nil {
		return err
	}
	h.Record.Mounts = mounts
	return nil
}

// resize gives the machine the limits that are set.
func resize(ctx context.Context, k *sandboxes.Keeper, h *sandboxes.Held, l providers.Limits) error {
	if l == (providers.Limits{}) {
		return nil
	}
	m, ok := h.Machine.(providers.Resizer)
	if !ok {
		return canResize.lacks(h.Record)
	}
	if err := m.Resize(ctx, l); err != nil {
		return err
	}
	h.Record.Limits = merged(h.Record.Limits, l)
	if l.MemoryMiB == 0 {
		return nil
	}
	_, err := k.Journal.Update(h.Record.ID, func(lease *fixtures.Lease) { lease.Reserved.MemoryMiB = l.MemoryMiB })
	return err
}
