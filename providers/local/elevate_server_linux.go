package local

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/benchtest-dev/benchtest/providers"
)

// elevatedFlag starts the helper that sudo runs; its value is the name of its
// socket.
const elevatedFlag = "-benchtest.elevated="

// An introduction is the line with which a client opens its helper's standard
// input. sudo clears the environment, so what matters of it comes here.
type introduction struct {
	Home string            `json:"home"`
	Run  string            `json:"run"`
	Env  map[string]string `json:"env,omitempty"`
}

// passedEnv are the variables that a build heeds.
var passedEnv = []string{"BENCHTEST_MIRROR", "http_proxy", "HTTP_PROXY"}

// serveElevated is the helper: it does for one user what needs root, until its
// standard input ends, which it does with its client however that dies.
func serveElevated(socket string, stdin io.Reader, stdout io.Writer) error {
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP) // the client's teardown still needs us
	in := bufio.NewReader(stdin)
	line, err := in.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("read introduction: %w", err)
	}
	var hello introduction
	if err := json.Unmarshal(line, &hello); err != nil {
		return fmt.Errorf("read introduction: %w", err)
	}
	for _, name := range passedEnv {
		if v, ok := hello.Env[name]; ok {
			if err := os.Setenv(name, v); err != nil {
				return err
			}
		}
	}
	p, err := newProvider(providers.Options{Home: hello.Home, Run: hello.Run})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s := &elevatedServer{p: p}
	if s.uid, err = strconv.Atoi(os.Getenv("SUDO_UID")); err != nil {
		return errors.New("serve: SUDO_UID is not set: this is started by sudo")
	}
	p.client = s.uid
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		return err
	}
	s.calls.Go(func() { s.accept(ctx, l) })
	if _, err := io.WriteString(stdout, "ready\n"); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, in)
	cancel() // what is half done is undone
	err = errors.Join(err, l.Close())
	s.calls.Wait()
	return err
}

// An elevatedServer serves one client, the user who called sudo.
type elevatedServer struct {
	p     *Provider
	uid   int
	calls sync.WaitGroup // and the one who takes them
}

func (s *elevatedServer) accept(ctx context.Context, l *net.UnixListener) {
	for {
		c, err := l.AcceptUnix()
		if err != nil {
			return // closed
		}
		s.calls.Go(func() {
			defer func() { _ = c.Close() }()
			if s.isClient(c) {
				s.serve(ctx, c)
			}
		})
	}
}

// isClient reports whether the user at the other end is the one we serve.
// Anybody may call an abstract socket.
func (s *elevatedServer) isClient(c *net.UnixConn) bool {
	uid, err := peerUID(c)
	return err == nil && (uid == s.uid || uid == 0)
}

// peerUID is the user at the other end.
func peerUID(c *net.UnixConn) (int, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, err
	}
	var peer *unix.Ucred
	ctlErr := raw.Control(func(fd uintptr) { peer, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) })
	if err := errors.Join(ctlErr, err); err != nil {
		return 0, err
	}
	return int(peer.Uid), nil
}

// serve answers one call.
func (s *elevatedServer) serve(ctx context.Context, c *net.UnixConn) {
	var req request
	in, err := readFrame(c, &req)
	if err != nil {
		return
	}
	if in != nil {
		defer in.Close()
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { // the client says no more: what comes is its end
		_, _ = io.Copy(io.Discard, c)
		cancel()
	}()
	call := &elevatedCall{p: s.p, request: req, in: in, progress: func(step string) {
		_ = writeFrame(c, reply{Progress: step}, nil)
	}}
	rep, err := call.do(ctx)
	if err != nil {
		rep = fail(err)
	}
	rep.Done = true
	_ = writeFrame(c, rep, call.out)
	if call.out != nil {
		_ = call.out.Close()
	}
}

// An elevatedCall is one call at the helper.
type elevatedCall struct {
	request
	p        *Provider
	in, out  *os.File
	progress func(string)
}

// do dispatches. Progress and the reply never overlap: a build's progress comes
// from the goroutine that builds.
func (c *elevatedCall) do(ctx context.Context) (r reply, err error) {
	switch c.Method {
	case "check":
		return r, c.p.Check(ctx)
	case "list":
		r.Infos, err = c.p.List(ctx)
		return r, err
	case "sweep":
		r.Swept, err = c.p.Sweep(ctx)
		return r, err
	case "delete-template":
		return r, c.p.DeleteTemplate(ctx, c.ID)
	case "connect":
		return r, c.p.Connect(ctx, c.Attempt, c.machines())
	case "disconnect":
		return r, c.p.Disconnect(ctx, c.Attempt)
	case "build", "clone":
		return r, c.make(ctx)
	}
	m, err := c.p.open(c.ID)
	if err != nil {
		return r, err
	}
	switch c.Method {
	case "open":
		return r, c.p.present(c.ID)
	case "destroy":
		return r, m.Destroy(ctx)
	case "reboot":
		return r, m.Reboot(ctx)
	case "enforced":
		r.Enforced = m.Enforced()
		return r, nil
	case "probe":
		r.Output, err = m.Probe(ctx, c.in, c.Input)
		return r, err
	case "dial":
		c.out, err = dialFile(ctx, m)
		return r, err
	}
	return r, c.own(ctx, m)
}

func (c *elevatedCall) machines() map[string]providers.Machine {
	machines := make(map[string]providers.Machine, len(c.Hosts))
	for name, id := range c.Hosts {
		machines[name] = &Machine{id: id, home: c.p.home}
	}
	return machines
}

func (c *elevatedCall) make(ctx context.Context) error {
	if c.Template == nil {
		return errors.New("no template")
	}
	t, err := c.Template.unpack()
	if err != nil {
		return err
	}
	if c.Method == "build" {
		t.Progress = c.progress
		return c.build(ctx, t)
	}
	_, err = c.p.Clone(ctx, providers.CloneSpec{
		ID: c.Spec.ID, Template: t, HostName: c.Spec.HostName, Run: c.Spec.Run, Attempt: c.Spec.Attempt,
		Network: c.Spec.Network, Limits: c.Spec.Limits, Keys: c.Spec.Keys, Mounts: c.Spec.Mounts,
	})
	return err
}

// build builds for a client. Of one that died meanwhile nobody looks at what is
// left, and its janitor may have swept while we still held the template's lock.
func (c *elevatedCall) build(ctx context.Context, t providers.Template) error {
	err := c.p.Build(ctx, t)
	if ctx.Err() == nil {
		return err
	}
	undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), destroyLimit)
	defer cancel()
	_, serr := c.p.Sweep(undo)
	return errors.Join(err, serr)
}

// dialFile dials and gives the connection up as a file that can be passed on.
func dialFile(ctx context.Context, m *Machine) (*os.File, error) {
	conn, err := m.Dial(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return nil, fmt.Errorf("dial: %T cannot be passed on", conn)
	}
	return tcp.File()
}

// elevatedMain runs the helper if that is what the arguments ask for.
func elevatedMain(args []string) (handled bool, code int) {
	if len(args) != 1 || !strings.HasPrefix(args[0], elevatedFlag) {
		return false, 0
	}
	if err := serveElevated(strings.TrimPrefix(args[0], elevatedFlag), os.Stdin, os.Stdout); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "benchtest: elevated helper:", err)
		return true, 1
	}
	return true, 0
}
