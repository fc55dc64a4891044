package local

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
)

const (
	bridgeName = "benchtest0" // in a network's own namespace
	guestLink  = "eth0"       // in a guest's
)

// A wire is how one machine is plugged into its attempt's network. It is kept
// in the machine's directory: a guest that reboots gets a new network
// namespace, and its monitor plugs it in again.
type wire struct {
	Network network `json:"network"`
	Port    string  `json:"port"`    // the link's end at the bridge
	Address string  `json:"address"` // the guest's, with prefix length
}

// replug connects a guest that has just been created as its machine's wire
// says; a machine without one is nil.
func replug(id string, init process) error {
	w, err := readJSON[wire](dirOf(id).wire())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return w.plug(init)
}

// plug lays the wire to a running guest; where it lies already it stays.
func (w wire) plug(init process) error {
	guest, err := init.namespace("net")
	if err != nil {
		return fmt.Errorf("plug in guest: %w", err)
	}
	defer guest.Close()
	if err := w.lay(guest); err != nil {
		return fmt.Errorf("plug in guest: %w", err)
	}
	return nil
}

func (w wire) lay(guest *os.File) error {
	room, err := os.Open(w.Network.namespace())
	if err != nil {
		return err
	}
	defer room.Close()
	far, err := netlink.NewHandleAt(netns.NsHandle(room.Fd()))
	if err != nil {
		return err
	}
	defer far.Close()
	near, err := netlink.NewHandleAt(netns.NsHandle(guest.Fd()))
	if err != nil {
		return err
	}
	defer near.Close()
	if w.lies(far, near) {
		return nil
	}
	// An end without its other end is of a guest that has gone.
	if old, err := far.LinkByName(w.Port); err == nil {
		_ = far.LinkDel(old)
	}
	bridge, err := far.LinkByName(bridgeName)
	if err != nil {
		return fmt.Errorf("find bridge: %w", err)
	}
	attrs := netlink.NewLinkAttrs()
	attrs.Name, attrs.MasterIndex = w.Port, bridge.Attrs().Index
	pair := &netlink.Veth{
		LinkAttrs: attrs, PeerName: guestLink, PeerNamespace: netlink.NsFd(guest.Fd()),
		PeerHardwareAddr: w.hardwareAddr(),
	}
	if err := far.LinkAdd(pair); err != nil {
		return fmt.Errorf("add link %s: %w", w.Port, err)
	}
	if err := far.LinkSetUp(pair); err != nil {
		return fmt.Errorf("set link up: %w", err)
	}
	return w.address(near)
}

// hardwareAddr is the guest's, the same after each reboot: its neighbours keep
// it for a while. It is made of the IP address and locally administered.
func (w wire) hardwareAddr() net.HardwareAddr {
	ip, _, err := net.ParseCIDR(w.Address)
	if err != nil {
		return nil // the kernel chooses one
	}
	return append(net.HardwareAddr{0x02, 0xbe}, ip.To4()...)
}

// lies reports whether both ends are where they should be.
func (w wire) lies(far, near *netlink.Handle) bool {
	_, farErr := far.LinkByName(w.Port)
	link, nearErr := near.LinkByName(guestLink)
	if farErr != nil || nearErr != nil {
		return false
	}
	addresses, err := near.AddrList(link, netlink.FAMILY_V4)
	if err != nil {
		return false
	}
	for _, a := range addresses {
		if a.IPNet.String() == w.Address {
			return true
		}
	}
	return false
}

// address gives the guest's end its address and sets it up.
func (w wire) address(near *netlink.Handle) error {
	link, err := near.LinkByName(guestLink)
	if err != nil {
		return fmt.Errorf("find %s: %w", guestLink, err)
	}
	address, err := netlink.ParseAddr(w.Address)
	if err != nil {
		return err
	}
	if err := near.AddrAdd(link, address); err != nil {
		return fmt.Errorf("add address %s: %w", w.Address, err)
	}
	if err := near.LinkSetUp(link); err != nil {
		return fmt.Errorf("set %s up: %w", guestLink, err)
	}
	return nil
}
