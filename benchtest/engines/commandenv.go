package engines

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// command is the program, ready to start but for its streams.
func (c *Command) command(ctx context.Context, w Work) (*exec.Cmd, error) {
	if len(c.Argv) == 0 {
		return nil, errors.New("no engine command given")
	}
	bin, err := exec.LookPath(c.Argv[0])
	if err != nil {
		return nil, fmt.Errorf("find engine: %w", err)
	}
	// It runs in a directory of its own, so a relative path must not stay one.
	if bin, err = filepath.Abs(bin); err != nil {
		return nil, fmt.Errorf("find engine: %w", err)
	}
	cmd := exec.CommandContext(ctx, bin, c.Argv[1:]...)
	cmd.Args[0] = c.Argv[0]
	cmd.Dir, cmd.Env = w.Dir, c.environment(w)
	return cmd, nil
}

// environment is all that the program gets of the world: the ticket, the ways
// to the hosts, and of the driver's own environment what is named here.
func (c *Command) environment(w Work) []string {
	env := []string{"HOME=" + w.Dir}
	for _, name := range append([]string{"PATH", "LANG"}, c.Env...) {
		if value, set := os.LookupEnv(name); set {
			env = append(env, name+"="+value)
		}
	}
	if w.TraceParent != "" { // these win over those of the driver
		env = append(env, "TRACEPARENT="+w.TraceParent, "TRACESTATE="+w.TraceState)
	}
	return append(env,
		"BENCHTEST_TICKET_TITLE="+variable(w.Ticket.Title),
		"BENCHTEST_TICKET_BODY="+variable(w.Ticket.Body),
		"BENCHTEST_HOSTS="+strings.Join(w.Hosts, " "),
		"BENCHTEST_SSH_CONFIG="+w.SSHConfig,
		"BENCHTEST_DEADLINE="+w.Deadline.Format(time.RFC3339),
		"BENCHTEST_RUN_ID="+w.RunID,
		"BENCHTEST_ATTEMPT="+w.Attempt,
		"BENCHTEST_JOB="+c.jobPath(w),
	)
}

// maxVariable is what the kernel lets one variable hold, and room for its name.
const maxVariable = 128<<10 - 256

// variable is s as far as it can stand in an environment; standard input has
// the whole body.
func variable(s string) string {
	s = strings.ReplaceAll(s, "\x00", "")
	return strings.ToValidUTF8(s[:min(len(s), maxVariable)], "")
}

// readRegular reads at most limit bytes of a regular file in root, which
// somebody else may have filled: a symbolic link or a FIFO is an error, a file
// that is not there nil.
func readRegular(root *os.Root, name string, limit int64) ([]byte, error) {
	info, err := root.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no regular file", name)
	}
	// Not blocking, should it have become a FIFO meanwhile.
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err = f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(fmt.Errorf("%s is no regular file", name), err)
	}
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		return nil, fmt.Errorf("%s is larger than %d bytes", name, limit)
	}
	return b, err
}
