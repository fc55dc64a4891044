package providertest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/benchtest-dev/benchtest/benchtest/facts/talk"
	"github.com/benchtest-dev/benchtest/providers"
)

// A Call is a command of a Sandbox, as FakeOptions.Exec sees it.
type Call struct {
	Machine        *FakeMachine
	User           string
	Argv, Env      []string
	Dir            string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
}

// An Answerer answers a Call in this process and returns its exit status. Its
// context ends when the command is killed, and with the machine.
type Answerer func(ctx context.Context) (status int)

// answerer is who answers a command in this process; nil: it really runs.
func (s *serverSession) answerer(l providers.Launch) Answerer {
	c := Call{
		Machine: s.machine, User: s.user, Argv: l.Argv, Env: l.Env, Dir: l.Dir,
		Stdin: s.ch, Stdout: s.ch, Stderr: s.ch.Stderr(),
	}
	if a := builtin(s.up, c); a != nil {
		return a
	}
	if own := s.machine.fake.o.Exec; own != nil {
		return own(c)
	}
	return nil
}

// answer reports as the runner would, and answers.
func (s *serverSession) answer(nonce string, a Answerer) {
	ctx, pid, done := s.up.calls.begin(s.up.ctx)
	defer done()
	_, _ = fmt.Fprintf(s.ch, "%s\n", nonce)
	_, _ = fmt.Fprintf(s.ch.Stderr(), "%s %d\n", nonce, pid)
	status := a(ctx)
	_ = s.ch.CloseWrite()
	if ctx.Err() != nil {
		s.exit(-1, "KILL")
		return
	}
	s.exit(status, "")
}

// builtin is what every guest can do, and this host cannot or should not.
func builtin(up *uptime, c Call) Answerer {
	is := func(argv ...string) bool { return slices.Equal(c.Argv, argv) }
	switch {
	case len(c.Argv) == 4 && c.Argv[3] == "benchtest-ready":
		return func(context.Context) int {
			state := "running"
			if time.Now().Before(up.ready) {
				state = "starting"
			}
			_, _ = fmt.Fprintln(c.Stdout, state)
			return 0
		}
	case is("/bin/cat", "/proc/sys/kernel/random/boot_id", "/proc/1/stat"):
		return func(context.Context) int {
			_, _ = fmt.Fprintf(c.Stdout, "%s\n1 (systemd) S%s\n", up.id, strings.Repeat(" 0", 49))
			return 0
		}
	case is("systemctl", "reboot"), is("systemctl", "poweroff"):
		return func(ctx context.Context) int {
			go func() { // going down waits for the end of this command
				if is("systemctl", "reboot") {
					_ = c.Machine.Reboot(ctx)
				} else {
					c.Machine.PowerOff()
				}
			}()
			return 0
		}
	case len(c.Argv) == 7 && c.Argv[3] == "benchtest-probe" && c.Machine.fake.o.Facts != nil:
		return func(ctx context.Context) int { return Reside(ctx, c, c.Machine.answer) }
	}
	return nil
}

// Reside is the probe that comes on standard input and stays for questions.
func Reside(ctx context.Context, c Call, answer func(question []byte) ([]byte, error)) int {
	size, err := strconv.ParseInt(c.Argv[5], 10, 64)
	if err == nil {
		_, err = io.CopyN(io.Discard, c.Stdin, size)
	}
	if err == nil {
		err = talk.Serve(ctx, c.Stdin, c.Stdout, func(_ context.Context, q []byte) ([]byte, error) { return answer(q) })
	}
	if err != nil {
		_, _ = fmt.Fprintln(c.Stderr, err)
		return 1
	}
	return 0
}

// calls are the commands that run in this process, by the PID they report.
type calls struct {
	last atomic.Int64
	mu   sync.Mutex
	ends map[int]context.CancelCauseFunc
}

// firstCall is beyond the PIDs that Linux gives by default on small machines,
// and still one that a Sandbox believes.
const firstCall = 4_000_000

var errKilled = errors.New("killed")

func (c *calls) begin(ctx context.Context) (context.Context, int, func()) {
	ctx, end := context.WithCancelCause(ctx)
	pid := firstCall + int(c.last.Add(1))%100_000
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ends == nil {
		c.ends = map[int]context.CancelCauseFunc{}
	}
	c.ends[pid] = end
	return ctx, pid, func() {
		end(nil)
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.ends, pid)
	}
}

func (c *calls) kill(pid int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	end := c.ends[pid]
	if end != nil {
		end(errKilled)
	}
	return end != nil
}
