//go:build linux

package collect

import (
	"context"
	"fmt"
	"net"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// checkListener refuses a socket that somebody else put in the place of
// systemd's: both its own and that of the bus are its first process's, who
// hands the latter to the daemon.
func (s *session) checkListener(conn net.Conn) error {
	c, ok := conn.(syscall.Conn)
	if !ok || s.env.Guest == nil {
		return nil // inside, whoever is root can lie anyhow
	}
	var peer *unix.Ucred
	err := control(c, func(fd int) (err error) {
		peer, err = unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
		return err
	})
	if err != nil {
		return fmt.Errorf("ask who listens: %w", err)
	}
	if int(peer.Pid) != s.env.firstProcess() {
		return fmt.Errorf("process %d listens where systemd should", peer.Pid)
	}
	return nil
}

// checkOwner refuses a bus on which somebody else calls himself systemd.
func (d *systemd) checkOwner(ctx context.Context) error {
	const daemon = "org.freedesktop.DBus"
	replies, err := d.ask(ctx, []busCall{{
		dest: daemon, path: "/org/freedesktop/DBus", iface: daemon,
		member: "GetConnectionUnixProcessID", args: []any{systemdName},
	}})
	if err != nil {
		return err
	}
	var pid uint32
	if err := replies[0].store(&pid); err != nil {
		return fmt.Errorf("ask who is systemd: %w", err)
	}
	if pid != 1 {
		return fmt.Errorf("process %d calls itself systemd on the bus", pid)
	}
	return nil
}

// nameWitness notes the program of the process that answers on conn. Its
// socket says who listened; who reads from it may be another one, to whom it
// was passed on. Kernels without unix_diag tell nothing.
func (s *session) nameWitness(ctx context.Context, conn net.Conn) string {
	c, ok := conn.(syscall.Conn)
	if !ok {
		return ""
	}
	inode, err := unixPeer(c)
	if err != nil {
		return ""
	}
	holders, err := s.holdersOf(ctx, inode)
	if err != nil {
		return ""
	}
	return strings.Join(append(s.programs(ctx, holders), s.changedFirst(ctx)...), ", ")
}

// changedFirst is the program of the machine's first process, whose word the
// witness hands on, when something was done to it.
func (s *session) changedFirst(ctx context.Context) []string {
	all, err := s.listProcesses(ctx)
	if err != nil {
		return nil
	}
	for _, p := range all {
		if p.pid != 1 {
			continue
		}
		if program := s.program(ctx, p); program != p.exe {
			return []string{program}
		}
	}
	return nil
}
