package main

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/image"
)

// images are what this user's templates are made of.
func (e *env) images() (image.Store, error) {
	home, err := fixtures.Home(e.lookup)
	return image.Store{Dir: filepath.Join(home, "images"), Log: e.stderr}, err
}

func templateImage() command {
	return command{
		name: "template image", args: "NAME...", summary: "Make the root file systems and bootable disks that templates stand on, as root for every user",
		flags: func(fs *flag.FlagSet) runFunc {
			rootfs := fs.Bool("rootfs", false, "only the root file system (containers)")
			disk := fs.Bool("disk", false, "only the disk (virtual machines)")
			dir := fs.String("dir", "", "the `directory` they go to (default: as root "+image.SystemDir+", else the user's own)")
			return func(ctx context.Context, e *env, args []string) error {
				both := *rootfs == *disk
				return e.makeImages(ctx, *dir, args, both || *rootfs, both || *disk)
			}
		},
	}
}

func (e *env) makeImages(ctx context.Context, dir string, names []string, rootfs, disk bool) error {
	catalog, err := catalogOf(defaultDir(nil))
	if err != nil {
		return usageError{err}
	}
	if len(names) == 0 {
		return usagef("want the name of a template: %v", catalog.Names())
	}
	store, err := e.images()
	if err != nil {
		return err
	}
	switch {
	case dir != "":
		store.Dir = dir
	case os.Geteuid() == 0:
		store.Dir = image.SystemDir
	}
	makers := []func(context.Context, providers.Template) (string, error){}
	if rootfs {
		makers = append(makers, store.Rootfs)
	}
	if disk {
		makers = append(makers, store.Disk)
	}
	for _, name := range names {
		t, err := catalog.Get(name)
		if err != nil {
			return usageError{err}
		}
		for t.Base != nil {
			t = *t.Base
		}
		for _, make := range makers {
			path, err := make(ctx, t)
			if err != nil {
				return err
			}
			e.printf(e.stdout, "%s\n", path)
		}
	}
	return nil
}

func templateImages() command {
	return command{
		name: "template images", args: "[DIR]", summary: "List what is kept of root file systems, disks and downloads, and whose they are",
		flags: func(fs *flag.FlagSet) runFunc {
			asJSON := fs.Bool("json", false, "one JSON array, for other programs")
			return func(_ context.Context, e *env, args []string) error { return e.listImages(args, *asJSON) }
		},
	}
}

// An imageRow is an image and the templates that are made of it.
type imageRow struct {
	image.Info
	Templates []string `json:"templates,omitempty"`
}

func (e *env) listImages(args []string, asJSON bool) error {
	catalog, err := catalogAt(args)
	if err != nil {
		return err
	}
	rows, err := e.imageRows(catalog)
	if err != nil {
		return err
	}
	if asJSON {
		return e.printJSON(rows)
	}
	t := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	e.printf(t, "IMAGE\tSIZE\tTEMPLATES\n")
	for _, r := range rows {
		users := "none"
		if len(r.Templates) > 0 {
			users = strings.Join(r.Templates, ", ")
		}
		e.printf(t, "%s\t%d MiB\t%s\n", r.Name, r.Bytes>>20, users)
	}
	return t.Flush()
}

func (e *env) imageRows(catalog *fixtures.Catalog) ([]imageRow, error) {
	store, err := e.images()
	if err != nil {
		return nil, err
	}
	infos, err := store.List()
	if err != nil {
		return nil, err
	}
	rows := make([]imageRow, len(infos))
	for i, info := range infos {
		rows[i].Info = info
	}
	for _, name := range catalog.Names() {
		t, err := catalog.Get(name)
		if err != nil {
			return nil, usageError{err}
		}
		uses := image.Uses(t)
		for i := range rows {
			if slices.Contains(uses, rows[i].Name) {
				rows[i].Templates = append(rows[i].Templates, name)
			}
		}
	}
	return rows, nil
}

// collectImages removes the images that no template here is made of, and what
// interrupted makers left. What is built of them stays: that is copies.
func (e *env) collectImages(ctx context.Context, olderThan time.Duration) error {
	catalog, err := catalogAt(nil)
	if err != nil {
		return err
	}
	rows, err := e.imageRows(catalog)
	if err != nil {
		return err
	}
	store, err := e.images()
	if err != nil {
		return err
	}
	swept, err := store.Sweep()
	for _, name := range swept {
		e.printf(e.stdout, "deleted what was left of %s\n", name)
	}
	if err != nil {
		return err
	}
	for _, r := range rows {
		if len(r.Templates) == 0 && time.Since(r.Created) >= olderThan {
			if err := store.Remove(ctx, r.Name); err != nil {
				return err
			}
			e.printf(e.stdout, "deleted %s\n", r.Name)
		}
	}
	return nil
}
