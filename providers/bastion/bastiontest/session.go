//go:build unix

package bastiontest

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/creack/pty"
	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

// running is one session of a guest.
type running struct {
	ssh.Channel
	env   []string
	size  *pty.Winsize // nil: no terminal
	cmd   *exec.Cmd
	ttyMu sync.Mutex // a terminal has one size or is closed, not both at once
	tty   *os.File
	// answered is closed when the client knows that its command runs: it is not
	// told of an end before.
	answered chan struct{}
	ended    sync.WaitGroup
}

func (g *Guest) session(ctx context.Context, nc ssh.NewChannel) {
	ch, reqs, err := nc.Accept()
	if err != nil {
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	s := &running{Channel: ch, env: []string{"HOME=" + g.Home, "PATH=" + os.Getenv("PATH"), "USER=agent"}, answered: make(chan struct{})}
	begun := sync.OnceFunc(func() { close(s.answered) })
	for r := range reqs {
		ok := s.request(ctx, g, r)
		if r.WantReply {
			_ = r.Reply(ok, nil)
		}
		if s.cmd != nil {
			begun()
		}
	}
	cancel() // the client has gone: so does the command
	s.ended.Wait()
}

func (s *running) request(ctx context.Context, g *Guest, r *ssh.Request) bool {
	switch r.Type {
	case "env":
		var kv struct{ Name, Value string }
		_ = ssh.Unmarshal(r.Payload, &kv)
		s.env = append(s.env, kv.Name+"="+kv.Value)
		return true
	case "pty-req":
		var p struct {
			Term                 string
			Cols, Rows, Wpx, Hpx uint32
			Modes                string
		}
		_ = ssh.Unmarshal(r.Payload, &p)
		s.env = append(s.env, "TERM="+p.Term)
		s.size = &pty.Winsize{Cols: uint16(p.Cols), Rows: uint16(p.Rows)}
		return true
	case "window-change":
		var p struct{ Cols, Rows, Wpx, Hpx uint32 }
		_ = ssh.Unmarshal(r.Payload, &p)
		return s.resize(&pty.Winsize{Cols: uint16(p.Cols), Rows: uint16(p.Rows)})
	case "signal":
		return s.cmd != nil && syscall.Kill(-s.cmd.Process.Pid, syscall.SIGTERM) == nil
	case "exec":
		var arg struct{ Line string }
		_ = ssh.Unmarshal(r.Payload, &arg)
		return s.start(ctx, g, "/bin/sh", "-c", arg.Line) == nil
	case "shell":
		return s.start(ctx, g, "/bin/sh") == nil
	case "subsystem":
		s.ended.Go(func() { s.sftp(g) })
		return true
	}
	return false
}

func (s *running) start(ctx context.Context, g *Guest, argv ...string) error {
	s.cmd = exec.CommandContext(ctx, argv[0], argv[1:]...)
	s.cmd.Dir, s.cmd.Env = g.Home, s.env
	s.cmd.WaitDelay = time.Second
	kill := func() error { return syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL) }
	if s.size != nil {
		tty, err := pty.StartWithSize(s.cmd, s.size)
		if err != nil {
			return err
		}
		s.tty = tty
		stop := context.AfterFunc(ctx, func() { _ = kill() })
		go func() { _, _ = io.Copy(tty, s) }()
		s.ended.Go(func() {
			_, _ = io.Copy(s, tty)
			s.exit(s.cmd.Wait())
			stop()
			s.ttyMu.Lock()
			defer s.ttyMu.Unlock()
			_ = tty.Close()
		})
		return nil
	}
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	s.cmd.Cancel = kill
	s.cmd.Stdout, s.cmd.Stderr = s, s.Stderr()
	stdin, err := s.cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := s.cmd.Start(); err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(stdin, s)
		_ = stdin.Close()
	}()
	s.ended.Go(func() { s.exit(s.cmd.Wait()) })
	return nil
}

func (s *running) resize(size *pty.Winsize) bool {
	s.ttyMu.Lock()
	defer s.ttyMu.Unlock()
	return s.tty != nil && pty.Setsize(s.tty, size) == nil
}

// exit tells how the command ended and closes the channel.
func (s *running) exit(err error) {
	<-s.answered
	_ = s.CloseWrite()
	status := s.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if _, isExit := errors.AsType[*exec.ExitError](err); isExit && status.Signaled() {
		name := map[syscall.Signal]string{syscall.SIGTERM: "TERM", syscall.SIGKILL: "KILL"}[status.Signal()]
		_, _ = s.SendRequest("exit-signal", false, ssh.Marshal(struct {
			Signal     string
			Core       bool
			Text, Lang string
		}{name, false, "", ""}))
	} else {
		_, _ = s.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{uint32(status.ExitStatus())}))
	}
	_ = s.Close()
}

func (s *running) sftp(g *Guest) {
	server, err := sftp.NewServer(s, sftp.WithServerWorkingDirectory(g.Home))
	if err == nil {
		_ = server.Serve()
	}
	_, _ = s.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{0}))
	_ = s.Close()
}

// tcp connects a forwarded channel.
func tcp(ctx context.Context, nc ssh.NewChannel) {
	var to struct {
		Host  string
		Port  uint32
		Ohost string
		Oport uint32
	}
	_ = ssh.Unmarshal(nc.ExtraData(), &to)
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(to.Host, strconv.Itoa(int(to.Port))))
	if err != nil {
		_ = nc.Reject(ssh.ConnectionFailed, "connection refused")
		return
	}
	defer conn.Close()
	ch, reqs, err := nc.Accept()
	if err != nil {
		return
	}
	go ssh.DiscardRequests(reqs)
	go func() {
		_, _ = io.Copy(conn, ch)
		_ = conn.(*net.TCPConn).CloseWrite()
	}()
	_, _ = io.Copy(ch, conn)
	_ = ch.Close()
}
