package benchtest

import (
	"errors"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"github.com/benchtest-dev/benchtest/reports/progress"
)

// A place is where people see how the run goes on: docs/decisions/0007.
type place int

const (
	noPlace     place = iota
	plainLines        // standard error, a line when an attempt has ended
	onStdout          // the terminal that is our standard output
	onStderr          // the terminal that is our standard error
	controlling       // /dev/tty, since go test has taken our streams
)

// surroundings are what the choice of a place depends on.
type surroundings struct {
	stdout, stderr bool // are terminals
	tty            bool // there is a controlling terminal, and we are in its foreground
	ci             bool // nobody looks on
	dumb           bool // the terminal can only print
	verbose        bool // -v: go test prints what we print while we do
	json           bool // go test -json: another program shows how the run goes on
}

// around looks at the process's.
func around(verbosity string, env func(string) string) surroundings {
	return surroundings{
		stdout: term.IsTerminal(int(os.Stdout.Fd())), stderr: term.IsTerminal(int(os.Stderr.Fd())), tty: hasTTY(),
		ci:   !slices.Contains([]string{"", "0", "false"}, strings.ToLower(env("CI"))),
		dumb: env("TERM") == "" || env("TERM") == "dumb", json: verbosity == "test2json",
		verbose: verbosity != "" && verbosity != "false",
	}
}

var errNoTerminal = errors.New("-benchtest.progress=tty: there is no terminal to draw on (none of ours, or in the background, or TERM=dumb): want plain, or none")

// place chooses for a value of -benchtest.progress.
func (s surroundings) place(mode string) (place, error) {
	p := noPlace
	switch {
	case s.dumb:
	case s.stdout:
		p = onStdout
	case s.stderr:
		p = onStderr
	case s.tty && (!s.verbose || mode == "tty"):
		p = controlling
	}
	switch {
	case mode == "none", mode == "auto" && s.json:
		return noPlace, nil
	case mode == "tty" && p == noPlace:
		return noPlace, errNoTerminal
	case mode == "plain", mode == "auto" && (s.ci || p == noPlace):
		return plainLines, nil
	}
	return p, nil
}

// hasTTY reports whether this process may draw on a controlling terminal now.
func hasTTY() bool {
	tty, err := openTTY()
	if err != nil {
		return false
	}
	defer tty.Close()
	mine, err := foreground(tty)
	return mine && err == nil
}

func openTTY() (*os.File, error) { return os.OpenFile("/dev/tty", os.O_WRONLY, 0) }

// foreground reports whether our process group is the one that the terminal is
// for. The error is of a terminal that is not our controlling one.
func foreground(tty *os.File) (bool, error) {
	group, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp(), err
}

// newScreen makes a screen of a terminal. own is said of one that is a stream of
// ours: it is written to in the background as well, and never drawn on there.
func newScreen(tty *os.File, own, color bool) *progress.Screen {
	free := func() bool {
		mine, err := foreground(tty)
		return mine || own && err != nil
	}
	size := func() (columns, rows int) {
		if !free() {
			return 0, 0
		}
		columns, rows, err := term.GetSize(int(tty.Fd()))
		if err != nil || columns < 1 || rows < 1 {
			return 80, 24
		}
		return columns, rows
	}
	s := progress.NewScreen(politeWriter{tty: tty, free: func() bool { return own || free() }}, size)
	s.Color = color
	return s
}

// A politeWriter drops what is written while another process has the terminal:
// writing would stop us there, should the user want that (stty tostop).
type politeWriter struct {
	tty  *os.File
	free func() bool
}

func (w politeWriter) Write(p []byte) (int, error) {
	if !w.free() {
		return len(p), nil
	}
	return w.tty.Write(p)
}
