package main

import (
	"context"
	"errors"
	"flag"
	"text/tabwriter"
	"time"

	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/fixtures/sandboxes"
	"github.com/benchtest-dev/benchtest/providers"
)

func sandboxList() command {
	return command{
		name: "sandbox list", summary: "List machines and networks of ours, with their leases",
		flags: func(fs *flag.FlagSet) runFunc {
			asJSON := fs.Bool("json", false, "one JSON array, for other programs")
			mode := onlyMode(fs)
			return func(ctx context.Context, e *env, _ []string) error { return e.listSandboxes(ctx, *mode, *asJSON) }
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
	// Name, Scenario and Expires are of what people can get into.
	Name     string    `json:"name,omitempty"`
	Scenario string    `json:"scenario,omitempty"`
	Expires  time.Time `json:"expires,omitzero"`
}

func (e *env) listSandboxes(ctx context.Context, mode string, asJSON bool) error {
	k, err := e.keeper()
	if err != nil {
		return err
	}
	defer k.Store.Close()
	names := e.providers.Names()
	if mode != "" {
		if _, err := e.provider(mode); err != nil {
			return err
		}
		names = []string{mode}
	}
	rows, err := e.sandboxRows(ctx, k, names)
	if asJSON {
		return errors.Join(err, e.printJSON(rows))
	}
	t := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	e.printf(t, "ID\tPROVIDER\tKIND\tSTATE\tTEMPLATE\tATTEMPT\tOWNER\tAGE\tNAME\n")
	for _, r := range rows {
		e.printf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.ID, r.Provider, r.Kind, r.State, r.Template, r.Attempt, r.owner(), age(r.Created), r.Name)
	}
	return errors.Join(err, t.Flush())
}

// sandboxRows asks every provider for its machines, and the journal whose they
// are.
func (e *env) sandboxRows(ctx context.Context, k *sandboxes.Keeper, names []string) ([]sandboxRow, error) {
	leases, err := k.Journal.List()
	errs := []error{err}
	byID := map[string]fixtures.Lease{}
	for _, l := range leases {
		byID[l.ID] = l
	}
	records, err := k.Store.List()
	errs = append(errs, err)
	named := map[string]sandboxes.Record{}
	for _, r := range records {
		named[r.ID] = r
	}
	rows := []sandboxRow{}
	for _, name := range names {
		infos, err := e.machines(ctx, name)
		errs = append(errs, err)
		for _, info := range infos {
			if info.Kind == providers.KindTemplate {
				continue
			}
			l, r := byID[info.ID], named[info.ID]
			rows = append(rows, sandboxRow{
				MachineInfo: info, Lease: string(l.Kind), Owner: l.Owner.PID, Live: l.Live, Kept: l.Kept, Attempt: l.Attempt,
				Name: r.Name, Scenario: r.Scenario, Expires: l.Expires,
			})
		}
	}
	return rows, errors.Join(errs...)
}

// owner says whose it is, in a word.
func (r sandboxRow) owner() string {
	switch {
	case r.Live:
		return "lives"
	case r.Kept:
		return "kept"
	case r.Lease == string(fixtures.LeasePrepared), r.Lease == string(fixtures.LeaseCreated):
		return r.Lease
	case r.Lease != "":
		return "gone"
	}
	return "none"
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
