// Command probe answers one facts.Request, JSON on standard input, with one
// facts.Answer on standard output.
//
//	probe             about the machine that it runs on
//	probe --join PID  about the guest that the host's process PID is in; run on the host, as root
//
// Exit 0: the answer was written. Exit 1: the machine could not be asked; the
// reason stands on standard error. Exit 2: bad usage or a bad request.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strconv"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/facts/collect"
	"github.com/benchtest-dev/benchtest/benchtest/facts/join"
)

// maxRequest bounds the request.
const maxRequest = 64 << 20

// errUsage marks what the caller did wrong.
var errUsage = errors.New("usage")

func main() {
	// One answer is over before collecting garbage pays, unless the machine
	// makes it large.
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(256 << 20)
	err := run(context.Background(), os.Args[1:], os.Stdin, os.Stdout)
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, "probe:", err)
	if errors.Is(err, errUsage) {
		os.Exit(2)
	}
	os.Exit(1)
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout io.Writer) error {
	if len(args) == 2 && args[0] == "--join" {
		pid, err := strconv.Atoi(args[1])
		if err != nil || pid < 1 {
			return fmt.Errorf("%w: --join wants a process, got %q", errUsage, args[1])
		}
		return join.Exec(pid)
	}
	env, err := environment(args)
	if err != nil {
		return err
	}
	defer env.Close()
	var req facts.Request
	if err := json.NewDecoder(io.LimitReader(stdin, maxRequest)).Decode(&req); err != nil {
		return fmt.Errorf("%w: read request: %w", errUsage, err)
	}
	if err := json.NewEncoder(stdout).Encode(collect.Run(ctx, env, req)); err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	return nil
}

// environment is where to look.
func environment(args []string) (*collect.Env, error) {
	pid, proc, joined, err := join.Second(args)
	if err != nil {
		return nil, err
	}
	if joined {
		return collect.Joined(pid, collect.ProcFD(proc))
	}
	if len(args) > 0 {
		return nil, fmt.Errorf("%w: probe [--join PID]", errUsage)
	}
	return collect.Local()
}
