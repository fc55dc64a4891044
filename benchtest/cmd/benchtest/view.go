package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/reports/page"
	"github.com/benchtest-dev/benchtest/reports/page/serve"
	"github.com/benchtest-dev/benchtest/reports/store"
)

func viewCommand() command {
	return command{
		name: "view", summary: "Show runs in a browser: overview, history, attempts, comparison",
		flags: func(fs *flag.FlagSet) runFunc {
			v := &view{}
			fs.StringVar(&v.listen, "listen", serve.DefaultAddress, "the `address` to serve on; whoever reaches it can read every run")
			fs.StringVar(&v.hosts, "host", "", "`names` under which the server is asked for, beside this machine's own; comma-separated")
			fs.StringVar(&v.db, "db", "", "the `database`: "+databaseURL+", or none; "+databaseDefault+" where it is")
			fs.StringVar(&v.runs, "runs", "", "a `directory` of runs to show instead of a database; default BENCHTEST_HOME/runs, where there is no database")
			return v.run
		},
	}
}

// view is the command's flags.
type view struct{ listen, hosts, db, runs string }

func (v *view) run(ctx context.Context, e *env, args []string) error {
	if len(args) > 0 {
		return usagef("unexpected argument %q", args[0])
	}
	if _, _, err := net.SplitHostPort(v.listen); err != nil {
		return usagef("bad --listen %q: want HOST:PORT, such as %s", v.listen, serve.DefaultAddress)
	}
	source, from, err := v.source(ctx, e)
	if err != nil {
		return err
	}
	defer from.close()
	l, err := serve.Listen(ctx, v.listen)
	if err != nil {
		return err
	}
	var more []string
	for name := range strings.SplitSeq(v.hosts, ",") {
		if name = strings.ToLower(strings.TrimSpace(name)); name != "" {
			more = append(more, name)
		}
	}
	e.printf(e.stdout, "benchtest view: http://%s/ shows %s; interrupt it to end\n", l.Addr(), from)
	if a, ok := l.Addr().(*net.TCPAddr); ok && !a.IP.IsLoopback() {
		e.printf(e.stderr, "benchtest view: warning: not only this machine reaches %s, and there is no password\n", l.Addr())
	}
	return serve.Serve(ctx, l, source, serve.Hosts(l, more...))
}

// origin is where the runs that are shown come from.
type origin struct {
	name string
	db   *store.DB // nil: a directory
}

func (o origin) String() string { return o.name }

// close closes the database; it was only read.
func (o origin) close() {
	if o.db != nil {
		_ = o.db.Close()
	}
}

// source chooses the runs: those of --runs, else of the database that is named,
// else of the database of BENCHTEST_HOME where there is one, else its directory.
func (v *view) source(ctx context.Context, e *env) (page.Source, origin, error) {
	if v.runs != "" && v.db != "" {
		return nil, origin{}, usagef("--runs and --db: choose one")
	}
	home, err := fixtures.Home(e.lookup)
	if err != nil {
		return nil, origin{}, err
	}
	named := v.db
	if named == "" && v.runs == "" {
		named, _ = e.lookup("BENCHTEST_DB")
	}
	if dir := v.directory(home, named); dir != "" {
		return page.RunDirs{Dir: dir}, origin{name: dir}, nil
	}
	target, err := store.ParseTarget(named, home)
	if err != nil {
		return nil, origin{}, usageError{err}
	}
	db, err := store.Open(ctx, target)
	if err != nil {
		return nil, origin{}, fmt.Errorf("%w: --runs DIR shows what is in directories", err)
	}
	return serve.Database{Reader: db}, origin{target.String(), db}, nil
}

// directory is where runs are read from; empty: from a database.
func (v *view) directory(home, named string) string {
	if v.runs != "" {
		return v.runs
	}
	_, err := os.Stat(filepath.Join(home, "benchtest.db"))
	if named == store.None || named == "" && errors.Is(err, fs.ErrNotExist) {
		return filepath.Join(home, "runs")
	}
	return ""
}
