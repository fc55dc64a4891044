package providertest

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/benchtest-dev/benchtest/providers"
)

// exec runs one command line.
func (s *serverSession) exec(line string) {
	defer s.ch.Close()
	s.machine.fake.state.tally(func(c *Counters) { c.Execs++ })
	if pid, ok := providers.ParseKill(line); ok && s.up.calls.kill(pid) {
		s.exit(0, "")
		return
	}
	l, ours := providers.ParseLaunch(line)
	if !ours {
		s.run(line)
		return
	}
	if answer := s.answerer(l); answer != nil {
		s.answer(l.Nonce, answer)
		return
	}
	// What was uploaded to /x lies in the machine's directory.
	for i, arg := range l.Argv {
		own := filepath.Join(s.machine.dir, arg)
		if !filepath.IsAbs(arg) || !isFile(own) {
			continue
		}
		l.Argv[i] = own
		if err := unbusy(own); err != nil {
			_, _ = fmt.Fprintln(s.ch.Stderr(), err)
			s.exit(255, "")
			return
		}
	}
	if own := filepath.Join(s.machine.dir, l.Dir); filepath.IsAbs(l.Dir) && isDir(own) {
		l.Dir = own
	}
	if mapped, err := l.Line(); err == nil {
		line = mapped
	}
	s.run(line)
}

// run runs line as sshd does: by a shell, in a session of its own; the exit
// status is told when the shell ends, whoever still holds its streams.
func (s *serverSession) run(line string) {
	cmd := exec.CommandContext(s.up.ctx, "/bin/sh", "-c", line)
	cmd.Dir = s.machine.dir
	cmd.Env = []string{"HOME=" + s.machine.dir, "PATH=" + os.Getenv("PATH"), "USER=" + s.user}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	streams, err := newStreams(cmd)
	if err == nil {
		err = cmd.Start()
		streams.started()
	}
	if err != nil {
		_, _ = fmt.Fprintln(s.ch.Stderr(), err)
		s.exit(255, "")
		return
	}
	var out sync.WaitGroup
	out.Go(func() { _, _ = io.Copy(s.ch, streams.stdout) })
	out.Go(func() { _, _ = io.Copy(s.ch.Stderr(), streams.stderr) })
	var in sync.WaitGroup
	in.Go(func() {
		_, _ = io.Copy(streams.stdin, s.ch)
		_ = streams.stdin.Close()
	})
	_ = cmd.Wait() // its error is the exit status
	if ws, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		s.exit(-1, signalName(ws.Signal()))
	} else {
		s.exit(cmd.ProcessState.ExitCode(), "")
	}
	flushed := make(chan struct{})
	go func() {
		out.Wait()
		close(flushed)
	}()
	select {
	case <-flushed:
	case <-s.closed: // nobody listens to what is still running
	case <-s.up.ctx.Done():
	}
	streams.close()
	<-flushed
	_ = s.ch.CloseWrite()
	_ = s.ch.Close() // ends the copy of standard input
	in.Wait()
}

func signalName(sig syscall.Signal) string {
	names := map[syscall.Signal]string{
		syscall.SIGKILL: "KILL", syscall.SIGTERM: "TERM", syscall.SIGINT: "INT", syscall.SIGHUP: "HUP",
		syscall.SIGSEGV: "SEGV", syscall.SIGABRT: "ABRT", syscall.SIGPIPE: "PIPE", syscall.SIGUSR1: "USR1",
	}
	if name := names[sig]; name != "" {
		return name
	}
	return fmt.Sprintf("SIG%d@benchtest", sig)
}

// streams are our ends of a command's standard streams, and for the moment of
// its start the command's.
type streams struct {
	stdin, stdout, stderr *os.File
	theirs                []*os.File
}

func newStreams(cmd *exec.Cmd) (*streams, error) {
	var ends [6]*os.File
	for i := range 3 {
		r, w, err := os.Pipe()
		if err != nil {
			for _, f := range ends[:2*i] {
				_ = f.Close()
			}
			return nil, err
		}
		ends[2*i], ends[2*i+1] = r, w
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = ends[0], ends[3], ends[5]
	return &streams{stdin: ends[1], stdout: ends[2], stderr: ends[4], theirs: []*os.File{ends[0], ends[3], ends[5]}}, nil
}

func (s *streams) started() {
	for _, f := range s.theirs {
		_ = f.Close()
	}
}

func (s *streams) close() {
	_ = s.stdin.Close()
	_ = s.stdout.Close()
	_ = s.stderr.Close()
}
