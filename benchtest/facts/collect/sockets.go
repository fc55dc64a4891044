//go:build linux

package collect

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// A socket is one that somebody can connect or send to.
type socket struct {
	proto string // tcp, tcp6, udp, udp6
	addr  netip.AddrPort
	inode uint64
}

// listSockets lists the sockets of our network namespace. A kernel without
// sock_diag shows them in its procfs, at greater cost.
func (s *session) listSockets(ctx context.Context) ([]socket, error) {
	return s.sockets.get(func() ([]socket, error) {
		all, derr := diagSockets(ctx)
		if derr == nil {
			return all, nil
		}
		all, err := procSockets(ctx, s.env.Proc)
		if err != nil {
			return nil, fmt.Errorf("list sockets: %w", errors.Join(derr, err))
		}
		return all, nil
	})
}

// procSockets reads the tables in procfs. Those of self belong to whoever
// reads, so the host's procfs shows the guest's sockets to a process that
// joined the guest.
func procSockets(ctx context.Context, proc *Root) ([]socket, error) {
	var all []socket
	for _, proto := range []string{"tcp", "tcp6", "udp", "udp6"} {
		b, err := proc.ReadFile(ctx, "self/net/"+proto, 64<<20)
		if notThere(err) {
			continue // a kernel without IPv6
		}
		if err != nil {
			return nil, err
		}
		some, err := parseSockets(proto, string(b))
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// The states that matter in the column st of the tables.
const (
	stateListen = "0A" // tcp: listening
	stateClose  = "07" // udp: bound, not connected
)

func parseSockets(proto, table string) ([]socket, error) {
	var all []socket
	first := true
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if first || len(fields) < 10 {
			first = false
			continue
		}
		listens := fields[3] == stateListen
		if strings.HasPrefix(proto, "udp") {
			listens = fields[3] == stateClose
		}
		if !listens {
			continue
		}
		addr, err := parseSocketAddr(fields[1])
		if err != nil {
			return nil, fmt.Errorf("parse %s table: %w", proto, err)
		}
		inode, err := strconv.ParseUint(fields[9], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("parse %s table: %w", proto, err)
		}
		all = append(all, socket{proto, addr, inode})
	}
	return all, nil
}

// parseSocketAddr reads ADDRESS:PORT, hexadecimal, the address in words of 32
// bits that are printed as numbers of this machine.
func parseSocketAddr(text string) (netip.AddrPort, error) {
	host, port, _ := strings.Cut(text, ":")
	words, err := hex.DecodeString(host)
	if err != nil {
		return netip.AddrPort{}, err
	}
	if len(words)%4 != 0 {
		return netip.AddrPort{}, errors.New("odd address " + text)
	}
	for i := 0; i < len(words); i += 4 {
		binary.NativeEndian.PutUint32(words[i:], binary.BigEndian.Uint32(words[i:]))
	}
	addr, ok := netip.AddrFromSlice(words)
	if !ok {
		return netip.AddrPort{}, errors.New("odd address " + text)
	}
	n, err := strconv.ParseUint(port, 16, 16)
	if err != nil {
		return netip.AddrPort{}, err
	}
	return netip.AddrPortFrom(addr, uint16(n)), nil
}

// socketHolders maps a socket's inode to the oldest process that has it open.
func (s *session) socketHolders(ctx context.Context) (map[uint64]*proc, error) {
	return s.holders.get(func() (map[uint64]*proc, error) {
		all, err := s.listProcesses(ctx)
		if err != nil {
			return nil, err
		}
		holders := map[uint64]*proc{}
		for _, p := range all {
			fds, err := s.env.Proc.ReadDir(p.dir + "/fd")
			if err != nil {
				continue // it ended, or it is not ours to look at
			}
			for _, fd := range fds {
				link, err := s.env.Proc.Readlink(p.dir + "/fd/" + fd)
				if err != nil {
					continue
				}
				inode, ok := socketInode(link)
				if _, held := holders[inode]; ok && !held {
					holders[inode] = p
				}
			}
		}
		return holders, nil
	})
}

// socketInode reads "socket:[123]".
func socketInode(link string) (uint64, bool) {
	number, ok := strings.CutPrefix(link, "socket:[")
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(strings.TrimSuffix(number, "]"), 10, 64)
	return n, err == nil
}
