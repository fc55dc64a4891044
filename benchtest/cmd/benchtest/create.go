package main

import (
	"context"
	"flag"
	"slices"
	"strconv"
	"strings"

	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/fixtures/sandboxes"
	"github.com/benchtest-dev/benchtest/providers"
)

// createFlags say which machine to make.
type createFlags struct {
	mode, dir      *string
	name, template string
	network        string
	shape          *shape
}

func (f *createFlags) declare(fs *flag.FlagSet) {
	f.mode, f.dir, f.shape = modeFlag(fs), dirFlag(fs), shapeFlags(fs)
	fs.StringVar(&f.template, "template", "debian-base", "the `template`: benchtest template list shows them")
	fs.StringVar(&f.network, "network", "", "none or open; by default none")
}

func sandboxCreate() command {
	return command{
		name: "sandbox create", args: "[NAME]", summary: "Make a machine of your own from a template, and say how to get in",
		flags: func(fs *flag.FlagSet) runFunc {
			f := &createFlags{}
			f.declare(fs)
			fs.StringVar(&f.name, "name", "", "the sandbox's `name`, as without a flag; by default one is made up")
			fs.StringVar(&f.name, "n", "", "the same as --name")
			runner := declareRunnerFlags(fs)
			return func(ctx context.Context, e *env, args []string) error {
				if err := runner.apply(e); err != nil {
					return err
				}
				if f.name != "" {
					args = append(args, f.name)
				}
				if len(args) > 1 {
					return usagef("want one name, not %q", args)
				}
				f.name = strings.Join(args, "")
				k, err := e.keeper()
				if err != nil {
					return err
				}
				defer k.Store.Close()
				h, err := e.create(ctx, k, f)
				if err != nil {
					return err
				}
				return e.handOver(ctx, h)
			}
		},
	}
}

// create makes a machine that is not handed over yet.
func (e *env) create(ctx context.Context, k *sandboxes.Keeper, f *createFlags) (*sandboxes.Held, error) {
	w, err := e.wanted(ctx, f)
	if err != nil {
		return nil, err
	}
	if err := free(k, w.Name); err != nil {
		return nil, err
	}
	e.printf(e.stderr, "making %s of %s on %s\n", w.Name, w.Template.Name, w.Provider)
	return k.Make(ctx, w)
}

// wanted checks the flags and builds the template.
func (e *env) wanted(ctx context.Context, f *createFlags) (sandboxes.Want, error) {
	if err := f.shape.check(); err != nil {
		return sandboxes.Want{}, err
	}
	network := providers.Network(f.network)
	if network != "" && network != providers.NetworkNone && network != providers.NetworkOpen {
		return sandboxes.Want{}, usagef("--network %s: want none or open", f.network)
	}
	folder, err := folderOf(*f.dir)
	if err != nil {
		return sandboxes.Want{}, err
	}
	name := f.name
	if name == "" {
		name = strings.TrimPrefix(fixtures.NewID("", f.template), "benchtest-")
	}
	if err := sandboxes.CheckName(name); err != nil {
		return sandboxes.Want{}, usageError{err}
	}
	r := sandboxes.Record{
		Name: name, Kind: sandboxes.Created, Provider: *f.mode, HostName: name, Folder: folder,
		Network: network, Limits: f.shape.limits(), Mounts: f.shape.mountOnly,
	}
	if len(r.Mounts) > 0 && slices.Contains([]string{"host", "incus"}, r.Provider) {
		return sandboxes.Want{}, canMount.lacks(r)
	}
	t, err := e.built(ctx, *f.mode, folder, f.template)
	r.Mounts = f.shape.mounts(templateMounts(r.Provider, t))
	return sandboxes.Want{Template: t, Record: r}, err
}

// templateMounts are what a provider's machine of t is shown unless the flags
// say otherwise.
func templateMounts(provider string, t providers.Template) []providers.Mount {
	if provider == "lima" && t.Lima.Mode == providers.LimaIntegrated {
		return t.Lima.Mounts
	}
	return nil
}

// built is the template called name, which is built where it is not.
func (e *env) built(ctx context.Context, mode, folder, name string) (providers.Template, error) {
	catalog, err := catalogOf(folder)
	if err != nil {
		return providers.Template{}, usageError{err}
	}
	t, err := catalog.Get(name)
	if err != nil {
		return t, usageError{err}
	}
	cache, _, err := e.cache(mode)
	if err != nil {
		return t, err
	}
	return t, cache.EnsureBuilt(ctx, t)
}

// free refuses a name that is taken before anything is made; Make finds out
// for good.
func free(k *sandboxes.Keeper, name string) error {
	list, err := k.Store.List()
	if err != nil {
		return err
	}
	for _, r := range list {
		if r.Name == name {
			return usagef("sandbox %s is there already (%s): %s", name, r.Kind, remedyFor(r))
		}
	}
	return nil
}

// remedyFor is the command that removes a sandbox.
func remedyFor(r sandboxes.Record) string {
	switch r.Kind {
	case sandboxes.Prepared:
		return "benchtest sandbox restore -s " + r.Scenario
	case sandboxes.Kept:
		return "it goes with benchtest sandbox purge when its time is over, or with purge --all"
	}
	return "benchtest sandbox delete " + r.Name
}

// handOver ends the making of a sandbox and says how to get in.
func (e *env) handOver(ctx context.Context, h *sandboxes.Held) error {
	if err := h.HandOver(); err != nil {
		return err
	}
	r := h.Record
	e.printf(e.stdout, "Target ready: %s (%s on %s)\n", r.Name, r.Template, r.Provider)
	e.printWays(r.Name)
	e.printForwards(ctx, h)
	e.printf(e.stdout, "Delete:       benchtest sandbox delete %s\n", r.Name)
	return nil
}

// printForwards says where ports of the guest are to be found, which is another
// place after each start. A machine that has none says nothing.
func (e *env) printForwards(ctx context.Context, h *sandboxes.Held) {
	m, ok := h.Machine.(providers.Forwarder)
	if !ok {
		return
	}
	list, err := m.Forwards(ctx)
	if err != nil {
		e.printf(e.stderr, "warning: %v\n", err)
	}
	for _, f := range list {
		e.printf(e.stdout, "Port %-8s 127.0.0.1:%d\n", strconv.Itoa(f.Guest)+":", f.Host)
	}
}

// printWays says how to get into a sandbox.
func (e *env) printWays(name string) {
	e.printf(e.stdout, "SSH:          benchtest sandbox ssh %s\n", name)
	e.printf(e.stdout, "Editor:       benchtest sandbox ssh-config %s\n", name)
}
