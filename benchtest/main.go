package benchtest

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/benchtest-dev/benchtest/benchtest/helper"
)

// TestingM is the part of *testing.M that Main needs, so that helpers nest.
type TestingM interface{ Run() int }

// Main runs the suite of the package in whose TestMain it is called, and
// always exits. It registers the -benchtest.* flags, chooses the scenarios,
// builds the templates they need, runs the tests, tears everything down and
// writes the reports. The exit status is 1 when an attempt did not pass, when
// nothing was chosen, and when something broke.
func Main(m TestingM, c Config) {
	if code, handled := helper.Run(os.Args[1:], opener(c)); handled {
		os.Exit(code)
	}
	os.Exit(run(m, c))
}

// run is Main with defers.
func run(m TestingM, c Config) int {
	set := register(flag.CommandLine, c)
	if err := applyEnvironment(flag.CommandLine, os.LookupEnv); err != nil {
		return fail(err)
	}
	flag.Parse()
	if listing(flag.CommandLine) {
		return m.Run()
	}
	if err := set.check(); err != nil {
		return fail(err)
	}
	out, err := openOutput(set, around(flagLookup("test.v"), os.Getenv), os.Getenv)
	if err != nil {
		return fail(err)
	}
	code := runSuite(m, c, set, out)
	if err := out.close(); err != nil {
		return fail(err)
	}
	return code
}

// gcPercent lets the heap grow to five times what is alive, which is a few
// megabytes: a suite waits for machines, and what it does at once is bounded.
const gcPercent = 400

// runSuite is run once the flags are read.
func runSuite(m TestingM, c Config, set *settings, out *output) int {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	ctx, stop := interruptible()
	defer stop()
	s, err := newSuite(ctx, c, set, out, flag.CommandLine)
	if err != nil {
		return fail(err)
	}
	current.Store(s)
	code := s.run(m)
	if err := writeStamp(s.dir, time.Now()); err != nil {
		tell(os.Stderr, "benchtest: %v: a passing run may be cached: pass -count=1", err)
	}
	return code
}

// fail says why there is no run.
func fail(err error) int {
	tell(os.Stderr, "benchtest: %v", err)
	return 1
}

// listing reports go test -list, which goes through TestMain and must cost nothing.
func listing(fs *flag.FlagSet) bool {
	f := fs.Lookup("test.list")
	return f != nil && f.Value.String() != ""
}

func flagValue(fs *flag.FlagSet, name string) string {
	if f := fs.Lookup(name); f != nil {
		return f.Value.String()
	}
	return ""
}

// errSignal is why a run ended early.
type errSignal struct{ os.Signal }

func (e errSignal) Error() string { return "interrupted by " + signalName(e.Signal) }

// ending is what the run does about it.
func (e errSignal) ending() string {
	return "benchtest: " + signalName(e.Signal) + ": ending attempts and destroying machines; once more to die at once"
}

// signalName is SIGTERM for what would else be "terminated".
func signalName(s os.Signal) string {
	if n, ok := s.(syscall.Signal); ok {
		return unix.SignalName(n)
	}
	return s.String()
}

// interruptible ends its context at the first SIGINT or SIGTERM, with the
// signal as the cause, and leaves the second one to the default: to die.
func interruptible() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	// The go command dies of a SIGTERM at once, and what we print then has no
	// reader: that must not end us in the middle of tearing down. Caught and not
	// ignored, since what is ignored is inherited by every program we start.
	unread := make(chan os.Signal, 1)
	signal.Notify(unread, syscall.SIGPIPE)
	go func() {
		select {
		case s := <-signals:
			signal.Stop(signals)
			tell(os.Stderr, "%s", errSignal{s}.ending())
			cancel(errSignal{s})
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		signal.Stop(unread)
		cancel(errors.New("the run is over"))
	}
}

// tell writes a line for people; that it cannot be written is no reason to stop.
func tell(w io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }
