package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"
	"golang.org/x/sys/unix"

	"github.com/benchtest-dev/benchtest/providers"
)

// A driver is the other end of a steward's port. It never hangs up, as if the
// guest had been reset meanwhile: Close ends what reads here, and no more.
type driver struct {
	net.Conn
	in     *bufio.Reader
	closed *sync.Once // by the session that is on
}

func (d driver) Read(b []byte) (int, error) { return d.in.Read(b) }

func (d driver) Close() error {
	var err error
	d.closed.Do(func() { err = d.SetReadDeadline(time.Now()) }) // a client's parts all call, and some late
	return err
}

// newDriver serves one port with the keys of a ring, whose root it lets in.
func newDriver(t *testing.T, change ...func(*keys)) (driver, providers.KeyRing) {
	t.Helper()
	ring, err := providers.NewKeyRing()
	require.NoError(t, err)
	dir := t.TempDir()
	k := &keys{host: filepath.Join(dir, "host"), authorized: filepath.Join(dir, "authorized")}
	require.NoError(t, os.WriteFile(k.host, ring.Keys.HostKey, 0o600))
	require.NoError(t, os.WriteFile(k.authorized, ssh.MarshalAuthorizedKey(ring.Access("root").Key.PublicKey()), 0o600))

	for _, f := range change {
		f(k)
	}

	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	require.NoError(t, err)
	theirs, ours := os.NewFile(uintptr(fds[0]), "port"), os.NewFile(uintptr(fds[1]), "driver")
	conn, err := net.FileConn(ours)
	require.NoError(t, err)
	require.NoError(t, ours.Close())
	p, err := newPort(theirs)
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- serve(p, k) }()
	t.Cleanup(func() {
		_ = conn.Close()
		_ = theirs.Close()
		assert.ErrorContains(t, <-served, "closed file")
	})
	return driver{Conn: conn, in: bufio.NewReader(conn), closed: &sync.Once{}}, ring
}

// ask makes a request until it is answered.
func (d driver) ask(t *testing.T, request string) string {
	t.Helper()
	nonce := rand.Text()
	require.NoError(t, d.SetReadDeadline(time.Now().Add(10*time.Second)))
	_, err := fmt.Fprintf(d.Conn, "\n%s %s\n", nonce, request)
	require.NoError(t, err)
	for {
		line, err := d.in.ReadString('\n')
		require.NoError(t, err)
		if answer, status, _ := strings.Cut(strings.TrimSpace(line), " "); answer == nonce {
			require.NoError(t, d.SetReadDeadline(time.Time{}))
			return status
		}
	}
}

// greet says hello until it is answered.
func (d driver) greet(t *testing.T) {
	t.Helper()
	nonce := rand.Text()
	ctx, cancel := context.WithCancel(t.Context())
	var hellos sync.WaitGroup
	hellos.Go(func() {
		for providers.Pause(ctx, 20*time.Millisecond) == nil {
			_, _ = fmt.Fprintf(d.Conn, "\n%s hello\n", nonce)
		}
	})
	require.NoError(t, d.SetReadDeadline(time.Now().Add(10*time.Second)))
	for line := ""; strings.TrimSpace(line) != nonce+" 0"; {
		var err error
		line, err = d.in.ReadString('\n')
		require.NoError(t, err)
	}
	cancel()
	hellos.Wait()
}

func TestRequests(t *testing.T) {
	t.Parallel()
	script := func(text string) string { return "run " + base64.StdEncoding.EncodeToString([]byte(text)) }
	d, _ := newDriver(t)
	for _, tc := range []struct{ name, before, request, want string }{
		{name: "hello", request: "hello", want: "0"},
		{name: "a script", request: script("true"), want: "0"},
		{name: "a script that fails", request: script("exit 3"), want: "3"},
		{name: "a script that is killed", request: script("kill -9 $$"), want: "-1"},
		{name: "no base64", request: "run !", want: "1"},
		{name: "no time", request: "wake now", want: "1"},
		{name: "an unknown verb", request: "dance", want: "127"},
		{name: "the rest of a session", before: "\x00\xff\nSSH-2.0\n", request: "hello", want: "0"},
		{name: "a line without an end", before: strings.Repeat("x", maxLine+10), request: "hello", want: "0"},
	} {
		_, err := d.Conn.Write([]byte(tc.before))
		require.NoError(t, err, tc.name)
		assert.Equal(t, tc.want, d.ask(t, tc.request), tc.name)
	}
}

// A machine is one whose root is reached by a steward.
type machine struct {
	t      *testing.T
	driver driver
}

func (machine) ID() string                             { return "benchtest-steward" }
func (machine) Dial(context.Context) (net.Conn, error) { return nil, net.ErrClosed }
func (machine) Destroy(context.Context) error          { return nil }
func (m machine) DialRoot(context.Context) (net.Conn, error) { //nolint:unparam // it is an interface's
	m.driver.greet(m.t)
	assert.Equal(m.t, "0", m.driver.ask(m.t, "ssh"))
	m.driver.closed = &sync.Once{}
	return m.driver, nil
}

func open(t *testing.T, d driver, a providers.Access) (*providers.Sandbox, error) {
	t.Helper()
	s, err := providers.Open(t.Context(), machine{t, d}, "web1", a, providers.SandboxOptions{ConnectLimit: 20 * time.Second})
	if err == nil {
		t.Cleanup(func() { _ = s.Close() })
	}
	return s, err
}

func TestSession_commands(t *testing.T) {
	t.Parallel()
	d, ring := newDriver(t)
	s, err := open(t, d, ring.Access("root"))
	require.NoError(t, err)
	for _, tc := range []struct {
		name, script, stdin string
		want                providers.Result
	}{
		{"says both", "echo a; echo b >&2", "", providers.Result{Stdout: []byte("a\n"), Stderr: []byte("b\n")}},
		{"fails", "exit 7", "", providers.Result{ExitStatus: 7}},
		{"is killed", "kill -9 $$", "", providers.Result{ExitStatus: -1, Signal: "KILL"}},
		{"reads", "cat", "words", providers.Result{Stdout: []byte("words")}},
		{"knows who it is", `echo "$USER $HOME"`, "", providers.Result{Stdout: []byte("root /root\n")}},
		{"leaves a child", "sleep 60 >/dev/null 2>&1 & echo on", "", providers.Result{Stdout: []byte("on\n")}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r, err := s.Exec(t.Context(), providers.Command{Argv: []string{"sh", "-c", tc.script}, Stdin: strings.NewReader(tc.stdin), Limit: 20 * time.Second})
			require.NoError(t, err)
			assert.Equal(t, [4]any{tc.want.ExitStatus, tc.want.Signal, string(tc.want.Stdout), string(tc.want.Stderr)},
				[4]any{r.ExitStatus, r.Signal, string(r.Stdout), string(r.Stderr)})
		})
	}
}

func TestSession_limit(t *testing.T) {
	t.Parallel()
	d, ring := newDriver(t)
	s, err := open(t, d, ring.Access("root"))
	require.NoError(t, err)
	r, err := s.Exec(t.Context(), providers.Command{Argv: []string{"sleep", "60"}, Limit: 300 * time.Millisecond})
	require.NoError(t, err)
	assert.True(t, r.TimedOut)
}

func TestSession_files(t *testing.T) {
	t.Parallel()
	d, ring := newDriver(t)
	s, err := open(t, d, ring.Access("root"))
	require.NoError(t, err)
	name, data := filepath.Join(t.TempDir(), "f"), bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	require.NoError(t, s.Upload(t.Context(), bytes.NewReader(data), name, 0o640))
	info, err := os.Stat(name)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o640), info.Mode())
	var got bytes.Buffer
	require.NoError(t, s.Download(t.Context(), name, &got, 1<<21))
	assert.True(t, bytes.Equal(data, got.Bytes()))
}

func TestStrangers(t *testing.T) {
	t.Parallel()
	other, err := providers.NewKeyRing()
	require.NoError(t, err)
	for _, tc := range []struct {
		name   string
		change func(*ssh.ClientConfig)
		want   string
	}{
		{"another user", func(c *ssh.ClientConfig) { c.User = "agent" }, "unable to authenticate"},
		{"another key", func(c *ssh.ClientConfig) { c.Auth = []ssh.AuthMethod{ssh.PublicKeys(other.Access("root").Key)} }, "unable to authenticate"},
		{"no key", func(c *ssh.ClientConfig) { c.Auth = nil }, "unable to authenticate"},
		{"another host key", func(c *ssh.ClientConfig) { c.HostKeyCallback = ssh.FixedHostKey(other.HostKey) }, "host key mismatch"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			d, ring := newDriver(t)
			require.Equal(t, "0", d.ask(t, "ssh"))
			config := &ssh.ClientConfig{
				User: "root", Auth: []ssh.AuthMethod{ssh.PublicKeys(ring.Access("root").Key)}, HostKeyCallback: ssh.FixedHostKey(ring.HostKey),
			}
			tc.change(config)
			_, _, _, err := ssh.NewClientConn(d, "web1", config)
			require.ErrorContains(t, err, tc.want)
		})
	}
}

// A session that was saved with the guest ends when the driver of another time
// speaks, who knows nothing of it. Then there is another.
func TestSession_stale(t *testing.T) {
	t.Parallel()
	d, ring := newDriver(t)
	for range 5 {
		s := providers.NewSandbox(machine{t, d}, "web1", ring.Access("root"), providers.SandboxOptions{})
		r, err := s.Exec(t.Context(), providers.Command{Argv: []string{"true"}, Limit: 20 * time.Second})
		require.NoError(t, err)
		assert.Zero(t, r.ExitStatus)
		require.NoError(t, s.Close()) // the steward sees nothing of it
	}
}

// A terminal, a shell and forwards are the guest's own server's to give.
func TestSession_refused(t *testing.T) {
	t.Parallel()
	d, ring := newDriver(t)
	s, err := open(t, d, ring.Access("root"))
	require.NoError(t, err)
	client, err := s.Client(t.Context())
	require.NoError(t, err)
	ses, err := client.NewSession()
	require.NoError(t, err)
	require.Error(t, ses.RequestPty("xterm", 24, 80, nil))
	require.Error(t, ses.Shell())
	_, err = client.Dial("tcp", "127.0.0.1:22")
	require.ErrorContains(t, err, "sessions alone")
}

// Without a host key there is no SSH, and the line is free for other requests.
func TestSSH_noKey(t *testing.T) {
	t.Parallel()
	d, _ := newDriver(t, func(k *keys) { k.host += ".gone" })
	assert.Equal(t, "1", d.ask(t, "ssh"))
	assert.Equal(t, "0", d.ask(t, "hello"))
}

// Keys that were read stay good when a scenario takes their files away.
func TestKeys(t *testing.T) {
	t.Parallel()
	ring, err := providers.NewKeyRing()
	require.NoError(t, err)
	dir := t.TempDir()
	k := &keys{host: filepath.Join(dir, "host"), authorized: filepath.Join(dir, "authorized")}
	_, _, err = k.read()
	require.ErrorContains(t, err, "no host key")
	require.NoError(t, os.WriteFile(k.host, ring.Keys.HostKey, 0o600))
	require.NoError(t, os.WriteFile(k.authorized, ssh.MarshalAuthorizedKey(ring.Access("root").Key.PublicKey()), 0o600))
	_, known, err := k.read()
	require.NoError(t, err)
	require.Len(t, known, 1)
	require.NoError(t, os.Remove(k.host))
	require.NoError(t, os.WriteFile(k.authorized, []byte("# none\n"), 0o600))
	signer, after, err := k.read()
	require.NoError(t, err)
	assert.Equal(t, ring.HostKey.Marshal(), signer.PublicKey().Marshal())
	assert.Equal(t, known, after)
}

func TestPortNames(t *testing.T) {
	t.Parallel()
	sys := t.TempDir()
	_, err := portNames(sys)
	require.ErrorContains(t, err, "no serial port is named benchtest.N")
	for port, name := range map[string]string{"vport1p0": "", "vport2p1": "benchtest.0\n", "vport2p2": "benchtest.1\n", "vport3p1": "org.qemu.guest_agent.0\n"} {
		require.NoError(t, os.Mkdir(filepath.Join(sys, port), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(sys, port, "name"), []byte(name), 0o644))
	}
	names, err := portNames(sys)
	require.NoError(t, err)
	assert.Equal(t, []string{"vport2p1", "vport2p2"}, names)
}
