// Perf measures what benchtest costs, against what the same work costs without
// it, and says whether each bar of docs/PERFORMANCE.md is cleared. It is run by
// `make bench-perf` and prints one line a bar:
//
//	NAME value=V bound=B ok|SHORT (n=..., spread=..., what was measured)
//	NAME bound=B SHORT WHY IT COULD NOT BE MEASURED
//	NAME skipped: REMEDY
//
// ONLY=NAME,NAME measures those alone; REQUIRE=NAME,NAME makes a skipped one
// SHORT. PROFILE=DIR writes a CPU profile a bar. The exit status is 1 when a
// bar is short and 2 when it was asked for something that does not exist.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/benchtest-dev/benchtest/providers/local"
)

func main() {
	// The machines that we clone are looked after by this program, started again.
	if handled, code := local.MonitorMain(os.Args[1:]); handled {
		os.Exit(code)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Stdout, os.Stderr, gauges(), options{
		only: names(os.Getenv("ONLY")), require: names(os.Getenv("REQUIRE")), profile: os.Getenv("PROFILE"),
	})
	stop()
	os.Exit(code)
}

// options say which bars count.
type options struct {
	only    []string // empty: all
	require []string // these may not be skipped
	profile string   // directory for CPU profiles; empty: none
}

// names splits a list by commas; an empty text is an empty list.
func names(text string) []string {
	return slices.DeleteFunc(strings.Split(text, ","), func(s string) bool { return s == "" })
}

// run measures the bars and returns the exit status.
func run(ctx context.Context, out, errOut io.Writer, all []gauge, o options) int {
	for _, name := range slices.Concat(o.only, o.require) {
		if !slices.ContainsFunc(all, func(g gauge) bool { return g.name == name }) {
			_, _ = fmt.Fprintf(errOut, "perf: nothing measured is called %q: have %s\n", name, strings.Join(gaugeNames(all), ", "))
			return 2
		}
	}
	warnOfLoad(errOut)
	short := false
	for _, g := range all {
		if len(o.only) > 0 && !slices.Contains(o.only, g.name) {
			continue
		}
		readings, err := g.profiled(ctx, o.profile)
		if ctx.Err() != nil {
			_, _ = fmt.Fprintf(errOut, "perf: interrupted at %s\n", g.name)
			return 1
		}
		lines, ok := g.lines(readings, err, slices.Contains(o.require, g.name))
		short = short || !ok
		for _, line := range lines {
			if _, err := fmt.Fprintln(out, line); err != nil {
				return 2 // nobody reads what we say
			}
		}
	}
	if short {
		return 1
	}
	return 0
}

func gaugeNames(all []gauge) []string {
	list := make([]string, 0, len(all))
	for _, g := range all {
		list = append(list, g.name)
	}
	return list
}
