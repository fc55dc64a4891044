package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"strings"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"github.com/benchtest-dev/benchtest/fixtures/sandboxes"
	"github.com/benchtest-dev/benchtest/providers"
)

func sandboxCopy() command {
	return command{
		name: "sandbox cp", args: "SOURCE TARGET", summary: "Copy a file or directory into a sandbox or out of it; the sandbox's side is NAME:PATH, its home where PATH is relative",
		flags: func(fs *flag.FlagSet) runFunc {
			user := userFlag(fs)
			return func(ctx context.Context, e *env, args []string) error {
				if err := checkUser(*user); err != nil {
					return err
				}
				if len(args) != 2 {
					return usagef("want a source and a target")
				}
				return e.copyFiles(ctx, parsePlace(args[0]), parsePlace(args[1]), *user)
			}
		},
	}
}

// A place is a path, in a sandbox where that has a name.
type place struct{ sandbox, path string }

// parsePlace reads NAME:PATH. What looks like a path of ours is one.
func parsePlace(arg string) place {
	name, path, there := strings.Cut(arg, ":")
	if !there || sandboxes.CheckName(name) != nil {
		return place{path: arg}
	}
	if path == "" {
		path = "."
	}
	return place{name, path}
}

func (e *env) copyFiles(ctx context.Context, from, to place, user string) error {
	if (from.sandbox == "") == (to.sandbox == "") {
		return usagef("want NAME:PATH on one side, and a path of this machine on the other")
	}
	return e.withSandbox([]string{from.sandbox + to.sandbox}, func(k *sandboxes.Keeper, r sandboxes.Record) error {
		return e.connected(ctx, k, r, user, func(client *ssh.Client, _ providers.Access) error {
			c, err := sftp.NewClient(client)
			if err != nil {
				return err
			}
			stop := context.AfterFunc(ctx, func() { _ = client.Close() })
			defer stop()
			if to.sandbox != "" {
				err = (&upload{files: c}).copy(from.path, to.path)
			} else {
				d := &download{files: c, left: maxDownload, entries: maxEntries}
				err = d.copy(from.path, to.path)
				for _, link := range d.skipped {
					e.printf(e.stderr, "left out %s: a link that leads out of what is copied\n", link)
				}
			}
			switch {
			case ctx.Err() != nil:
				return context.Cause(ctx)
			case errors.Is(err, fs.ErrPermission) && user != "root":
				return fmt.Errorf("%w: --user root may do more there", err)
			}
			return err
		})
	})
}
