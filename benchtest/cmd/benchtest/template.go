package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/term"

	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/image"
)

// modeFlag declares --mode, which provider a command is about.
func modeFlag(fs *flag.FlagSet) *string {
	mode := fs.String("mode", "local", "the `provider`")
	fs.StringVar(mode, "m", "local", "the same as --mode")
	return mode
}

// cache opens the templates of a provider, with the journal that knows their users.
func (e *env) cache(mode string) (*fixtures.TemplateCache, *fixtures.Journal, error) {
	p, err := e.provider(mode)
	if err != nil {
		return nil, nil, err
	}
	home, err := fixtures.Home(e.lookup)
	if err != nil {
		return nil, nil, err
	}
	journal, err := fixtures.OpenJournal(home)
	if err != nil {
		return nil, nil, err
	}
	f, isFile := e.stderr.(*os.File)
	return fixtures.NewTemplateCache(p, fixtures.Progress{W: e.stderr, Terminal: isFile && term.IsTerminal(int(f.Fd()))}), journal, nil
}

func templateList() command {
	return command{
		name: "template list", args: "[DIR]", summary: "List template definitions and what is built of them",
		flags: func(fs *flag.FlagSet) runFunc {
			mode := modeFlag(fs)
			asJSON := fs.Bool("json", false, "one JSON array, for other programs")
			return func(ctx context.Context, e *env, args []string) error {
				return e.listTemplates(ctx, *mode, args, *asJSON)
			}
		},
	}
}

// A templateRow is a definition with its build, or a build without one.
type templateRow struct {
	Name      string    `json:"name"`
	Build     string    `json:"build"`
	State     string    `json:"state"` // complete, broken, or "not built"
	Base      string    `json:"base,omitempty"`
	VCPU      int       `json:"vcpu,omitempty"`
	MemoryMiB int       `json:"memory_mib,omitempty"`
	DiskMiB   int       `json:"disk_mib,omitempty"`
	Bytes     int64     `json:"bytes,omitempty"`
	Created   time.Time `json:"created,omitzero"`
	Old       bool      `json:"old,omitempty"` // no definition has this digest any more
}

func (e *env) listTemplates(ctx context.Context, mode string, args []string, asJSON bool) error {
	catalog, err := catalogAt(args)
	if err != nil {
		return err
	}
	cache, _, err := e.cache(mode)
	if err != nil {
		return err
	}
	builds, err := cache.List(ctx)
	if err != nil {
		return err
	}
	rows, err := templateRows(catalog, builds)
	if err != nil {
		return err
	}
	if asJSON {
		return e.printJSON(rows)
	}
	t := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	e.printf(t, "TEMPLATE\tBUILD\tSTATE\tVCPU\tRAM\tDISK\tSIZE\n")
	for _, r := range rows {
		state := r.State
		if r.Old {
			state += ", old"
		}
		e.printf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Name, r.Build, state, number(r.VCPU, ""), number(r.MemoryMiB, " MiB"), number(r.DiskMiB, " MiB"), number(int(r.Bytes>>20), " MiB"))
	}
	return t.Flush()
}

// templateRows lists the definitions, then the builds that no definition has.
func templateRows(catalog *fixtures.Catalog, builds []providers.MachineInfo) ([]templateRow, error) {
	byID := map[string]providers.MachineInfo{}
	for _, b := range builds {
		byID[b.ID] = b
	}
	rows := []templateRow{}
	for _, name := range catalog.Names() {
		t, err := catalog.Get(name)
		if err != nil {
			return nil, err
		}
		row := templateRow{Name: name, Build: t.BuildName(), State: "not built", VCPU: t.VCPU, MemoryMiB: t.MemoryMiB, DiskMiB: t.DiskMiB}
		if t.Base != nil {
			row.Base = t.Base.Name
		}
		if b, built := byID[row.Build]; built {
			row.State, row.Bytes, row.Created = b.State, b.Bytes, b.Created
			delete(byID, row.Build)
		}
		rows = append(rows, row)
	}
	for _, b := range builds {
		if _, left := byID[b.ID]; left {
			rows = append(rows, templateRow{Name: b.Template, Build: b.ID, State: b.State, Bytes: b.Bytes, Created: b.Created, Old: true})
		}
	}
	return rows, nil
}

func number(n int, unit string) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprint(n) + unit
}

func templateBuild() command {
	return command{
		name: "template build", args: "NAME...", summary: "Build templates now, rather than when a run first needs them",
		flags: func(fs *flag.FlagSet) runFunc {
			mode := modeFlag(fs)
			return func(ctx context.Context, e *env, args []string) error { return e.buildTemplates(ctx, *mode, args) }
		},
	}
}

func (e *env) buildTemplates(ctx context.Context, mode string, names []string) error {
	catalog, err := catalogOf(defaultDir(nil))
	if err != nil {
		return usageError{err}
	}
	if len(names) == 0 {
		return usagef("want the name of a template: %v", catalog.Names())
	}
	cache, _, err := e.cache(mode)
	if err != nil {
		return err
	}
	for _, name := range names {
		t, err := catalog.Get(name)
		if err != nil {
			return usageError{err}
		}
		if err := cache.EnsureBuilt(ctx, t); err != nil {
			return err
		}
		e.printf(e.stdout, "%s\n", t.BuildName())
	}
	return nil
}

func templateDelete() command {
	return command{
		name: "template delete", args: "BUILD|IMAGE...", summary: "Delete built templates, or images; a build that a machine uses is refused",
		flags: func(fs *flag.FlagSet) runFunc {
			mode := modeFlag(fs)
			return func(ctx context.Context, e *env, args []string) error {
				if len(args) == 0 {
					return usagef("want a build's name: benchtest template list shows them")
				}
				cache, journal, err := e.cache(*mode)
				if err != nil {
					return err
				}
				images, err := e.images()
				if err != nil {
					return err
				}
				for _, build := range args {
					remove := func() error { return cache.Delete(ctx, journal, build) }
					switch {
					case image.IsImage(build):
						remove = func() error { return images.Remove(ctx, build) }
					case !strings.HasPrefix(build, "template-"):
						return usagef("%q is neither a build nor an image: benchtest template list and template images show them", build)
					}
					if err := remove(); err != nil {
						return err
					}
					e.printf(e.stdout, "deleted %s\n", build)
				}
				return nil
			}
		},
	}
}

func templateGC() command {
	return command{
		name: "template gc", summary: "Delete old builds that nothing uses, and images that no template is made of",
		flags: func(fs *flag.FlagSet) runFunc {
			mode := modeFlag(fs)
			o := fixtures.GCOptions{}
			fs.IntVar(&o.KeepLatest, "keep-latest", 2, "keep this `many` builds of each template")
			fs.DurationVar(&o.OlderThan, "older-than", 0, "delete only what is older than this `time`")
			return func(ctx context.Context, e *env, _ []string) error {
				cache, journal, err := e.cache(*mode)
				if err != nil {
					return err
				}
				report, err := cache.GC(ctx, journal, o)
				if err != nil {
					return err
				}
				for _, build := range report.Deleted {
					e.printf(e.stdout, "deleted %s\n", build)
				}
				for build, why := range report.Left {
					e.printf(e.stdout, "left    %s: %v\n", build, why)
				}
				return e.collectImages(ctx, o.OlderThan)
			}
		},
	}
}
