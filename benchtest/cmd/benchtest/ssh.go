package main

import (
	"context"
	"errors"
	"flag"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/benchtest-dev/benchtest/fixtures/sandboxes"
	"github.com/benchtest-dev/benchtest/providers"
)

// userFlag declares --user, whom a command logs in as.
func userFlag(fs *flag.FlagSet) *string {
	return fs.String("user", "agent", "log in as this `user`: agent, who may sudo, or root")
}

func checkUser(user string) error {
	if user != "agent" && user != "root" {
		return usagef("--user %s: want agent or root", user)
	}
	return nil
}

func sandboxSSH() command {
	return command{
		name: "sandbox ssh", args: "NAME [-- CMD...]", dashes: true,
		summary: "Log in to a sandbox, or run one command there and exit as it does; a CMD of one word is a line for the shell",
		flags: func(fs *flag.FlagSet) runFunc {
			user := userFlag(fs)
			tty := fs.Bool("t", false, "a terminal for CMD too")
			last := fs.Bool("last-failed", false, "the machine that -benchtest.keep=failed kept last; NAME is then a host of it, or nothing")
			return func(ctx context.Context, e *env, args []string) error {
				if err := checkUser(*user); err != nil {
					return err
				}
				names, argv := split(args)
				k, err := e.keeper()
				if err != nil {
					return err
				}
				defer k.Store.Close()
				r, err := pick(k, names, *last)
				if err != nil {
					return err
				}
				if r.Expired(time.Now()) {
					e.printf(e.stderr, "the time of %s is over since%s: the next benchtest sandbox purge removes it\n", r.Name, on(r.Expires))
				}
				_, terminal := e.terminal()
				return e.enter(ctx, k, r, *user, session{line: shellText(argv), tty: *tty || terminal && len(argv) == 0})
			}
		},
	}
}

// split parts what stands before "--" from what stands after it.
func split(args []string) (before, after []string) {
	if i := slices.Index(args, "--"); i >= 0 {
		return args[:i], args[i+1:]
	}
	return args, nil
}

// pick finds the one sandbox that is meant.
func pick(k *sandboxes.Keeper, names []string, last bool) (sandboxes.Record, error) {
	switch {
	case len(names) > 1:
		return sandboxes.Record{}, usagef("want one sandbox's name, and a command after --: %q", names)
	case last:
		r, err := k.Store.LastFailed(strings.Join(names, ""))
		return r, unknown(err)
	case len(names) == 0:
		return sandboxes.Record{}, usagef("want a sandbox's name: benchtest sandbox list shows them")
	}
	r, err := k.Store.Find(names[0])
	return r, unknown(err)
}

// shellText is argv as the guest's shell reads it. A single word is a line of
// its own, as with OpenSSH; several are taken as they are.
func shellText(argv []string) string {
	if len(argv) == 1 {
		return argv[0]
	}
	words := make([]string, len(argv))
	for i, a := range argv {
		words[i] = providers.ShellWord(a)
	}
	return strings.Join(words, " ")
}

// enter runs a session in a sandbox and ends with its exit status.
func (e *env) enter(ctx context.Context, k *sandboxes.Keeper, r sandboxes.Record, user string, s session) error {
	err := e.connected(ctx, k, r, user, func(client *ssh.Client, access providers.Access) error {
		s.access = access
		if s.tty {
			s.term = e.guestTerminal(ctx, client, access)
		}
		status, err := e.runSession(ctx, client, s)
		if err == nil && status != 0 {
			err = exitError(status)
		}
		return err
	})
	if _, exited := errors.AsType[exitError](err); err != nil && !exited {
		if _, wrong := errors.AsType[usageError](err); wrong {
			return err
		}
		e.printf(e.stderr, "benchtest sandbox: %s: %v\n", r.Name, err)
		return exitError(exitUnreached)
	}
	return err
}

// connected calls do with a connection to a sandbox that runs.
func (e *env) connected(ctx context.Context, k *sandboxes.Keeper, r sandboxes.Record, user string, do func(*ssh.Client, providers.Access) error) error {
	box, err := e.reach(ctx, k, r, user)
	if err != nil {
		return err
	}
	defer func() { _ = box.Close() }() // the session has ended
	client, err := box.Client(ctx)
	if err != nil {
		return err
	}
	return do(client, box.Access())
}

// reach is the SSH client of a sandbox that is not off. The caller closes it.
func (e *env) reach(ctx context.Context, k *sandboxes.Keeper, r sandboxes.Record, user string) (*providers.Sandbox, error) {
	ring, err := k.Store.Keys(r)
	if err != nil {
		return nil, err
	}
	p, err := k.Open(r.Provider)
	if err != nil {
		return nil, err
	}
	m, err := p.Open(ctx, r.ID)
	switch {
	case errors.Is(err, providers.ErrNotFound):
		return nil, usagef("the machine of sandbox %s is gone: %s", r.Name, remedyFor(r))
	case err != nil:
		return nil, err
	}
	state, err := stateOf(ctx, p, r.ID)
	if err != nil {
		return nil, err
	}
	if state == "stopped" || state == "broken" {
		return nil, usagef("sandbox %s is %s: benchtest sandbox start %s", r.Name, state, r.Name)
	}
	return providers.NewSandbox(m, r.Name, providers.AccessTo(m, ring, user), providers.SandboxOptions{Server: true}), nil
}

// stateOf is what the provider calls the machine's state.
func stateOf(ctx context.Context, p providers.Provider, id string) (string, error) {
	infos, err := p.List(ctx)
	if err != nil {
		return "", err
	}
	for _, info := range infos {
		if info.ID == id && info.Kind == providers.KindClone {
			return info.State, nil
		}
	}
	return "", nil
}
