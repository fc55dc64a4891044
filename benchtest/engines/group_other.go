//go:build !linux

package engines

import "os/exec"

// reap waits for cmd and ends its group. A group's number is not given out
// again while a process of the group lives.
func reap(cmd *exec.Cmd, g *group) error {
	err := cmd.Wait()
	g.end(cmd.Process.Pid)
	return err
}
