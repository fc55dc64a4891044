//go:build linux

package collect

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

func TestPortOfThisProcess(t *testing.T) {
	t.Parallel()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	u, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, u.Close()) })
	e := testEnv(t, nil, nil)
	exe, err := os.Executable()
	require.NoError(t, err)
	want := map[string]any{"listening": true, "ip": list("127.0.0.1"), "process": filepath.Base(exe), "program": list(exe)}

	tcp := l.Addr().(*net.TCPAddr).Port
	udp := u.LocalAddr().(*net.UDPAddr).Port
	for _, subject := range []string{fmt.Sprint(tcp), fmt.Sprintf("tcp:%d", tcp), fmt.Sprintf("udp:%d", udp)} {
		assert.Equal(t, want, attrsOf(t, e, facts.Query{Noun: facts.NounPort, Subject: subject}), subject)
	}
	silent := map[string]any{"listening": false, "ip": list(), "process": nil, "program": list()}
	assert.Equal(t, silent, attrsOf(t, e, facts.Query{Noun: facts.NounPort, Subject: fmt.Sprintf("tcp6:%d", tcp)}))
	l.Close()
	assert.Equal(t, silent, attrsOf(t, e, facts.Query{Noun: facts.NounPort, Subject: fmt.Sprint(tcp)}))
}

func TestParsePort(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "http", "tcp:", "tcp:0", "tcp:65536", "sctp:80", "-1", "80:tcp"} {
		_, _, err := parsePort(bad)
		assert.Error(t, err, bad)
	}
}

const tcpTable = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0 0 10 0
   1: 0100007F:0050 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0 100 0 0 10 0
`

const tcp6Table = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000001000000:01BB 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 0 100 0 0 10 0
`

func TestProcSockets(t *testing.T) {
	t.Parallel()
	e := testEnv(t, nil, map[string]string{"self/net/tcp": tcpTable, "self/net/tcp6": tcp6Table, "self/net/udp": ""})
	all, err := procSockets(t.Context(), e.Proc)
	require.NoError(t, err)
	var got []string
	for _, s := range all {
		got = append(got, fmt.Sprint(s.proto, " ", s.addr, " ", s.inode))
	}
	assert.Equal(t, []string{"tcp 127.0.0.1:80 4711", "tcp6 [::1]:443 4713"}, got)

	_, err = parseSockets("tcp", "header\n 0: 01:0050 0:0 0A 0 0 0 0 0 1 1\n")
	require.Error(t, err)
}

func TestDescribePortNamesTheOldestHolder(t *testing.T) {
	t.Parallel()
	all, err := parseSockets("tcp", tcpTable)
	require.NoError(t, err)
	s := newTestSession(testEnv(t, nil, map[string]string{}), 0)
	f := s.describePort(t.Context(), all, map[uint64]*proc{4711: {pid: 9, comm: "shown", exe: "/usr/sbin/real"}})
	assert.Equal(t, "real", f.attrs["process"])
	f = s.describePort(t.Context(), all, nil)
	assert.NotContains(t, f.attrs, "process")
}
