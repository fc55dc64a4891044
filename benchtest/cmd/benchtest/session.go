package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/crypto/ssh"
	"golang.org/x/term"

	"github.com/benchtest-dev/benchtest/providers"
)

// exitUnreached is what sandbox ssh and shell exit with when the machine could
// not be reached or was lost, as OpenSSH does: the rest is the command's.
const exitUnreached = 255

// A session is one program in a guest with our streams as its own.
type session struct {
	access providers.Access
	line   string // for the user's shell; empty: that shell itself
	tty    bool   // at a terminal of the guest's
	term   string // what that terminal is called there
	// preamble is written to the program before anything of ours, and is not
	// echoed. The program reads it before it does anything else.
	preamble []byte
}

// runSession runs the session over client and returns its exit status.
func (e *env) runSession(ctx context.Context, client *ssh.Client, s session) (int, error) {
	ses, err := client.NewSession()
	if err != nil {
		return 0, fmt.Errorf("open session: %w", err)
	}
	defer ses.Close()
	stop := context.AfterFunc(ctx, func() { _ = ses.Close() })
	defer stop()
	ses.Stdin, ses.Stdout, ses.Stderr = e.stdin, e.stdout, e.stderr
	if len(s.preamble) > 0 {
		ses.Stdin = io.MultiReader(&onceReader{rest: s.preamble}, e.stdin)
	}
	if s.tty {
		restore, err := e.takeTerminal(ses, s.term, len(s.preamble) > 0)
		if err != nil {
			return 0, err
		}
		defer restore()
	}
	// A machine may let another user in than the one whose session this is.
	kind, line := "shell", s.line
	if line != "" {
		kind = "exec"
	}
	kind, line = s.access.StartLine(kind, line)
	if kind == "shell" {
		err = ses.Shell()
	} else {
		err = ses.Start(line)
	}
	if err == nil {
		err = ses.Wait()
	}
	return exitStatus(ctx, err)
}

// onceReader is its bytes and nothing beyond, so that what follows is read
// when the terminal is.
type onceReader struct{ rest []byte }

func (r *onceReader) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// exitStatus is what Wait says as a shell would.
func exitStatus(ctx context.Context, err error) (int, error) {
	if err == nil {
		return 0, nil
	}
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	exit, ok := errors.AsType[*ssh.ExitError](err)
	switch {
	case !ok:
		return 0, fmt.Errorf("the connection was lost: %w", err)
	case exit.Signal() != "":
		return 128 + signalNumber(exit.Signal()), nil
	}
	return exit.ExitStatus(), nil
}

// signalNumber is a signal of the protocol as shells count them.
func signalNumber(name string) int {
	numbers := map[string]syscall.Signal{
		"HUP": syscall.SIGHUP, "INT": syscall.SIGINT, "QUIT": syscall.SIGQUIT, "ABRT": syscall.SIGABRT, "KILL": syscall.SIGKILL,
		"SEGV": syscall.SIGSEGV, "PIPE": syscall.SIGPIPE, "ALRM": syscall.SIGALRM, "TERM": syscall.SIGTERM,
	}
	return int(numbers[name])
}

// terminal is our terminal, if standard input is one.
func (e *env) terminal() (fd int, ok bool) {
	f, ok := e.stdin.(*os.File)
	if !ok {
		return 0, false
	}
	return int(f.Fd()), term.IsTerminal(int(f.Fd()))
}

// takeTerminal asks the guest for a terminal of that name and our size, and
// sets ours to hand on every key. quiet: the guest's neither echoes nor waits
// for whole lines until the program says otherwise. restore undoes it.
func (e *env) takeTerminal(ses *ssh.Session, name string, quiet bool) (restore func(), err error) {
	width, height := 80, 24
	fd, ours := e.terminal()
	if ours {
		if w, h, err := term.GetSize(fd); err == nil {
			width, height = w, h
		}
	}
	modes := ssh.TerminalModes{ssh.ECHO: 1, ssh.ICANON: 1}
	if quiet {
		modes = ssh.TerminalModes{ssh.ECHO: 0, ssh.ICANON: 0}
	}
	if err := ses.RequestPty(name, height, width, modes); err != nil {
		return nil, fmt.Errorf("ask for a terminal: %w", err)
	}
	if !ours {
		return func() {}, nil
	}
	before, err := term.MakeRaw(fd)
	if err != nil {
		return nil, fmt.Errorf("set terminal: %w", err)
	}
	unfollow := followSize(fd, ses)
	return func() {
		unfollow()
		_ = term.Restore(fd, before) // nothing is left to try
	}, nil
}

// followSize tells the guest whenever our terminal's size changes.
func followSize(fd int, ses *ssh.Session) (stop func()) {
	changed, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(changed, syscall.SIGWINCH)
	go func() {
		for {
			select {
			case <-done:
				return
			case <-changed:
				if w, h, err := term.GetSize(fd); err == nil {
					_ = ses.WindowChange(h, w) // the next change comes soon enough
				}
			}
		}
	}()
	return func() {
		signal.Stop(changed)
		close(done)
	}
}
