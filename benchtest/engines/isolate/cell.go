package isolate

import (
	"os"
	"os/exec"
)

// A Cell confines one program of one attempt, or says why it confines nothing.
// A nil Cell confines nothing. Its methods are called by one goroutine; whoever
// opened it closes it.
type Cell struct {
	by    string
	uid   int
	show  []string
	inner confiner // nil: nothing is confined
}

// A confiner is what this system confines with.
type confiner interface {
	wrap(cmd *exec.Cmd, show []string) error
	failure() error
	openDir() (*os.Root, error)
	close() error
}

// None is a cell that confines nothing, and why.
func None(reason string) *Cell { return &Cell{by: "none: " + reason} }

// By names what confines the program; it is "none" or begins with "none: "
// where nothing does.
func (c *Cell) By() string {
	if c == nil || c.by == "" {
		return "none"
	}
	return c.by
}

// Confines reports whether the cell confines anything.
func (c *Cell) Confines() bool { return c != nil && c.inner != nil }

// Owner is the user and group that the program runs as, to whom what it needs
// must belong; false where it runs as we do.
func (c *Cell) Owner() (uid, gid int, own bool) {
	if !c.Confines() {
		return 0, 0, false
	}
	return c.uid, c.uid, true
}

// Show keeps absolute paths in sight, read-only, wherever they lie. A socket
// there can be connected to.
func (c *Cell) Show(paths ...string) {
	if c != nil {
		c.show = append(c.show, paths...)
	}
}

// Wrap makes cmd start inside the cell, which works once. cmd must be complete
// but for its streams: its Path absolute, its Env given, no ExtraFiles. It is
// to be started and waited for on one locked OS thread (runtime.LockOSThread).
func (c *Cell) Wrap(cmd *exec.Cmd) error {
	if !c.Confines() {
		return nil
	}
	return c.inner.wrap(cmd, c.show)
}

// Failure says, once the wrapped command has ended, why the program was never
// started; nil when it was.
func (c *Cell) Failure() error {
	if !c.Confines() {
		return nil
	}
	return c.inner.failure()
}

// OpenDir opens the program's working directory, with what it left there, or
// dir where nothing is confined.
func (c *Cell) OpenDir(dir string) (*os.Root, error) {
	if !c.Confines() {
		return os.OpenRoot(dir)
	}
	return c.inner.openDir()
}

// Close frees what the cell holds: its user, its cgroups and the program's
// files. The program must have ended. Further calls do nothing.
func (c *Cell) Close() error {
	if !c.Confines() {
		return nil
	}
	return c.inner.close()
}
