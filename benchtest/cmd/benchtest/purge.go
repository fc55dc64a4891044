package main

import (
	"context"
	"errors"
	"flag"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/engines/isolate"
	"github.com/benchtest-dev/benchtest/fixtures"
)

func sandboxPurge() command {
	return command{
		name: "sandbox purge", oldName: "sandbox purge-vms",
		summary: "Remove what dead processes left behind, and kept machines whose time is over; templates stay",
		flags: func(fs *flag.FlagSet) runFunc {
			o := fixtures.PurgeOptions{}
			fs.BoolVar(&o.All, "all", false, "prepared, created and kept machines too")
			fs.StringVar(&o.Provider, "mode", "", "only this `provider`'s")
			fs.StringVar(&o.Provider, "m", "", "the same as --mode")
			fs.StringVar(&o.Run, "run", "", "only this run's `ID`")
			asJSON := fs.Bool("json", false, "one JSON object, for other programs")
			return func(ctx context.Context, e *env, _ []string) error { return e.purge(ctx, o, *asJSON) }
		},
	}
}

func (e *env) purge(ctx context.Context, o fixtures.PurgeOptions, asJSON bool) error {
	k, err := e.keeper()
	if err != nil {
		return err
	}
	defer k.Store.Close()
	if o.Provider != "" {
		if _, err := e.provider(o.Provider); err != nil {
			return err
		}
	}
	o.Providers = e.providers.Names()
	report, err := fixtures.Purge(ctx, k.Journal, e.provider, o)
	err = errors.Join(err, k.Store.Sweep(), isolate.Sweep()) // the cells of engines whose driver died
	if asJSON {
		if printErr := e.printJSON(report); printErr != nil {
			return printErr
		}
		return err
	}
	for _, l := range report.Removed {
		e.printf(e.stdout, "removed %s %s (%s)\n", l.Kind, l.ID, l.Run)
	}
	for _, name := range report.Swept {
		e.printf(e.stdout, "removed unfinished %s\n", name)
	}
	for _, l := range report.Lasting {
		e.printf(e.stdout, "left    %s %s: kept for you%s; --all removes it\n", l.Kind, lasting(l), until(l.Expires))
	}
	for _, m := range report.Unleased {
		e.printf(e.stdout, "left    %s %s: no lease says whose it is\n", m.Kind, m.ID)
	}
	e.printf(e.stdout, "%d removed, %d in use, %d left\n", len(report.Removed)+len(report.Swept), len(report.Live), len(report.Lasting)+len(report.Unleased)+len(report.Failed))
	return err
}

// lasting names what is kept as people call it.
func lasting(l fixtures.Lease) string {
	if l.Sandbox != "" {
		return l.Sandbox
	}
	return l.ID
}

// until says when something is over; empty: never.
func until(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return " until" + on(t)
}

// on is a moment as people read it, after a blank.
func on(t time.Time) string { return " " + t.Local().Format(time.DateTime) }
