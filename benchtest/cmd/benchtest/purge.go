package main

import (
	"context"
	"errors"
	"flag"

	"github.com/benchtest-dev/benchtest/benchtest/engines/isolate"
	"github.com/benchtest-dev/benchtest/fixtures"
)

func sandboxPurge() command {
	return command{
		name: "sandbox purge", summary: "Remove what dead runs left behind; templates stay",
		flags: func(fs *flag.FlagSet) runFunc {
			o := fixtures.PurgeOptions{}
			fs.BoolVar(&o.All, "all", false, "prepared, created and kept machines too")
			fs.StringVar(&o.Run, "run", "", "only this run's `ID`")
			asJSON := fs.Bool("json", false, "one JSON object, for other programs")
			return func(ctx context.Context, e *env, _ []string) error { return e.purge(ctx, o, *asJSON) }
		},
	}
}

func (e *env) purge(ctx context.Context, o fixtures.PurgeOptions, asJSON bool) error {
	home, err := fixtures.Home(e.lookup)
	if err != nil {
		return err
	}
	journal, err := fixtures.OpenJournal(home)
	if err != nil {
		return err
	}
	o.Providers = registry().Names()
	report, err := fixtures.Purge(ctx, journal, e.provider, o)
	err = errors.Join(err, isolate.Sweep()) // the cells of engines whose driver died
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
		e.printf(e.stdout, "left    %s %s: kept for you; --all removes it\n", l.Kind, l.ID)
	}
	for _, m := range report.Unleased {
		e.printf(e.stdout, "left    %s %s: no lease says whose it is\n", m.Kind, m.ID)
	}
	e.printf(e.stdout, "%d removed, %d in use, %d left\n", len(report.Removed)+len(report.Swept), len(report.Live), len(report.Lasting)+len(report.Unleased)+len(report.Failed))
	return err
}
