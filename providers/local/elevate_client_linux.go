package local

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/benchtest-dev/benchtest/providers"
)

// elevated is the provider of an ordinary user: a helper under `sudo -n` does
// the work, and hands connections over as open files. The helper is started
// at the first call and ends with this process.
type elevated struct {
	options providers.Options
	start   func() (socket string, err error) // once
}

var (
	_ providers.Provider      = (*elevated)(nil)
	_ providers.Networker     = (*elevated)(nil)
	_ providers.Prober        = (*elevatedMachine)(nil)
	_ providers.Rebooter      = (*elevatedMachine)(nil)
	_ providers.LimitReporter = (*elevatedMachine)(nil)
)

func newElevated(o providers.Options) *elevated {
	e := &elevated{options: o}
	e.start = sync.OnceValues(e.startHelper)
	return e
}

// helperLimit is how long the helper may take to say that it is ready.
const helperLimit = 20 * time.Second

// startHelper starts the helper and returns its socket's name, an abstract one:
// no file is left of it however we die. The home is made here, so that it is
// the user's and not root's.
func (e *elevated) startHelper() (string, error) {
	if err := os.MkdirAll(e.options.Home, 0o755); err != nil {
		return "", err
	}
	socket := "@benchtest-" + rand.Text()
	return socket, e.runHelper(socket)
}

func (e *elevated) runHelper(socket string) error {
	binary, err := os.Executable()
	if err != nil {
		return err
	}
	var errOut bytes.Buffer
	// It serves all calls, so no call's context ends it. A process group of its
	// own keeps a Ctrl-C from it.
	cmd := exec.CommandContext(context.Background(), "sudo", "-n", "--", binary, elevatedFlag+socket)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Stderr = &errOut
	stdin, err := cmd.StdinPipe() // stays open as long as we live
	if err != nil {
		return err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%w\n%s", err, sudoRemedy())
	}
	line, err := json.Marshal(introduction{Home: e.options.Home, Run: e.options.Run, Env: helperEnv()})
	if err != nil {
		return err
	}
	_, writeErr := stdin.Write(append(line, '\n'))
	timer := time.AfterFunc(helperLimit, func() { _ = stdin.Close() })
	answer, readErr := bufio.NewReader(stdout).ReadString('\n')
	if timer.Stop() && answer == "ready\n" {
		go func() { _ = cmd.Wait() }() // reaps it; it ends with us
		return nil
	}
	_ = stdin.Close()
	err = cmp.Or(cmd.Wait(), writeErr, readErr) // the first is why the others are
	return fmt.Errorf("sudo -n: %w: %s\n%s", err, bytes.TrimSpace(errOut.Bytes()), sudoRemedy())
}

func helperEnv() map[string]string {
	env := map[string]string{}
	for _, name := range passedEnv {
		if v, ok := os.LookupEnv(name); ok {
			env[name] = v
		}
	}
	return env
}

// sudoRemedy says how to get what provider local needs.
func sudoRemedy() string {
	name := "YOU"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	return strings.Join([]string{
		"provider local needs root. Any of these will do:",
		"  sudo -v                       (now and then, on this terminal)",
		"  echo '" + name + " ALL=(ALL) NOPASSWD: ALL' | sudo tee /etc/sudoers.d/benchtest",
		"  run the same command as root",
	}, "\n")
}

// call makes one call. out is the file that came with the answer, or nil; the
// caller closes it.
func (e *elevated) call(ctx context.Context, req request, in *os.File, progress func(string)) (r reply, out *os.File, err error) {
	socket, err := e.start()
	if err != nil {
		return r, nil, fmt.Errorf("start elevated helper: %w", err)
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", socket)
	if err != nil {
		return r, nil, fmt.Errorf("call elevated helper: %w", err)
	}
	defer conn.Close()
	c := conn.(*net.UnixConn)
	if uid, err := peerUID(c); err != nil || uid != 0 {
		return r, nil, errors.New("call elevated helper: it has ended, and its socket is another's")
	}
	// Closing our half tells the helper to stop; it then says how that went.
	stop := context.AfterFunc(ctx, func() { _ = c.CloseWrite() })
	defer stop()
	if err := writeFrame(c, req, in); err != nil {
		return r, nil, fmt.Errorf("call elevated helper: %w", err)
	}
	for {
		var r reply
		out, err := readFrame(c, &r)
		if err != nil {
			return r, nil, fmt.Errorf("call elevated helper: %w", err)
		}
		if r.Done {
			return r, out, r.err()
		}
		if progress != nil {
			progress(r.Progress)
		}
	}
}

// do is call for those that neither pass nor get a file.
func (e *elevated) do(ctx context.Context, req request) (reply, error) {
	r, out, err := e.call(ctx, req, nil, nil)
	if out != nil {
		_ = out.Close()
	}
	return r, err
}

// Check says what is missing here, sudo included.
func (e *elevated) Check(ctx context.Context) error {
	_, err := e.do(ctx, request{Method: "check"})
	return err
}

// Build makes the template.
func (e *elevated) Build(ctx context.Context, t providers.Template) error {
	w, err := pack(t, true)
	if err != nil {
		return err
	}
	_, _, err = e.call(ctx, request{Method: "build", Template: w}, nil, t.Progress)
	return err
}

// Clone makes and starts a machine.
func (e *elevated) Clone(ctx context.Context, c providers.CloneSpec) (providers.Machine, error) {
	w, err := pack(c.Template, false)
	if err != nil {
		return nil, err
	}
	spec := wireSpec{ID: c.ID, HostName: c.HostName, Run: c.Run, Attempt: c.Attempt, Network: c.Network, Limits: c.Limits, Keys: c.Keys, Mounts: c.Mounts}
	if _, err := e.do(ctx, request{Method: "clone", Template: w, Spec: spec}); err != nil {
		return nil, err
	}
	return &elevatedMachine{e: e, id: c.ID}, nil
}

// Open finds a machine by its ID.
func (e *elevated) Open(ctx context.Context, id string) (providers.Machine, error) {
	if _, err := e.do(ctx, request{Method: "open", ID: id}); err != nil {
		return nil, err
	}
	return &elevatedMachine{e: e, id: id}, nil
}

// List names what is ours.
func (e *elevated) List(ctx context.Context) ([]providers.MachineInfo, error) {
	r, err := e.do(ctx, request{Method: "list"})
	return r.Infos, err
}

// Sweep removes unfinished templates of dead processes; see Provider.Sweep.
func (e *elevated) Sweep(ctx context.Context) ([]string, error) {
	r, err := e.do(ctx, request{Method: "sweep"})
	return r.Swept, err
}

// DeleteTemplate removes a built template; see Provider.DeleteTemplate.
func (e *elevated) DeleteTemplate(ctx context.Context, buildName string) error {
	_, err := e.do(ctx, request{Method: "delete-template", ID: buildName})
	return err
}

// Connect connects the hosts of an attempt.
func (e *elevated) Connect(ctx context.Context, attempt string, hosts map[string]providers.Machine) error {
	ids := make(map[string]string, len(hosts))
	for name, m := range hosts {
		ids[name] = m.ID()
	}
	_, err := e.do(ctx, request{Method: "connect", Attempt: attempt, Hosts: ids})
	return err
}

// Disconnect removes an attempt's network.
func (e *elevated) Disconnect(ctx context.Context, attempt string) error {
	_, err := e.do(ctx, request{Method: "disconnect", Attempt: attempt})
	return err
}
