package benchtest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"sync"

	"golang.org/x/term"

	"github.com/benchtest-dev/benchtest/reports/progress"
)

// An output is where the process prints: its streams, the file of
// -benchtest.log-file and a terminal.
type output struct {
	place  place
	screen *progress.Screen // nil: there is nothing to draw on
	color  bool             // the terminal has colours, and they are wanted

	terminal *os.File // what screen draws on; nil where that is nil
	log      *plain   // nil: no log is wanted
	file     *os.File // the log's
	streams  []*diverted
	copying  sync.WaitGroup
}

// A diverted stream is os.Stdout or os.Stderr, for which a pipe stands in.
type diverted struct {
	variable *(*os.File)
	real     *os.File
	pipe     *os.File // the end that is written to
}

// openOutput chooses where the run is shown. Where that is a terminal among our
// streams, or a log is wanted, what is printed to os.Stdout and os.Stderr from
// now on goes there by way of us. What the runtime prints as it dies goes past
// these variables. The caller closes the output.
func openOutput(set *settings, s surroundings, env func(string) string) (o *output, err error) {
	o = &output{color: env("NO_COLOR") == "" && !s.dumb}
	if o.place, err = s.place(set.progress); err != nil {
		return nil, err
	}
	if err := o.openScreen(); err != nil {
		return nil, err
	}
	if set.logFile != "" {
		if o.file, err = os.Create(set.logFile); err != nil {
			return nil, errors.Join(fmt.Errorf("-benchtest.log-file: %w", err), o.close())
		}
		o.log = &plain{w: o.file}
	}
	if o.log == nil && o.place != onStdout && o.place != onStderr {
		return o, nil
	}
	for _, v := range []struct {
		variable *(*os.File)
		terminal bool
	}{{&os.Stdout, s.stdout}, {&os.Stderr, s.stderr}} {
		if err := o.divert(v.variable, v.terminal); err != nil {
			return nil, errors.Join(fmt.Errorf("divert output: %w", err), o.close())
		}
	}
	return o, nil
}

func (o *output) openScreen() (err error) {
	switch o.place {
	case onStdout:
		o.terminal = os.Stdout
	case onStderr:
		o.terminal = os.Stderr
	case controlling:
		if o.terminal, err = openTTY(); err != nil {
			return fmt.Errorf("open the terminal: %w", err)
		}
	default:
		return nil
	}
	o.screen = newScreen(o.terminal, o.place != controlling, o.color)
	return nil
}

// divert puts a pipe in variable's place. What comes out of it goes where it
// was to go, above the block where that is the terminal with it, and to the log.
func (o *output) divert(variable *(*os.File), terminal bool) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	s := &diverted{variable: variable, real: *variable, pipe: w}
	o.streams = append(o.streams, s)
	*variable = w
	to := io.Writer(s.real)
	if terminal && o.screen != nil && o.place != controlling {
		to = o.screen
	}
	if o.log != nil {
		// Output that cannot be mirrored still has to be printed.
		to = io.MultiWriter(to, o.log)
	}
	o.copying.Go(func() {
		defer r.Close()
		_, _ = io.Copy(to, r)
	})
	return nil
}

// lines is where a plain line for each attempt goes; nil: nowhere. What is
// printed is in the log already.
func (o *output) lines() io.Writer {
	switch {
	case o.place == plainLines:
		return os.Stderr
	case o.log != nil:
		return o.log
	}
	return nil
}

// width is the terminal's that our standard output is; zero: it is none.
func (o *output) width() int {
	stdout := os.Stdout
	for _, s := range o.streams {
		if s.variable == &os.Stdout {
			stdout = s.real
		}
	}
	if !term.IsTerminal(int(stdout.Fd())) {
		return 0
	}
	return columns(stdout)
}

// columns is how wide a terminal is, as far as it says.
func columns(tty *os.File) int {
	n, _, err := term.GetSize(int(tty.Fd()))
	if err != nil || n < 1 {
		return 80
	}
	return n
}

// close puts the streams back and waits until all is copied.
func (o *output) close() error {
	for _, s := range o.streams {
		*s.variable = s.real
		s.pipe.Close()
	}
	o.copying.Wait()
	if o.place == controlling {
		o.terminal.Close()
	}
	if o.file == nil {
		return nil
	}
	if err := o.file.Close(); err != nil {
		return fmt.Errorf("-benchtest.log-file: %w", err)
	}
	return nil
}

// ansi matches the escape sequences of ECMA-48: CSI, OSC and two-byte ones.
var ansi = regexp.MustCompile("\x1b(\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(\x07|\x1b\\\\)|[@-Z\\\\-_])")

// plain writes without ANSI sequences. One that is split over two writes
// stays; go test prints whole lines. It may be used concurrently. What it
// cannot write it drops.
type plain struct {
	mu sync.Mutex
	w  io.Writer
}

func (p *plain) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, _ = p.w.Write(ansi.ReplaceAll(b, nil))
	return len(b), nil
}
