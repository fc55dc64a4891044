//go:build linux

package collect

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

func port(ctx context.Context, s *session, q facts.Query) (finding, error) {
	protos, number, err := parsePort(q.Subject)
	if err != nil {
		return finding{}, err
	}
	all, err := s.listSockets(ctx)
	if err != nil {
		return finding{}, err
	}
	var found []socket
	for _, sock := range all {
		if sock.addr.Port() == number && strings.Contains(protos, sock.proto+" ") {
			found = append(found, sock)
		}
	}
	if len(found) == 0 {
		return finding{attrs: map[string]any{"listening": false, "ip": []string{}, "program": []string{}}}, nil
	}
	holders, err := s.socketHolders(ctx)
	if err != nil {
		return finding{}, err
	}
	return s.describePort(ctx, found, holders), nil
}

// parsePort reads a subject as goss writes it. It returns the protocols that
// count, each followed by a space, and the port.
func parsePort(subject string) (string, uint16, error) {
	proto, number, ok := strings.Cut(facts.CanonicalSubject(facts.NounPort, subject), ":")
	n, err := strconv.ParseUint(number, 10, 16)
	if !ok || err != nil || n == 0 {
		return "", 0, fmt.Errorf(`port %q: want a number, or "tcp:80", "tcp6:80", "udp:53"`, subject)
	}
	switch proto {
	case "tcp", "udp":
		return proto + " " + proto + "6 ", uint16(n), nil
	case "tcp6", "udp6":
		return proto + " ", uint16(n), nil
	}
	return "", 0, fmt.Errorf("port %q: unknown protocol %q", subject, proto)
}

// describePort is the fact about the sockets of one port.
func (s *session) describePort(ctx context.Context, found []socket, holders map[uint64]*proc) finding {
	var ips []string
	var raw strings.Builder
	var oldest *proc
	var who []*proc
	for _, sock := range found {
		ips = append(ips, sock.addr.Addr().String())
		fmt.Fprintf(&raw, "%s %s", sock.proto, sock.addr)
		if p := holders[sock.inode]; p != nil {
			fmt.Fprintf(&raw, " %d %s %s", p.pid, p.comm, p.exe)
			who = append(who, p)
			if oldest == nil || p.start < oldest.start {
				oldest = p
			}
		}
		raw.WriteByte('\n')
	}
	attrs := map[string]any{"listening": true, "ip": distinct(ips), "program": s.programs(ctx, who)}
	if oldest != nil {
		attrs["process"] = oldest.name()
	}
	return finding{attrs: attrs, raw: raw.String()}
}
