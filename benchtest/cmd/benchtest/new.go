package main

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// newKey is a key that `new` makes: a group and a name that can be a subtest.
var newKey = regexp.MustCompile(`^([a-z][a-z0-9_]*)/([a-z0-9-]+)$`)

func newCommand() command {
	return command{
		name: "new", args: "GROUP/NNN-name", summary: "Make a scenario that runs as it stands, to be changed",
		flags: func(fs *flag.FlagSet) runFunc {
			dir := fs.String("dir", "", "`folder` of the scenarios")
			return func(_ context.Context, e *env, args []string) error { return e.newScenario(*dir, args) }
		},
	}
}

func (e *env) newScenario(dir string, args []string) error {
	if len(args) != 1 {
		return usagef("want one key, such as nginx/004-slow-start")
	}
	m := newKey.FindStringSubmatch(args[0])
	if m == nil {
		return usagef("key %q: want GROUP/NAME, GROUP of [a-z][a-z0-9_]*, NAME of [a-z0-9-]+, such as nginx/004-slow-start", args[0])
	}
	if dir == "" {
		dir = defaultDir(nil)
	}
	at := filepath.Join(dir, m[1], m[2])
	if _, err := os.Stat(at); err == nil {
		return usagef("%s is there already", at)
	}
	title := strings.ReplaceAll(strings.TrimLeft(m[2], "0123456789-"), "-", " ")
	if title == "" {
		title = m[2]
	}
	if err := e.lay("scaffold/new", at, strings.NewReplacer("TITLE", title, "GROUP", m[1])); err != nil {
		return err
	}
	return e.generate([]string{dir}, false)
}
