// Command steward serves the driver inside a guest: it sits at serial ports that
// only the driver has the other end of, and needs neither the guest's network
// nor its SSH server nor its shells' settings, all of which may be what a
// scenario is about.
//
//	steward           serves every port named benchtest.N, until it is killed
//
// On a port the driver sends lines, and each is answered "NONCE STATUS":
//
//	NONCE hello                          nothing
//	NONCE wake SECONDS NANOSECONDS SEED  sets the clock and stirs in random numbers
//	NONCE sync                           writes to disk what is not there yet
//	NONCE run BASE64                     runs a script, as root
//	NONCE ssh                            what follows is SSH, until the driver hangs up
//
// The SSH server knows root alone, by the keys of /root/.ssh/authorized_keys and
// with the host key of the guest's own server. Exit 1: there is no such port.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
)

func main() {
	// The collector runs when there is need and not by the clock, which jumps at
	// every reset.
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(32 << 20)
	if err := run("/sys/class/virtio-ports", "/dev"); err != nil {
		fmt.Fprintln(os.Stderr, "steward:", err)
		os.Exit(1)
	}
}

// run serves the ports that sys names and dev has.
func run(sys, dev string) error {
	names, err := portNames(sys)
	if err != nil {
		return err
	}
	keys := &keys{host: "/etc/ssh/ssh_host_ed25519_key", authorized: "/root/.ssh/authorized_keys"}
	var wg sync.WaitGroup
	errs := make([]error, len(names))
	for i, name := range names {
		wg.Go(func() {
			p, err := openPort(filepath.Join(dev, name))
			if err == nil {
				err = serve(p, keys)
			}
			errs[i] = err
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// portNames are the devices of our ports. Not every guest's udev makes links of
// their names.
func portNames(sys string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(sys, "*", "name"))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err == nil && strings.HasPrefix(string(b), "benchtest.") {
			names = append(names, filepath.Base(filepath.Dir(f)))
		}
	}
	if len(names) == 0 {
		return nil, errors.New("no serial port is named benchtest.N: was this machine started by benchtest?")
	}
	return names, nil
}
