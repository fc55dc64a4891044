package incus

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"syscall"

	incus "github.com/lxc/incus/v6/client"
)

// Check says what is missing, each with the command that mends it.
func (p *Provider) Check(ctx context.Context) error {
	_, err := p.look(ctx)
	if err == nil {
		return nil
	}
	at := p.server.remote.String()
	switch {
	case errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EACCES):
		return fmt.Errorf("provider incus may not use %s: sudo usermod -aG incus-admin $USER, and log in again (%w)", at, err)
	case errors.Is(err, errNotTrusted), errors.Is(err, errNoPool):
		return fmt.Errorf("provider incus cannot use the daemon at %s: %w", at, err)
	case p.server.remote.url != "":
		return fmt.Errorf("provider incus needs an answer from %s: see that the daemon runs there and `incus config get core.https_address` names that address (%w)", at, err)
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("provider incus needs a running Incus, and none listens at %s: sudo scripts/incus.sh start, or set INCUS_SOCKET or BENCHTEST_INCUS_REMOTE", at)
	}
	return fmt.Errorf("provider incus: %w", err)
}

// Warnings are what works and is worth knowing; see providers.Warner.
func (p *Provider) Warnings(ctx context.Context) ([]string, error) {
	s, err := p.look(ctx)
	if err != nil {
		return nil, err
	}
	var list []string
	if slices.Contains([]string{"dir", "nfs"}, s.driver) {
		list = append(list, fmt.Sprintf("storage pool %s copies every file of every clone: use a btrfs, zfs or lvm pool (incus storage create fast btrfs; BENCHTEST_INCUS_POOL=fast)", s.pool))
	}
	if s.bridge == "" {
		list = append(list, "no managed bridge with an IPv4 address: templates with packages cannot be built and open networks are refused: incus network create incusbr0, and BENCHTEST_INCUS_NETWORK=incusbr0")
	}
	vm, err := p.server.shared().runsVMs(ctx)
	if err == nil && !vm {
		list = append(list, "templates of type vm cannot be had here: "+errNoVMs.Error())
	}
	return list, err
}

// runsVMs reports whether the daemon, which looks at vhost_vsock and QEMU when
// it starts, can run virtual machines.
func (s server) runsVMs(ctx context.Context) (can bool, err error) {
	err = s.do(ctx, func(c incus.InstanceServer) error {
		info, _, err := c.GetServer()
		if err == nil {
			can = slices.Contains(strings.Split(info.Environment.Driver, " | "), "qemu")
		}
		return err
	})
	return can, err
}
