//go:build linux

package collect

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	dbus "github.com/godbus/dbus/v5"
)

const (
	systemdName    = "org.freedesktop.systemd1"
	systemdPath    = "/org/freedesktop/systemd1"
	managerIface   = "org.freedesktop.systemd1.Manager"
	unitIface      = "org.freedesktop.systemd1.Unit"
	serviceIface   = "org.freedesktop.systemd1.Service"
	timerIface     = "org.freedesktop.systemd1.Timer"
	getProperty    = "org.freedesktop.DBus.Properties.Get"
	systemdRunning = "/run/systemd/system" // there exactly when systemd is the init
)

// errNoSystemd says that the machine has another init.
var errNoSystemd = errors.New("no systemd runs on this machine")

// systemd is a connection to the machine's service manager.
type systemd struct{ conn *dbus.Conn }

// connectSystemd connects once for all queries of the session.
func (s *session) connectSystemd(ctx context.Context) (*systemd, error) {
	return s.systemd.get(func() (*systemd, error) {
		if _, err := s.env.Root.Stat(systemdRunning); notThere(err) {
			return nil, errNoSystemd
		}
		// systemd's own socket first: it needs no bus daemon, but only root may.
		d, perr := s.dialSystemd(ctx, s.env.systemdSocket(), false)
		if perr == nil {
			return d, nil
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
	// The handshake knows no context.
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(s.limit())
	}
	err = conn.SetDeadline(deadline)
	if err != nil {
		conn.Close()
		return nil, err
	}
	c, err := dbus.NewConn(conn)
	if err != nil {
		conn.Close()
		return nil, err
	}
	err = c.Auth([]dbus.Auth{dbus.AuthExternal(strconv.FormatUint(uint64(uid), 10))})
	if err == nil && bus {
		err = c.Hello()
	}
	if err == nil {
		err = conn.SetDeadline(time.Time{})
	}
	if err != nil {
		c.Close()
		return nil, fmt.Errorf("greet %s: %w", socket, err)
	}
	return &systemd{c}, nil
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

func (d *systemd) close() { d.conn.Close() }

// A property is one that was asked for; its value is there after wait.
type property struct{ call *dbus.Call }

// get asks for a property without waiting: answers to many questions travel
// together.
func (d *systemd) get(ctx context.Context, path dbus.ObjectPath, iface, name string) property {
	obj := d.conn.Object(systemdName, path)
	return property{obj.GoWithContext(ctx, getProperty, 0, make(chan *dbus.Call, 1), iface, name)}
}

// wait returns the value of a property.
func wait[T any](ctx context.Context, p property) (T, error) {
	var zero T
	select {
	case <-ctx.Done():
		return zero, ctx.Err()
	case call := <-p.call.Done:
		if call.Err != nil {
			return zero, call.Err
		}
		var v dbus.Variant
		if err := call.Store(&v); err != nil {
			return zero, err
		}
		var t T
		if err := dbus.Store([]any{v.Value()}, &t); err != nil {
			return zero, err
		}
		return t, nil
	}
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
