package main

import (
	"context"
	"flag"

	"github.com/benchtest-dev/benchtest/fixtures/sandboxes"
	"github.com/benchtest-dev/benchtest/providers"
)

func sandboxClone() command {
	return command{
		name: "sandbox clone", args: "NAME NEW", summary: "Copy a sandbox with all that is in it; the copy has keys of its own",
		flags: func(fs *flag.FlagSet) runFunc {
			shape := shapeFlags(fs)
			return func(ctx context.Context, e *env, args []string) error {
				if len(args) != 2 {
					return usagef("want a sandbox's name and the copy's")
				}
				if err := shape.check(); err != nil {
					return err
				}
				return e.withHeld(ctx, args[:1], func(k *sandboxes.Keeper, h *sandboxes.Held) error {
					return e.cloneSandbox(ctx, k, h, args[1], shape)
				})
			}
		},
	}
}

func (e *env) cloneSandbox(ctx context.Context, k *sandboxes.Keeper, from *sandboxes.Held, name string, shape *shape) error {
	if err := from.There(); err != nil {
		return err
	}
	if _, ok := from.Provider().(providers.Copier); !ok {
		return canCopy.lacks(from.Record)
	}
	if err := sandboxes.CheckName(name); err != nil {
		return usageError{err}
	}
	if err := free(k, name); err != nil {
		return err
	}
	r := from.Record
	t, err := e.built(ctx, r.Provider, r.Folder, r.Template)
	if err != nil {
		return err
	}
	w := sandboxes.Want{Template: t, From: from.Machine, Record: sandboxes.Record{
		Name: name, Kind: sandboxes.Created, Provider: r.Provider, HostName: name, Folder: r.Folder, Network: r.Network,
		Limits: merged(r.Limits, shape.limits()), Mounts: shape.mounts(r.Mounts),
	}}
	e.printf(e.stderr, "copying %s to %s\n", r.Name, name)
	to, err := k.Make(ctx, w)
	if err != nil {
		return err
	}
	return e.handOver(ctx, to)
}

// merged is old with what is set in change.
func merged(old, change providers.Limits) providers.Limits {
	if change.MemoryMiB != 0 {
		old.MemoryMiB = change.MemoryMiB
	}
	if change.VCPU != 0 {
		old.VCPU = change.VCPU
	}
	return old
}

// mounts are those that the flags ask for, else the old ones.
func (s *shape) mounts(old []providers.Mount) []providers.Mount {
	if s.mountNone || len(s.mountOnly) > 0 {
		return append([]providers.Mount{}, s.mountOnly...) // none is not nothing said
	}
	return old
}
