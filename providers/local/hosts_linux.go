package local

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// A host is one of an attempt's hosts as the others know it.
type host struct{ Name, Address string }

// ownAddress is where a Debian machine finds its own name.
const ownAddress = "127.0.1.1"

// localHosts is what an /etc/hosts without a localhost is given.
const localHosts = `127.0.0.1	localhost
::1	localhost ip6-localhost ip6-loopback
ff02::1	ip6-allnodes
ff02::2	ip6-allrouters
`

// mergeHosts makes a guest's /etc/hosts: what its template has, itself, and
// the attempt's other hosts. Lines that would contradict these are dropped, so
// that merging twice is merging once.
func mergeHosts(old, hostName string, others []host) string {
	var b strings.Builder
	if !strings.Contains(old, "localhost") {
		b.WriteString(localHosts)
	}
	for line := range strings.Lines(old) {
		entry, _, _ := strings.Cut(line, "#")
		f := strings.Fields(entry)
		stale := len(f) > 0 && (f[0] == ownAddress || slices.ContainsFunc(others, func(o host) bool {
			return f[0] == o.Address || slices.Contains(f[1:], o.Name)
		}))
		if !stale {
			b.WriteString(strings.TrimSuffix(line, "\n") + "\n")
		}
	}
	for _, h := range append([]host{{hostName, ownAddress}}, others...) {
		b.WriteString(h.Address + "\t" + h.Name + "\n")
	}
	return b.String()
}

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
func (m *Machine) introduce(hostName string, others []host) error {
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
	if hosts := mergeHosts(old, hostName, others); hosts != old {
		if err := (guestFile{name: "etc/hosts", mode: 0o644, data: []byte(hosts)}).write(root); err != nil {
			return err
		}
	}
	if rec.HostName == hostName {
		return nil
	}
	if err := (guestFile{name: "etc/hostname", mode: 0o644, data: []byte(hostName + "\n")}).write(root); err != nil {
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
