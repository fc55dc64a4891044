// Command hostfarm runs a command with hosts to spare: machines of provider
// local that are reached over TCP, as an inventory in BENCHTEST_INVENTORY. It
// is for the tests of provider host, where nobody has hosts to lend.
//
//	hostfarm HOST=TEMPLATE[:USER]... -- PROGRAM ARGS...
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/helper"
	"github.com/benchtest-dev/benchtest/fixtures"
	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/host/hosttest"
	"github.com/benchtest-dev/benchtest/providers/local"
)

func main() {
	open := func(_, home string) (providers.Provider, error) { return local.New(providers.Options{Home: home}) }
	if code, handled := helper.Run(os.Args[1:], open); handled {
		os.Exit(code)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	code, err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "hostfarm:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// run starts the hosts, runs the program and stops the hosts. Its code is the
// program's.
func run(ctx context.Context, args []string) (code int, err error) {
	end := slices.Index(args, "--")
	if end < 1 || end == len(args)-1 {
		return 2, errors.New("want HOST=TEMPLATE[:USER]... -- PROGRAM ARGS")
	}
	home, err := fixtures.Home(os.LookupEnv)
	if err != nil {
		return 1, err
	}
	p, err := local.New(providers.Options{Home: home, Run: "hostfarm"})
	if err != nil {
		return 1, err
	}
	if err := p.Check(ctx); err != nil {
		return 1, err
	}
	hosts, err := build(ctx, p, args[:end])
	if err != nil {
		return 1, err
	}
	dir, err := os.MkdirTemp("", "hostfarm-")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	farm, err := hosttest.Start(ctx, p, dir, "benchtest-farm-"+strings.ToLower(rand.Text()[:6]), hosts)
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, farm.Close()) }()
	return program(ctx, args[end+1:], farm.Inventory)
}

// build reads the hosts and builds their templates.
func build(ctx context.Context, p providers.Provider, args []string) ([]hosttest.Host, error) {
	catalog, err := fixtures.LoadTemplates(fixtures.Embedded())
	if err != nil {
		return nil, err
	}
	cache := fixtures.NewTemplateCache(p, fixtures.Progress{W: os.Stderr})
	var hosts []hosttest.Host
	for _, arg := range args {
		name, rest, ok := strings.Cut(arg, "=")
		template, user, _ := strings.Cut(rest, ":")
		if !ok {
			return nil, fmt.Errorf("%q: want HOST=TEMPLATE[:USER]", arg)
		}
		t, err := catalog.Get(template)
		if err != nil {
			return nil, err
		}
		if err := cache.EnsureBuilt(ctx, t); err != nil {
			return nil, err
		}
		hosts = append(hosts, hosttest.Host{Name: name, Template: t, User: user})
	}
	return hosts, nil
}

// program runs argv beside the hosts.
func program(ctx context.Context, argv []string, inventory string) (int, error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), "BENCHTEST_INVENTORY="+inventory)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = time.Minute
	err := cmd.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); exited {
		return max(cmd.ProcessState.ExitCode(), 1), nil
	}
	return 0, err
}
