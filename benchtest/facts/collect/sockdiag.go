//go:build linux

package collect

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

// Sizes and offsets of the messages of sock_diag(7).
const (
	diagByFamily   = 20 // SOCK_DIAG_BY_FAMILY
	diagRequest    = 56 // struct inet_diag_req_v2
	diagMessage    = 72 // struct inet_diag_msg
	diagPort       = 4  // id.idiag_sport in it, big endian
	diagAddress    = 8  // id.idiag_src
	diagInode      = 68
	tcpListenState = 10
	tcpCloseState  = 7
)

// diagSockets asks the kernel for the listening sockets of our network
// namespace. Unlike /proc/net/tcp it need not walk every connection that the
// host could have.
func diagSockets(ctx context.Context) ([]socket, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return nil, fmt.Errorf("open sock_diag: %w", err)
	}
	defer closeFD(fd)
	if deadline, ok := ctx.Deadline(); ok {
		tv := unix.NsecToTimeval(max(time.Until(deadline), time.Millisecond).Nanoseconds())
		if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &tv); err != nil {
			return nil, fmt.Errorf("limit sock_diag: %w", err)
		}
	}
	var all []socket
	for _, table := range []struct {
		name            string
		family, proto   byte
		state, sequence uint32
	}{
		{"tcp", unix.AF_INET, unix.IPPROTO_TCP, tcpListenState, 1},
		{"tcp6", unix.AF_INET6, unix.IPPROTO_TCP, tcpListenState, 2},
		{"udp", unix.AF_INET, unix.IPPROTO_UDP, tcpCloseState, 3},
		{"udp6", unix.AF_INET6, unix.IPPROTO_UDP, tcpCloseState, 4},
	} {
		request := diagDump(table.family, table.proto, 1<<table.state, table.sequence)
		if err := unix.Sendto(fd, request, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
			return nil, fmt.Errorf("ask sock_diag: %w", err)
		}
		some, err := readDiag(fd, table.name)
		if err != nil {
			return nil, fmt.Errorf("ask sock_diag for %s: %w", table.name, err)
		}
		all = append(all, some...)
	}
	return all, nil
}

// diagDump is the message that asks for a table.
func diagDump(family, proto byte, states, sequence uint32) []byte {
	b := make([]byte, unix.NLMSG_HDRLEN, unix.NLMSG_HDRLEN+diagRequest)
	binary.NativeEndian.PutUint32(b[0:], unix.NLMSG_HDRLEN+diagRequest)
	binary.NativeEndian.PutUint16(b[4:], diagByFamily)
	binary.NativeEndian.PutUint16(b[6:], unix.NLM_F_REQUEST|unix.NLM_F_DUMP)
	binary.NativeEndian.PutUint32(b[8:], sequence)
	b = append(b, family, proto, 0, 0)
	b = binary.NativeEndian.AppendUint32(b, states)
	return append(b, make([]byte, diagRequest-8)...)
}

// readDiag reads the answers up to the end of the dump.
func readDiag(fd int, proto string) ([]socket, error) {
	var all []socket
	buf := make([]byte, 64<<10)
	for {
		n, _, err := unix.Recvfrom(fd, buf, 0)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return nil, err
		}
		some, done, err := parseDiag(proto, buf[:n])
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
		if done {
			return all, nil
		}
	}
}

// parseDiag reads one datagram of answers.
func parseDiag(proto string, b []byte) (some []socket, done bool, err error) {
	for len(b) >= unix.NLMSG_HDRLEN {
		length := int(binary.NativeEndian.Uint32(b))
		if length < unix.NLMSG_HDRLEN || length > len(b) {
			return nil, false, errors.New("message does not fit")
		}
		body := b[unix.NLMSG_HDRLEN:length]
		switch kind := binary.NativeEndian.Uint16(b[4:]); {
		case kind == unix.NLMSG_DONE:
			return some, true, nil
		case kind == unix.NLMSG_ERROR && len(body) >= 4:
			return nil, false, unix.Errno(-int32(binary.NativeEndian.Uint32(body)))
		case kind == diagByFamily && len(body) >= diagMessage:
			some = append(some, diagSocket(proto, body))
		}
		b = b[min((length+3)&^3, len(b)):]
	}
	return some, false, nil
}

func diagSocket(proto string, msg []byte) socket {
	size := 4
	if msg[0] == unix.AF_INET6 {
		size = 16
	}
	addr, _ := netip.AddrFromSlice(msg[diagAddress : diagAddress+size])
	return socket{
		proto: proto,
		addr:  netip.AddrPortFrom(addr, binary.BigEndian.Uint16(msg[diagPort:])),
		inode: uint64(binary.NativeEndian.Uint32(msg[diagInode:])),
	}
}
