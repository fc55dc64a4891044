package bastion_test

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"golang.org/x/crypto/ssh"

	"github.com/benchtest-dev/benchtest/providers"
	"github.com/benchtest-dev/benchtest/providers/bastion"
	"github.com/benchtest-dev/benchtest/providers/bastion/bastiontest"
)

// The test binary is its own ProxyCommand, as the suite's binary is later.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 {
		if arg, ok := strings.CutPrefix(os.Args[1], "-benchtest.dial="); ok {
			if err := bastion.DialMain(arg, os.Stdin, os.Stdout); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(0)
		}
	}
	goleak.VerifyTestMain(m)
}

// world is a bastion with one guest behind it, web1.
type world struct {
	*bastion.Bastion
	guest *bastiontest.Guest
	log   *syncBuffer
}

func start(t *testing.T, change func(*bastion.Config)) world {
	t.Helper()
	guest := bastiontest.Start(t)
	binary, err := os.Executable()
	require.NoError(t, err)
	log := &syncBuffer{}
	c := bastion.Config{
		Dir:    filepath.Join(t.TempDir(), "a dir"),
		Hosts:  map[string]bastion.Upstream{"web1": {Machine: guest, Access: guest.Access()}},
		Binary: binary,
		Log:    log,
	}
	if change != nil {
		change(&c)
	}
	b, err := bastion.Start(t.Context(), c)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, b.Close())
		if t.Failed() {
			t.Log(log.String())
		}
	})
	return world{Bastion: b, guest: guest, log: log}
}

// client connects to web1 as an engine would, with other settings if wanted.
func (w world) client(t *testing.T, change func(*ssh.ClientConfig)) (*ssh.Client, error) {
	t.Helper()
	conn, err := w.Machine("web1").Dial(t.Context())
	if err != nil {
		return nil, err
	}
	access := w.Access()
	config := &ssh.ClientConfig{
		User:            access.User,
		Auth:            []ssh.AuthMethod{ssh.PublicKeys(access.Key)},
		HostKeyCallback: ssh.FixedHostKey(access.HostKey),
	}
	if change != nil {
		change(config)
	}
	c, chans, reqs, err := ssh.NewClientConn(conn, "web1", config)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	client := ssh.NewClient(c, chans, reqs)
	t.Cleanup(func() { _ = client.Close() })
	return client, nil
}

func (w world) mustClient(t *testing.T) *ssh.Client {
	t.Helper()
	client, err := w.client(t, nil)
	require.NoError(t, err)
	return client
}

// rawDial connects to the socket and says nothing.
func (w world) rawDial(t *testing.T) net.Conn {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "unix", w.Socket())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func newSession(t *testing.T, client *ssh.Client) *ssh.Session {
	t.Helper()
	s, err := client.NewSession()
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// last is the one record there must be, ended.
func (w world) last(t *testing.T) bastion.Record {
	t.Helper()
	var r bastion.Record
	require.Eventually(t, func() bool {
		all := w.Commands()
		if len(all) == 0 {
			return false
		}
		r = all[len(all)-1]
		return !r.Ended.IsZero()
	}, 10*time.Second, 5*time.Millisecond)
	return r
}

// sandbox is the client that engines in this process use.
func (w world) sandbox(t *testing.T) *providers.Sandbox {
	t.Helper()
	s := providers.NewSandbox(w.Machine("web1"), "web1", w.Access(), providers.SandboxOptions{ConnectLimit: 10 * time.Second})
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
