package main

import (
	"context"
	"errors"
	"flag"

	"github.com/benchtest-dev/benchtest/fixtures/sandboxes"
)

func sandboxDelete() command {
	return command{
		name: "sandbox delete", args: "NAME...", summary: "Remove machines that sandbox create made",
		flags: func(fs *flag.FlagSet) runFunc {
			var names list
			fs.Var(&names, "name", "the sandbox's `name`, as without a flag")
			fs.Var(&names, "n", "the same as --name")
			fs.Var(&names, "s", "the same as --name")
			mode := onlyMode(fs)
			return func(ctx context.Context, e *env, args []string) error {
				return e.deleteSandboxes(ctx, append(names, args...), *mode)
			}
		},
	}
}

// onlyMode declares --mode where it restricts rather than chooses.
func onlyMode(fs *flag.FlagSet) *string {
	mode := fs.String("mode", "", "only those of this `provider`")
	fs.StringVar(mode, "m", "", "the same as --mode")
	return mode
}

func (e *env) deleteSandboxes(ctx context.Context, names []string, mode string) error {
	if len(names) == 0 {
		return usagef("want a sandbox's name: benchtest sandbox list shows them")
	}
	k, err := e.keeper()
	if err != nil {
		return err
	}
	defer k.Store.Close()
	var chosen []sandboxes.Record
	for _, name := range names { // nothing goes unless all may
		r, err := k.Store.Find(name)
		switch {
		case err != nil:
			return unknown(err)
		case r.Kind != sandboxes.Created:
			return usagef("sandbox %s was %s, and delete takes only what was created: %s", r.Name, r.Kind, remedyFor(r))
		case mode != "" && r.Provider != mode:
			return usagef("sandbox %s is on %s, not on %s", r.Name, r.Provider, mode)
		}
		chosen = append(chosen, r)
	}
	var errs []error
	for _, r := range chosen {
		errs = append(errs, e.removeSandbox(ctx, k, r))
	}
	return errors.Join(errs...)
}

func (e *env) removeSandbox(ctx context.Context, k *sandboxes.Keeper, r sandboxes.Record) error {
	h, err := k.Take(ctx, r)
	if err == nil {
		err = h.Remove(ctx)
	}
	if err == nil {
		e.printf(e.stdout, "removed %s\n", r.Name)
	}
	return err
}
