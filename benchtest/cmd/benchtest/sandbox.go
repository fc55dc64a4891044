package main

import (
	"context"
	"errors"
	"flag"
	"text/tabwriter"
	"time"

	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/providers"
)

func sandboxList() command {
	return command{
		name: "sandbox list", summary: "List machines and networks of ours, with their leases",
		flags: func(fs *flag.FlagSet) runFunc {
			asJSON := fs.Bool("json", false, "one JSON array, for other programs")
			return func(ctx context.Context, e *env, _ []string) error { return e.listSandboxes(ctx, *asJSON) }
		},
	}
}

// A sandboxRow is one machine or network, with what its lease says.
type sandboxRow struct {
	providers.MachineInfo
	Lease   string `json:"lease,omitempty"` // kind of the lease
	Owner   int    `json:"owner_pid,omitempty"`
	Live    bool   `json:"owner_lives"`
	Kept    bool   `json:"kept,omitempty"`
	Attempt string `json:"attempt,omitempty"`
}

func (e *env) listSandboxes(ctx context.Context, asJSON bool) error {
	home, err := fixtures.Home(e.lookup)
	if err != nil {
		return err
	}
	journal, err := fixtures.OpenJournal(home)
	if err != nil {
		return err
	}
	leases, err := journal.List()
	errs := []error{err}
	byID := map[string]fixtures.Lease{}
	for _, l := range leases {
		byID[l.ID] = l
	}
	rows := []sandboxRow{}
	for _, name := range registry().Names() {
		infos, err := e.machines(ctx, name)
		errs = append(errs, err)
		for _, info := range infos {
			if info.Kind == providers.KindTemplate {
				continue
			}
			l := byID[info.ID]
			rows = append(rows, sandboxRow{MachineInfo: info, Lease: string(l.Kind), Owner: l.Owner.PID, Live: l.Live, Kept: l.Kept, Attempt: l.Attempt})
		}
	}
	if asJSON {
		return errors.Join(append(errs, e.printJSON(rows))...)
	}
	t := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	e.printf(t, "ID\tPROVIDER\tKIND\tSTATE\tTEMPLATE\tATTEMPT\tOWNER\tAGE\n")
	for _, r := range rows {
		owner := "none"
		switch {
		case r.Kept:
			owner = "kept"
		case r.Live:
			owner = "lives"
		case r.Lease != "":
			owner = "gone"
		}
		e.printf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.ID, r.Provider, r.Kind, r.State, r.Template, r.Attempt, owner, age(r.Created))
	}
	return errors.Join(append(errs, t.Flush())...)
}

// machines lists what a provider holds.
func (e *env) machines(ctx context.Context, name string) ([]providers.MachineInfo, error) {
	p, err := e.provider(name)
	if err != nil {
		return nil, err
	}
	return p.List(ctx)
}

// age is how long ago t was, for people; empty when t is not known.
func age(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return time.Since(t).Round(time.Second).String()
}
