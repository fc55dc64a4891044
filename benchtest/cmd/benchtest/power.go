package main

import (
	"context"
	"errors"
	"flag"

	"github.com/benchtest-dev/benchtest/benchtest/scenario"
	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/fixtures/sandboxes"
	"github.com/benchtest-dev/benchtest/providers"
)

// oneHeld is a command on one sandbox that nobody else is at meanwhile.
func oneHeld(name, summary string, do func(context.Context, *env, *sandboxes.Keeper, *sandboxes.Held) error) command {
	return command{
		name: name, args: "NAME", summary: summary,
		flags: func(*flag.FlagSet) runFunc {
			return func(ctx context.Context, e *env, args []string) error {
				return e.withHeld(ctx, args, func(k *sandboxes.Keeper, h *sandboxes.Held) error { return do(ctx, e, k, h) })
			}
		},
	}
}

// withHeld is withSandbox for what nobody else may do at the same time.
func (e *env) withHeld(ctx context.Context, args []string, do func(*sandboxes.Keeper, *sandboxes.Held) error) error {
	return e.withSandbox(args, func(k *sandboxes.Keeper, r sandboxes.Record) error {
		h, err := k.Take(ctx, r)
		if err != nil {
			return err
		}
		defer h.Yield()
		return do(k, h)
	})
}

func sandboxStart() command {
	return oneHeld("sandbox start", "Switch a sandbox on, also after a restart of this machine", func(ctx context.Context, e *env, k *sandboxes.Keeper, h *sandboxes.Held) error {
		if err := startHeld(ctx, k, h); err != nil {
			return err
		}
		e.printf(e.stdout, "%s runs\n", h.Record.Name)
		e.printForwards(ctx, h)
		return nil
	})
}

// startHeld switches the machine on, plugs it into its network again, and
// waits until it is ready.
func startHeld(ctx context.Context, k *sandboxes.Keeper, h *sandboxes.Held) error {
	if err := h.There(); err != nil {
		return err
	}
	s, ok := h.Machine.(providers.Starter)
	if !ok {
		return canStart.lacks(h.Record)
	}
	if err := s.Start(ctx); err != nil {
		return err
	}
	if err := rewire(ctx, k, h); err != nil {
		return err
	}
	return h.Ready(ctx)
}

// rewire connects a prepared scenario's hosts again, as far as they are there:
// a restart of this machine may have taken their network away.
func rewire(ctx context.Context, k *sandboxes.Keeper, h *sandboxes.Held) error {
	n, ok := h.Provider().(providers.Networker)
	if h.Record.Wire == "" || !ok {
		return nil
	}
	all, err := k.Store.List()
	if err != nil {
		return err
	}
	machines := map[string]providers.Machine{}
	for _, r := range all {
		if r.Wire != h.Record.Wire {
			continue
		}
		state, err := stateOf(ctx, h.Provider(), r.ID)
		if err != nil || state != "running" {
			continue // its own start connects it
		}
		if machines[r.HostName], err = h.Provider().Open(ctx, r.ID); err != nil {
			return err
		}
	}
	return n.Connect(ctx, h.Record.Wire, machines)
}

func sandboxStop() command {
	return oneHeld("sandbox stop", "Switch a sandbox off; its disk stays", func(ctx context.Context, e *env, _ *sandboxes.Keeper, h *sandboxes.Held) error {
		if err := h.There(); err != nil {
			return err
		}
		s, ok := h.Machine.(providers.Starter)
		if !ok {
			return canStart.lacks(h.Record)
		}
		if err := s.Stop(ctx); err != nil {
			return err
		}
		e.printf(e.stdout, "%s is off\n", h.Record.Name)
		return nil
	})
}

func sandboxReset() command {
	return oneHeld("sandbox reset", "Make a sandbox anew from its template, and prepare it again if it was prepared; what is in it is lost", func(ctx context.Context, e *env, k *sandboxes.Keeper, h *sandboxes.Held) error {
		if err := e.reset(ctx, k, h); err != nil {
			return err
		}
		e.printf(e.stdout, "%s is new\n", h.Record.Name)
		return nil
	})
}

func (e *env) reset(ctx context.Context, k *sandboxes.Keeper, h *sandboxes.Held) error {
	r := h.Record
	_, lends := h.Provider().(providers.Lender)
	switch {
	case r.Kind == sandboxes.Kept:
		return usagef("sandbox %s is what a failed attempt left, which is all that it is for", r.Name)
	case lends:
		return canReset.lacks(r)
	}
	t, err := e.built(ctx, r.Provider, r.Folder, r.Template)
	if err != nil {
		return err
	}
	_, err = k.Journal.Update(r.ID, func(l *fixtures.Lease) { l.Template = t.BuildName() })
	if err == nil {
		err = h.Reset(ctx, t)
	}
	if err == nil {
		err = rewire(ctx, k, h)
	}
	if err != nil || r.Kind != sandboxes.Prepared {
		return err
	}
	return e.prepareAgain(ctx, k, h)
}

// prepareAgain breaks a prepared host that was made anew.
func (e *env) prepareAgain(ctx context.Context, k *sandboxes.Keeper, h *sandboxes.Held) error {
	f, err := loaded([]string{h.Record.Folder})
	if err != nil {
		return err
	}
	defer f.close()
	chosen, err := scenario.Select(f.all, h.Record.Scenario)
	if err != nil {
		return usageError{err}
	}
	if len(chosen[0].Hosts) > 1 {
		return errors.New("it is new, but not prepared: its scenario has several hosts: restore it and prepare it again")
	}
	s := &scene{env: e, keeper: k, sc: chosen[0], held: []*sandboxes.Held{h}}
	if err := s.play(ctx); err != nil {
		e.printf(e.stderr, "warning: prepare failed, and the machine is handed over as it is: %v\n", err)
	}
	return context.Cause(ctx)
}
