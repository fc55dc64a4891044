package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/reports/progress"
)

// startFlags are the 2501 runner's.
type startFlags struct {
	scenarios, mode, gateway, path, templates, envFile, source string
	engine, engineCmd, main, secondary, specialty, logFile     string
	progress                                                   string
	iter                                                       int
	ramCap                                                     float64
	parallel, failOnError, verbose, veryVerbose                bool
}

func startCommand() command {
	return command{
		name: "start", args: "[-- GO TEST FLAGS]", dashes: true, summary: "Run scenarios with the 2501 runner's flags: prints the go test line it stands for, and runs it",
		flags: func(fs *flag.FlagSet) runFunc {
			f := &startFlags{}
			both := func(p *string, long, short, value, usage string) {
				fs.StringVar(p, long, value, usage)
				if short != "" {
					fs.StringVar(p, short, value, "the same as --"+long)
				}
			}
			both(&f.scenarios, "scenarios", "s", "", "`keys or tags`, comma-separated; empty means all")
			both(&f.mode, "mode", "m", "local", "`provider`: local, host, incus or lima")
			both(&f.gateway, "gateway", "g", "runner", "where tickets are submitted: `runner`")
			both(&f.path, "scenarios-path", "p", "", "`folder` of the scenarios")
			both(&f.templates, "vm-templates-path", "", "", "refused: templates stand in the `folder`'s templates/")
			both(&f.envFile, "env-file", "", "", "`file` of NAME=value lines for the run's environment")
			both(&f.source, "source", "", "fs", "where scenarios are loaded from: `fs`")
			both(&f.engine, "engine", "", "", "system under test; default oracle")
			both(&f.engineCmd, "engine-cmd", "", "", "the `program and arguments` of engine command")
			both(&f.main, "main-engine", "", "", "main `model`")
			both(&f.secondary, "secondary-engine", "", "", "secondary `model`")
			both(&f.specialty, "specialty", "", "", "specialty `key` for all agents")
			both(&f.logFile, "log-file", "", "", "mirror the output to this `file`, without colours")
			both(&f.progress, "progress", "", "auto", "how the run is seen while it goes on, a `mode`: auto, tty, plain or none")
			fs.IntVar(&f.iter, "iter", 1, "`iterations` of each scenario")
			fs.IntVar(&f.iter, "i", 1, "the same as --iter")
			fs.BoolVar(&f.parallel, "parallel", false, "run concurrently, as far as the machine has room")
			fs.Float64Var(&f.ramCap, "parallel-ram-cap", 0, "most `GiB` of RAM at once; needs --parallel")
			fs.BoolVar(&f.failOnError, "fail-on-error", false, "exit 1 when an attempt did not pass")
			fs.BoolVar(&f.verbose, "v", false, "show every rule as it is decided (go test -v)")
			fs.BoolVar(&f.veryVerbose, "vv", false, "the same as -v")
			return f.run
		},
	}
}

func (f *startFlags) run(ctx context.Context, e *env, args []string) error {
	before, rest := split(args)
	if len(before) > 0 {
		return usagef("%q: scenarios go with -s, and flags of go test after --", before[0])
	}
	if err := f.check(); err != nil {
		return err
	}
	dir := f.path
	if dir == "" {
		dir = defaultDir(nil)
	}
	argv := append(f.argv(dir), rest...)
	e.printf(e.stderr, "%s\n", shellLine(argv))
	environment := os.Environ()
	if f.envFile != "" {
		more, err := readEnvFile(f.envFile)
		if err != nil {
			return usageError{err}
		}
		environment = append(environment, more...)
	}
	return e.goTest(ctx, argv, environment)
}

var errTemplatesPath = usagef("--vm-templates-path: put the definitions into the templates/ folder beside the scenarios")

// check refuses what the 2501 runner refuses.
func (f *startFlags) check() error {
	switch {
	case f.source != "fs":
		return usagef("--source %s: only fs: check the scenarios out and name their folder with --scenarios-path", f.source)
	case f.templates != "":
		return errTemplatesPath
	case !slices.Contains(providers.Known, f.mode):
		return usagef("--mode %s: want %s", f.mode, strings.Join(providers.Known, ", "))
	case f.parallel && f.mode == "host":
		return usagef("--parallel needs machines of its own: use --mode local, incus or lima")
	case f.ramCap != 0 && !f.parallel:
		return usagef("--parallel-ram-cap needs --parallel")
	case !slices.Contains(progress.Modes(), f.progress):
		return usagef("--progress %s: want %s", f.progress, strings.Join(progress.Modes(), ", "))
	case f.iter < 1:
		return usagef("--iter %d: want 1 or more", f.iter)
	}
	return nil
}

// argv is the go test line that the flags stand for.
func (f *startFlags) argv(dir string) []string {
	if !filepath.IsAbs(dir) && !strings.HasPrefix(dir, ".") {
		dir = "./" + dir
	}
	argv := []string{"go", "test", dir}
	if f.mode != "local" {
		argv = append(argv, "-tags", f.mode)
	}
	argv = append(argv, "-timeout", "0")
	if f.verbose || f.veryVerbose {
		argv = append(argv, "-v")
	}
	add := func(name, value string) {
		if value != "" {
			argv = append(argv, "-benchtest."+name+"="+value)
		}
	}
	add("provider", f.mode)
	add("scenarios", f.scenarios)
	if f.gateway != "runner" {
		add("gateway", f.gateway)
	}
	add("engine", f.engine)
	add("engine-cmd", f.engineCmd)
	add("main-engine", f.main)
	add("secondary-engine", f.secondary)
	add("specialty", f.specialty)
	add("log-file", f.logFile)
	if f.progress != "auto" {
		add("progress", f.progress)
	}
	if f.iter > 1 {
		add("iter", strconv.Itoa(f.iter))
	}
	if !f.parallel {
		add("max-concurrent", "1")
	}
	if f.ramCap != 0 {
		add("ram-cap", strconv.FormatFloat(f.ramCap, 'g', -1, 64))
	}
	if !f.failOnError {
		add("fail", "never")
	}
	return argv
}

// goTest runs argv with the terminal as its own. When we are told to stop, the
// go command and the suite are interrupted: the suite tears its machines down,
// and the go command waits for it, which SIGTERM would not make it do.
func (e *env) goTest(ctx context.Context, argv, environment []string) error {
	cmd := program(ctx, argv...)
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = environment, e.stdin, e.stdout, e.stderr
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }
	cmd.WaitDelay = 2 * time.Minute // an attempt's release has its own limit
	err := cmd.Run()
	switch state := cmd.ProcessState; {
	case state != nil && state.ExitCode() > 0:
		return exitError(state.ExitCode())
	case state != nil && state.ExitCode() == 0:
		return nil // also when it was interrupted and ended well all the same
	}
	return fmt.Errorf("run go test: %w", err)
}

// readEnvFile reads NAME=value lines; empty ones and those that begin with #
// are left out, and a value may stand in quotes.
func readEnvFile(path string) ([]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("--env-file: %w", err)
	}
	defer f.Close()
	var list []string
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimPrefix(strings.TrimSpace(lines.Text()), "export ")
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("--env-file: %s:%d: want NAME=value", path, n)
		}
		if q := value; len(q) >= 2 && (q[0] == '"' || q[0] == '\'') && q[len(q)-1] == q[0] {
			value = q[1 : len(q)-1]
		}
		list = append(list, name+"="+value)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("--env-file: %w", err)
	}
	return list, nil
}

// shellLine is argv as one could type it.
func shellLine(argv []string) string {
	words := make([]string, len(argv))
	for i, a := range argv {
		words[i] = a
		if a == "" || strings.Trim(a, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=,@%+") != "" {
			words[i] = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
	}
	return strings.Join(words, " ")
}
