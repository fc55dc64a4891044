// The command benchtest makes, checks and looks after what the tests run:
// scenarios, templates and machines. A module that holds scenarios has it as
// `go tool benchtest`.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/benchtest-dev/benchtest/benchtest/helper"
	"github.com/benchtest-dev/benchtest/providers"
)

func main() { os.Exit(mainCode()) }

// mainCode is main with defers, for the tests that run the command in-process.
func mainCode() int {
	if code, handled := helper.Run(os.Args[1:], openProvider); handled {
		return code
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal kills
	e := &env{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, lookup: os.LookupEnv, setenv: os.Setenv, providers: registry()}
	return e.run(ctx, os.Args[1:])
}

// An env is what a command may touch of the process it runs in.
type env struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	lookup         func(string) (string, bool)
	setenv         func(name, value string) error
	providers      *providers.Registry

	opening sync.Mutex
	opened  map[string]providers.Provider
}
