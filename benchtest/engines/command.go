package engines

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/shlex"

	"github.com/benchtest-dev/benchtest/benchtest/rules"
)

// Command is the engine command: a program on the driver that works the ticket
// by the contract of DESIGN.md section 8. Argv must be set; NewCommand sets it.
// It may be used concurrently once its fields are set.
type Command struct {
	Argv []string // the program, looked up in PATH, and its arguments
	Env  []string // names of variables of the driver that the program is given
	// Grace is how long the program may take to end after SIGTERM; zero means 5 s.
	Grace time.Duration
}

var _ Launcher = (*Command)(nil)

// NewCommand makes the engine that line, a program and its arguments as shell
// words, stands for. No shell is involved. env is a comma-separated list of the
// names of variables that the program is given.
func NewCommand(line, env string) (*Command, error) {
	c := &Command{}
	return c, c.configure(line, env)
}

func (c *Command) configure(line, env string) error {
	argv, err := shlex.Split(line)
	if err != nil {
		return fmt.Errorf("read engine command %q: %w", line, err)
	}
	if len(argv) == 0 {
		return errors.New("engine command needs a program: -benchtest.engine-cmd='PROGRAM ARGS'")
	}
	for _, name := range names(env) {
		if strings.Contains(name, "=") {
			return fmt.Errorf("read engine environment: %q is no name of a variable", name)
		}
	}
	c.Argv, c.Env = argv, names(env)
	return nil
}

// Name is "command".
func (*Command) Name() string { return "command" }

// Launches makes it a Launcher.
func (*Command) Launches() {}

// defaultGrace is between SIGTERM and SIGKILL.
const defaultGrace = 5 * time.Second

func (c *Command) grace() time.Duration {
	if c.Grace <= 0 {
		return defaultGrace
	}
	return c.Grace
}

// The exit statuses that mean something.
const (
	exitSuccess = 0
	exitAgentic = 1
	exitTemp    = 75 // EX_TEMPFAIL: its model service is not there
)

// Work starts the program and waits for it. Standard output is the transcript,
// standard error goes to the log. When ctx ends its process group gets SIGTERM
// and, a grace later, SIGKILL; whatever is left of the group when the program
// has ended is killed too.
//
// Exit status 75 is ErrNotStarted. Whether the program had reached a host by
// then the caller knows; the job that comes with the error is good then.
func (c *Command) Work(ctx context.Context, w Work) (rules.Job, error) {
	cmd, err := c.command(ctx, w)
	if err != nil {
		return rules.Job{}, fmt.Errorf("%w: %w", ErrNotStarted, err)
	}
	if err := w.Cell.Wrap(cmd); err != nil {
		return rules.Job{}, fmt.Errorf("%w: isolate engine: %w", ErrNotStarted, err)
	}
	if w.Isolated != nil {
		w.Isolated(w.Cell.By())
	}
	reader := &streamReader{}
	cmd.Stdin = strings.NewReader(w.Ticket.Body)
	cmd.Stdout = io.MultiWriter(w.Transcript, reader)
	cmd.Stderr = w.Log
	end, err := runGroup(cmd, c.grace())
	if err != nil {
		return rules.Job{}, err
	}
	if err := w.Cell.Failure(); err != nil {
		return rules.Job{}, fmt.Errorf("%w: isolate engine: %w", ErrNotStarted, err)
	}
	j := c.readJob(w)
	reader.fill(&j)
	if j.Resolution == "" {
		j.Resolution = resolutionOf(end)
	}
	if end == exitTemp {
		return j, fmt.Errorf("%w: %s: exit status %d", ErrNotStarted, c.Argv[0], exitTemp)
	}
	return j, nil
}

// resolutionOf maps an exit status, -1 for a signal, to a resolution.
func resolutionOf(status int) rules.Resolution {
	switch status {
	case exitSuccess:
		return rules.Success
	case exitAgentic:
		return rules.AgenticFailure
	}
	return rules.HardFailure
}

// jobName is where, in its directory, the program may leave its job record.
const jobName = "job.json"

func (c *Command) jobPath(w Work) string { return filepath.Join(w.Dir, jobName) }

func readJobFile(w Work) ([]byte, error) {
	dir, err := w.Cell.OpenDir(w.Dir)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	return readRegular(dir, jobName, rules.MaxJobBytes)
}

// readJob reads the record that the program left, if it did. One that cannot be
// read counts as none, and the log says why.
func (c *Command) readJob(w Work) rules.Job {
	b, err := readJobFile(w)
	if err == nil && b == nil {
		return rules.Job{}
	}
	var j rules.Job
	if err == nil {
		j, err = rules.ParseJob(b)
	}
	if err != nil {
		_, _ = fmt.Fprintf(w.Log, "job record of the engine does not count: %v\n", err)
		return rules.Job{}
	}
	for i := range j.Tasks {
		for k := range j.Tasks[i].Commands {
			j.Tasks[i].Commands[k].Evidence = rules.SelfReported
		}
	}
	j.Gateway = rules.GatewayRecord{} // the gateway's to fill, not the engine's
	return j
}
