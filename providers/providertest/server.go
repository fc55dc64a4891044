package providertest

import (
	"context"
	"net"
	"sync"
	"sync/atomic"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

// maxSessions is OpenSSH's MaxSessions.
const maxSessions = 10

// serve is the SSH server of one connection: sessions with exec and sftp, no
// terminal, no shell, no forwarding.
func (m *FakeMachine) serve(up *uptime, conn net.Conn) {
	defer conn.Close()
	stop := context.AfterFunc(up.ctx, func() { _ = conn.Close() })
	defer stop()
	c, channels, requests, err := ssh.NewServerConn(conn, m.server)
	if err != nil {
		return
	}
	var sessions sync.WaitGroup
	defer sessions.Wait()
	sessions.Go(func() { ssh.DiscardRequests(requests) })
	var open atomic.Int32
	for fresh := range channels {
		switch {
		case fresh.ChannelType() != "session":
			_ = fresh.Reject(ssh.UnknownChannelType, "only sessions")
			continue
		case open.Load() >= maxSessions:
			_ = fresh.Reject(ssh.ConnectionFailed, "open failed")
			continue
		}
		ch, asked, err := fresh.Accept()
		if err != nil {
			continue
		}
		open.Add(1)
		sessions.Go(func() {
			defer open.Add(-1)
			s := &serverSession{machine: m, up: up, user: c.User(), ch: ch, closed: make(chan struct{})}
			s.serve(asked)
		})
	}
}

// A serverSession is one session channel.
type serverSession struct {
	machine *FakeMachine
	up      *uptime
	user    string
	ch      ssh.Channel
	closed  chan struct{} // the client has closed the channel, or is gone
	busy    bool
}

// serve answers the requests of a session until the client closes it. What
// was started goes on without its client, as under sshd.
func (s *serverSession) serve(requests <-chan *ssh.Request) {
	defer close(s.closed)
	for r := range requests {
		var m struct{ Text string }
		known := (r.Type == "exec" || r.Type == "subsystem") && ssh.Unmarshal(r.Payload, &m) == nil
		if !known || s.busy || r.Type == "subsystem" && m.Text != "sftp" {
			_ = r.Reply(false, nil)
			continue
		}
		s.busy = true
		_ = r.Reply(true, nil)
		if r.Type == "exec" {
			s.up.work.Go(func() { s.exec(m.Text) })
		} else {
			s.up.work.Go(s.sftp)
		}
	}
}

// exit tells the client how the command ended.
func (s *serverSession) exit(status int, signal string) {
	if signal != "" {
		_, _ = s.ch.SendRequest("exit-signal", false, ssh.Marshal(struct {
			Signal string
			Core   bool
			Text   string
			Lang   string
		}{Signal: signal}))
		return
	}
	_, _ = s.ch.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{uint32(status)}))
}

// sftp serves the machine's directory as if it were the root.
func (s *serverSession) sftp() {
	defer s.ch.Close()
	files, err := openTree(s.machine.dir)
	if err != nil {
		return
	}
	defer files.close()
	server := sftp.NewRequestServer(s.ch, files.handlers())
	_ = server.Serve()
	s.exit(0, "")
}
