package main

import (
	"context"
	"flag"
	"net"
	"path/filepath"
	"strings"

	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/reports/page"
	"github.com/benchtest-dev/benchtest/reports/page/serve"
)

func viewCommand() command {
	return command{
		name: "view", summary: "Show runs in a browser: overview, history, attempts, comparison",
		flags: func(fs *flag.FlagSet) runFunc {
			v := &view{}
			fs.StringVar(&v.listen, "listen", serve.DefaultAddress, "the `address` to serve on; whoever reaches it can read every run")
			fs.StringVar(&v.hosts, "host", "", "`names` under which the server is asked for, beside this machine's own; comma-separated")
			fs.StringVar(&v.runs, "runs", "", "the `directory` of runs (default BENCHTEST_HOME/runs)")
			return v.run
		},
	}
}

// view is the command's flags.
type view struct{ listen, hosts, runs string }

func (v *view) run(ctx context.Context, e *env, args []string) error {
	if len(args) > 0 {
		return usagef("unexpected argument %q", args[0])
	}
	if _, _, err := net.SplitHostPort(v.listen); err != nil {
		return usagef("bad --listen %q: want HOST:PORT, such as %s", v.listen, serve.DefaultAddress)
	}
	if v.runs == "" {
		home, err := fixtures.Home(e.lookup)
		if err != nil {
			return err
		}
		v.runs = filepath.Join(home, "runs")
	}
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
	e.printf(e.stdout, "benchtest view: http://%s/ shows %s; interrupt it to end\n", l.Addr(), v.runs)
	if a, ok := l.Addr().(*net.TCPAddr); ok && !a.IP.IsLoopback() {
		e.printf(e.stderr, "benchtest view: warning: not only this machine reaches %s, and there is no password\n", l.Addr())
	}
	return serve.Serve(ctx, l, page.RunDirs{Dir: v.runs}, serve.Hosts(l, more...))
}
