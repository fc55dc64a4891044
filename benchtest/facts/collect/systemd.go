//go:build linux

package collect

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	dbus "github.com/godbus/dbus/v5"
)

const (
	systemdName    = "org.freedesktop.systemd1"
	systemdPath    = "/org/freedesktop/systemd1"
	managerIface   = "org.freedesktop.systemd1.Manager"
	unitIface      = "org.freedesktop.systemd1.Unit"
	serviceIface   = "org.freedesktop.systemd1.Service"
	timerIface     = "org.freedesktop.systemd1.Timer"
	systemdRunning = "/run/systemd/system" // there exactly when systemd is the init
)

// errNoSystemd says that the machine has another init.
var errNoSystemd = errors.New("no systemd runs on this machine")

// systemd is a connection to the machine's service manager.
type systemd struct{ *busConn }

// connectSystemd connects once for all queries of the session.
func (s *session) connectSystemd(ctx context.Context) (*systemd, error) {
	return s.systemd.get(func() (*systemd, error) {
		if _, err := s.env.Root.Stat(systemdRunning); notThere(err) {
			return nil, errNoSystemd
		}
		// systemd's own socket first: it needs no bus daemon, but only root may.
		// It hangs up on a process that its PID namespace has no number for, so
		// from outside there is only the bus.
		var perr error
		if s.env.Guest == nil {
			d, err := s.dialSystemd(ctx, s.env.systemdSocket(), false)
			if err == nil {
				return d, nil
			}
			perr = err
		}
		d, berr := s.dialSystemd(ctx, s.env.busSocket(), true)
		if berr == nil {
			return d, nil
		}
		return nil, fmt.Errorf("connect to systemd: %w", errors.Join(perr, berr))
	})
}

// dialSystemd connects as the machine's root, or as who we are when we are
// not root.
func (s *session) dialSystemd(ctx context.Context, socket string, bus bool) (*systemd, error) {
	conn, uid, err := s.dialAsRoot(ctx, socket)
	if err != nil {
		return nil, err
	}
	b, err := greet(ctx, conn, uid, bus)
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("greet %s: %w", socket, err)
	}
	return &systemd{b}, nil
}

// dialAsRoot connects to a Unix socket. It also returns the user, by the
// machine's number, that the other side sees.
func (s *session) dialAsRoot(ctx context.Context, socket string) (net.Conn, uint32, error) {
	if s.env.UIDs == nil {
		var d net.Dialer
		conn, err := d.DialContext(ctx, "unix", socket)
		return conn, uint32(os.Geteuid()), err
	}
	uid, uok := s.env.UIDs.Outside(0)
	gid, gok := s.env.GIDs.Outside(0)
	if !uok || !gok {
		return nil, 0, errors.New("the guest has no root")
	}
	conn, err := dialUnixAs(ctx, socket, uid, gid)
	return conn, 0, err
}

// property is the question for one property of an object.
func property(path dbus.ObjectPath, iface, name string) busCall {
	return busCall{
		dest: systemdName, path: path,
		iface: "org.freedesktop.DBus.Properties", member: "Get", args: []any{iface, name},
	}
}

// manager calls a method of the service manager itself and stores the reply.
func (d *systemd) manager(ctx context.Context, into any, member string, args ...any) error {
	replies, err := d.ask(ctx, []busCall{{dest: systemdName, path: systemdPath, iface: managerIface, member: member, args: args}})
	if err != nil {
		return err
	}
	return replies[0].store(into)
}

// unitPath is where systemd shows the unit name. Asking there loads it.
func unitPath(name string) dbus.ObjectPath {
	var b strings.Builder
	b.WriteString(systemdPath + "/unit/")
	for i := range len(name) {
		c := name[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if letter || i > 0 && c >= '0' && c <= '9' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "_%02x", c)
		}
	}
	return dbus.ObjectPath(b.String())
}
