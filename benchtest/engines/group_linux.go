package engines

import (
	"errors"
	"os/exec"

	"golang.org/x/sys/unix"
)

// reap waits for cmd and ends its group. The program is not reaped before its
// group is gone: until then nobody else can have its number.
func reap(cmd *exec.Cmd, g *group) error {
	for {
		err := unix.Waitid(unix.P_PID, cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	g.end(cmd.Process.Pid)
	return cmd.Wait()
}
