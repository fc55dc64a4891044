package main

import (
	"context"
	"errors"
	"flag"
	"text/tabwriter"

	"github.com/benchtest-dev/benchtest/fixtures/sandboxes"
	"github.com/benchtest-dev/benchtest/providers"
)

// snapshotCommand is a verb about one snapshot of one sandbox.
func snapshotCommand(verb, summary string, do func(ctx context.Context, m providers.Machine, tag string) error) command {
	return command{
		name: "sandbox snapshot " + verb, args: "NAME TAG", summary: summary,
		flags: func(fs *flag.FlagSet) runFunc {
			tag := fs.String("tag", "", "the snapshot's `name`, as without a flag")
			return func(ctx context.Context, e *env, args []string) error {
				if *tag != "" {
					args = append(args, *tag)
				}
				if len(args) != 2 {
					return usagef("want a sandbox's name and a snapshot's")
				}
				return e.withHeld(ctx, args[:1], func(_ *sandboxes.Keeper, h *sandboxes.Held) error {
					if err := keepsSnapshots(h); err != nil {
						return err
					}
					err := do(ctx, h.Machine, args[1])
					if errors.Is(err, providers.ErrNotFound) {
						return usagef("sandbox %s has no snapshot %s: benchtest sandbox snapshot list %s", h.Record.Name, args[1], h.Record.Name)
					}
					if err == nil && verb == "apply" {
						err = h.Ready(ctx)
					}
					return err
				})
			}
		},
	}
}

// keepsSnapshots is an error of a provider that has none of its own.
func keepsSnapshots(h *sandboxes.Held) error {
	if err := h.There(); err != nil {
		return err
	}
	_, takes := h.Machine.(providers.Snapshotter)
	_, keeps := h.Machine.(providers.SnapshotKeeper)
	if !takes || !keeps {
		return canSnapshot.lacks(h.Record)
	}
	return nil
}

func snapshotCreate() command {
	return snapshotCommand("create", "Keep the present state of a sandbox under a name", func(ctx context.Context, m providers.Machine, tag string) error {
		return m.(providers.Snapshotter).Snapshot(ctx, tag)
	})
}

func snapshotApply() command {
	return snapshotCommand("apply", "Take a sandbox back to a snapshot", func(ctx context.Context, m providers.Machine, tag string) error {
		return m.(providers.Snapshotter).Restore(ctx, tag)
	})
}

func snapshotDelete() command {
	return snapshotCommand("delete", "Forget a snapshot", func(ctx context.Context, m providers.Machine, tag string) error {
		return m.(providers.SnapshotKeeper).DeleteSnapshot(ctx, tag)
	})
}

func snapshotList() command {
	return command{
		name: "sandbox snapshot list", args: "NAME", summary: "List the snapshots of a sandbox",
		flags: func(fs *flag.FlagSet) runFunc {
			asJSON := fs.Bool("json", false, "one JSON array, for other programs")
			return func(ctx context.Context, e *env, args []string) error {
				return e.withHeld(ctx, args, func(_ *sandboxes.Keeper, h *sandboxes.Held) error {
					if err := keepsSnapshots(h); err != nil {
						return err
					}
					infos, err := h.Machine.(providers.SnapshotKeeper).Snapshots(ctx)
					if err != nil {
						return err
					}
					return e.printSnapshots(infos, *asJSON)
				})
			}
		},
	}
}

func (e *env) printSnapshots(infos []providers.SnapshotInfo, asJSON bool) error {
	if asJSON {
		return e.printJSON(append([]providers.SnapshotInfo{}, infos...))
	}
	t := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	e.printf(t, "TAG\tAGE\tSIZE\n")
	for _, i := range infos {
		e.printf(t, "%s\t%s\t%s\n", i.Tag, age(i.Created), number(int(i.Bytes>>20), " MiB"))
	}
	return t.Flush()
}
