package benchtest

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/gate"
	"github.com/benchtest-dev/benchtest/reports/progress"
)

// Prefix of every flag, and of its twin in the environment.
const (
	flagPrefix = "benchtest."
	envPrefix  = "BENCHTEST_"
)

// settings are the flags of one run.
type settings struct {
	provider, scenarios, gateway                     string
	engine, engineCmd, engineEnv                     string
	mainEngine, secondaryEngine, specialty           string
	order, shard, reset, keep, fail, evidence        string
	reportDir, logFile, progress, db, resume         string
	iter, maxConcurrent, poolIdle                    int
	seed                                             int64
	ramCap, cpuCap, concurrencyFactor, replenishRate float64
	timeout, replenishDelay                          time.Duration
	inventory, changed                               string
	sshTrustFirst                                    bool
	dryRun                                           bool

	gate gate.Gate // what fail says; read by check
}

// register declares the flags on fs, with c as their defaults. It is called
// by Main, never by an init: importing benchtest changes no program's flags.
func register(fs *flag.FlagSet, c Config) *settings {
	s := &settings{}
	str := func(p *string, name, value, usage string) { fs.StringVar(p, flagPrefix+name, value, usage) }
	str(&s.provider, "provider", "", "machine source: `local`, host, incus, lima, or one of Config's; default: the build tag's, Config's, else local")
	str(&s.scenarios, "scenarios", "", "comma-separated `keys or tags` to run; empty means all")
	str(&s.gateway, "gateway", "runner", "where tickets are submitted: `runner`")
	str(&s.engine, "engine", or(c.Engine, "oracle"), "system under test: `oracle`, noop, mock, command, or one of Config's")
	str(&s.engineCmd, "engine-cmd", "", "the `program and arguments` of engine command (shell words, no shell)")
	str(&s.engineEnv, "engine-env", "", "comma-separated `names` of environment variables that engine command is given")
	str(&s.mainEngine, "main-engine", "", "main `model` of an engine that lets it be chosen")
	str(&s.secondaryEngine, "secondary-engine", "", "secondary `model` of an engine that lets it be chosen")
	str(&s.specialty, "specialty", "", "specialty `key` for all agents of this run")
	str(&s.order, "order", "longest", "order of admission: `longest`, shuffle or key")
	str(&s.shard, "shard", "", "run only part `n/m` of the selected scenarios, such as 2/8")
	str(&s.changed, "changed", "", "run only scenarios whose files, templates or code differ from this git `reference`, such as origin/main")
	str(&s.reset, "reset", "snapshot", "between attempts bring machines back by `snapshot` where the provider can, or never: a new clone for each")
	str(&s.keep, "keep", "never", "keep machines after an attempt: `never`, failed or always")
	str(&s.fail, "fail", "any", "what makes the run fail: `any` attempt that did not pass; never; or min-pass-rate=0.8, min-lower-bound=0.7, no-regression=BENCHMARK, error-budget=0.05, joined by commas")
	str(&s.evidence, "evidence", "any", "what compliance rules may rest on: `any` or observed")
	str(&s.reportDir, "report-dir", "", "`directory` of the reports, below the package's where it is not absolute; default BENCHTEST_HOME/runs/RUN_ID")
	str(&s.db, "db", "", "`database` that keeps what runs recorded: postgres://..., sqlite:///PATH, or none; default SQLite in BENCHTEST_HOME")
	str(&s.resume, "resume", "", "go on with the run whose `ID` this is, or how it alone begins: make the attempts that have no verdict yet, and no other")
	str(&s.logFile, "log-file", "", "mirror the output to this `file`, below the package's directory where it is not absolute, without colours")
	str(&s.progress, "progress", "auto", "how the run is seen while it goes on: `auto`; tty draws on the terminal; plain prints a line when an attempt has ended; none")
	fs.IntVar(&s.iter, flagPrefix+"iter", 1, "`attempts` at each scenario, side by side")
	fs.IntVar(&s.maxConcurrent, flagPrefix+"max-concurrent", 0, "most `attempts` at once; 0 means no cap but the budget")
	fs.IntVar(&s.poolIdle, flagPrefix+"pool-idle", 2, "most ready `clones` that wait in the pool; 0 switches it off")
	fs.Int64Var(&s.seed, flagPrefix+"seed", 0, "`seed` of order and faults; 0 means a new one, which the summary prints")
	fs.Float64Var(&s.ramCap, flagPrefix+"ram-cap", 0, "most `GiB` of RAM in use at once; 0 means what the machine has")
	fs.Float64Var(&s.cpuCap, flagPrefix+"cpu-cap", 0, "most `vCPU` in use at once; 0 means what the machine has")
	fs.Float64Var(&s.concurrencyFactor, flagPrefix+"concurrency-factor", 1, "budget = machine × `factor`")
	fs.Float64Var(&s.replenishRate, flagPrefix+"pool-rate", 0, "most `clones a second` that the pool makes; 0 means no cap")
	fs.DurationVar(&s.replenishDelay, flagPrefix+"pool-delay", 0, "`time` between a clone's hand-over and the making of the next one")
	fs.DurationVar(&s.timeout, flagPrefix+"timeout", c.Timeout, "replaces the engine's `limit` in every scenario; 0 leaves it")
	str(&s.inventory, "inventory", "", "`file` of provider host's hosts, below the package's directory where it is not absolute: benchtest's YAML, or Ansible's INI or YAML")
	fs.BoolVar(&s.sshTrustFirst, flagPrefix+"ssh-trust-first", false, "believe the SSH host key of an inventory's host that nobody knows, and pin it from then on")
	fs.BoolVar(&s.dryRun, flagPrefix+"dry-run", false, "check and list what would run, and run nothing")
	return s
}

// applyEnvironment sets every flag whose twin is in the environment:
// BENCHTEST_ENGINE_CMD for -benchtest.engine-cmd. It runs before the command
// line is parsed, which therefore wins.
func applyEnvironment(fs *flag.FlagSet, lookup func(string) (string, bool)) error {
	var errs []error
	fs.VisitAll(func(f *flag.Flag) {
		name, ours := strings.CutPrefix(f.Name, flagPrefix)
		if !ours {
			return
		}
		twin := envPrefix + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
		value, set := lookup(twin)
		if !set || value == "" {
			return
		}
		if err := fs.Set(f.Name, value); err != nil { // as if it had been given
			errs = append(errs, fmt.Errorf("%s=%q: %w", twin, value, err))
		}
	})
	return errors.Join(errs...)
}

// check refuses values that no flag package can.
func (s *settings) check() error {
	var errs []error
	oneOf := func(flag, value string, allowed ...string) {
		if slices.Contains(allowed, value) {
			return
		}
		errs = append(errs, fmt.Errorf("-benchtest.%s=%q: want %s", flag, value, strings.Join(allowed, ", ")))
	}
	oneOf("order", s.order, "longest", "shuffle", "key")
	oneOf("reset", s.reset, "snapshot", "never")
	oneOf("progress", s.progress, progress.Modes()...)
	oneOf("keep", s.keep, "never", "failed", "always")
	var err error
	if s.gate, err = gate.Parse(s.fail); err != nil {
		errs = append(errs, fmt.Errorf("-benchtest.fail=%q: %w", s.fail, err))
	}
	oneOf("evidence", s.evidence, "any", "observed")
	if s.iter < 1 {
		errs = append(errs, fmt.Errorf("-benchtest.iter=%d: want 1 or more", s.iter))
	}
	for flag, v := range map[string]float64{"ram-cap": s.ramCap, "cpu-cap": s.cpuCap, "pool-rate": s.replenishRate, "max-concurrent": float64(s.maxConcurrent), "pool-idle": float64(s.poolIdle)} {
		if v < 0 {
			errs = append(errs, fmt.Errorf("-benchtest.%s=%v: want 0 or more", flag, v))
		}
	}
	if !(s.concurrencyFactor > 0) {
		errs = append(errs, fmt.Errorf("-benchtest.concurrency-factor=%v: want more than 0", s.concurrencyFactor))
	}
	if s.engine == "command" && s.engineCmd == "" {
		errs = append(errs, errors.New("-benchtest.engine=command needs -benchtest.engine-cmd='PROGRAM ARGS'"))
	}
	return errors.Join(errs...)
}

func or(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// choice is what leaves scenarios out, of those that -run selects.
func (s *settings) choice() string {
	var flags []string
	for _, f := range []struct{ name, value string }{{"scenarios", s.scenarios}, {"changed", s.changed}, {"shard", s.shard}} {
		if f.value != "" {
			flags = append(flags, fmt.Sprintf("-%s%s=%s", flagPrefix, f.name, f.value))
		}
	}
	return strings.Join(flags, " and ")
}
