package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/fixtures/sandboxes"
	"github.com/benchtest-dev/benchtest/providers"
)

func sandboxSave() command {
	return command{
		name: "sandbox save", args: "NAME", summary: "Save a sandbox as a template, which scenarios can name from then on; its definition goes to templates/ beside them",
		flags: func(fs *flag.FlagSet) runFunc {
			dir := dirFlag(fs)
			as := fs.String("as-template", "", "the new template's `name`")
			return func(ctx context.Context, e *env, args []string) error {
				if *as == "" {
					return usagef("want --as-template NAME")
				}
				return e.withHeld(ctx, args, func(k *sandboxes.Keeper, h *sandboxes.Held) error {
					return e.save(ctx, k, h, *as, *dir)
				})
			}
		},
	}
}

func (e *env) save(ctx context.Context, k *sandboxes.Keeper, h *sandboxes.Held, as, dir string) error {
	if err := h.There(); err != nil {
		return err
	}
	saver, ok := h.Provider().(providers.Saver)
	if !ok {
		return canSave.lacks(h.Record)
	}
	if dir == "" {
		dir = h.Record.Folder
	}
	folder, err := folderOf(dir)
	if err != nil {
		return err
	}
	state, err := stateOf(ctx, h.Provider(), h.Record.ID)
	if err != nil {
		return err
	}
	def, err := define(folder, as, h.Record)
	if err != nil {
		return err
	}
	defer def.discard()
	t := def.template
	t.Progress = func(step string) { e.printf(e.stderr, "%s: %s\n", t.Name, step) }
	if err := saver.Save(ctx, h.Machine, t); err != nil {
		return err
	}
	if err := os.Rename(def.dir, def.final); err != nil {
		return fmt.Errorf("write the template's definition: %w", err)
	}
	e.printf(e.stdout, "saved %s as template %s: %s\n", h.Record.Name, as, filepath.Join(def.final, "template.yaml"))
	if state != "running" {
		return nil
	}
	return startHeld(ctx, k, h)
}

// A savedDefinition is the template.yaml of a template that is being saved. It
// gets its place when the template is there.
type savedDefinition struct {
	template   providers.Template
	dir, final string
}

// define writes the definition beside its place, where nobody reads it yet.
func define(folder, as string, r sandboxes.Record) (*savedDefinition, error) {
	catalog, err := catalogOf(folder)
	if err != nil {
		return nil, usageError{err}
	}
	if _, err := catalog.Get(as); err == nil {
		return nil, usagef("there is a template %s already", as)
	}
	if _, err := catalog.Get(r.Template); err != nil {
		return nil, fmt.Errorf("find the template that %s was made of: %w", r.Name, err)
	}
	own := filepath.Join(folder, "templates")
	if err := os.MkdirAll(own, 0o755); err != nil {
		return nil, err
	}
	staging, err := os.MkdirTemp(own, ".saving-") // the dot keeps it out of the catalog
	if err != nil {
		return nil, err
	}
	d := &savedDefinition{dir: filepath.Join(staging, as), final: filepath.Join(own, as)}
	if err = os.Mkdir(d.dir, 0o755); err == nil {
		err = os.WriteFile(filepath.Join(d.dir, "template.yaml"), savedText(r, time.Now()), 0o644)
	}
	if err == nil {
		d.template, err = d.load(own, as)
	}
	if err != nil {
		return nil, errors.Join(usageError{err}, os.RemoveAll(staging))
	}
	return d, nil
}

// load reads the definition as everybody will.
func (d *savedDefinition) load(own, as string) (providers.Template, error) {
	catalog, err := fixtures.LoadTemplates(os.DirFS(filepath.Dir(d.dir)), os.DirFS(own), fixtures.Embedded())
	if err != nil {
		return providers.Template{}, err
	}
	return catalog.Get(as)
}

// discard removes what is left of the staging directory.
func (d *savedDefinition) discard() { _ = os.RemoveAll(filepath.Dir(d.dir)) }

// savedText is the definition. The moment in it makes its digest its own.
func savedText(r sandboxes.Record, now time.Time) []byte {
	text := fmt.Sprintf("# Saved with benchtest sandbox save. It cannot be built from this file: it is\n"+
		"# in the BENCHTEST_HOME and with the provider where it was saved.\nbase: %s\nsaved: %s from %s on %s\n",
		r.Template, now.UTC().Format(time.RFC3339Nano), r.Name, r.Provider)
	if r.Limits.VCPU != 0 {
		text += fmt.Sprintf("vcpu: %d\n", r.Limits.VCPU)
	}
	if r.Limits.MemoryMiB != 0 {
		text += fmt.Sprintf("memory_mib: %d\n", r.Limits.MemoryMiB)
	}
	return []byte(text)
}
