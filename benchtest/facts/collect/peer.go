//go:build linux

package collect

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Sizes and offsets of what sock_diag(7) says about one socket.
const (
	diagID          = 8 // struct inet_diag_sockid in the request
	diagState       = 1 // idiag_state in the answer
	diagNoCookie    = ^uint32(0)
	unixDiagRequest = 24 // struct unix_diag_req
	unixDiagMessage = 16 // struct unix_diag_msg, before its attributes
	unixDiagPeer    = 2  // UNIX_DIAG_PEER
	unixShowPeer    = 4  // UDIAG_SHOW_PEER
)

// inetPeer is the inode of the socket that the other end of conn is, and 0
// when that is no socket of our network namespace. A connection that nobody
// has accepted yet has a socket without an inode; inetPeer waits for it.
func inetPeer(ctx context.Context, conn net.Conn) (uint64, error) {
	local, lok := conn.LocalAddr().(*net.TCPAddr)
	remote, rok := conn.RemoteAddr().(*net.TCPAddr)
	if !lok || !rok {
		return 0, errors.New("no TCP connection")
	}
	// The kernel may be at work on the last packet of the handshake.
	for patience := 10; ; {
		state, inode, err := diagSocketOf(remote.AddrPort(), local.AddrPort())
		switch {
		case err != nil && !errors.Is(err, unix.ENOENT):
			return 0, err
		case err == nil && state != tcpListenState && inode != 0:
			return inode, nil
		case err != nil || state == tcpListenState:
			if patience--; patience == 0 || !remote.IP.Equal(local.IP) {
				return 0, nil
			}
		}
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
			return 0, fmt.Errorf("nobody accepted the connection: %w", ctx.Err())
		}
	}
}

// diagSocketOf asks for the connected socket at local whose other end is
// remote. Where there is none, the kernel may answer with the one that listens.
func diagSocketOf(local, remote netip.AddrPort) (state byte, inode uint64, err error) {
	local = netip.AddrPortFrom(local.Addr().Unmap(), local.Port())
	remote = netip.AddrPortFrom(remote.Addr().Unmap(), remote.Port())
	family := byte(unix.AF_INET)
	if local.Addr().Is6() {
		family = unix.AF_INET6
	}
	b := make([]byte, diagRequest)
	b[0], b[1] = family, unix.IPPROTO_TCP
	binary.NativeEndian.PutUint32(b[4:], ^uint32(0)) // any state
	id := b[diagID:]
	binary.BigEndian.PutUint16(id[0:], local.Port())
	binary.BigEndian.PutUint16(id[2:], remote.Port())
	copy(id[4:20], local.Addr().AsSlice())
	copy(id[20:36], remote.Addr().AsSlice())
	binary.NativeEndian.PutUint32(id[40:], diagNoCookie)
	binary.NativeEndian.PutUint32(id[44:], diagNoCookie)
	answer, err := diagOne(b)
	if err != nil {
		return 0, 0, err
	}
	if len(answer) < diagMessage {
		return 0, 0, errors.New("short answer of sock_diag")
	}
	return answer[diagState], uint64(binary.NativeEndian.Uint32(answer[diagInode:])), nil
}

// unixPeer is the inode of the socket that the other end of conn is.
func unixPeer(conn syscall.Conn) (uint64, error) {
	var st unix.Stat_t
	err := control(conn, func(fd int) error { return unix.Fstat(fd, &st) })
	if err != nil {
		return 0, err
	}
	b := make([]byte, unixDiagRequest)
	b[0] = unix.AF_UNIX
	binary.NativeEndian.PutUint32(b[4:], ^uint32(0))
	binary.NativeEndian.PutUint32(b[8:], uint32(st.Ino))
	binary.NativeEndian.PutUint32(b[12:], unixShowPeer)
	binary.NativeEndian.PutUint32(b[16:], diagNoCookie)
	binary.NativeEndian.PutUint32(b[20:], diagNoCookie)
	answer, err := diagOne(b)
	if err != nil {
		return 0, err
	}
	for attrs := answer[min(unixDiagMessage, len(answer)):]; len(attrs) >= unix.SizeofRtAttr; {
		length := int(binary.NativeEndian.Uint16(attrs))
		if length < unix.SizeofRtAttr || length > len(attrs) {
			break
		}
		if binary.NativeEndian.Uint16(attrs[2:]) == unixDiagPeer && length >= unix.SizeofRtAttr+4 {
			return uint64(binary.NativeEndian.Uint32(attrs[unix.SizeofRtAttr:])), nil
		}
		attrs = attrs[min((length+3)&^3, len(attrs)):]
	}
	return 0, errors.New("sock_diag names no peer")
}

// diagOne asks sock_diag about one socket.
func diagOne(request []byte) ([]byte, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return nil, fmt.Errorf("open sock_diag: %w", err)
	}
	defer closeFD(fd)
	msg := make([]byte, unix.NLMSG_HDRLEN, unix.NLMSG_HDRLEN+len(request))
	binary.NativeEndian.PutUint32(msg[0:], uint32(unix.NLMSG_HDRLEN+len(request)))
	binary.NativeEndian.PutUint16(msg[4:], diagByFamily)
	binary.NativeEndian.PutUint16(msg[6:], unix.NLM_F_REQUEST)
	if err := unix.Sendto(fd, append(msg, request...), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return nil, fmt.Errorf("ask sock_diag: %w", err)
	}
	// The answer is there when the question was taken.
	buf := make([]byte, 8<<10)
	n, _, err := unix.Recvfrom(fd, buf, unix.MSG_DONTWAIT)
	if err != nil {
		return nil, fmt.Errorf("ask sock_diag: %w", err)
	}
	if n < unix.NLMSG_HDRLEN {
		return nil, errors.New("ask sock_diag: short answer")
	}
	body := buf[unix.NLMSG_HDRLEN:n]
	if binary.NativeEndian.Uint16(buf[4:]) == unix.NLMSG_ERROR && len(body) >= 4 {
		return nil, unix.Errno(-int32(binary.NativeEndian.Uint32(body)))
	}
	return body, nil
}

// control calls f with the descriptor of conn.
func control(conn syscall.Conn, f func(fd int) error) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var ferr error
	if err := raw.Control(func(fd uintptr) { ferr = f(int(fd)) }); err != nil {
		return err
	}
	return ferr
}
