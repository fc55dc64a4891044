//go:build linux

package collect

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
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
	systemdRunning = "/run/systemd/system" // there exactly when systemd is the init
)

// errNoSystemd says that the machine has another init.
var errNoSystemd = errors.New("no systemd runs on this machine")

// systemd is a connection to the machine's service manager.
type systemd struct {
	*busConn
	witness string // the program that answers; empty when that cannot be seen
}

// systemdLimit bounds what systemd may take to say who it is, or to answer one
// round of questions. It stands in for the limit of a query, which is longer:
// one that hangs must not hold up all that is asked, time and again.
const systemdLimit = 5 * time.Second

// connectSystemd connects once for all queries of the session. That nobody
// answers within systemdLimit is remembered as well.
func (s *session) connectSystemd(ctx context.Context) (*systemd, error) {
	return s.systemd.get(func() (*systemd, error) {
		if _, err := s.env.Root.Stat(systemdRunning); notThere(err) {
			return nil, errNoSystemd
		}
		// All wait for this connection, so it is not bounded by one's own limit.
		ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), systemdLimit, errSystemdSilent)
		defer cancel()
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
		return nil, fmt.Errorf("connect to systemd: %w", silent(ctx, errors.Join(perr, berr)))
	})
}

// errSystemdSilent says that systemd took longer than systemdLimit.
var errSystemdSilent = fmt.Errorf("no answer within %s", systemdLimit)

// silent is err, or why ctx ended where it did: deadlines of a connection show
// as errors of many kinds.
func silent(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// dialSystemd connects as the machine's root, or as who we are when we are
// not root, and makes sure that it is systemd who answers.
func (s *session) dialSystemd(ctx context.Context, socket string, bus bool) (d *systemd, err error) {
	// Only the guard sees what was mounted over it.
	if _, err := s.env.Root.Stat(socket); errors.Is(err, errForeignMount) {
		return nil, err
	}
	conn, uid, err := s.dialAsRoot(ctx, socket)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			conn.Close()
		}
	}()
	if err := s.checkListener(conn); err != nil {
		return nil, err
	}
	b, err := greet(ctx, conn, uid, bus)
	if err != nil {
		return nil, fmt.Errorf("greet %s: %w", socket, err)
	}
	d = &systemd{busConn: b}
	if bus {
		if err := d.checkOwner(ctx); err != nil {
			return nil, err
		}
	}
	d.witness = s.nameWitness(ctx, conn)
	return d, nil
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
