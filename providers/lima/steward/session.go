//go:build linux

package main

import (
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/sys/unix"
)

// serveSession runs the one command, or the file server, that a session is for.
func serveSession(ch ssh.Channel, requests <-chan *ssh.Request) {
	begun := false
	for r := range requests {
		var start struct{ Text string }
		ok := !begun && ssh.Unmarshal(r.Payload, &start) == nil
		switch {
		case ok && r.Type == "exec":
			x, err := startCommand(ch, start.Text)
			if ok = err == nil; ok {
				begun = true
				go x.finish()
			}
		case ok && r.Type == "subsystem" && start.Text == "sftp":
			begun = true
			go serveFiles(ch)
		default:
			ok = false
		}
		if r.WantReply {
			_ = r.Reply(ok, nil)
		}
	}
}

// An execution is one command under way.
type execution struct {
	ch     ssh.Channel
	cmd    *exec.Cmd
	copies sync.WaitGroup
}

// startCommand starts a shell line in a session of its own, as sshd does.
func startCommand(ch ssh.Channel, text string) (*execution, error) {
	x := &execution{ch: ch, cmd: shell("-c", text)}
	var pipes [3]struct{ r, w *os.File }
	var err error
	for i := range pipes {
		if err == nil {
			pipes[i].r, pipes[i].w, err = os.Pipe()
		}
	}
	in, out, bad := pipes[0], pipes[1], pipes[2]
	x.cmd.Stdin, x.cmd.Stdout, x.cmd.Stderr = in.r, out.w, bad.w
	if err == nil {
		err = start(x.cmd)
	}
	_, _, _ = in.r.Close(), out.w.Close(), bad.w.Close()
	if err != nil {
		_, _, _ = in.w.Close(), out.r.Close(), bad.r.Close()
		return nil, err
	}
	go func() {
		_, _ = io.Copy(in.w, ch)
		_ = in.w.Close()
	}()
	x.copies.Go(func() { pass(ch, out.r) })
	x.copies.Go(func() { pass(ch.Stderr(), bad.r) })
	return x, nil
}

// pass copies what a command says. Whoever no longer listens ends it, by a
// broken pipe.
func pass(to io.Writer, from *os.File) {
	_, _ = io.Copy(to, from)
	_ = from.Close()
}

// finish tells how the command ended when it ends, and closes the session when
// nobody has its streams any more.
func (x *execution) finish() {
	_ = x.cmd.Wait()
	if ws, ok := x.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		_, _ = x.ch.SendRequest("exit-signal", false, ssh.Marshal(struct {
			Signal string
			Core   bool
			Text   string
			Lang   string
		}{strings.TrimPrefix(unix.SignalName(ws.Signal()), "SIG"), ws.CoreDump(), "", ""}))
	} else {
		_, _ = x.ch.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{uint32(x.cmd.ProcessState.ExitCode())}))
	}
	x.copies.Wait()
	_ = x.ch.Close()
}

// serveFiles serves the guest's files.
func serveFiles(ch ssh.Channel) {
	defer func() { _ = ch.Close() }()
	s, err := sftp.NewServer(ch, sftp.WithServerWorkingDirectory("/root"))
	if err != nil {
		return
	}
	_ = s.Serve()
	_, _ = ch.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{0}))
}
