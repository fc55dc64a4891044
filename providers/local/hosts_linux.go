package local

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"github.com/benchtest-dev/benchtest/providers/guest"
)

// readHosts reads a guest's /etc/hosts; one that is not there is empty. The
// guest may be running, so it is neither waited for (a FIFO) nor believed to
// be short.
func readHosts(root *os.Root) (string, error) {
	const most = 1 << 20
	f, err := root.OpenFile("etc/hosts", os.O_RDONLY|unix.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most))
	return string(b), err
}

// introduce tells a machine its name and the other hosts'. A clone from the
// pool got another name when it was made.
func (m *Machine) introduce(hostName string, others []guest.Host) error {
	d := dirOf(m.id)
	rec, err := readJSON[record](d.record())
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(d.root())
	if err != nil {
		return err
	}
	defer root.Close()
	old, err := readHosts(root)
	if err != nil {
		return err
	}
	if hosts := guest.MergeHosts(old, hostName, others); hosts != old {
		if err := write(root, guest.File{Name: "etc/hosts", Mode: 0o644, Data: []byte(hosts)}); err != nil {
			return err
		}
	}
	if rec.HostName == hostName {
		return nil
	}
	if err := write(root, guest.File{Name: "etc/hostname", Mode: 0o644, Data: []byte(hostName + "\n")}); err != nil {
		return err
	}
	if err := m.rename(hostName); err != nil {
		return err
	}
	rec.HostName = hostName
	return writeJSON(d.record(), rec)
}

// rename changes the running guest's host name.
func (m *Machine) rename(hostName string) error {
	init, err := m.running()
	if err != nil {
		return err
	}
	uts, err := init.namespace("uts")
	if err != nil {
		return err
	}
	defer uts.Close()
	err = within(uts, unix.CLONE_NEWUTS, func() error { return unix.Sethostname([]byte(hostName)) })
	if err != nil {
		return fmt.Errorf("rename guest: %w", err)
	}
	return nil
}
