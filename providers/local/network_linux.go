package local

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/guest"
)

// A network is the name of an attempt's: a bridge in a network namespace that
// holds nothing else. No network can reach another or the host, so all use the
// same addresses.
type network string

// networkOf is the network of an attempt, whose name may have any characters.
func networkOf(attempt string) network {
	sum := sha256.Sum256([]byte(attempt))
	return network("benchtest-" + hex.EncodeToString(sum[:8]))
}

func (n network) dir() string       { return filepath.Join(networksDir, string(n)) }
func (n network) namespace() string { return filepath.Join(n.dir(), "net") }
func (n network) record() string    { return filepath.Join(n.dir(), "network.json") }

// A networkRecord says whose a network is.
type networkRecord struct {
	Attempt string    `json:"attempt"`
	Home    string    `json:"home"`
	Run     string    `json:"run"`
	Created time.Time `json:"created"`
}

// maxHosts is how many addresses a network has to give.
const maxHosts = 200

// Connect gives each host its name, tells it the others' addresses and plugs
// it into the attempt's network. An attempt with one host needs no network.
func (p *Provider) Connect(ctx context.Context, attempt string, hosts map[string]providers.Machine) error {
	if err := p.connect(ctx, attempt, hosts); err != nil {
		return fmt.Errorf("connect %s: %w", attempt, err)
	}
	return nil
}

func (p *Provider) connect(ctx context.Context, attempt string, machines map[string]providers.Machine) error {
	if len(machines) > maxHosts {
		return fmt.Errorf("%d hosts: want at most %d", len(machines), maxHosts)
	}
	names := slices.Sorted(maps.Keys(machines))
	hosts := make([]guest.Host, len(names))
	for i, name := range names {
		hosts[i] = guest.Host{Name: name, Address: fmt.Sprintf("10.77.0.%d", 10+i)}
	}
	n := networkOf(attempt)
	if len(hosts) > 1 {
		if err := p.makeNetwork(n, attempt); err != nil {
			return err
		}
	}
	for i, h := range hosts {
		if err := ctx.Err(); err != nil {
			return err
		}
		m, ours := machines[h.Name].(*Machine)
		if !ours {
			return fmt.Errorf("host %s is not of provider local", h.Name)
		}
		others := slices.Delete(slices.Clone(hosts), i, i+1)
		if err := m.introduce(h.Name, others); err != nil {
			return fmt.Errorf("host %s: %w", h.Name, err)
		}
		if len(hosts) == 1 {
			continue
		}
		w := wire{Network: n, Port: fmt.Sprintf("port%d", i), Address: h.Address + "/24"}
		if err := m.plug(w); err != nil {
			return fmt.Errorf("host %s: %w", h.Name, err)
		}
	}
	return nil
}

// plug lays a wire to the machine, now and after each reboot.
func (m *Machine) plug(w wire) error {
	init, err := m.running()
	if err != nil {
		return err
	}
	if err := writeJSON(dirOf(m.id).wire(), w); err != nil {
		return err
	}
	return w.plug(init)
}

// makeNetwork makes the namespace and the bridge in it, unless they are there.
func (p *Provider) makeNetwork(n network, attempt string) error {
	if err := os.MkdirAll(n.dir(), 0o711); err != nil {
		return fmt.Errorf("make network: %w", err)
	}
	unlock, err := lockDir(n.dir())
	if err != nil {
		return err
	}
	defer unlock()
	if exists(n.record()) { // written last
		return nil
	}
	if err := n.remove(); err != nil {
		return err
	}
	if err := os.MkdirAll(n.dir(), 0o711); err != nil {
		return fmt.Errorf("make network: %w", err)
	}
	if err := n.makeBridge(); err != nil {
		return fmt.Errorf("make network: %w", errors.Join(err, n.remove()))
	}
	return writeJSON(n.record(), networkRecord{Attempt: attempt, Home: p.home, Run: p.run, Created: time.Now()})
}

func (n network) makeBridge() error {
	if err := newNamespace(n.namespace()); err != nil {
		return err
	}
	ns, err := os.Open(n.namespace())
	if err != nil {
		return err
	}
	defer ns.Close()
	h, err := netlink.NewHandleAt(netns.NsHandle(ns.Fd()))
	if err != nil {
		return err
	}
	defer h.Close()
	attrs := netlink.NewLinkAttrs()
	attrs.Name = bridgeName
	bridge := &netlink.Bridge{LinkAttrs: attrs}
	if err := h.LinkAdd(bridge); err != nil {
		return fmt.Errorf("add bridge: %w", err)
	}
	return h.LinkSetUp(bridge)
}

// newNamespace makes a network namespace that is kept by a mount on path.
func newNamespace(path string) error {
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		return err
	}
	own, err := os.Open("/proc/self/ns/net")
	if err != nil {
		return err
	}
	defer own.Close()
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		err := unix.Unshare(unix.CLONE_NEWNET)
		if err == nil {
			err = unix.Mount("/proc/thread-self/ns/net", path, "", unix.MS_BIND, "")
		}
		// As in within: a thread that is not back dies.
		if unix.Setns(int(own.Fd()), unix.CLONE_NEWNET) == nil {
			runtime.UnlockOSThread()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		return fmt.Errorf("make namespace: %w", err)
	}
	return nil
}

// Disconnect removes the attempt's network; its hosts are then alone.
func (p *Provider) Disconnect(_ context.Context, attempt string) error {
	n := networkOf(attempt)
	unlock, err := lockDir(n.dir())
	if err != nil {
		return fmt.Errorf("disconnect %s: %w", attempt, err)
	}
	defer unlock()
	if err := n.remove(); err != nil {
		return fmt.Errorf("disconnect %s: %w", attempt, err)
	}
	return nil
}

// remove takes the network away, finished or not.
func (n network) remove() error {
	err := unix.Unmount(n.namespace(), unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW)
	if err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove network: %w", err)
	}
	return os.RemoveAll(n.dir())
}

func (p *Provider) listNetworks() ([]providers.MachineInfo, error) {
	names, err := readDir(networksDir)
	if err != nil {
		return nil, err
	}
	var infos []providers.MachineInfo
	for _, name := range names {
		r, err := readJSON[networkRecord](network(name).record())
		if err != nil || r.Home != p.home {
			continue
		}
		// The attempt is what Disconnect wants to hear.
		infos = append(infos, providers.MachineInfo{
			ID: r.Attempt, Kind: providers.KindNetwork, Provider: "local", Run: r.Run, State: "running", Created: r.Created,
		})
	}
	return infos, nil
}
