// Command probe answers one facts.Request, JSON on standard input, with one
// facts.Answer on standard output.
//
//	probe             about the machine that it runs on
//	probe --serve     the same for many requests, in the frames of package talk;
//	                  it removes its own file
//	probe --join PID [--upper DIR --lower DIR...]
//	                  about the guest that the host's process PID is in; run
//	                  with join.Run. DIR are the layers of its root file
//	                  system, where it is an overlay: the uppermost lower first
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
	"os/signal"
	"runtime/debug"
	"slices"
	"strconv"
	"syscall"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
	"github.com/benchtest-dev/benchtest/benchtest/facts/collect"
	"github.com/benchtest-dev/benchtest/benchtest/facts/join"
)

// maxRequest bounds the request.
const maxRequest = 64 << 20

// errUsage marks what the caller did wrong.
var errUsage = errors.New("usage")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout)
	stop()
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
	if slices.Equal(args, []string{"--serve"}) {
		return serve(ctx, stdin, stdout)
	}
	// One answer is over before collecting garbage pays, unless the machine
	// makes it large.
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(256 << 20)
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
	if len(args) == 0 {
		return collect.Local()
	}
	pid, layers, err := parseJoin(args)
	if err != nil {
		return nil, fmt.Errorf("%w: probe [--serve | --join PID [--upper DIR --lower DIR...]]: %w", errUsage, err)
	}
	if err := join.Joined(pid); err != nil {
		return nil, err
	}
	env, err := collect.Joined(pid, layers)
	if err != nil {
		return nil, err
	}
	if err := join.Chroot(pid); err != nil {
		env.Close()
		return nil, err
	}
	return env, nil
}

// parseJoin reads the command line of a probe that looks at a guest.
func parseJoin(args []string) (pid int, layers collect.Layers, err error) {
	if len(args)%2 != 0 {
		return 0, layers, fmt.Errorf("%s wants a value", args[len(args)-1])
	}
	for pair := range slices.Chunk(args, 2) {
		switch name, value := pair[0], pair[1]; name {
		case "--join":
			if pid, err = strconv.Atoi(value); err != nil || pid < 1 {
				return 0, layers, fmt.Errorf("--join wants a process, got %q", value)
			}
		case "--upper":
			layers.Upper = value
		case "--lower":
			layers.Lower = append(layers.Lower, value)
		default:
			return 0, layers, fmt.Errorf("unknown argument %q", name)
		}
	}
	if pid == 0 {
		return 0, layers, errors.New("--join is missing")
	}
	return pid, layers, nil
}
